// Tables, filter and runs of ids. How runs are cut must follow from the events alone.
#include "engine/log/internal/id_index.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "engine/log/internal/id_filter.h"
#include "engine/log/internal/id_table.h"
#include "tests/support/log_model.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace daybook::log::internal {
namespace {

using test::uuid_of;

IdEntry entry(std::uint64_t n, Position position, std::uint8_t kind = 1) { return {{kind, uuid_of(n)}, position}; }

TEST(IdTableTest, FindsWhatWasInsertedAndNothingElse) {
    const IdHasher hasher;
    IdTable table(0, hasher);
    std::vector<IdEntry> entries;
    for (std::uint64_t i = 0; i < IdTable::kIdsMax; ++i) entries.push_back({{1, Uuid{i % 3, i}}, i});
    table.insert(entries);
    EXPECT_EQ(table.room(), 0U);
    for (const IdEntry& e : entries) ASSERT_EQ(table.find(e.key, hasher(e.key)), e.position);
    for (std::uint64_t i = 0; i < 1000; ++i) {
        const IdKey other_kind{2, Uuid{i % 3, i}};
        const IdKey other_id{1, Uuid{i % 3 + 1, i}};
        ASSERT_FALSE(table.find(other_kind, hasher(other_kind)));
        ASSERT_FALSE(table.find(other_id, hasher(other_id)));
    }
    std::vector<IdEntry> sorted = entries;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(table.sorted(), sorted);
}

TEST(IdTableTest, TheFirstOfEqualKeysStays) {
    const IdHasher hasher;
    IdTable table(0, hasher);
    table.insert(std::vector{entry(1, 5), entry(1, 9), entry(1, 7, 2)});
    EXPECT_EQ(table.count(), 2U);
    EXPECT_EQ(table.find(entry(1, 0).key, hasher(entry(1, 0).key)), 5U);
}

TEST(IdFilterTest, KnowsAllAndFewOthersAcrossSegments) {
    const IdHasher hasher;
    IdFilter filter;
    constexpr std::uint64_t kIds = 3'500'000;  // three segments
    EXPECT_FALSE(filter.may_contain(7));
    std::vector<std::uint64_t> hashes;
    for (std::uint64_t i = 0; i < kIds; ++i) hashes.push_back(hasher({1, Uuid{i, ~i}}));
    filter.add(hashes);
    std::uint64_t missed = 0;
    std::uint64_t false_answers = 0;
    for (std::uint64_t i = 0; i < kIds; i += 7) {
        missed += filter.may_contain(hasher({1, Uuid{i, ~i}})) ? 0U : 1U;
        false_answers += filter.may_contain(hasher({2, Uuid{i, ~i}})) ? 1U : 0U;
    }
    EXPECT_EQ(missed, 0U);
    EXPECT_LT(false_answers, kIds / 7 / 100);  // one in a hundred; about three in a thousand are expected
}

class IdIndexTest : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(Database::open(options_, path_, Database::Mode::kCreate, database_).ok());
        reopen();
    }
    void reopen() {
        index_ = std::make_unique<IdIndex>(*database_, path_ + "/run.tmp", 100);
        settled_ = index_->load().value();
        index_->start([](const Error& error) { ADD_FAILURE() << error.message; });
    }
    // One id an event, except that every tenth event brings in none.
    void add(Position from, Position to, std::size_t step) {
        while (from < to) {
            const Position end = std::min<Position>(to, from + step);
            std::vector<IdEntry> ids;
            for (Position p = from; p < end; ++p) {
                if (p % 10 != 9) ids.push_back(entry(p, p));
            }
            ASSERT_TRUE(index_->add(ids, end).has_value());
            from = end;
        }
    }
    bool settled_to(Position position) {
        return test::wait_until([&] {
            index_.reset();
            reopen();
            return settled_ == position;
        });
    }

    test::TempDir dir_;
    Options options_ = test::options_for(dir_.path());
    std::string path_ = (dir_ / "db").string();
    std::unique_ptr<Database> database_;
    std::unique_ptr<IdIndex> index_;
    Position settled_ = 0;
};

