// The event log as its users see it, on a disk of its own.
#include "engine/log/event_log.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "engine/base/limits.h"
#include "engine/ledger/merkle.h"
#include "tests/support/log_model.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace daybook::log {
namespace {

using test::event_at;
using test::expect_sound;
using test::group_of;
using test::kTestLedger;
using test::kTestStart;
using test::make_log;
using test::open_log;
using test::options_for;

TEST(EventLogTest, HoldsWhatWasAppendedAcrossReopening) {
    const test::TempDir dir;
    const Options options = options_for(dir.path());
    auto log = make_log(options);
    expect_sound(*log, 0);
    Position head = 0;
    for (const std::size_t count : {1U, 2U, 700U, 1U, 256U, 1U, 64U, 3U}) {
        const auto appended = log->append(group_of(head, count));
        ASSERT_TRUE(appended.has_value()) << appended.error().message;
        head += count;
        EXPECT_EQ(log->head(), head);
        EXPECT_EQ(log->last_recorded_at(), kTestStart + static_cast<Micros>(head));
        expect_sound(*log, head);
        if (head % 2 == 1) {
            ASSERT_TRUE(log->close().has_value());
            log = open_log(options);
            ASSERT_NE(log, nullptr);
            EXPECT_FALSE(log->recovery().tail_cut);
            expect_sound(*log, head);
        }
    }
    EXPECT_EQ(log->meta().ledger, kTestLedger);
    EXPECT_EQ(log->meta().format, kFormatVersion);
    EXPECT_EQ(log->meta().created_at, kTestStart);
    EXPECT_EQ(log->last_recorded_at(), kTestStart + static_cast<Micros>(head));
}

TEST(EventLogTest, ReadsByPosition) {
    const test::TempDir dir;
    auto log = make_log(options_for(dir.path()));
    ASSERT_TRUE(log->append(group_of(0, 500, 200)).has_value());
    ASSERT_TRUE(log->append(group_of(500, 20, 200)).has_value());
    for (const Position position : {0U, 1U, 137U, 499U, 500U, 519U}) {
        EXPECT_EQ(log->read(position).value(), event_at(position, 200)) << position;
    }
    EXPECT_EQ(log->read(520).error().code, ErrorCode::kNotFound);
    Cursor cursor = log->scan(499, 502);
    ASSERT_TRUE(cursor.next().value());
    EXPECT_EQ(cursor.position(), 499U);
    EXPECT_EQ(cursor.group_first(), 0U);
    EXPECT_EQ(cursor.group_end(), 500U);
    ASSERT_TRUE(cursor.next().value());
    EXPECT_EQ(cursor.group_first(), 500U);
    EXPECT_EQ(cursor.group_end(), 520U);
    EXPECT_TRUE(cursor.block_begins());
    EXPECT_EQ(cursor.group_recorded_at(), kTestStart + 520);
    ASSERT_TRUE(cursor.next().value());
    EXPECT_FALSE(cursor.next().value());
    EXPECT_FALSE(cursor.next().value());
    EXPECT_FALSE(log->scan(520).next().value());
    EXPECT_FALSE(log->scan(7, 3).next().value());
}

TEST(EventLogTest, AnEventLargerThanABlockStandsAlone) {
    const test::TempDir dir;
    const Options options = options_for(dir.path());
    auto log = make_log(options);
    Group group;
    for (Position i = 0; i < 5; ++i) test::append_event(group, event_at(i, i == 2 ? limits::kEventBytesMax - 100 : 10));
    group.last_recorded_at = kTestStart;
    const auto appended = log->append(group);
    ASSERT_TRUE(appended.has_value()) << appended.error().message;
    EXPECT_EQ(log->verify()->blocks, 3U);
    EXPECT_EQ(log->read(2)->size(), limits::kEventBytesMax - 100 + 1 + 17);
    EXPECT_EQ(log->read(3).value(), event_at(3, 10));
    ASSERT_TRUE(log->close().has_value());
    log = open_log(options);
    EXPECT_EQ(log->read(4).value(), event_at(4, 10));
}

TEST(EventLogTest, RefusesMalformedGroupsAndLivesOn) {
    const test::TempDir dir;
    auto log = make_log(options_for(dir.path()));
    ASSERT_TRUE(log->append(group_of(0, 10)).has_value());
    const auto refused = [&](Group group) {
        const auto appended = log->append(group);
        return !appended && appended.error().code == ErrorCode::kInvalid;
    };
    EXPECT_TRUE(refused(group_of(9, 3)));
    EXPECT_TRUE(refused(group_of(11, 3)));
    Group group;
    group.first = 10;
    EXPECT_TRUE(refused(group));  // empty
    group = group_of(10, 3);
    group.bytes.pop_back();
    EXPECT_TRUE(refused(group));
    group = group_of(10, 3);
    group.ends[1] = group.ends[0];
    EXPECT_TRUE(refused(group));
    group = group_of(10, 3);
    group.last_recorded_at = kTestStart;
    EXPECT_TRUE(refused(group));
    group = group_of(10, 3);
    group.ids.back().position = 13;
    EXPECT_TRUE(refused(group));
    group = group_of(10, 3);
    group.ids.front().position = 9;
    EXPECT_TRUE(refused(group));
    group = group_of(10, 3);
    group.ids.front().key.kind = 0;
    EXPECT_TRUE(refused(group));
    group = group_of(10, 1);
    group.bytes.assign(limits::kEventBytesMax + 1, 'x');
    group.ends = {static_cast<std::uint32_t>(group.bytes.size())};
    EXPECT_TRUE(refused(group));
    expect_sound(*log, 10);
    EXPECT_TRUE(log->append(group_of(10, 3)).has_value());
    expect_sound(*log, 13);
}

TEST(EventLogTest, ProofsVerify) {
    const test::TempDir dir;
    auto log = make_log(options_for(dir.path()));
    ASSERT_TRUE(log->append(group_of(0, 1000)).has_value());
    const TreeHash hash{&leaf_hash, &interior_hash, sha256("")};
    const TreeHead head{1000, log->root(1000).value()};
    for (const Position leaf : {0U, 255U, 256U, 999U}) {
        const auto path = log->inclusion_proof(leaf, 1000).value();
        EXPECT_TRUE(verify_inclusion(leaf_hash(event_at(leaf)), leaf, head, path, hash));
    }
    const TreeHead old_head{300, log->root(300).value()};
    EXPECT_TRUE(verify_consistency(old_head, head, log->consistency_proof(300, 1000).value(), hash));
    EXPECT_EQ(log->root(1001).error().code, ErrorCode::kInvalid);
    EXPECT_EQ(log->inclusion_proof(1000, 1000).error().code, ErrorCode::kInvalid);
    EXPECT_EQ(log->consistency_proof(0, 1000).error().code, ErrorCode::kInvalid);
}

TEST(EventLogTest, SettlesIdsInRunsAndRebuildsOnlyTheRest) {
    const test::TempDir dir;
    const Options options = options_for(dir.path());  // runs of 64 positions
    auto log = make_log(options);
    for (Position at = 0; at < 1000; at += 50) ASSERT_TRUE(log->append(group_of(at, 50)).has_value());
    expect_sound(*log, 1000);
    // What is left to rebuild tells what was settled.
    const bool settled = test::wait_until([&] {
        EXPECT_TRUE(log->close().has_value());
        log = open_log(options);
        return log->recovery().ids_rebuilt == 1000 % 64;
    });
    EXPECT_TRUE(settled) << log->recovery().ids_rebuilt;
    expect_sound(*log, 1000);
}

TEST(EventLogTest, ReadersSeeWholeGroupsWhileTheWriterAppends) {
    const test::TempDir dir;
    auto log = make_log(options_for(dir.path()));
    std::atomic<bool> done{false};
    std::atomic<int> rounds{0};
    std::thread reader([&] {
        while (!done.load()) {
            const Position head = log->head();
            if (head == 0) continue;
            EXPECT_EQ(log->read(head - 1).value(), event_at(head - 1));
            EXPECT_EQ(log->find_id({1, test::uuid_of(head - 1)}).value(), head - 1);
            EXPECT_TRUE(log->root(head).has_value());
            EXPECT_TRUE(log->root(head / 2).has_value());
            const auto report = log->verify();
            EXPECT_TRUE(report && !report->damage) << report->damage->message;
            ++rounds;
        }
    });
    for (Position at = 0; at < 6000 || rounds.load() < 3; at += 60) {
        ASSERT_TRUE(log->append(group_of(at, 60)).has_value());
    }
    done = true;
    reader.join();
    expect_sound(*log, log->head());
}

TEST(EventLogTest, VerifyTellsHowFarItIsAndCanBeStopped) {
    const test::TempDir dir;
    auto log = make_log(options_for(dir.path()));
    ASSERT_TRUE(log->append(group_of(0, 100)).has_value());
    Position last = 0;
    const auto report = log->verify([&](Position done, Position of) {
        EXPECT_EQ(of, 100U);
        last = done;
        return true;
    });
    EXPECT_EQ(last, 100U);
    EXPECT_EQ(report->events, 100U);
    EXPECT_EQ(report->ids, 100U + 2 * 20);
    EXPECT_EQ(report->root, log->root(100).value());
    EXPECT_EQ(log->verify([](Position, Position) { return false; }).error().code, ErrorCode::kStopped);
}

TEST(EventLogTest, TellsApartWhyItCannotOpen) {
    const test::TempDir dir;
    Options options = options_for(dir.path() / "none");
    EXPECT_EQ(EventLog::open(options).error().code, ErrorCode::kNoLedger);
    EXPECT_FALSE(std::filesystem::exists(options.dir));
    options = options_for(dir.path());
    EXPECT_EQ(EventLog::open(options).error().code, ErrorCode::kNoLedger);
    auto log = make_log(options);
    EXPECT_EQ(EventLog::create(options, kTestLedger, 0).error().code, ErrorCode::kExists);
    const auto second = EventLog::open(options);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::kInUse);
    EXPECT_NE(second.error().message.find("pid " + std::to_string(::getpid())), std::string::npos)
        << second.error().message;
    ASSERT_TRUE(log->append(group_of(0, 5)).has_value());
    expect_sound(*log, 5);
}

