// What a count says of supplies: what there should have been of each when it was counted, and what there was (domain:
// 6.4). A move between the scan and the attestation changes neither.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/api/internal/asked.h"
#include "engine/api/internal/rules_at.h"
#include "engine/api/internal/scans.h"

namespace daybook::api {

// A supply in an account that a count expects, or has counted.
struct SupplyCounted {
    custody::SupplyKey key;
    std::string sku, unit;
    bool in_scope = false;  // the account is one of the count's
    std::int64_t at_cut = 0, expected = 0, expected_measure = 0;
    std::optional<std::int64_t> counted;
    std::int64_t counted_measure = 0;
    std::int64_t tolerance = 0;
    [[nodiscard]] std::int64_t difference() const { return counted ? *counted - expected : 0; }
    [[nodiscard]] bool is_different() const {
        return counted && in_scope && (difference() > tolerance || -difference() > tolerance);
    }
};

// How much of a supply there was in an account when it was scanned, as known before a position.
Result<custody::SupplyBalance> held_when_seen(const Asked& asked, const projections::Reading& reading,
                                              const custody::SupplyKey& key, const custody::ChainKey& scan,
                                              Position known);

// In order of accounts, then supplies. `end`: what ended the count; nullptr: it is open. `seen` is what read_scans()
// found, `rules` are RuleEvents::of_supplies(). What was recorded behind the end changes nothing. Cost: that of
// RuleEvents, and a look into the account for each scan.
Result<std::vector<SupplyCounted>> supplies_counted(const Asked& asked, const projections::Reading& reading,
                                                    const v1::Event& opening, const v1::Event* end,
                                                    const SuppliesSeen& seen, RuleEvents& rules);

// Whether one of the count's accounts is for supplies.
bool counts_supplies(const v1::Event& opening);

}  // namespace daybook::api
