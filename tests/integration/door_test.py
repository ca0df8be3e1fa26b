#!/usr/bin/env python3
"""`daybook serve`: the HTTP door, the feed, and the program asking a server. Runs the examples of PROTOCOL.md."""

import http.client
import json
import re
import threading
import unittest

from program import SOURCE, Ledger, LedgerTest, code_of, expected_code, http_call, simulate


class DoorTest(LedgerTest):
    def setUp(self):
        super().setUp()
        self.ledger.run("init")
        self.lines = simulate(items=200, days=2)
        self.port = self.ledger.serve()

    def post(self, body):
        status, headers, text = http_call(self.port, "POST", "/v1/commands", body if isinstance(body, str) else json.dumps(body))
        return status, headers, json.loads(text)

    def get(self, target):
        status, _, text = http_call(self.port, "GET", target)
        return status, json.loads(text)

    def test_the_program_goes_through_the_server(self):
        answers = self.ledger.submit(self.lines)
        for line, answer in zip(self.lines, answers):
            self.assertEqual(code_of(answer), expected_code(line), line)
        stock = self.ledger.ask("stock")
        self.assertEqual(self.get("/v1/stock")[1]["rows"], stock["rows"])
        self.assertTrue(self.ledger.ask("verify")["ok"])
        self.assertTrue(self.ledger.ask("audit", "--from", "10")["ok"])
        digests = self.ledger.digests()
        self.ledger.run("rebuild")
        self.assertEqual(self.ledger.digests(), digests)
        exported = self.ledger.run("export").stdout
        code, seconds = self.ledger.stop()
        self.assertEqual(code, 0)
        self.assertLess(seconds, 5)
        self.assertEqual(self.ledger.digests(), digests)
        self.assertEqual(self.ledger.run("export").stdout, exported)

    def test_commands_over_http(self):
        status, _, answer = self.post(self.lines[0])
        self.assertEqual((status, int(answer["position"])), (200, 0))
        status, headers, answer = self.post(self.lines[0].replace("2026-03-02T05:00:00Z", "2026-03-02T05:00:01Z", 1))
        self.assertEqual((status, code_of(answer), answer["title"]), (409, "E_EVENT_ID_CONFLICT", "E_EVENT_ID_CONFLICT"))
        self.assertEqual(headers["Content-Type"], "application/problem+json")
        commands = [json.loads(line) for line in self.lines[1:200]]
        status, _, answer = self.post({"commands": commands})
        self.assertEqual((status, len(answer["answers"])), (200, len(commands)))
        self.assertEqual(self.get("/healthz"), (200, {"ok": True}))
        status, _, text = http_call(self.port, "GET", "/metrics")
        self.assertEqual(status, 200)
        self.assertRegex(text, r"daybook_log_events 200\b")

    def test_an_answer_waits_for_a_position(self):
        self.ledger.submit(self.lines[:50])
        status, answer = self.get("/v1/stock?at_least=49")
        self.assertEqual((status, int(answer["as_of"]["position"])), (200, 49))
        status, answer = self.get("/v1/stock?at_least=5000&wait_ms=50")
        self.assertEqual((status, code_of(answer)), (504, "E_TIMEOUT"))

    def test_the_feed_has_every_position_once(self):
        seen = []
        ready = threading.Event()

        def follow():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            connection.request("GET", "/v1/feed?from=0")
            response = connection.getresponse()
            ready.set()
            for line in response:
                if line.startswith(b"id: "):
                    seen.append(int(line[4:]))
                    if seen[-1] >= wanted - 1:
                        break
            connection.close()

        wanted = sum(1 for line in self.lines if not expected_code(line))
        reader = threading.Thread(target=follow)
        reader.start()
        ready.wait(60)
        self.ledger.submit(self.lines)
        reader.join(60)
        self.assertEqual(seen, list(range(wanted)))
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/v1/feed", headers={"Last-Event-ID": str(wanted - 3)})
        response = connection.getresponse()
        again = [int(line[4:]) for line in (response.readline() for _ in range(6)) if line.startswith(b"id: ")]
        self.assertEqual(again, [wanted - 2, wanted - 1])
        connection.close()
        self.assertEqual(self.ledger.stop()[0], 0)

    def test_bounds(self):
        status, _, text = http_call(self.port, "POST", "/v1/commands", "x" * (17 << 20))
        self.assertEqual((status, code_of(json.loads(text))), (413, "E_SCHEMA"))
        self.assertEqual(self.get("/healthz")[0], 200)

    def test_only_callers_on_this_machine(self):
        for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            connection.request("POST", "/v1/commands", body=self.lines[0], headers=headers)
            response = connection.getresponse()
            self.assertEqual((response.status, code_of(json.loads(response.read()))), (403, "E_NOT_AUTHORISED"))
            connection.close()
        self.assertEqual(self.get("/v1/status")[1].get("events", "0"), "0")

    def test_mistakes_are_named(self):
        for target, part in (("/v1/stock?sit=1", "sit"), ("/v1/stock?rows=10001", "rows"), ("/v1/stock?rows=0", "rows")):
            status, answer = self.get(target)
            self.assertEqual((status, code_of(answer)), (400, "E_SCHEMA"))
            self.assertIn(part, answer["error"]["message"])
        status, _, answer = self.post('{"atomic":true,"commands":[]}')
        self.assertEqual((status, code_of(answer)), (400, "E_SCHEMA"))

    def test_a_publisher_that_cannot_work_is_not_started(self):
        book = Ledger()
        self.addCleanup(book.remove)
        book.run("init")
        config = book.dir / "test.toml"
        somewhere = ("--kafka", "127.0.0.1:1")
        for arguments, text, named in (
                (("--kafka", ""), "", "--kafka"),
                ((*somewhere, "--prefix", "two words"), "", "'two words'"),
                ((*somewhere, "--generation", "2", "2"), "", "named twice"),
                ((*somewhere, "--value", "xml"), "", "'xml'"),
                (somewhere, "[kafka]\ngeneration = [1, 1]\n", "each once"),
                (somewhere, "[kafka]\nretention_days = -5\n", "retention_days is -5"),
                (somewhere, "[kafka]\ntopics = \"make\"\n", "kafka.topics"),
                (somewhere, "[kafka.client]\n\"bootstrap.servers\" = \"127.0.0.1:2\"\n", "bootstrap.servers")):
            config.write_text(text)
            done = book.run("serve", "--config", str(config), *arguments, check=False)
            self.assertNotEqual(done.returncode, 0, arguments)
            self.assertIn(named, done.stderr.decode(), arguments)

    def test_a_second_writer_is_refused_by_name(self):
        (self.ledger.dir / "serving.json").unlink()  # as if the holder did not serve
        done = self.ledger.run("submit", lines=self.lines[:1], check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"E_IN_USE", done.stderr)
        self.assertIn(str(self.ledger.server.pid).encode(), done.stderr)

    def test_every_example_of_the_protocol(self):
        page = (SOURCE / "engine/server/PROTOCOL.md").read_text(encoding="utf-8")
        examples = re.findall(r"```http\n(GET|POST) (\S+)\n(.*?)\n?\n(\d{3}) (.*?)\n```", page, re.DOTALL)
        self.assertGreaterEqual(len(examples), 6)
        self.ledger.submit(self.lines[:100])
        for method, target, body, status, part in examples:
            with self.subTest(target=target):
                got, _, text = http_call(self.port, method, target, body or None)
                self.assertEqual(got, int(status), text)
                self.assertIn(part, text)


if __name__ == "__main__":
    unittest.main()
