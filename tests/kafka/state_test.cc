// The compacted topics and the log, on a real broker: what is left of them after whatever happened on the way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "engine/codec/stream_codec.h"
#include "engine/stream/partitioner.h"
#include "engine/stream/publisher.h"
#include "tests/kafka/committed.h"
#include "tests/kafka/kafka_test.h"
#include "tests/support/made_state.h"

namespace daybook::stream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class StateTest : public KafkaTest {
protected:
    // key → value of the newest record; "" for a tombstone. No record goes back behind the one before it.
    std::map<std::string, std::string> newest(Topic topic) const {
        std::map<std::string, std::string> values;
        std::map<std::string, std::string> as_of;
        for (const auto& record : test::read_committed(bootstrap_, topics().name(topic), kPartitions)) {
            EXPECT_EQ(static_cast<std::uint32_t>(record.partition), partition_of(record.key, kPartitions));
            EXPECT_LE(as_of[record.key], record.headers.at("ce_sequence")) << record.key;
            as_of[record.key] = record.headers.at("ce_sequence");
            values[record.key] = record.value;
            EXPECT_EQ(record.headers.contains("content-type"), !record.value.empty());
        }
        return values;
    }
    // Without the position that a value reflects, which depends on when it was written.
    static std::string content(const std::string& value) {
        return value.substr(std::min(value.find(','), value.size()));
    }

    void expect_state(const test::MadeSource& source) const {
        const test::MadeReading now(source.events(), source.head());
        std::map<std::string, std::string> pieces;
        std::map<std::string, std::string> stock;
        ASSERT_TRUE(now.all_pieces(ValueFormat::kJson, [&](const ItemId& item, const PieceState& piece) {
            pieces[item.text()] = content(piece.value);
            return Result<void>();
        }));
        ASSERT_TRUE(now.all_stock(ValueFormat::kJson, [&](const StockState& state) {
            stock[state.key] = content(state.value);
            return Result<void>();
        }));
        auto found = newest(Topic::kCustody);
        for (auto& [key, value] : found) value = content(value);
        EXPECT_EQ(found, pieces);
        found = newest(Topic::kStock);
        for (auto& [key, value] : found) value = content(value);
        EXPECT_EQ(found, stock);
    }
    void expect_log(const test::MadeSource& source) const {
        Position next = 0;
        for (const auto& record : test::read_committed(bootstrap_, topics().name(Topic::kLog), 1)) {
            const auto frame = codec::read_log_frame(record.value, [&](std::string_view stored) {
                if (stored != source.events().stored(next)) ADD_FAILURE() << next << " is another event";
                ++next;
            });
            ASSERT_TRUE(frame) << frame.error().message;
            EXPECT_EQ(parse_frame_id(ledger_.text(), record.headers.at("ce_id")), next);
            EXPECT_EQ(frame->root_before, *source.root(frame->first));
            EXPECT_EQ(frame->root, *source.root(next));
        }
        EXPECT_EQ(next, source.head());
    }
};

TEST_F(StateTest, EveryTopicIsWhatTheLedgerSaysHoweverOftenPublishingStopped) {
    test::MadeSource source(20'000);
    const test::MadeState state(source);
    Options with = options();
    with.state = &state;
    for (Position head = 20'000; head <= 20'003; ++head) {
        source.grow_to(head);
        for (Position at = head - 20'000 + 1; at < head;) {
            auto publisher = start(source, with);
            ASSERT_TRUE(publisher->wait_published(at, after(seconds(60)))) << publisher->status().last_error;
            publisher->stop(after(seconds(10)));
            at = *publisher->status().next + 5'000;
        }
    }
    auto publisher = start(source, with);
    ASSERT_TRUE(publisher->wait_published(source.head(), after(seconds(60)))) << publisher->status().last_error;
    publisher->stop(after(seconds(10)));
    expect_exactly_once(source);
    expect_state(source);
    expect_log(source);
}

TEST_F(StateTest, WhoIsUpToDateGivesEachEventThePieceAfterIt) {
    test::MadeSource source(0);
    const test::MadeState state(source);
    Options with = options();
    with.state = &state;
    auto publisher = start(source, with);
    for (Position head = 1; head <= 10; ++head) {
        source.grow_to(head);
        ASSERT_TRUE(publisher->wait_published(head, after(seconds(60)))) << publisher->status().last_error;
    }
    publisher->stop(after(seconds(10)));
    for (const auto& record : test::read_committed(bootstrap_, topics().name(Topic::kEvents), kPartitions)) {
        const auto place = parse_record_id(ledger_.text(), record.headers.at("ce_id"));
        EXPECT_EQ(record.headers.at("ce_after"), "{\"version\":" + std::to_string(place->position) + "}");
    }
    expect_state(source);
}

}  // namespace
}  // namespace daybook::stream
