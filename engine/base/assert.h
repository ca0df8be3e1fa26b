// Assertions for bugs, on in every build: log one line and abort. Never for what a client or a disk may do.
#pragma once

namespace daybook {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}

#define DAYBOOK_ASSERT(expression) \
    ((expression) ? static_cast<void>(0) : ::daybook::assertion_failed(#expression, __FILE__, __LINE__))
#define DAYBOOK_UNREACHABLE() ::daybook::assertion_failed("unreachable", __FILE__, __LINE__)
