#!/usr/bin/env python3
"""Corrections of what is about no piece, through the program: while nothing rests on it, or told what to do instead."""

import datetime
import json
import unittest
import uuid

from program import LedgerTest, code_of, simulate

SITE, HEADQUARTERS, TIMER, COORDINATOR, MANAGER = 1, 1, 3, 1001, 1002  # of the simulation


def command(actor, attest, **payload):
    return {"event_id": str(uuid.uuid4()), "entity": 1, "site": SITE,
            "actor": {"principal": actor[0], "role": actor[1]},
            "attest": [{"principal": who, "role": role, "method": "PIN"} for who, role in attest], **payload}


def correction(target, *correctives):
    """Declared by headquarters, or by the coordinator of what they recorded themselves."""
    actor = (COORDINATOR, "OC") if target["actor"]["principal"] == HEADQUARTERS else (HEADQUARTERS, "HQ")
    declared = {"target": target["event_id"], "reason": "INCORRECT_DATA" if correctives else "DID_NOT_OCCUR"}
    if correctives:
        declared["correctives"] = [one["event_id"] for one in correctives]
    return command(actor, [(MANAGER, "VM")], correction_declared=declared)


class OfOtherSitesTest(LedgerTest):
    """Who signs where a correction reaches another site, or the house."""

    def setUp(self):
        super().setUp()
        self.ledger.run("init")
        self.ledger.submit(simulate(sites=2, items=20, days=1, seed=5))

    def submit(self, *commands):
        return self.ledger.submit([json.dumps(one) for one in commands])

    def taken_back_by_site_2(self, target, *more):
        declared = command((2001, "OC"), [(2002, "VM"), *more],
                           correction_declared={"target": target["event_id"], "reason": "DID_NOT_OCCUR"})
        return dict(declared, site=2)

    def test_a_salon_does_not_take_back_what_is_not_its_own(self):
        policy = command((HEADQUARTERS, "HQ"), [], policy_set={
            "key": "sign.memo_value", "from": "2099-01-01T00:00:00Z", "value": {"money": {"minor": "1000", "currency": "EUR"}}})
        del policy["site"]
        party = command((COORDINATOR, "OC"), [], party_registered={"party": "70001", "kind": "CLIENT"})
        for answer in self.submit(policy, party):
            self.assertIn("position", answer, answer)
        for target, of in ((policy, "the whole entity"), (party, f"site {SITE}")):
            with self.subTest(of=of):
                refused, = self.submit(self.taken_back_by_site_2(target))
                self.assertEqual(code_of(refused), "E_DUAL_CONTROL", refused)
                self.assertIn(f"is of {of}, and is corrected with the signature", refused["error"]["message"])
                answer, = self.submit(self.taken_back_by_site_2(target, (HEADQUARTERS, "HQ")))
                self.assertIn("position", answer, answer)