TEST(EventLogTest, AFileInTheWayIsNamed) {
    const test::TempDir dir;
    std::ofstream(dir / "file") << "not a directory";
    const Options options = options_for(dir.path() / "file");
    const auto made = EventLog::create(options, kTestLedger, 0);
    ASSERT_FALSE(made.has_value());
    EXPECT_NE(made.error().message.find("file"), std::string::npos);
}

// As another user in a child process, because the superuser may write anywhere.
TEST(EventLogTest, ADirectoryThatCannotBeWrittenIsItsOwnError) {
    const test::TempDir dir;
    const Options options = options_for(dir.path());
    make_log(options).reset();
    std::filesystem::create_directory(dir / "locked");
    using std::filesystem::perms;
    const perms look = perms::group_read | perms::group_exec | perms::others_read | perms::others_exec;
    std::filesystem::permissions(dir.path(), perms::owner_all | look);
    std::filesystem::permissions(dir / "locked", perms::owner_read | perms::owner_exec | look);
    const pid_t child = ::fork();
    if (child == 0) {
        if (::geteuid() == 0 && ::seteuid(65'534) != 0) ::_exit(3);
        if (::geteuid() != 65'534) std::filesystem::permissions(dir / "ledger/OWNER", perms::owner_read);
        const auto opened = EventLog::open(options);
        const auto made = EventLog::create(options_for(dir / "locked"), kTestLedger, 0);
        const bool named = !opened && opened.error().code == ErrorCode::kNotWritable && !made &&
                           made.error().code == ErrorCode::kNotWritable;
        if (!opened) std::fprintf(stderr, "%s\n", opened.error().message.c_str());
        if (!made) std::fprintf(stderr, "%s\n", made.error().message.c_str());
        ::_exit(named ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(EventLogTest, AnUnfinishedCreationIsNoLedgerAndIsStartedOver) {
    const test::TempDir dir;
    std::filesystem::create_directories(dir / "ledger.new");
    std::ofstream(dir / "ledger.new" / "CURRENT") << "MANIFEST-000001\n";
    const Options options = options_for(dir.path());
    EXPECT_EQ(EventLog::open(options).error().code, ErrorCode::kNoLedger);
    const auto log = make_log(options);
    expect_sound(*log, 0);
}

}  // namespace
}  // namespace daybook::log
