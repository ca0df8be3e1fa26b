// The sequencer over a real log: numbering, times, idempotency, groups and queues.
#include "engine/sequencer/sequencer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>
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

class SequencerTest : public ::testing::Test {
protected:
    // Ready for parties: the ledger's first event is there.
    void start(Engine& engine) { ASSERT_TRUE(engine.run({salon::ledger_created(ids.next())})[0].accepted()); }
    std::string party() { return salon::party(ids.next(), ++number); }
    std::vector<std::string> parties(std::size_t count) {
        std::vector<std::string> out;
        for (std::size_t i = 0; i < count; ++i) out.push_back(party());
        return out;
    }

    TempDir dir;
    FakeClock clock;
    Ids ids{1};
    std::uint64_t number = 0;
};

std::vector<std::string> stored(const log::EventLog& log) {
    std::vector<std::string> out;
    auto cursor = log.scan(0);
    while (test::must(cursor.next())) out.emplace_back(cursor.bytes());
    return out;
}

TEST_F(SequencerTest, PositionsAreDenseAndInTheOrderOfTheSubmission) {
    Engine engine(dir.path(), clock);
    start(engine);
    const auto answers = engine.run(parties(100));
    for (std::size_t i = 0; i < answers.size(); ++i) {
        EXPECT_EQ(answers[i].position, i + 1);
        EXPECT_EQ(answers[i].batch_last, i + 1);
        EXPECT_FALSE(answers[i].repeated);
    }
    EXPECT_EQ(engine.log().head(), 101U);
    EXPECT_EQ(engine.sequencer().feed().head(), 101U);
}

TEST_F(SequencerTest, AnEventHoldsTheCommandVerbatimAndTheRecordTime) {
    Engine engine(dir.path(), clock);
    start(engine);
    clock.move(5 * kSecond);
    const std::string command = party();
    const auto answer = engine.run({command})[0];
    const std::string bytes = test::must(engine.log().read(1));
    const auto head = test::must(codec::read_event_head(bytes));
    EXPECT_EQ(head.command, test::encode(command));
    EXPECT_EQ(head.position, 1U);
    EXPECT_EQ(head.recorded_at, clock.now());
    EXPECT_EQ(answer.recorded_at, clock.now());
}

TEST_F(SequencerTest, ARefusalTakesNoPositionAndHidesNoOther) {
    Engine engine(dir.path(), clock);
    start(engine);
    const auto answers = engine.run({party(), salon::signed_in(ids.next(), ids.next()), party()});
    EXPECT_EQ(answers[0].position, 1U);
    EXPECT_FALSE(answers[1].accepted());
    ASSERT_TRUE(answers[1].refusal);
    EXPECT_EQ(answers[2].position, 2U);
    EXPECT_EQ(engine.sequencer().stats().refused, 1U);
}

// ---- Idempotency ----

TEST_F(SequencerTest, AWholeStreamSentAgainChangesNothingAndGetsTheFirstAnswers) {
    Engine engine(dir.path(), clock);
    std::vector<std::string> stream = salon::start(ids);
    std::vector<std::string> items;
    for (int i = 0; i < 20; ++i) items.push_back(ids.next());
    for (auto& command : salon::arrive(ids, items)) stream.push_back(std::move(command));
    for (const auto& item : items) stream.push_back(salon::signed_out(ids.next(), ids.next(), item));
    for (const auto& item : items) stream.push_back(salon::signed_in(ids.next(), item));
    const auto first = engine.run(stream);
    for (const auto& answer : first) {
        ASSERT_TRUE(answer.accepted()) << (answer.refusal ? answer.refusal->message : answer.error->message);
    }
    const auto before = stored(engine.log());

    for (const bool restarted : {false, true}) {
        if (restarted) engine.reopen();
        clock.move(kDay);
        const auto again = engine.run(stream);
        for (std::size_t i = 0; i < stream.size(); ++i) {
            EXPECT_EQ(again[i].position, first[i].position);
            EXPECT_EQ(again[i].recorded_at, first[i].recorded_at);
            EXPECT_TRUE(again[i].repeated);
        }
        EXPECT_EQ(stored(engine.log()), before);
    }
}

