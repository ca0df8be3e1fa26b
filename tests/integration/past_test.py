#!/usr/bin/env python3
"""The past through the program: pieces, stock and what is due at (valid time, record time), across kill -9 and rebuilds.

What was answered when it was the present must be answered again when it is asked about as the past; and what the
questions say at any valid time must agree with each other and with the exported events.
"""

import contextlib
import datetime
import http.client
import json
import unittest
import uuid

from program import LedgerTest, code_of, http_call, simulate

ALL = ("--rows", "10000")
HELD = {"SIGNOUT": ("SITE/DISPLAY", "SITE/WINDOW", "SITE/PERSON"), "TRANSFER": ("TRANSIT",),
        "WORKSHOP": ("SITE/WORKSHOP-INT", "EXT/WORKSHOP")}

COLUMNS = ("available", "reserved", "quarantined", "damaged", "disputed", "carnet", "hold", "packed", "in_transit_to",
           "on_memo", "in_repair")


def as_answered(obligation):
    """An obligation without what depends on the time of asking, or is left out of answers about one piece's past."""
    return {name: value for name, value in obligation.items() if name not in ("overdue_minutes", "open_lines", "items")}


def command(site, actor, attest, **payload):
    return {"event_id": str(uuid.uuid4()), "entity": 1, "site": site,
            "actor": {"principal": actor[0], "role": actor[1]},
            "attest": [{"principal": who, "role": role, "method": "PIN"} for who, role in attest], **payload}


