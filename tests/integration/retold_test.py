#!/usr/bin/env python3
"""A correction that changes nothing changes no answer: a simulated ledger whose events are corrected by identical ones, as
far as they can be, answers as one in which nothing was corrected. Positions, versions and event ids left out."""

import json
import os
import random
import unittest
import urllib.parse
import uuid

from program import Ledger, expected_code, http_call, simulate

SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)
HEADQUARTERS, ACCOUNTANT = {"principal": "1", "role": "HQ"}, {"principal": "2", "role": "ACC"}  # of the simulation
OF_ALL_SITES = 9  # the vault manager who signs for what is of no site

# What a correction may change: which event said so, how many there were, and when it was recorded.
OF_THE_RECORD = {"as_of", "attested_by", "blocking_position", "closed_by", "corrected_by", "ended_by", "event",
                 "event_id", "last_event", "late", "late_entries", "message", "next", "opened_by", "position", "prev",
                 "recorded_at", "since_event", "source", "version"}
# Events of one moment stand in the order of their positions.
IN_NO_ORDER = {"evidence", "rows", "entries"}


def told(answer):
    """What an answer says of the world."""
    if isinstance(answer, dict):
        return {key: sorted(told(value), key=json.dumps) if key in IN_NO_ORDER else told(value)
                for key, value in answer.items() if key not in OF_THE_RECORD}
    if isinstance(answer, list):
        return [told(one) for one in answer
                if not (isinstance(one, dict) and ("corrected_by" in one or one.get("type") == "CorrectionDeclared"))]
    return answer


def difference(plain, corrected):
    """Where two answers part."""
    one, other = (json.dumps(answer, sort_keys=True) for answer in (plain, corrected))
    at = next((i for i, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
    return f"plain …{one[max(0, at - 200):at + 200]}…\ncorrected …{other[max(0, at - 200):at + 200]}…"


def correction(event):
    """Declared by somebody else, with the same command again."""
    command = event["command"]
    right = dict(command, event_id=str(uuid.uuid4()), occurred_at=event["occurred_at"])
    right.pop("late", None)
    by = HEADQUARTERS if str(command["actor"]["principal"]) != HEADQUARTERS["principal"] else ACCOUNTANT
    manager = {"principal": int(command["site"]) * 1000 + 2 if "site" in command else OF_ALL_SITES, "role": "VM",
               "method": "PIN"}
    attest = [manager] if by is HEADQUARTERS else [manager, dict(HEADQUARTERS, method="PIN")]
    declared = {"event_id": str(uuid.uuid4()), "entity": 1, "actor": by, "attest": attest,
                "correction_declared": {"target": command["event_id"], "reason": "INCORRECT_DATA",
                                        "correctives": [right["event_id"]]}}
    if "site" in command:
        declared["site"] = command["site"]
    return {"atomic": True, "commands": [declared, right]}


class RetoldTest(unittest.TestCase):
    def setUp(self):
        print(f"SEED={SEED}")
        self.random = random.Random(SEED)
        self.plain, self.corrected = Ledger(), Ledger()
        self.addCleanup(self.plain.remove)
        self.addCleanup(self.corrected.remove)
        commands = [line for line in simulate(sites=2, items=60, days=3, seed=SEED) if expected_code(line) is None]
        created = json.loads(commands[0])
        created["ledger_created"]["grants"].append({"principal": OF_ALL_SITES, "role": "VM"})
        commands[0] = json.dumps(created)
        for ledger in (self.plain, self.corrected):
            ledger.run("init")
            ledger.submit(commands)
        lines = self.plain.run("export").stdout.decode().splitlines()
        self.events = [event for event in map(json.loads, lines) if "command" in event]
        sent = [correction(event) for event in self.random.sample(self.events, len(self.events))]
        answers = self.corrected.submit([json.dumps(one) for one in sent])
        accepted = sum("error" not in answer for answer in answers[::2])
        print(f"{accepted} of {len(self.events)} events were corrected")
        self.assertGreater(accepted, len(self.events) * 9 // 10)
        self.ports = [self.plain.serve(), self.corrected.serve()]

    def ask(self, port, question):
        status, _, body = http_call(port, "GET", "/v1/" + question)
        return status, told(json.loads(body))

    def names(self, field):
        """What stands in a field of the lines of commands."""
        return sorted({line[field] for event in self.events for line in event["command"].get("lines", [])
                       if field in line})

    def papers(self):
        return sorted({doc["number"] for event in self.events for doc in event["command"].get("docs", [])})

    def questions(self):
        yield from ("stock?rows=1000", "accounts?rows=1000", "due?rows=1000", "out?rows=1000", "transit?rows=1000",
                    "memos?rows=1000", "repairs?rows=1000", "reservations?rows=1000", "deadlines?rows=1000",
                    "inspections?rows=1000", "replenish", "supplies?all=true", "counted?rows=1000",
                    "trial-balance?check=true", "items?rows=1000")
        accounts = [row["account"] for row in json.loads(http_call(self.ports[0], "GET",
                                                                  "/v1/accounts?rows=1000")[2])["rows"]]
        times = self.random.sample(sorted({event["occurred_at"] for event in self.events}), 8)
        for site in (1, 2):
            for name in ("limits", "coverage", "counts"):
                yield f"{name}?site={site}" + ("&rows=1000" if name == "counts" else "")
            yield f"days/{site}"
            for at in times:
                yield from (f"sales/{site}?rows=1000&at={at}", f"days/{site}?rows=1000&at={at}",
                            f"reconciliation/{site}?at={at}")
        for at in times:
            yield from (f"stock?rows=1000&valid_at={at}", f"due?rows=1000&valid_at={at}",
                        f"inspections?rows=1000&valid_at={at}", f"counted?rows=1000&valid_at={at}",
                        f"trial-balance?valid_at={at}&check=true")
            account = urllib.parse.quote(self.random.choice(accounts))
            yield from (f"accounts/{account}?rows=1000&valid_at={at}",
                        f"statements/{account}?rows=1000&from={at}&to=2026-12-31T00:00:00Z",
                        f"held/{account}?rows=1000&from={times[0]}&to=2026-12-31T00:00:00Z")
        for item in self.names("item")[:30]:
            at = self.random.choice(times)
            yield from (f"items/{item}", f"items/{item}/chain", f"items/{item}/holder", f"items/{item}/next",
                        f"items/{item}?valid_at={at}", f"items/{item}/chain?valid_at={at}",
                        f"items/{item}/holder?valid_at={at}")
        for who in sorted({str(event["command"]["actor"]["principal"]) for event in self.events}):
            yield f"authority/{who}"
            yield f"held?person={who}&rows=1000&from=2026-01-01T00:00:00Z&to=2026-12-31T00:00:00Z"
        for number in self.papers():
            yield f"documents/{urllib.parse.quote(number)}?rows=1000"
            yield f"items?rows=1000&number={urllib.parse.quote(number)}"
        for event in self.events:
            if "count_opened" in event["command"]:
                yield f"counts/{event['command']['obligation_id']}?rows=1000"

    def test_every_answer_is_the_same(self):
        asked = answered = 0
        for question in self.questions():
            for attempt in range(3):  # a minute may pass between the two: what is overdue grows
                plain, corrected = (self.ask(port, question) for port in self.ports)
                if plain == corrected:
                    break
            with self.subTest(question, seed=SEED):
                self.assertTrue(plain == corrected, plain != corrected and difference(plain, corrected))
            asked += 1
            answered += plain[0] == 200
        print(f"{asked} questions, {answered} with an answer")
        self.assertGreater(answered, asked * 9 // 10)


if __name__ == "__main__":
    unittest.main()
