// Atomic batches: all or nothing, in the log, in the books, and among the ids.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/support/engine.h"
#include "tests/support/temp_dir.h"

namespace daybook::sequencer {
namespace {

using test::Engine;
using test::FakeClock;
using test::Ids;
using test::TempDir;
namespace salon = test::salon;

class AtomicTest : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(engine.run(salon::start(ids)).back().accepted());
        for (int i = 0; i < 3; ++i) items.push_back(ids.next());
        ASSERT_TRUE(engine.run(salon::arrive(ids, items)).back().accepted());
        head = engine.log().head();
    }
    std::string out(const std::string& item) { return salon::signed_out(ids.next(), ids.next(), item); }
    std::string in(const std::string& item) { return salon::signed_in(ids.next(), item); }

    TempDir dir;
    FakeClock clock;
    Ids ids{2};
    Engine engine{dir.path(), clock};
    std::vector<std::string> items;
    Position head = 0;
};

void expect_fault(const std::vector<Answer>& answers, std::uint32_t command, custody::RefusalCode code) {
    for (const Answer& answer : answers) {
        EXPECT_FALSE(answer.accepted());
        ASSERT_TRUE(answer.refusal);
        EXPECT_EQ(answer.refusal->code, code);
        EXPECT_EQ(answer.at_fault, command);
    }
}

TEST_F(AtomicTest, EachCommandIsJudgedOnTheStateAfterTheOneBefore) {
    const auto answers = engine.run({out(items[0]), in(items[0]), out(items[0])}, Mode::kAtomic);
    for (std::size_t i = 0; i < answers.size(); ++i) {
        ASSERT_TRUE(answers[i].accepted());
        EXPECT_EQ(answers[i].position, head + i);
        EXPECT_EQ(answers[i].batch_last, head + 2);
    }
    const std::string bytes = test::must(engine.log().read(head));
    EXPECT_EQ(test::must(codec::read_event_head(bytes)).batch_last, head + 2);
}

TEST_F(AtomicTest, OneRefusalUndoesAll) {
    const std::string first = out(items[0]);
    const auto answers = engine.run({first, out(items[1]), out(items[1]), out(items[2])}, Mode::kAtomic);
    ASSERT_EQ(answers.size(), 4U);
    expect_fault(answers, 2, custody::RefusalCode::kAlreadyOut);
    EXPECT_EQ(engine.log().head(), head);
    // The books, the ids and the obligations are as before: the same commands are good by themselves.
    const auto alone = engine.run({first, out(items[1]), out(items[2])});
    for (std::size_t i = 0; i < alone.size(); ++i) {
        ASSERT_TRUE(alone[i].accepted()) << alone[i].refusal->message;
        EXPECT_FALSE(alone[i].repeated);
        EXPECT_EQ(alone[i].position, head + i);
    }
}

// Random batches, many of them refused at some command: after each event the sequencer's books are, to the byte, those
// that a replay of the log makes.
TEST(AtomicBooksTest, WhatWasUndoneLeavesTheBooksAsIfItHadNeverBeen) {
    TempDir dir;
    const FakeClock clock;
    Options options;
    options.run_events = 1;  // the books are saved after every event
    Engine engine(dir.path(), clock, options);
    Ids ids(7);
    std::mt19937_64 random(7);
    ASSERT_TRUE(engine.run(salon::start(ids)).back().accepted());
    std::vector<std::string> items;
    for (int i = 0; i < 5; ++i) items.push_back(ids.next());
    ASSERT_TRUE(engine.run(salon::arrive(ids, items), Mode::kAtomic).back().accepted());
    std::size_t undone = 0;
    for (int round = 0; round < 200; ++round) {
        std::vector<std::string> batch;
        for (std::size_t i = 0; i < 1 + random() % 5; ++i) {
            const std::string& item = items[random() % items.size()];
            switch (random() % 6) {
                case 0:
                    batch.push_back(salon::account_opened(ids.next(), "SITE/1/DISPLAY/D" + std::to_string(round)));
                    break;
                case 1: batch.push_back(salon::party(ids.next(), 1000 + random() % 20)); break;
                case 2: batch.push_back(salon::inspected(ids.next(), {item})); break;
                case 3: batch.push_back(salon::signed_in(ids.next(), item)); break;
                default: batch.push_back(salon::signed_out(ids.next(), ids.next(), item)); break;
            }
        }
        undone += engine.run(batch, Mode::kAtomic)[0].accepted() ? 0U : 1U;
    }
    EXPECT_GT(undone, 20U);
    EXPECT_LT(undone, 180U);
    ASSERT_TRUE(engine.sequencer().stop());

    custody::Books books;
    custody::Effects effects;
    Position next = 0;
    while (const auto group = engine.sequencer().feed().next(after(std::chrono::seconds(30)))) {
        ASSERT_EQ(group->books.size(), group->count);
        for (std::size_t i = 0; i < group->count; ++i, ++next) {
            custody::apply(books, (*group)[i].event(), effects);
            ASSERT_EQ(group->books[i].second, custody::save_book(books)) << "after position " << next;
        }
    }
    EXPECT_EQ(next, engine.log().head());
}

