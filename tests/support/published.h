// What a ledger's publisher writes to `events`, `custody` and `stock`, without a broker: kept as a consumer keeps it,
// and held against the read models. Publishing goes on from where it was, as from transaction to transaction.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include <daybook/ledger.h>
#include "engine/api/stream_state.h"
#include "engine/log/event_log.h"
#include "engine/sequencer/sequencer.h"
#include "engine/stream/internal/pump.h"
#include "engine/stream/internal/state_records.h"
#include "projections/views.h"

namespace daybook::test {

class Published {
public:
    // From here on, as a new term does: nothing is remembered of what was written before.
    void begin(Ledger& ledger) {
        end();
        ledger_ = &ledger;
        source_ = stream::engine_source(ledger.event_log(), ledger.engine().feed());
        state_ = api::state_source(ledger.event_log(), ledger.views());
        stream::Floors floors{std::vector<std::optional<stream::RecordPlace>>(kPartitions), 0};
        pump_ = std::make_unique<stream::Pump>(
            *source_, state_.get(), stream::RecordMaker(ledger.id(), kPartitions, stream::ValueFormat::kJson), next_,
            std::move(floors));
        stock_records_ =
            std::make_unique<stream::StateRecords>(ledger.id(), kPartitions, stream::ValueFormat::kJson);
    }
    // Before the ledger is closed.
    void end() {
        pump_.reset();
        state_.reset();
        source_.reset();
    }
    // Up to the head.
    void catch_up() {
        while (next_ < ledger_->head()) {
            const auto piece = pump_->take(stream::Pump::When::kAny, soon());
            ASSERT_TRUE(piece) << piece.error().message;
            ASSERT_TRUE(*piece) << "nothing is published behind position " << next_;
            take((*piece)->records);
            const auto reading = state_->read((*piece)->next, soon());
            ASSERT_TRUE(reading) << reading.error().message;
            stream::Records stock;
            for (const std::string& model : (*piece)->models) {
                const auto added = stock_records_->add_stock(**reading, model, stock);
                ASSERT_TRUE(added) << added.error().message;
            }
            take(stock);
            next_ = (*piece)->next;
        }
    }
    // What the topics hold that the read models do not, or the other way round; empty: nothing. After catch_up().
    [[nodiscard]] std::string difference() const {
        const auto reading = state_->read(next_, soon());
        if (!reading || !*reading) return "the read models are behind";
        std::string said;
        Table custody;
        Table stock;
        stream::PieceState told;
        const auto look = [&](const ItemId& item, const stream::PieceState& piece) -> Result<void> {
            custody[item.text()] = content(piece.value);
            DAYBOOK_TRY((*reading)->piece(item, stream::ValueFormat::kJson, piece.last_event, told));
            const auto after = after_.find(item.text());
            const std::string found = after == after_.end() ? "nothing" : after->second;
            if (found == told.after) return {};
            said += "ce_after of " + item.text() + " is " + found + ", and not " + told.after + "\n";
            return {};
        };
        const auto pieces = (*reading)->all_pieces(stream::ValueFormat::kJson, look);
        const auto models =
            (*reading)->all_stock(stream::ValueFormat::kJson, [&](const stream::StockState& state) {
                stock[state.key] = content(state.value);
                return Result<void>();
            });
        if (!pieces || !models) return "the read models cannot be read";
        return said + compare("custody", custody_, custody) + compare("stock", stock_, stock);
    }

private:
    using Table = std::map<std::string, std::string>;  // key → value without as_of; "": a tombstone
    static constexpr std::uint32_t kPartitions = 3;

    static Deadline soon() { return after(std::chrono::seconds(30)); }
    static std::string content(const std::string& value) {
        return std::string(stream::state_content(value, stream::ValueFormat::kJson));
    }
    void take(const stream::Records& records) {
        for (const stream::Record& record : records) {
            if (record.topic == stream::Topic::kCustody) custody_[record.key] = content(record.value);
            if (record.topic == stream::Topic::kStock) stock_[record.key] = content(record.value);
            if (record.topic != stream::Topic::kEvents || record.after.empty()) continue;
            // "`item`, or else the key"
            const auto named = record.after.find(",\"item\":\"");
            const std::string key = named == std::string::npos ? record.key : record.after.substr(named + 9, 36);
            after_[key] = named == std::string::npos ? record.after : record.after.substr(0, named) + "}";
        }
    }
    static std::string compare(const std::string& topic, const Table& found, const Table& right) {
        std::string said;
        const auto value_of = [](const Table& table, const std::string& key) {
            const auto at = table.find(key);
            return at == table.end() ? std::string() : at->second;
        };
        const auto look = [&](const std::string& key) {
            if (value_of(found, key) == value_of(right, key)) return;
            said += topic + " has of " + key + " '" + value_of(found, key) + "', and not '" + value_of(right, key) +
                    "'\n";
        };
        for (const auto& [key, value] : right) look(key);
        for (const auto& [key, value] : found) {
            if (right.count(key) == 0) look(key);
        }
        return said;
    }

    Ledger* ledger_ = nullptr;
    std::unique_ptr<stream::Source> source_;
    std::unique_ptr<stream::StateSource> state_;
    std::unique_ptr<stream::Pump> pump_;
    std::unique_ptr<stream::StateRecords> stock_records_;
    Position next_ = 0;
    Table custody_, stock_, after_;
};

}  // namespace daybook::test
