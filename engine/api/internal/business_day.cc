#include "engine/api/internal/business_day.h"

#include <limits>

namespace daybook::api {

Result<projections::DayRow> day_asked_for(const Asked& asked, SiteId site, When& when) {
    DAYBOOK_ASSIGN(Micros at, asked.time_param("at"));
    const bool later_page = !asked.param("cursor").empty();
    if (later_page) {
        at = when.at.valid;
    } else if (at == 0) {
        at = std::numeric_limits<Micros>::max();
    }
    DAYBOOK_ASSIGN(const auto days, when.reading.days(site, when.at.known));
    const auto day = day_at(days.rows, at);
    if (!day)
        return fail(ErrorCode::kNotFound, "at: no business day of site " + std::to_string(site) + " contains it");
    if (later_page) return *day;
    DAYBOOK_ASSIGN(when.at.valid, when.newest());
    if (day->to != 0) when.at.valid = day->to - 1;
    return *day;
}

}  // namespace daybook::api
