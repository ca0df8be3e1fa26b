#!/usr/bin/env python3
"""The rules of the repository that a program can check: tidy.py [root]. Prints each violation, ends with 1 if any.

Layers and walls first (engine/ARCHITECTURE.md gives the reasons), then size, names and leftovers. It reads text, not a
syntax tree: it is fast, it needs nothing but Python, and it errs on the side of letting something pass.
"""

import os
import pathlib
import re
import sys

# ---- Layers. A module may include itself and what is listed here; nothing may include bench or tests. ----

LAYERS = {
    "base": [],
    "crypto": ["base"],
    "ledger": ["base"],
    "schemas": [],
    "custody": ["base", "ledger"],
    "codec": ["base", "crypto", "ledger", "schemas", "custody"],
    "log": ["base", "crypto", "ledger", "schemas", "custody", "codec"],
    "sequencer": ["base", "crypto", "ledger", "schemas", "custody", "codec", "log"],
    "projections": ["base", "crypto", "ledger", "schemas", "custody", "codec", "log", "sequencer"],
    "stream": ["base", "crypto", "ledger", "schemas", "custody", "codec", "log", "sequencer"],
    "audit": ["base", "crypto", "ledger", "schemas", "custody", "codec", "log", "sequencer", "projections"],
    "api": ["base", "crypto", "ledger", "schemas", "custody", "codec", "log", "sequencer", "projections", "stream",
            "audit"],
    "server": ["base", "crypto", "ledger", "schemas", "custody", "codec", "log", "sequencer", "projections", "stream",
               "audit", "api"],
    "cli": ["base", "crypto", "ledger", "schemas", "custody", "codec", "log", "sequencer", "projections", "stream",
            "audit", "api", "server"],
    "bench": ["*"],
    "tests": ["*"],
}
# The state machine's tables are standard C++ and belong to custody's vocabulary.
STATE_MACHINE = "schemas/state_machine.gen.h"
PURE = ["ledger", "custody"]  # base and the standard library only

# ---- Walls. A third-party header stands in the modules named, in no public header of another; tests and bench may
# use any, a floor being the library itself. ----

WALLS = {
    "rocksdb/": ["log", "projections"],
    "librdkafka/": ["stream"],
    "boost/": ["server"],
    "google/protobuf/": ["schemas", "codec", "api"],
    # Generated messages: the engine speaks the domain's types, the program shows answers as they are sent.
    "schemas/daybook/": ["schemas", "codec", "api", "cli"],
    "openssl/": ["crypto"],
    "prometheus/": ["server"],
    "CLI/": ["cli"],
    "toml++/": ["cli"],
    "spdlog/": ["base", "server", "cli"],
    "fmt/": ["base", "server", "cli"],
    "xxhash.h": ["log"],
    "tl/expected.hpp": ["*"],
    "daybook/": ["*"],  # the installed header
    "benchmark/": [],
    "gtest/": [],
    "gmock/": [],
    "rapidcheck": [],
}
SYSTEM = ("sys/", "netinet/", "arpa/", "linux/")
# Headers of the operating system: wherever files, processes and terminals are met, and nowhere else.
SYSTEM_MODULES = ["base", "log", "sequencer", "projections", "stream", "server", "cli", "bench", "tests"]
STANDARD_C = re.compile(r"^c?(assert|ctype|errno|float|inttypes|limits|locale|math|setjmp|signal|stdarg|stddef|stdint|"
                        r"stdio|stdlib|string|time)(\.h)?$")

# ---- Sizes. ----

LINE_CHARS_MAX = 120
SOURCE_LINES_MAX = 600
TEST_LINES_MAX = 900
FUNCTION_LINES_MAX = 80
TEST_FUNCTION_LINES_MAX = 200  # a test may be a table of cases

# ---- Words that have no place: (pattern, where it is allowed, what to do instead). ----

