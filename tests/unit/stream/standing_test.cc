// What the log of a publisher says of how publishing stands, and when.
#include "engine/stream/internal/standing.h"

#include <gtest/gtest.h>

namespace daybook::stream {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kEvery{60'000};
const Deadline kBegin = Deadline() + std::chrono::hours(1);

Status publishing() {
    Status status;
    status.state = State::kPublishing;
    status.next = 1'234;
    status.head = 1'234;
    status.epoch = 3;
    return status;
}

TEST(StandingTest, TheLineHasPositionLagTermAndError) {
    Status status = publishing();
    EXPECT_EQ(standing_text(status), "publishing: 1234 events in Kafka, 0 behind (0.0 s), term 3; no error");
    status.state = State::kFenced;
    status.fenced = true;
    status.lag_events = 56;
    status.lag = 7'890'000;
    status.last_error = "commit_transaction: fenced";
    status.last_error_at = 1'700'000'000 * kSecond;
    EXPECT_EQ(standing_text(status), "fenced: 1234 events in Kafka, 56 behind (7.8 s), term 3, fenced; last error "
                                     "2023-11-14T22:13:20Z: commit_transaction: fenced");
    EXPECT_EQ(standing_text({}), "connecting: not known what is in Kafka, 0 behind (0.0 s), no term yet; no error");
}

TEST(StandingTest, IsToldOnceInAWhileAndNotAtRest) {
    Standing standing(kEvery);
    Status status = publishing();
    ASSERT_TRUE(standing.due(kBegin));
    EXPECT_TRUE(standing.line(status, kBegin));
    EXPECT_FALSE(standing.due(kBegin + kEvery - milliseconds(1)));
    ASSERT_TRUE(standing.due(kBegin + kEvery));
    EXPECT_FALSE(standing.line(status, kBegin + kEvery));
    EXPECT_FALSE(standing.due(kBegin + kEvery));
}

TEST(StandingTest, WhatMovesOrWaitsOrFailsIsTold) {
    Standing standing(kEvery);
    Status status = publishing();
    EXPECT_TRUE(standing.line(status, kBegin));
    ++*status.next;
    EXPECT_TRUE(standing.line(status, kBegin));
    status.lag_events = 1;
    EXPECT_TRUE(standing.line(status, kBegin));
    EXPECT_TRUE(standing.line(status, kBegin)) << "it waits still";
    status.lag_events = 0;
    EXPECT_FALSE(standing.line(status, kBegin));
    status.last_error_at = 1;
    EXPECT_TRUE(standing.line(status, kBegin));
    status.state = State::kRetrying;
    EXPECT_TRUE(standing.line(status, kBegin));
    ++status.epoch;
    EXPECT_TRUE(standing.line(status, kBegin));
    EXPECT_FALSE(standing.line(status, kBegin));
}

}  // namespace
}  // namespace daybook::stream
