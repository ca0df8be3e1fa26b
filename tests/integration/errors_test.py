#!/usr/bin/env python3
"""Every refusal of schemas/state_machine.json, met by a command that goes through the program: what a client sees.

The commands are the examples of schemas/COMMANDS.md with other pieces. One salon's life is written down as a list of
commands, each with the code that it must get; all of them go to `daybook submit` in one stream.
"""

import datetime
import json
import re
import unittest
import uuid

from program import SOURCE, LedgerTest, code_of

EXAMPLES = {}
for heading, block in re.findall(r"^### (\w+)\n(?:(?!^### ).)*?```json\n(.*?)```",
                                 (SOURCE / "schemas/COMMANDS.md").read_text(), re.DOTALL | re.MULTILINE):
    EXAMPLES[heading] = json.loads(block)
MACHINE = json.loads((SOURCE / "schemas/state_machine.json").read_text())
BIN, CASE, PERSON, HOLD = "SITE/1/VAULT/A-03", "SITE/1/DISPLAY/C1", "SITE/1/PERSON/13", "SITE/1/HOLD"


def euro(minor):
    return {"minor": str(minor), "currency": "EUR"}


def signer(principal, **role):
    return {"principal": principal, "method": "BADGE", **role}


def new_id():
    return str(uuid.uuid4())


class Salon:
    """Commands in the order in which they happen, a second apart, with the codes that they must get."""

    second = datetime.timedelta(seconds=1)

    def __init__(self):
        self.now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=800)
        self.lines, self.expected = [], []
        grants = {(who["principal"], who["role"]) for example in EXAMPLES.values()
                  for who in [example["actor"], *example.get("attest", [])] if "role" in who}
        self.do("LedgerCreated", grants=[{"principal": one, "role": role} for one, role in sorted(grants)])
        for path in (HOLD, BIN, "SITE/1/VAULT/A-04", "SITE/1/COM/K1", CASE, "SITE/1/WINDOW", PERSON,
                     "SITE/1/PERSON/23", "SITE/1/PACK", "SITE/1/SUPPLY", "SITE/2/HOLD", "SITE/2/VAULT/B-01"):
            self.open_account(path)
        self.do("SupplyRegistered")
        self.open_vault()

    # ---- Commands ----

    def stamp(self, at):
        return at.isoformat(timespec="microseconds").replace("+00:00", "Z")

    def do(self, event, *pieces, expect=None, envelope=None, at=None, **payload):
        """Adds a command, the example of its type with these pieces; what is None is left out. Gives its event id."""
        self.now += self.second
        command = json.loads(json.dumps(EXAMPLES[event]))
        name = next(key for key in command if key == re.sub(r"(?<!^)(?=[A-Z])", "_", event).lower())
        command["event_id"] = new_id()
        command["occurred_at"] = self.stamp(at or self.now)
        if "obligation_id" in command:
            command["obligation_id"] = new_id()
        if "lines" in command and event != "SupplyMoved":
            command["lines"] = [{"item": piece} for piece in pieces]
        command.pop("expect", None)
        for part, given in ((command, envelope or {}), (command[name], payload)):
            part.update(given)
            for key in [key for key, value in part.items() if value is None]:
                del part[key]
        self.lines.append(command)
        self.expected.append(expect)
        return command["event_id"]

    def refused(self, code, event, *pieces, **more):
        self.do(event, *pieces, expect=code, **more)

    # ---- The house ----

    def open_account(self, path, **more):
        site = int(path.split("/")[1])
        self.do("AccountOpened", account=path, insured_limit=more.pop("limit", None), range=None, capacity=None,
                envelope={"site": site}, **more)

    def open_vault(self, site=1):
        self.do("VaultOpened", envelope={"site": site})

    def count(self, kind="SPOT", accounts=(BIN,), seen=(), site=1, attest=True):
        count = new_id()
        self.do("CountOpened", envelope={"obligation_id": count, "site": site}, kind=kind, accounts=list(accounts))
        if seen:
            self.do("CountScanned", *seen, envelope={"obligation_id": count, "to": accounts[0], "site": site})
        if attest:
            self.do("CountAttested", envelope={"obligation_id": count, "site": site}, lists=None)
        return count

    # ---- Pieces in a state ----

    def registered(self, **more):
        piece = new_id()
        self.do("ItemRegistered", piece, epc=f"urn:epc:id:sgtin:{piece}", **more)
        return piece

    def x0(self):
        return new_id()

    def x1(self):
        return self.registered()

    def r(self, **more):
        piece = self.registered(**more)
        self.do("GoodsReceived", piece)
        return piece

    def v(self, **more):
        piece = self.r(**more)
        self.do("InspectionRecorded", piece, verdict="PASS")
        self.do("PutAway", piece)
        return piece

    def d(self):
        return self.after("SignedOut", self.v(), envelope={"to": CASE}, purpose="DISPLAY", recipient=None, due_at=None)

    def p(self, **more):
        return self.after("SignedOut", self.v(**more), purpose="PRESENTATION", due_at=None)

    def k(self, **more):
        return self.after("TransferPacked", self.v(**more), request=None)

    def t(self):
        return self.after("TransferDispatched", self.k(), eta=None)

    def m(self):
        piece = self.v()
        memo = piece[:8]
        return self.after("MemoOutIssued", piece, envelope={"to": f"EXT/MEMO/{memo}"}, memo=memo)

    def w(self):
        piece = self.after("RepairOpened", self.v(), client=None, promised_at=None)
        return self.after("SentToWorkshop", piece, due_at=None)

    def s(self):
        return self.after("DeclaredMissing", self.v())

    def f(self):
        return self.registered(origin="FOUND", owner=None, envelope={"site": 1, "to": "SUSPENSE/1/FOUND"})

    def l(self):
        return self.after("LossDeclared", self.s())

    def z(self):
        return self.after("ItemDecommissioned", self.v())

    def x2(self, **more):
        return self.after("SaleCompleted", self.v(), handover="NOW", memo=None, **more)

    def after(self, event, piece, **more):
        self.do(event, piece, **more)
        return piece


