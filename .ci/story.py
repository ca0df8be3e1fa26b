#!/usr/bin/env python3
"""What ./run tells about a simulated stream.

story.py verdict <commands.jsonl> <answers.jsonl>   compares each answer with what the simulation expects of it; ends
                                                    with 1 if one differs
story.py ring <commands.jsonl> <answers.jsonl>      prints the id of the ring that was moved most often
story.py refused <commands.jsonl> <answers.jsonl>   prints one refused command and the reason it got
story.py topics <events>                            counts what kcat prints ("topic partition offset key headers" a
                                                    line) against the positions 0 ... events - 1; ends with 1 if one is
                                                    missing, doubled, foreign or, for its key, out of order
"""

import collections
import json
import sys
import textwrap

EXPECTED = "wrong on purpose: "


def pairs(commands, answers):
    with open(commands, encoding="utf-8") as asked, open(answers, encoding="utf-8") as given:
        for command, answer in zip(asked, given, strict=True):
            yield json.loads(command), json.loads(answer)


def payload(command):
    """The name of the event that a command asks for: its one field that is an object and no part of the envelope."""
    envelope = {"actor", "late"}
    return next(name for name, value in command.items() if isinstance(value, dict) and name not in envelope)


def verdict(found):
    accepted, refused, surprises = 0, collections.Counter(), []
    for command, answer in found:
        note = command.get("note", "")
        expected = note.removeprefix(EXPECTED) if note.startswith(EXPECTED) else None
        code = answer.get("error", {}).get("code")
        if code != expected:
            surprises.append(f"{payload(command)} {command['event_id']}: {code or 'accepted'}, "
                             f"expected {expected or 'to be accepted'}")
        accepted += code is None
        refused[code] += code is not None
    print(f"    {accepted} accepted, {refused.total()} refused, all as the simulation expects"
          if not surprises else "\n".join("    " + line for line in surprises[:10]))
    return 1 if surprises else 0


def ring(found):
    rings, moved = set(), collections.Counter()
    for command, answer in found:
        if "error" in answer:
            continue
        items = [line["item"] for line in command.get("lines", []) if "item" in line]
        if command.get("item_registered", {}).get("category") == "RING":
            rings.update(items)
        elif payload(command) != "count_scanned":
            moved.update(items)
    print(max(rings, key=lambda item: (moved[item], item)))
    return 0


def refused(found):
    # One that was refused because of where the piece is says more than a duplicate does.
    telling = ("E_ALREADY_OUT", "E_NOT_OUT", "E_WRONG_ACCOUNT")
    candidates = [(command, answer) for command, answer in found if "error" in answer]
    best = next((pair for pair in candidates if pair[1]["error"]["code"] in telling), candidates[0])
    command, answer = best
    error = answer["error"]
    actor = command["actor"]
    print(f"    {payload(command)} by {actor['role']} {actor['principal']} at {command.get('occurred_at', 'now')}")
    for text in (f"{error['code']}: {error['message']}", "legal next: " + ", ".join(error.get("legal_next", []))):
        print(textwrap.fill(text, 120, initial_indent="    ", subsequent_indent="        "))
    return 0


class Events:
    """A position is complete when each of its records (the header ce_parts says how many, if several) is there once."""

    def __init__(self, events):
        self.events, self.ids, self.wanted, self.newest, self.problems = events, collections.Counter(), {}, {}, []

    def add(self, partition, key, header):
        position = int(header["ce_sequence"])
        self.ids[header["ce_id"]] += 1
        self.wanted[position] = self.wanted.get(position, int(header.get("ce_parts", 1))) - 1
        if self.newest.get((partition, key), -1) > position:
            self.problems.append(f"position {position} stands behind {self.newest[partition, key]} of {key}")
        self.newest[partition, key] = position

    def end(self):
        missing = [position for position in range(self.events) if self.wanted.get(position) != 0]
        doubled = [one for one, count in self.ids.items() if count > 1]
        self.problems += [f"position {position} is not complete" for position in missing[:5]]
        self.problems += [f"{one} is there twice" for one in doubled[:5]]
        strange = [position for position in self.wanted if position >= self.events]
        self.problems += [f"position {position} is none of the ledger's" for position in strange]
        complete = sum(left == 0 for left in self.wanted.values())
        return f"{complete:>8} positions of {self.events} in Kafka, each once and in order for its item"


class Log:
    """Each frame says how many events it holds, from which position: <ledger>:log:<first>:<count>."""

    def __init__(self, events):
        self.events, self.next, self.problems = events, 0, []

    def add(self, _partition, _key, header):
        first, count = map(int, header["ce_id"].split(":")[-2:])
        if first != self.next:
            self.problems.append(f"a frame of the log begins at {first}, and the one before it ends at {self.next}")
        self.next = first + count

    def end(self):
        if self.next != self.events:
            self.problems.append(f"the frames of the log end at {self.next}, and there are {self.events} events")
        return f"{self.next:>8} of them once more in the log, for those who keep a copy"


class State:
    """Absolute: the newest record of a key counts, and says up to which position it holds."""

    def __init__(self, what):
        self.what, self.newest, self.problems = what, {}, []

    def add(self, _partition, key, header):
        position = int(header["ce_sequence"])
        if self.newest.get(key, -1) > position:
            self.problems.append(f"{self.what} {key} goes back to position {position}")
        self.newest[key] = position

    def end(self):
        return f"{len(self.newest):>8} {self.what}, as they are"


def topics(lines, events):
    records = collections.Counter()
    kinds = {"events": Events(events), "custody": State("pieces"), "stock": State("models at a site"),
             "log": Log(events)}
    for line in lines:
        topic, partition, _, key, headers = line.rstrip("\n").split("\t")
        records[topic] += 1
        kind = kinds.get(topic.split(".")[-2])
        if kind is not None:
            kind.add(partition, key, dict(pair.split("=", 1) for pair in headers.split(",") if "=" in pair))
    for topic in sorted(records):
        print(f"    {records[topic]:>8} records in {topic}")
    for kind in kinds.values():
        said = kind.end()
        print("    " + said if not kind.problems else "\n".join("    " + problem for problem in kind.problems))
    return 1 if any(kind.problems for kind in kinds.values()) else 0


def main():
    if sys.argv[1] == "topics":
        return topics(sys.stdin, int(sys.argv[2]))
    tell = {"verdict": verdict, "ring": ring, "refused": refused}[sys.argv[1]]
    return tell(pairs(*sys.argv[2:4]))


if __name__ == "__main__":
    sys.exit(main())
