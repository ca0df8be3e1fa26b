"""Publishers killed with signal 9, at named points of a transaction and at any moment, one after the other on one ledger."""

import random
import signal
import time

import harness
from harness import KafkaTest

POINTS = ("begun", "produced", "flushed", "written", "committing", "committed", "next")
ROUNDS = 100 if harness.LONG else 10


class Killed(KafkaTest):
    def at_a_point(self, point, transaction):
        after = random.randrange(1, 20_000) if point == "committing" else 0
        child = self.child(pace=self.pace(), point=f"{point}:{transaction}:kill:{after}")
        self.assertEqual(child.wait_end(), -signal.SIGKILL, child.states)

    def at_any_moment(self):
        child = self.child(pace=self.pace())
        if random.random() < 0.7:  # the others die in the handshake, mostly
            child.wait_next(0)
        time.sleep(random.random() ** 2)  # not waiting for anything: this is the attack
        child.kill()

    def pace(self):
        """How many events wait at a time: transactions of a few records, and of thousands."""
        return random.choice((5, 300, 3000))

    def test_killed_and_started_again(self):
        self.head.grow_to(2000)
        for number in range(ROUNDS):
            if number < len(POINTS):
                self.at_a_point(POINTS[number], 2)
            elif number % 2:
                self.at_any_moment()
            else:
                point = random.choice(POINTS)
                # The claim of a term, which is the first, has no events, and so but one flush.
                self.at_a_point(point, random.randrange(2 if point in ("produced", "written") else 1, 6))
        counted = self.finish()
        # A process that dies tears nothing: its events end where its last cursor does.
        self.assertEqual(counted["behind_cursor"], 0)
        # The attack had something to hide: records of transactions that were never committed.
        self.assertGreater(counted["taken_back"], 0)


if __name__ == "__main__":
    harness.main()
