// The business day that a question is about.
#pragma once

#include "engine/api/internal/when.h"

namespace daybook::api {

// The site's day that holds the parameter `at`, as known at R; left out: the open one. `when.at.valid` becomes its last
// instant, or how far the open one has come; the cursor of a later page brings it. kNotFound where no day holds it.
Result<projections::DayRow> day_asked_for(const Asked& asked, SiteId site, When& when);

}  // namespace daybook::api
