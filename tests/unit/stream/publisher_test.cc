// The publisher without Kafka: what it says of itself, and that it never holds anybody up.
#include "engine/stream/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

#include "engine/stream/topics.h"
#include "tests/support/made_events.h"
#include "tests/support/wait.h"

namespace daybook::stream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

const LedgerId kLedger = *LedgerId::parse("0190b5f0-7a3e-7c11-8d2f-0000000000aa");

Options nobody_listens() {
    Options options;
    options.bootstrap = "127.0.0.1:1";  // a privileged port that nothing uses
    options.retry_min = milliseconds(10);
    options.retry_max = milliseconds(50);
    return options;
}

TEST(PublisherTest, RefusesOptionsThatCanNeverWork) {
    const test::MadeSource source(0);
    EXPECT_FALSE(Publisher::start(source, kLedger, {}));
    Options options = nobody_listens();
    options.generation = 0;
    EXPECT_FALSE(Publisher::start(source, kLedger, options));
}

TEST(PublisherTest, ShowsHowFarItIsBehindWhileKafkaIsAway) {
    test::MadeSource source(3);
    auto publisher = Publisher::start(source, kLedger, nobody_listens());
    ASSERT_TRUE(publisher) << publisher.error().message;
    ASSERT_TRUE(test::wait_until([&] { return !(*publisher)->status().last_error.empty(); }));
    source.grow_to(10);
    const Status status = (*publisher)->status();
    EXPECT_EQ(status.state, State::kConnecting);
    EXPECT_EQ(status.next, std::nullopt);
    EXPECT_EQ(status.head, 10U);
    EXPECT_EQ(status.lag_events, 10U);
    EXPECT_GT(status.lag, kDay);  // the events are of another year
    EXPECT_THAT(status.last_error, HasSubstr("cannot be reached"));
    EXPECT_THAT(status.step, HasSubstr("127.0.0.1:1"));
    EXPECT_FALSE((*publisher)->wait_published(1, after(milliseconds(20))));
}

// Again and again while events wait, and at the end.
TEST(PublisherTest, TellsItsLogHowItStands) {
    test::MadeSource source(3);
    Options options = nobody_listens();
    options.tell_every = milliseconds(1);
    std::mutex mutex;
    std::vector<std::string> lines;
    options.say = [&](Options::Severity, std::string_view text) {
        const std::lock_guard lock(mutex);
        lines.emplace_back(text);
    };
    const auto times = [&](std::string_view text) {
        const std::lock_guard lock(mutex);
        return std::ranges::count_if(lines, [&](const std::string& line) { return line.starts_with(text); });
    };
    auto publisher = Publisher::start(source, kLedger, options);
    ASSERT_TRUE(publisher) << publisher.error().message;
    ASSERT_TRUE(test::wait_until([&] { return times("connecting: not known what is in Kafka, 3 behind (") >= 2; }));
    source.grow_to(10);
    ASSERT_TRUE(test::wait_until([&] { return times("connecting: not known what is in Kafka, 10 behind (") >= 1; }));
    EXPECT_EQ(times("stopped"), 0);
    (*publisher)->stop(after(seconds(5)));
    EXPECT_EQ(times("stopped: not known what is in Kafka, 10 behind ("), 1);
    EXPECT_THAT(lines.back(), ::testing::ContainsRegex("no term yet; last error .*cannot be reached"));
}

TEST(PublisherTest, StopsAtItsDeadlineWhileKafkaIsAway) {
    test::MadeSource source(3);
    auto publisher = Publisher::start(source, kLedger, nobody_listens());
    ASSERT_TRUE(publisher);
    ASSERT_TRUE(test::wait_until([&] { return !(*publisher)->status().last_error.empty(); }));
    const auto before = std::chrono::steady_clock::now();
    (*publisher)->stop(after(seconds(5)));
    EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(10));
    EXPECT_EQ((*publisher)->status().state, State::kStopped);
    (*publisher)->stop(after(seconds(5)));
}

TEST(PublisherTest, NamesASettingThatTheClientDoesNotKnowButNeverItsValue) {
    test::MadeSource source(0);
    Options options = nobody_listens();
    options.client = {{"sasl.pasword", "secret"}};
    auto publisher = Publisher::start(source, kLedger, options);
    ASSERT_TRUE(publisher);
    ASSERT_TRUE(test::wait_until([&] { return (*publisher)->status().state == State::kRefused; }));
    const std::string error = (*publisher)->status().last_error;
    EXPECT_THAT(error, HasSubstr("sasl.pasword"));
    EXPECT_THAT(error, ::testing::Not(HasSubstr("secret")));
}

TEST(TopicsTest, HaveNamesAndSettingsOfTheirOwn) {
    const TopicSet topics{.prefix = "daybook", .ledger = kLedger, .generation = 1};
    EXPECT_EQ(topics.name(Topic::kEvents), "daybook." + kLedger.text() + ".events.v1");
    EXPECT_EQ(topics.name(Topic::kControl), "daybook." + kLedger.text() + ".control.v1");
    EXPECT_EQ(topics.transactional_id(), "daybook." + kLedger.text() + ".publisher");
    const TopicSet second{.prefix = "daybook", .ledger = kLedger, .generation = 2};
    EXPECT_EQ(second.transactional_id(), "daybook." + kLedger.text() + ".publisher.v2");
    EXPECT_EQ(topic_spec(topics, Topic::kControl, 6, -1).partitions, 1U);
    EXPECT_EQ(topic_spec(topics, Topic::kEvents, 6, -1).partitions, 6U);
}

}  // namespace
}  // namespace daybook::stream
