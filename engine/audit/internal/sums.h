// The passes over what the others have left, each in an order of its own: accounts (I4, I6, I10), limits (I8, I16),
// supplies (I3, I6).
#pragma once

#include <functional>

#include "engine/audit/internal/findings.h"
#include "engine/audit/internal/scan.h"
#include "projections/views.h"

namespace daybook::audit {

// What an account's legs sum up to is what its pieces say, after every event in valid time, and never below zero; and
// the read models (nullptr: there are none) answer the same. `step` is called before each posting.
Result<void> judge_accounts(Gathered& gathered, const projections::Reading* answers, Findings& findings,
                            const std::function<Result<void>()>& step);
// Each holder that an event fills is within its limit after it, or an override covers it.
Result<void> judge_limits(Sorter<Weighing>& weighings, const Rules& rules, Findings& findings);
// No SITE account ever owes a supply; and the read models answer what it has.
Result<void> judge_supplies(Gathered& gathered, const projections::Reading* answers, Findings& findings);

}  // namespace daybook::audit
