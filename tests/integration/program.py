"""The program `daybook`, driven from outside: what the integration tests share."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

DAYBOOK = os.environ["DAYBOOK_PROGRAM"]
SOURCE = pathlib.Path(__file__).resolve().parents[2]
WRONG_ON_PURPOSE = "wrong on purpose: "
WAIT_SECONDS = 60


def simulate(sites=2, items=300, days=3, seed=1):
    """Commands as lines of JSON."""
    text = subprocess.run([DAYBOOK, "simulate", "--sites", str(sites), "--items", str(items), "--days", str(days),
                           "--seed", str(seed)], check=True, capture_output=True, text=True).stdout
    return text.splitlines()


def expected_code(line):
    """The code of the refusal that a simulated command must get; None where it must be accepted."""
    note = json.loads(line).get("note", "")
    return note[len(WRONG_ON_PURPOSE):] if note.startswith(WRONG_ON_PURPOSE) else None


def code_of(answer):
    return answer["error"]["code"] if "error" in answer else None


class Ledger:
    """A ledger in a directory of its own."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="daybook-test-"))
        self.server = None
        self.log = ""  # what the server wrote that was stopped last

    def remove(self):
        if self.server is not None:
            self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    def run(self, *arguments, lines=None, raw=None, check=True):
        """One call of the program. `lines` go to its standard input."""
        given = raw if raw is not None else "".join(line + "\n" for line in lines).encode() if lines is not None else b""
        done = subprocess.run([DAYBOOK, "--data", str(self.dir), *arguments], input=given, capture_output=True,
                              timeout=600, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"daybook {' '.join(arguments)}: {done.returncode}: {done.stderr.decode()}")
        return done

    def ask(self, *arguments):
        return json.loads(self.run(*arguments, "--json").stdout)

    def submit(self, lines=None, raw=None, extra=()):
        """The answers, one for each command."""
        done = self.run("submit", *extra, lines=lines, raw=raw, check=False)
        if done.returncode not in (0, 1):
            raise AssertionError(f"submit: {done.returncode}: {done.stderr.decode()}")
        answers = [json.loads(line) for line in done.stdout.decode().splitlines()]
        assert (done.returncode == 1) == any("error" in answer for answer in answers)
        return answers

    def digests(self):
        return {row["view"]: (row["digest"], row.get("rows"), row.get("position")) for row in self.ask("digest")["rows"]}

    # ---- Serving ----

    def serve(self, *arguments):
        self.server = subprocess.Popen([DAYBOOK, "--data", str(self.dir), "serve", *arguments], stderr=subprocess.PIPE)
        serving = self.dir / "serving.json"
        until = time.monotonic() + WAIT_SECONDS
        while not serving.exists():
            if self.server.poll() is not None:
                raise AssertionError(f"serve ended: {self.server.stderr.read().decode()}")
            if time.monotonic() > until:
                raise AssertionError("serve did not come up")
            time.sleep(0.02)
        return json.loads(serving.read_text())["port"]

    def stop(self):
        """SIGTERM; the exit code and the seconds it took."""
        begin = time.monotonic()
        self.server.send_signal(signal.SIGTERM)
        code = self.server.wait(timeout=WAIT_SECONDS)
        self.log = self.server.stderr.read().decode()
        self.server.stderr.close()
        self.server = None
        return code, time.monotonic() - begin

    def kill(self):
        self.server.kill()
        self.server.wait()
        self.server.stderr.close()
        self.server = None
        (self.dir / "serving.json").unlink(missing_ok=True)


def http_call(port, method, target, body=None, timeout=WAIT_SECONDS):
    """Status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    connection.request(method, target, body=body)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, dict(response.getheaders()), text


class LedgerTest(unittest.TestCase):
    def setUp(self):
        self.ledger = Ledger()
        self.addCleanup(self.ledger.remove)
