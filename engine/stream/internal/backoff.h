// How long a publisher waits before it tries the same again: longer from try to try, up to a bound, and by chance not
// as long as another that failed at the same moment, so that they do not come back together. Pure: no clock, and the
// chance is given.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

namespace daybook::stream {

// 64 bits at random at each call.
using Chance = std::function<std::uint64_t()>;

// From half of it to all of it.
inline std::chrono::milliseconds jittered(std::chrono::milliseconds longest, const Chance& chance) {
    const auto half = static_cast<std::uint64_t>(longest.count() / 2);
    return longest - std::chrono::milliseconds(static_cast<std::int64_t>(chance() % (half + 1)));
}

// Threads: one.
class Backoff {
public:
    // From 1 ms on, and `longest` is not less than `first`.
    Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest, Chance chance)
        : first_(first), longest_(longest), chance_(std::move(chance)), next_(first) {}

    // Before the next try: `first`, then twice as long each time, up to `longest`; each with jitter.
    std::chrono::milliseconds next() {
        const auto wait = jittered(next_, chance_);
        next_ = next_ > longest_ / 2 ? longest_ : next_ * 2;
        return wait;
    }
    // After a success: what fails next is a new failure.
    void reset() { next_ = first_; }

private:
    const std::chrono::milliseconds first_;
    const std::chrono::milliseconds longest_;
    const Chance chance_;
    std::chrono::milliseconds next_;
};

}  // namespace daybook::stream
