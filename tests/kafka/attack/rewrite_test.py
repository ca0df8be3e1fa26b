"""A topic of state is lost, and the publisher that writes it again is killed in the middle of that, again and again."""

import json
import random
import signal
import time

import confluent_kafka
import confluent_kafka.admin

import harness
from harness import KafkaTest

EVENTS = 300_000 if harness.LONG else 60_000  # a fourth of so many pieces: several transactions
KILLS = 20 if harness.LONG else 5
POINTS = ("begun", "produced", "flushed", "written", "committing", "committed", "next")


class Rewritten(KafkaTest):
    def topic(self, name):
        return f"daybook.{self.ledger}.{name}.v1"

    def lose(self, names):
        admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": self.bootstrap})
        for done in admin.delete_topics([self.topic(name) for name in names]).values():
            done.result(30)

    def incomplete(self):
        """By the last cursor that is committed."""
        reader = confluent_kafka.Consumer({"bootstrap.servers": self.bootstrap, "group.id": "reader",
                                           "enable.partition.eof": True})
        reader.assign([confluent_kafka.TopicPartition(self.topic("control"), 0, confluent_kafka.OFFSET_BEGINNING)])
        last = None
        while True:
            message = reader.poll(30)
            self.assertIsNotNone(message)
            if message.error():
                self.assertIsNotNone(last, message.error())  # the end of the partition
                reader.close()
                return json.loads(last).get("state_incomplete", False)
            last = message.value()

    def killed(self, number):
        """A publisher that dies; true where that was while state was not whole."""
        if number % 2:
            point, transaction = random.choice(POINTS), random.randrange(2, 4)
            after = random.randrange(1, 20_000) if point == "committing" else 0
            child = self.child(point=f"{point}:{transaction}:kill:{after}", pace=5)
            self.assertEqual(child.wait_end(), -signal.SIGKILL, child.states)
        else:
            child = self.child()
            child.wait_state("^publishing")
            time.sleep(random.random() * 0.4)  # not waiting for anything: this is the attack
            child.kill()
        return self.incomplete()

    def test_killed_while_it_writes_lost_state_again(self):
        self.head.grow_to(EVENTS)
        self.assertEqual(self.child(until=self.head.value).wait_end(), 0)
        self.assertFalse(self.incomplete())
        for lost in (("custody",), ("stock",), ("custody", "stock")):
            with self.subTest(lost=lost):
                in_the_middle, whole = 0, True
                for number in range(KILLS):
                    if whole:
                        self.lose(lost)
                    self.head.grow_to(self.head.value + random.choice((0, 5, 500)))
                    whole = not self.killed(number)
                    in_the_middle += not whole
                print(f"{in_the_middle} of {KILLS} died while {lost} was not whole", flush=True)
                self.assertGreater(in_the_middle, 0)
                # Events follow the state of everything, so that these are published last.
                self.head.grow_to(self.head.value + 100)
                self.finish()
                self.assertFalse(self.incomplete())


if __name__ == "__main__":
    harness.main()
