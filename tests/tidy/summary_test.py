#!/usr/bin/env python3
"""The closing line of ./check: that it counts what passed, failed, was skipped, and what could not even be run."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SUMMARY = pathlib.Path(__file__).resolve().parents[2] / ".ci" / "summary.py"

PASSED = '<testcase name="a" status="run"><system-out>fine</system-out></testcase>'
FAILED = '<testcase name="b" status="fail"><failure message=""/><system-out>expected 1, was 2</system-out></testcase>'
TIMED_OUT = '<testcase name="c" status="fail"><failure message="Timeout"/></testcase>'
SKIPPED = ('<testcase name="d" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>'
           "<system-out>x_test.cc:3: Skipped\nno broker\n\n[  SKIPPED ] d (0 ms)</system-out></testcase>")
NOT_BUILT = '<testcase name="e" status="notrun"><skipped message="Unable to find executable: e"/></testcase>'


class SummaryTest(unittest.TestCase):
    def summary(self, *suites, listing=False):
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for number, cases in enumerate(suites):
                paths.append(str(pathlib.Path(folder, f"{number}.xml")))
                pathlib.Path(paths[-1]).write_text(f"<testsuite>{''.join(cases)}</testsuite>", encoding="utf-8")
            command = [sys.executable, str(SUMMARY)] + (["--failures"] if listing else []) + paths
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            return done.stdout, done.returncode

    def test_adds_up_over_all_runs(self):
        self.assertEqual(self.summary([PASSED, PASSED], [PASSED, SKIPPED]), ("3 passed, 0 failed, 1 skipped\n", 0))

    def test_a_failure_anywhere_is_a_failure(self):
        self.assertEqual(self.summary([FAILED], [PASSED]), ("1 passed, 1 failed, 0 skipped\n", 1))
        self.assertEqual(self.summary([TIMED_OUT, PASSED]), ("1 passed, 1 failed, 0 skipped\n", 1))

    def test_what_could_not_run_has_failed(self):
        self.assertEqual(self.summary([NOT_BUILT, PASSED]), ("1 passed, 1 failed, 0 skipped\n", 1))

    def test_nothing_at_all_is_a_failure(self):
        self.assertEqual(self.summary([]), ("0 passed, 0 failed, 0 skipped\n", 1))

    def test_lists_what_failed_and_why_something_was_skipped(self):
        text, code = self.summary([PASSED, FAILED, SKIPPED], listing=True)
        self.assertEqual(code, 0)
        self.assertIn("FAILED b", text)
        self.assertIn("expected 1, was 2", text)
        self.assertIn("SKIPPED d: no broker", text)


if __name__ == "__main__":
    unittest.main()
