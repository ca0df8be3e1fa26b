// The records of `custody` and `stock`: what pieces and models are at one position, for those that events have touched.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/base/error.h"
#include "engine/stream/records.h"
#include "engine/stream/state_source.h"

namespace daybook::stream {

// Threads: one at a time.
class StateRecords {
public:
    StateRecords(LedgerId ledger, std::uint32_t partitions, ValueFormat format)
        : ledger_(ledger), partitions_(partitions), format_(format) {}

    // Of one piece, as a reading at the position has it. Takes its value.
    void custody(const ItemId& item, PieceState& state, Position position, Record& out) const;

    // Adds a record for each site of the model, but for those that are as they were when last added. What is added must
    // be committed, or this object be given up.
    Result<void> add_stock(const StateReading& reading, std::string_view model, Records& out);

private:
    void fill(Topic topic, std::string_view key, Position position, Record& out) const;

    const LedgerId ledger_;
    const std::uint32_t partitions_;
    const ValueFormat format_;
    // Key → content, of what was written; limits::kStreamStockKnownMax at most.
    std::unordered_map<std::string, std::uint64_t> known_;
};

}  // namespace daybook::stream
