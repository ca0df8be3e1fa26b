#!/usr/bin/env python3
"""Plants one violation at a time in a small clean tree, and asks that tidy finds exactly that."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import tidy  # noqa: E402

HEADER = "// What it is for.\n#pragma once\n"
# path, text, words of the one complaint expected
PLANTED = [
    ("engine/base/a.h", HEADER + '#include "engine/log/event_log.h"\n', "base may not use log"),
    ("engine/custody/a.h", HEADER + '#include "engine/codec/codec.h"\n', "custody may not use codec"),
    ("engine/custody/a.h", HEADER + '#include "engine/crypto/hash.h"\n', "custody may not use crypto"),
    ("engine/log/a.h", HEADER + '#include "engine/sequencer/engine.h"\n', "log may not use sequencer"),
    ("projections/a.h", HEADER + '#include "engine/stream/publisher.h"\n', "projections may not use stream"),
    ("engine/stream/a.h", HEADER + '#include "projections/runner.h"\n', "stream may not use projections"),
    ("engine/server/a.h", HEADER + '#include "engine/cli/main.h"\n', "server may not use cli"),
    ("engine/base/a.h", HEADER + '#include "schemas/state_machine.gen.h"\n', "base may not use schemas"),
    ("engine/cli/a.h", HEADER + '#include "tests/support/temp_dir.h"\n', "cli may not use tests"),
    ("engine/cli/a.h", HEADER + '#include "../log/event_log.h"\n', "start at the repository root"),
    ("engine/cli/a.h", HEADER + '#include "event_log.h"\n', "start at the repository root"),
    ("engine/sequencer/a.h", HEADER + "#include <rocksdb/db.h>\n", "it belongs to log and projections"),
    ("engine/sequencer/a.h", HEADER + "#include <librdkafka/rdkafka.h>\n", "it belongs to stream"),
    ("engine/stream/a.h", HEADER + "#include <boost/asio/io_context.hpp>\n", "it belongs to server"),
    ("engine/log/a.h", HEADER + '#include "schemas/daybook/v1/event.pb.h"\n', "it belongs to schemas and codec"),
    ("engine/log/a.h", HEADER + "#include <google/protobuf/message.h>\n", "it belongs to schemas and codec"),
    ("engine/log/a.h", HEADER + "#include <openssl/evp.h>\n", "it belongs to crypto"),
    ("engine/log/a.h", HEADER + "#include <gtest/gtest.h>\n", "it belongs to tests"),
    ("engine/custody/a.h", HEADER + "#include <unistd.h>\n", "custody is pure"),
    ("engine/ledger/a.h", HEADER + "#include <rocksdb/db.h>\n", "ledger is pure"),
    ("engine/log/a.h", HEADER + "#include <absl/strings/str_cat.h>\n", "has no owner"),
    ("engine/newroom/a.h", HEADER, "no module of the design"),
    ("engine/log/a.h", "#pragma once\n", "opens with what it is for"),
    ("engine/log/a.h", "// What it is for.\n", "no #pragma once"),
    ("engine/log/a.cc", "int a;\n", "named in no CMakeLists.txt"),
    ("engine/log/named.cc", "int a;\n" * 601, "601 lines, of at most 600"),
    ("tests/unit/named.cc", "int a;\n" * 901, "901 lines, of at most 900"),
    ("engine/log/named.cc", "int f(int a) {\n" + "    ++a;\n" * 80 + "    return a;\n}\n", "a function of 83 lines"),
    ("engine/log/named.cc", "struct S {\n    int f() const noexcept {\n" + "        a();\n" * 80 + "    }\n};\n",
     "a function of 82 lines"),
    ("engine/log/named.cc", "int a;  // " + "x" * 120 + "\n", "131 characters"),
    ("engine/log/named.cc", "int a; \n", "blanks at the end"),
    ("engine/log/named.cc", "int\ta;\n", "a tab"),
    ("engine/log/named.cc", "int a;", "no line break at the end"),
    ("engine/log/named.cc", "// TO" + "DO: later\n", "finish it"),
    ("engine/log/named.cc", "void f() { std::cout << 1; }\n", "a library does not print"),
    ("engine/log/named.cc", "auto t = std::chrono::system_clock::now();\n", "take a Clock"),
    ("engine/log/named.cc", "void f() { thread.detach(); }\n", "joins it"),
    ("engine/custody/named.cc", "double price;\n", "never floating point"),
    ("engine/log/named.cc", "task f() { co_return; }\n", "engine/server only"),
    ("engine/server/named.cc", "task f() { if (co_await g()) { h(); } }\n", "bind the awaited value"),
    ("engine/server/named.cc", "task f() { co_await g([x] { h(x); }); }\n", "name the lambda"),
    ("tests/unit/named.cc", "TEST(Thing, Does_this) {}\n", "an underscore"),
    ("tests/fuzz/CMakeLists.txt", "add_test(NAME x COMMAND y)\n", "it would never run"),
    ("README.md", "# One\n\n# Two\n", "exactly one title"),
    ("README.md", "# One\n\n[there](engine/nowhere.md)\n", "which is not there"),
    ("README.md", "# One\n\nsee /" + "work/x\n", "a path of one machine"),
]
# Things that look like violations and are none.
FINE = [
    ("engine/log/named.cc", "// A transaction is called TODAY, and std::cout is named in a comment only.\n"),
    ("engine/log/named.cc", 'auto s = "std::cout << co_await";\n'),
    ("engine/custody/a.h", HEADER + '#include "schemas/state_machine.gen.h"\n#include <tl/expected.hpp>\n'),
    ("engine/custody/a.h", HEADER + '#include <cstdint>\n#include <vector>\n#include "engine/ledger/leg.h"\n'),
    ("engine/log/a.h", HEADER + "#include <rocksdb/db.h>\n#include <sys/file.h>\n#include <unistd.h>\n"),
    ("engine/log/named.cc", "namespace a {\n" + "int f() { return 1; }\n" * 100 + "}\n"),
    ("engine/log/named.cc", "constexpr int kTable[] = {\n" + "    1,\n" * 100 + "};\n"),
    ("engine/log/named.cc", "constexpr int kBig = 1'000'000;\nint f() {\n    return 1;\n}\n"),
    ("tests/unit/named.cc", '#include "engine/cli/a.h"\n#include "schemas/daybook/v1/event.pb.h"\n'),
]


class TidyTest(unittest.TestCase):
    def complaints(self, path, text):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "CMakeLists.txt").write_text("add_library(x named.cc)\n", encoding="utf-8")
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            return list(tidy.violations(root))

    def test_finds_each_planted_violation(self):
        for path, text, words in PLANTED:
            with self.subTest(words=words, path=path):
                found = self.complaints(path, text)
                self.assertEqual(len(found), 1, found)
                self.assertIn(words, found[0])
                self.assertTrue(found[0].startswith(path + ":"))

    def test_lets_the_rest_pass(self):
        for path, text in FINE:
            with self.subTest(path=path, text=text):
                self.assertEqual(self.complaints(path, text), [])


if __name__ == "__main__":
    unittest.main()
