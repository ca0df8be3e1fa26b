"""Two publishers with the same identity: one that was thought dead comes back in mid-transaction, and two that fight."""

import random
import signal
import time

import harness
from harness import Head, KafkaTest, new_ledger

STOPPED_AT = ("begun", "produced", "flushed", "written", "committing")
FIGHT_SECONDS = 60 if harness.LONG else 15
STALL_SECONDS_MAX = 30  # of which several pass in handshakes on a machine that is busy


class Fenced(KafkaTest):
    def zombie(self, point):
        self.ledger = new_ledger()
        self.head = Head(self.dir / "head", 3000)
        older = self.child(point=f"{point}:2:stop:{random.randrange(1, 3000)}")
        older.wait_stopped()
        self.head.grow_to(4000)
        newer = self.child()
        newer.wait_next(4000)
        older.signal(signal.SIGCONT)
        older.wait_state("^fenced .")
        self.head.grow_to(5000)
        newer.wait_next(5000)
        # It leaves the field to the newer one, and watches.
        self.assertRegex(older.states[-1], "^fenced ")
        older.kill()
        newer.kill()
        counted = self.verify()
        held = counted["held"]
        if point != "committing":
            self.assertNotIn("1", held, "a record of the fenced publisher shows")
        elif "1" in held:  # it was stopped when its commit was with the broker already: that one, and nothing behind it
            self.assertEqual(held["1"][1] + 1, held["2"][0], held)
        self.assertEqual(list(held.values())[-1][1], 4999, held)
        # Each term's events end where its last cursor does: whole transactions, and nothing beside them.
        self.assertEqual(counted["behind_cursor"], 0)
        self.committed += "1" in held
        return counted["taken_back"]

    def test_what_was_thought_dead_comes_back(self):
        taken_back, self.committed = 0, 0
        for _ in range(10 if harness.LONG else 1):
            for point in STOPPED_AT:
                with self.subTest(point=point):
                    taken_back += self.zombie(point)
        print(f"{self.committed} commits were with the broker before their publisher was stopped", flush=True)
        self.assertGreater(taken_back, 0)

    def test_a_broker_that_is_away_hands_the_field_to_nobody(self):
        """Who was fenced waits for the other's silence, not for the brokers'."""
        broker = self.own_broker()
        self.head.grow_to(1000)
        older = self.child()
        older.wait_next(1000)
        newer = self.child()
        newer.wait_state("^publishing")
        self.head.grow_to(2000)  # the older one learns it when it publishes
        newer.wait_next(2000)
        older.wait_state("^fenced .")
        known = len(older.states)
        broker.kill()
        older.wait_state("cannot be (read|reached)", since=known)
        time.sleep(3)  # several looks long
        broker.start()
        self.head.grow_to(3000)
        newer.wait_next(3000)
        older.wait_next(3000)  # as it reads in the control topic
        self.assertEqual([state for state in older.states[known:] if not state.startswith("fenced ")], [])
        older.kill()
        newer.kill()
        self.verify()

    def test_two_that_fight(self):
        self.head.grow_to(100)
        both = [self.child(takeover=300, retry_max=300) for _ in range(2)]
        begin = time.monotonic()
        moved, reached, stopped = begin, 0, {}
        longest = 0.0
        while time.monotonic() < begin + FIGHT_SECONDS:
            now = time.monotonic()
            self.head.grow_to(self.head.value + 10)
            for child in both:
                if child.next > reached:
                    reached, moved = child.next, now
                if child in stopped and now > stopped[child]:
                    child.signal(signal.SIGCONT)
                    del stopped[child]
                elif child not in stopped and random.random() < 0.02:
                    child.signal(signal.SIGSTOP)
                    stopped[child] = now + random.random() * 2
            longest = max(longest, now - moved)
            time.sleep(0.02)  # the pace at which events come
        for child in stopped:
            child.signal(signal.SIGCONT)
        for child in both:
            child.wait_next(self.head.value)
            child.kill()
        counted = self.verify()
        print(f"fought for {FIGHT_SECONDS} s in {counted['terms']} terms; the longest standstill was {longest:.1f} s", flush=True)
        self.assertLess(longest, STALL_SECONDS_MAX)
        self.assertGreater(counted["terms"], 1)


if __name__ == "__main__":
    harness.main()
