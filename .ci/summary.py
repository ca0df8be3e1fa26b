#!/usr/bin/env python3
"""Adds up ctest's JUnit files: summary.py a.xml b.xml ... prints "N passed, N failed, N skipped" and ends with 1 if
any failed or none ran. With --failures it lists what failed and what was skipped, and why, and ends with 0."""

import sys
import xml.etree.ElementTree


def cases(paths):
    for path in paths:
        yield from xml.etree.ElementTree.parse(path).getroot().iter("testcase")


def outcome(case):
    """A test that ctest could not run (its program is missing) has failed; only who says so himself is skipped."""
    skipped = case.find("skipped")
    if case.find("failure") is not None or case.get("status") == "fail":
        return "failed"
    if skipped is not None or case.get("status") in ("notrun", "disabled"):
        return "skipped" if skipped is not None and skipped.get("message", "").startswith("SKIP_") else "failed"
    return "passed"


def reason(case):
    """The last line that says something: a skipped GoogleTest prints its reason just before its mark."""
    output = (case.findtext("system-out") or "").strip().splitlines()
    lines = [line.strip() for line in output if line.strip() and not line.startswith(("[", "Note:", "Running"))]
    return lines[-1] if lines else (case.find("skipped").get("message", "") if case.find("skipped") is not None else "")


def main():
    listing = sys.argv[1] == "--failures"
    count = {"passed": 0, "failed": 0, "skipped": 0}
    for case in cases(sys.argv[2 if listing else 1:]):
        result = outcome(case)
        count[result] += 1
        if listing and result == "failed":
            print(f"    FAILED {case.get('name')}")
            print("\n".join("        " + line for line in (case.findtext("system-out") or "").splitlines()[-40:]))
        if listing and result == "skipped":
            print(f"    SKIPPED {case.get('name')}: {reason(case)}")
    if listing:
        return 0
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return 1 if count["failed"] or not count["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