// A reader that keeps its list of tables finds each id as soon as it was added, also where tables have been begun and
// settled since it last looked.
TEST_F(IdIndexTest, AReaderFindsWhatIsThere) {
    IdIndex::Reader reader(*index_);
    for (Position p = 0; p < 1'000; p += 50) {
        add(p, p + 50, 10);
        for (const Position seen : {p, p / 2, Position{0}}) {
            reader.prefetch(entry(seen, seen).key);
            const auto found = reader.find(entry(seen, seen).key);
            ASSERT_TRUE(found.has_value());
            EXPECT_EQ(*found, seen % 10 == 9 ? std::optional<Position>() : seen);
        }
        const auto unknown = reader.find(entry(p + 50, 0).key);
        ASSERT_TRUE(unknown.has_value());
        EXPECT_EQ(*unknown, std::nullopt);
    }
}

TEST_F(IdIndexTest, FindsRecentAndSettledIds) {
    add(0, 1050, 37);
    for (Position p = 0; p < 1050; ++p) {
        const auto found = index_->find(entry(p, p).key);
        ASSERT_TRUE(found.has_value());
        ASSERT_EQ(*found, p % 10 == 9 ? std::nullopt : std::optional<Position>(p)) << p;
    }
    EXPECT_FALSE(index_->find(entry(5000, 0).key)->has_value());
}

TEST_F(IdIndexTest, RunsEndAtMultiplesHoweverTheGroupsFall) {
    add(0, 1050, 333);
    // Reopening drops what is not settled, so add until all full runs are.
    for (Position from = 0; from < 1000; from = settled_) {
        const Position before = settled_;
        ASSERT_TRUE(test::wait_until([&] { return index_->find_settled(entry(before, before).key)->has_value(); }));
        index_.reset();
        reopen();
        ASSERT_EQ(settled_ % 100, 0U);
        if (settled_ < 1000) add(settled_, 1050, 50);
    }
    EXPECT_EQ(settled_, 1000U);
    EXPECT_EQ(index_->find(entry(500, 500).key).value(), 500U);
    EXPECT_FALSE(index_->find(entry(1040, 0).key)->has_value()) << "not settled, and nobody rebuilt it";
}

TEST_F(IdIndexTest, ManyIdsAnEventCutRunsEarlyAndNeverInsideAnEvent) {
    constexpr std::size_t kPerEvent = 60'000;
    for (Position p = 0; p < 20; ++p) {
        std::vector<IdEntry> ids;
        for (std::uint64_t i = 0; i < kPerEvent; ++i) ids.push_back({{3, Uuid{p, i}}, p});
        ASSERT_TRUE(index_->add(ids, p + 1).has_value());
    }
    for (Position p = 0; p < 20; ++p) EXPECT_EQ(index_->find({3, Uuid{p, 59'999}}).value(), p);
    ASSERT_TRUE(test::wait_until([&] { return index_->find_settled({3, Uuid{17, 0}})->has_value(); }));
    index_.reset();
    reopen();
    EXPECT_EQ(settled_, 18U);  // 6 events of 60,000 to a table of 393,216
}

TEST_F(IdIndexTest, AMissingRunIsNamed) {
    add(0, 400, 100);
    ASSERT_TRUE(test::wait_until([&] { return index_->find_settled(entry(310, 0).key)->has_value(); }));
    index_.reset();
    const auto key = run_marker_key(200);
    ASSERT_TRUE(database_->db().Delete({}, database_->family(Family::kIds), slice(key)).ok());
    index_ = std::make_unique<IdIndex>(*database_, path_ + "/run.tmp", 100);
    const auto loaded = index_->load();
    ASSERT_FALSE(loaded.has_value());
    EXPECT_EQ(loaded.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(loaded.error().message.find("positions 100 to 199"), std::string::npos) << loaded.error().message;
}

}  // namespace
}  // namespace daybook::log::internal
