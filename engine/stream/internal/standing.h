// How publishing stands, as a line for people, and when such a line is due. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "engine/base/time.h"
#include "engine/stream/publisher.h"

namespace daybook::stream {

// "publishing: 1234 events in Kafka, 56 behind (7.8 s), term 3; last error 2026-03-02T09:30:00Z: …"
std::string standing_text(const Status& status);

// Threads: one.
class Standing {
public:
    explicit Standing(std::chrono::milliseconds every) : every_(every) {}

    // Whether it is time to look at the status again.
    [[nodiscard]] bool due(Deadline now) const { return now >= next_; }
    // The line, where there is anything to tell: something is waiting, or it stands otherwise than when last told.
    std::optional<std::string> line(const Status& status, Deadline now);

private:
    const std::chrono::milliseconds every_;
    Deadline next_ = Deadline::min();
    std::optional<Status> told_;
};

}  // namespace daybook::stream