class CorrectionsTest(LedgerTest):
    def setUp(self):
        super().setUp()
        self.ledger.run("init")
        self.ledger.submit(simulate(sites=1, items=20, days=1, seed=5))

    def accept(self, *commands):
        for answer in self.ledger.submit([json.dumps(one) for one in commands]):
            self.assertIn("position", answer, answer)

    def refuse(self, sent):
        answer = self.ledger.submit([json.dumps(sent)])[0]
        self.assertEqual(code_of(answer), "E_CORRECTION_CONFLICT", answer)
        return answer["error"]

    def test_a_supply_is_registered_again_and_its_moves_stay(self):
        wrong = command((COORDINATOR, "OC"), [], supply_registered={"supply": 77, "sku": "RIBON", "unit": "m"})
        self.accept(wrong)
        gone = correction(wrong)
        self.accept(gone)
        back = correction(gone)
        self.accept(back)
        self.accept(command((COORDINATOR, "OC"), [], to=f"SITE/{SITE}/SUPPLY", supply_moved={"kind": "RECEIVED"},
                            lines=[{"supply": 77, "quantity": 10, "from": "EXT/SUPPLIER/501"}]))
        self.assertIn("register the supply again", self.refuse(correction(wrong))["message"])
        right = command((COORDINATOR, "OC"), [], supply_registered={"supply": 77, "sku": "RIBBON", "unit": "m"})
        batch = {"atomic": True, "commands": [correction(wrong, right), right]}
        self.accept(batch)
        row = next(row for row in self.ledger.ask("supplies", "--all")["rows"] if int(row["supply"]) == 77)
        self.assertEqual((row["sku"], int(row["on_hand"])), ("RIBBON", 10))
        self.sound()

    def test_a_request_is_taken_back_in_its_order(self):
        request = str(uuid.uuid4())
        asked = command((COORDINATOR, "OC"), [],
                        transfer_requested={"request": request, "purpose": "REPLENISH", "dest": {"site": 2}})
        approved = command((MANAGER, "VM"), [], transfer_approved={"request": request})
        self.accept(asked, approved)
        self.refuse(correction(asked))
        self.accept(correction(approved), correction(asked))
        self.sound()

    def test_a_parcel_is_packed_otherwise_for_the_same_request(self):
        request = str(uuid.uuid4())
        items = self.bin()[1][:2]
        packed = command((COORDINATOR, "OC"), [(MANAGER, "VM")], lines=[{"item": items[0]}],
                         transfer_packed={"request": request, "parcel": "004012345000000001", "seal": "S-1"})
        self.accept(command((COORDINATOR, "OC"), [(MANAGER, "VM")], obligation_id=str(uuid.uuid4()), vault_opened={}),
                    command((COORDINATOR, "OC"), [],
                            transfer_requested={"request": request, "purpose": "REPLENISH", "dest": {"site": 2}}),
                    command((MANAGER, "VM"), [], transfer_approved={"request": request}), packed)
        right = dict(packed, event_id=str(uuid.uuid4()), lines=[{"item": items[1]}])
        declared = correction(packed, right)
        self.accept({"atomic": True, "commands": [declared, right]})
        self.assertIn("/PACK", self.ledger.ask("item", items[1])["item"]["account"])
        self.assertIn("/VAULT/", self.ledger.ask("item", items[0])["item"]["account"])
        again = dict(packed, event_id=str(uuid.uuid4()), lines=[{"item": items[0]}])
        self.assertEqual(code_of(self.ledger.submit([json.dumps(again)])[0]), "E_NO_OBLIGATION")
        self.sound()
        # The corrective is no event of the piece that it does not name; and it counts as long as its declaration does.
        rows = {row["event_id"]: row for row in self.ledger.ask("history", items[0])["rows"]}
        self.assertEqual(rows[packed["event_id"]]["corrected_by"], rows[declared["event_id"]]["position"])
        self.assertNotIn(right["event_id"], rows)
        undone = correction(declared)
        self.accept(undone)
        rows = {row["event_id"]: row for row in self.ledger.ask("history", items[1])["rows"]}
        self.assertEqual(rows[right["event_id"]]["corrected_by"], rows[undone["event_id"]]["position"])
        # What was believed before is believed again; in between it was not, because of the declaration now taken back.
        declared_at = int(rows[declared["event_id"]]["position"])
        undone_at = rows[undone["event_id"]]["position"]
        for item in items:
            self.assertFalse(self.ledger.ask("believed", item, "--known-at", str(declared_at - 1)).get("rows"))
            rows = self.ledger.ask("believed", item, "--known-at", str(declared_at + 1))["rows"]
            self.assertEqual({event["position"] for row in rows for event in row["because"]}, {undone_at})
        self.sound()

    def test_a_statement_names_what_moved_the_piece(self):
        events = [json.loads(line) for line in self.ledger.run("export").stdout.decode().splitlines()]
        event = next(event for event in events if "inspection_recorded" in event["command"])
        wrong, item = event["command"], event["command"]["lines"][0]["item"]
        account = f"SITE/{SITE}/HOLD"

        def lines():
            answer = self.ledger.ask("statement", account, "--from", events[0]["occurred_at"], "--to",
                                     events[-1]["recorded_at"], "--rows", "10000")
            return [(row["at"], row["pieces"], row["type"], row["position"]) for row in answer["lines"]
                    if row["item"] == item]

        before = lines()
        self.assertIn("GoodsReceived", [line[2] for line in before])
        right = dict(wrong, event_id=str(uuid.uuid4()), occurred_at=event["occurred_at"])
        declared = correction(wrong, right)
        if wrong["actor"]["principal"] != HEADQUARTERS:
            declared["actor"] = {"principal": COORDINATOR, "role": "OC"}
            declared["attest"].append({"principal": HEADQUARTERS, "role": "HQ", "method": "PIN"})
        self.accept({"atomic": True, "commands": [declared, right]})
        self.assertEqual(lines(), before)
        self.sound()

    def test_what_is_not_taken_back_says_what_to_do_instead(self):
        opened = command((TIMER, "SYS"), [], obligation_id=str(uuid.uuid4()), discrepancy_opened={"kind": "QTY"})
        self.accept(opened)
        self.assertIn("as a new event", self.refuse(correction(opened))["message"])

    def test_an_account_that_was_opened_by_mistake_never_was(self):
        place = f"SITE/{SITE}/DISPLAY/NEW"
        opened = command((HEADQUARTERS, "HQ"), [], account_opened={"account": place})
        self.accept(opened)
        self.accept(correction(opened))
        item = self.ledger.ask("search", "--rows", "1")["rows"][0]["item"]
        moved = command((COORDINATOR, "OC"), [(MANAGER, "VM")], obligation_id=str(uuid.uuid4()), to=place,
                        lines=[{"item": item}], signed_out={"purpose": "DISPLAY"})
        self.assertIn(code_of(self.ledger.submit([json.dumps(moved)])[0]), ("E_UNKNOWN_ACCOUNT", "E_VAULT_CLOSED"))
        self.sound()

    def day_began(self):
        return self.ledger.ask("reconcile", str(SITE)).get("from")

    def test_a_day_is_closed_late_and_taken_back(self):
        events = [json.loads(line) for line in self.ledger.run("export").stdout.decode().splitlines()]
        closing = next(event["command"] for event in reversed(events) if "day_closed" in event["command"])
        before = self.day_began()
        was = self.ledger.ask("reconcile", str(SITE))
        known = str(was["as_of"]["position"])
        gone = correction(closing)
        gone["attest"].append({"principal": HEADQUARTERS, "role": "HQ", "method": "PIN"})
        gone["attest"] = [one for one in gone["attest"] if one["principal"] != gone["actor"]["principal"]]
        self.accept(gone)
        self.assertNotEqual(self.day_began(), before)
        # What was known before answers as it did.
        self.assertEqual(self.ledger.ask("reconcile", str(SITE), "--known-at", known).get("from"), before)
        taken_back = self.ledger.ask("reconcile", str(SITE))
        self.sound()
        back = correction(gone)
        back["attest"] = [{"principal": MANAGER, "role": "VM", "method": "PIN"},
                          {"principal": HEADQUARTERS, "role": "HQ", "method": "PIN"}]
        self.accept(back)
        self.assertEqual(self.day_began(), before)
        known = str(taken_back["as_of"]["position"])
        self.assertEqual(self.ledger.ask("reconcile", str(SITE), "--known-at", known).get("from"),
                         taken_back.get("from"))
        self.sound()

    def test_a_session_is_closed_at_another_time(self):
        events = [json.loads(line) for line in self.ledger.run("export").stdout.decode().splitlines()]
        event = next(event for event in reversed(events) if "vault_closed" in event["command"])
        closed = event["command"]
        signed = [{"principal": MANAGER, "role": "VM", "method": "PIN"}]
        if closed["actor"]["principal"] != HEADQUARTERS:
            actor = (HEADQUARTERS, "HQ")
        else:
            actor = (COORDINATOR, "OC")
            signed.append({"principal": HEADQUARTERS, "role": "HQ", "method": "PIN"})
        right = dict(closed, event_id=str(uuid.uuid4()))
        moment = datetime.datetime.fromisoformat(event["occurred_at"].replace("Z", "+00:00"))
        right["occurred_at"] = (moment + datetime.timedelta(minutes=7)).isoformat().replace("+00:00", "Z")
        declared = command(actor, [], correction_declared={"target": closed["event_id"], "reason": "INCORRECT_DATA",
                                                           "correctives": [right["event_id"]]})
        declared["attest"] = signed
        self.accept({"atomic": True, "commands": [declared, right]})
        self.sound()

    def test_a_day_counts_what_was_corrected_as_if_it_had_not_been(self):
        place, items = self.bin()
        cases = [f"SITE/{SITE}/DISPLAY/{name}" for name in ("ONE", "TWO")]
        self.accept(command((COORDINATOR, "OC"), [(MANAGER, "VM")], obligation_id=str(uuid.uuid4()), vault_opened={}),
                    *(command((HEADQUARTERS, "HQ"), [], account_opened={"account": case}) for case in cases))

        def columns(account):
            answer = self.ledger.ask("reconcile", str(SITE))
            row = next((row for row in answer["rows"] if row["account"] == account), {})
            return {name: int(value) for name, value in row.items()
                    if name not in ("account", "count", "discrepancies", "recheck")}

        before = columns(place)
        moved = command((COORDINATOR, "OC"), [(MANAGER, "VM")], obligation_id=str(uuid.uuid4()), to=cases[0],
                        lines=[{"item": items[0]}], signed_out={"purpose": "DISPLAY"})
        self.accept(moved)
        after = columns(place)
        self.assertEqual(after["moved_out"], before.get("moved_out", 0) + 1)
        self.assertEqual(columns(cases[0]), {"moved_in": 1, "expected": 1})
        gone = correction(moved)
        self.accept(gone)
        self.assertEqual(columns(place), before)
        self.assertEqual(columns(cases[0]), {})
        self.accept(correction(gone))
        self.assertEqual(columns(place), after)
        self.assertEqual(columns(cases[0]), {"moved_in": 1, "expected": 1})
        # The wrong case was written down.
        other = dict(moved, event_id=str(uuid.uuid4()), to=cases[1])
        self.accept({"atomic": True, "commands": [correction(moved, other), other]})
        self.assertEqual((columns(place), columns(cases[0])), (after, {}))
        self.assertEqual(columns(cases[1]), {"moved_in": 1, "expected": 1})
        # And another piece than it was.
        right = dict(other, event_id=str(uuid.uuid4()), lines=[{"item": items[1]}])
        self.accept({"atomic": True, "commands": [correction(other, right), right]})
        self.assertEqual((columns(place), columns(cases[1])), (after, {"moved_in": 1, "expected": 1}))
        self.sound()

    def of_count(self, count, **payload):
        return command((COORDINATOR, "OC"), [(MANAGER, "VM")], obligation_id=count, **payload)

    def bin(self):
        """The vault's bin, and the pieces in it."""
        place = f"SITE/{SITE}/VAULT/B001"
        return place, [row["item"] for row in self.ledger.ask("account", place)["items"]]

    def counted(self):
        """A count of a bin in which one piece was not seen: its commands, and that piece."""
        place, items = self.bin()
        count = str(uuid.uuid4())
        opened = self.of_count(count, count_opened={"kind": "SPOT", "accounts": [place]})
        scanned = self.of_count(count, count_scanned={"method": "RFID"}, to=place,
                                lines=[{"item": item} for item in items[1:]])
        attested = self.of_count(count, count_attested={})
        self.accept(opened, scanned, attested)
        return place, count, scanned, attested, items[0]

    def count_row(self, count):
        rows = [row for row in self.ledger.ask("counts", "--site", str(SITE))["rows"] if row["count"] == count]
        self.assertEqual(len(rows), 1)
        return rows[0]

    def disputes(self, item):
        open_ones = self.ledger.ask("item", item)["item"].get("obligations", [])
        return [row for row in open_ones if row["kind"] == "DISCREPANCY"]

    def test_an_attestation_is_taken_back_with_what_it_found(self):
        place, count, _, attested, missing = self.counted()
        self.assertEqual(len(self.disputes(missing)), 1)
        was = self.ledger.ask("reconcile", str(SITE))
        row = next(row for row in was["rows"] if row["account"] == place)
        self.assertEqual(row["discrepancies"], [f"{count}:MISSING:{missing}"])
        gone = correction(attested)
        self.accept(gone)
        # The day has none any more; as it was known, it has the one that was open then.
        row = next(row for row in self.ledger.ask("reconcile", str(SITE))["rows"] if row["account"] == place)
        self.assertNotIn("discrepancies", row)
        self.assertEqual(self.ledger.ask("reconcile", str(SITE), "--known-at", was["as_of"]["position"]), was)
        self.assertEqual(self.disputes(missing), [])
        self.assertNotIn("attested", self.count_row(count))
        self.sound()
        back = correction(gone)
        self.accept(back)
        self.assertEqual(len(self.disputes(missing)), 1)
        self.assertTrue(self.count_row(count)["attested"])
        self.sound()
        self.accept(correction(back))
        self.accept(self.of_count(count, count_scanned={"method": "HAND"}, to=place, lines=[{"item": missing}]),
                    self.of_count(count, count_attested={}))
        self.assertEqual(self.disputes(missing), [])
        self.assertNotIn("missing", self.count_row(count))
        self.sound()

    def remember(self):
        """What is open now: questions that name their times, and the answers."""
        known = str(int(self.ledger.ask("status")["events"]) - 1)
        for question in (["due", "--rows", "1000"], ["counts", "--site", str(SITE)]):
            question += ["--known-at", known]
            if question[0] == "due":
                question += ["--valid-at", self.ledger.ask(*question)["as_of"]["valid_at"]]
            self.remembered.append((question, self.ledger.ask(*question)))

    def kinds_open(self, answer):
        return {row["kind"] for row in answer.get("rows", [])}

    def test_counts_and_sessions_that_were_open_are_answered_again_as_they_were(self):
        self.remembered = []
        self.accept(command((COORDINATOR, "OC"), [(MANAGER, "VM")], obligation_id=str(uuid.uuid4()), vault_opened={}))
        place, _ = self.bin()
        count = str(uuid.uuid4())
        opened = self.of_count(count, count_opened={"kind": "SPOT", "accounts": [place]})
        self.accept(opened)
        self.remember()
        self.assertEqual(self.kinds_open(self.remembered[0][1]) & {"COUNT", "VAULT_SESSION"}, {"COUNT", "VAULT_SESSION"})
        self.accept(correction(opened))
        self.remember()
        self.assertNotIn("COUNT", self.kinds_open(self.remembered[2][1]))
        _, _, _, attested, _ = self.counted()
        self.remember()
        gone = correction(attested)
        self.accept(gone)
        self.remember()
        self.assertIn("COUNT", self.kinds_open(self.remembered[6][1]))
        back = correction(gone)
        self.accept(back)
        self.remember()
        self.accept(correction(back))
        self.remember()
        events = [json.loads(line) for line in self.ledger.run("export").stdout.decode().splitlines()]
        event = next(event for event in reversed(events) if "vault_opened" in event["command"])
        right = dict(event["command"], event_id=str(uuid.uuid4()))
        moment = datetime.datetime.fromisoformat(event["occurred_at"].replace("Z", "+00:00"))
        right["occurred_at"] = (moment - datetime.timedelta(seconds=1)).isoformat().replace("+00:00", "Z")
        declared = correction(event["command"], right)
        declared["attest"].append({"principal": HEADQUARTERS, "role": "HQ", "method": "PIN"})
        self.accept({"atomic": True, "commands": [declared, right]})
        self.remember()
        for question, answer in self.remembered:
            with self.subTest(question=question):
                self.assertEqual(self.ledger.ask(*question), answer)
        self.sound()

    def test_a_scan_and_its_attestation_are_corrected_in_one_batch(self):
        place, count, scanned, attested, missing = self.counted()
        self.assertIn("in one batch", self.refuse(correction(scanned))["message"])
        seen = scanned["lines"][0]["item"]
        right_scan = self.of_count(count, count_scanned={"method": "HAND"}, to=place,
                                   lines=[{"item": missing}] + scanned["lines"][1:])
        right = self.of_count(count, count_attested={})
        self.accept({"atomic": True, "commands": [correction(scanned, right_scan), correction(attested, right),
                                                  right_scan, right]})
        self.assertEqual(self.disputes(missing), [])
        self.assertEqual(len(self.disputes(seen)), 1)
        self.sound()

    def test_a_resolved_difference_names_what_holds_its_count(self):
        _, count, _, attested, missing = self.counted()
        resolved = command((MANAGER, "VM"), [(COORDINATOR, "OC")], obligation_id=f"{count}:MISSING:{missing}",
                           lines=[{"item": missing}], discrepancy_resolved={"outcome": "FOUND"})
        self.accept(resolved)
        conflicts = self.refuse(correction(attested))["conflicts"]
        self.assertEqual([conflict["item"] for conflict in conflicts], [missing])

    def test_what_is_withdrawn_before_a_count_is_told_with_it(self):
        """A piece was counted after an event that never happened: the correction names the count, which reads RECHECK."""
        place = f"SITE/{SITE}/VAULT/B001"
        items = [row["item"] for row in self.ledger.ask("account", place)["items"]]
        self.accept(command((COORDINATOR, "OC"), [(MANAGER, "VM")], obligation_id=str(uuid.uuid4()), vault_opened={}))
        moved = command((COORDINATOR, "OC"), [], to=f"SITE/{SITE}/HOLD", moved_to_hold={"reason": "QA"},
                        lines=[{"item": items[0]}])
        self.accept(moved)
        count = str(uuid.uuid4())
        for said in ({"count_opened": {"kind": "SPOT", "accounts": [place]}},
                     {"count_scanned": {"method": "RFID"}, "to": place, "lines": [{"item": one} for one in items[1:]]},
                     {"count_attested": {}}):
            self.accept(command((COORDINATOR, "OC"), [(MANAGER, "VM")], obligation_id=count, **said))
        self.assertNotIn("recheck", self.count_row(count))
        gone = correction(moved)
        self.accept(gone)
        row = next(row for row in self.ledger.ask("corrections", "--rows", "1000")["rows"]
                   if row["event_id"] == gone["event_id"])
        self.assertEqual(row["counts_passed"], [count])
        self.assertTrue(self.count_row(count)["recheck"])
        # It happened after all: the count is right, and the correction of the correction has passed it too.
        back = correction(gone)
        self.accept(back)
        row = next(row for row in self.ledger.ask("corrections", "--rows", "1000")["rows"]
                   if row["event_id"] == back["event_id"])
        self.assertEqual(row["counts_passed"], [count])
        self.assertNotIn("recheck", self.count_row(count))
        self.sound()

    def sound(self):
        """The auditor agrees, and so do books and read models made anew from the log."""
        self.assertTrue(self.ledger.ask("audit")["ok"])
        before = self.ledger.digests()
        self.ledger.run("rebuild")
        self.assertEqual(self.ledger.digests(), before)


if __name__ == "__main__":
    unittest.main()
