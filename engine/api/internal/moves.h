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

// The moves of supplies that count, as known before a position, of all their postings within some interval. A
// correction takes one back by the contrary at the same valid time, which is no move; so of a posting that has none of
// its supply beside it nothing is asked.
Result<std::vector<projections::PostingRow>> supply_moves(const Asked& asked, const projections::Reading& reading,
                                                          const std::vector<projections::PostingRow>& postings,
                                                          Position known);

}  // namespace daybook::api
