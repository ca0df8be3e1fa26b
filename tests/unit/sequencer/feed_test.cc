// The committed feed, and the table of ids that are not durable yet.
#include "engine/sequencer/feed.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <unordered_map>

#include "engine/sequencer/internal/group_pool.h"
#include "engine/sequencer/internal/id_table.h"
#include "tests/support/engine.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace daybook::sequencer {
namespace {

std::shared_ptr<CommittedGroup> group_of(Position first, std::size_t count) {
    auto group = std::make_shared<CommittedGroup>();
    group->log.first = first;
    group->slots.resize(count);
    group->count = count;
    return group;
}

TEST(FeedTest, WaitPastReturnsWhenTheHeadMoves) {
    Feed feed(5, Feed::Runner::kNone);
    EXPECT_EQ(feed.wait_past(4, after(std::chrono::seconds(30))), 5U);
    EXPECT_EQ(feed.wait_past(5, after(std::chrono::milliseconds(1))), 5U);
    std::thread writer([&] { feed.announce(7); });
    EXPECT_EQ(feed.wait_past(5, after(std::chrono::seconds(30))), 7U);
    writer.join();
    std::thread closer([&] { feed.close(); });
    EXPECT_EQ(feed.wait_past(7, after(std::chrono::seconds(30))), 7U);
    closer.join();
}

TEST(FeedTest, TheRunnerGetsEveryGroupOnceAndThenTheEnd) {
    Feed feed(0, Feed::Runner::kOne);
    feed.publish(group_of(0, 3));
    feed.publish(group_of(3, 0));
    feed.publish(group_of(3, 2));
    feed.close();
    EXPECT_FALSE(feed.finished());
    EXPECT_EQ(feed.next(after(std::chrono::seconds(1)))->first(), 0U);
    EXPECT_EQ(feed.next(after(std::chrono::seconds(1)))->first(), 3U);
    EXPECT_EQ(feed.next(after(std::chrono::seconds(1))), nullptr);
    EXPECT_TRUE(feed.finished());
}

TEST(FeedTest, TheWriterWaitsForRoomAndAnAbandonedFeedLetsItGo) {
    Feed feed(0, Feed::Runner::kOne, 10);
    feed.publish(group_of(0, 25));  // greater than the room: alone
    std::atomic<int> published{0};
    std::thread writer([&] {
        feed.publish(group_of(25, 6));
        ++published;
        feed.publish(group_of(31, 6));
        ++published;
    });
    EXPECT_EQ(published, 0);
    EXPECT_EQ(feed.next(after(std::chrono::seconds(30)))->count, 25U);
    EXPECT_TRUE(test::wait_until([&] { return published == 1; }));
    EXPECT_EQ(feed.waiting(), 6U);
    feed.abandon();
    writer.join();
    EXPECT_EQ(feed.waiting(), 0U);
    EXPECT_TRUE(feed.finished());
    EXPECT_EQ(feed.next(after(std::chrono::seconds(30))), nullptr);
}

TEST(FeedTest, GroupsGoBackToThePoolAndMayOutliveIt) {
    auto pool = std::make_unique<GroupPool>();
    auto group = pool->take();
    group->slots.resize(10);
    group->count = 10;
    const CommittedGroup* address = group.get();
    group.reset();
    group = pool->take();
    EXPECT_EQ(group.get(), address);
    EXPECT_EQ(group->count, 0U);
    EXPECT_EQ(group->slots.size(), 10U);
    pool.reset();
    group.reset();
}

TEST(FeedTest, AGroupCarriesEventsEffectsAndTheBooksAtRunBoundaries) {
    test::TempDir dir;
    const test::FakeClock clock;
    Options options;
    options.run_events = 4;
    test::Engine engine(dir.path(), clock, options);
    test::Ids ids(4);
    std::vector<std::string> commands = test::salon::start(ids);
    const std::string item = ids.next();
    for (auto& command : test::salon::arrive(ids, {item})) commands.push_back(std::move(command));
    commands.push_back(test::salon::signed_out(ids.next(), ids.next(), item));
    ASSERT_TRUE(engine.run(commands).back().accepted());

    // The books that fresh ones make at each boundary.
    custody::Books books;
    custody::Effects effects;
    std::size_t boundaries = 0;
    for (Position next = 0; next < commands.size();) {
        const auto group = engine.sequencer().feed().next(after(std::chrono::seconds(30)));
        ASSERT_TRUE(group);
        ASSERT_EQ(group->first(), next);
        for (std::size_t i = 0; i < group->count; ++i, ++next) {
            const CommittedEvent& event = (*group)[i];
            EXPECT_EQ(event.position, next);
            EXPECT_EQ(event.command->bytes, test::encode(commands[next]));
            EXPECT_EQ(group->bytes(i), test::must(engine.log().read(next)));
            custody::apply(books, event.event(), effects);
            EXPECT_EQ(event.effects.items.size(), effects.items.size());
            EXPECT_EQ(event.effects.obligations.size(), effects.obligations.size());
            if ((next + 1) % options.run_events != 0) continue;
            ASSERT_LT(boundaries, group->books.size());
            EXPECT_EQ(group->books[boundaries].first, next + 1);
            EXPECT_EQ(group->books[boundaries].second, custody::save_book(books));
            ++boundaries;
        }
    }
    EXPECT_EQ(boundaries, commands.size() / options.run_events);
}

TEST(IdTableTest, FindsWhatWasAddedAndNotWhatWasCut) {
    std::mt19937_64 random(5);
    IdTable table;
    std::vector<log::IdEntry> ids;
    for (int round = 0; round < 300; ++round) {
        const std::size_t kept = random() % 40;
        for (std::size_t i = 0; i < kept; ++i) {
            // Few values, so that slots collide and probes are long.
            ids.push_back({{1, Uuid{0, random() % 4 == 0 ? ids.size() << 20 : ids.size()}}, ids.size()});
            table.add(ids, ids.size() - 1);
        }
        const std::size_t before = ids.size();
        for (std::size_t i = 0; i < random() % 20; ++i) {
            ids.push_back({{2, Uuid{0, ids.size()}}, ids.size()});
            table.add(ids, ids.size() - 1);
        }
        const auto gone = ids;
        table.cut(ids, before);
        ids.resize(before);
        for (const auto& entry : ids) {
            const auto* found = table.find(entry.key, ids);
            ASSERT_NE(found, nullptr);
            ASSERT_EQ(found->position, entry.position);
        }
        for (std::size_t i = before; i < gone.size(); ++i) ASSERT_EQ(table.find(gone[i].key, ids), nullptr);
        if (random() % 5 == 0) {
            const auto all = ids;
            table.clear(ids);
            ids.clear();
            for (const auto& entry : all) ASSERT_EQ(table.find(entry.key, ids), nullptr);
        }
    }
}

}  // namespace
}  // namespace daybook::sequencer