BANNED = [
    (re.compile(r"\b(TODO|FIXME|XXX|HACK)\b"), [], "finish it, or open an issue"),
    (re.compile(r"\busing namespace std\b"), [], "write std::"),
    (re.compile(r"\bstd::(cout|cerr)\b|[^\w.>:]printf\("), ["cli", "bench", "tests"], "a library does not print"),
    (re.compile(r"\bsystem_clock::now\b"), ["base", "bench", "tests"], "take a Clock (engine/base/time.h)"),
    (re.compile(r"[^\w]s?rand\(\)"), [], "take a seed and a generator"),
    (re.compile(r"\.detach\(\)"), [], "a thread has an owner who joins it"),
    (re.compile(r"\bstd::random_device\b"), ["base", "log", "api", "cli", "tests", "bench"],
     "take the randomness as an argument"),
    (re.compile(r"\bco_(await|return|yield)\b"), ["server", "tests"], "coroutines live in engine/server only"),
    # GCC 12 miscompiles these two shapes.
    (re.compile(r"\b(if|while|switch)\s*\([^;]*\bco_await\b"), [], "bind the awaited value to a name first"),
    (re.compile(r"\bco_await\b.*\[[=&\w, ]+\]\s*(\(|\{|mutable)"), [], "name the lambda, then await"),
]
FLOATS = (re.compile(r"\b(double|float)\b"), ["ledger", "custody", "codec"])
ANY_FILE_BANNED = [(re.compile(r"(^|[\s\"'`(=])/(work|home|root)/\w"), "a path of one machine")]

SOURCE_DIRS = ("engine", "schemas", "projections", "bench", "tests")
SKIPPED_DIRS = {".git", "build", "daybook-data", "__pycache__", ".cache"}
TEXT_SUFFIXES = {".h", ".cc", ".md", ".txt", ".cmake", ".py", ".json", ".proto", ".xml", ".in", ".sh", ""}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
# What may stand between the last parenthesis and the body: const, noexcept, a trailing type, an initialiser's name.
AFTER_PARAMETERS = re.compile(r"[\w\s:<>,*&-]*")
NOT_A_FUNCTION = re.compile(r"^\s*(namespace|class|struct|enum|union|extern|if|for|while|switch|do|else|try|catch)\b")


class File:
    def __init__(self, root, path):
        self.path = path
        self.text = (root / path).read_text(encoding="utf-8", errors="replace")
        self.lines = self.text.split("\n")
        parts = path.parts
        self.cpp = path.suffix in (".h", ".cc")
        self.module = parts[1] if parts[0] == "engine" and len(parts) > 2 else parts[0]


def files_of(root):
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name not in SKIPPED_DIRS)
        for name in sorted(files):
            path = pathlib.Path(folder, name).relative_to(root)
            stored_data = not path.suffix and path.parts[:2] == ("tests", "golden")
            if path.suffix in TEXT_SUFFIXES and not stored_data and (root / path).is_file():
                yield File(root, path)


def module_of_include(path):
    parts = path.split("/")
    if parts[0] == "engine" and len(parts) > 2:
        return parts[1]
    return parts[0] if parts[0] in SOURCE_DIRS else None


def allowed(module, modules):
    return "*" in modules or module in modules


def check_own_include(file, path):
    module = module_of_include(path)
    if module is None or module == file.module:
        return None if module else f'"{path}": includes start at the repository root'
    if path == STATE_MACHINE:
        return None if file.module not in ("base", "crypto", "ledger") else f"{file.module} may not use {path}"
    if module in ("tests", "bench") or not allowed(module, LAYERS[file.module]):
        return f"{file.module} may not use {module} ({path})"
    return None


def check_foreign_include(file, path):
    wall = next((prefix for prefix in WALLS if path.startswith(prefix)), None)
    if wall:
        if file.module in ("tests", "bench") or allowed(file.module, WALLS[wall]):
            return None
        return f"{file.module} may not use {path}: it belongs to {' and '.join(WALLS[wall]) or 'tests and bench'}"
    if path.startswith(SYSTEM) or (path.endswith(".h") and not STANDARD_C.match(path) and "/" not in path):
        return None if file.module in SYSTEM_MODULES else f"{file.module} may not use the system header {path}"
    if "/" in path or path.endswith(".hpp"):
        return f"{path} has no owner: name one in tests/tidy/tidy.py"
    return None


