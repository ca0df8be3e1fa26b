#!/usr/bin/env python3
"""Corrections of what is about no piece, through the program: while nothing rests on it, or told what to do instead."""

import json
import unittest
import uuid

from program import LedgerTest, code_of, simulate

SITE, HEADQUARTERS, COORDINATOR, MANAGER = 1, 1, 1001, 1002  # of the simulation


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

    def test_what_is_not_taken_back_says_what_to_do_instead(self):
        opened = command((HEADQUARTERS, "HQ"), [], account_opened={"account": f"SITE/{SITE}/DISPLAY/NEW"})
        self.accept(opened)
        self.assertIn("open it again", self.refuse(correction(opened))["message"])

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

    def count_row(self, count):
        return next(row for row in self.ledger.ask("counts", "--site", str(SITE))["rows"] if row["count"] == count)

    def sound(self):
        """The auditor agrees, and so do books and read models made anew from the log."""
        self.assertTrue(self.ledger.ask("audit")["ok"])
        before = self.ledger.digests()
        self.ledger.run("rebuild")
        self.assertEqual(self.ledger.digests(), before)


if __name__ == "__main__":
    unittest.main()
