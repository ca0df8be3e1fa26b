"""What a configuration can ask for, read back from outside: values as protobuf with a registry's ids, Debezium's headers, a
second generation of topics beside the first, and a beginning that retention has taken. Values are taken apart by protoc."""

import json
import re
import subprocess
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

import harness
from harness import BROKER, KafkaTest, verify, wait_until

sys.path.insert(0, str(harness.KAFKA.parent / "integration"))
import program  # noqa: E402  (driven as the integration tests drive it)

# What stands before the message where a registry's ids are asked for: 0, the id, and which message of the file it is.
FRAMES = {"events": ("daybook.v1.Event", b"\x00\x00\x00\x00\x07\x00"),
          "custody": ("daybook.v1.Custody", b"\x00\x00\x00\x00\x08\x02\x02"),
          "stock": ("daybook.v1.Stock", b"\x00\x00\x00\x00\x09\x02\x04")}
SCHEMAS = "[kafka.schemas]\nevents = 7\ncustody = 8\nstock = 9\n"


def codecs_in(log):
    """Of each batch in a segment's bytes, by its attributes."""
    at = 0
    while at + 23 <= len(log):
        size = int.from_bytes(log[at + 8:at + 12], "big")
        if size == 0:
            return
        yield log[at + 22] & 7
        at += 12 + size


def headers(record):
    return dict(record.headers() or [])


