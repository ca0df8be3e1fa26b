// What the read models hold as a whole: one digest a view, and the first difference between two foldings of one log.
#pragma once

#include <vector>

#include "engine/base/error.h"
#include "projections/rows.h"
#include "projections/store/store.h"
#include "projections/views.h"

namespace daybook::projections {

Result<std::vector<Digest>> digest_views(const ReadPoint& point, const Progress& progress);

// Row by row; both stand at the same position.
Result<std::vector<ViewCheck>> compare_views(const ReadPoint& present, const ReadPoint& folded);

}  // namespace daybook::projections
