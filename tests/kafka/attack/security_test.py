"""Publishing to a broker that asks who is there: TLS with an authority of the test's own, SASL PLAIN and SCRAM, the
password from a file or the environment, and never where somebody could read it."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest
import unittest.mock

import confluent_kafka

import harness
from harness import BROKER, Broker, wait_until

PROGRAM = os.environ["DAYBOOK_PROGRAM"]
PASSWORD = "a-Secret,that=nobody\"may read"
SCRAM_PASSWORD = "scram-secret"
USER = "daybook"
MODULE = "org.apache.kafka.common.security"


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


def make_certificates(directory):
    """ca.pem, and server.pem with key and certificate for 127.0.0.1."""
    ca, key = directory / "ca.pem", directory / "ca.key"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Daybook's test",
            "-keyout", key, "-out", ca)
    server, request = directory / "server.key", directory / "server.csr"
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout", server, "-out", request)
    extension = directory / "extension"
    extension.write_text("subjectAltName=IP:127.0.0.1\n", encoding="ascii")
    certificate = directory / "server.crt"
    openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", key, "-CAcreateserial", "-days", "2",
            "-extfile", extension, "-out", certificate)
    (directory / "server.pem").write_bytes(server.read_bytes() + certificate.read_bytes())


class Security(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="daybook-test-")
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.directory = pathlib.Path(cls.temporary.name)
        make_certificates(cls.directory)
        cls.secure = cls.start(cls.directory / "broker", cls.addClassCleanup)

    @classmethod
    def start(cls, path, clean_up):
        """A broker that knows one user, with a password for each mechanism. The address of its secure listener."""
        secure = "listener.name.secure."
        password = PASSWORD.replace('"', '\\\\"')  # once for the JAAS file, once for the properties
        broker = Broker(path)
        clean_up(broker.stop)
        broker.start(
            "secure=SASL_SSL", secure + "ssl.keystore.type=PEM",
            f"{secure}ssl.keystore.location={cls.directory / 'server.pem'}",
            secure + "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512",
            f'{secure}plain.sasl.jaas.config={MODULE}.plain.PlainLoginModule required user_{USER}="{password}";',
            f"{secure}scram-sha-512.sasl.jaas.config={MODULE}.scram.ScramLoginModule required;")
        subprocess.run(
            [BROKER, "java", "kafka.admin.ConfigCommand", "--bootstrap-server", broker.bootstrap, "--alter",
             "--entity-type", "users", "--entity-name", USER, "--add-config",
             f"SCRAM-SHA-512=[iterations=4096,password={SCRAM_PASSWORD}]"],
            check=True, capture_output=True, timeout=120)
        return (path / "secure").read_text(encoding="ascii").strip()

    def setUp(self):
        self.data = pathlib.Path(tempfile.mkdtemp(dir=self.directory))
        self.bootstrap = self.secure
        self.ledger = self.data / "ledger"
        self.daybook("init")
        self.server = None

    def tearDown(self):
        if self.server is not None:
            self.server.send_signal(signal.SIGTERM)
            self.assertEqual(self.server.wait(timeout=60), 0)

    def daybook(self, *arguments, feed=None):
        done = subprocess.run([PROGRAM, *arguments, "--data", self.ledger], input=feed, capture_output=True,
                              text=True, timeout=120, check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done.stdout

    def serve(self, mechanism, password, ca="ca.pem", environment=None):
        config = self.data / "daybook.toml"
        config.write_text(f"""
            [kafka]
            bootstrap = "{self.bootstrap}"
            partitions = 2
            [kafka.client]
            "security.protocol" = "SASL_SSL"
            "ssl.ca.location" = "{self.directory / ca}"
            "sasl.mechanism" = "{mechanism}"
            "sasl.username" = "{USER}"
            "sasl.password" = {password}
            """, encoding="utf-8")
        self.log = self.data / "serve.log"
        with self.log.open("wb") as log:
            self.server = subprocess.Popen([PROGRAM, "serve", "--data", self.ledger, "--config", config],
                                           stderr=log, env={**os.environ, **(environment or {})})
        wait_until((self.ledger / "serving.json").exists, self.log.read_text)

    def status(self):
        return json.loads(self.daybook("stream", "status", "--json"))["rows"][0]

    def publish(self):
        commands = self.daybook("simulate", "--sites", "1", "--items", "20", "--days", "1", "--start", "2026-03-02")
        self.daybook("submit", feed=commands)
        events = int(json.loads(self.daybook("status", "--json"))["events"])
        wait_until(lambda: int(self.status().get("next", 0)) == events, lambda: str(self.status()))
        self.assertTrue(json.loads(self.daybook("stream", "check", "--json"))["ok"])

    def expect_secret(self, secret):
        shown = (self.daybook("stream", "status"), self.daybook("stream", "status", "--json"), self.log.read_text(),
                 *(pathlib.Path(f"/proc/{self.server.pid}/cmdline").read_text().split("\0")))
        for text in shown:
            self.assertNotIn(secret, text)

    def test_plain_with_a_password_from_a_file(self):
        secret = self.data / "password"
        secret.write_text(PASSWORD + "\n", encoding="ascii")
        self.serve("PLAIN", f'{{file = "{secret}"}}')
        self.publish()
        self.expect_secret(PASSWORD)

    def serve_with_scram(self):
        self.serve("SCRAM-SHA-512", '{env = "DAYBOOK_TEST_PASSWORD"}',
                   environment={"DAYBOOK_TEST_PASSWORD": SCRAM_PASSWORD})

    def test_scram_with_a_password_from_the_environment(self):
        """Brokers from 4.0 on do not take it from librdkafka before 2.6.1, which Daybook then says."""
        if confluent_kafka.libversion()[1] < 0x02060100:
            self.serve_with_scram()
            wait_until(lambda: "2.6.1" in self.status().get("last_error", ""), lambda: str(self.status()))
            self.expect_secret(SCRAM_PASSWORD)
            self.tearDown()
            with unittest.mock.patch.dict(os.environ, DAYBOOK_KAFKA_VERSION="3.9.1"):
                self.bootstrap = self.start(self.data / "broker", self.addCleanup)
        self.serve_with_scram()
        self.publish()
        self.expect_secret(SCRAM_PASSWORD)

    def test_a_wrong_password_is_said_and_not_shown(self):
        self.serve("PLAIN", '"not-the-password"')
        wait_until(lambda: "uthentication" in self.status().get("last_error", ""), lambda: str(self.status()))
        self.assertNotIn("next", self.status())
        self.expect_secret("not-the-password")

    def test_a_broker_of_another_authority_is_not_spoken_to(self):
        other = pathlib.Path(tempfile.mkdtemp(dir=self.directory))
        make_certificates(other)
        self.serve("PLAIN", '"any"', ca=other.relative_to(self.directory) / "ca.pem")
        wait_until(lambda: "certificate" in self.status().get("last_error", ""), lambda: str(self.status()))

    def test_a_secret_that_is_not_there_is_an_error_at_once(self):
        for password, says in (('{file = "/nonexistent"}', "/nonexistent cannot be read"),
                               ('{env = "DAYBOOK_NO_SUCH"}', "no variable DAYBOOK_NO_SUCH"), ("[1]", "must be a text")):
            config = self.data / "daybook.toml"
            config.write_text(f'[kafka]\nbootstrap = "127.0.0.1:1"\n[kafka.client]\n"sasl.password" = {password}\n',
                              encoding="utf-8")
            done = subprocess.run([PROGRAM, "serve", "--data", self.ledger, "--config", config], capture_output=True,
                                  text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(says, done.stderr)


if __name__ == "__main__":
    harness.main()
