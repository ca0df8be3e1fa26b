"""`daybook stream check` as an operator calls it: what is compared while a server runs, and what its exit code says."""

import json
import re
import sys
import time

import harness
from harness import KafkaTest, wait_until

sys.path.insert(0, str(harness.KAFKA.parent / "integration"))
import program  # noqa: E402  (driven as the integration tests drive it)


class Check(KafkaTest):
    def setUp(self):
        super().setUp()
        self.book = program.Ledger()
        self.book.run("init")
        self.addCleanup(self.book.remove)
        self.config = self.dir / "daybook.toml"
        self.config.write_text(f'[kafka]\nbootstrap = "{self.bootstrap}"\npartitions = 3\ngeneration = [1, 2]\n'
                               '[kafka.generations.2]\nvalue = "protobuf"\n', encoding="utf-8")
        self.port = self.book.serve("--config", str(self.config))
        self.lines = program.simulate(sites=2, items=60, days=1, seed=5)
        self.book.submit(self.lines[:-10])
        self.submitted = time.time()
        head = int(self.book.ask("status")["events"])
        wait_until(lambda: [int(row.get("next", 0)) for row in self.book.ask("stream", "status")["rows"]] == [head] * 2,
                   "both generations are published")

    def check(self, *arguments, code=0):
        done = self.book.run("stream", "check", *arguments, check=False)
        self.assertEqual(done.returncode, code, done.stdout.decode() + done.stderr.decode())
        return done.stdout.decode() + done.stderr.decode()

    def test_a_server_compares_what_it_publishes_and_nothing_else(self):
        rows = json.loads(self.check("--json"))["rows"]
        self.assertTrue(all(row["ok"] and int(row["checked"]) for row in rows), rows)
        names = ["control", "events/0", "events/1", "events/2", "log", "custody", "stock"]
        self.assertEqual([row["what"] for row in rows], [f"{one} {name}" for one in ("v1", "v2") for name in names])
        self.assertEqual([row["what"] for row in json.loads(self.check("--json", "--generation", "2"))["rows"]], names)
        self.check("--config", str(self.config))
        self.check("--kafka", self.bootstrap)
        for flags in (("--kafka", "127.0.0.1:1"), ("--prefix", "other"), ("--partitions", "4")):
            said = self.check(*flags, code=2)
            self.assertRegex(said, f"the server of this directory publishes with {flags[0]} .*, not {flags[1]}: leave it")
        self.assertIn("--value json, not protobuf", self.check("--value", "protobuf", "--generation", "1", code=2))
        self.check("--value", "protobuf", "--generation", "2")
        self.assertIn("generation 3 is not published here", self.check("--generation", "3", code=2))

    def test_metrics_and_log_say_what_the_status_says(self):
        status, _, text = program.http_call(self.port, "GET", "/metrics")
        self.assertEqual(status, 200)
        shown = {name: float(value) for name, value in re.findall(r"^daybook_stream_(\S+) (\S+)$", text, re.M)}
        for row in self.book.ask("stream", "status")["rows"]:
            of = f'generation="{row["generation"]}"'
            said = {"events": row["next"], "term": row["term"], "transactions": row["transactions"],
                    "records": row["records"], "lag_events": row.get("lag_events", 0), "fenced": row.get("fenced", 0)}
            self.assertEqual({name: shown[f"{name}{{{of}}}"] for name in said},
                             {name: float(value) for name, value in said.items()})
            self.assertEqual((shown[f"lag_seconds{{{of}}}"], shown[f'state{{{of},state="publishing"}}']), (0, 1))
            self.assertAlmostEqual(shown[f"last_commit_timestamp_seconds{{{of}}}"], self.submitted, delta=120)
        self.assertGreater(int(row["next"]), 0)
        self.book.stop()
        for generation in ("1", "2"):
            says = f"stream v{generation}: stopped: {row['next']} events in Kafka, 0 behind (0.0 s), term {row['term']}; no error"
            self.assertIn(says, self.book.log)

    def test_what_was_not_compared_is_said(self):
        self.book.stop()
        self.assertIn("Kafka holds what the ledger holds", self.check("--config", str(self.config)))
        self.book.submit(self.lines[-10:])
        said = self.check("--config", str(self.config), "--generation", "2", code=2)
        self.assertIn("the rest is what the ledger holds; NOT COMPARED: custody, stock", said)
        self.assertIn("publishing is behind", said)


if __name__ == "__main__":
    harness.main()
