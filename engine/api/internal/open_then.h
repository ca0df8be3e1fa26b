// Obligations that are an event's own (of a count, a session of the vault, a difference about no piece) as they were
// open at (V, R). The read models keep one row of each, as it is now.
#pragma once

#include <vector>

#include "engine/api/internal/when.h"

namespace daybook::api {

// Whether obligations of the kind are of an event, and of no piece, and can be told anew by a correction.
[[nodiscard]] bool is_of_an_event(custody::ObligationKind kind);

// Those of `rows` that were open then, as they were; and those that corrections recorded since have told anew. In order
// of their ids. Cost: a read from the log for each event that was corrected since R.
Result<std::vector<projections::ObligationRow>> open_then(const Asked& asked, const When& when,
                                                          std::vector<projections::ObligationRow> rows);

}  // namespace daybook::api
