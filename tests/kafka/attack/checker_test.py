"""The check itself is checked: what is planted must be found and named, nothing else, and nothing where nothing is wrong."""

import base64
import hashlib
import json

import confluent_kafka
import confluent_kafka.admin

import harness
from harness import KafkaTest, verify, wait_until

TOPICS = ("events", "custody", "stock", "log", "control")


def sha256(data):
    return hashlib.sha256(data).digest()


def tree_head(events):
    """RFC 6962's, as it says it."""
    if len(events) < 2:
        return sha256(b"\0" + events[0]) if events else sha256(b"")
    left = 1 << (len(events) - 1).bit_length() - 1
    return sha256(b"\1" + tree_head(events[:left]) + tree_head(events[left:]))


def piece(number):
    return f"00000001-0000-7000-8000-{number:012x}"


def number(value):
    """Protobuf's, of this size or less."""
    assert value < 1 << 14
    return bytes([value]) if value < 128 else bytes([value & 0x7F | 0x80, value >> 7])


class Topic:
    """A ledger as it must be in Kafka, to be spoilt: twelve positions, of pieces 0 to 11, but the one at 6 of piece 5 again;
    pieces 10 and 11 leave the world. Stock is of models 0 to 5, of which nothing is left of 4 and 5."""

    def __init__(self, ledger):
        self.ledger = ledger
        self.events = [{"position": at, "part": 0, "parts": 1, "term": 1, "key": piece(5 if at == 6 else at),
                        "to": "GONE" if at >= 10 else "SITE/1"} for at in range(12)]
        self.custody = [self.custody_of(at) for at in range(12) if at != 5]
        self.stock = [self.stock_of(model) for model in range(6)]
        stored = [b"event %d" % at for at in range(12)]
        self.frames = [{"first": first, "events": stored[first:first + 4], "before": tree_head(stored[:first]),
                        "root": tree_head(stored[:first + 4])} for first in (0, 4, 8)]
        self.cursors = [{"key": ledger, "ledger": ledger, "epoch": "1", "next": str(next_), "partitions": 1,
                         "from": str(max(next_ - 4, 0)), "root": tree_head(stored[:next_])} for next_ in (0, 4, 8, 12)]
        self.expected = {("custody", one["key"]): one["value"] for one in self.custody}
        self.expected |= {("stock", one["key"]): one["value"] for one in self.stock}

    def custody_of(self, at, as_of=None):
        return {"key": piece(5 if at == 6 else at), "as_of": at if as_of is None else as_of,
                "value": None if at >= 10 else {"piece": {"last_event": str(at), "version": at}}}

    @staticmethod
    def stock_of(model, as_of=11):
        return {"key": f"M-{model}|1", "as_of": as_of, "value": None if model >= 4 else {"available": str(model + 1)}}

    def state_record(self, topic, one):
        headers = {"ce_id": one.get("ce_id", f"{self.ledger}:{topic}:{one['key']}:{one['as_of']}"),
                   "ce_sequence": f"{one['as_of']:020d}"}
        value = one["value"] and json.dumps({"as_of": str(one.get("says", one["as_of"])), **one["value"]})
        return one["key"], value, headers

    def records(self, topic):
        """Key, value and headers of each."""
        if topic in ("custody", "stock"):
            return [self.state_record(topic, one) for one in getattr(self, topic)]
        if topic == "log":  # protobuf: field 2 is the first position, 3 and 4 the tree heads, 5 an event
            return [(None, b"\x10" + number(one["first"]) + b"\x1a\x20" + one["before"] + b"\x22\x20" + one["root"] +
                     b"".join(b"\x2a" + number(len(event)) + event for event in one["events"]), {})
                    for one in self.frames]
        if topic == "control":
            return [(one["key"], json.dumps({**one, "root": base64.b64encode(one["root"]).decode()}), {})
                    for one in self.cursors]
        records = []
        for one in self.events:
            value = {"position": str(one["position"]), "command": {"lines": [{"item": one["key"]}]},
                     "lines": [{"to": one["to"]}]}
            headers = {"ce_id": f"{self.ledger}:{one['position']}" + (f":{one['part']}" if one["parts"] > 1 else ""),
                       "ce_specversion": "1.0", "ce_sequence": f"{one['position']:020d}",
                       "ce_ledgerepoch": str(one["term"]), "content-type": "application/json",
                       "ce_after": json.dumps({"version": one["position"]})}
            if one["parts"] > 1:
                headers["ce_parts"] = str(one["parts"])
            records.append((one["key"], json.dumps(value), headers))
        return records


