// Goal: the log of refused commands keeps what was refused in order, over restarts and within its bounds, and skips
// what is damaged.
#include "engine/sequencer/refused_log.h"

#include <gtest/gtest.h>

#include <fstream>

#include "engine/base/limits.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace daybook::sequencer {
namespace {

using custody::EventType;
using custody::RefusalCode;

custody::Command command_of(std::uint64_t number) {
    custody::Command command;
    command.type = EventType::kSignedOut;
    command.event_id = EventId(Uuid{1, number});
    command.site = 2;
    command.actor = {17, custody::Role::kSa, 0};
    return command;
}

custody::Refusal refusal_of(std::string message) {
    custody::Refusal refusal;
    refusal.code = RefusalCode::kAlreadyOut;
    refusal.item = ItemId(Uuid{3, 4});
    refusal.message = std::move(message);
    return refusal;
}

TEST(RefusedLogTest, ALineIsReadAsItWasWritten) {
    RefusedCommand entry{7,  1'772'442'000 * kSecond + 5, RefusalCode::kDualControl, EventType::kVaultOpened,
                         EventId(Uuid{1, 2}), 12, custody::Role::kOc, 1, ItemId(), "a\tb\nc"};
    const auto read = read_line(line_of(entry));
    entry.message = "a b c";
    EXPECT_EQ(read, entry);
    entry.role.reset();
    entry.item = ItemId(Uuid{9, 9});
    EXPECT_EQ(read_line(line_of(entry)), entry);
}

TEST(RefusedLogTest, WhatIsNoLineIsSkipped) {
    for (const char* line : {"", "7", "x\ty", "7\t2026\tE_PACKED\tSignedOut\t-\t1\t\t1\t\t"})
        EXPECT_FALSE(read_line(line)) << line;
}

TEST(RefusedLogTest, GoesOnOverARestart) {
    const test::TempDir dir;
    {
        const auto log = RefusedLog::open(dir.path());
        ASSERT_TRUE(log) << log.error().message;
        for (std::uint64_t i = 1; i <= 5; ++i) (*log)->add(command_of(i), refusal_of("no"), kSecond);
        EXPECT_EQ((*log)->newest(~0ULL, 2).size(), 2U);
        EXPECT_EQ((*log)->newest(~0ULL, 2)[0].number, 5U);
        EXPECT_EQ((*log)->newest(3, 10).size(), 2U);
        EXPECT_FALSE((*log)->failure());
    }
    std::ofstream(dir.path() / "refused.log", std::ios::app) << "torn li";
    ASSERT_TRUE(RefusedLog::open(dir.path()).value());  // writes the end of the torn line
    {
        const auto log = RefusedLog::open(dir.path());
        ASSERT_TRUE(log);
        (*log)->add(command_of(6), refusal_of("again"), 6 * kSecond);
    }
    const auto log = RefusedLog::open(dir.path());
    ASSERT_TRUE(log);
    const auto all = (*log)->newest(~0ULL, 100);
    ASSERT_EQ(all.size(), 6U);
    EXPECT_EQ(all[0].number, 6U);
    EXPECT_EQ(all[0].message, "again");
    EXPECT_EQ(all[5].event_id, EventId(Uuid{1, 1}));
    EXPECT_EQ(all[5].role, custody::Role::kSa);
}

TEST(RefusedLogTest, KeepsTwoFilesWithinTheirBounds) {
    const test::TempDir dir;
    const std::string message(512, 'm');
    const std::size_t entries = 3 * limits::kRefusedFileBytesMax / message.size();
    {
        const auto log = RefusedLog::open(dir.path());
        ASSERT_TRUE(log);
        for (std::uint64_t i = 1; i <= entries; ++i) (*log)->add(command_of(i), refusal_of(message), kSecond);
        EXPECT_EQ((*log)->newest(~0ULL, entries).size(), limits::kRefusedKeptMax);
    }
    std::uintmax_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(dir.path())) bytes += file.file_size();
    EXPECT_LE(bytes, 4 * limits::kRefusedFileBytesMax);  // a file may overrun by what waited
    const auto log = RefusedLog::open(dir.path());
    ASSERT_TRUE(log);
    EXPECT_EQ((*log)->newest(~0ULL, limits::kRefusedKeptMax).size(), limits::kRefusedKeptMax);
}

TEST(RefusedLogTest, SaysWhyItCannotWrite) {
    const test::TempDir dir;
    std::filesystem::create_directory(dir.path() / "refused.log");  // no file can be opened there
    const auto log = RefusedLog::open(dir.path());
    ASSERT_TRUE(log);
    (*log)->add(command_of(1), refusal_of("no"), kSecond);
    EXPECT_TRUE(test::wait_until([&] { return (*log)->failure().has_value(); }));
    EXPECT_EQ((*log)->newest(~0ULL, 1).size(), 1U);
}

}  // namespace
}  // namespace daybook::sequencer
