#!/usr/bin/env python3
"""The past through the program: pieces, stock and what is due at (valid time, record time), across kill -9 and rebuilds.

What was answered when it was the present must be answered again when it is asked about as the past; and what the
questions say at any valid time must agree with each other and with the exported events.
"""

import contextlib
import datetime
import http.client
import itertools
import json
import threading
import unittest
import urllib.parse
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

    def test_an_answer_asked_for_again_with_its_own_times_is_the_same(self):
        self.ledger.submit(self.lines)
        events = self.events()
        signers = {grant["role"]: int(grant["principal"]) for grant in
                   json.loads(self.lines[0])["ledger_created"]["grants"] if grant.get("site", 1) == 1}
        began = events[0]["occurred_at"]
        port = self.ledger.serve()

        def tell(*commands):
            for sent in commands:
                status, _, body = http_call(port, "POST", "/v1/commands", body=json.dumps(sent))
                self.assertIn("position", json.loads(body), body)

        def policy(days):
            return command(1, (signers["HQ"], "HQ"), [], occurred_at=began, policy_set={
                "key": "count.coverage_days", "value": {"number": str(days)}, "from": events[-1]["occurred_at"]})

        def ask(question, **params):
            more = "&".join(f"{name}={urllib.parse.quote(str(value))}" for name, value in params.items())
            between = "" if not more else "&" if "?" in question else "?"
            status, _, body = http_call(port, "GET", f"/v1/{question}{between}{more}")
            self.assertEqual(status, 200, (question, params, body))
            return body

        first_days = policy(3)
        tell(first_days)
        account = next(row["account"] for row in json.loads(ask("accounts?rows=1000"))["rows"]
                       if "/VAULT/" in row["account"] and row["account"].startswith("SITE/1/"))
        path, item, day = urllib.parse.quote(account), self.items()[0], events[len(events) // 2]["occurred_at"]
        sale = next(event for event in events if "sale_completed" in event["command"])
        number, site = sale["command"]["sale_completed"]["invoice"], sale["command"]["site"]
        ever = "from=2020-01-01T00:00:00Z&to=2030-01-01T00:00:00Z"
        of_a_valid_time = [f"accounts?rows=2", f"accounts/{path}?rows=2", "trial-balance?check=true", "inspections?rows=2",
                           "counted?overdue=true&rows=2", "counted?rows=2", f"counted/{path}?rows=2",
                           f"counted/{path}?overdue=true&rows=2", f"items/{item}/chain", f"items/{item}/holder",
                           "stock?rows=2", "due?kind=RESERVATION&rows=2"]
        others = [f"items/{item}/history?rows=2", f"items/{item}/history?newest_first=true&rows=2",
                  f"documents/{urllib.parse.quote(number)}?rows=1", "late?rows=1", "corrections?rows=1",
                  "counts?site=1&rows=2", "days/1", f"days/1?at={day}&rows=2", f"days/1?at={events[-1]['occurred_at']}&rows=2",
                  "sales/1?rows=1", f"sales/{site}?at={sale['occurred_at']}&rows=1", "reconciliation/1",
                  f"reconciliation/1?at={day}", f"statements/{path}?at={day}&rows=1",
                  f"statements/{path}?at={events[-1]['occurred_at']}&rows=1", f"held/{path}?{ever}&rows=1"]
        firsts = {}
        for question in of_a_valid_time + others:
            firsts[question] = [ask(question)]
            if cursor := json.loads(firsts[question][0]).get("next"):
                firsts[question].append(ask(question, cursor=cursor))
        self.assertGreater(sum(len(pages) for pages in firsts.values()), len(firsts) * 3 // 2)
        self.assertTrue(json.loads(firsts["counted?overdue=true&rows=2"][0])["rows"])
        # Late, corrected, and another rule; and events of all the pieces.
        tell(command(1, (signers["OC"], "OC"), [(signers["VM"], "VM"), (signers["HQ"], "HQ")],
                     correction_declared={"target": first_days["event_id"], "reason": "DID_NOT_OCCUR"}),
             policy(30_000))
        tell(*(command(int(row["account"].split("/")[1]), (signers["HQ"], "HQ"), [], lines=[{"item": row["item"]}],
                       item_amended={"field": "MODEL", "old_value": {"text": row["model"]}, "new_value": {"text": "NEW"}})
               for row in json.loads(ask("items?rows=10000"))["rows"]
               if row["account"].startswith("SITE/") and "model" in row))
        for question, pages in firsts.items():
            with self.subTest(question):
                as_of = json.loads(pages[0])["as_of"]
                self.assertIn("valid_at", as_of)
                when = {"known_at": as_of["position"]}
                if question in of_a_valid_time:
                    when["valid_at"] = as_of["valid_at"]
                for known_at in (as_of["position"], as_of["known_at"]):
                    when["known_at"] = known_at
                    again = [ask(question, **when)]
                    if cursor := json.loads(again[0]).get("next"):
                        again.append(ask(question, cursor=cursor))
                    self.assertEqual(again, pages)

    def test_the_papers_of_a_transfer_are_those_of_the_answer_s_position(self):
        self.ledger.submit(self.lines)
        signers = {grant["role"]: int(grant["principal"]) for grant in
                   json.loads(self.lines[0])["ledger_created"]["grants"] if grant.get("site", 1) == 1}
        at = self.events()[-1]["occurred_at"]
        port = self.ledger.serve()
        sent = {}  # position → the papers that are asked for from there on
        done = threading.Event()

        def policies():
            for number in itertools.cycle(range(2)):
                if done.is_set():
                    return
                paper = ("CITES", "INSURANCE")[number]
                body = command(1, (signers["HQ"], "HQ"), [], occurred_at=at, policy_set={
                    "key": "docs.required", "from": at,
                    "value": {"doc_rules": {"rules": [{"from": "*", "to": "*", "types": [paper]}]}}})
                body.pop("site")  # of the house
                answer = json.loads(http_call(port, "POST", "/v1/commands", body=json.dumps(body))[2])
                self.assertIn("position", answer, answer)
                sent[int(answer["position"])] = paper

        teller = threading.Thread(target=policies)
        teller.start()
        answers = [json.loads(http_call(port, "GET", "/v1/transit?rows=5")[2]) for _ in range(300)]
        done.set()
        teller.join()
        self.assertGreater(len(sent), 20)
        told = 0
        for answer in answers:
            position = int(answer["as_of"]["position"])
            paper = next((paper for at, paper in sorted(sent.items(), reverse=True) if at <= position), None)
            for row in answer["rows"]:
                missing = row.get("docs_missing", [])
                self.assertLessEqual(set(missing), {paper}, answer["as_of"])
                told += len(missing)
        self.assertGreater(told, 0)

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