class Checker(KafkaTest):
    def setUp(self):
        super().setUp()
        self.admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": self.bootstrap})
        self.planted = Topic(self.ledger)

    def topic(self, name):
        return f"daybook.{self.ledger}.{name}.v1"

    def produce(self):
        names = [self.topic(name) for name in TOPICS]
        for done in self.admin.create_topics([confluent_kafka.admin.NewTopic(name, 1, 1) for name in names]).values():
            done.result(30)
        wait_until(lambda: set(names) <= set(self.admin.list_topics(timeout=10).topics), "the topics are there")
        producer = confluent_kafka.Producer({"bootstrap.servers": self.bootstrap, "partitioner": "murmur2_random"})
        for name in TOPICS:
            for key, value, headers in self.planted.records(name):
                producer.produce(self.topic(name), value, key=key, headers=headers)
        self.assertEqual(producer.flush(30), 0)

    def verify(self, *mode):
        return verify(self.bootstrap, self.ledger, 12, *mode, state=self.planted.expected)

    def expect(self, *named):
        """Each of these is named, and nothing that is none of them."""
        self.produce()
        with self.assertRaises(AssertionError) as caught:
            self.verify("book")
        said = [line for line in str(caught.exception).splitlines() if line.startswith("WRONG: ")]
        self.assertGreater(len(said), 0, caught.exception)
        for one in named:
            self.assertTrue(any(one in line for line in said), (one, said))
        for line in said:
            self.assertTrue(any(one in line for one in named), line)

    def test_nothing_wrong(self):
        self.planted.custody.insert(5, self.planted.custody_of(5))  # what compaction has not taken yet
        self.produce()
        counted = self.verify("book")
        self.assertEqual([counted[name] for name in ("records", "frames", "pieces", "stock_rows", "tombstones", "cursors")],
                         [12, 3, 11, 6, 4, 4])

    def test_events(self):
        events = self.planted.events
        for at, changed in ((1, {"parts": 2}), (4, {"term": 2}), (5, {"term": 1})):
            events[at] |= changed
        del events[2]
        events.insert(6, {**events[0]})  # again, by somebody who is in term 1, behind term 2
        events[2] |= {"term": 2}
        self.expect("position 0 a second time", "position 2 is missing", "position 1 has parts {0} of 2",
                    ":0 comes after position 6", "term 1 behind term 2",
                    f"custody: {piece(2)} ", "term 2 has events, and nobody claimed it")

    def test_custody(self):
        plan = self.planted
        rows = {one["key"]: one for one in plan.custody}
        rows[piece(1)]["value"] = {"piece": {"last_event": "1", "version": 99}}
        plan.custody.remove(rows[piece(2)])
        rows[piece(3)]["value"] = None
        plan.custody.append(plan.custody_of(4, as_of=9))
        plan.custody.append(plan.custody_of(4, as_of=8))
        plan.custody.append({**plan.custody_of(5), "as_of": 7})  # the state before event 6, said to be that after it
        plan.custody.append(plan.custody_of(6, as_of=8))
        plan.custody.append(plan.custody_of(7, as_of=99))
        rows[piece(8)]["ce_id"] = f"{self.ledger}:custody:{piece(8)}:7"
        rows[piece(9)]["says"] = 10
        rows[piece(10)]["value"] = {"piece": {"last_event": "10", "version": 10}}
        plan.custody.remove(rows[piece(11)])
        plan.custody.append({**plan.custody_of(0), "key": piece(99)})
        self.expect(f"custody: {piece(1)} is ", f"custody: {piece(1)} has version 99; the last ce_after has 1",
                    f"custody: {piece(2)} is missing",
                    f"custody: {piece(3)} has a tombstone and is not gone", f"custody: {piece(3)} has a tombstone as of 3",
                    f"{piece(4)} goes back from 9 to 8",
                    f"custody: {piece(5)} is as of event 5 at 7; it was moved last by 6",
                    f"{piece(7)} is as of 99, which was never written",
                    f"ce_id is {self.ledger}:custody:{piece(8)}:7, not ", 'as_of is "10"',
                    f"custody: {piece(10)} is gone and has no tombstone", f"custody: {piece(10)} has a value as of 10",
                    f"custody: {piece(11)} is missing",
                    f"custody: {piece(99)} is not in the ledger, and has no tombstone",
                    f"custody: {piece(99)} is as of event 0 at 0", f"custody: {piece(99)} has version 0")

    def test_stock(self):
        plan = self.planted
        plan.stock[0]["value"] = {"available": "7"}
        plan.stock[2]["value"] = None
        plan.stock[4]["value"] = {"available": "1"}
        plan.stock.append(plan.stock_of(3, as_of=10))
        plan.stock.append({**plan.stock_of(0), "key": "M-9|1"})
        plan.stock[5:6] = []
        plan.stock[1:2] = []
        self.expect('stock: M-0|1 is {"available":"7"}, and must be {"available":"1"}', "stock: M-1|1 is missing",
                    "stock: M-2|1 has a tombstone and is not gone", "M-3|1 goes back from 11 to 10",
                    "stock: M-4|1 is gone and has no tombstone", "stock: M-5|1 is missing",
                    "stock: M-9|1 is not in the ledger, and has no tombstone")

    def test_log_that_is_short(self):
        del self.planted.frames[1]
        self.expect("a frame from 8 behind 4 events", "the tree before it is another one", "the log topic holds 8 events of 12",
                    "its root before is not that of the events before", "its root is not that of its events")

    def test_roots(self):
        """Another history that is one in itself: only who computes tree heads can tell."""
        frames = self.planted.frames
        frames[0]["root"] = frames[1]["before"] = sha256(b"another")
        self.planted.cursors[1]["root"] = sha256(b"another")
        self.expect("log.v1@0: its root is not that of its events", "log.v1@1: its root before is not that of the events before")

    def test_an_event_of_another_history(self):
        self.planted.frames[2]["events"][1] = b"event X"
        self.expect("log.v1@2: its root is not that of its events")

    def test_roots_that_do_not_join(self):
        self.planted.frames[1]["before"] = sha256(b"another")
        self.planted.cursors[3]["root"] = sha256(b"another")
        self.expect("log.v1@1: the tree before it is another one", "log.v1@1: its root before is not that of the events before",
                    "control.v1@3: the cursor's root is not that of the log at 12")

    def test_a_torn_commit_that_was_gone_back_over(self):
        cursors = self.planted.cursors
        cursors += [{**cursors[2], "epoch": "2"}, {**cursors[3], "epoch": "2"}]
        self.produce()
        self.assertEqual(self.verify("book")["cursors"], 6)

    def test_a_cursor_that_goes_back_too_far(self):
        cursors = self.planted.cursors
        cursors[1] |= {"from": "9"}
        cursors.append({**cursors[0], "epoch": "2"})
        self.expect("control.v1@1: its transaction began at 9", "control.v1@4: position 0 behind position 12",
                    "the control topic ends at position 0 of 12")

    def test_control(self):
        cursors = self.planted.cursors
        del cursors[3]
        cursors.append({**cursors[1], "epoch": "2", "state_incomplete": True})
        cursors[0] |= {"ledger": harness.new_ledger()}
        cursors[1] |= {"epoch": "2", "partitions": 3}
        self.expect("control.v1@0: the cursor is of ledger ", "control.v1@1: the cursor speaks of 3 partitions",
                    "control.v1@2: term 1 behind term 2", "control.v1@3: position 4 behind position 8",
                    "the control topic ends at position 4 of 12", "the control topic ends with state that is not whole")


if __name__ == "__main__":
    harness.main()
