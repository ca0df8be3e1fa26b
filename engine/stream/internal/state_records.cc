#include "engine/stream/internal/state_records.h"

#include <utility>

#include "engine/base/limits.h"
#include "engine/stream/partitioner.h"

namespace daybook::stream {

Record StateRecords::state_record(Topic topic, std::string key, Position position) const {
    Record record;
    record.topic = topic;
    record.type = topic == Topic::kCustody ? "Custody" : "Stock";
    record.place.position = position - 1;
    record.key = std::move(key);
    record.partition = partition_of(record.key, partitions_);
    return record;
}

Record StateRecords::custody(const ItemId& item, PieceState& state, Position position) const {
    Record record = state_record(Topic::kCustody, item.text(), position);
    record.tombstone = state.gone;
    record.value = std::move(state.value);
    return record;
}

Result<void> StateRecords::add_stock(const StateReading& reading, std::string_view model, std::vector<Record>& out) {
    DAYBOOK_ASSIGN(auto rows, reading.stock(model, format_));
    if (known_.size() + rows.size() > limits::kStreamStockKnownMax) known_.clear();
    for (StockState& row : rows) {
        const auto [known, is_new] = known_.try_emplace(row.key, row.content);
        if (!is_new && std::exchange(known->second, row.content) == row.content) continue;
        Record record = state_record(Topic::kStock, std::move(row.key), reading.position());
        record.tombstone = row.empty;
        record.value = std::move(row.value);
        out.push_back(std::move(record));
    }
    return {};
}

}  // namespace daybook::stream
