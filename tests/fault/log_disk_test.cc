// The log on a disk that fails: every operation in turn, once or for good, as an error, as a full disk, as a sync that
// fails, and as a power cut that takes what was not synced.
//
// Whatever happens: what was acknowledged is there afterwards, at most one group more, and all of it sound; after the
// first failure nothing is acknowledged any more.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/fault_file_system.h"
#include "tests/support/log_model.h"
#include "tests/support/temp_dir.h"

namespace daybook::log {
namespace {

using test::FaultFileSystem;
using Fault = FaultFileSystem::Fault;

constexpr std::size_t kGroupEvents = 30;
constexpr Position kEvents = 150;  // two runs of ids; memtables are flushed at close

struct Outcome {
    bool opened = false;
    Position acknowledged = 0;
    std::optional<Error> first;  // error of an append, of opening or of closing
};

// Opens, appends what is missing up to kEvents, closes.
Outcome live(const Options& options) {
    Outcome outcome;
    auto opened = EventLog::open(options);
    if (!opened) {
        outcome.first = opened.error();
        return outcome;
    }
    outcome.opened = true;
    EventLog& log = **opened;
    outcome.acknowledged = log.head();
    while (log.head() < kEvents) {
        const Position before = log.head();
        const auto appended = log.append(test::group_of(before, kGroupEvents));
        if (!appended) {
            outcome.first = appended.error();
            EXPECT_EQ(log.head(), before);
            const auto again = log.append(test::group_of(before, 1));
            EXPECT_FALSE(again.has_value());
            EXPECT_EQ(again.error().message, appended.error().message);
            EXPECT_EQ(again.error().code, appended.error().code);
            break;
        }
        outcome.acknowledged = log.head();
    }
    const auto closed = log.close();
    if (!closed && !outcome.first) outcome.first = closed.error();
    return outcome;
}

class LogDiskTest : public testing::Test {
protected:
    // Fails the operations 1, 2, 3, … of a fresh ledger's life, each in a ledger of its own, until one lives through.
    void fail_each(Fault fault, bool for_good, bool only_syncs) {
        for (std::uint64_t number = 1; number < 10'000; ++number) {
            SCOPED_TRACE("operation " + std::to_string(number));
            const test::TempDir dir(test::TempDir::in_memory());
            const auto disk = std::make_shared<FaultFileSystem>();
            Options options = test::options_for(dir.path());
            options.file_system = disk;
            ASSERT_TRUE(EventLog::create(options, test::kTestLedger, 0).has_value());
            disk->plan(fault, number, for_good, only_syncs);
            const Outcome outcome = live(options);
            const bool struck = disk->struck();
            if (fault == Fault::kPowerCut) disk->lose_what_was_not_synced();
            disk->plan(Fault::kNone, 0, false);
            check_afterwards(options, outcome, fault);
            if (HasFailure() || !struck) return;
        }
        FAIL() << "the disk never stopped failing";
    }

    static void check_afterwards(const Options& options, const Outcome& outcome, Fault fault) {
        if (outcome.first) {
            const ErrorCode code = outcome.first->code;
            EXPECT_TRUE(code == (fault == Fault::kNoSpace ? ErrorCode::kDiskFull : ErrorCode::kIo) ||
                        code == ErrorCode::kStopped)
                << to_string(code) << " " << outcome.first->message;
        } else {
            EXPECT_EQ(outcome.acknowledged, kEvents);
        }
        const auto log = test::open_log(options);
        if (log == nullptr) {
            ADD_FAILURE() << "after " << outcome.acknowledged << " events; first error: "
                          << (outcome.first ? outcome.first->message : "none");
            return;
        }
        EXPECT_GE(log->head(), outcome.acknowledged);
        EXPECT_LE(log->head(), outcome.acknowledged + kGroupEvents);
        EXPECT_EQ(log->head() % kGroupEvents, 0U) << "groups are whole or not there";
        test::expect_sound(*log, log->head());
        EXPECT_TRUE(log->append(test::group_of(log->head(), 3)).has_value());
        EXPECT_TRUE(log->close().has_value());
    }
};

TEST_F(LogDiskTest, SurvivesAnErrorOfAnyOperation) { fail_each(Fault::kError, false, false); }
TEST_F(LogDiskTest, SurvivesADiskThatDiesAtAnyOperation) { fail_each(Fault::kError, true, false); }
TEST_F(LogDiskTest, SurvivesAFullDiskAtAnyOperation) { fail_each(Fault::kNoSpace, true, false); }
TEST_F(LogDiskTest, SurvivesAFailedSync) { fail_each(Fault::kError, false, true); }
TEST_F(LogDiskTest, SurvivesAPowerCutAtAnyOperation) { fail_each(Fault::kPowerCut, true, false); }

TEST_F(LogDiskTest, ACreationThatFailsLeavesNoLedgerAndCanBeRepeated) {
    for (std::uint64_t number = 1; number < 1000; ++number) {
        SCOPED_TRACE("operation " + std::to_string(number));
        const test::TempDir dir(test::TempDir::in_memory());
        const auto disk = std::make_shared<FaultFileSystem>();
        Options options = test::options_for(dir.path());
        options.file_system = disk;
        disk->plan(Fault::kNoSpace, number, true);
        const auto created = EventLog::create(options, test::kTestLedger, 0);
        const bool struck = disk->struck();
        disk->plan(Fault::kNone, 0, false);
        if (!created) {
            EXPECT_EQ(created.error().code, ErrorCode::kDiskFull) << created.error().message;
            EXPECT_EQ(EventLog::open(options).error().code, ErrorCode::kNoLedger);
            ASSERT_TRUE(EventLog::create(options, test::kTestLedger, 0).has_value());
        }
        const auto log = test::open_log(options);
        ASSERT_NE(log, nullptr);
        test::expect_sound(*log, 0);
        if (!struck) return;
    }
    FAIL() << "the disk never stopped failing";
}

}  // namespace
}  // namespace daybook::log
