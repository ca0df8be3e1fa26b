// I6 and I10 for accounts, day by day: what a DayClosed says that its accounts opened and closed with is what the
// events before it tell; and what the read models answer of an account at the ends of its site's business days is what
// the events told then, as known when the day was closed and as known now, so that opening + in - out = closing.
#pragma once

#include <optional>
#include <vector>

#include "engine/audit/internal/findings.h"
#include "engine/audit/internal/scan.h"
#include "projections/views.h"

namespace daybook::audit {

// One account at a time, its postings in the order of valid time.
class Statements {
public:
    // `answers` may be nullptr: then there is nothing to be asked.
    Statements(const Gathered& gathered, const projections::Reading* answers, Findings& findings)
        : gathered_(gathered), answers_(answers), findings_(findings) {}

    void begin(const custody::AccountId& account);
    void take(const Posting& posting);
    void take(const SupplyStep& step);  // all of one supply; effective ones and others
    // Asks, and compares.
    Result<void> end();
    Result<void> end_supply(SupplyId supply);

private:
    // Of pieces: how many, their insured value, the sum of their hashes. Of a supply: quantity and measure.
    struct Sums {
        std::int64_t count = 0, amount = 0;
        std::uint64_t mark = 0;
    };
    // The end of a day, and what the account held there.
    struct Cut {
        Micros end = 0;               // of valid time: what lies before it counts
        Position known = 0;           // when the day was closed …
        Position closed_by = kNoPosition;
        bool contents = false;        // its pieces are asked for, one by one
        Sums reported, now;           // … as known then, and as known now
    };
    // What a DayClosed says of the account, and what the events before it tell.
    struct Reported {
        bool said = false;
        std::int64_t opening = 0, came_in = 0, went_out = 0, closing = 0;
        std::optional<Hash> digest;
        std::int64_t opened = 0, closed = 0;  // while postings are taken: by how much more than the day before
    };
    template <class Take>
    Result<void> each_piece(const projections::AsKnown& at, Take&& take);
    void plan(SiteId site);
    void take_figure(const Posting& posting);
    void take_day(const Posting& posting);
    Result<void> judge_reported();
    Result<void> judge_reported(const Day& day, const Day* before, const Reported& reported);
    Result<void> judge(const Cut& cut, Position known, const Sums& told);
    Result<void> judge_flow(const Cut& opening, const Cut& closing, Position known);
    void violated(int invariant, const Cut& cut, Position known, const std::string& what);

    const Gathered& gathered_;
    const projections::Reading* answers_;
    Findings& findings_;
    custody::AccountId account_;
    std::vector<Day> days_;            // of its site, in order
    std::vector<Reported> reported_;   // of each; empty where the site reports nothing
    std::vector<Cut> cuts_;
    std::size_t ahead_ = 0;  // the first that lies behind the newest posting
    Sums now_;
};

}  // namespace daybook::audit
