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
using ::testing::HasSubstr;
using ::testing::Not;

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
    void remove(Topic topic) const {
        const std::string command = std::string(DAYBOOK_SOURCE_DIR) +
                                    "/tests/kafka/broker java org.apache.kafka.tools.TopicCommand --bootstrap-server " +
                                    bootstrap_ + " --delete --topic " + topics().name(topic);
        ASSERT_EQ(std::system(command.c_str()), 0);
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

TEST_F(StateTest, ALostTopicOfStateIsWrittenAgain) {
    test::MadeSource source(2'000);
    const test::MadeState state(source);
    std::string said;
    Options with = options();
    with.state = &state;
    with.say = [&](Options::Severity, std::string_view text) { (said += text) += '\n'; };
    auto publisher = start(source, with);
    ASSERT_TRUE(publisher->wait_published(2'000, after(seconds(60)))) << publisher->status().last_error;
    publisher->stop(after(seconds(10)));
    EXPECT_THAT(said, Not(HasSubstr("written again")));
    const auto last_control = [&] {
        return test::read_committed(bootstrap_, topics().name(Topic::kControl), 1).back().value;
    };
    for (const Topic topic : {Topic::kCustody, Topic::kStock}) {
        said.clear();
        remove(topic);
        publisher = start(source, with);
        ASSERT_TRUE(test::wait_until([&] { return publisher->status().transactions > 0; }))
            << publisher->status().last_error;
        publisher->stop(after(seconds(10)));
        EXPECT_THAT(said, HasSubstr("lacks what 2000 published events made"));
        EXPECT_THAT(last_control(), Not(HasSubstr("state_incomplete")));
        expect_exactly_once(source);
        expect_state(source);
    }
}

// A ledger that has had nothing to write to `stock` has not lost it.
TEST_F(StateTest, ATopicThatNothingWasWrittenToIsNotLost) {
    class WithoutStock : public test::MadeReading {
    public:
        using MadeReading::MadeReading;
        [[nodiscard]] Result<std::vector<StockState>> stock(std::string_view, ValueFormat) const override {
            return std::vector<StockState>();
        }
        [[nodiscard]] Result<void> all_stock(ValueFormat, const OnStock&) const override { return {}; }
    };
    class Source : public StateSource {
    public:
        explicit Source(const test::MadeSource& source) : source_(source) {}
        [[nodiscard]] Result<std::unique_ptr<StateReading>> read(Position, Deadline) const override {
            return std::make_unique<WithoutStock>(source_.events(), source_.head());
        }

    private:
        const test::MadeSource& source_;
    };
    test::MadeSource source(100);
    const Source no_stock(source);
    const test::MadeState state(source);
    std::string said;
    Options with = options();
    with.state = &no_stock;
    with.say = [&](Options::Severity, std::string_view text) { (said += text) += '\n'; };
    const auto publish_to = [&](Position head) {
        said.clear();
        source.grow_to(head);
        auto publisher = start(source, with);
        ASSERT_TRUE(publisher->wait_published(head, after(seconds(60)))) << publisher->status().last_error;
        ASSERT_TRUE(test::wait_until([&] { return publisher->status().transactions > 0; }));
        publisher->stop(after(seconds(10)));
    };
    const auto last_control = [&] {
        return test::read_committed(bootstrap_, topics().name(Topic::kControl), 1).back().value;
    };
    for (const Position head : {Position{100}, Position{200}}) {
        publish_to(head);
        EXPECT_THAT(said, Not(HasSubstr("written again")));
        EXPECT_THAT(last_control(), HasSubstr(R"("state_untouched":["stock"])"));
    }
    with.state = &state;
    publish_to(300);
    EXPECT_THAT(said, Not(HasSubstr("written again")));
    EXPECT_THAT(last_control(), Not(HasSubstr("state_untouched")));
    remove(Topic::kStock);
    publish_to(400);
    EXPECT_THAT(said, HasSubstr("written again"));
    expect_state(source);
}

// A piece that a backlog touches again and again is written once, not each time.
TEST_F(StateTest, TheSameStateIsNotWrittenAgain) {
    test::MadeSource source(20'000);
    const test::MadeState state(source);
    Options with = options();
    with.state = &state;
    auto publisher = start(source, with);
    ASSERT_TRUE(publisher->wait_published(20'000, after(seconds(60)))) << publisher->status().last_error;
    publisher->stop(after(seconds(10)));
    EXPECT_EQ(test::read_committed(bootstrap_, topics().name(Topic::kCustody), kPartitions).size(),
              newest(Topic::kCustody).size());
    expect_state(source);
}

TEST_F(StateTest, ValuesOfAnotherFormatAreForAnotherGeneration) {
    test::MadeSource source(100);
    auto publisher = start(source);
    ASSERT_TRUE(publisher->wait_published(100, after(seconds(60)))) << publisher->status().last_error;
    publisher->stop(after(seconds(10)));
    source.grow_to(200);
    Options with = options();
    with.format = ValueFormat::kProtobuf;
    publisher = start(source, with);
    ASSERT_TRUE(test::wait_until([&] { return publisher->status().state == State::kRefused; }));
    EXPECT_THAT(publisher->status().last_error,
                HasSubstr("the values of this generation are json, and not protobuf"));
    publisher->stop(after(seconds(10)));
    publisher = start(source);
    ASSERT_TRUE(publisher->wait_published(200, after(seconds(60)))) << publisher->status().last_error;
    publisher->stop(after(seconds(10)));
    expect_exactly_once(source);
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
