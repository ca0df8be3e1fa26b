"""A proxy between publisher and broker that delays, cuts and half-closes connections; above all, what becomes of EndTxn."""

import time

import confluent_kafka.admin

import harness
import proxy
from harness import KafkaTest, wait_until

WILD_SECONDS = 120 if harness.LONG else 12
ROUNDS = 10 if harness.LONG else 2
SOCKET_MS = 1000  # how long the client waits for an answer


class Between(KafkaTest):
    def setUp(self):
        super().setUp()
        self.proxy = proxy.Proxy()
        self.addCleanup(self.proxy.close)
        self.broker = self.own_broker(f"behind={self.proxy.port}")
        self.proxy.target = (self.broker.path / "behind").read_text(encoding="ascii").strip()

    def attacked(self, **options):
        return self.child(bootstrap=f"127.0.0.1:{self.proxy.port}", socket_timeout_ms=SOCKET_MS, **options)

    def go_on(self, child, events=1000):
        child.wait_next(child.next + events)

    def finish_with(self, child):
        child.pace = 0
        child.wait_next(self.head.value)
        child.kill()
        return self.verify()

    def recycled(self, child, since):
        child.wait_state("^retrying", since=since)
        self.go_on(child)

    def end_txn(self, child):
        """EndTxn lost before the broker, its answer lost, its answer late, itself late until the next term publishes."""
        for options in ({"direction": proxy.REQUEST, "cut": True}, {"direction": proxy.ANSWER, "cut": True},
                        {"direction": proxy.ANSWER, "delay": 3 * SOCKET_MS / 1000}):
            with self.subTest(**options):
                known = len(child.states)
                rule = self.proxy.add(proxy.END_TXN, **options)
                wait_until(lambda: rule.met, "an EndTxn passes")
                self.recycled(child, known)
        known = len(child.states)
        rule = self.proxy.add(proxy.END_TXN, proxy.REQUEST, hold=True)
        wait_until(lambda: rule.met, "an EndTxn passes")
        self.recycled(child, known)
        child.wait_point()  # in mid-transaction: this is what a late EndTxn would commit
        self.proxy.release(rule)
        self.go_on(child)

    def test_end_txn_and_everything(self):
        self.head.grow_to(100)
        child = self.attacked(pace=200, point="flushed:2:tell")
        self.go_on(child)
        for _ in range(ROUNDS):
            self.end_txn(child)
        for api in (proxy.PRODUCE, proxy.ADD_PARTITIONS):
            for direction in (proxy.REQUEST, proxy.ANSWER):
                with self.subTest(api=api, direction=direction):
                    rule = self.proxy.add(api, direction, cut=True)
                    wait_until(lambda: rule.met, "it passes")
                    self.go_on(child)
        self.proxy.wild = 0.02
        until = time.monotonic() + WILD_SECONDS
        while time.monotonic() < until:
            self.go_on(child, 200)
        self.proxy.wild = 0.0
        print(f"{self.proxy.cuts} connections were cut or half-closed", flush=True)
        self.assertGreater(self.proxy.cuts, 6)
        self.finish_with(child)

    def test_without_the_rule_a_late_end_txn_commits_what_was_never_to_be(self):
        """The attack itself is real: a producer that goes on after a troubled commit has a transaction torn in two."""
        topic = "torn"
        admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": self.bootstrap})
        admin.create_topics([confluent_kafka.admin.NewTopic(topic, 1, 1)])[topic].result(30)
        naive = confluent_kafka.Producer({"bootstrap.servers": f"127.0.0.1:{self.proxy.port}", "transactional.id": "naive",
                                          "socket.timeout.ms": SOCKET_MS, "transaction.timeout.ms": 30000})
        naive.init_transactions(60)
        naive.begin_transaction()
        naive.produce(topic, b"committed")
        naive.flush(30)
        rule = self.proxy.add(proxy.END_TXN, proxy.REQUEST, hold=True)
        naive.commit_transaction(60)  # sent a second time on another connection, and answered
        self.assertEqual(rule.met, 1)
        naive.begin_transaction()
        naive.produce(topic, b"never to be")
        naive.flush(30)
        self.proxy.release(rule)
        reader = confluent_kafka.Consumer({"bootstrap.servers": self.bootstrap, "group.id": "reader",
                                           "auto.offset.reset": "earliest"})
        reader.assign([confluent_kafka.TopicPartition(topic, 0, 0)])
        seen = []

        def torn():
            message = reader.poll(0.2)
            if message is not None and message.error() is None:
                seen.append(message.value())
            return b"never to be" in seen

        wait_until(torn, lambda: f"the open transaction is committed by the late request; seen: {seen}")
        reader.close()


if __name__ == "__main__":
    harness.main()
