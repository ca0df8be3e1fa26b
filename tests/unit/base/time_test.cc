#include "engine/base/time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace daybook {
namespace {

TEST(TimeTest, WritesAsManyFractionDigitsAsAreNeeded) {
    EXPECT_EQ(format_time(0), "1970-01-01T00:00:00Z");
    EXPECT_EQ(format_time(1'772'443'800 * kSecond), "2026-03-02T09:30:00Z");
    EXPECT_EQ(format_time(1'772'443'800 * kSecond + 5'000), "2026-03-02T09:30:00.005Z");
    EXPECT_EQ(format_time(1'772'443'800 * kSecond + 5), "2026-03-02T09:30:00.000005Z");
    EXPECT_EQ(format_time(-1), "1969-12-31T23:59:59.999999Z");
}

TEST(TimeTest, ReadsOffsetsAndFractions) {
    EXPECT_EQ(parse_time("2026-03-02T09:30:00Z"), 1'772'443'800 * kSecond);
    EXPECT_EQ(parse_time("2026-03-02T10:30:00+01:00"), 1'772'443'800 * kSecond);
    EXPECT_EQ(parse_time("2026-03-02T04:00:00-05:30"), 1'772'443'800 * kSecond);
    EXPECT_EQ(parse_time("2026-03-02t09:30:00.5z"), 1'772'443'800 * kSecond + 500'000);
    EXPECT_EQ(parse_time("2024-02-29T00:00:00Z"), 1'709'164'800 * kSecond);
    EXPECT_EQ(format_time(*parse_time("9999-12-31T23:59:59.999999Z")), "9999-12-31T23:59:59.999999Z");
    EXPECT_EQ(format_time(*parse_time("0000-01-01T00:00:00Z")), "0000-01-01T00:00:00Z");
}

TEST(TimeTest, RefusesWhatIsNoTime) {
    for (const std::string_view bad : {
             "", "2026", "2026-03-02", "2026-03-02T09:30:00", "2026-02-30T00:00:00Z", "2025-02-29T00:00:00Z",
             "2026-13-01T00:00:00Z", "2026-03-02T24:00:00Z", "2026-03-02T09:60:00Z", "2026-03-02T09:30:60Z",
             "2026-03-02 09:30:00Z", "2026-03-02T09:30:00.Z", "2026-03-02T09:30:00.1234567Z",
             "2026-03-02T09:30:00+1:00", "2026-03-02T09:30:00+24:00", "2026-03-02T09:30:00Zx",
             "x026-03-02T09:30:00Z", "9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00+00:01"}) {
        EXPECT_FALSE(parse_time(bad)) << bad;
    }
}

RC_GTEST_PROP(TimeTest, WhatIsWrittenIsReadBack, ()) {
    // Years 0000 to 9999, which RFC 3339 can write.
    const Micros at = *rc::gen::inRange<Micros>(-62'167'219'200 * kSecond, 253'402'300'800 * kSecond);
    RC_ASSERT(parse_time(format_time(at)) == at);
}

TEST(TimeTest, TheSystemClockStandsInThisCentury) {
    EXPECT_GT(system_clock().now(), *parse_time("2020-01-01T00:00:00Z"));
    EXPECT_LT(system_clock().now(), *parse_time("2100-01-01T00:00:00Z"));
}

}  // namespace
}  // namespace daybook