class Formats(KafkaTest):
    def setUp(self):
        super().setUp()
        self.book = program.Ledger()
        self.book.run("init")
        self.addCleanup(self.book.remove)
        self.lines = program.simulate(sites=2, items=120, days=2, seed=7)

    def serve(self, config, *arguments):
        path = self.dir / "daybook.toml"
        path.write_text(f'[kafka]\nbootstrap = "{self.bootstrap}"\npartitions = 3\n{config}', encoding="utf-8")
        port = self.book.serve("--config", str(path), *arguments)
        self.ledger = self.book.ask("status")["ledger"]
        return port

    def events(self):
        return int(self.book.ask("status")["events"])

    def published(self, generation=1):
        rows = self.book.ask("stream", "status").get("rows", [])
        return next((int(row.get("next", 0)) for row in rows if row["generation"] == generation), 0)

    def wait_published(self, *generations):
        head = self.events()
        for one in generations:
            wait_until(lambda one=one: self.published(one) == head, f"generation {one} is published up to {head}")
        return head

    def records(self, topic, generation=1):
        """All committed records of a topic."""
        name = f"daybook.{self.ledger}.{topic}.v{generation}"
        reader = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "formats", "enable.partition.eof": True,
                           "isolation.level": "read_committed", "enable.auto.commit": False})
        partitions = reader.list_topics(name, timeout=30).topics[name].partitions
        reader.assign([TopicPartition(name, one, OFFSET_BEGINNING) for one in partitions])
        found, ended = [], set()
        while len(ended) < len(partitions):
            record = reader.poll(30)
            self.assertIsNotNone(record, f"the end of {name} is not reached")
            if record.error():
                ended.add(record.partition())
            else:
                found.append(record)
        reader.close()
        self.assertTrue(found, name)
        return found

    def decoded(self, message, value):
        """Its text form, as protobuf's own compiler reads it."""
        done = subprocess.run(["protoc", f"--decode={message}", f"-I{program.SOURCE}",
                               "schemas/daybook/v1/event.proto", "schemas/daybook/v1/stream.proto"], input=value,
                              capture_output=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode()

    def check_messages(self, topic, values):
        """Some of them, decoded: each says the position, or the key, that its record says."""
        message, _ = FRAMES[topic]
        for record, value in values[:5] + values[-5:]:
            text = self.decoded(message, value)
            number = int(headers(record)["ce_sequence"])
            if number:
                self.assertIn(f"{'position' if topic == 'events' else 'as_of'}: {number}\n", text)
            if topic == "custody":
                self.assertIn(f'item: "{record.key().decode()}"', text)

    def test_protobuf_with_the_schema_in_a_header(self):
        self.serve('value = "protobuf"\ndebezium = true\n' + SCHEMAS)
        self.book.submit(self.lines)
        head = self.wait_published(1)
        for topic, (_, frame) in FRAMES.items():
            records = [record for record in self.records(topic) if record.value() is not None]
            for record in records:
                self.assertEqual(headers(record)["__value_schema_id"], frame)
                self.assertEqual(headers(record)["content-type"], b"application/protobuf")
            self.check_messages(topic, [(record, record.value()) for record in records])
        for record in self.records("events"):
            named = headers(record)
            self.assertEqual(named["id"], named["ce_id"])
            self.assertEqual(b"daybook." + named["eventType"] + b".v1", named["ce_type"])
        verify(self.bootstrap, self.ledger, head)

    def test_framed_as_a_registry_s_serialisers_do(self):
        self.serve('value = "confluent"\n' + SCHEMAS)
        self.book.submit(self.lines)
        head = self.wait_published(1)
        for topic, (_, frame) in FRAMES.items():
            records = [record for record in self.records(topic) if record.value() is not None]
            for record in records:
                self.assertTrue(record.value().startswith(frame), topic)
                self.assertNotIn("__value_schema_id", headers(record))
            self.check_messages(topic, [(record, record.value()[len(frame):]) for record in records])
        for record in self.records("events"):
            self.assertNotIn("eventType", headers(record))
        verify(self.bootstrap, self.ledger, head)

    def test_another_generation_beside_the_first(self):
        first, second, third = self.lines[:len(self.lines) // 3], None, self.lines[2 * len(self.lines) // 3:]
        second = self.lines[len(first):-len(third)]
        self.serve("")
        self.book.submit(first)
        self.wait_published(1)
        self.book.stop()
        other = 'generation = [1, 2]\n[kafka.generations.2]\nvalue = "confluent"\npartitions = 5\n' \
                "schemas = {events = 7, custody = 8, stock = 9}\n"
        self.serve(other)
        self.book.submit(second)
        moved = self.wait_published(1, 2)
        ids = [{headers(record)["ce_id"]: record.key() for record in self.records("events", one)} for one in (1, 2)]
        self.assertEqual(*ids)
        self.assertEqual({record.partition() for record in self.records("events", 2)}, set(range(5)))
        self.assertEqual({record.partition() for record in self.records("events", 1)}, set(range(3)))
        for topic in ("custody", "stock"):
            self.assertEqual(*[{record.key() for record in self.records(topic, one)} for one in (1, 2)])
        for one in ("1", "2"):
            verify(self.bootstrap, self.ledger, moved, generation=one)
        self.book.stop()
        # The old one is no longer published; who has moved over goes on behind what was handled there.
        self.serve(other.replace("[1, 2]", "2"))
        self.book.submit(third)
        head = self.wait_published(2)
        self.assertGreater(head, moved)
        self.assertEqual(len(self.records("events", 1)), len(ids[0]))
        rest = {int(headers(record)["ce_sequence"]) for record in self.records("events", 2)}
        self.assertEqual({position for position in rest if position >= moved}, set(range(moved, head)))
        verify(self.bootstrap, self.ledger, head, generation="2")
        done = self.book.run("stream", "check", "--kafka", self.bootstrap, "--generation", "2", "--config",
                             str(self.dir / "daybook.toml"))
        self.assertIn("Kafka holds what the ledger holds", done.stdout.decode())

    def test_topics_that_others_make_are_taken_as_they_are(self):
        """With settings that the engine would refuse, and a partition count of theirs; compressed as is configured."""
        broker = self.own_broker()
        self.ledger = self.book.ask("status")["ledger"]
        config = 'topics = "trust"\n[kafka.client]\n"compression.codec" = "zstd"\n'
        self.serve(config)
        wait_until(lambda: "has no topic" in self.book.ask("stream", "status")["rows"][0].get("last_error", ""),
                   lambda: f"missing topics are named: {self.book.ask('stream', 'status')}")
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        topics = [NewTopic(f"daybook.{self.ledger}.{name}.v1", 3 if name in FRAMES else 1, 1,
                           config={"retention.ms": "-1", "segment.ms": "86400000", "max.message.bytes": "2000000"})
                  for name in ("events", "custody", "stock", "log", "control")]
        for made in admin.create_topics(topics).values():
            made.result(30)
        self.book.submit(self.lines)
        head = self.wait_published(1)
        verify(self.bootstrap, self.ledger, head, "book")
        codecs = {codec for path in broker.path.rglob(f"daybook.{self.ledger}.events.v1-*/*.log")
                  for codec in codecs_in(path.read_bytes())}
        self.assertEqual(codecs - {0}, {4}, "zstd, but for markers")
        self.book.stop()
        # Who checks them refuses them.
        self.serve("")
        wait_until(lambda: re.search(r"events\.v1 exists with max\.message\.bytes=2000000, and Daybook needs "
                                     r"max\.message\.bytes=\d+", self.book.ask("stream", "status")["rows"][0].get(
                                         "last_error", "")), lambda: str(self.book.ask("stream", "status")))

    def test_a_beginning_that_is_gone_is_said(self):
        self.own_broker("log.roll.ms=200", "log.retention.check.interval.ms=200", "log.initial.task.delay.ms=100")
        self.serve("")
        self.book.submit(self.lines)
        self.wait_published(1)
        self.book.stop()
        name = f"daybook.{self.ledger}.events.v1"
        subprocess.run([BROKER, "java", "kafka.admin.ConfigCommand", "--bootstrap-server", self.bootstrap, "--alter",
                        "--entity-type", "topics", "--entity-name", name, "--add-config", "retention.ms=1"], check=True,
                       capture_output=True, timeout=120)
        reader = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "formats"})
        try:
            wait_until(lambda: all(reader.get_watermark_offsets(TopicPartition(name, one), timeout=30)[0] > 0
                                   for one in range(3)), "retention takes every beginning")
        finally:
            reader.close()
        # Somebody else set that retention: by the ledger's own, events so young are lost.
        config = self.dir / "daybook.toml"
        for days, says in (("", "for ever"), ("retention_days = 1\n", "86400 s")):
            config.write_text(f'[kafka]\nbootstrap = "{self.bootstrap}"\n{days}', encoding="utf-8")
            done = self.book.run("stream", "check", "--config", str(config), "--json", check=False)
            self.assertEqual(done.returncode, 1, done.stderr)
            rows = [row for row in json.loads(done.stdout)["rows"] if row["what"].startswith("events/")]
            self.assertEqual(len(rows), 3, done.stdout)
            for row in rows:
                self.assertFalse(row.get("ok", False), row)
                self.assertRegex(row["message"], f"^position [0-9]+ is gone, .*, and the configured retention is {says}$")


if __name__ == "__main__":
    harness.main()
