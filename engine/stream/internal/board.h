// What the publisher's threads tell the rest of the world. Shared: a term that hangs may outlive its publisher.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "engine/base/time.h"
#include "engine/stream/publisher.h"

namespace daybook::stream {

class Board {
public:
    explicit Board(const Clock& clock, decltype(Options::say) say) : clock_(clock), say_(std::move(say)) {}

    [[nodiscard]] Status read() const {
        const std::lock_guard lock(mutex_);
        return status_;
    }
    // Changes the status under the lock.
    template <class Change>
    void write(Change change) {
        {
            const std::lock_guard lock(mutex_);
            change(status_);
        }
        changed_.notify_all();
    }
    void write_error(State state, const std::string& reason) {
        write([&](Status& status) {
            status.state = state;
            status.last_error = reason;
            status.last_error_at = clock_.now();
        });
    }
    [[nodiscard]] bool wait_published(Position position, Deadline deadline) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_until(lock, deadline, [&] { return status_.next && *status_.next >= position; });
    }
    void say(Options::Severity severity, std::string_view text) const {
        const std::lock_guard lock(saying_);
        if (say_) say_(severity, text);
    }

private:
    const Clock& clock_;
    const decltype(Options::say) say_;
    mutable std::mutex saying_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    Status status_;
};

}  // namespace daybook::stream
