"""The broker killed, stopped and frozen in mid-commit; three brokers, of which one at a time is killed."""

import random
import signal
import time

import confluent_kafka.admin

import harness
from harness import KafkaTest, wait_until

ROUNDS = 10 if harness.LONG else 1


class Broken(KafkaTest):
    def go_on(self, child, events=2000):
        child.wait_next(child.next + events)

    def finish_with(self, child):
        self.head.grow_to(child.next + 1)
        child.pace = 0
        child.wait_next(self.head.value)
        child.kill()
        return self.verify()

    def test_one_broker_away_in_mid_commit(self):
        broker = self.own_broker()
        self.head.grow_to(100)
        child = self.child(pace=500, point="committing:2:tell", socket_timeout_ms=1000)
        for _ in range(ROUNDS):
            for how in (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP):
                with self.subTest(how=how.name):
                    self.go_on(child)
                    known = len(child.states)
                    child.wait_point()
                    if how == signal.SIGSTOP:
                        broker.signal(how)
                        time.sleep(2.5)  # longer than the client waits for an answer
                        broker.signal(signal.SIGCONT)
                        child.wait_state("^retrying", since=known)
                    else:
                        broker.kill() if how == signal.SIGKILL else broker.stop()
                        child.wait_state("^(retrying|connecting) .", since=known)
                        known = len(child.states)
                        broker.start()
                    child.wait_state("^publishing", since=known)
                    self.go_on(child)
        # A commit whose end nobody saw is never gone on from: each of these cost the producer its term.
        self.assertGreater(self.finish_with(child)["terms"], 3 * ROUNDS)

    def wait_all_in_step(self):
        """Until every partition has all of its three copies."""
        admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": self.bootstrap})

        def in_step():
            try:
                topics = admin.list_topics(timeout=5).topics.values()
            except confluent_kafka.KafkaException:
                return False
            return all(len(one.isrs) == 3 for topic in topics for one in topic.partitions.values())

        wait_until(in_step, "three copies of everything")

    def test_one_of_three_killed_at_a_time(self):
        members = self.own_cluster()
        self.head.grow_to(100)
        child = self.child(pace=500, point="committing:2:tell")
        self.go_on(child, 500)
        for number in range(3 * ROUNDS):
            member = members[number % 3] if number < 3 else random.choice(members)
            with self.subTest(killed=member.path.name):
                self.wait_all_in_step()
                child.wait_point()
                member.kill()
                try:
                    self.go_on(child)  # two are enough
                finally:
                    member.start()  # so that the next round is not judged by this one
        self.wait_all_in_step()
        self.acknowledged_by_two()
        self.finish_with(child)

    def acknowledged_by_two(self):
        """So that one that is killed takes nothing with it."""
        admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": self.bootstrap})
        Resource = confluent_kafka.admin.ConfigResource
        asked = admin.describe_configs([Resource(Resource.Type.TOPIC, f"daybook.{self.ledger}.{name}.v1")
                                        for name in ("events", "custody", "stock", "log", "control")])
        for settings in asked.values():
            self.assertEqual(settings.result(30)["min.insync.replicas"].value, "2")


if __name__ == "__main__":
    harness.main()
