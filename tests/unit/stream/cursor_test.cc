// What is found in Kafka at the start of a term, and what is concluded from it.
#include "engine/stream/internal/cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace daybook::stream {
namespace {

using ::testing::HasSubstr;

const LedgerId kLedger = *LedgerId::parse("0190b5f0-7a3e-7c11-8d2f-0000000000aa");

Found found(std::optional<Position> next, std::vector<std::optional<RecordPlace>> places) {
    Found result;
    if (next) {
        result.control.emplace();
        result.control->ledger = kLedger;
        result.control->epoch = 7;
        result.control->next = *next;
        result.control->partitions = 2;
    }
    result.emptied.assign(places.size(), false);
    result.places = std::move(places);
    if (next && *next > 0) result.log_next = *next;
    return result;
}

TEST(CursorTest, EmptyTopicsAreABeginning) {
    const auto cursor = judge(found(std::nullopt, {std::nullopt, std::nullopt}), kLedger, 10, 2, "json", std::nullopt);
    ASSERT_TRUE(cursor) << cursor.error().message;
    EXPECT_EQ(cursor->next, 0U);
    EXPECT_EQ(cursor->epoch, 0U);
}

TEST(CursorTest, StateThatIsNotThereOrNotWholeIsLost) {
    using Topics = std::vector<Topic>;
    const auto lost = [](Position next, const Topics& untouched, const std::vector<std::string>& said,
                         bool incomplete = false) {
        Found there = found(next, {std::nullopt, std::nullopt});
        there.untouched = untouched;
        there.control->state_untouched = said;
        there.control->state_incomplete = incomplete;
        const auto cursor = judge(there, kLedger, 10, 2, "json", std::nullopt);
        EXPECT_EQ(cursor->untouched, untouched);
        return cursor->state_lost;
    };
    const Topics both{Topic::kCustody, Topic::kStock};
    EXPECT_FALSE(lost(5, {}, {}));
    EXPECT_TRUE(lost(5, {Topic::kCustody}, {}));
    EXPECT_TRUE(lost(5, {Topic::kStock}, {}));
    EXPECT_TRUE(lost(5, {}, {}, true));  // a term died while it wrote
    EXPECT_FALSE(lost(0, both, {}));
    // There was nothing to write so far.
    EXPECT_FALSE(lost(5, {Topic::kStock}, {"stock"}));
    EXPECT_FALSE(lost(5, both, {"custody", "stock"}));
    EXPECT_FALSE(lost(5, {}, {"stock"}));  // what a torn commit left
    EXPECT_TRUE(lost(5, both, {"stock"}));
    EXPECT_TRUE(lost(5, {Topic::kStock}, {"stock"}, true));
}

TEST(CursorTest, GoesOnWhereTheControlRecordSays) {
    const auto cursor = judge(found(5, {RecordPlace{4, 0}, RecordPlace{3, 0}}), kLedger, 10, 2, "json", 5);
    ASSERT_TRUE(cursor) << cursor.error().message;
    EXPECT_EQ(cursor->next, 5U);
    EXPECT_EQ(cursor->epoch, 7U);
    EXPECT_EQ(cursor->torn, 0U);
}

TEST(CursorTest, KeepsWhatATornCommitLeft) {
    const auto cursor = judge(found(5, {RecordPlace{8, 1}, RecordPlace{4, 0}}), kLedger, 10, 2, "json", std::nullopt);
    ASSERT_TRUE(cursor) << cursor.error().message;
    EXPECT_EQ(cursor->torn, 1U);
    EXPECT_EQ(cursor->floors[0], (RecordPlace{8, 1}));
}

struct Refused {
    const char* what;
    Found found;
    std::optional<Position> known;
    const char* says;
    ErrorCode code = ErrorCode::kForeign;
};

TEST(CursorTest, RefusesWhatOnlyAPersonCanJudge) {
    Found other_ledger = found(5, {std::nullopt, std::nullopt});
    other_ledger.control->ledger = *LedgerId::parse("0190b5f0-7a3e-7c11-8d2f-0000000000bb");
    Found other_partitions = found(5, {std::nullopt, std::nullopt});
    other_partitions.control->partitions = 3;
    const Refused cases[]{
        {"another ledger", other_ledger, {}, "belongs to ledger"},
        {"another number of partitions", other_partitions, {}, "3 partitions"},
        {"Kafka is ahead",
         found(11, {std::nullopt, std::nullopt}),
         {},
         "diverged: Kafka holds events up to position 10"},
        {"a record is ahead",
         found(5, {RecordPlace{10, 0}, std::nullopt}),
         {},
         "diverged: the events topic holds position 10"},
        {"records without a cursor", found(std::nullopt, {RecordPlace{0, 0}, std::nullopt}), {}, "holds no cursor",
         ErrorCode::kNotFound},
        {"the cursor went back", found(5, {RecordPlace{4, 0}, std::nullopt}), 6, "Kafka has lost records",
         ErrorCode::kNotFound},
    };
    for (const Refused& one : cases) {
        const auto cursor = judge(one.found, kLedger, 10, 2, "json", one.known);
        ASSERT_FALSE(cursor) << one.what;
        EXPECT_EQ(cursor.error().code, one.code) << one.what;
        EXPECT_THAT(cursor.error().message, HasSubstr(one.says)) << one.what;
    }
}

TEST(CursorTest, TheLogTopicReachesTheCursor) {
    Found torn = found(5, {RecordPlace{4, 0}, std::nullopt});
    torn.log_next = 8;
    EXPECT_EQ(judge(torn, kLedger, 10, 2, "json", {})->log_floor, 8U);
    torn.log_next = 11;
    EXPECT_THAT(judge(torn, kLedger, 10, 2, "json", {}).error().message, HasSubstr("diverged: the log topic"));
    torn.log_next = 4;
    EXPECT_EQ(judge(torn, kLedger, 10, 2, "json", {}).error().code, ErrorCode::kNotFound);
    torn.log_next.reset();
    torn.log_emptied = true;  // by retention
    EXPECT_TRUE(judge(torn, kLedger, 10, 2, "json", {}));
}

TEST(CursorTest, TheLastCommittedRecordsMustBeThere) {
    Record record;
    record.partition = 1;
    record.place = {4, 2};
    EXPECT_TRUE(check_last(found(5, {std::nullopt, RecordPlace{4, 2}}), {record}));
    EXPECT_TRUE(check_last(found(5, {std::nullopt, RecordPlace{6, 0}}), {record}));
    EXPECT_FALSE(check_last(found(5, {std::nullopt, RecordPlace{4, 1}}), {record}));
    Found empty = found(5, {std::nullopt, std::nullopt});
    const auto lost = check_last(empty, {record});
    ASSERT_FALSE(lost);
    EXPECT_THAT(lost.error().message, HasSubstr("lost records: partition 1 is empty"));
    empty.emptied[1] = true;  // retention took them
    EXPECT_TRUE(check_last(empty, {record}));
}

}  // namespace
}  // namespace daybook::stream
