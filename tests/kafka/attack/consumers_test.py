"""The whole program killed again and again while it takes commands, and three consumers in three languages (tests/consumers),
some from the start and some that come in the middle. Each begins with state, from `custody` or from the engine, and follows
`events` from there; afterwards all tables must equal `daybook stock`. Then the examples of CONSUMERS.md are run."""

import json
import random
import subprocess
import sys
import time
import uuid

import examples
import harness
from harness import KafkaTest, verify, wait_until

sys.path.insert(0, str(harness.KAFKA.parent / "integration"))
import program  # noqa: E402  (driven as the integration tests drive it)

RUN = harness.KAFKA.parent / "consumers" / "run"
LANGUAGES = ("java", "python", "node")
KILLS = 40 if harness.LONG else 4


def as_counted(row):
    """A row of stock as the consumers have it: each column, and the sum insured."""
    counted = {name: int(value) for name, value in row.items() if name not in ("site", "model", "on_hand", "insured")}
    return {name: value for name, value in counted.items() if value} | {"insured": int(row["insured"].get("minor", 0))}


class Consumers(KafkaTest):
    def setUp(self):
        super().setUp()
        self.book = program.Ledger()
        self.book.run("init")
        self.addCleanup(self.book.remove)
        self.running = {}
        self.addCleanup(self.end_consumers)

    def end_consumers(self):
        for one in self.running.values():
            one.kill()
            one.wait()

    def serve(self):
        self.port = self.book.serve("--kafka", self.bootstrap, "--partitions", "4")

    def consume(self, when):
        """Starts all three. The one that asks the engine gets its answer before the engine is killed again."""
        for language in LANGUAGES:
            name = f"{language}, {when}"
            engine = [f"http://127.0.0.1:{self.port}"] if language == "node" else []
            self.running[name] = subprocess.Popen([RUN, language, self.bootstrap, f"daybook.{self.ledger}", "1",
                                                   str(self.dir / name), *engine])
        wait_until((self.dir / f"node, {when}").exists, "the snapshot is there", 60)

    def table(self, name):
        path = self.dir / name
        if not path.exists():
            return None
        return json.loads(path.read_text(encoding="utf-8"))

    def stock(self):
        rows, more = [], ()
        while True:
            answer = self.book.ask("stock", "--rows", "1000", *more)
            rows += answer.get("rows", [])
            if "next" not in answer:
                return {f"{row.get('model', '')}|{row.get('site', 0)}": as_counted(row) for row in rows}
            more = ("--cursor", answer["next"])

    def published(self):
        rows = self.book.ask("stream", "status").get("rows", [])
        return int(rows[0].get("next", 0)) if rows else 0

    def submit(self, lines):
        """Until every one of them is answered; what was answered before is only answered again."""
        while True:
            done = self.book.run("submit", lines=lines, check=False)
            if done.returncode in (0, 1) and len(done.stdout.splitlines()) == len(lines):
                return
            self.restart()

    def restart(self):
        if self.book.server.poll() is not None:
            self.book.kill()
            self.serve()

    def test_killed_while_it_takes_commands(self):
        lines = program.simulate(sites=3, items=400 if not harness.LONG else 4000, days=3, seed=random.randrange(1000))
        begin = 200
        self.book.submit(lines=lines[:begin])
        self.ledger = self.book.ask("status")["ledger"]
        self.serve()
        wait_until(lambda: self.published() >= begin / 2, "the topics are there")
        self.consume("from the start")
        step = (len(lines) - begin) // (KILLS + 1) + 1
        for kill, at in enumerate(range(begin, len(lines), step)):
            chunk = lines[at:at + step]
            busy = subprocess.Popen([program.DAYBOOK, "--data", str(self.book.dir), "submit"], stdin=subprocess.PIPE,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            busy.stdin.write("".join(line + "\n" for line in chunk).encode())
            busy.stdin.close()
            if kill == KILLS // 2:
                self.consume("in the middle")
            time.sleep(random.random() * 1.5)  # not waiting for anything: this is the attack
            self.book.kill()
            busy.wait()
            self.serve()
            self.submit(chunk)
        self.check()

    def decommission_one(self):
        """A piece of the house's is destroyed: it must leave tombstones. One that is reserved cannot be."""
        rows = [json.loads(line)["piece"] for line in
                self.book.run("stream", "snapshot", "custody").stdout.decode().splitlines()]
        for piece in rows:
            if piece["state"] != "V" or piece["owner"]["kind"] != "HOUSE":
                continue
            answer = self.decommission(piece["item"], int(piece["account"].split("/")[1]))
            if "error" not in answer:
                return piece["item"]
            self.assertEqual(answer["error"]["code"], "E_OBLIGATION_OPEN", answer)
        return self.fail("every piece is reserved")

    def decommission(self, item, site):
        def command(role, principal, second_role, second, **event):
            return json.dumps({"event_id": str(uuid.uuid4()), "entity": 1, "site": site,
                               "actor": {"principal": principal, "role": role},
                               "attest": [{"principal": second, "role": second_role, "method": "PIN"}], **event})

        vm, oc, hq = 1000 * site + 2, 1000 * site + 1, 1
        # It may be open already.
        self.book.submit([command("OC", oc, "VM", vm, obligation_id=str(uuid.uuid4()), vault_opened={})])
        return self.book.submit([command("VM", vm, "HQ", hq, lines=[{"item": item}], to="GONE",
                                         item_decommissioned={"method": "DESTROYED"})])[0]

    def check(self):
        gone = self.decommission_one()
        head = int(self.book.ask("status")["events"])
        wait_until(lambda: self.published() >= head, "everything is published")
        counted = verify(self.bootstrap, self.ledger, head, "book", state=harness.ledger_state(self.book))
        self.assertIn(gone, counted["gone"])
        self.book.run("stream", "check", "--kafka", self.bootstrap, "--partitions", "4")
        examples.run(self, self.bootstrap, self.ledger)
        expected = self.stock()
        self.assertGreater(len(expected), 50)
        for name, one in self.running.items():
            wait_until(lambda name=name: self.table(name) == expected,
                       lambda name=name: f"the table in {name}: {self.difference(name, expected)}", 60)
            self.assertIsNone(one.poll(), name)

    def difference(self, name, expected):
        table = self.table(name) or {}
        return [(key, table.get(key), expected.get(key)) for key in set(table) | set(expected)
                if table.get(key) != expected.get(key)][:3]


if __name__ == "__main__":
    harness.main()
