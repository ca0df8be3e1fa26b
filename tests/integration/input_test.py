#!/usr/bin/env python3
"""Bad input through `daybook submit`: a clear error for each line, and the rest goes on."""

import json
import subprocess
import unittest

from program import DAYBOOK, LedgerTest, code_of, simulate

ITEM = "00000000-0000-7000-8000-0000000000%02x"


class InputTest(LedgerTest):
    def setUp(self):
        super().setUp()
        self.ledger.run("init")
        self.lines = simulate(sites=1, items=40, days=1)
        self.answers = self.ledger.submit(self.lines)
        self.good = self.fresh("party_registered")

    def fresh(self, kind, number=200):
        """A new command like a simulated one."""
        command = next(json.loads(line) for line in self.lines if kind in json.loads(line))
        command["event_id"] = ITEM % number
        command.pop("note", None)
        return command

    def refused(self, line, *parts, code="E_SCHEMA"):
        """The line is refused, its message holds the parts, and the line behind it is taken."""
        self.number = getattr(self, "number", 0) + 1
        good = dict(self.good, event_id=f"00000000-0000-7000-9000-{self.number:012x}")
        good["party_registered"] = dict(good["party_registered"], party=50_000 + self.number)
        raw = (line if isinstance(line, bytes) else line.encode()) + b"\n" + json.dumps(good).encode() + b"\n"
        first, second = self.ledger.submit(raw=raw)
        self.assertEqual(code_of(first), code, first)
        for part in parts:
            self.assertIn(part, first["error"]["message"])
        self.assertIn("position", second)

    def test_what_is_no_json(self):
        self.refused("this is no json", "line 1")
        self.refused('{"event_id": "', "line 1")
        self.refused('[1, 2]', "line 1")
        self.refused('{"event_id": "a"} {}', "line 1")

    def test_unknown_names(self):
        command = self.fresh("party_registered")
        command["part_registered"] = command.pop("party_registered")
        self.refused(json.dumps(command), "part_registered")
        command = self.fresh("party_registered")
        command["party_registered"]["kind"] = "ALIEN"
        self.refused(json.dumps(command), "kind", "ALIEN")

    def test_missing_fields(self):
        for field in ("event_id", "entity", "actor", "party_registered"):
            command = self.fresh("party_registered")
            del command[field]
            self.refused(json.dumps(command))
        command = self.fresh("party_registered")
        del command["party_registered"]["party"]
        self.refused(json.dumps(command), "party")

    def test_wrong_units_and_types(self):
        command = self.fresh("item_registered")
        command["lines"][0]["item"] = ITEM % 1
        for insured in ({"minor": 12.5, "currency": "EUR"}, {"minor": 100, "currency": "euro"}, {"minor": -100, "currency": "EUR"},
                        {"minor": "many", "currency": "EUR"}, 100):
            command["item_registered"]["insured"] = insured
            self.refused(json.dumps(command), "insured")
        command = self.fresh("party_registered")
        command["occurred_at"] = "yesterday"
        self.refused(json.dumps(command), "occurred_at")
        command["occurred_at"] = "2026-03-02T05:00:00.0000001Z"  # finer than a microsecond
        self.refused(json.dumps(command), "occurred_at")

    def test_lines_none_and_too_many(self):
        command = self.fresh("signed_out")
        command["obligation_id"] = ITEM % 2
        command["lines"] = []
        self.refused(json.dumps(command), "lines")
        command["lines"] = [{"item": f"00000000-0000-7000-8000-{i:012x}"} for i in range(1, 10_002)]
        self.refused(json.dumps(command), "lines", "10000")
        command["lines"] = [{"item": ITEM % 3}, {"item": ITEM % 3}]
        self.refused(json.dumps(command), "lines[1]")

    def test_ids_and_paths(self):
        for wrong in ("", "abc", (ITEM % 4).upper().replace("0", "A"), ITEM % 4 + "0"):
            command = self.fresh("party_registered")
            command["event_id"] = wrong
            self.refused(json.dumps(command), "event_id")
        command = self.fresh("signed_out")
        command["obligation_id"] = ITEM % 5
        for wrong in ("SITE/1/CELLAR/A", "SITE/01/VAULT/A", "EXT/CLIENT/x", "VAULT", "SITE/1/VAULT/" + "A" * 17):
            command["to"] = wrong
            self.refused(json.dumps(command), "to")

    def test_a_line_of_a_hundred_megabytes(self):
        self.refused(b'{"note": "' + b"x" * (100 << 20) + b'"}', "line 1", "longer than")

    def test_text_that_is_no_utf8(self):
        command = json.dumps(self.fresh("party_registered", 9)).encode()
        self.refused(command.replace(b'"event_id"', b'"note": "\xff\xfe", "event_id"'), "UTF-8")

    def test_empty_lines_are_no_commands(self):
        self.assertEqual(self.ledger.submit(raw=b"\n\n   \n"), [])

    def test_the_last_line_needs_no_end(self):
        self.assertEqual(len(self.ledger.submit(raw=json.dumps(self.fresh("party_registered", 8)).encode())), 1)

    def test_an_atomic_batch_is_all_or_nothing(self):
        def party(event, number):
            command = self.fresh("party_registered", event)
            command["party_registered"]["party"] = number
            return command

        bad = party(31, 60_001)
        bad["actor"] = {"principal": 77, "role": "INT"}  # does not hold the role
        answers = self.ledger.submit([json.dumps({"atomic": True, "commands": [party(30, 60_000), bad]})])
        self.assertEqual([code_of(answer) for answer in answers], ["E_NOT_AUTHORISED"] * 2)
        answers = self.ledger.submit([json.dumps({"atomic": True, "commands": [party(30, 60_000), party(32, 60_002)]})])
        positions = [int(answer["position"]) for answer in answers]
        self.assertEqual(positions[1], positions[0] + 1)

    def test_a_batch_of_nothing(self):
        self.refused('{"atomic": true, "commands": []}', "commands")
        self.refused('{"commands": []}', "commands")

    def test_a_full_standard_output(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([DAYBOOK, "--data", str(self.ledger.dir), "stock"], stdout=full, stderr=subprocess.PIPE,
                                  check=False)
        self.assertEqual((done.returncode, b"E_IO" in done.stderr), (2, True))

    def test_errors_of_the_directory(self):
        done = self.ledger.run("item", ITEM % 1, check=False)
        self.assertEqual((done.returncode, b"E_NOT_FOUND" in done.stderr), (2, True))
        done = self.ledger.run("init", check=False)
        self.assertEqual((done.returncode, b"E_EXISTS" in done.stderr), (2, True))
        done = self.ledger.run("nonsense", check=False)
        self.assertEqual(done.returncode, 64)


if __name__ == "__main__":
    unittest.main()
