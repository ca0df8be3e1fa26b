// The days view: what was sold, credited, received and dispatched, by site and business day.
#pragma once

#include <string>

#include "engine/base/error.h"
#include "projections/glossary.h"
#include "projections/rows.h"
#include "projections/store/store.h"

namespace daybook::projections {

class DaysFold {
public:
    void fold(const Step& step, Store& store);

private:
    std::string site_, suffix_, value_;
};

// The site's business days as known before a position, the oldest first; the last one is open.
Result<Rows<DayRow>> read_days(const ReadPoint& point, SiteId site, Position known);
// The entries of the day that contains an instant, by valid time: those that count, as known before a position
// (kNoPosition: as the first page knew).
Result<Rows<DayEntryRow>> read_day(const ReadPoint& point, SiteId site, Micros at, const Page& page, Position known);

}  // namespace daybook::projections