TEST_F(AtomicTest, AWholeBatchSentAgainGetsTheFirstReceipts) {
    const std::vector<std::string> batch = {out(items[0]), out(items[1]), in(items[0])};
    const auto first = engine.run(batch, Mode::kAtomic);
    ASSERT_TRUE(first[0].accepted());
    for (const bool restarted : {false, true}) {
        if (restarted) engine.reopen();
        const auto again = engine.run(batch, Mode::kAtomic);
        for (std::size_t i = 0; i < batch.size(); ++i) {
            EXPECT_TRUE(again[i].repeated);
            EXPECT_EQ(again[i].position, first[i].position);
            EXPECT_EQ(again[i].batch_last, first[i].batch_last);
        }
    }
    EXPECT_EQ(engine.log().head(), head + 3);
}

TEST_F(AtomicTest, ABatchThatIsKnownInPartIsAConflict) {
    const std::string known = out(items[0]);
    ASSERT_TRUE(engine.run({known})[0].accepted());
    expect_fault(engine.run({out(items[1]), known}, Mode::kAtomic), 1, custody::RefusalCode::kEventIdConflict);
    expect_fault(engine.run({known, out(items[1])}, Mode::kAtomic), 0, custody::RefusalCode::kEventIdConflict);
    EXPECT_EQ(engine.log().head(), head + 1);
}

TEST_F(AtomicTest, ABatchWithOtherContentIsAConflict) {
    const std::string id = ids.next();
    const std::vector<std::string> batch = {salon::party(ids.next(), 50), salon::party(id, 51)};
    ASSERT_TRUE(engine.run(batch, Mode::kAtomic)[1].accepted());
    expect_fault(engine.run({batch[0], salon::party(id, 52)}, Mode::kAtomic), 1,
                 custody::RefusalCode::kEventIdConflict);
}

TEST_F(AtomicTest, AnIdTwiceInABatchIsAConflict) {
    const std::string twice = salon::party(ids.next(), 60);
    expect_fault(engine.run({twice, salon::party(ids.next(), 61), twice}, Mode::kAtomic), 2,
                 custody::RefusalCode::kEventIdConflict);
    EXPECT_EQ(engine.log().head(), head);
}

TEST_F(AtomicTest, ABatchThatFailsAtTheFirstEventOfALedgerLeavesItEmpty) {
    TempDir other;
    Engine fresh(other.path(), clock);
    const std::string created = salon::ledger_created(ids.next());
    const auto answers = fresh.run({created, salon::signed_in(ids.next(), items[0])}, Mode::kAtomic);
    EXPECT_EQ(answers[0].at_fault, 1U);
    EXPECT_EQ(fresh.log().head(), 0U);
    // Nothing of it is left: no entity, no roles, no id.
    EXPECT_FALSE(fresh.run({salon::party(ids.next(), 1)})[0].accepted());
    EXPECT_EQ(fresh.run({created})[0].position, 0U);
}

}  // namespace
}  // namespace daybook::sequencer
