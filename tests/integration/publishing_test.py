#!/usr/bin/env python3
"""Publishing as it is configured and as it shows, where no broker answers: errors of a configuration name what is wrong and
where, and how publishing stands is told alike by the program, the door and the metrics. What needs a broker: tests/kafka."""

import json
import re
import time
import unittest

from program import LedgerTest, http_call, simulate

NOBODY = "127.0.0.1:1"  # a privileged port that nothing uses
BASE = f'[kafka]\nbootstrap = "{NOBODY}"\n'
WRONG = (
    ('bootstrap = "a:1"\n', "'bootstrap' is no section; there are [http] and [kafka]"),
    ("[kafka\n", "line 1: "),
    (BASE + "topic = 1\n", "[kafka] has no key 'topic'"),
    (BASE + 'partitions = "many"\n', "kafka.partitions has a value of another type"),
    (BASE + 'value = "xml"\n', "'xml' is none of json, protobuf and confluent"),
    (BASE + 'topics = "own"\n', 'kafka.topics is neither "create" nor "trust"'),
    (BASE + "retention_days = -1\n", "kafka.retention_days is -1; 0 is for ever"),
    (BASE + "retention_days = 200000000000\n", "the most are 1000000"),
    (BASE + "generation = [1, 1]\n", "kafka.generation must be a number from 1, or a list of such, each once"),
    (BASE + "generation = 0\n", "kafka.generation must be a number from 1"),
    (BASE + "generations = 2\n", "[kafka.generations] must be a section of sections"),
    (BASE + "[kafka.generations]\n1 = 2\n", "[kafka.generations.1] must be a section"),
    (BASE + "[kafka.generations.1]\nreplicas = 2\n", "[kafka.generations.1] has no key 'replicas'"),
    (BASE + "schemas = 7\n", "[kafka.schemas] must be a section"),
    (BASE + "[kafka.schemas]\nlog = 7\n", "[kafka.schemas] takes the numbers events, custody and stock"),
    (BASE + 'value = "confluent"\n', "need the ids of all three schemas"),
    (BASE + 'prefix = "a b"\n', "'a b' is no part of a topic's name"),
    (BASE + 'client = "x"\n', "[kafka.client] must be a section"),
    (BASE + '[kafka.client]\n"bootstrap.servers" = "a:1"\n', "kafka.bootstrap says it"),
    (BASE + '[kafka.client]\n"isolation.level" = "read_uncommitted"\n', "isolation.level: the publisher sets it itself"),
    (BASE + '[kafka.client]\n"metadata.broker.list" = "a:1"\n', "metadata.broker.list: kafka.bootstrap says it"),
    (BASE + '[kafka.client]\n"log_level" = 0\n', "log_level: the publisher sets it itself"),
    (BASE + '[kafka.client]\n"log.connection.close" = false\n', "log.connection.close: the publisher sets it itself"),
    (BASE + '[kafka.client]\n"transactional.id" = "mine"\n', "transactional.id: the publisher sets it itself"),
)


