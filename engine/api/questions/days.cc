// Business days of a site.
#include "engine/api/internal/asked.h"

namespace daybook::api {
namespace {

Result<std::string> days(const Asked& asked) {
    const auto site = parse_number<SiteId>(asked.question.path[1]);
    if (!site) return wrong("site", asked.question.path[1], "the number of a site");
    DAYBOOK_ASSIGN(const Micros at, asked.time_param("at"));
    v1::DayAnswer message;
    if (at != 0) {
        DAYBOOK_ASSIGN(const auto page, asked.page());
        DAYBOOK_ASSIGN(const auto found, asked.views.day(*site, at, page));
        asked.as_of(found.position, message);
        return page_json(asked, message, found, [&](const auto& row) { fill(row, *message.add_entries()); });
    }
    DAYBOOK_ASSIGN(const auto found, asked.views.days(*site));
    asked.as_of(found.position, message);
    return page_json(asked, message, found, [&](const auto& row) { fill(row, *message.add_rows()); });
}

constexpr QuestionInfo kQuestions[] = {{"days/*", "at rows cursor", days}};

}  // namespace

Family day_questions() { return kQuestions; }

}  // namespace daybook::api
