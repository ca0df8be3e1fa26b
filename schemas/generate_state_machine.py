#!/usr/bin/env python3
"""Turns state_machine.json into a C++ header of constexpr tables: generate_state_machine.py <json> <header>.

The JSON is the one source of the states, the accounts' classes, the matrix, who signs, the obligations and the
errors in the order of the checks. The header needs the standard library only. Wrong input ends with one sentence.
"""

import json
import pathlib
import re
import sys

LINE_KINDS = {"none": "kNone", "move": "kMove", "item": "kItem", "item?": "kItemOptional", "supply": "kSupply",
              "seen": "kSeen", "engine": "kEngine"}
ROLES = ["OC", "VM", "SA", "SM", "QA", "WK", "LG", "SEC", "ACC", "HQ", "AUD", "SYS", "INT"]
SIGNERS_MAX = 2


def fail(message):
    sys.exit(f"state_machine.json: {message}")


def camel(text):
    """E_UNKNOWN_ITEM's UNKNOWN_ITEM, SITE/WORKSHOP-INT, "handover = LATER" -> kUnknownItem, kSiteWorkshopInt, ..."""
    return "k" + "".join(word[0].upper() + word[1:].lower() for word in re.findall(r"[A-Za-z0-9]+", text))


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Machine:
    """The JSON, checked, with a C++ expression for each of its parts."""

    def __init__(self, source):
        self.source = source
        self.states = source["columns"]
        self.events = source["events"]
        self.matrix = source["matrix"]
        self.obligations = source["obligations"]
        self.errors = source["errors"]
        self.by_short = {error["short"]: error["code"] for error in self.errors if "short" in error}
        self.codes = [error["code"] for error in self.errors]
        self.check()

    def check(self):
        if self.states != list(self.source["states"]):
            fail("columns and states differ")
        if len(set(self.codes)) != len(self.codes):
            fail("an error stands twice")
        checks = [error["check"] for error in self.errors]
        if checks != sorted(checks):
            fail("errors do not stand in the order of their checks")
        for event in self.matrix:
            if event not in self.events:
                fail(f"the matrix has a row {event} that is no event")
            if len(self.matrix[event]) != len(self.states):
                fail(f"the matrix row {event} has {len(self.matrix[event])} cells instead of {len(self.states)}")
        for name, event in self.events.items():
            if (event["lines"] == "move") != (name in self.matrix):
                fail(f"{name}: an event has a row in the matrix if and only if its lines move")
            if (event["lines"] in ("item", "item?")) != ("legal" in event):
                fail(f"{name}: an event lists legal states if and only if it has item lines without a move")

    def state_set(self, states):
        for state in states:
            if state not in self.states:
                fail(f"no such state: {state}")
        return " | ".join(f"bit(State::k{state})" for state in states) if states else "0"

    def code(self, name):
        if name not in self.codes:
            fail(f"no such error: {name}")
        return f"RefusalCode::{camel(name[2:])}"

    def short(self, name):
        if name not in self.by_short:
            fail(f"no such short error: {name}")
        return self.code(self.by_short[name])

    def obligation(self, name):
        if name not in self.obligations:
            fail(f"no such obligation: {name}")
        return f"ObligationKind::{camel(name)}"

    def cell(self, cell):
        return f"to({self.state_set(cell)})" if isinstance(cell, list) else f"no({self.short(cell)})"

    def signer(self, text):
        if text == "any":
            return "kAnyone"
        for role in text.split("/"):
            if role not in ROLES:
                fail(f"no such role: {role}")
        return " | ".join(f"bit(Role::{camel(role)})" for role in text.split("/"))

    def who(self, text):
        signers = [self.signer(part) for part in text.split("+")]
        if len(signers) > SIGNERS_MAX:
            fail(f"more than {SIGNERS_MAX} signers: {text}")
        return f"{{{len(signers)}, {{{', '.join(signers)}}}}}"


def enum_values(names, first, per_line=6):
    items = [f"{name} = {number}" for number, name in enumerate(names, first)]
    lines = [", ".join(items[i:i + per_line]) for i in range(0, len(items), per_line)]
    return ",\n".join("    " + line for line in lines)


def rows(items):
    return "\n".join(f"    {item}," for item in items)


def state_rows(machine):
    for code in machine.states:
        state = machine.source["states"][code]
        held_by = machine.obligation(state["held_by"]) if state["held_by"] else "ObligationKind{}"
        inside = "true" if state["inside"] else "false"
        yield (f"{{State::k{code}, {quoted(code)}, {quoted(state['name'])}, {machine.code(state['error'])}, {inside}, "
               f"{held_by}}}")