class PublishingTest(LedgerTest):
    def setUp(self):
        super().setUp()
        self.ledger.run("init")
        self.config = self.ledger.dir / "daybook.toml"

    def serve(self, config):
        self.config.write_text(config, encoding="utf-8")
        return self.ledger.serve("--config", str(self.config))

    def test_a_wrong_configuration_is_named(self):
        for config, says in WRONG:
            with self.subTest(config=config):
                self.config.write_text(config, encoding="utf-8")
                done = self.ledger.run("serve", "--config", str(self.config), check=False)
                self.assertEqual(done.returncode, 2)
                self.assertIn(says, done.stderr.decode())

    def test_a_snapshot_says_where_it_begins(self):
        self.ledger.submit(simulate(sites=1, items=40, days=1))
        port = self.ledger.serve()
        for what in ("custody?rows=7", "stock"):
            status, _, text = http_call(port, "GET", f"/v1/stream/snapshot/{what}")
            self.assertEqual(status, 200, text)
            topic = what.partition("?")[0]
            answer = json.loads(text)
            head = str(int(self.ledger.ask("status")["events"]) - 1)
            self.assertEqual(answer["as_of"]["position"], head)
            rows = [json.loads(line) for line in self.ledger.run("stream", "snapshot", topic).stdout.splitlines()]
            self.assertEqual({row["as_of"] for row in rows}, {head})
            self.assertEqual(answer[topic], rows[:len(answer[topic])])
            self.assertEqual("next" in answer, topic == "custody")

    def row(self, wanted):
        until = time.monotonic() + 60
        while True:
            row = self.ledger.ask("stream", "status")["rows"][0]
            if wanted(row):
                return row
            self.assertLess(time.monotonic(), until, row)
            time.sleep(0.05)

    def metrics(self, port):
        status, _, text = http_call(port, "GET", "/metrics")
        self.assertEqual(status, 200)
        return {name: float(value) for name, value in re.findall(r"^daybook_stream_(.+) (\S+)$", text, re.M)}

    def test_a_broker_that_is_away_is_told_everywhere(self):
        began = time.time()
        self.ledger.submit(simulate(sites=1, items=20, days=1)[:50])
        port = self.serve(BASE + "generation = [3, 4]\n")
        row = self.row(lambda row: "last_error" in row)
        self.assertEqual((row["generation"], row["state"], row["lag_events"]), (3, "connecting", "50"))
        self.assertIn("Kafka cannot be reached", row["last_error"])
        self.assertIn(NOBODY, row["step"])
        self.assertGreater(int(row["lag_micros"]), 0)
        self.assertNotIn("next", row)
        self.row(lambda row: len(self.ledger.ask("stream", "status")["rows"]) == 2)
        shown = self.metrics(port)
        for generation in ("3", "4"):
            of = f'generation="{generation}"'
            self.assertEqual([shown[f"{name}{{{of}}}"] for name in
                              ("events", "lag_events", "term", "fenced", "transactions", "records", "repaired_partitions",
                               "given_up_calls", "last_commit_timestamp_seconds")], [0, 50] + 7 * [0])
            self.assertEqual({state: shown[f'state{{{of},state="{state}"}}'] for state in
                              ("connecting", "publishing", "retrying", "fenced", "refused", "stopped")},
                             {"connecting": 1, "publishing": 0, "retrying": 0, "fenced": 0, "refused": 0, "stopped": 0})
            self.assertGreater(shown[f"lag_seconds{{{of}}}"], 0)
        self.assertGreaterEqual(shown['last_error_timestamp_seconds{generation="3"}'], began - 1)
        errors = [name for name in shown if name.startswith('last_error{generation="3"')]
        self.assertEqual(len(errors), 1, errors)
        self.assertRegex(errors[0], r'text="Kafka cannot be reached: [^"0-9]*#.*"')
        text = self.ledger.run("stream", "status").stdout.decode()
        self.assertRegex(text, r"last error +\S+ \S+ Kafka cannot be reached")
        # Nobody waits for it: commands are answered, and the end comes in its time.
        self.assertEqual(self.ledger.ask("status")["events"], "50")
        code, seconds = self.ledger.stop()
        self.assertEqual(code, 0)
        self.assertLess(seconds, 10)
        for generation in ("3", "4"):
            says = rf"stream v{generation}: stopped: not known what is in Kafka, 50 behind \(\d+\.\d s\), no term yet; last error"
            self.assertRegex(self.ledger.log, says + r" \S+ Kafka cannot be reached")

    def test_a_setting_that_the_client_does_not_take_is_refused_without_its_value(self):
        for name in ("sasl.pasword", "security.protocol"):
            with self.subTest(setting=name):
                self.serve(BASE + f'[kafka.client]\n"{name}" = "hidden-1"\n')
                row = self.row(lambda row: row["state"] == "refused")
                self.assertIn(name, row["last_error"])
                self.assertNotIn("hidden-1", row["last_error"])
                self.ledger.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
