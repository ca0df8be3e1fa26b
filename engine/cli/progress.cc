#include "engine/cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace daybook::cli {
namespace {
constexpr std::uint64_t kCells = 30;
}

Progress::Progress() : terminal_(isatty(STDERR_FILENO) == 1) {}
Progress::~Progress() { clear(); }

void Progress::show(std::string_view what, std::uint64_t done, std::uint64_t of) {
    if (!terminal_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + std::chrono::milliseconds(100);
    shown_ = true;
    std::string line = "\r\x1b[K" + std::string(what) + " ";
    if (of > 0) {
        const std::uint64_t full = std::min(kCells, done * kCells / of);  // rounded down
        line += "[" + std::string(full, '#') + std::string(kCells - full, '.') + "] ";
        line += std::to_string(done) + " of " + std::to_string(of);
    } else {
        line += std::to_string(done);
    }
    std::fputs(line.c_str(), stderr);
    std::fflush(stderr);
}

void Progress::clear() {
    if (!shown_) return;
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
    shown_ = false;
}

}  // namespace daybook::cli