class PastTest(LedgerTest):
    def setUp(self):
        super().setUp()
        self.ledger.run("init")
        self.lines = simulate(sites=2, items=200, days=3, seed=31)

    @contextlib.contextmanager
    def serving(self):
        """Questions go to a server, which opens the ledger once."""
        self.ledger.serve()
        try:
            yield
        finally:
            self.ledger.stop()

    def events(self):
        return [json.loads(line) for line in self.ledger.run("export").stdout.decode().splitlines()]

    def items(self):
        return sorted(row["item"] for row in self.ledger.ask("search", *ALL).get("rows", []))

    def test_what_was_the_present_is_answered_again_as_the_past(self):
        remembered = []
        parts = 6
        for part in range(parts):
            size = len(self.lines) // parts + 1
            self.ledger.submit(self.lines[part * size:(part + 1) * size])
            with self.serving():
                stock = self.ledger.ask("stock", *ALL)
                remembered.append((stock["as_of"]["position"], stock.get("rows", []),
                                   self.ledger.ask("due", *ALL).get("rows", []),
                                   {item: self.ledger.ask("item", item)["item"] for item in self.items()[::17]}))
        self.assertGreater(sum(len(items) for _, _, _, items in remembered), 20)
        self.ledger.serve()
        for position, stock, due, items in remembered:
            with self.subTest(position=position):
                known = ("--known-at", position)
                self.assertEqual(self.ledger.ask("stock", *known, *ALL).get("rows", []), stock)
                rows = self.ledger.ask("due", *known, *ALL).get("rows", [])
                again = {row["obligation"]: row for row in rows}
                self.assertEqual(len(again), len(due))
                for row in due:
                    told = again[row["obligation"]]
                    self.assertEqual(as_answered(told), as_answered(row))
                    self.assertEqual(told.get("open_lines"), row.get("open_lines"))
                for item, row in items.items():
                    told = self.ledger.ask("item", item, *known)["item"]
                    row.pop("legal_next", None)  # told about now only
                    for one in (row, told):
                        one["obligations"] = sorted(map(as_answered, one.get("obligations", [])),
                                                    key=lambda obligation: obligation["obligation"])
                    self.assertEqual(told, row)
        position = remembered[-2][0]
        whole = self.ledger.ask("due", "--known-at", position, *ALL)["rows"]
        paged, cursor = [], ""
        while True:
            where = ("--cursor", cursor) if cursor else ("--known-at", position)
            page = self.ledger.ask("due", "--rows", "7", *where)
            paged += page["rows"]
            cursor = page.get("next", "")
            if not cursor:
                break
        self.assertEqual([as_answered(row) for row in paged], [as_answered(row) for row in whole])

    def test_at_every_valid_time_the_questions_agree(self):
        self.ledger.submit(self.lines)
        events = self.events()
        times = sorted(event["occurred_at"] for event in events)
        self.ledger.serve()
        port = json.loads((self.ledger.dir / "serving.json").read_text())["port"]

        def ask(question):
            status, _, body = http_call(port, "GET", "/v1/" + question)
            self.assertEqual(status, 200, body)
            return json.loads(body)

        for at in times[::len(times) // 8][1:]:
            with self.subTest(at=at):
                held = {row["account_class"]: int(row["pieces"]) for row in
                        ask(f"trial-balance?valid_at={at}").get("rows", []) if "pieces" in row}
                stock = ask(f"stock?valid_at={at}&own_only=false&rows=10000").get("rows", [])
                counted = sum(int(row.get(name, 0)) for row in stock for name in COLUMNS)
                inside = sum(pieces for name, pieces in held.items()
                             if name.startswith("SITE/") or name in ("TRANSIT", "EXT/MEMO", "EXT/WORKSHOP"))
                self.assertEqual(counted, inside)
                self.assertEqual(sum(int(row.get("in_transit_to", 0)) for row in stock), held.get("TRANSIT", 0))
                due = ask(f"due?valid_at={at}&rows=10000").get("rows", [])
                for kind, classes in HELD.items():
                    self.assertEqual(sum(row["open_lines"] for row in due if row["kind"] == kind),
                                     sum(held.get(name, 0) for name in classes), kind)
                sessions = set()
                for event in sorted(events, key=lambda event: event["occurred_at"]):
                    if event["occurred_at"] > at:
                        break
                    if "vault_opened" in event["command"]:
                        sessions.add(event["command"]["obligation_id"])
                    if "vault_closed" in event["command"]:
                        sessions -= {closed["obligation"] for closed in event.get("closes", [])}
                self.assertEqual({row["obligation"] for row in due if row["kind"] == "VAULT_SESSION"}, sessions)

    def test_authority_is_told_as_it_was_known(self):
        self.ledger.submit(self.lines)
        grants = json.loads(self.lines[0])["ledger_created"]["grants"]
        headquarters, manager, coordinator = (next(int(grant["principal"]) for grant in grants if grant["role"] == role)
                                              for role in ("HQ", "VM", "OC"))
        somebody = 987654

        def known(position):
            answer = self.ledger.run("authority", str(somebody), "--known-at", position, "--json", check=False)
            if not answer.stdout:
                return []
            return [row["role"] for row in json.loads(answer.stdout)["rows"] if row.get("holds")]

        begin = now_text()
        grant = command(1, (headquarters, "HQ"), [(manager, "VM")], occurred_at=begin,
                        role_granted={"grant": {"principal": somebody, "role": "OC", "site": 1}, "from": begin})
        undo = command(1, (coordinator, "OC"), [(manager, "VM")],
                       correction_declared={"target": grant["event_id"], "reason": "DID_NOT_OCCUR"})
        redo = command(1, (headquarters, "HQ"), [(manager, "VM")],
                       correction_declared={"target": undo["event_id"], "reason": "DID_NOT_OCCUR"})
        positions = []
        for sent in (grant, undo, redo):
            answer = self.ledger.submit([json.dumps(sent)])[0]
            self.assertIn("position", answer, answer)
            positions.append(answer["position"])
        self.assertEqual(known(str(int(positions[0]) - 1)), [])
        self.assertEqual([known(position) for position in positions], [["OC"], [], ["OC"]])

    def test_an_answer_about_the_past_outlives_late_facts_corrections_crashes_and_rebuilds(self):
        self.ledger.submit(self.lines)
        grants = json.loads(self.lines[0])["ledger_created"]["grants"]
        headquarters = next(int(grant["principal"]) for grant in grants if grant["role"] == "HQ")
        signers = {(int(grant.get("site", 0)), grant["role"]): int(grant["principal"]) for grant in grants}
        registered = {line["item"]: event for event in self.events() if "item_registered" in event["command"]
                      for line in event["command"]["lines"]}
        items = sorted(item for item in self.items() if item in registered)[:6]
        at = max(registered[item]["occurred_at"] for item in items)
        moment = datetime.datetime.fromisoformat(at.replace("Z", "+00:00"))
        late_at = (moment + datetime.timedelta(seconds=30)).isoformat().replace("+00:00", "Z")
        valid = (moment + datetime.timedelta(seconds=60)).isoformat().replace("+00:00", "Z")
        answered = {}

        def ask(*question):
            return self.ledger.run(*question, "--json").stdout

        def remember(item):
            """What is known now, by a clock time that is then a promise."""
            known = now_text()
            when = ("--valid-at", valid, "--known-at", known)
            for question in (("item", item, *when), ("chain", item, *when), ("holder", item, *when),
                             ("stock", *when, *ALL), ("due", *when, *ALL), ("trial-balance", *when)):
                answered[question] = ask(*question)

        def repeat():
            with self.serving():
                for question, answer in answered.items():
                    self.assertEqual(ask(*question), answer, question)

        def model(item):
            return self.ledger.ask("item", item, "--valid-at", valid)["item"]["model"]

        def crash():
            """Whatever the server had taken, it is gone without a word."""
            self.ledger.kill()

        for number, item in enumerate(items):
            old = model(item)
            site = int(registered[item]["command"]["site"])
            amend = command(site, (headquarters, "HQ"), [], lines=[{"item": item}], occurred_at=late_at,
                            late={"flag": True, "reason": "found on the label"},
                            item_amended={"field": "MODEL", "old_value": {"text": old}, "new_value": {"text": "LATE"}})
            correct = command(site, (signers[site, "OC"], "OC"), [(signers[site, "VM"], "VM"), (headquarters, "HQ")],
                              correction_declared={"target": amend["event_id"], "reason": "DID_NOT_OCCUR"})
            for sent, becomes in ((amend, "LATE"), (correct, old)):
                port = self.ledger.serve()
                remember(item)
                # The answer to the command is not waited for in every second round: it may be durable, or not.
                body = json.dumps(sent)
                if number % 2 == 0:
                    status, _, text = http_call(port, "POST", "/v1/commands", body=body)
                    self.assertIn("position", json.loads(text), text)
                else:
                    connection = send_only(port, body)
                    crash()
                    connection.close()
                if self.ledger.server is not None:
                    crash()
                again = self.ledger.submit([body])[0]  # the first answer, or only now
                self.assertIsNone(code_of(again), again)
                self.assertEqual(model(item), becomes)
                stamped = self.ledger.ask("history", item, "--newest-first", "--rows", "1")["rows"][0]["recorded_at"]
                known = [question[question.index("--known-at") + 1] for question in answered]
                self.assertTrue(all(moment_of(one) < moment_of(stamped) for one in known))
            if number % 2 == 0:
                repeat()
        repeat()
        self.ledger.run("rebuild")
        repeat()


def now_text():
    return datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")


def moment_of(text):
    """RFC 3339 with up to nine digits behind the second, as a number that compares."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.datetime.fromisoformat(whole), int(fraction.ljust(9, "0") or 0)


def send_only(port, body):
    """A command on its way to the server, whose answer nobody will read."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/v1/commands", body=body)
    return connection


if __name__ == "__main__":
    unittest.main()
