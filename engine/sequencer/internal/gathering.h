// Whether the open group waits a moment for commands that are about to come.
//
// Clients that wait for an answer send their next command right after it. If the group is handed over as soon as the
// first of them is back, the others wait for the whole of its sync and then for their own: two syncs an answer, and
// half of the clients in each. So after a group is written, the next one waits until as many submissions are there as
// were answered or waiting, for at most half of what a sync has taken of late. Whether that pays is measured each time:
// what the newcomers save, a sync each, against what those that were there have lost. Where it does not, as with
// clients that do not come back, it is tried again after 2, 4, … 64 groups only. A group with many events never waits:
// its sync is shared by enough. See engine/adr/0033.
//
// Pure: it is told the time. For one thread at a time (the sequencer's mutex).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>

namespace daybook::sequencer {

class Gathering {
public:
    using Time = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::steady_clock::duration;

    static constexpr std::size_t kEventsMax = 256;           // with so many events it does not wait …
    static constexpr std::chrono::milliseconds kWaitMax{2};  // … and never longer than this

    // A group was written, which took so long, and its submissions were answered; so many others wait already.
    void written(std::size_t answered, std::size_t others, Duration took) {
        expected_next_ = answered + others;
        sync_ = sync_ == Duration::zero() ? took : (7 * sync_ + took) / 8;
        fresh_ = true;
    }

    // How many submissions the open group waits for; 0: it does not wait.
    [[nodiscard]] std::size_t expected() const { return expected_; }

    // The writer is free and the open group holds so much: until when it should wait for more; nullopt: no longer.
    std::optional<Time> wait_until(std::size_t submissions, std::size_t events, Time now) {
        if (fresh_) begin(submissions, now);
        if (expected_ == 0) return std::nullopt;
        const Time until = since_ + std::min<Duration>(sync_ / 2, kWaitMax);
        if (submissions < expected_ && events < kEventsMax && now < until) return until;
        learn(submissions, now);
        expected_ = 0;
        return std::nullopt;
    }

private:
    void begin(std::size_t submissions, Time now) {
        fresh_ = false;
        since_ = now;
        present_ = submissions;
        expected_ = expected_next_;
        if (skip_ > 0) {
            --skip_;
            expected_ = 0;
        }
    }
    void learn(std::size_t submissions, Time now) {
        const Duration lost = static_cast<Duration::rep>(present_) * (now - since_);
        const Duration saved = static_cast<Duration::rep>(submissions - present_) * sync_;
        if (saved >= lost) {
            misses_ = 0;
        } else {
            misses_ = std::min(misses_ + 1, kMissesMax);
            skip_ = std::size_t{1} << misses_;
        }
    }

    static constexpr unsigned kMissesMax = 6;

    Duration sync_{};            // of late
    std::size_t expected_next_ = 0;  // once the group that was written last has been answered
    bool fresh_ = false;         // that was told, and the open group was not looked at since
    Time since_{};               // when the open group began to wait …
    std::size_t present_ = 0;    // … with so many submissions …
    std::size_t expected_ = 0;   // … for so many; 0: it does not
    unsigned misses_ = 0;        // waits that did not pay, one after the other
    std::size_t skip_ = 0;       // groups that will not wait
};

}  // namespace daybook::sequencer
