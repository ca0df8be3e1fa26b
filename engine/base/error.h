// Errors of the engine itself: damage, disk, limits, misuse. A command that the rules of custody refuse is not an
// Error but a custody::Refusal (engine/custody/refusal.h); both reach a client as an answer with a code.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace daybook {

// Numbers and names are stable: they reach answers, exit codes and logs.
enum class ErrorCode {
    kInvalid = 1,       // E_SCHEMA: malformed input, named with its place
    kNotFound = 2,      // E_NOT_FOUND: nothing of that name
    kOverloaded = 3,    // E_OVERLOADED: a bounded queue is full; nothing was done, try again
    kStopped = 4,       // E_STOPPED: the engine has stopped; the message carries the reason
    kTimeout = 5,       // E_TIMEOUT: a deadline passed; the outcome of a command is then unknown
    kCorrupt = 6,       // E_CORRUPT: stored bytes are not what was written; the message names the position
    kIo = 7,            // E_IO: the operating system refused a read or a write
    kDiskFull = 8,      // E_DISK_FULL: no space left
    kInUse = 9,         // E_IN_USE: another process holds the data directory
    kNewerFormat = 10,  // E_NEWER_FORMAT: written by a later version of Daybook
    kForeign = 11,      // E_FOREIGN: belongs to another ledger
    kNotWritable = 12,  // E_NOT_WRITABLE: permission refused
    kNoLedger = 13,     // E_NO_LEDGER: the directory holds no ledger
    kExists = 14,       // E_EXISTS: a ledger is there already
    kUnavailable = 15,  // E_UNAVAILABLE: an outside service cannot be reached (Kafka, a server)
    kInternal = 16,     // E_INTERNAL: a bug; never expected
};

// "E_CORRUPT" for kCorrupt, and so on.
std::string_view to_string(ErrorCode code);

struct Error {
    ErrorCode code = ErrorCode::kInternal;
    std::string message;  // one sentence for a person: what is wrong, where, and what would be right

    // The same error with the place where it was met put before the message.
    [[nodiscard]] Error in(std::string_view where) const { return {code, std::string(where) + ": " + message}; }
};

// A value or an Error. Expected failures are Results; bugs are DAYBOOK_ASSERT; Daybook itself throws nothing.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
public:
    using tl::expected<T, Error>::expected;
};

inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
    return tl::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace daybook

// Leaves the function with the error of `expr`, if it is one.
#define DAYBOOK_TRY(expr)                                                        \
    do {                                                                         \
        auto daybook_try = (expr);                                               \
        if (!daybook_try) return tl::unexpected(std::move(daybook_try).error()); \
    } while (false)

#define DAYBOOK_CONCAT_(a, b) a##b
#define DAYBOOK_CONCAT(a, b) DAYBOOK_CONCAT_(a, b)
// Declares or assigns `lhs` from the value of `expr`, or leaves with its error. Two statements: not for a bare `if`.
#define DAYBOOK_ASSIGN(lhs, expr)                                                           \
    auto DAYBOOK_CONCAT(daybook_value_, __LINE__) = (expr);                                 \
    if (!DAYBOOK_CONCAT(daybook_value_, __LINE__))                                          \
        return tl::unexpected(std::move(DAYBOOK_CONCAT(daybook_value_, __LINE__)).error()); \
    lhs = std::move(*DAYBOOK_CONCAT(daybook_value_, __LINE__))
