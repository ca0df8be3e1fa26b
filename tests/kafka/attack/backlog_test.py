"""A backlog built up with Kafka away, then caught up while new commands come: they must hardly notice, and memory stays bounded."""

import http.client
import json
import os
import pathlib
import random
import re
import statistics
import sys
import time

import harness
from harness import KafkaTest, verify, wait_until

sys.path.insert(0, str(harness.KAFKA.parent / "integration"))
import program  # noqa: E402  (driven as the integration tests drive it)

SITES, ITEMS, DAYS = (60, 350_000, 6) if harness.LONG else (12, 18_000, 5)
NEW_COMMANDS = 150_000 if harness.LONG else 10_000  # more than can be sent until it has caught up
QUIET_COMMANDS = 400
CAUGHT_UP_EVENTS = 200  # behind, of new commands: some are always on their way
SLOWER_MAX = 1.25
# How much the program may grow while it catches up. The state of every piece that is published again is in it.
GROWTH_MAX_MIB = 400 if harness.LONG else 160


class Backlog(KafkaTest):
    def setUp(self):
        super().setUp()
        if harness.LONG:
            os.environ["DAYBOOK_JAVA_HEAP"] = "4g"  # Verify keeps the newest state of every piece
        self.book = program.Ledger()
        self.addCleanup(self.book.remove)
        self.book.run("init")
        self.ledger = self.book.ask("status")["ledger"]

    def memory_mib(self, what):
        status = pathlib.Path(f"/proc/{self.book.server.pid}/status").read_text(encoding="ascii")
        return int(re.search(rf"^{what}:\s+(\d+) kB", status, re.M).group(1)) / 1024

    def ask(self, method, target, body=None):
        self.door.request(method, target, body=body)
        response = self.door.getresponse()
        return response.status, response.read()

    def lag(self):
        status, answer = self.ask("GET", "/v1/stream")
        self.assertEqual(status, 200, answer)
        return int(json.loads(answer)["rows"][0].get("lag_events", 0))

    def twenty_commands(self):
        """Milliseconds from each command to its answer, and how far Kafka is behind."""
        times = []
        for _ in range(20):
            line = next(self.lines)
            begin = time.perf_counter()
            status, answer = self.ask("POST", "/v1/commands", line)
            times.append((time.perf_counter() - begin) * 1000)
            self.assertEqual(status, 200, (line, answer))
        return times, self.lag()

    def while_quiet(self):
        return [one for _ in range(QUIET_COMMANDS // 20) for one in self.twenty_commands()[0]]

    def while_catching_up(self):
        times, lag = [], CAUGHT_UP_EVENTS + 1
        while lag > CAUGHT_UP_EVENTS:
            more, lag = self.twenty_commands()
            times += more
        return times

    def test_caught_up_while_commands_come(self):
        broker = self.own_broker()
        broker.stop()
        lines = program.simulate(sites=SITES, items=ITEMS, days=DAYS, seed=random.randrange(1000))
        backlog = len(lines) - NEW_COMMANDS
        self.book.submit(lines=lines[:backlog])
        self.lines = iter(line for line in lines[backlog:] if program.expected_code(line) is None)
        port = self.book.serve("--kafka", self.bootstrap, "--partitions", "4")
        self.door = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.addCleanup(self.door.close)
        before = self.while_quiet()
        events = self.lag()
        self.assertGreater(events, backlog * 0.9)
        small = self.memory_mib("VmRSS")
        begin = time.monotonic()
        broker.start()
        wait_until(lambda: self.lag() < events, "it begins to catch up")
        during = self.while_catching_up()
        took = time.monotonic() - begin
        after = self.while_quiet()
        grown = self.memory_mib("VmHWM") - small
        wait_until(lambda: self.lag() == 0, "everything is published")
        quiet = max(statistics.median(before), statistics.median(after))
        slower = statistics.median(during) / quiet
        print(json.dumps({"backlog": events, "caught_up_seconds": round(took, 1), "commands_meanwhile": len(during),
                          "median_ms": [round(statistics.median(one), 2) for one in (before, during, after)],
                          "slower": round(slower, 2), "grown_mib": round(grown)}), flush=True)
        verify(self.bootstrap, self.ledger, int(self.book.ask("status")["events"]), "book",
               state=harness.ledger_state(self.book))
        self.assertLess(grown, GROWTH_MAX_MIB)
        if harness.LONG:  # alone on its machine; in ./check another test runs beside it, and it is only printed
            self.assertLess(slower, SLOWER_MAX)


if __name__ == "__main__":
    harness.main()
