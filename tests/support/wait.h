// Waiting on conditions, never for a time.
#pragma once

#include <chrono>
#include <thread>

namespace daybook::test {

// Asks `condition` every few milliseconds until it is true; false when the limit passes first.
template <class Condition>
bool wait_until(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(30)) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

}  // namespace daybook::test
