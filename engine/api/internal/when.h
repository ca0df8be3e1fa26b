// The (valid time, record time) of a question: valid_at, known_at and what they are where they are left out.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/api/internal/asked.h"
#include "engine/base/error.h"
#include "engine/base/time.h"
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

    // V, where the question gives none and asks for a day that goes on: as known at a given R, the newest valid time
    // that was known then, so that the answer is the same whenever it is asked for.
    [[nodiscard]] Result<Micros> end_of_open_day() const;

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

// Cursors of such answers. rest_of: that of the question's cursor, which when_of() has taken; "" where it has none.
std::string cursor_text(const Asked& asked, const When& when, const std::string& rest);
std::string rest_of_cursor(const Asked& asked);

// The first row of the page, where the rest is its number among the rows at that (V, R).
Result<std::size_t> row_of_cursor(const Asked& asked);
// The same of an answer that the read models page as long as they have not moved: "row/their cursor" or "row".
struct RowAndView {
    std::size_t row = 0;
    std::string view;
};
Result<RowAndView> row_and_view_of_cursor(const Asked& asked);

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
