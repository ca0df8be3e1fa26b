// I10 for the lists that are answered about the past: which vaults were open, which counts there were, what a party or
// a person held, what a day's reconciliation expects; what was due is in due.h. Asked as known at some of the record
// times just before a correction was declared, and at some others; held against the events that counted then, and
// against each other.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "engine/audit/internal/findings.h"
#include "engine/audit/internal/scan.h"
#include "engine/audit/past.h"

namespace daybook::audit {

class Answers {
public:
    static constexpr std::size_t kTimesAsked = 16;  // record times at most, three of four before corrections

    Answers(const log::EventLog& log, const Gathered& gathered, Past& past, Findings& findings)
        : log_(log), gathered_(gathered), past_(past), findings_(findings) {}
    // Of events of [from, to).
    Result<void> choose(Position from, Position to);
    [[nodiscard]] const std::vector<Position>& times() const { return times_; }
    // `step` is called after each record time.
    Result<void> judge(const std::function<Result<void>()>& step);

private:
    using Rows = std::set<std::string>;

    [[nodiscard]] Result<std::vector<Position>> record_times(Position from, Position to, std::size_t most) const;
    void judge_at(Position newest, bool reconciled);
    // What is answered, which says that it is as known at newest_.
    template <class List>
    List checked(const std::string& what, const Result<List>& answer);
    void compare(const std::string& what, const Listed& told, const Rows& right);
    [[nodiscard]] bool counts(Position event) const;

    void judge_counts();
    void judge_counts_of(SiteId site);
    void judge_sessions();
    void judge_held(const std::string& by, const custody::AccountId& account,
                    const std::function<bool(Position opening)>& theirs, Position kept = kNoPosition);
    void judge_holders();
    void judge_reconciliation(SiteId site);

    const log::EventLog& log_;
    const Gathered& gathered_;
    Past& past_;
    Findings& findings_;
    std::vector<Position> times_;
    Position newest_ = 0;  // the last event that is known
};

}  // namespace daybook::audit
