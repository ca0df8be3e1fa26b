// Stopping: in order, in time, and when the disk fails.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/engine.h"
#include "tests/support/gated_file_system.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace daybook::sequencer {
namespace {

using test::Engine;
using test::FakeClock;
using test::Ids;
using test::TempDir;
namespace salon = test::salon;

class StopTest : public ::testing::Test {
protected:
    StopTest() { log.file_system = std::make_shared<test::GatedFileSystem>(gate); }
    void start(Engine& engine) { ASSERT_TRUE(engine.run({salon::ledger_created(ids.next())})[0].accepted()); }
    std::string party() { return salon::party(ids.next(), ++number); }

    TempDir dir;
    FakeClock clock;
    Ids ids{3};
    std::uint64_t number = 0;
    std::shared_ptr<test::Gate> gate = std::make_shared<test::Gate>();
    log::Options log;
};

void expect_stopped(const std::vector<Answer>& answers, const std::string& reason) {
    for (const Answer& answer : answers) {
        EXPECT_FALSE(answer.accepted());
        ASSERT_TRUE(answer.error);
        EXPECT_EQ(answer.error->code, ErrorCode::kStopped);
        EXPECT_NE(answer.error->message.find(reason), std::string::npos) << answer.error->message;
    }
}

TEST_F(StopTest, WhatWasTakenIsAnsweredBeforeTheEnd) {
    Engine engine(dir.path(), clock);
    start(engine);
    std::vector<std::future<std::vector<Answer>>> sent;
    for (int i = 0; i < 200; ++i) sent.push_back(engine.send({party(), party()}));
    ASSERT_TRUE(engine.sequencer().stop());
    for (auto& one : sent) {
        ASSERT_EQ(one.wait_for(std::chrono::seconds(0)), std::future_status::ready);
        EXPECT_TRUE(one.get().back().accepted());
    }
    EXPECT_EQ(engine.log().head(), 401U);
    EXPECT_TRUE(engine.sequencer().feed().finished());
    expect_stopped(Engine::get(engine.send({party()})), "being stopped");
    EXPECT_TRUE(engine.sequencer().stop());
    engine.reopen();
    EXPECT_TRUE(engine.run({party()})[0].accepted());
}

TEST_F(StopTest, AtTheDeadlineWhatWaitsIsRefused) {
    Options options = Engine::without_runner();
    options.group_events_max = 1;
    Engine engine(dir.path(), clock, options, log);
    start(engine);
    gate->close();
    auto syncing = engine.send({party()});
    ASSERT_TRUE(gate->wait_for_sync());
    auto decided = engine.send({party()});
    ASSERT_TRUE(test::wait_until([&] { return engine.sequencer().stats().accepted == 3; }));
    auto waiting = engine.send({party(), party()});
    std::thread opener([&] {
        // The disk is slower than the deadline.
        std::this_thread::sleep_for(std::chrono::milliseconds(150));
        gate->open();
    });
    EXPECT_TRUE(engine.sequencer().stop(after(std::chrono::milliseconds(50))));
    opener.join();
    EXPECT_TRUE(Engine::get(std::move(syncing))[0].accepted());
    EXPECT_TRUE(Engine::get(std::move(decided))[0].accepted());
    expect_stopped(Engine::get(std::move(waiting)), "nothing was done");
    EXPECT_EQ(engine.log().head(), 3U);
}

TEST_F(StopTest, ARunnerThatIsGoneDoesNotHoldTheStop) {
    Options options;
    options.feed_events_max = 1;
    Engine engine(dir.path(), clock, options);
    auto first = engine.send({salon::ledger_created(ids.next())});
    ASSERT_TRUE(Engine::get(std::move(first))[0].accepted());
    auto second = engine.send({party()});
    ASSERT_TRUE(Engine::get(std::move(second))[0].accepted());
    EXPECT_TRUE(engine.sequencer().stop(after(std::chrono::milliseconds(50))));
    EXPECT_TRUE(engine.sequencer().feed().finished());
}

TEST_F(StopTest, AFailedSyncStopsTheEngineForEver) {
    Engine engine(dir.path(), clock, Engine::without_runner(), log);
    start(engine);
    gate->close();
    auto syncing = engine.send({party()});
    ASSERT_TRUE(gate->wait_for_sync());
    auto decided = engine.send({party()});
    auto refused = engine.send({salon::signed_in(ids.next(), ids.next())});
    ASSERT_TRUE(test::wait_until([&] { return engine.sequencer().stats().refused == 1; }));
    gate->break_disk();
    expect_stopped(Engine::get(std::move(syncing)), "the test broke the disk");
    expect_stopped(Engine::get(std::move(decided)), "the test broke the disk");
    expect_stopped(Engine::get(std::move(refused)), "the test broke the disk");
    ASSERT_TRUE(test::wait_until([&] { return engine.sequencer().failure().has_value(); }));
    gate->mend_disk();
    expect_stopped(Engine::get(engine.send({party()})), "the test broke the disk");
    EXPECT_EQ(engine.sequencer().feed().head(), 1U);
    EXPECT_FALSE(engine.sequencer().stop());

    // A new start goes on from what is on disk, whatever that is, and every command can be sent again.
    engine.reopen();
    EXPECT_TRUE(engine.run({party()})[0].accepted());
}

TEST_F(StopTest, BooksOfAnotherPositionAreRefused) {
    Engine engine(dir.path(), clock);
    start(engine);
    auto wrong = Sequencer::start(engine.log(), std::make_unique<custody::Books>(), clock);
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, ErrorCode::kInternal);
}

}  // namespace
}  // namespace daybook::sequencer