TEST_F(SequencerTest, AnIdWithOtherContentIsAConflict) {
    Engine engine(dir.path(), clock);
    start(engine);
    const std::string id = ids.next();
    ASSERT_TRUE(engine.run({salon::party(id, 1)})[0].accepted());
    const auto answers = engine.run({salon::party(id, 2), salon::party(id, 1)});
    ASSERT_TRUE(answers[0].refusal);
    EXPECT_EQ(answers[0].refusal->code, custody::RefusalCode::kEventIdConflict);
    EXPECT_EQ(answers[0].refusal->event, 1U);
    EXPECT_TRUE(answers[1].repeated);
}

TEST_F(SequencerTest, AnIdTwiceInOneSubmissionIsRepeatedOrAConflict) {
    Engine engine(dir.path(), clock);
    start(engine);
    const std::string id = ids.next();
    const auto answers = engine.run({salon::party(id, 1), salon::party(id, 1), salon::party(id, 2)});
    EXPECT_EQ(answers[0].position, 1U);
    EXPECT_FALSE(answers[0].repeated);
    EXPECT_EQ(answers[1].position, 1U);
    EXPECT_TRUE(answers[1].repeated);
    ASSERT_TRUE(answers[2].refusal);
    EXPECT_EQ(answers[2].refusal->code, custody::RefusalCode::kEventIdConflict);
    EXPECT_EQ(engine.log().head(), 2U);
}

