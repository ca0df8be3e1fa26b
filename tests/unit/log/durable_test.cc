// The durable marker: two slots in turn, and a torn write leaves the other one.
#include "engine/log/internal/durable.h"

#include <gtest/gtest.h>
#include <rocksdb/file_system.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.h"

namespace daybook::log::internal {
namespace {

const LedgerId kLedger{Uuid{7, 9}};

class DurableTest : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(DurableFile::create(options_, path_, {1, 0, kLedger}).has_value()); }
    void write(Position head) {
        auto file = DurableFile::open(options_, path_, read_durable(options_, path_).value());
        ASSERT_TRUE(file.has_value());
        ASSERT_TRUE((*file)->write(head).has_value());
    }
    void damage(std::streamoff at) const {
        std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(at);
        const int byte = file.get();
        file.seekp(at);
        file.put(static_cast<char>(byte ^ 0x10));
    }

    test::TempDir dir_;
    Options options_;
    std::string path_ = (dir_ / "DURABLE").string();
};

TEST_F(DurableTest, RemembersTheLastMark) {
    EXPECT_EQ(read_durable(options_, path_)->head, 0U);
    for (const Position head : {5U, 9U, 10U, 700U}) {
        write(head);
        const auto mark = read_durable(options_, path_);
        EXPECT_EQ(mark->head, head);
        EXPECT_EQ(mark->ledger, kLedger);
    }
    EXPECT_EQ(std::filesystem::file_size(path_), 2 * kDurableSlotOffset);
}

TEST_F(DurableTest, ATornMarkLeavesTheOneBefore) {
    write(5);
    write(9);
    const auto newest = static_cast<std::streamoff>(read_durable(options_, path_)->counter % 2 * kDurableSlotOffset);
    for (std::streamoff byte = 0; byte < static_cast<std::streamoff>(kDurableSlotBytes); ++byte) {
        damage(newest + byte);
        EXPECT_EQ(read_durable(options_, path_)->head, 5U) << byte;
        damage(newest + byte);
        EXPECT_EQ(read_durable(options_, path_)->head, 9U) << byte;
    }
}

TEST_F(DurableTest, WithoutAWholeMarkItIsDamage) {
    write(5);
    damage(20);
    damage(20 + static_cast<std::streamoff>(kDurableSlotOffset));
    EXPECT_EQ(read_durable(options_, path_).error().code, ErrorCode::kCorrupt);
    std::filesystem::resize_file(path_, 10);
    EXPECT_EQ(read_durable(options_, path_).error().code, ErrorCode::kCorrupt);
    std::filesystem::remove(path_);
    EXPECT_EQ(read_durable(options_, path_).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace daybook::log::internal
