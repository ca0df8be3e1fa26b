// Instants and the clock. Every instant is microseconds since 1970-01-01 UTC, leap seconds not counted.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace daybook {

// Microseconds since the epoch, UTC. Valid time and record time are both of this type and named where they meet.
using Micros = std::int64_t;
inline constexpr Micros kSecond = 1'000'000;
inline constexpr Micros kMinute = 60 * kSecond;
inline constexpr Micros kHour = 60 * kMinute;
inline constexpr Micros kDay = 24 * kHour;

// RFC 3339, UTC, with as many fraction digits as are needed (none, 3 or 6): "2026-03-02T09:30:00Z".
std::string format_time(Micros at);
// RFC 3339 with any offset, in UTC within the years 0000 to 9999; at most 6 fraction digits.
std::optional<Micros> parse_time(std::string_view text);

// Where the engine's record time comes from. Implementations may go back; the sequencer never does.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Micros now() const = 0;
};

// The machine's real-time clock. Lives for the whole program.
const Clock& system_clock();

// A point on the steady clock after which waiting ends.
using Deadline = std::chrono::steady_clock::time_point;
inline Deadline after(std::chrono::milliseconds wait) { return std::chrono::steady_clock::now() + wait; }

}  // namespace daybook
