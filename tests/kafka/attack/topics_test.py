"""What happens to topics and to the broker's memory of a publisher: expired ids, compaction and retention running hot, a
topic deleted, a full disk, a limit that was lowered."""

import resource
import signal
import subprocess

import confluent_kafka.admin

import harness
import raw
from harness import BROKER, KafkaTest, wait_until

HOT = ("log.roll.ms=200", "log.cleaner.backoff.ms=100", "log.cleaner.min.cleanable.ratio=0.001",
       "log.cleaner.delete.retention.ms=100", "log.retention.check.interval.ms=200")


class Topics(KafkaTest):
    def topic(self, name):
        return f"daybook.{self.ledger}.{name}.v1"

    def finish_with(self, child, *mode):
        child.pace = 0
        child.wait_next(self.head.value)
        child.kill()
        return self.verify(*mode)

    def test_idle_until_the_broker_has_forgotten_it(self):
        self.own_broker("transactional.id.expiration.ms=1000", "producer.id.expiration.ms=500",
                        "producer.id.expiration.check.interval.ms=200",
                        "transaction.remove.expired.transaction.cleanup.interval.ms=200")
        name = f"daybook.{self.ledger}.publisher".encode()
        self.head.grow_to(100)
        child = self.child()
        child.wait_next(100)
        for events in (200, 300):
            wait_until(lambda: name not in raw.transactional_ids(self.bootstrap), "the id expires")
            self.head.grow_to(events)
            child.wait_next(events)
        self.finish_with(child)

    def test_compaction_running_hot(self):
        self.own_broker(*HOT)
        self.head.grow_to(100)
        for _ in range(4):
            child = self.child(pace=20)
            child.wait_next(self.head.value + 300)
            child.kill()
        last = self.child(pace=20)
        # Not compacted, every second offset is a record, and between them are the commits.
        wait_until(lambda: self.kept("control") < self.offsets("control")[1] / 6, "the control topic is compacted")
        # A fourth of the events leave a piece that is kept.
        wait_until(lambda: self.kept("custody") < self.offsets("custody")[1] / 2, "custody is compacted")
        self.finish_with(last)

    def reader(self):
        return confluent_kafka.Consumer({"bootstrap.servers": self.bootstrap, "group.id": "reader",
                                         "enable.partition.eof": True, "auto.offset.reset": "earliest"})

    def offsets(self, name, partition=0):
        reader = self.reader()
        try:
            return reader.get_watermark_offsets(confluent_kafka.TopicPartition(self.topic(name), partition), timeout=30)
        finally:
            reader.close()

    def kept(self, name):
        """How many records are there below the present end, compacted or not."""
        end = self.offsets(name)[1]
        reader = self.reader()
        reader.assign([confluent_kafka.TopicPartition(self.topic(name), 0, confluent_kafka.OFFSET_BEGINNING)])
        count, at = 0, 0
        while at < end - 2:  # the last one is a commit
            message = reader.poll(30)
            self.assertIsNotNone(message)
            if message.error():
                break
            count, at = count + 1, message.offset()
        reader.close()
        return count

    def test_retention_running_hot(self):
        self.own_broker(*HOT)
        self.head.grow_to(1000)
        child = self.child(pace=20, retention=1000)  # the events' times are long past
        child.wait_next(1000)
        wait_until(lambda: all(self.offsets("events", one)[0] > 0 for one in range(4)), "retention takes every beginning")
        child.kill()
        child = self.child(pace=20, retention=1000)
        child.wait_next(self.head.value + 100)
        self.finish_with(child, "cut")

    def test_a_topic_deleted_under_the_publisher(self):
        for name, says in (("events", "lost records"), ("control", "lost records"), ("log", "the log topic has lost records")):
            with self.subTest(deleted=name):
                self.ledger = harness.new_ledger()
                self.head = harness.Head(self.dir / "head", 1000)
                child = self.child(pace=200, doubt=2000)
                # Not in one transaction, which would be published again.
                child.wait_next(1000)
                child.wait_next(child.next + 1000)
                self.delete(name)
                child.wait_state("^refused .*" + says)
                child.kill()

    def delete(self, name):
        admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": self.bootstrap})
        admin.delete_topics([self.topic(name)])[self.topic(name)].result(30)

    def test_a_topic_of_state_deleted_under_the_publisher(self):
        """All of it is written again, and nobody has to be asked."""
        self.head.grow_to(1000)
        child = self.child(pace=200)
        child.wait_next(1000)
        for name in ("custody", "stock"):
            with self.subTest(deleted=name):
                known = len(child.states)
                self.delete(name)
                child.wait_state("^retrying .", since=known)
                child.wait_state("^publishing", since=len(child.states) - 1)
                child.wait_next(child.next + 1000)
        self.finish_with(child)

    def test_a_transaction_that_hangs(self):
        """Brokers that were killed sometimes leave one open of which their coordinator knows nothing any more. It is ended
        by the next publisher, and what was in it does not show."""
        self.own_broker("transaction.partition.verification.enable=false")
        self.head.grow_to(1000)
        publisher = f"daybook.{self.ledger}.publisher"
        for topic, record in (("control", b'{"next":"7"}'), ("events", b"{}"), ("log", b"")):
            with self.subTest(topic=topic):
                child = self.child(doubt=2000)
                child.wait_next(self.head.value)
                child.kill()
                raw.produce_in_no_transaction(self.bootstrap, publisher,
                                              *raw.init_producer_id(self.bootstrap, publisher), self.topic(topic),
                                              self.ledger.encode(), record)
                self.head.grow_to(self.head.value + 1000)
        counted = self.finish()
        self.assertGreater(counted["taken_back"], 0)

    def test_a_commit_that_reached_some_partitions_only(self):
        """A broker that dies of a full disk leaves this: the cursor is committed, and what it speaks of is not. The publisher
        goes back to where that transaction began, and leaves out what is there."""
        self.own_broker("transaction.partition.verification.enable=false")
        self.head.grow_to(1000)
        self.assertEqual(self.child(until=1000).wait_end(), 0)
        for committed, left_open in ((("control",), None),  # the others were aborted
                                     (("control",), "events"),
                                     (("control", "events"), "log"),
                                     (("control", "log", "events", "stock"), "custody")):
            with self.subTest(committed=committed, left_open=left_open):
                self.head.grow_to(self.head.value + 1000)
                self.tear(committed, left_open)
                last = self.child(until=self.head.value, doubt=2000)
                self.assertEqual(last.wait_end(), 0, last.states)
                self.verify()
                self.assertEqual(last.repaired > 0, "events" in committed, last.repaired)

    EVERYWHERE = {"control": [0], "log": [0], "events": [0, 1, 2, 3], "stock": [0, 1, 2, 3], "custody": [0, 1, 2, 3]}

    def tear(self, committed, left_open):
        """The last transaction is committed in these topics, aborted in the others, and open in one where nobody knows
        of it any more."""
        name = f"daybook.{self.ledger}.publisher"
        child = self.child(point="written:2:kill")
        self.assertEqual(child.wait_end(), -signal.SIGKILL, child.states)
        transaction = raw.producer_of(self.bootstrap, name)
        for topic in committed:
            raw.commit_in(self.bootstrap, *transaction, self.topic(topic), self.EVERYWHERE[topic])
        if left_open:
            raw.produce_in_no_transaction(self.bootstrap, name, *raw.init_producer_id(self.bootstrap, name),
                                          self.topic(left_open), b"?", b"{}")

    def test_killed_while_it_goes_back(self):
        """Going back is a transaction, and ending what was left open is another. Whoever dies in one of them leaves the
        next publisher to do it again; so does a broker that dies in the first one's commit."""
        broker = self.own_broker("transaction.partition.verification.enable=false")
        self.head.grow_to(1000)
        self.assertEqual(self.child(until=1000).wait_end(), 0)
        self.head.grow_to(2000)
        self.tear(("control", "events"), "custody")
        # From "committed" on the first transaction is the one that is aborted.
        for point in ("begun:1", "flushed:1", "committing:1", "committed:1", "begun:1", "flushed:1", "begun:2"):
            child = self.child(point=point + ":kill", doubt=2000)
            self.assertEqual(child.wait_end(), -signal.SIGKILL, (point, child.states))
        last = self.child(until=2000, doubt=2000)
        self.assertEqual(last.wait_end(), 0, last.states)
        self.verify()

        self.head.grow_to(3000)
        self.tear(("control",), "events")
        child = self.child(point="committing:1:stop", until=3000, doubt=2000)
        child.wait_stopped()
        broker.kill()
        broker.start()
        child.signal(signal.SIGCONT)
        self.assertEqual(child.wait_end(), 0, child.states)
        self.verify()

    def test_a_full_disk(self):
        broker = self.own_broker()
        self.head.grow_to(100)
        child = self.child(pace=2000)
        child.wait_next(5000)
        known = len(child.states)
        # No file may grow any more, which to the broker is a disk that is full: it gives up.
        resource.prlimit(broker.pid, resource.RLIMIT_FSIZE, (65536, resource.RLIM_INFINITY))
        pid = broker.pid
        wait_until(lambda: not harness.alive(pid), "the broker gives up")
        child.wait_state("^(retrying|connecting) .", since=known - 1)
        broker.start()
        child.wait_next(child.next + 5000)
        self.finish_with(child)

    def test_a_limit_that_was_lowered(self):
        self.head.grow_to(1000)
        child = self.child(pace=200)
        child.wait_next(1000)
        subprocess.run([BROKER, "java", "kafka.admin.ConfigCommand", "--bootstrap-server", self.bootstrap, "--alter",
                        "--entity-type", "topics", "--entity-name", self.topic("events"),
                        "--add-config", "max.message.bytes=500"], check=True, capture_output=True, timeout=120)
        child.wait_state("^refused .*max.message.bytes=")
        child.kill()


if __name__ == "__main__":
    harness.main()