TEST_F(SequencerTest, ARepeatedCommandWaitsForTheGroupItIsIn) {
    auto gate = std::make_shared<test::Gate>();
    log::Options log;
    log.file_system = std::make_shared<test::GatedFileSystem>(gate);
    Engine engine(dir.path(), clock, Engine::without_runner(), log);
    start(engine);
    gate->close();
    const std::string command = party();
    auto first = engine.send({command});
    ASSERT_TRUE(gate->wait_for_sync());
    auto again = engine.send({command});
    auto refused = engine.send({salon::signed_in(ids.next(), ids.next())});
    // Both are decided while the group is being synced, and neither may leave before it.
    ASSERT_TRUE(test::wait_until([&] { return engine.sequencer().stats().refused == 1; }));
    for (auto* waiting : {&first, &again, &refused}) {
        EXPECT_EQ(waiting->wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
    }
    EXPECT_EQ(engine.log().head(), 1U);
    gate->open();
    EXPECT_EQ(Engine::get(std::move(first))[0].position, 1U);
    const auto answer = Engine::get(std::move(again))[0];
    EXPECT_EQ(answer.position, 1U);
    EXPECT_TRUE(answer.repeated);
    EXPECT_FALSE(Engine::get(std::move(refused))[0].accepted());
}

TEST_F(SequencerTest, AnObligationIdAndAnEpcAreUsedOnce) {
    Engine engine(dir.path(), clock);
    ASSERT_TRUE(engine.run(salon::start(ids)).back().accepted());
    const std::string item = ids.next();
    ASSERT_TRUE(engine.run(salon::arrive(ids, {item})).back().accepted());
    const std::string obligation = ids.next();
    for (const bool restarted : {false, true}) {
        if (restarted) engine.reopen();
        if (!restarted) {
            ASSERT_TRUE(engine.run({salon::signed_out(ids.next(), obligation, item)})[0].accepted());
            ASSERT_TRUE(engine.run({salon::signed_in(ids.next(), item)})[0].accepted());
        }
        const auto answers = engine.run({salon::signed_out(ids.next(), obligation, item),
                                         salon::registered(ids.next(), ids.next(), "urn:epc:id:sgtin:" + item)});
        ASSERT_TRUE(answers[0].refusal);
        EXPECT_EQ(answers[0].refusal->code, custody::RefusalCode::kObligationExists);
        ASSERT_TRUE(answers[1].refusal);
        EXPECT_EQ(answers[1].refusal->code, custody::RefusalCode::kDuplicateItem);
    }
    // Also while the first use is not durable yet.
    const std::string epc = "urn:epc:id:sgtin:same";
    const auto both =
        engine.run({salon::registered(ids.next(), ids.next(), epc), salon::registered(ids.next(), ids.next(), epc)});
    EXPECT_TRUE(both[0].accepted());
    ASSERT_TRUE(both[1].refusal);
    EXPECT_EQ(both[1].refusal->code, custody::RefusalCode::kDuplicateItem);
}

// ---- Record time ----

TEST_F(SequencerTest, RecordTimeNeverGoesBack) {
    Engine engine(dir.path(), clock);
    start(engine);
    const Micros begin = clock.now();
    clock.move(kHour);
    EXPECT_EQ(engine.run({party()})[0].recorded_at, begin + kHour);
    clock.move(-2 * kHour);
    EXPECT_EQ(engine.run({party()})[0].recorded_at, begin + kHour + 1);
    engine.reopen();
    EXPECT_EQ(engine.run({party()})[0].recorded_at, begin + kHour + 2);
    clock.set(begin + 3 * kHour);
    EXPECT_EQ(engine.run({party()})[0].recorded_at, begin + 3 * kHour);
}

TEST_F(SequencerTest, NothingIsRecordedAtAMomentThatWasAnswered) {
    Engine engine(dir.path(), clock);
    start(engine);
    ASSERT_TRUE(engine.run({party()})[0].accepted());
    clock.move(10);
    const Observed observed = engine.sequencer().observe_now();
    EXPECT_EQ(observed.at, clock.now());
    EXPECT_EQ(observed.position, 2U);
    EXPECT_EQ(engine.run({party()})[0].recorded_at, observed.at + 1);
    clock.move(-kDay);
    const Observed later = engine.sequencer().observe_now();
    EXPECT_EQ(later.at, observed.at + 1);
    EXPECT_EQ(engine.run({party()})[0].recorded_at, observed.at + 2);
}

// Also not after a crash, with a clock that was set back.
TEST_F(SequencerTest, AMomentThatWasAnsweredIsKeptInTheLog) {
    Engine engine(dir.path(), clock);
    start(engine);
    const Micros begin = clock.now();
    EXPECT_EQ(engine.log().answered_at(), 0);
    test::must(engine.log().keep_answered(begin + kHour));
    test::must(engine.log().keep_answered(begin + kMinute));
    EXPECT_EQ(engine.log().answered_at(), begin + kHour);
    engine.reopen();
    EXPECT_EQ(engine.log().answered_at(), begin + kHour);
    EXPECT_EQ(engine.run({party()})[0].recorded_at, begin + kHour + 1);
    test::must(engine.log().keep_answered(begin + 2 * kHour));
    engine.reopen();
    EXPECT_EQ(engine.run({party()})[0].recorded_at, begin + 2 * kHour + 1);
}

TEST_F(SequencerTest, EachSubmissionHasARecordTimeOfItsOwn) {
    Engine engine(dir.path(), clock);
    start(engine);
    Micros last = clock.now();
    for (int i = 0; i < 5; ++i) {
        const auto answers = engine.run({party(), party()});
        EXPECT_GT(answers[0].recorded_at, last);
        EXPECT_EQ(answers[1].recorded_at, answers[0].recorded_at);
        last = answers[0].recorded_at;
    }
}

TEST_F(SequencerTest, ObservedMomentsPartTheLogUnderLoad) {
    Engine engine(dir.path(), clock);
    start(engine);
    std::atomic<bool> stop{false};
    std::thread writer([&] {
        while (!stop) static_cast<void>(engine.run(parties(50)));
    });
    std::vector<Observed> seen;
    while (seen.size() < 200) {
        seen.push_back(engine.sequencer().observe_now());
        if (seen.size() % 10 == 0) clock.move(3);
    }
    stop = true;
    writer.join();
    const auto events = stored(engine.log());
    for (const Observed& one : seen) {
        for (std::size_t i = 0; i < events.size(); ++i) {
            const auto head = test::must(codec::read_event_head(events[i]));
            ASSERT_EQ(head.recorded_at <= one.at, i < one.position);
        }
    }
}

// ---- Groups ----

TEST_F(SequencerTest, WhatArrivesDuringASyncSharesTheNext) {
    auto gate = std::make_shared<test::Gate>();
    log::Options log;
    log.file_system = std::make_shared<test::GatedFileSystem>(gate);
    Engine engine(dir.path(), clock, Engine::without_runner(), log);
    start(engine);
    gate->close();
    const auto groups = engine.sequencer().stats().groups;
    auto first = engine.send({party()});
    ASSERT_TRUE(gate->wait_for_sync());
    std::vector<std::future<std::vector<Answer>>> others;
    for (int i = 0; i < 16; ++i) others.push_back(engine.send({party()}));
    ASSERT_TRUE(test::wait_until([&] { return engine.sequencer().stats().accepted == 18; }));
    gate->open();
    static_cast<void>(Engine::get(std::move(first)));
    for (auto& other : others) EXPECT_TRUE(Engine::get(std::move(other))[0].accepted());
    EXPECT_EQ(engine.sequencer().stats().groups, groups + 2);
}

TEST_F(SequencerTest, ASingleCommandIsNotHeldBackForOthers) {
    Engine engine(dir.path(), clock);
    start(engine);
    const auto groups = engine.sequencer().stats().groups;
    for (int i = 0; i < 10; ++i) static_cast<void>(engine.run({party()}));
    EXPECT_EQ(engine.sequencer().stats().groups, groups + 10);
}

TEST_F(SequencerTest, AFullGroupTakesNoMoreUntilItIsHandedOver) {
    auto gate = std::make_shared<test::Gate>();
    log::Options log;
    log.file_system = std::make_shared<test::GatedFileSystem>(gate);
    Options options = Engine::without_runner();
    options.group_events_max = 10;
    Engine engine(dir.path(), clock, options, log);
    start(engine);
    gate->close();
    auto first = engine.send({party()});
    ASSERT_TRUE(gate->wait_for_sync());
    auto second = engine.send(parties(7));
    auto third = engine.send(parties(7));  // the group overruns with it, by one submission
    auto fourth = engine.send({party()});
    ASSERT_TRUE(test::wait_until([&] { return engine.sequencer().stats().accepted == 16; }));
    EXPECT_EQ(engine.sequencer().stats().queued_commands, 1U);
    gate->open();
    for (auto* one : {&first, &second, &third, &fourth}) EXPECT_TRUE(Engine::get(std::move(*one)).back().accepted());
}

// ---- Bounds ----

TEST_F(SequencerTest, AFullQueueAnswersAtOnce) {
    auto gate = std::make_shared<test::Gate>();
    log::Options log;
    log.file_system = std::make_shared<test::GatedFileSystem>(gate);
    Options options = Engine::without_runner();
    options.group_events_max = 1;
    options.queue_commands_max = 10;
    Engine engine(dir.path(), clock, options, log);
    start(engine);
    gate->close();
    auto syncing = engine.send({party()});
    ASSERT_TRUE(gate->wait_for_sync());
    auto decided = engine.send({party()});
    ASSERT_TRUE(test::wait_until([&] { return engine.sequencer().stats().accepted == 3; }));
    auto queued = engine.send(parties(8));
    const std::vector<std::string> too_many = parties(3);
    auto refused = engine.send(too_many);
    ASSERT_EQ(refused.wait_for(std::chrono::seconds(0)), std::future_status::ready);
    for (const auto& answer : refused.get()) {
        ASSERT_TRUE(answer.error);
        EXPECT_EQ(answer.error->code, ErrorCode::kOverloaded);
    }
    auto fits = engine.send(parties(2));
    EXPECT_EQ(engine.sequencer().stats().overloaded, 3U);
    gate->open();
    EXPECT_TRUE(Engine::get(std::move(syncing))[0].accepted());
    EXPECT_TRUE(Engine::get(std::move(decided))[0].accepted());
    EXPECT_TRUE(Engine::get(std::move(queued)).back().accepted());
    EXPECT_TRUE(Engine::get(std::move(fits)).back().accepted());
    // Nothing of what was refused is there, and it may be sent again.
    for (const auto& answer : engine.run(too_many)) EXPECT_FALSE(answer.repeated);
}

TEST_F(SequencerTest, TheQueueIsBoundedInBytesToo) {
    auto gate = std::make_shared<test::Gate>();
    log::Options log;
    log.file_system = std::make_shared<test::GatedFileSystem>(gate);
    Options options = Engine::without_runner();
    options.group_bytes_target = 1;
    options.queue_bytes_max = 3000;
    Engine engine(dir.path(), clock, options, log);
    start(engine);
    gate->close();
    auto syncing = engine.send({party()});
    ASSERT_TRUE(gate->wait_for_sync());
    auto decided = engine.send({party()});
    ASSERT_TRUE(test::wait_until([&] { return engine.sequencer().stats().accepted == 3; }));
    auto large = [&] { return salon::party_with_note(ids.next(), ++number, 1000); };
    auto queued = engine.send({large(), large()});
    const auto refused = Engine::get(engine.send({large()}))[0];
    ASSERT_TRUE(refused.error);
    EXPECT_EQ(refused.error->code, ErrorCode::kOverloaded);
    gate->open();
    EXPECT_TRUE(Engine::get(std::move(queued)).back().accepted());
}

TEST_F(SequencerTest, ABatchOverItsBoundsIsRefusedWhole) {
    Engine engine(dir.path(), clock);
    start(engine);
    const auto answers = engine.run(parties(limits::kAtomicBatchCommandsMax + 1), Mode::kAtomic);
    ASSERT_EQ(answers.size(), limits::kAtomicBatchCommandsMax + 1);
    ASSERT_TRUE(answers[0].error);
    EXPECT_EQ(answers[0].error->code, ErrorCode::kInvalid);
    EXPECT_EQ(engine.log().head(), 1U);
    EXPECT_TRUE(engine.run({}).empty());
}

TEST_F(SequencerTest, ALaggingRunnerHoldsTheWriterAndThenTheQueue) {
    Options options;
    options.feed_events_max = 10;
    options.group_events_max = 10;
    options.queue_commands_max = 20;
    Engine engine(dir.path(), clock, options);
    start(engine);
    bool overloaded = false;
    std::vector<std::future<std::vector<Answer>>> sent;
    for (int i = 0; i < 100 && !overloaded; ++i) {
        sent.push_back(engine.send(parties(5)));
        static_cast<void>(test::wait_until([&] { return engine.sequencer().stats().queued_commands < 20; },
                                           std::chrono::milliseconds(100)));
        overloaded = engine.sequencer().stats().overloaded > 0;
    }
    EXPECT_TRUE(overloaded);
    EXPECT_LE(engine.sequencer().feed().waiting(), 10U);
    // The runner comes back: everything that was taken is answered, and the runner sees each event once.
    Position next = 0;
    // A batch may be neither in the queue nor in the log yet: what counts are the answers.
    const auto all_answered = [&] {
        return std::all_of(sent.begin(), sent.end(), [](const auto& one) {
            return one.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
        });
    };
    const Deadline patience = after(std::chrono::minutes(2));
    while (!all_answered() || engine.sequencer().feed().head() != next) {
        ASSERT_LT(std::chrono::steady_clock::now(), patience);
        const auto group = engine.sequencer().feed().next(after(std::chrono::milliseconds(100)));
        if (!group) continue;
        ASSERT_EQ(group->first(), next);
        next = group->end();
    }
    for (auto& one : sent) static_cast<void>(Engine::get(std::move(one)));
}

// Whoever asks for the books waits for the deciding thread no longer than he said, and is not called back afterwards.
TEST_F(SequencerTest, WhoLooksAtTheBooksWaitsNoLongerThanHisDeadline) {
    std::promise<void> deciding, go_on;
    std::shared_future<void> let_go = go_on.get_future().share();
    std::atomic<bool> hold = true;
    Options options = Engine::without_runner();
    options.on_refused = [&](const custody::Command&, const custody::Refusal&, Micros) {  // on the deciding thread
        if (!hold.exchange(false)) return;
        deciding.set_value();
        let_go.wait();
    };
    Engine engine(dir.path(), clock, options);
    start(engine);
    const auto look_by = [&](Deadline deadline, std::atomic<int>& looked) {
        return engine.sequencer().inspect([&looked](const custody::Books&, Micros) { ++looked; }, deadline);
    };
    std::atomic<int> in_vain = 0, looked = 0;
    ASSERT_TRUE(look_by(after(std::chrono::seconds(30)), looked));
    auto held = engine.send({salon::signed_in(ids.next(), ids.next()), party()});
    deciding.get_future().wait();
    const auto began = std::chrono::steady_clock::now();
    for (const auto wait : {std::chrono::milliseconds(0), std::chrono::milliseconds(50)}) {
        const auto seen = look_by(after(wait), in_vain);
        ASSERT_FALSE(seen);
        EXPECT_EQ(seen.error().code, ErrorCode::kTimeout) << seen.error().message;
    }
    EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(50));
    // Who has more time is served once it goes on, and sees what was decided.
    std::thread patient([&] {
        const auto seen = look_by(after(std::chrono::seconds(30)), looked);
        ASSERT_TRUE(seen) << seen.error().message;
        EXPECT_EQ(seen->position, 2U);
    });
    go_on.set_value();
    patient.join();
    EXPECT_FALSE(held.get()[0].accepted());
    ASSERT_TRUE(look_by(after(std::chrono::seconds(30)), looked));
    EXPECT_EQ(looked, 3);
    EXPECT_EQ(in_vain, 0);
}

}  // namespace
}  // namespace daybook::sequencer
