// What a count saw: its opening and its scans, found by its id.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "engine/api/internal/asked.h"
#include "engine/base/error.h"
#include "engine/custody/chain.h"
#include "engine/custody/state.h"
#include "projections/rows.h"

namespace daybook::api {

// The pieces that were seen in each account of a count, and the valid time of its cut.
struct Seen {
    std::string count;
    Micros cut_at = 0;
    std::set<std::string> items;
};
using SeenByAccount = std::map<std::string, Seen>;

// How much of a supply was counted in an account, also in one that is not of the count: by the scan with the last key,
// of which the lines add up.
struct SupplySeen {
    custody::ChainKey key;
    std::int64_t quantity = 0, measure = 0;
};
using SuppliesSeen = std::map<custody::SupplyKey, SupplySeen>;

// The opening of a count that counts, as known before a position: a correction may have told it anew since. nullopt:
// there was none.
Result<std::optional<v1::Event>> opening_at(const Asked& asked, const projections::Reading& reading,
                                            const std::string& count, Position known);

// Adds the accounts of a count and what was seen in them, as known before a position, by the events before `end`: that
// of its end, where it has one. Cost: a read from the log for each of its scans.
Result<void> read_scans(const Asked& asked, const projections::Reading& reading, const v1::Event& opening, Position end,
                        Position known, SeenByAccount& accounts, SuppliesSeen* supplies = nullptr);

// Whether a count, of which the opening is given and where it was attested, is to be made again in one of its accounts
// at least.
Result<bool> is_to_be_rechecked(const projections::Reading& reading, const v1::Event& opening, Position attested,
                                Position known);
// The same of one account of a count that is named by its text; false where it is not one of the account's.
Result<bool> is_to_be_rechecked(const projections::Reading& reading, const custody::AccountId& account,
                                const std::string& count, Position known);

inline Micros time_of(const google::protobuf::Timestamp& at) { return at.seconds() * kSecond + at.nanos() / 1000; }

}  // namespace daybook::api
