#include "engine/stream/internal/state_records.h"

#include <utility>

#include "engine/base/limits.h"
#include "engine/stream/partitioner.h"

namespace daybook::stream {

void StateRecords::fill(Topic topic, std::string_view key, Position position, Record& out) const {
    out.topic = topic;
    out.type = topic == Topic::kCustody ? "Custody" : "Stock";
    out.place.position = position - 1;
    out.key = key;
    out.partition = partition_of(out.key, partitions_);
}

void StateRecords::custody(const ItemId& item, PieceState& state, Position position, Record& out) const {
    fill(Topic::kCustody, item.text(), position, out);
    out.tombstone = state.gone;
    out.value.swap(state.value);
}

Result<void> StateRecords::add_stock(const StateReading& reading, std::string_view model, Records& out) {
    DAYBOOK_ASSIGN(auto rows, reading.stock(model, format_));
    if (known_.size() + rows.size() > limits::kStreamStockKnownMax) known_.clear();
    for (StockState& row : rows) {
        const auto [known, is_new] = known_.try_emplace(row.key, row.content);
        if (!is_new && std::exchange(known->second, row.content) == row.content) continue;
        Record& record = out.add();
        fill(Topic::kStock, row.key, reading.position(), record);
        record.tombstone = row.empty;
        record.value = std::move(row.value);
    }
    return {};
}

}  // namespace daybook::stream