def check_includes(file):
    if file.module not in LAYERS:
        yield 1, f"{file.module} is no module of the design"
        return
    for number, line in enumerate(file.lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, path = match.groups()
        problem = None
        if path.startswith("schemas/daybook/"):
            problem = check_foreign_include(file, path)
        elif quote == '"':
            problem = check_own_include(file, path)
        elif file.module in PURE and ("/" in path or path.endswith(".h")) and path != "tl/expected.hpp":
            problem = f"{file.module} is pure: base and the standard library only ({path})"
        else:
            problem = check_foreign_include(file, path)
        if problem:
            yield number, problem


def without_strings_and_comments(text):
    """The same text with comments, strings and characters blanked, line breaks kept."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)

    def blank(match):
        if match.group(0)[0] == "'" and match.start() > 0 and text[match.start() - 1].isdigit():
            return match.group(0)  # a digit separator
        return re.sub(r"[^\n]", " ", match.group(0))

    return pattern.sub(blank, text)


def functions(code):
    """(first line, lines) of every function body, a lambda in a function not counted apart."""
    stack, head_start, inside = [], 0, 0
    for at, char in enumerate(code):
        if char == "{":
            head = code[head_start:at]
            head = re.sub(r"^\s*#.*$", "", head, flags=re.M)
            _, parenthesis, rest = head.rpartition(")")
            is_function = (not inside and bool(parenthesis) and bool(AFTER_PARAMETERS.fullmatch(rest))
                           and not NOT_A_FUNCTION.match(head))
            stack.append((is_function, at))
            inside += is_function
        elif char == "}" and stack:
            is_function, start = stack.pop()
            if is_function:
                inside -= 1
                yield code.count("\n", 0, start) + 1, code.count("\n", start, at) + 1
        if char in "{};":
            head_start = at + 1


def check_size(file):
    limit = TEST_LINES_MAX if file.module == "tests" else SOURCE_LINES_MAX
    if len(file.lines) > limit + 1:
        yield limit, f"{len(file.lines) - 1} lines, of at most {limit}"
    limit = TEST_FUNCTION_LINES_MAX if file.module == "tests" else FUNCTION_LINES_MAX
    for first, count in functions(without_strings_and_comments(file.text)):
        if count > limit:
            yield first, f"a function of {count} lines, of at most {limit}"


def check_text(file):
    for number, line in enumerate(file.lines, 1):
        if line != line.rstrip() and file.path.suffix != ".md":
            yield number, "blanks at the end of the line"
        if "\t" in line:
            yield number, "a tab"
        if file.cpp and len(line) > LINE_CHARS_MAX:
            yield number, f"{len(line)} characters, of at most {LINE_CHARS_MAX}"
        for pattern, reason in ANY_FILE_BANNED:
            if pattern.search(line):
                yield number, reason
    if file.text and not file.text.endswith("\n"):
        yield len(file.lines), "no line break at the end"


def check_words(file):
    code = without_strings_and_comments(file.text).split("\n")
    for number, (line, stripped) in enumerate(zip(file.lines, code), 1):
        for pattern, modules, instead in BANNED:
            words = line if modules == [] and "TODO" in pattern.pattern else stripped
            if pattern.search(words) and not allowed(file.module, modules):
                yield number, f"{pattern.search(words).group(0).strip()}: {instead}"
        if FLOATS[0].search(stripped) and file.module in FLOATS[1]:
            yield number, "money, weights and carats are never floating point"
        test = re.match(r"\s*(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)\((\w+),\s*(\w+)", line)
        if test and "_" in test.group(1) + test.group(2):
            yield number, "an underscore in a test's name"


def check_header(file):
    if file.path.suffix != ".h":
        return
    if not file.text.startswith("//"):
        yield 1, "a header opens with what it is for"
    if not re.search(r"^#pragma once$", file.text, re.M):
        yield 1, "no #pragma once"


def check_built(root, file):
    """A source file that no CMakeLists.txt names is dead."""
    if file.path.suffix != ".cc":
        return
    for folder in file.path.parents:
        lists = root / folder / "CMakeLists.txt"
        if lists.is_file() and re.search(r"(?<![\w-])" + re.escape(file.path.name), lists.read_text(encoding="utf-8")):
            return
    yield 1, "named in no CMakeLists.txt"


def check_labels(file):
    """./check chooses by label: a test without one would never run. daybook_test gives one by itself."""
    if file.path.name == "CMakeLists.txt" and "add_test(" in file.text and "LABELS" not in file.text:
        yield 1, "add_test without LABELS: it would never run"


def check_markdown(root, file):
    if file.path.suffix != ".md":
        return
    text = re.sub(r"^```.*?^```", "", file.text, flags=re.M | re.S)
    if len(re.findall(r"^# ", text, re.M)) != 1:
        yield 1, "a document has exactly one title"
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in link and not (root / file.path.parent / link).exists():
            yield 1, f"a link to {link}, which is not there"


def violations(root):
    root = pathlib.Path(root)
    for file in files_of(root):
        found = list(check_text(file))
        if file.cpp and file.path.parts[0] in SOURCE_DIRS:
            found += check_includes(file)
            found += check_size(file)
            found += check_words(file)
            found += check_header(file)
            found += check_built(root, file)
        found += check_labels(file)
        found += check_markdown(root, file)
        for line, problem in found:
            yield f"{file.path}:{line}: {problem}"


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    found = list(violations(root))
    print("\n".join(found) if found else "tidy: nothing to say")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
