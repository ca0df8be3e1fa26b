// What came to an account and went from it, as it counts at R, from postings of which corrections take some back.
#pragma once

#include <vector>

#include "engine/api/internal/when.h"

namespace daybook::api {

// What came and went: postings of one valid time that say nothing together are left out, as where a correction took
// back what another event had said. In order of time.
std::vector<projections::PostingRow> net(const std::vector<projections::PostingRow>& postings);

// The event that one of them is of: that which counts and moved the piece then, not the correction that told so again.
// `chain` is the piece's, at that valid time at least.
Position event_of(const projections::PostingRow& line, const custody::AccountId& account,
                  const projections::ChainRows& chain);

}  // namespace daybook::api
