"""What the attacks share: brokers, publishers to be killed, a head that grows, and the independent check afterwards."""

import json
import mmap
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid

KAFKA = pathlib.Path(__file__).resolve().parents[1]
BROKER = KAFKA / "broker"
CHILD = os.environ.get("DAYBOOK_PUBLISHER_CHILD")
LONG = os.environ.get("DAYBOOK_LONG") == "1"
FOR_EVER = 2**62
SKIPPED = 77  # what CMakeLists.txt calls SKIP_RETURN_CODE


def wait_until(condition, what, seconds=120):
    """Asks until it is true, and answers what it answered."""
    until = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > until:
            raise AssertionError(f"{what() if callable(what) else what}: not within {seconds} s")
        time.sleep(0.005)


def alive(pid):
    """False also for one that ended and whose parent has not asked yet."""
    try:
        return bool(pathlib.Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


class Broker:
    """A broker, or a member of a cluster, in its directory."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def _tool(self, *arguments):
        done = subprocess.run([BROKER, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            raise AssertionError(f"broker {' '.join(map(str, arguments))}: {done.stderr}")

    def start(self, *settings):
        self._tool("start", self.path, *settings)

    def cluster(self, *settings):
        self._tool("cluster", self.path, *settings)
        return [Broker(self.path / str(number)) for number in (1, 2, 3)]

    def stop(self):
        self._tool("stop", self.path)

    @property
    def bootstrap(self):
        return (self.path / "bootstrap").read_text(encoding="ascii").strip()

    @property
    def pid(self):
        return int((self.path / "pid").read_text(encoding="ascii"))

    def signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not alive(pid), "the broker ends")


class Head:
    """How many events there are, shared with every publisher."""

    def __init__(self, path, events):
        self.path = path
        path.write_bytes(struct.pack("=Q", events))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), 8)

    @property
    def value(self):
        return struct.unpack("=Q", self._shared[:8])[0]

    def grow_to(self, events):
        """At least to there, and to the end of the atomic batch: a ledger never ends within one, and its publisher waits for
        the rest of it."""
        if 30 < events % 100 < 35:  # made_events.h
            events += 35 - events % 100
        if events > self.value:
            self._shared[:8] = struct.pack("=Q", events)


class Child:
    """A publisher of made events in a process of its own (tests/kafka/publisher_child.cc)."""

    def __init__(self, bootstrap, ledger, head, until=FOR_EVER, pace=0, **options):
        self.head = head
        self.pace = pace  # events that are always waiting for it; 0: the head is grown by others
        self.next = -1
        self.states = []
        self.points = 0
        self.moves = 0
        self.repaired = 0
        arguments = [f"{name.replace('_', '.') if '_' in name and name not in OWN else name}={value}"
                     for name, value in options.items()]
        self.process = subprocess.Popen([CHILD, bootstrap, ledger, str(head.path), str(until), *arguments],
                                        stdout=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            word, _, rest = line.rstrip("\n").partition(" ")
            if word == "next":
                self.next = int(rest)
                self.moves += 1
                if self.pace:
                    self.head.grow_to(self.next + self.pace)
            elif word == "state":
                self.states.append(rest)
            elif word == "repaired":
                self.repaired = int(rest)
            elif word == "point":
                self.points += 1

    def wait_next(self, position, seconds=120):
        wait_until(lambda: self.next >= position or self.process.poll() is not None,
                   lambda: f"publishing up to {position}, at {self.next}, {self.states}", seconds)
        if self.next < position:
            raise AssertionError(f"the publisher ended with {self.process.returncode} at {self.next}: {self.states}")

    def wait_state(self, pattern, since=0, seconds=120):
        wait_until(lambda: any(re.search(pattern, state) for state in self.states[since:]) or
                   self.process.poll() is not None, lambda: f"state {pattern}, of {self.states}", seconds)
        if not any(re.search(pattern, state) for state in self.states[since:]):
            raise AssertionError(f"the publisher ended with {self.process.returncode}: {self.states}")

    def wait_point(self, seconds=120):
        """Until it is at its point once more."""
        seen = self.points
        wait_until(lambda: self.points > seen, lambda: f"the point is reached, {self.states}", seconds)

    def wait_stopped(self, seconds=120):
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat")
        wait_until(lambda: stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "T",
                   lambda: f"the publisher stops itself, {self.states}", seconds)

    def signal(self, number):
        self.process.send_signal(number)

    def wait_end(self, seconds=180):
        code = self.process.wait(timeout=seconds)
        self.reader.join()
        self.process.stdout.close()
        return code

    def kill(self):
        if self.process.returncode is None:
            self.process.kill()
        if self.reader.is_alive() or not self.process.stdout.closed:
            self.wait_end()


# Names of publisher_child's own; every other option is librdkafka's, with its points written as underscores.
OWN = ("takeover", "retry_max", "doubt", "transaction_timeout", "partitions", "replicas", "retention", "point")


def new_ledger():
    return str(uuid.UUID(int=(0x0190B5F07A3E7 << 76) | (0x8 << 60) | random.getrandbits(60) |
                         (random.getrandbits(12) << 64)))


def verify(bootstrap, ledger, positions, *mode, generation="1", state=None):
    """Reads everything with Java's client (Verify.java); what it counted. `state`: what custody and stock must end with,
    (topic, key) → value, None where a tombstone must be."""
    # It keeps the newest state of every piece and model, of which each fourth made event has one of its own.
    environment = {**({"DAYBOOK_JAVA_HEAP": "2g"} if positions > 200_000 else {}), **os.environ}
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        if state is not None:
            for (topic, key), value in state.items():
                file.write(json.dumps({"topic": topic, "key": key, "value": value}) + "\n")
            file.flush()
            mode = (*mode, f"state={file.name}")
        done = subprocess.run([BROKER, "java", "Verify", bootstrap, f"daybook.{ledger}", generation, str(positions), *mode],
                              capture_output=True, text=True, timeout=400, check=False, env=environment)
    if done.returncode != 0:
        raise AssertionError(f"Verify: {done.stdout}{done.stderr[-2000:]}")
    counted = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    print(f"verified {json.dumps(counted)}", flush=True)
    return counted


MADE_ITEMS = 50
FIRST_LONE = 1_000_000_000


def made_state(events):
    """The state of so many made events, from the numbers alone (tests/support/made_events.h and made_state.h say which)."""
    newest = {}
    for position in range(events):
        if position % 25 == 24:
            continue
        if position % 10 == 9:
            pieces = [(position + further) % MADE_ITEMS for further in (0, 1, 7)]
        else:
            pieces = [FIRST_LONE + position if position % 4 == 0 else position % MADE_ITEMS]
        newest.update((piece, position) for piece in pieces)
    state, stock = {}, {f"M-{number}": newest.get(number, 0) % 7 for number in range(5)}
    for piece, position in newest.items():
        gone = piece % 7 == 0 and position // MADE_ITEMS % 2 == 1
        value = {"piece": {"last_event": str(position), "version": position}}
        state["custody", f"00000001-0000-7000-8000-{piece:012x}"] = None if gone else value
        if piece >= FIRST_LONE:
            stock[f"L-{position}"] = 0 if gone else 1
    for model, count in stock.items():
        state["stock", f"{model}|1"] = {"available": count} if count else None
    return state


def ledger_state(book):
    """What the engine says of its own pieces and stock (`book`: program.Ledger)."""
    state = {}
    for topic in ("custody", "stock"):
        for line in book.run("stream", "snapshot", topic).stdout.decode().splitlines():
            value = json.loads(line)
            del value["as_of"]
            key = value["piece"]["item"] if topic == "custody" else f"{value.get('model', '')}|{value.get('site', 0)}"
            state[topic, key] = value
    return state


class KafkaTest(unittest.TestCase):
    """A ledger of its own on the broker that everybody shares, and a place for brokers of one's own."""

    def setUp(self):
        self.bootstrap = os.environ["DAYBOOK_KAFKA_BOOTSTRAP"]
        self.ledger = new_ledger()
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="daybook-test-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.head = Head(self.dir / "head", 0)

    def own_broker(self, *settings):
        broker = Broker(self.dir / "broker")
        self.addCleanup(broker.stop)
        broker.start(*settings)
        self.bootstrap = broker.bootstrap
        return broker

    def own_cluster(self, *settings):
        cluster = Broker(self.dir / "broker")
        self.addCleanup(cluster.stop)
        members = cluster.cluster(*settings)
        self.bootstrap = cluster.bootstrap
        return members

    def child(self, **options):
        child = Child(options.pop("bootstrap", self.bootstrap), self.ledger, self.head, **options)
        self.addCleanup(child.kill)
        return child

    def finish(self):
        """Publishes what is left, and has everything read."""
        last = self.child(until=self.head.value)
        self.assertEqual(last.wait_end(), 0, last.states)
        return self.verify()

    def verify(self, *mode):
        """Reads everything that publisher_child has published, custody and stock included."""
        return verify(self.bootstrap, self.ledger, self.head.value, *mode, state=made_state(self.head.value))


def main():
    if "DAYBOOK_KAFKA_BOOTSTRAP" not in os.environ:
        print("DAYBOOK_KAFKA_BOOTSTRAP names no broker: NOTHING WAS TESTED")
        sys.exit(1 if os.environ.get("CI") == "true" else SKIPPED)
    seed = int(os.environ.get("DAYBOOK_SEED") or random.SystemRandom().getrandbits(32))
    print(f"DAYBOOK_SEED={seed}", flush=True)
    random.seed(seed)
    # The shared broker is of the release that is the default; another one is started for this run.
    own = None
    if "DAYBOOK_KAFKA_VERSION" in os.environ:
        own = Broker(tempfile.mkdtemp(prefix="daybook-test-"))
        own.start()
        os.environ["DAYBOOK_KAFKA_BOOTSTRAP"] = own.bootstrap
    try:
        unittest.main(verbosity=2)
    finally:
        if own:
            own.stop()
            shutil.rmtree(own.path, ignore_errors=True)
