// The path from one format to the next, with steps made up here: format 1 is the first, so that there are none yet.
#include "engine/log/internal/upgrade.h"

#include <gtest/gtest.h>
#include <rocksdb/write_batch.h>

#include "engine/base/bytes.h"
#include "engine/log/internal/recovery.h"
#include "tests/support/log_model.h"
#include "tests/support/temp_dir.h"

namespace daybook::log::internal {
namespace {

class UpgradeTest : public testing::Test {
protected:
    void SetUp() override {
        options_ = test::options_for(dir_.path());
        ASSERT_TRUE(EventLog::create(options_, test::kTestLedger, 0).has_value());
    }
    void in_database(const std::function<void(const Database&)>& use) {
        std::unique_ptr<Database> database;
        ASSERT_TRUE(Database::open(options_, (dir_ / "ledger").string(), Database::Mode::kWrite, database).ok());
        use(*database);
    }
    static std::uint32_t stored_format(const Database& database) {
        std::string value;
        EXPECT_TRUE(database.db().Get({}, database.family(Family::kMeta), slice(kMetaFormat), &value).ok());
        return get_be32(value.data());
    }

    test::TempDir dir_;
    Options options_;
};

Result<void> add_two(const Database& database, rocksdb::WriteBatch& batch) {
    return check(batch.Put(database.family(Family::kMeta), "two", "2"), "step");
}
Result<void> add_three(const Database& database, rocksdb::WriteBatch& batch) {
    return check(batch.Put(database.family(Family::kMeta), "three", "3"), "step");
}
Result<void> refuse(const Database&, rocksdb::WriteBatch&) { return fail(ErrorCode::kIo, "no"); }

TEST_F(UpgradeTest, AppliesEveryStepInOrder) {
    in_database([](const Database& database) {
        const UpgradeStep steps[] = {{2, add_three}, {1, add_two}};
        EXPECT_EQ(upgrade(database, 1, 3, steps).value(), 3U);
        EXPECT_EQ(stored_format(database), 3U);
        std::string value;
        EXPECT_TRUE(database.db().Get({}, database.family(Family::kMeta), "three", &value).ok());
        EXPECT_EQ(upgrade(database, 3, 3, steps).value(), 3U);
    });
    // And this version leaves it alone.
    const auto opened = EventLog::open(options_);
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code, ErrorCode::kNewerFormat);
    in_database([](const Database& database) { EXPECT_EQ(stored_format(database), 3U); });
}

TEST_F(UpgradeTest, AFailedStepLeavesTheFormatBefore) {
    in_database([](const Database& database) {
        const UpgradeStep steps[] = {{1, add_two}, {2, refuse}};
        const auto upgraded = upgrade(database, 1, 3, steps);
        ASSERT_FALSE(upgraded.has_value());
        EXPECT_NE(upgraded.error().message.find("from format 2"), std::string::npos);
        EXPECT_EQ(stored_format(database), 2U);
    });
}

TEST_F(UpgradeTest, AMissingStepIsABug) {
    in_database([](const Database& database) {
        EXPECT_EQ(upgrade(database, 1, 2, {}).error().code, ErrorCode::kInternal);
        EXPECT_EQ(stored_format(database), 1U);
    });
}

TEST_F(UpgradeTest, ThisVersionHasAStepFromEveryOlderFormat) {
    EXPECT_EQ(upgrade_steps().size(), kFormatVersion - 1);
}

}  // namespace
}  // namespace daybook::log::internal
