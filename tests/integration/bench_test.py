"""Every workload of bench/run runs, and says what it must: figures that are numbers, and where they come from.

The sizes are so small that no figure is judged.
"""

import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = os.environ["DAYBOOK_BENCH_PROGRAMS"]
WORKLOADS = ["append", "append-ascending", "append-mixed", "single", "counts", "parse", "replay", "rebuild", "custody",
             "account-at", "chain", "late", "usual", "memory", "disk", "start"]


def run(*arguments, directory):
    return subprocess.run([sys.executable, str(SOURCE / "bench" / "run"), *arguments, "--tiny", "--programs", PROGRAMS,
                           "--dir", directory], capture_output=True, text=True, timeout=300, check=False)


class BenchTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="daybook-test-")
        self.addCleanup(self.directory.cleanup)

    def run_well(self, *arguments):
        done = run(*arguments, directory=self.directory.name)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(os.listdir(self.directory.name), [], "data was left behind")
        return done.stdout

    def test_one_object_a_workload(self):
        results = [json.loads(line) for line in self.run_well("all", "--json").splitlines()]
        names = [result["name"] for result in results]
        if "DAYBOOK_KAFKA_BOOTSTRAP" in os.environ or "stream" in names:
            self.assertEqual(names, [*WORKLOADS, "stream"])
        else:
            self.assertEqual(names, WORKLOADS)
        for result in results:
            with self.subTest(result["name"]):
                for key in ("rate", "floor", "ratio"):
                    self.assertIsInstance(result[key], (int, float), key)
                    self.assertTrue(math.isfinite(result[key]), key)
                self.assertGreater(result["floor"], 0)
                for key in ("unit", "floor_unit", "rounds", "settings", "commit", "date", "machine"):
                    self.assertTrue(result[key], key)
                if result["rounds"] > 1:
                    self.assertLessEqual(result["rate_min"], result["rate"])
                    self.assertLessEqual(result["rate"], result["rate_max"])

    def test_one_object_a_size(self):
        results = [json.loads(line) for line in self.run_well("scale", "--json").splitlines()]
        self.assertEqual([result["events"] for result in results], [1000, 3000])
        self.assertEqual(results[0]["rounds"], 5)

    def test_a_change_counts_when_it_is_more_than_noise(self):
        compare = str(SOURCE / "bench" / "compare")
        before, after = (pathlib.Path(self.directory.name) / name for name in ("before.json", "after.json"))

        def compared(*ratios):
            for path, ratio in zip((before, after), ratios):
                path.write_text(json.dumps({"name": "append", "ratio": ratio, "ratio_min": ratio - 0.01,
                                            "ratio_max": ratio + 0.01}) + "\n", encoding="utf-8")
            return subprocess.run([sys.executable, compare, str(before), str(after)], capture_output=True, text=True,
                                  timeout=60, check=False)

        worse = compared(0.6, 0.4)
        self.assertEqual(worse.returncode, 1, worse.stderr)
        self.assertIn("worse", worse.stdout)
        better = compared(0.4, 0.6)
        self.assertEqual(better.returncode, 0, better.stderr)
        self.assertIn("better", better.stdout)
        self.assertEqual(compared(0.6, 0.61).returncode, 0)  # below both thresholds
        self.assertEqual(compared(0.1, 0.085).returncode, 0)  # below the absolute one

    def test_people_see_the_machine_and_the_settings(self):
        text = self.run_well("disk")
        self.assertIn("cores", text)
        self.assertIn("--items 200", text)
        self.assertRegex(text, r"ratio  \d")

    def test_an_unknown_workload_is_named_as_such(self):
        done = run("nonsense", directory=self.directory.name)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nonsense", done.stderr)


if __name__ == "__main__":
    unittest.main()
