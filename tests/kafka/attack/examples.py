"""The examples of engine/stream/CONSUMERS.md, run: commands must answer, and what is shown of values must be in values."""

import json
import re
import shlex
import subprocess

import harness

DOCUMENT = harness.KAFKA.parents[1] / "engine" / "stream" / "CONSUMERS.md"


def blocks(text):
    """The indented blocks, each as one string."""
    found, block = [], []
    for line in text.split("\n") + [""]:
        if line.startswith("    "):
            block.append(line[4:])
        elif block:
            found.append("\n".join(block))
            block = []
    return found


def paths(value, prefix=""):
    """Every name in it, with the names above it."""
    if isinstance(value, dict):
        for name, under in value.items():
            yield f"{prefix}.{name}"
            yield from paths(under, f"{prefix}.{name}")
    elif isinstance(value, list):
        for under in value:
            yield from paths(under, prefix)


def shown(block):
    """The names in an example of JSON; "…" stands for anything."""
    return set(paths(json.loads(re.sub(r",\s*…|(?<=\{)…", "", block))))


def values(bootstrap, topic):
    text = subprocess.run(["kcat", "-b", bootstrap, "-C", "-e", "-q", "-t", topic, "-f", "%s\n"], check=True,
                          capture_output=True, text=True, timeout=120).stdout
    return [json.loads(line) for line in text.split("\n") if line.startswith("{")]


def pieces_after(bootstrap, topic):
    """What the header ce_after says, of each record that has it."""
    text = subprocess.run(["kcat", "-b", bootstrap, "-C", "-e", "-q", "-t", topic, "-f", "%h\n"], check=True,
                          capture_output=True, text=True, timeout=120).stdout
    return [json.JSONDecoder().raw_decode(line.partition("ce_after=")[2])[0] for line in text.split("\n")
            if "ce_after=" in line]


def run(test, bootstrap, ledger):
    present = set()
    for topic in ("events", "custody", "stock", "control"):
        for value in values(bootstrap, f"daybook.{ledger}.{topic}.v1"):
            present |= set(paths(value))
    for value in pieces_after(bootstrap, f"daybook.{ledger}.events.v1"):
        present |= set(paths(value))
    commands = examples = 0
    for block in blocks(DOCUMENT.read_text(encoding="utf-8")):
        if block.startswith("kcat "):
            command = block.replace("localhost:9092", bootstrap).replace("<ledger>", ledger).replace("\\\n", " ")
            done = subprocess.run([*shlex.split(command), "-e", "-c", "10"], capture_output=True, text=True, timeout=120,
                                  check=False)
            test.assertEqual(done.returncode, 0, f"{command}: {done.stderr}")
            test.assertIn(ledger, done.stdout, command)
            commands += 1
        elif block.startswith("{"):
            test.assertEqual(shown(block) - present, set(), f"no record has what is shown in {block}")
            examples += 1
        else:
            test.fail(f"an example that nobody runs: {block}")
    test.assertGreater(commands, 0)
    test.assertGreater(examples, 1)