def account_rows(machine):
    for path, state in machine.source["accounts"].items():
        where = f"State::k{state}" if state else "std::nullopt"
        yield f"{{AccountClass::{camel(path)}, {quoted(path)}, {where}}}"


def obligation_rows(machine):
    for name, obligation in machine.obligations.items():
        outside = machine.state_set(obligation.get("ends_outside", []))
        inside = machine.state_set(obligation.get("ends_in", []))
        one = "true" if obligation.get("one") else "false"
        closed_by = quoted("; ".join(obligation.get("closed_by", [])))
        yield f"{{{machine.obligation(name)}, {quoted(name)}, {outside}, {inside}, {one}, {closed_by}}}"


def refusal_rows(machine):
    for error in machine.errors:
        yield (f"{{{machine.code(error['code'])}, {quoted(error['code'])}, {error['check']}, {quoted(error['of'])}, "
               f"{quoted(error['means'])}}}")


def event_rows(machine):
    matrix_rows = {name: number for number, name in enumerate(machine.matrix)}
    for name, event in machine.events.items():
        opens = " | ".join(f"bit({machine.obligation(kind)})" for kind in event.get("opens", [])) or "0"
        flags = ", ".join("true" if event[flag] else "false" for flag in ("v1", "spine"))
        yield (f"{{EventType::k{name}, {quoted(name)}, {flags}, {quoted(event['who'])}, {machine.who(event['who'])},\n"
               f"     LineKind::{LINE_KINDS[event['lines']]}, {matrix_rows.get(name, -1)}, "
               f"{machine.state_set(event.get('legal', []))},\n     {opens}, {quoted(event.get('opens_if', ''))}}}")


def matrix_rows(machine):
    for name, cells in machine.matrix.items():
        yield f"// {name}\n    {{" + ",\n     ".join(machine.cell(cell) for cell in cells) + "}"


def variant_names(machine):
    return [f"k{variant['event']}{camel(variant['when'])[1:]}" for variant in machine.source["variants"]]


def variant_rows(machine):
    for name, variant in zip(variant_names(machine), machine.source["variants"]):
        cells = []
        for state, cell in zip(machine.states, machine.matrix[variant["event"]]):
            if state in variant["stays"]:
                cells.append("stays()")
            elif state in variant["errors"]:
                cells.append(f"no({machine.short(variant['errors'][state])})")
            else:
                cells.append(machine.cell(cell))
        yield (f"{{EventVariant::{name}, EventType::k{variant['event']}, {quoted(variant['when'])},\n     {{"
               + ",\n      ".join(cells) + "}}")


def header(machine):
    template = (pathlib.Path(__file__).parent / "state_machine.h.in").read_text(encoding="utf-8")
    replacements = {
        "states": enum_values([f"k{state}" for state in machine.states], 0, 15),
        "account_classes": enum_values([camel(path) for path in machine.source["accounts"]], 0),
        "obligation_kinds": enum_values([camel(name) for name in machine.obligations], 1),
        "roles": enum_values([camel(role) for role in ROLES], 1, 13),
        "refusal_codes": enum_values([camel(code[2:]) for code in machine.codes], 1, 4),
        "event_types": enum_values([f"k{name}" for name in machine.events], 1, 4),
        "variants": enum_values(variant_names(machine), 0, 1),
        "state_rows": rows(state_rows(machine)),
        "account_rows": rows(account_rows(machine)),
        "obligation_rows": rows(obligation_rows(machine)),
        "role_names": ", ".join(quoted(role) for role in ROLES),
        "refusal_rows": rows(refusal_rows(machine)),
        "event_rows": rows(event_rows(machine)),
        "matrix_rows": rows(matrix_rows(machine)),
        "variant_rows": rows(variant_rows(machine)),
        "signers_max": str(SIGNERS_MAX),
    }
    for group, items in (("state", machine.states), ("account_class", machine.source["accounts"]),
                         ("obligation_kind", machine.obligations), ("role", ROLES), ("refusal_code", machine.codes),
                         ("event_type", machine.events), ("matrix_row", machine.matrix),
                         ("variant", machine.source["variants"])):
        replacements[f"{group}_count"] = str(len(items))
    return re.sub(r"@(\w+)@", lambda match: replacements[match.group(1)], template)


def main():
    source, target = (pathlib.Path(argument) for argument in sys.argv[1:])
    try:
        machine = Machine(json.loads(source.read_text(encoding="utf-8")))
        text = header(machine)
    except (json.JSONDecodeError, KeyError) as error:
        fail(f"not understood: {error!r}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
