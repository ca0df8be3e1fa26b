// Whether the open group waits for company: the rule alone, told the time.
#include "engine/sequencer/internal/gathering.h"

#include <gtest/gtest.h>

#include <chrono>

namespace daybook::sequencer {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""us;

constexpr Gathering::Time kStart{};
constexpr auto kSync = 200us;

TEST(Gathering, AnIdleEngineDoesNotWait) {
    Gathering gathering;
    EXPECT_FALSE(gathering.wait_until(1, 1, kStart));
}

TEST(Gathering, OneClientNeverWaits) {
    Gathering gathering;
    gathering.written(1, 0, kSync);
    EXPECT_FALSE(gathering.wait_until(1, 1, kStart));
}

TEST(Gathering, WaitsForThoseThatWereAnsweredAndEndsWithTheLast) {
    Gathering gathering;
    gathering.written(10, 6, kSync);
    const auto until = gathering.wait_until(7, 7, kStart);
    ASSERT_TRUE(until);
    EXPECT_EQ(*until, kStart + kSync / 2);
    EXPECT_EQ(gathering.expected(), 16U);
    EXPECT_TRUE(gathering.wait_until(15, 15, kStart + 20us));
    EXPECT_FALSE(gathering.wait_until(16, 16, kStart + 30us));
    EXPECT_EQ(gathering.expected(), 0U);
}

TEST(Gathering, EndsAtTheDeadline) {
    Gathering gathering;
    gathering.written(16, 0, kSync);
    EXPECT_TRUE(gathering.wait_until(1, 1, kStart));
    EXPECT_FALSE(gathering.wait_until(2, 2, kStart + kSync / 2));
    EXPECT_FALSE(gathering.wait_until(2, 2, kStart + kSync / 2 + 1us));  // and does not begin again
}

TEST(Gathering, ALargeGroupDoesNotWait) {
    Gathering gathering;
    gathering.written(8, 0, kSync);
    EXPECT_FALSE(gathering.wait_until(1, Gathering::kEventsMax, kStart));
}

TEST(Gathering, NeverLongerThanTheLimit) {
    Gathering gathering;
    gathering.written(8, 0, 1h);
    const auto until = gathering.wait_until(1, 1, kStart);
    ASSERT_TRUE(until);
    EXPECT_EQ(*until, kStart + Gathering::kWaitMax);
}

TEST(Gathering, WaitsSeldomWhereNobodyComesBack) {
    Gathering gathering;
    std::size_t waits = 0;
    Gathering::Time now = kStart;
    for (std::size_t group = 0; group < 1'000; ++group) {
        gathering.written(4, 0, kSync);
        if (const auto until = gathering.wait_until(1, 1, now)) {
            ++waits;
            now = *until;
            EXPECT_FALSE(gathering.wait_until(1, 1, now));
        }
        now += kSync;
    }
    EXPECT_LT(waits, 25U);
    EXPECT_GT(waits, 10U);  // it is tried again and again
}

TEST(Gathering, AWaitThatPaysIsTakenAgain) {
    Gathering gathering;
    Gathering::Time now = kStart;
    for (std::size_t group = 0; group < 100; ++group) {
        gathering.written(16, 0, kSync);
        ASSERT_TRUE(gathering.wait_until(1, 1, now)) << group;
        now += 50us;
        ASSERT_FALSE(gathering.wait_until(16, 16, now)) << group;
        now += kSync;
    }
}

}  // namespace
}  // namespace daybook::sequencer
