// The passes over what the others have left, each in an order of its own: accounts (I4, I6), limits (I16), supplies
// (I3).
#pragma once

#include "engine/audit/internal/findings.h"
#include "engine/audit/internal/scan.h"

namespace daybook::audit {

// What an account's legs sum up to is what its pieces say, after every event in valid time, and never below zero.
Result<void> judge_accounts(Sorter<Posting>& postings, Findings& findings);
// Each holder that an event fills is within its limit after it, or an override covers it.
Result<void> judge_limits(Sorter<Weighing>& weighings, const Rules& rules, Findings& findings);
// No SITE account ever owes a supply.
Result<void> judge_supplies(Gathered& gathered, Findings& findings);

}  // namespace daybook::audit
