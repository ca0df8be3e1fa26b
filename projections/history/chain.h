// The custody of a piece at (valid time, record time), told from its history.
//
// Each event of the piece says from which valid times on the piece is, or is no longer, in an account: the usual one by
// where it moved it, a late fact or a correction by the steps that custody::apply worked out (custody::Posting). At
// (V, R) the piece is where the steps up to V of the events known at R sum to 1. So the cost is that of reading the
// history once.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "projections/history/history.h"
#include "projections/rows.h"
#include "projections/store/store.h"

namespace daybook::projections {

// No stays: not registered then.
Result<ChainRows> read_chain(const ReadPoint& point, const ItemId& item, const AsKnown& at);
// Where it was; nullopt: nowhere, it was not registered.
Result<std::optional<StayRow>> stay_at(const ReadPoint& point, const ItemId& item, const AsKnown& at);
// How what is known at `is` of the valid times [from, to) differs from what was known at `was`. to: the last V + 1.
Result<std::vector<DifferenceRow>> read_differences(const ReadPoint& point, const ItemId& item, Micros from, Micros to,
                                                    Position was, Position is);

// What the event at `position`, which is in the piece's history, adds in valid time to what was told before it: for an
// event that re-tells the past.
Result<std::vector<std::pair<custody::AccountId, PostingRow>>> retold_postings(const ReadPoint& point,
                                                                                const ItemId& item, Position position);

}  // namespace daybook::projections
