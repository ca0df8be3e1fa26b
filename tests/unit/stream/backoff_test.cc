// How long the publisher waits between tries, with every chance that there is. That it does wait so: mock_test.cc.
#include "engine/stream/internal/backoff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>
#include <vector>

namespace daybook::stream {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

// What is taken off the longest wait: nothing, and as much as there can be.
std::uint64_t nothing() { return 0; }
Chance half_of(milliseconds longest) {
    return [half = static_cast<std::uint64_t>(longest.count() / 2)] { return half; };
}

std::vector<milliseconds> waits(Backoff& backoff, int tries) {
    std::vector<milliseconds> all;
    for (int i = 0; i < tries; ++i) all.push_back(backoff.next());
    return all;
}

TEST(BackoffTest, DoublesUpToItsBoundAndStaysThere) {
    Backoff backoff(milliseconds(100), milliseconds(1000), nothing);
    EXPECT_THAT(waits(backoff, 7), ElementsAre(milliseconds(100), milliseconds(200), milliseconds(400),
                                               milliseconds(800), milliseconds(1000), milliseconds(1000),
                                               milliseconds(1000)));
    Backoff equal(milliseconds(100), milliseconds(100), nothing);
    EXPECT_THAT(waits(equal, 3), ElementsAre(milliseconds(100), milliseconds(100), milliseconds(100)));
}

TEST(BackoffTest, BeginsAnewAfterASuccess) {
    Backoff backoff(milliseconds(100), milliseconds(1000), nothing);
    waits(backoff, 5);
    backoff.reset();
    EXPECT_THAT(waits(backoff, 2), ElementsAre(milliseconds(100), milliseconds(200)));
}

// And takes every value of the range.
TEST(BackoffTest, JitterIsFromHalfOfTheWaitToAllOfIt) {
    std::mt19937_64 random(4711);
    for (const int longest : {1, 2, 3, 10, 11, 64}) {
        std::set<milliseconds> seen;
        std::set<milliseconds> right;
        for (int i = 0; i < 10'000; ++i) seen.insert(jittered(milliseconds(longest), std::ref(random)));
        for (int i = (longest + 1) / 2; i <= longest; ++i) right.insert(milliseconds(i));
        EXPECT_EQ(seen, right) << "of " << longest;
    }
    EXPECT_EQ(jittered(milliseconds(1000), half_of(milliseconds(1000))), milliseconds(500));
}

TEST(BackoffTest, IsBoundedWhateverTheChance) {
    std::mt19937_64 random(4711);
    for (int publisher = 0; publisher < 100; ++publisher) {
        Backoff backoff(milliseconds(100), milliseconds(10'000), std::ref(random));
        milliseconds longest{100};
        for (int i = 0; i < 100; ++i) {
            const milliseconds wait = backoff.next();
            EXPECT_LE(wait, longest) << "try " << i;
            EXPECT_GE(wait * 2, longest) << "try " << i;
            longest = std::min(longest * 2, milliseconds(10'000));
        }
    }
    // The longest that can be said: no overflow on the way there.
    Backoff endless(milliseconds(1), milliseconds::max(), nothing);
    milliseconds before{0};
    for (int i = 0; i < 200; ++i) {
        const milliseconds wait = endless.next();
        EXPECT_GE(wait, before);
        before = wait;
    }
    EXPECT_EQ(before, milliseconds::max());
}

TEST(BackoffTest, TwoThatFailTogetherComeBackApart) {
    std::mt19937_64 one_random(1);
    std::mt19937_64 other_random(2);
    Backoff one(milliseconds(100), milliseconds(10'000), std::ref(one_random));
    Backoff other(milliseconds(100), milliseconds(10'000), std::ref(other_random));
    EXPECT_NE(waits(one, 10), waits(other, 10));
}

}  // namespace
}  // namespace daybook::stream
