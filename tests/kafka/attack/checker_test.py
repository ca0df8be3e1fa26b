"""The check itself is checked: what is planted must be found, and nothing where nothing is wrong."""

import json

import confluent_kafka
import confluent_kafka.admin

import harness
from harness import KafkaTest, verify, wait_until


class Checker(KafkaTest):
    def setUp(self):
        super().setUp()
        self.events = f"daybook.{self.ledger}.events.v1"
        self.control = f"daybook.{self.ledger}.control.v1"
        admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": self.bootstrap})
        self.log = f"daybook.{self.ledger}.log.v1"
        made = admin.create_topics([confluent_kafka.admin.NewTopic(name, 1, 1)
                                    for name in (self.events, self.control, self.log)])
        for done in made.values():
            done.result(30)
        wait_until(lambda: self.events in admin.list_topics(timeout=10).topics, "the topic is there")

    def produce(self, records, frames, next_position=3):
        settings = {"bootstrap.servers": self.bootstrap, "partitioner": "murmur2_random"}
        producer = confluent_kafka.Producer(settings)
        for position, part, parts, term in records:
            value = {"position": str(position), "command": {"lines": []}}
            headers = {"ce_id": f"{self.ledger}:{position}" + (f":{part}" if parts > 1 else ""), "ce_specversion": "1.0",
                       "ce_sequence": f"{position:020d}", "ce_ledgerepoch": str(term), "content-type": "application/json"}
            if parts > 1:
                headers["ce_parts"] = str(parts)
            producer.produce(self.events, json.dumps(value), key="site:1", headers=headers)
        for first, count in frames:  # field 2 is the first position, field 5 an event
            producer.produce(self.log, bytes([0x10, first]) + b"\x2a\x01e" * count)
        if next_position is not None:
            producer.produce(self.control, json.dumps({"epoch": "1", "next": str(next_position)}), key=self.ledger)
        self.assertEqual(producer.flush(30), 0)
        return producer

    def found(self, *what):
        with self.assertRaises(AssertionError) as caught:
            verify(self.bootstrap, self.ledger, 3)
        for one in what:
            self.assertIn(one, str(caught.exception))

    def test_nothing_wrong(self):
        self.produce([(0, 0, 1, 1), (1, 0, 2, 1), (1, 1, 2, 1), (2, 0, 1, 1)], [(0, 2), (2, 1)])
        self.assertEqual(verify(self.bootstrap, self.ledger, 3)["records"], 4)

    def test_planted(self):
        self.produce([(0, 0, 1, 2), (1, 0, 2, 2), (0, 0, 1, 1)], [(0, 1), (2, 1)], next_position=2)
        self.found("position 0 a second time", "position 2 is missing", "position 1 has parts {0} of 2",
                   "comes after position 1", "term 1 behind term 2", "the control topic ends at position 2 of 3", "a frame from 2 behind 1 events",
                   "the log topic holds 2 events of 3")


if __name__ == "__main__":
    harness.main()
