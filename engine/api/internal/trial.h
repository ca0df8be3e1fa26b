// Verdicts of a trial balance: what the invariants come to at one (valid time, record time).
#pragma once

#include <vector>

#include "engine/api/internal/when.h"
#include "engine/custody/account.h"
#include "projections/rows.h"
#include "schemas/daybook/v1/view.pb.h"

namespace daybook::api {

// The accounts as the postings have them (by account), and what each piece's own chain says, held against each other.
// `pieces` false: only what the accounts say by themselves. Cost with `pieces`: every piece that was registered then,
// and the chains of those that have events behind (V, R).
Result<void> fill_verdicts(const Asked& asked, const When& when, const std::vector<projections::AccountRow>& accounts,
                           const std::vector<projections::SupplyRow>& supplies, bool pieces, v1::TrialAnswer& message);

}  // namespace daybook::api
