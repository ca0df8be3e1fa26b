// The (valid time, record time) of a question: valid_at, known_at and what they are where they are left out.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "engine/api/internal/asked.h"
#include "engine/base/error.h"
#include "engine/base/time.h"
#include "projections/cursor.h"
#include "projections/views.h"
#include "schemas/daybook/v1/view.pb.h"

namespace daybook::api {

// Where the read models stand for an answer, and of which (V, R) it is.
struct When {
    projections::Reading reading;
    projections::AsKnown at;
    std::optional<Micros> known_at;  // as asked; nullopt: by position, or left out
    bool past = false;               // known_at was given: later events are no lag
    bool later_page = false;         // a cursor brought it
    Micros recorded = 0;             // when the newest event that is known was recorded

    // V, where the question takes none: the newest time that was known at R, so that the answer is the same whenever it
    // is asked for.
    [[nodiscard]] Result<Micros> newest() const;

    // Whether the read models, as they stand, tell all that was so then: nothing was recorded since, and nothing that
    // counts lies behind V.
    [[nodiscard]] Result<bool> is_now() const;

    // Fills in everything of as_of.
    Result<void> fill_as_of(const Asked& asked, v1::AsOf& out) const;
};

// True where the question names a time: else it is one about now.
bool asks_when(const Asked& asked);

// valid_at: a time; left out: the greatest of the clock and the newest valid time that is known and counts. known_at: a
// time or a position, within an atomic batch as before it; left out: what the read models reflect. A cursor of a page
// brings both: they need not be given again, and must be the same where they are. Waits until the read models reflect
// what is asked for.
Result<When> when_of(const Asked& asked);
// The same with another parameter in the place of known_at.
Result<When> when_of(const Asked& asked, const std::string& known_param);
// The same of a question that takes no valid time.
Result<When> when_known(const Asked& asked);

// Cursors of such answers. rest_of: that of the question's cursor, which when_of() has taken; "" where it has none.
std::string cursor_text(const Asked& asked, const When& when, const std::string& rest);
std::string rest_of_cursor(const Asked& asked);

// The first row of the page, where the rest is its number among the rows at that (V, R).
Result<std::size_t> row_of_cursor(const Asked& asked);

// A page of rows that go by projections::page_key(), of which the rest of the question's cursor is that of the row
// before it. The read models, where they still stand at (V, R), seek to it.
Result<projections::Page> page_by_key(const Asked& asked, const When& when);
// The same of rows that were made up at (V, R), all of them in any order: leaves the page. The page_key() of its last
// row, for a cursor; "" where there are no more.
template <class Row>
std::string cut_to_page(const Asked& asked, std::size_t rows_max, std::vector<Row>& rows) {
    const std::string before = rest_of_cursor(asked);
    std::vector<std::pair<std::string, std::size_t>> keys;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (std::string key = projections::page_key(rows[i]); key > before) keys.emplace_back(std::move(key), i);
    }
    std::sort(keys.begin(), keys.end());
    const bool more = keys.size() > rows_max;
    if (more) keys.resize(rows_max);
    std::vector<Row> page;
    for (const auto& [key, row] : keys) page.push_back(std::move(rows[row]));
    rows = std::move(page);
    return more ? keys.back().first : std::string();
}

// The pieces that accounts held at (V, R), one account after the other, until `add` has said rows_max times that it
// made a row. Answers the cursor of the next page, "" behind the last one: its rest is an account's path and, behind
// '!', that of the account's own page.
using AddHeld = std::function<Result<bool>(const ItemId& item, const custody::AccountId& account)>;
Result<std::string> each_held(const Asked& asked, const When& when, const std::vector<custody::AccountId>& accounts,
                              std::size_t rows_max, const AddHeld& add);

// [from, to) of the question; kInvalid where one is missing or they are no interval.
struct Interval {
    Micros from = 0, to = 0;
};
Result<Interval> interval_of(const Asked& asked);

// The business day that contains an instant, of a site's days.
std::optional<projections::DayRow> day_at(const std::vector<projections::DayRow>& days, Micros at);

void fill_evidence(const projections::HistoryRow& row, v1::EvidenceRow& out);
// With who was there, from the log.
Result<void> fill_witnessed(const Asked& asked, Position position, v1::EvidenceRow& out);
// The model of a piece at (V, R), of which the chain was read: by its registration, or the last amendment that counts.
Result<std::string> model_at(const Asked& asked, const projections::ChainRows& chain, Micros valid);
// Without evidence.
void fill_stay(const Asked& asked, const projections::StayRow& row, v1::StayRow& out);

}  // namespace daybook::api
