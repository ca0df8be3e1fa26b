// Business days of a site.
#include "engine/api/internal/business_day.h"

namespace daybook::api {
namespace {

Result<std::string> days(const Asked& asked) {
    const auto site = parse_number<SiteId>(asked.question.path[1]);
    if (!site) return wrong("site", asked.question.path[1], "the number of a site");
    DAYBOOK_ASSIGN(auto page, asked.page());
    DAYBOOK_ASSIGN(When when, when_of(asked));
    v1::DayAnswer message;
    if (asked.param("at").empty() && page.cursor.empty()) {
        DAYBOOK_ASSIGN(when.at.valid, when.newest());
        DAYBOOK_ASSIGN(const auto found, when.reading.days(*site, when.at.known));
        DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
        for (const auto& row : found.rows) fill(row, *message.add_rows());
        return codec::to_json(message);
    }
    page.cursor = rest_of_cursor(asked);
    DAYBOOK_ASSIGN(const auto day, day_asked_for(asked, *site, when));
    DAYBOOK_ASSIGN(const auto found, when.reading.day(*site, day.from, page, when.at.known));
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    for (const auto& row : found.rows) fill(row, *message.add_entries());
    message.set_next(cursor_text(asked, when, found.next));
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {{"days/*", "at known_at rows cursor", days}};

}  // namespace

Family day_questions() { return kQuestions; }

}  // namespace daybook::api