class ErrorsTest(LedgerTest):
    def setUp(self):
        super().setUp()
        self.ledger.run("init")

    def test_every_refusal_is_met(self):
        salon = Salon()
        self.who_and_when(salon)
        self.where_a_piece_is(salon)
        self.where_it_goes(salon)
        self.what_it_carries(salon)
        self.counts_and_corrections(salon)
        self.the_house(salon)

        answers = self.ledger.submit([json.dumps(line) for line in salon.lines])
        self.assertEqual(len(answers), len(salon.lines))
        for line, expected, answer in zip(salon.lines, salon.expected, answers):
            self.assertEqual(code_of(answer), expected, f"{json.dumps(line)}\n{json.dumps(answer)}")
            if expected:
                self.assertGreater(len(answer["error"]["message"]), 20)
        listed = {error["code"] for error in MACHINE["errors"]}
        self.assertEqual(listed - set(salon.expected), set(), "refusals that no command met")
        self.assertTrue(self.ledger.ask("verify")["ok"])

    def who_and_when(self, salon):
        piece = salon.v()
        salon.refused("E_SCHEMA", "SignedIn", piece, envelope={"to": None})
        salon.lines.append({**salon.lines[-2], "note": "the id of another command"})
        salon.expected.append("E_EVENT_ID_CONFLICT")
        salon.refused("E_NOT_AUTHORISED", "SignedOut", piece, envelope={"actor": {"principal": "13", "role": "OC"}})
        salon.refused("E_SELF_WITNESS", "SignedOut", piece, envelope={"attest": [signer("11")]})
        salon.refused("E_DUAL_CONTROL", "SignedOut", piece, envelope={"attest": None})
        salon.refused("E_FUTURE_DATED", "SignedOut", piece, at=salon.now + datetime.timedelta(hours=2))
        salon.refused("E_BACKDATED", "SignedOut", piece, at=salon.now - datetime.timedelta(hours=2))
        salon.refused("E_STALE_VERSION", "SignedOut", piece, envelope={"expect": [{"item": piece, "version": 1}]})

    def where_a_piece_is(self, salon):
        """Each state's own error by a sign-out; then those that the matrix gives to particular events."""
        out = {"purpose": "PRESENTATION", "due_at": None}
        for state, known in MACHINE["states"].items():
            if state != "V":
                salon.refused(known["error"], "SignedOut", getattr(salon, state.lower())(), **out)
        vault = salon.v()
        salon.refused("E_NOT_OUT", "SignedIn", vault)
        salon.refused("E_ALREADY_IN", "PutAway", vault)
        salon.refused("E_ALREADY_RECEIVED", "GoodsReceived", vault)
        salon.refused("E_ALREADY_IDENTIFIED", "IdentityResolved", vault, real_item=None, keep=True)
        salon.refused("E_NOT_WITH_CLIENT", "ReceivedFromClient", vault)
        salon.refused("E_NOT_OUTSIDE", "InboundDispatched", vault)
        salon.refused("E_NOT_PACKED", "TransferDispatched", vault, eta=None)
        salon.refused("E_NOT_IN_TRANSIT", "TransferReceived", vault, envelope={"site": 1, "to": HOLD})
        salon.refused("E_NOT_ON_MEMO", "MemoReturned", vault)
        salon.refused("E_NOT_IN_REPAIR", "ReturnedFromWorkshop", vault)
        salon.refused("E_NOT_MISSING", "ItemRecovered", vault)
        salon.refused("E_NOT_SOLD", "SaleReturned", vault)
        salon.refused("E_DUPLICATE_ITEM", "ItemRegistered", vault, epc="urn:epc:id:sgtin:another")

    def where_it_goes(self, salon):
        piece = salon.v()
        salon.refused("E_WRONG_ACCOUNT", "SignedOut", piece, envelope={"from": "SITE/1/VAULT/A-04"}, due_at=None)
        salon.refused("E_WRONG_DEST", "TransferReceived", salon.t(), envelope={"site": 1, "to": HOLD})
        salon.refused("E_WRONG_TARGET", "SignedOut", piece, envelope={"to": HOLD}, due_at=None)
        salon.refused("E_NO_OBLIGATION", "SentToWorkshop", piece, due_at=None)
        salon.do("CarnetBound", piece, reexport_by=None)
        salon.refused("E_OBLIGATION_OPEN", "CarnetBound", piece, reexport_by=None)
        salon.refused("E_CARNET_BOUND", "SaleCompleted", piece, handover="NOW", memo=None)
        salon.refused("E_CROSS_SITE", "MovedToHold", piece, envelope={"to": "SITE/2/HOLD"})
        salon.refused("E_UNKNOWN_ACCOUNT", "Relocated", piece, envelope={"to": "SITE/1/VAULT/NOWHERE"})
        salon.refused("E_VAULT_CLOSED", "Relocated", piece, envelope={"site": 2, "to": "SITE/2/VAULT/B-01"})

    def what_it_carries(self, salon):
        piece = salon.v()
        salon.do("QuarantineSet", piece)
        salon.refused("E_QUARANTINED", "SaleCompleted", piece, handover="NOW", memo=None)
        piece = salon.v()
        salon.do("ReservationPlaced", piece, party="802", until=None)
        salon.refused("E_RESERVED", "SaleCompleted", piece, handover="NOW", memo=None)
        unsold = salon.registered()
        salon.do("GoodsReceived", unsold, bought=False)
        salon.do("InspectionRecorded", unsold, verdict="PASS")
        salon.do("PutAway", unsold)
        salon.refused("E_NOT_OWNED", "SaleCompleted", unsold, handover="NOW", memo=None)
        salon.open_account("SITE/1/DISPLAY/SMALL", limit=euro(100))
        salon.refused("E_LIMIT", "SignedOut", salon.v(), purpose="DISPLAY", recipient=None, due_at=None,
                      envelope={"to": "SITE/1/DISPLAY/SMALL"})
        salon.do("PolicySet", key="docs.required", site=None, **{"from": salon.stamp(salon.now + salon.second)},
                 value={"doc_rules": {"rules": [{"from": "1", "to": "2", "when": "category:WATCH", "types": ["CITES"]}]}})
        salon.refused("E_DOC_MISSING", "TransferDispatched", salon.k(category="WATCH"), eta=None)
        salon.open_vault(site=2)
        salon.refused("E_SEAL_MISMATCH", "TransferReceived", salon.t(), seal="S-9999")
        salon.p()
        again = {"obligation_id": salon.lines[-1]["obligation_id"]}
        salon.refused("E_OBLIGATION_EXISTS", "SignedOut", salon.v(), envelope=again, due_at=None)

    def counts_and_corrections(self, salon):
        piece, before = salon.v(), salon.now + salon.second / 2
        salon.do("CountOpened", kind="SPOT", accounts=["SITE/1/VAULT/A-04"])
        salon.refused("E_COUNT_OPEN", "CountOpened", kind="SPOT", accounts=["SITE/1/VAULT/A-04"])
        wrong = salon.count(accounts=[CASE], attest=False)
        salon.refused("E_COUNT_MISMATCH", "CountAttested", envelope={"obligation_id": wrong},
                      lists={"matched": [piece]})
        salon.count(seen=[piece])
        salon.refused("E_COUNT_FENCE", "SignedOut", piece, at=before, due_at=None)

        salon.refused("E_UNKNOWN_EVENT", "CorrectionDeclared", target=new_id())
        mistaken = salon.v()
        signed_out = salon.do("SignedOut", mistaken, due_at=None, envelope={"actor": {"principal": "11", "role": "OC"}})
        salon.do("SignedIn", mistaken)
        declared = {"envelope": {"actor": {"principal": "12", "role": "VM"},
                                 "attest": [signer("24"), signer("19", role="HQ")]}}
        salon.refused("E_CORRECTION_CONFLICT", "CorrectionDeclared", target=signed_out, **declared)
        inspected = salon.do("InspectionRecorded", mistaken, verdict="PASS", phase="STOCK")
        salon.do("CorrectionDeclared", target=inspected, **declared)
        salon.refused("E_ALREADY_CORRECTED", "CorrectionDeclared", target=inspected, **declared)

    def the_house(self, salon):
        salon.refused("E_QTY_NEGATIVE", "SupplyMoved")
        salon.refused("E_SESSION_OPEN", "VaultOpened")
        salon.refused("E_NO_CLOSING_COUNT", "VaultClosed", closing_count=new_id())
        salon.refused("E_ACCOUNT_EXISTS", "AccountOpened", account=BIN, range=None)
        salon.refused("E_ACCOUNT_NOT_EMPTY", "AccountClosed", account=BIN)
        salon.open_account("SITE/1/DISPLAY/NIGHT", night_empty=True)
        salon.do("SignedOut", salon.v(), purpose="DISPLAY", recipient=None, due_at=None,
                 envelope={"to": "SITE/1/DISPLAY/NIGHT"})
        piece, before = salon.v(), salon.now + salon.second / 2
        closing = salon.count(kind="CLOSING", accounts=["SITE/1/PACK"])
        salon.refused("E_NIGHT_NOT_EMPTY", "VaultClosed", closing_count=closing, exceptions=None)
        salon.do("DayClosed", closing_count=closing)
        salon.refused("E_PERIOD_CLOSED", "SignedOut", piece, at=before, due_at=None)


if __name__ == "__main__":
    unittest.main()
