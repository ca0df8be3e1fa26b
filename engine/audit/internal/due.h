// I10 for what is due: at some moments (valid time, record time), which obligations are open, and for how many pieces
// each, by the events and by the answers.
//
// Pass 2 tells what is open on pieces; both sides go through sorted scratch files, so that memory does not grow with
// what is open. What differs first, by the event that opened it, is named.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "engine/audit/internal/findings.h"
#include "engine/audit/internal/piece.h"
#include "engine/audit/internal/scan.h"
#include "engine/audit/past.h"

namespace daybook::audit {

// As known at the event at `newest`, the last of its batch.
struct Moment {
    Position newest = 0;
    std::optional<Micros> valid;  // nullopt: the newest that is known
    bool now = false;             // all there is, as the read models keep it

    [[nodiscard]] bool knows(const Key& key) const { return key.seq <= newest && (!valid || key.at <= *valid); }
};

class Due {
public:
    Due(const log::EventLog& log, Gathered& gathered, Findings& findings, const Options& options)
        : log_(log), gathered_(gathered), findings_(findings),
          obligations_(options.scratch, options.memory_bytes / 4) {}

    // As known at each of the times, at the newest valid time and at one in the middle; and now.
    Result<void> choose(const std::vector<Position>& times);
    [[nodiscard]] const std::vector<Moment>& moments() const { return moments_; }
    // It is open on a piece.
    Result<void> add(std::size_t moment, const Open& open);
    // What belongs to no piece is added, what is answered is asked for, and both are compared. `step` is called after
    // each moment.
    Result<void> judge(Past& past, const std::function<Result<void>()>& step);

private:
    // For so many pieces an obligation is open, as is answered and as the events tell; one that is an event's own
    // counts as one piece.
    struct Owed {
        std::size_t moment = 0;
        Position opened_by = 0;
        custody::ObligationRef ref;
        custody::ObligationKind kind{};
        std::uint64_t told = 0, right = 0;

        [[nodiscard]] auto key() const { return std::tie(moment, opened_by, ref, kind); }
        friend bool operator<(const Owed& a, const Owed& b) { return a.key() < b.key(); }
    };
    // What became of a moment.
    struct Judged {
        bool asked = false, whole = false;
        std::uint64_t differing = 0;
        std::string first;
    };

    Result<void> add_counts(std::size_t moment);
    Result<void> add_sessions(std::size_t moment);
    Result<void> add_differences();
    Result<void> ask(std::size_t moment, Past& past);
    Result<void> add_right(std::size_t moment, Position opened_by, const ObligationId& id,
                           custody::ObligationKind kind);
    [[nodiscard]] bool counts(const Moment& moment, const Key& key) const;
    void compare(const Owed& owed);
    void report(std::size_t moment);
    [[nodiscard]] std::string what(const Moment& moment) const;

    const log::EventLog& log_;
    Gathered& gathered_;
    Findings& findings_;
    Sorter<Owed> obligations_;
    std::vector<Moment> moments_;
    std::vector<Judged> judged_;  // of each
    std::uint64_t pages_ = 0;     // that may be asked for still, of all obligations of the past
};

}  // namespace daybook::audit
