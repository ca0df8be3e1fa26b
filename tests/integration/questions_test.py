#!/usr/bin/env python3
"""The questions of the desk and of auditors, through the program, each against the exported events."""

import base64
import collections
import hashlib
import json
import re
import subprocess
import unittest
import uuid

from program import SOURCE, LedgerTest, code_of, simulate

ALL = ("--rows", "10000")


def command_of(event):
    return event["command"]


def kind_of(command):
    """The event type of a command: the one field that is not of the envelope."""
    envelope = {"event_id", "occurred_at", "occurred_offset_minutes", "entity", "site", "actor", "attest", "obligation_id",
                "lines", "from", "to", "docs", "reason", "note", "expect", "late", "schema_version"}
    return next(name for name in command if name not in envelope)


def camel(name):
    return "".join(part.capitalize() for part in name.split("_"))


class QuestionsTest(LedgerTest):
    """One ledger for all tests: they only ask, but for the last, which has its own."""

    def setUp(self):
        super().setUp()
        self.ledger.run("init")
        self.lines = simulate(sites=2, items=400, days=4, seed=11)
        self.ledger.submit(self.lines)
        self.events = [json.loads(line) for line in self.ledger.run("export").stdout.decode().splitlines()]
        found = self.ledger.ask("search", *ALL)["rows"]
        self.pieces = {row["item"]: row for row in found}

    def in_state(self, *states):
        return {item for item, row in self.pieces.items() if row["state"] in states}

    @staticmethod
    def lasting(rows):
        """Without what grows while one asks: two answers are as of different moments."""
        return [{name: value for name, value in row.items() if name not in ("overdue_minutes", "age_days")} for row in rows]

    def test_boards_hold_exactly_what_is_open(self):
        out = self.ledger.ask("out", *ALL)
        self.assertEqual({row["item"] for row in out["rows"]}, self.in_state("D", "P"))
        lates = [int(row.get("overdue_minutes", 0)) for row in out["rows"]]
        self.assertEqual(lates, sorted(lates, reverse=True))
        self.assertTrue(all(row["purpose"] != "UNSPECIFIED" for row in out["rows"]))
        person = next(row["holder"] for row in out["rows"] if row.get("holder"))
        his = self.ledger.ask("out", "--person", str(person), *ALL)["rows"]
        self.assertEqual(self.lasting(row for row in out["rows"] if row.get("holder") == person), self.lasting(his))

        transit = self.ledger.ask("transit", *ALL)["rows"]
        self.assertEqual(sum(row["open_lines"] for row in transit), len(self.in_state("T")))
        site_one = self.ledger.ask("transit", "--site", "1", *ALL)["rows"]
        self.assertEqual(self.lasting(row for row in transit if 1 in (row.get("from_site"), row.get("to_site"))),
                         self.lasting(site_one))
        coming = self.ledger.ask("transit", "--site", "1", "--way", "in", *ALL)["rows"]
        self.assertEqual(self.lasting(row for row in transit if row.get("to_site") == 1), self.lasting(coming))
        self.assertTrue(all(row["parcels"] and row["seals"] for row in transit if not row.get("inbound")))

        memos = self.ledger.ask("memos", "--way", "out", *ALL)
        self.assertEqual(sum(row["open_lines"] for row in memos["rows"]), len(self.in_state("M")))
        self.assertEqual(sum(int(row["pieces"]) for row in memos["buckets"]),
                         sum(row["open_lines"] for row in memos["rows"]))
        for row in memos["rows"]:
            low, _, high = row["bucket"].partition("-")
            age = int(row.get("age_days", 0))
            self.assertTrue(age > 90 if row["bucket"] == "90+" else int(low) <= age <= int(high), row)

        due = self.ledger.ask("due", *ALL)["rows"]
        repairs = self.ledger.ask("repairs", *ALL)["rows"]
        self.assertEqual(sorted(row["repair"] for row in repairs),
                         sorted(row["obligation"] for row in due if row["kind"] == "REPAIR"))
        for row in repairs:
            self.assertEqual(row["stage"] == "IN_WORKSHOP", self.pieces[row["item"]]["state"] == "W", row)
            self.assertTrue(row["waiting_for"])
        reservations = self.ledger.ask("reservations", *ALL)["rows"]
        self.assertEqual(len(reservations), sum(row["open_lines"] for row in due
                                                if row["kind"] in ("RESERVATION", "DELIVERY")))
        for row in reservations:
            self.assertEqual(row["account"], self.pieces[row["item"]]["account"])
        deadlines = [row["at"] for row in self.ledger.ask("deadlines", *ALL)["rows"]]
        self.assertEqual(deadlines, sorted(deadlines))
        self.assertGreater(len(deadlines), 0)

    def test_pages_of_a_board_are_the_whole_board(self):
        for question in ("out", "due"):
            whole = self.ledger.ask(question, *ALL)["rows"]
            paged, moments, cursor = [], set(), ""
            while True:
                page = self.ledger.ask(question, "--rows", "3", *(["--cursor", cursor] if cursor else []))
                paged += page["rows"]
                moments.add((page["as_of"]["valid_at"], page["as_of"]["position"]))
                cursor = page.get("next", "")
                if not cursor:
                    break
            self.assertEqual(self.lasting(paged), self.lasting(whole))
            self.assertEqual(len(moments), 1)  # the pages are of one

    def test_inspections_are_what_lies_in_hold_without_a_pass(self):
        waiting = set()
        for item in self.in_state("R"):
            if self.ledger.ask("item", item)["item"].get("verdict", "UNSPECIFIED") in ("UNSPECIFIED", "FAIL"):
                waiting.add(item)
        rows = self.ledger.ask("inspections", *ALL).get("rows", [])
        self.assertEqual({row["item"] for row in rows}, waiting)
        paged, cursor = [], ""
        while True:
            page = self.ledger.ask("inspections", "--rows", "2", *(["--cursor", cursor] if cursor else []))
            paged += page.get("rows", [])
            cursor = page.get("next", "")
            if not cursor:
                break
        self.assertEqual(paged, rows)

    def test_sales_of_all_days_are_all_sales(self):
        sold = collections.Counter()
        for event in self.events:
            command = command_of(event)
            if "sale_completed" in command:
                sold[command["site"], command["sale_completed"]["invoice"]] += 1
            if "sale_returned" in command:
                sold[command["site"], command["sale_returned"]["credit_note"]] += 1
        told, totals = collections.Counter(), collections.Counter()
        for site in (1, 2):
            ends = {event["occurred_at"] for event in self.events
                    if "day_closed" in command_of(event) and command_of(event)["site"] == site}
            days = ["2020-01-01T00:00:00Z", *sorted(ends)]  # an end is the first instant of the next day
            for at in days:
                day = self.ledger.ask("sales", str(site), "--at", at, *ALL)
                for row in day.get("rows", []):
                    told[site, row["number"]] += 1
                    self.assertTrue(row["items"])
                for row in day.get("totals", []):
                    totals[bool(row.get("credit"))] += int(row["entries"])
                # In pages each of which has a row where another one follows.
                pages, cursor = [], []
                while True:
                    page = self.ledger.ask("sales", str(site), "--at", at, "--rows", "3", *cursor)
                    self.assertTrue("next" not in page or len(page["rows"]) == 3, page)
                    self.assertTrue(page.get("rows") or not pages)
                    pages += page.get("rows", [])
                    if "next" not in page:
                        break
                    cursor = ["--cursor", page["next"]]
                self.assertEqual(pages, day.get("rows", []))
        self.assertEqual(told, sold)
        self.assertEqual(sum(totals.values()), sum(sold.values()))

    def test_since_counts_what_happened(self):
        begin = len(self.events) // 2
        answer = self.ledger.ask("since", "--from", str(begin), *ALL)
        happened = collections.Counter(camel(kind_of(command_of(event))) for event in self.events[begin:])
        self.assertEqual({row["type"]: int(row["events"]) for row in answer["rows"]}, dict(happened))
        kinds = {row["type"] for row in answer["exceptions"]}
        self.assertIn("DeclaredMissing", {row["type"] for row in self.ledger.ask("since", *ALL)["exceptions"]})
        self.assertTrue(kinds <= set(happened))
        at = self.events[begin]["recorded_at"]
        first = next(i for i, event in enumerate(self.events) if event["recorded_at"] >= at)
        self.assertEqual(int(self.ledger.ask("since", "--from", at)["from"]), first)
        site = self.ledger.ask("since", "--site", "2", *ALL)
        self.assertLess(sum(int(row["events"]) for row in site["rows"]), len(self.events))

    def test_changes_bring_every_piece_once_and_then_nothing(self):
        seen, token = {}, ""
        while True:
            answer = self.ledger.ask("changes", "--rows", "100", *(["--token", token] if token else []))
            seen.update({row["item"]: row for row in answer.get("items", [])})
            token = answer["token"]
            if not answer.get("more"):
                break
        self.assertEqual(set(seen), set(self.pieces))
        self.assertEqual({item: row["account"] for item, row in seen.items()},
                         {item: row["account"] for item, row in self.pieces.items()})
        self.assertEqual(int(token), len(self.events))
        self.assertEqual(self.ledger.ask("changes", "--token", token).get("items", []), [])

    def test_rules_are_those_that_were_set(self):
        granted = [grant for event in self.events[:1] for grant in command_of(event)["ledger_created"]["grants"]]
        manager = next(grant["principal"] for grant in granted if grant["role"] == "VM" and grant["site"] == 1)
        answer = self.ledger.ask("authority", str(manager))
        self.assertEqual([(row["role"], row["site"], row["holds"]) for row in answer["rows"]], [("VM", 1, True)])
        self.assertEqual(answer["rows"][0].get("source", "0"), "0")
        limited = {command_of(event)["account_opened"]["account"]: event for event in self.events
                   if "insured_limit" in command_of(event).get("account_opened", {})}
        limits = self.ledger.ask("limits", "--site", "1")["rows"]
        self.assertEqual({row["limit"] for row in limits if row["limit"].startswith("SITE/")},
                         {path for path in limited if path.startswith("SITE/1/")})
        for row in limits:
            if row["limit"].startswith("SITE/"):
                held = self.ledger.ask("account", row["limit"])
                self.assertEqual(int(row["used"].get("minor", 0)), int(held.get("insured", {}).get("minor", 0)))
        coverage = {row["account"]: int(row["pieces"]) for row in self.ledger.ask("coverage", "--site", "1")["rows"]}
        for row in self.ledger.ask("account", "--site", "1", *ALL)["rows"]:
            if row["account"].startswith("SITE/1/") and int(row["pieces"]):
                self.assertEqual(coverage[row["account"]], int(row["pieces"]))

    def test_replenish_follows_the_targets(self):
        stock = self.ledger.ask("stock", *ALL)["rows"]
        here = next(row for row in stock if row["site"] == 1 and int(row.get("available", 0)) > 0)
        held = sum(int(here.get(column, 0)) for column in ("available", "hold", "in_transit_to"))
        now = self.ledger.ask("status")["as_of"]["valid_at"]
        policy = json.dumps({
            "event_id": str(uuid.uuid4()), "occurred_at": now, "entity": 1, "site": 1,
            "actor": {"principal": 1, "role": "HQ"},
            "policy_set": {"key": "stock.target." + here["model"], "site": 1, "value": {"number": held + 2},
                           "from": now}})
        answer = self.ledger.submit([policy])[0]
        self.assertIn("position", answer, answer)
        rows = self.ledger.ask("replenish")["rows"]
        self.assertEqual([(row["model"], row["site"], row["missing"]) for row in rows], [(here["model"], 1, "2")])
        others = {row["site"]: int(row["available"]) for row in stock
                  if row["model"] == here["model"] and row["site"] not in (0, 1) and int(row.get("available", 0))}
        self.assertEqual({row["site"]: int(row["available"]) for row in rows[0].get("suggest_from", [])}, others)
        levels = {(row["site"], row["supply"]): row for row in self.ledger.ask("supplies", "--all")["rows"]}
        for row in self.ledger.ask("account", "SITE/1/SUPPLY").get("supplies", []):
            self.assertEqual(levels[1, row["supply"]]["on_hand"], row["quantity"])

    def test_a_range_is_what_is_exported(self):
        frames = self.ledger.run("export", "--format", "protobuf", "--from", "5", "--to", "50").stdout
        answer = self.ledger.ask("range", "--from", "5", "--to", "50")
        self.assertEqual(answer["sha256"], hashlib.sha256(frames).hexdigest())
        self.assertEqual((int(answer["events"]), int(answer["bytes"])), (45, len(frames)))
        root = self.ledger.ask("range")["root"]
        self.assertEqual(self.ledger.ask("verify")["root"], root)

    def test_a_checkpoint_is_signed_and_audited(self):
        key, keys = self.ledger.dir / "key.pem", self.ledger.dir / "keys.txt"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
        public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout"], check=True, capture_output=True, text=True)
        keys.write_text("signer audit 2026\n" + public.stdout)
        answer = self.ledger.ask("checkpoint")
        self.assertEqual(answer["root"], self.ledger.ask("range")["root"])
        self.assertEqual(self.ledger.run("checkpoint").stdout.decode(), answer["text"])
        system = next(grant["principal"] for grant in command_of(self.events[0])["ledger_created"]["grants"]
                      if grant["role"] == "SYS")

        def seal(text):
            given = self.ledger.dir / "text"
            given.write_text(text)
            signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", given],
                                       check=True, capture_output=True).stdout
            command = {"event_id": str(uuid.uuid4()), "entity": 1, "actor": {"principal": system, "role": "SYS"},
                       "checkpoint_sealed": {"first": 0, "last": int(answer["size"]) - 1, "signer": "audit 2026",
                                             "root": base64.b64encode(bytes.fromhex(answer["root"])).decode(),
                                             "signature": base64.b64encode(signature).decode()}}
            sealed = self.ledger.submit([json.dumps(command)])[0]
            self.assertIn("position", sealed, sealed)
            return int(sealed["position"])

        def chain(*options):
            done = self.ledger.run("audit", "--json", *options, check=False)
            return done.returncode, next(row for row in json.loads(done.stdout)["rows"] if row["number"] == 9)

        seal(answer["text"])
        code, verified = chain("--keys", str(keys))
        self.assertEqual((code, verified.get("listed"), verified.get("violated")), (0, None, None))
        self.assertIn("was not given", chain()[1]["list"][0]["what"])
        wrong = seal(answer["text"].replace("size ", "size 1"))
        code, named = chain("--keys", str(keys))
        self.assertEqual((code, int(named["violations"][0]["event"])), (1, wrong))
        self.ledger.serve()
        self.assertEqual(chain("--keys", str(keys)), (code, named))
        keys.write_text("no key")
        done = self.ledger.run("audit", "--keys", str(keys), check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("signer", done.stderr.decode())

    def test_a_document_is_followed_through_its_life(self):
        memo = next(event for event in self.events if "memo_out_issued" in command_of(event))
        number = command_of(memo)["memo_out_issued"]["memo"]
        life = self.ledger.ask("document", number, *ALL)["rows"]
        positions = [int(row["position"]) for row in life]
        self.assertEqual(positions, sorted(positions))
        issued = self.events.index(memo)
        self.assertIn(issued, positions)
        opened = command_of(memo)["obligation_id"]
        ends = {i for i, event in enumerate(self.events)
                if any(closed["obligation"].split(":")[0] == opened for closed in event.get("closes", []))}
        self.assertTrue(ends <= set(positions), (ends, positions))
        sale = next(event for event in self.events if "sale_completed" in command_of(event))
        invoice = command_of(sale)["sale_completed"]["invoice"]
        rows = self.ledger.ask("document", invoice)["rows"]
        self.assertEqual((int(rows[0]["position"]), rows[0]["as"]), (self.events.index(sale), "invoice"))
        done = self.ledger.run("document", "no such number", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"E_NOT_FOUND", done.stderr)

    def test_a_day_has_its_supplies(self):
        for site in (1, 2):
            account = f"SITE/{site}/SUPPLY"
            rows = self.ledger.ask("reconcile", str(site))["supplies"]
            closing = self.ledger.ask("statement", account, "--from", "2000-01-01T00:00:00Z",
                                      "--to", "2099-01-01T00:00:00Z")["closing"]["supplies"]
            self.assertTrue(rows)
            self.assertEqual({row["supply"]: row["expected"] for row in rows},
                             {row["supply"]: row["quantity"] for row in closing})
            shown = self.ledger.run("reconcile", str(site)).stdout.decode()
            self.assertTrue(all(row["sku"] in shown and account in shown for row in rows), shown)

    def test_a_transfer_is_found_by_its_request(self):
        requests = [command_of(event)["transfer_packed"]["request"] for event in self.events
                    if command_of(event).get("transfer_packed", {}).get("request")]
        self.assertTrue(requests)
        for request in requests[:3]:
            types = [row["type"] for row in self.ledger.ask("document", request, *ALL)["rows"]]
            self.assertEqual(types[:3], ["TransferRequested", "TransferApproved", "TransferPacked"])

    def test_a_shipment_is_found_by_its_waybill_as_by_its_parcel(self):
        packed, shipments = {}, 0  # item -> position of what packed it
        for position, event in enumerate(self.events):
            command = command_of(event)
            if "transfer_packed" in command:
                packed.update({line["item"]: position for line in command["lines"]})
            waybill = command.get("transfer_dispatched", {}).get("waybill")
            parcels = {packed[line["item"]] for line in command["lines"]} if waybill else set()
            if len(parcels) != 1:
                continue
            packing = parcels.pop()
            parcel = command_of(self.events[packing])["transfer_packed"]["parcel"]
            by_waybill, by_parcel = ([(row["position"], row["type"]) for row in self.ledger.ask("document", number, *ALL)["rows"]]
                                     for number in (waybill, parcel))
            self.assertEqual(by_waybill, by_parcel)
            positions = {int(row[0]) for row in by_waybill}
            self.assertTrue({packing, position} <= positions, (packing, position, positions))
            ends = {i for i, other in enumerate(self.events)
                    if command["obligation_id"] in [closed["obligation"] for closed in other.get("closes", [])]}
            self.assertTrue(ends <= positions, (ends, positions))
            shipments += 1
            if shipments == 5:
                break
        self.assertEqual(shipments, 5)

    def test_a_number_on_a_label_finds_the_piece(self):
        labelled = [(command_of(event)["item_registered"]["serial"], command_of(event)["lines"][0]["item"])
                    for event in self.events if command_of(event).get("item_registered", {}).get("serial")]
        repairs = [(command_of(event)["repair_opened"]["repair"], command_of(event)["lines"][0]["item"])
                   for event in self.events if "repair_opened" in command_of(event)]
        self.assertTrue(repairs)
        for number, item in labelled[:3] + repairs[:3]:
            self.assertIn(item, [row["item"] for row in self.ledger.ask("search", "--number", number)["rows"]])

    def test_search_tells_what_can_be_had(self):
        rows = self.ledger.ask("search", "--available", "--site", "1", *ALL)["rows"]
        stock = self.ledger.ask("stock", "--site", "1", *ALL)["rows"]
        self.assertEqual(len(rows), sum(int(row.get("available", 0)) for row in stock))
        self.assertTrue(all(row["available"] and row["account"].startswith("SITE/1/") for row in rows))
        paged, cursor = [], ""
        while True:
            page = self.ledger.ask("search", "--available", "--site", "1", "--rows", "7",
                                   *(["--cursor", cursor] if cursor else []))
            paged += page.get("rows", [])
            cursor = page.get("next", "")
            if not cursor:
                break
        self.assertEqual(paged, rows)
        values = [int(row["retail"]["minor"]) for row in rows if "retail" in row]
        if values:
            some = sorted(values)[len(values) // 2]
            dear = self.ledger.ask("search", "--retail-from", str(some), *ALL)["rows"]
            self.assertTrue(all(int(row["retail"]["minor"]) >= some for row in dear))

    def test_late_entries_are_those_that_were_flagged(self):
        flagged = [i for i, event in enumerate(self.events) if command_of(event).get("late", {}).get("flag")]
        self.assertTrue(flagged)
        rows, cursor = [], ""
        while True:
            page = self.ledger.ask("late", "--rows", "10", *(["--cursor", cursor] if cursor else []))
            rows += page["rows"]
            cursor = page.get("next", "")
            if not cursor:
                break
        self.assertTrue(set(flagged) <= {int(row.get("position", 0)) for row in rows})
        behind = self.ledger.ask("late", "--from", str(flagged[-1] + 1), *ALL).get("rows", [])
        self.assertTrue(all(int(row["position"]) > flagged[-1] for row in behind))

    def test_counts_say_what_they_found(self):
        for site in (1, 2):
            ended = [(i, event) for i, event in enumerate(self.events) if command_of(event).get("site") == site
                     and ("count_attested" in command_of(event) or "count_abandoned" in command_of(event))]
            rows = [row for row in self.ledger.ask("counts", "--site", str(site), *ALL)["rows"] if "ended_by" in row]
            self.assertEqual([int(row["ended_by"]) for row in rows], [i for i, _ in reversed(ended)])
            for row in rows:
                lists = self.events[int(row["ended_by"])].get("counted", {})
                for name in ("matched", "missing", "misplaced", "unexpected", "moved"):
                    self.assertEqual(int(row.get(name, 0)), len(lists.get(name, [])), row)
                self.assertEqual(bool(row.get("attested")),
                                 "count_attested" in command_of(self.events[int(row["ended_by"])]))
        paged, cursor = [], ""
        while True:
            page = self.ledger.ask("counts", "--site", "1", "--rows", "2", *(["--cursor", cursor] if cursor else []))
            paged += page["rows"]
            cursor = page.get("next", "")
            if not cursor:
                break
        self.assertEqual(paged, self.ledger.ask("counts", "--site", "1", *ALL)["rows"])

    def test_a_count_sheet_lists_what_was_expected_and_found(self):
        for row in self.ledger.ask("counts", "--site", "1", *ALL)["rows"]:
            if not row.get("attested"):
                continue
            sheet = self.ledger.ask("counts", row["count"], *ALL)
            lists = self.events[int(row["ended_by"])].get("counted", {})
            told = collections.defaultdict(set)
            for one in sheet.get("rows", []):
                told[one.get("found", "").lower()].add(one["item"])
            for name in ("matched", "missing", "moved"):
                self.assertEqual(told[name], set(lists.get(name, [])), row)
            for name in ("misplaced", "unexpected"):
                self.assertTrue(set(lists.get(name, [])) >= told[name] - told["missing"], row)
            paged, cursor = [], ""
            while True:
                page = self.ledger.ask("counts", row["count"], "--rows", "60", *(["--cursor", cursor] if cursor else []))
                paged += page.get("rows", [])
                cursor = page.get("next", "")
                if not cursor:
                    break
            self.assertEqual(paged, sheet.get("rows", []))
            return
        self.fail("no count was attested")

    def test_pages_stay_those_of_their_first_one(self):
        memo = next(event for event in self.events if "memo_out_issued" in command_of(event))
        number = command_of(memo)["memo_out_issued"]["memo"]
        questions = [("late",), ("counts", "--site", "1"), ("document", number), ("counted",), ("inspections",)]
        wholes = {question: self.ledger.ask(*question, *ALL).get("rows", []) for question in questions}
        firsts = {question: self.ledger.ask(*question, "--rows", "1") for question in questions}
        item = (wholes["inspections",] or [{"item": sorted(self.in_state("R", "V"))[-1]}])[-1]["item"]
        site = int(self.pieces[item]["account"].split("/")[1])
        inspected = json.dumps({
            "event_id": str(uuid.uuid4()), "occurred_at": self.events[-1]["occurred_at"], "entity": 1, "site": site,
            "actor": {"principal": site * 1000 + 1, "role": "OC"}, "late": {"flag": True, "reason": "found on a slip"},
            "attest": [{"principal": 1, "role": "HQ", "method": "PIN"}], "lines": [{"item": item}],
            "docs": [{"type": "MEMO", "number": number}],
            "inspection_recorded": {"phase": "STOCK", "verdict": "PASS",
                                    "checklist": {"id": "C1", "version": 1}}})
        answer = self.ledger.submit([inspected])[0]
        self.assertIn("position", answer, answer)
        self.assertNotEqual(self.ledger.ask("late", *ALL)["rows"], wholes["late",])
        for question, whole in wholes.items():
            page, rows = firsts[question], []
            while True:
                rows += page.get("rows", [])
                if "next" not in page:
                    break
                page = self.ledger.ask(*question, "--rows", "7", "--cursor", page["next"])
                for name in ("position", "known_at", "valid_at"):
                    self.assertEqual(page["as_of"].get(name), firsts[question]["as_of"].get(name), question)
            self.assertEqual(rows, whole, question)

    def test_what_was_refused_is_remembered(self):
        wrong = [json.loads(line)["event_id"] for line in self.lines
                 if "wrong on purpose: " in json.loads(line).get("note", "")]
        rows = self.ledger.ask("refused", *ALL)["rows"]
        told = [row["event_id"] for row in rows]
        numbers = [int(row["number"]) for row in rows]
        self.assertEqual(numbers, sorted(numbers, reverse=True))
        self.assertTrue(set(told) <= set(wrong))
        # What is no command at all, or known already, is not judged by the rules.
        self.assertGreater(len(told) * 2, len(wrong))
        self.assertEqual(self.ledger.ask("refused", "--rows", "1", "--cursor", str(numbers[0]))["rows"], [rows[1]])
        self.assertIn(told[0].encode(), (self.ledger.dir / "refused.log").read_bytes())

    def test_a_day_is_reconciled_with_its_moves(self):
        for site in (1, 2):
            ends = [event["occurred_at"] for event in self.events
                    if "day_closed" in command_of(event) and command_of(event)["site"] == site]
            before = collections.Counter()
            for at in ["2020-01-01T00:00:00Z", *ends]:
                answer = self.ledger.ask("reconcile", str(site), "--at", at)
                for row in answer.get("rows", []):
                    came = sum(int(row.get(name, 0)) for name in
                               ("received", "returned", "transfers_in", "moved_in", "adjusted"))
                    went = sum(int(row.get(name, 0)) for name in
                               ("sold", "transfers_out", "memo_out", "workshop", "moved_out"))
                    opening, expected = int(row.get("opening", 0)), int(row.get("expected", 0))
                    self.assertEqual(opening + came - went, expected, row)
                    self.assertEqual(opening, before[row["account"]], row)
                    before[row["account"]] = expected
            for path, pieces in before.items():
                self.assertEqual(int(self.ledger.ask("account", path).get("pieces", 0)), pieces, path)
            counted = [row for at in ends for row in self.ledger.ask("reconcile", str(site), "--at", at).get("rows", [])
                       if "counted" in row]
            self.assertTrue(counted)

    def test_a_day_is_reconciled_as_it_was_known(self):
        closed = [i for i, event in enumerate(self.events)
                  if "day_closed" in command_of(event) and command_of(event)["site"] == 1]
        at = self.events[closed[-2]]["occurred_at"]  # the first instant of the last day that was closed
        first = self.ledger.ask("reconcile", "1", "--at", at, "--known-at", str(closed[-1] - 1))
        self.assertNotIn("to", first)  # it was open then
        known = self.ledger.ask("reconcile", "1", "--at", at, "--known-at", str(closed[-1]))
        self.assertEqual(known["to"], self.events[closed[-1]]["occurred_at"])
        now = self.ledger.ask("reconcile", "1", "--at", at)
        rows = {row["account"]: row for row in now["rows"]}
        for row in known["rows"]:  # nothing late was told of that day since
            for name in ("opening", "expected", "counted", "difference"):
                self.assertEqual(row.get(name), rows[row["account"]].get(name), row)
        again = self.ledger.ask("reconcile", "1", "--at", at, "--known-at", str(closed[-1]))
        self.assertEqual(known, again)
        path = next(row["account"] for row in known["rows"] if int(row.get("expected", 0)))
        statement = self.ledger.ask("statement", path, "--at", at, "--known-at", str(closed[-1] - 1))
        self.assertEqual(statement, self.ledger.ask("statement", path, "--at", at, "--known-at", str(closed[-1] - 1)))

    def test_a_day_has_the_differences_that_were_open_at_its_end(self):
        differed = False
        for site in ("1", "2"):
            ends = [event["occurred_at"] for event in self.events
                    if "day_closed" in command_of(event) and command_of(event)["site"] == int(site)]
            for at in ["2020-01-01T00:00:00Z", *ends]:
                answer = self.ledger.ask("reconcile", site, "--at", at)
                known = self.ledger.ask("reconcile", site, "--at", at, "--known-at", answer["as_of"]["position"])
                self.assertEqual(answer, known)
                found = {one for row in answer.get("rows", []) for one in row.get("discrepancies", [])}
                open_now = {row["obligation"] for row in self.ledger.ask("due", "--kind", "DISCREPANCY", "--site", site,
                                                                         "--rows", "10000").get("rows", [])}
                differed = differed or found != open_now
        self.assertTrue(differed)

    def test_the_verdicts_of_a_trial_balance(self):
        answer = self.ledger.ask("trial-balance", "--check")
        self.assertTrue(answer["ok"])
        self.assertEqual(int(answer["registered"]), len(self.pieces))
        self.assertEqual(answer["registered"], answer["pieces"])
        checked = {row["number"]: int(row.get("checked", 0)) for row in answer["verdicts"]}
        self.assertEqual(sorted(checked), [2, 3, 4, 5, 6, 12])
        self.assertEqual((checked[2], checked[5]), (len(self.pieces), len(self.pieces)))
        self.assertEqual(checked[4], len(self.in_state("T")))
        self.assertTrue(all("not_checked" not in row for row in answer["verdicts"]))
        quick = {row["number"]: row for row in self.ledger.ask("trial-balance")["verdicts"]}
        self.assertEqual({number for number, row in quick.items() if "not_checked" not in row}, {3})
        half = self.events[len(self.events) // 2]["occurred_at"]
        then = self.ledger.ask("trial-balance", "--check", "--valid-at", half, "--known-at", str(len(self.events) // 2))
        self.assertTrue(then["ok"], then)
        self.assertEqual(then["registered"], then["pieces"])

    def counts_of_a_chain(self, opened, matched):
        """What a chain says of the last count, and a holder of those around a moment, of those that moved most."""
        moves = collections.Counter(line["item"] for event in self.events for line in command_of(event).get("lines", [])
                                    if "item" in line and "count_scanned" not in command_of(event))
        seen_after = 0
        for item, _ in moves.most_common(25):
            times = sorted(opened[count] for count in matched[item])
            chain = self.ledger.ask("chain", item)
            self.assertEqual(chain.get("last_count", {}).get("counted_at"), times[-1] if times else None, item)
            at = chain["rows"][len(chain["rows"]) * 2 // 3]["from"]
            holder = self.ledger.ask("holder", item, "--valid-at", at)
            stay = holder["stay"]
            inside = [time for time in times if stay["from"] <= time < stay.get("to", "9999")]
            past, future = [time for time in inside if time <= at], [time for time in inside if time > at]
            self.assertEqual(holder.get("counted_before", {}).get("counted_at"), past[-1] if past else None, item)
            self.assertEqual(holder.get("counted_after", {}).get("counted_at"), future[0] if future else None, item)
            seen_after += len(future)
        self.assertGreater(seen_after, 0)
        for item in list(matched)[:10]:
            newest = max(opened[count] for count in matched[item])
            holder = self.ledger.ask("holder", item, "--valid-at", newest)
            self.assertEqual(holder["counted_before"]["counted_at"], newest, item)

    def test_when_each_piece_was_counted_last(self):
        inside = self.in_state("R", "V", "D", "P", "K")
        rows = self.ledger.ask("counted", *ALL)["rows"]
        self.assertEqual({row["item"] for row in rows}, inside)
        opened = {command_of(event)["obligation_id"]: event["occurred_at"] for event in self.events
                  if "count_opened" in command_of(event)}
        matched = collections.defaultdict(list)
        for event in self.events:
            if "count_attested" in command_of(event):
                for item in event.get("counted", {}).get("matched", []):
                    matched[item].append(command_of(event)["obligation_id"])
        for row in rows:
            if "last" in row:
                self.assertEqual(row["last"]["counted_at"], opened[row["last"]["count"]])
            newest = max((opened[count] for count in matched[row["item"]]), default=None)
            self.assertEqual(row.get("last", {}).get("counted_at"), newest, row)
        self.assertTrue(any("last" in row for row in rows))
        self.counts_of_a_chain(opened, matched)
        paged, cursor = [], ""
        while True:
            page = self.ledger.ask("counted", "--rows", "37", *(["--cursor", cursor] if cursor else []))
            paged += page.get("rows", [])
            cursor = page.get("next", "")
            if not cursor:
                break
        self.assertEqual(paged, rows)
        path = rows[0]["account"]
        self.assertEqual(self.ledger.ask("counted", path, *ALL)["rows"],
                         [row for row in rows if row["account"] == path])
        # Nobody counted it within no days at all: all that have been inside for longer.
        late = self.ledger.ask("counted", "--days", "0", "--overdue", *ALL)["rows"]
        self.assertEqual({row["item"] for row in late}, inside)
        self.assertEqual(self.ledger.ask("counted", "--days", "9999", "--overdue", *ALL).get("rows", []), [])
        half = str(len(self.events) // 2)
        then = self.ledger.ask("counted", "--site", "1", "--known-at", half, *ALL)
        self.assertTrue(all(row["account"].startswith("SITE/1/") for row in then["rows"]))
        self.assertEqual(then, self.ledger.ask("counted", "--site", "1", "--known-at", half, "--valid-at",
                                               then["as_of"]["valid_at"], *ALL))

    def test_a_case_that_is_nearly_full_names_its_dearest_pieces(self):
        rows = [row for row in self.ledger.ask("limits", "--site", "1")["rows"] if int(row.get("pieces", 0))]
        for row in rows:
            if not row["limit"].startswith("SITE/"):
                continue
            held = self.ledger.ask("account", row["limit"], *ALL)["items"]
            dear = sorted((int(item["insured"]["minor"]) for item in held), reverse=True)[:5]
            self.assertEqual([int(one["insured"]["minor"]) for one in row["top"]], dear)
            self.assertLessEqual({one["item"] for one in row["top"]}, {item["item"] for item in held})

    def put(self, role, **parts):
        """Sends a command of somebody who holds the role, everywhere or at site 1."""
        grants = command_of(self.events[0])["ledger_created"]["grants"] + [
            command_of(event)["role_granted"]["grant"] for event in self.events if "role_granted" in command_of(event)]
        who = next(grant["principal"] for grant in grants if grant["role"] == role and grant.get("site", 1) == 1)
        sent = {"event_id": str(uuid.uuid4()), "occurred_at": self.events[-1]["occurred_at"], "entity": 1,
                "actor": {"principal": who, "role": role}, **parts}
        answer = self.ledger.submit([json.dumps(sent)])[0]
        self.assertIn("position", answer, answer)

    def policy(self, key, value):
        self.put("HQ", policy_set={"key": key, "value": value, "from": self.events[-1]["occurred_at"]})

    def test_a_limit_of_the_policy_names_its_dearest_pieces(self):
        memos = {command_of(event)["memo_out_issued"]["party"] for event in self.events
                 if "memo_out_issued" in command_of(event)}
        for key in ["overnight", "parcel", *(f"memo_party.{party}" for party in memos)]:
            self.policy("limit." + key, {"money": {"minor": "900000000000", "currency": "EUR"}})
        rows = {row["limit"]: row for row in self.ledger.ask("limits", "--site", "1")["rows"]}
        there = {row["item"]: row for row in self.ledger.ask("changes", *ALL)["items"]}
        self.assertEqual(set(there), set(self.pieces))
        path = {item: row["account"] for item, row in there.items()}
        insured = {item: int(row["insured"].get("minor", 0)) for item, row in there.items()}

        def names(limit, items):
            dear = sorted((insured[item] for item in items), reverse=True)[:5]
            top = rows["limit." + limit].get("top", [])
            self.assertEqual([int(one["insured"].get("minor", 0)) for one in top], dear, limit)
            self.assertLessEqual({one["item"] for one in top}, set(items), limit)
            return len(dear)

        self.assertEqual(names("overnight", [item for item in path if path[item].startswith("SITE/1/")]), 5)
        parcels = collections.defaultdict(set)
        for event in self.events:
            for line in command_of(event).get("lines", []) if "transfer_packed" in command_of(event) else []:
                if path[line["item"]] == "SITE/1/PACK":
                    parcels[command_of(event)["transfer_packed"]["parcel"]].add(line["item"])
        fullest = max(parcels.values(), key=lambda items: sum(insured[item] for item in items), default=[])
        names("parcel", fullest)
        issued = {}
        for event in self.events:
            if "memo_out_issued" in command_of(event):
                for line in command_of(event)["lines"]:
                    issued[line["item"]] = command_of(event)["memo_out_issued"]["party"]
        found = [names(f"memo_party.{party}", [item for item in path if there[item]["state"] == "M"
                                               and issued[item] == party]) for party in memos]
        self.assertGreater(sum(found), 0)

    def test_a_transfer_says_which_papers_its_lane_asks_for_by_now(self):
        rows = self.ledger.ask("transit", *ALL)["rows"]
        self.assertTrue(all("docs_missing" not in row for row in rows))
        self.policy("docs.required", {"doc_rules": {"rules": [{"from": "1", "to": "*", "types": ["CITES", "INSURANCE"]}]}})
        rows = self.ledger.ask("transit", *ALL)["rows"]
        sent = [row for row in rows if row.get("from_site") == 1]
        self.assertTrue(sent)
        for row in rows:
            self.assertEqual(row.get("docs_missing", []), ["CITES", "INSURANCE"] if row in sent else [], row)
        one = sent[0]["transfer"]
        items = [row["item"] for row in self.ledger.ask("changes", *ALL)["items"]
                 if any(part["obligation"].startswith(one) for part in row.get("obligations", []))]
        self.assertEqual(len(items), sent[0]["open_lines"])
        for lines, missing in ((items[1:], ["CITES", "INSURANCE"]), (items[:1], ["INSURANCE"])):
            if lines:
                self.put("LG", site=1, lines=[{"item": item} for item in lines],
                         compliance_doc_attached={"type": "CITES", "number": "26CH1", "issuer": "1001",
                                                  "valid_from": "2020-01-01T00:00:00Z", "valid_to": "2090-01-01T00:00:00Z",
                                                  "digest": base64.b64encode(bytes(32)).decode()})
            row = next(row for row in self.ledger.ask("transit", *ALL)["rows"] if row["transfer"] == one)
            self.assertEqual(row["docs_missing"], missing)

    def test_what_persons_parties_and_parcels_held(self):
        ever = ("--from", "2020-01-01T00:00:00Z", "--to", "2030-01-01T00:00:00Z", *ALL)
        moved = collections.defaultdict(set)  # who → the pieces that came there
        parcels = collections.defaultdict(set)
        memos = {}
        for event in self.events:
            command = command_of(event)
            for i, line in enumerate(event.get("lines", [])):
                path = line.get("to", "")
                item = line.get("item") or (command["lines"][i] if i < len(command.get("lines", [])) else {}).get("item")
                if "/PERSON/" in path:
                    moved["person", path.rsplit("/", 1)[1]].add(item)
                if path.startswith("EXT/MEMO/") and "memo_out_issued" in command:
                    moved["party", str(command["memo_out_issued"]["party"])].add(item)
                    memos[path] = str(command["memo_out_issued"]["party"])
                if "transfer_packed" in command:
                    parcels[command["transfer_packed"]["parcel"]].add(item)
        self.assertTrue(memos and parcels)
        person = next(name for what, name in moved if what == "person")
        rows = self.ledger.ask("held", "--person", person, *ever)["rows"]
        self.assertEqual({row["item"] for row in rows}, moved["person", person])
        self.assertTrue(all(row["account"].endswith("/PERSON/" + person) for row in rows))
        party = next(iter(memos.values()))
        rows = self.ledger.ask("held", "--party", party, *ever)["rows"]
        self.assertLessEqual(moved["party", party], {row["item"] for row in rows})
        self.assertEqual({memos[row["account"]] for row in rows if row["account"] in memos}, {party})
        parcel = next(iter(parcels))
        rows = self.ledger.ask("held", "--parcel", parcel, *ever)["rows"]
        self.assertEqual({row["item"] for row in rows}, parcels[parcel])
        self.assertTrue(all("/PACK" in row["account"] or row["account"].startswith("TRANSIT/") for row in rows))
        self.assertEqual(self.ledger.run("held", *ever, check=False).returncode, 2)

    def test_what_an_account_held_is_told_with_title_and_flags(self):
        path = next(row["account"] for row in self.pieces.values() if "/VAULT/" in row["account"])
        now = self.ledger.ask("account", path, *ALL)
        then = self.ledger.ask("account", path, "--known-at", str(len(self.events) - 1), *ALL)
        for one, other in zip(now["items"], then["items"], strict=True):
            for name in ("item", "owner", "flags", "model", "since", "insured", "verdict"):
                self.assertEqual(one.get(name), other.get(name), name)

    def test_every_question_has_a_table_for_people(self):
        item = next(iter(self.pieces))
        asked = [("item", item), ("history", item), ("next", item), ("search",), ("stock",), ("account",),
                 ("account", self.pieces[item]["account"]), ("due",), ("out",), ("transit",), ("memos",), ("repairs",),
                 ("reservations",), ("deadlines",), ("since",), ("sales", "1"), ("inspections",), ("replenish",),
                 ("supplies", "--all"), ("changes",), ("authority", "1"), ("limits", "--site", "1"),
                 ("coverage", "--site", "1"), ("late",), ("corrections",), ("counts", "--site", "1"),
                 ("reconcile", "1"), ("refused",), ("range",), ("digest",), ("status",), ("trial-balance", "--check"),
                 ("counted",), ("checkpoint",)]
        for question in asked:
            with self.subTest(question=question):
                text = self.ledger.run(*question).stdout.decode()
                self.assertGreater(len(text.splitlines()), 1)
                self.assertFalse(text.startswith("{"))
        helped = self.ledger.run("--help").stdout.decode()
        for question in asked:
            self.assertRegex(helped, rf"(?m)^  {question[0]}\b")

    def test_the_protocol_names_every_question(self):
        page = (SOURCE / "engine/server/PROTOCOL.md").read_text(encoding="utf-8")
        source = (SOURCE / "engine/api/questions.h").read_text(encoding="utf-8")
        for path in re.findall(r"^//   (\S+)  ", source, re.MULTILINE):
            self.assertIn("/v1/" + path.replace("…}", "}"), page)

    def test_accounts_and_roles_are_told_of_the_past(self):
        middle = self.events[len(self.events) // 2]
        when = ("--valid-at", middle["occurred_at"], "--known-at", middle["recorded_at"])
        rows = self.ledger.ask("account", *when, *ALL)["rows"]
        totals = {row["account_class"]: int(row["pieces"]) for row in self.ledger.ask("trial-balance", *when)["rows"]
                  if "pieces" in row}
        self.assertEqual(sum(int(row["pieces"]) for row in rows), sum(totals.values()))
        self.assertEqual([row["account"] for row in rows if row["account"].startswith("SITE/1/VAULT/")],
                         [row["account"] for row in self.ledger.ask("account", *when, "--site", "1", *ALL)["rows"]
                          if "/VAULT/" in row["account"]])
        page = self.ledger.ask("account", *when, "--rows", "2")
        self.assertEqual(page["rows"] + self.ledger.ask("account", *when, *ALL, "--cursor", page["next"])["rows"], rows)
        told = [self.ledger.ask("authority", "1", flag, middle["occurred_at"]) for flag in ("--at", "--valid-at")]
        self.assertEqual(told[0]["rows"], told[1]["rows"])
        self.assertEqual(told[0]["as_of"]["valid_at"], told[1]["as_of"]["valid_at"])
        empty = self.ledger.run("counts", "--site", "1", "--known-at", "2020-01-01T00:00:00Z").stdout.decode()
        self.assertIn("nothing was recorded by then", empty)

    def test_mistakes_are_named(self):
        within = ("--from", "2026-03-02T00:00:00Z", "--to", "2026-03-03T00:00:00Z")
        for question, part in ((("transit", "--way", "up", "--site", "1"), "way"), (("limits",), "site"),
                               (("authority", "x"), "principal"), (("range", "--from", "9", "--to", "3"), "to"),
                               (("inspections", "--cursor", "x"), "cursor"), (("next", "x"), "item"),
                               (("late", "--from", "9", "--to", "3"), "from, to"), (("late", "--from", "9999999"), "from"),
                               (("corrections", "--from", "2998-01-02T00:00:00Z", "--to", "2998-01-01T00:00:00Z"),
                                "from, to"),
                               (("since", "--from", "9999999"), "from"),
                               (("stock", "--known-at", "9999999"), f"the newest is {len(self.events) - 1}\n"),
                               (("statement", "SITE/1/HOLD", *within, "--at", within[1]), "at, from, to"),
                               (("held", *within, "--person", "1", "--party", "2"), "one at a time"),
                               (("authority", "1", "--at", within[1], "--valid-at", within[1]), "valid_at")):
            done = self.ledger.run(*question, check=False)
            self.assertEqual(done.returncode, 2, question)
            self.assertIn(part, done.stderr.decode())

    def test_what_next_says_can_be_done_is_done(self):
        item = sorted(self.in_state("V"))[0]
        answer = self.ledger.ask("next", item)
        steps = {(row["type"], row.get("way", "")): row for row in answer["rows"]}
        show = steps["SignedOut", "to a showcase"]
        self.assertEqual(answer["account"], self.pieces[item]["account"])
        site = show["site"]
        if not show.get("legal"):
            self.assertEqual(show["refusal"]["code"], "E_VAULT_CLOSED")  # the days of the simulation are over
            opened = {"event_id": str(uuid.uuid4()), "obligation_id": str(uuid.uuid4()), "entity": 1, "site": site,
                      "actor": {"principal": site * 1000 + 1, "role": "OC"},
                      "attest": [{"principal": site * 1000 + 2, "role": "VM", "method": "PIN"}], "vault_opened": {}}
            self.assertIn("position", self.ledger.submit([json.dumps(opened)])[0])
            answer = self.ledger.ask("next", item)
            steps = {(row["type"], row.get("way", "")): row for row in answer["rows"]}
            show = steps["SignedOut", "to a showcase"]
        self.assertTrue(show["legal"], show)
        self.assertEqual(show["opens"], ["SIGNOUT"])
        self.assertTrue(all(row.get("legal") or row["refusal"]["message"] for row in answer["rows"]))

        def legal_next():
            said = {row["type"] for row in self.ledger.ask("next", item)["rows"] if row.get("legal")}
            self.assertEqual(set(self.ledger.ask("item", item)["item"]["legal_next"]), said)
            return said

        def sign_out(to):
            return json.dumps({
                "event_id": str(uuid.uuid4()), "entity": 1, "site": site, "obligation_id": str(uuid.uuid4()),
                "actor": {"principal": site * 1000 + 1, "role": "OC"},
                "attest": [{"principal": site * 1000 + 11, "method": "PIN"}],
                "lines": [{"item": item}], "to": to, "signed_out": {"purpose": "DISPLAY"}})

        self.assertIn("SignedOut", legal_next())
        done = self.ledger.submit([sign_out(show["targets"][0])])[0]
        self.assertIn("position", done, done)
        after = self.ledger.ask("next", item, "--type", "SignedOut")
        self.assertEqual(int(after["as_of"]["position"]), int(done["position"]))
        told = {row["refusal"]["code"] for row in after["rows"]}
        again = self.ledger.submit([sign_out(show["targets"][0])])[0]
        self.assertEqual(told, {code_of(again)})
        self.assertEqual(after["rows"][0]["refusal"]["blocking_position"], done["position"])
        self.assertNotIn("SignedOut", legal_next())


if __name__ == "__main__":
    unittest.main()
