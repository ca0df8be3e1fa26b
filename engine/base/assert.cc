#include "engine/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace daybook {

void assertion_failed(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "daybook: assertion failed: %s (%s:%d)\n", expression, file, line);
    std::fflush(stderr);
    std::abort();
}

}  // namespace daybook
