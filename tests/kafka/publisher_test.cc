// Exactly once, on a real broker. Each test has a ledger and so topics of its own; the ones that stop the broker have a
// broker of their own as well (tests/kafka/broker).
#include "engine/stream/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <mutex>
#include <string>

#include "engine/base/limits.h"
#include "engine/codec/stream_codec.h"
#include "engine/log/event_log.h"
#include "engine/sequencer/feed.h"
#include "engine/stream/topics.h"
#include "tests/kafka/committed.h"
#include "tests/kafka/kafka_test.h"
#include "tests/support/made_events.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace daybook::stream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

TEST_F(KafkaTest, EveryRecordIsThereOnceAndReadsAsTheContractSays) {
    test::MadeSource source(2'000);
    auto publisher = start(source);
    ASSERT_TRUE(publisher->wait_published(2'000, after(seconds(60)))) << publisher->status().last_error;
    source.grow_to(2'001);
    ASSERT_TRUE(publisher->wait_published(2'001, after(seconds(60))));
    const Status status = publisher->status();
    EXPECT_EQ(status.state, State::kPublishing);
    EXPECT_EQ(status.lag_events, 0U);
    EXPECT_EQ(status.lag, 0);
    EXPECT_EQ(status.epoch, 1U);
    EXPECT_EQ(status.last_error, "");
    publisher->stop(after(seconds(10)));
    expect_exactly_once(source);

    const auto records = test::read_committed(bootstrap_, topics().name(Topic::kEvents), kPartitions);
    const auto one =
        std::ranges::find_if(records, [&](const auto& r) { return r.headers.at("ce_id") == ledger_.text() + ":1003"; });
    ASSERT_NE(one, records.end());
    EXPECT_EQ(one->key, test::made_item(3));
    EXPECT_THAT(one->headers, ::testing::ElementsAre(testing::Pair("ce_id", ledger_.text() + ":1003"),
                                                     testing::Pair("ce_ledgerepoch", "1"),
                                                     testing::Pair("ce_sequence", "00000000000000001003"),
                                                     testing::Pair("ce_source", "/daybook/" + ledger_.text()),
                                                     testing::Pair("ce_specversion", "1.0"),
                                                     testing::Pair("ce_time", "2023-11-14T22:13:21.003Z"),
                                                     testing::Pair("ce_type", "daybook.Relocated.v1"),
                                                     testing::Pair("content-type", "application/json")));
    EXPECT_THAT(one->value, HasSubstr("\"item\":\"" + test::made_item(3) + "\""));

    const auto control = test::read_committed(bootstrap_, topics().name(Topic::kControl), 1);
    ASSERT_FALSE(control.empty());
    EXPECT_EQ(control.back().key, ledger_.text());
    EXPECT_THAT(control.back().value, HasSubstr("\"next\":\"2001\""));
}

TEST_F(KafkaTest, StoppedInMidStreamAndStartedAgainItGoesOn) {
    test::MadeSource source(30'000);
    for (Position at = 1; at < 30'000;) {
        auto publisher = start(source);
        ASSERT_TRUE(publisher->wait_published(at, after(seconds(60)))) << publisher->status().last_error;
        publisher->stop(after(seconds(10)));
        at = *publisher->status().next + 1;
    }
    expect_exactly_once(source);
}

TEST_F(KafkaTest, ProtobufValuesAreTheStoredBytes) {
    test::MadeSource source(30);
    Options with = options();
    with.format = ValueFormat::kProtobuf;
    auto publisher = start(source, with);
    ASSERT_TRUE(publisher->wait_published(30, after(seconds(60)))) << publisher->status().last_error;
    for (const auto& record : test::read_committed(bootstrap_, topics().name(Topic::kEvents), kPartitions)) {
        EXPECT_EQ(record.headers.at("content-type"), "application/protobuf");
        const auto place = parse_record_id(ledger_.text(), record.headers.at("ce_id"));
        if (record.headers.contains("ce_parts")) continue;
        EXPECT_EQ(record.value, source.events().stored(place->position));
    }
}

// Made events, of which two are as large as the log takes them.
class LargeEvents : public Source {
public:
    static constexpr Position kHead = 60;
    static constexpr Position kLarge = 24;     // with a value that a record takes
    static constexpr Position kTooLarge = 49;  // whose text needs six characters for each of the note's

    [[nodiscard]] std::string stored(Position position) const {
        v1::Event event = made_.events().message(position);
        if (position == kLarge || position == kTooLarge) {
            event.mutable_command()->mutable_count_attested();
            event.mutable_command()->set_obligation_id(test::made_uuid(3, position));
        }
        if (position == kLarge) {
            for (std::uint64_t i = 0; i < 100'000; ++i) event.mutable_counted()->add_matched(test::made_item(i));
        }
        if (position == kTooLarge) event.mutable_command()->set_note(std::string(3'900'000, '\x01'));
        return event.SerializeAsString();
    }
    [[nodiscard]] Position head() const override { return made_.head(); }
    [[nodiscard]] Position wait_past(Position seen, Deadline deadline) const override {
        return made_.wait_past(seen, deadline);
    }
    [[nodiscard]] Result<void> read(Position from, Position to, const Visit& visit) const override {
        for (Position position = from; position < std::min(to, head()); ++position) {
            if (!visit(position, stored(position))) break;
        }
        return {};
    }
    [[nodiscard]] Result<Hash> root(Position size) const override { return made_.root(size); }
    [[nodiscard]] const test::MadeSource& made() const { return made_; }

private:
    const test::MadeSource made_{kHead};
};

TEST_F(KafkaTest, AnEventTooLargeForARecordIsNamedInItAndWholeInTheLog) {
    const LargeEvents source;
    ASSERT_LE(source.stored(LargeEvents::kTooLarge).size(), limits::kEventBytesMax);
    ASSERT_GT(source.stored(LargeEvents::kLarge).size(), limits::kEventBytesMax * 9 / 10);
    auto publisher = start(source);
    ASSERT_TRUE(publisher->wait_published(LargeEvents::kHead, after(seconds(60)))) << publisher->status().last_error;
    publisher->stop(after(seconds(10)));
    expect_exactly_once(source.made());
    for (const auto& record : test::read_committed(bootstrap_, topics().name(Topic::kEvents), kPartitions)) {
        const Position position = parse_record_id(ledger_.text(), record.headers.at("ce_id"))->position;
        const auto elsewhere = record.headers.find("ce_dataref");
        ASSERT_EQ(elsewhere != record.headers.end(), position == LargeEvents::kTooLarge) << position;
        EXPECT_EQ(record.value.empty(), position == LargeEvents::kTooLarge) << position;
        if (elsewhere != record.headers.end()) {
            EXPECT_EQ(elsewhere->second, "/v1/feed?from=49");
        }
        if (position == LargeEvents::kLarge) {
            EXPECT_GT(record.value.size(), limits::kEventBytesMax * 9 / 10);
            EXPECT_THAT(record.value, HasSubstr(test::made_item(99'999)));
        }
    }
    Position next = 0;
    for (const auto& record : test::read_committed(bootstrap_, topics().name(Topic::kLog), 1)) {
        const auto frame = codec::read_log_frame(record.value, [&](std::string_view stored) {
            EXPECT_TRUE(stored == source.stored(next)) << next << " is another event";
            ++next;
        });
        ASSERT_TRUE(frame) << frame.error().message;
    }
    EXPECT_EQ(next, LargeEvents::kHead);
}

TEST_F(KafkaTest, TheNewerOfTwoPublishersFencesTheOlder) {
    test::MadeSource source(100);
    auto older = start(source);
    ASSERT_TRUE(older->wait_published(100, after(seconds(60)))) << older->status().last_error;
    auto newer = start(source);
    ASSERT_TRUE(test::wait_until([&] { return newer->status().state == State::kPublishing; }))
        << newer->status().last_error;
    EXPECT_EQ(newer->status().epoch, 2U);
    source.grow_to(200);
    ASSERT_TRUE(test::wait_until([&] { return older->status().fenced; }));
    ASSERT_TRUE(newer->wait_published(200, after(seconds(60)))) << newer->status().last_error;
    EXPECT_NE(older->status().last_error, "");
    // Nothing waits, so the older leaves the field to the newer; when the newer is gone, it takes up what comes.
    newer->stop(after(seconds(10)));
    source.grow_to(300);
    ASSERT_TRUE(older->wait_published(300, after(seconds(60)))) << older->status().last_error;
    EXPECT_EQ(older->status().state, State::kPublishing);
    older->stop(after(seconds(10)));
    expect_exactly_once(source);
}

TEST_F(KafkaTest, TwoThatFightEndWithOneAndEveryRecordOnce) {
    test::MadeSource source(0);
    Options impatient = options();
    impatient.takeover_after = milliseconds(300);
    auto one = start(source, impatient);
    auto other = start(source, impatient);
    for (Position head = 500; head <= 10'000; head += 500) {
        source.grow_to(head);
        ASSERT_TRUE(test::wait_until(
            [&] { return one->status().next.value_or(0) >= head || other->status().next.value_or(0) >= head; },
            seconds(60)))
            << one->status().last_error << " / " << other->status().last_error;
    }
    one->stop(after(seconds(10)));
    other->stop(after(seconds(10)));
    expect_exactly_once(source);
}

TEST_F(KafkaTest, AnotherHistoryIsRefusedAndNothingOfItIsPublished) {
    test::MadeSource source(100);
    {
        auto publisher = start(source);
        ASSERT_TRUE(publisher->wait_published(100, after(seconds(60)))) << publisher->status().last_error;
        publisher->stop(after(seconds(10)));
    }
    test::MadeSource other(150);
    other.fork();
    test::MadeSource shorter(99);
    for (const test::MadeSource* diverged : {&other, &shorter}) {
        auto publisher = start(*diverged);
        ASSERT_TRUE(test::wait_until([&] { return publisher->status().state == State::kRefused; }))
            << publisher->status().last_error;
        EXPECT_THAT(publisher->status().last_error, HasSubstr("diverged"));
        publisher->stop(after(seconds(10)));
    }
    expect_exactly_once(source);
}

TEST_F(KafkaTest, TopicsWithOtherSettingsAreRefused) {
    test::MadeSource source(10);
    Options three = options();
    {
        auto publisher = start(source, three);
        ASSERT_TRUE(publisher->wait_published(10, after(seconds(60)))) << publisher->status().last_error;
        publisher->stop(after(seconds(10)));
    }
    Options more = options();
    more.partitions = kPartitions + 1;
    Options shorter = options();
    shorter.retention_ms = 60'000;
    const std::pair<Options, const char*> cases[]{{more, "exists with 4 partitions"}, {shorter, "retention.ms=-1"}};
    for (const auto& [with, says] : cases) {
        auto publisher = start(source, with);
        ASSERT_TRUE(test::wait_until([&] { return publisher->status().state == State::kRefused; }))
            << publisher->status().last_error;
        EXPECT_THAT(publisher->status().last_error, HasSubstr(says));
        publisher->stop(after(seconds(10)));
    }
    Options whatever = options();
    whatever.partitions = 0;
    auto publisher = start(source, whatever);
    EXPECT_TRUE(test::wait_until([&] { return publisher->status().state == State::kPublishing; }))
        << publisher->status().last_error;
}

// The engine's own log and feed, opened twice.
TEST_F(KafkaTest, PublishesTheLogOfTheEngineAndGoesOnAfterARestart) {
    const test::TempDir dir;
    log::Options log_options;
    log_options.dir = dir.path();
    log_options.ids_of = [](std::string_view, Position, std::vector<log::IdEntry>&) { return Result<void>(); };
    ASSERT_TRUE(log::EventLog::create(log_options, ledger_, 0));
    const test::MadeEvents events;
    for (const Position until : {1'000U, 2'500U}) {
        auto log = log::EventLog::open(log_options);
        ASSERT_TRUE(log) << log.error().message;
        sequencer::Feed feed((*log)->head(), sequencer::Feed::Runner::kNone);
        auto publisher = Publisher::start(**log, feed, (*log)->meta(), options());
        ASSERT_TRUE(publisher) << publisher.error().message;
        while ((*log)->head() < until) {
            log::Group group;
            group.first = (*log)->head();
            for (Position position = group.first; position < group.first + 100; ++position) {
                group.bytes += events.stored(position);
                group.ends.push_back(static_cast<std::uint32_t>(group.bytes.size()));
            }
            ASSERT_TRUE((*log)->append(group));
            feed.announce((*log)->head());
        }
        EXPECT_TRUE((*publisher)->wait_published(until, after(seconds(60)))) << (*publisher)->status().last_error;
        (*publisher)->stop(after(seconds(10)));
        ASSERT_TRUE((*log)->close());
    }
    expect_exactly_once(test::MadeSource(2'500));
}

// ---- The broker itself is stopped and killed. ----

TEST_F(BrokerTest, KilledInMidStreamAndStartedAgain) {
    test::MadeSource source(100'000);
    auto publisher = start(source);
    for (const Position at : {1U, 30'000U}) {
        ASSERT_TRUE(publisher->wait_published(at, after(seconds(60)))) << publisher->status().last_error;
        kill_broker();
        EXPECT_TRUE(test::wait_until([&] { return !publisher->status().last_error.empty(); }));
        ASSERT_EQ(broker("start"), 0);
    }
    ASSERT_TRUE(publisher->wait_published(100'000, after(seconds(120)))) << publisher->status().last_error;
    publisher->stop(after(seconds(10)));
    expect_exactly_once(source);
}

// Whoever reads the log of `daybook serve` sees that Kafka is silent, and that it is back.
TEST_F(BrokerTest, SilenceIsSaidOnce) {
    test::MadeSource source(10);
    std::mutex mutex;
    std::string said;
    Options with = options();
    with.say = [&](Options::Severity, std::string_view text) {
        const std::lock_guard lock(mutex);
        (said += text) += '\n';
    };
    const auto times = [&](std::string_view text) {
        const std::lock_guard lock(mutex);
        std::size_t count = 0;
        for (std::size_t at = said.find(text); at != std::string::npos; at = said.find(text, at + 1)) ++count;
        return count;
    };
    kill_broker();
    auto publisher = start(source, with);
    ASSERT_TRUE(test::wait_until([&] { return times("(bootstrap " + bootstrap_ + ")") == 1; })) << said;
    ASSERT_EQ(broker("start"), 0);
    ASSERT_TRUE(publisher->wait_published(10, after(seconds(60)))) << publisher->status().last_error;
    EXPECT_EQ(times("Kafka cannot be reached"), 1U) << said;
    signal_broker(SIGSTOP);
    source.grow_to(20);
    EXPECT_TRUE(test::wait_until([&] { return times("Kafka does not answer") == 1; })) << said;
    signal_broker(SIGCONT);
    ASSERT_TRUE(publisher->wait_published(20, after(seconds(60)))) << publisher->status().last_error;
    publisher->stop(after(seconds(10)));
    expect_exactly_once(source);
}

TEST_F(BrokerTest, AwayFromTheStartAndThenThere) {
    ASSERT_EQ(broker("stop"), 0);
    test::MadeSource source(1'000);
    auto publisher = start(source);
    ASSERT_TRUE(test::wait_until([&] { return !publisher->status().last_error.empty(); }));
    EXPECT_EQ(publisher->status().lag_events, 1'000U);
    ASSERT_EQ(broker("start"), 0);
    ASSERT_TRUE(publisher->wait_published(1'000, after(seconds(60)))) << publisher->status().last_error;
    publisher->stop(after(seconds(10)));
    expect_exactly_once(source);
}

// A broker that keeps its connections and answers nothing is worse than one that is gone.
TEST_F(BrokerTest, StopsInTimeWhenTheBrokerHangsAndGoesOnLater) {
    test::MadeSource source(100);
    auto publisher = start(source);
    ASSERT_TRUE(publisher->wait_published(100, after(seconds(60)))) << publisher->status().last_error;
    signal_broker(SIGSTOP);
    source.grow_to(50'000);
    ASSERT_TRUE(test::wait_until([&] { return publisher->status().step == "flush"; })) << publisher->status().step;
    const auto before = std::chrono::steady_clock::now();
    publisher->stop(after(seconds(2)));
    EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(8));
    EXPECT_EQ(publisher->status().state, State::kStopped);
    signal_broker(SIGCONT);
    auto next = start(source);
    ASSERT_TRUE(next->wait_published(50'000, after(seconds(60)))) << next->status().last_error;
    next->stop(after(seconds(10)));
    expect_exactly_once(source);
}

TEST_F(BrokerTest, StopsInTimeWhenTheBrokerDiesUnderATransaction) {
    test::MadeSource source(200'000);
    auto publisher = start(source);
    ASSERT_TRUE(publisher->wait_published(1, after(seconds(60)))) << publisher->status().last_error;
    kill_broker();
    const auto before = std::chrono::steady_clock::now();
    publisher->stop(after(seconds(3)));
    EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(9));
    EXPECT_EQ(publisher->status().state, State::kStopped);
}

}  // namespace
}  // namespace daybook::stream
