// The books' containers and questions, and the journal that takes changes back.
#include "engine/custody/state.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>
#include <string>

#include "engine/base/assert.h"

namespace daybook::custody {
namespace {

ItemId id_of(std::uint64_t n) { return ItemId(Uuid{0x0192'0000'0000'7000, n * 0x9e3779b97f4a7c15ULL}); }

TEST(NamesTest, KeepsEachTextOnceWhereItIs) {
    Names names;
    const auto ring = names.add("ring");
    const std::string_view view = names.text(ring);
    EXPECT_EQ(names.add(std::string("ring")), ring);
    EXPECT_EQ(names.add(""), 0U);
    for (int i = 0; i < 10'000; ++i) names.add(std::to_string(i));
    EXPECT_EQ(names.text(ring).data(), view.data());
    EXPECT_EQ(names.find("ring"), ring);
    EXPECT_EQ(names.text(names.find("9999")), "9999");
    EXPECT_EQ(names.find("watch"), 0U);
}

TEST(ItemsTest, FindsEveryPieceAndNoOther) {
    Journal journal;
    Items items(journal);
    EXPECT_EQ(items.slot(id_of(1)), 0U);
    EXPECT_EQ(items.likely_slot(id_of(1)), 0U);
    items.prefetch_place(id_of(1));
    items.prefetch_piece(id_of(1));
    constexpr std::uint64_t kPieces = 50'000;
    for (std::uint64_t n = 0; n < kPieces; ++n) {
        Item item;
        item.id = id_of(n);
        item.gross_mg = static_cast<std::int64_t>(n);
        ASSERT_EQ(items.add(item), n + 1);
    }
    EXPECT_EQ(items.size(), kPieces);
    for (std::uint64_t n = 0; n < kPieces; ++n) {
        ASSERT_EQ(items.slot(id_of(n)), n + 1);
        ASSERT_EQ(items.find(id_of(n))->gross_mg, static_cast<std::int64_t>(n));
        ASSERT_EQ(items[items.likely_slot(id_of(n))].id, id_of(n));
        items.prefetch_piece(id_of(n));
        ASSERT_EQ(items.slot(id_of(n + kPieces)), 0U);
    }
}

TEST(ItemsTest, TakesBackAdditionsAcrossGrowths) {
    Journal journal;
    Items items(journal);
    std::uint64_t kept = 0;
    std::uint64_t next = 0;
    std::mt19937_64 random(7);
    for (int round = 0; round < 50; ++round) {
        const auto add = [&](std::uint64_t n) {
            Item item;
            item.id = id_of(n);
            items.add(item);
        };
        journal.begin();
        const std::uint64_t first = next;
        for (std::uint64_t i = random() % 400; i != 0; --i) add(next++);
        if (kept != 0) items.edit(static_cast<std::uint32_t>(1 + random() % kept)).gross_mg = 5;
        if (random() % 2 == 0) {
            journal.commit();
            // Ids that were taken back are never used again here, so that they can be asked for at the end.
            for (std::uint32_t at = 1; at <= items.size(); ++at) items.edit(at).gross_mg = 0;
            kept = items.size();
        } else {
            journal.rollback();
            ASSERT_EQ(items.size(), kept);
            for (std::uint64_t n = first; n < next; ++n) ASSERT_EQ(items.slot(id_of(n)), 0U);
        }
        for (std::uint32_t at = 1; at <= items.size(); ++at) {
            ASSERT_EQ(items.slot(items[at].id), at);
            ASSERT_EQ(items[at].gross_mg, 0);
        }
    }
    EXPECT_GT(kept, 1000U);
}

// Against a map, with names that lie close together in the table, so that erasing closes gaps that others lead over.
TEST(OpenIndexTest, FindsWhatIsOpenAndNothingElse) {
    Journal journal;
    Slots<Obligation> obligations(journal);
    OpenIndex open(journal, obligations);
    std::map<std::uint64_t, std::uint32_t> model;
    const auto ref_of = [](std::uint64_t n) {
        return ObligationRef{ObligationId(Uuid{0x0193, n}), DifferenceKind{}, n % 3 == 0 ? id_of(n) : ItemId{}};
    };
    const auto look_at_all = [&] {
        ASSERT_EQ(open.size(), model.size());
        for (std::uint64_t n = 0; n < 600; ++n) {
            const auto it = model.find(n);
            ASSERT_EQ(open.find(ref_of(n)), it == model.end() ? 0U : it->second) << n;
        }
    };
    std::mt19937_64 random(11);
    for (int round = 0; round < 400; ++round) {
        const auto before = model;
        journal.begin();
        for (std::uint64_t i = 0; i < random() % 60; ++i) {
            const std::uint64_t n = random() % 600;
            if (const auto it = model.find(n); it != model.end()) {
                open.erase(it->second);
                obligations.erase(it->second);
                model.erase(it);
            } else {
                Obligation obligation;
                obligation.ref = ref_of(n);
                const std::uint32_t slot = obligations.add(obligation);
                open.add(slot);
                model.emplace(n, slot);
            }
        }
        open.prefetch(ref_of(1));
        look_at_all();
        if (random() % 2 == 0) {
            journal.commit();
        } else {
            journal.rollback();
            model = before;
            look_at_all();
        }
    }
    EXPECT_GT(model.size(), 100U);
}

TEST(TableTest, TakesBackEveryKindOfChange) {
    Journal journal;
    Table<std::string, int> table(journal);
    table.edit("changed") = 1;
    table.edit("erased") = 2;
    journal.begin();
    table.edit("changed") = 5;
    table.edit("changed") = 6;
    table.erase("changed");
    table.edit("changed") = 7;
    table.erase("erased");
    table.edit("new") = 3;
    table.erase("new");
    table.edit("new") = 4;
    journal.rollback();
    EXPECT_EQ(table.size(), 2U);
    EXPECT_EQ(*table.find("changed"), 1);
    EXPECT_EQ(*table.find("erased"), 2);

    // What one batch remembered is not taken for remembered by the next.
    journal.begin();
    table.edit("changed") = 8;
    journal.commit();
    journal.begin();
    table.edit("changed") = 9;
    journal.rollback();
    EXPECT_EQ(*table.find("changed"), 8);
}

TEST(ListsTest, TakesBackWhatABatchDidEntryByEntry) {
    Journal journal;
    Lists<std::string, int> lists(journal);
    for (const int value : {1, 2, 3}) lists.insert("list", lists.of("list").size(), value);
    journal.begin();
    lists.insert("list", 1, 7);
    lists.edit("list", 3) = 8;
    lists.edit_all("list").erase(lists.of("list").begin());
    lists.insert("list", 3, 9);
    lists.edit("list", 0) = 6;
    lists.insert("new", 0, 5);
    EXPECT_EQ(lists.of("list"), (std::vector<int>{6, 2, 8, 9}));
    EXPECT_EQ(lists.of("new"), std::vector<int>{5});
    journal.rollback();
    EXPECT_EQ(lists.of("list"), (std::vector<int>{1, 2, 3}));
    EXPECT_TRUE(lists.of("new").empty());
    EXPECT_EQ(lists.all().size(), 1U);
    journal.begin();
    lists.edit("list", 0) = 4;
    journal.commit();
    lists.edit("list", 1) = 5;  // none is open: for good
    EXPECT_EQ(lists.of("list"), (std::vector<int>{4, 5, 3}));
}

TEST(SlotsTest, TakesBackToTheSameSlotsInTheSameOrder) {
    Journal journal;
    Slots<std::string> slots(journal);
    for (const char* text : {"a", "b", "c", "d"}) slots.add(text);
    slots.erase(2);
    slots.erase(4);
    const auto values = slots.raw_values();
    const auto free = slots.raw_free();
    journal.begin();
    slots.edit(1) = "A";
    EXPECT_EQ(slots.add("e"), 4U);
    slots.edit(4) = "E";
    slots.erase(4);
    slots.erase(1);
    EXPECT_EQ(slots.add("f"), 1U);
    slots.edit(1) = "F";
    EXPECT_EQ(slots.add("g"), 4U);
    EXPECT_EQ(slots.add("h"), 2U);
    EXPECT_EQ(slots.add("i"), 5U);
    slots.edit(5) = "I";
    slots.erase(5);
    EXPECT_EQ(slots.add("j"), 5U);
    journal.rollback();
    EXPECT_EQ(slots.raw_values(), values);
    EXPECT_EQ(slots.raw_free(), free);
}

TEST(BooksTest, TheNewestWordOnARoleCounts) {
    Books books;
    auto& intervals = books.roles.edit(5);
    intervals.push_back({Role::kVm, 0, true, {std::numeric_limits<Micros>::min(), 0}, 0});
    EXPECT_TRUE(books.holds_role(5, Role::kVm, 3, -1));
    EXPECT_TRUE(books.holds_role(5, Role::kVm, 0, 100));
    EXPECT_FALSE(books.holds_role(5, Role::kOc, 3, 100));
    EXPECT_FALSE(books.holds_role(6, Role::kVm, 3, 100));
    intervals.push_back({Role::kVm, 3, false, {100, 200}, 1});
    EXPECT_TRUE(books.holds_role(5, Role::kVm, 3, 99));
    EXPECT_FALSE(books.holds_role(5, Role::kVm, 3, 100));
    EXPECT_TRUE(books.holds_role(5, Role::kVm, 3, 200));
    EXPECT_TRUE(books.holds_role(5, Role::kVm, 4, 150));
    intervals.push_back({Role::kVm, 3, true, {150, 160}, 2});
    EXPECT_TRUE(books.holds_role(5, Role::kVm, 3, 155));
    intervals.push_back({Role::kOc, 3, true, {100, 0}, 3});
    EXPECT_TRUE(books.holds_role(5, Role::kOc, 3, 1000));
    EXPECT_FALSE(books.holds_role(5, Role::kOc, 4, 1000));
    EXPECT_FALSE(books.holds_role(5, Role::kOc, 3, 99));
}

TEST(BooksTest, TheNarrowerPolicyWinsAndTheLatestBeginningRules) {
    Books books;
    EXPECT_EQ(books.policy("time.late_after", 1, 100), nullptr);
    const auto name = books.names.add("time.late_after");
    books.policies.edit({0, name}) = {{10, 1, std::int64_t{600}}, {50, 2, std::int64_t{700}}};
    books.policies.edit({2, name}) = {{40, 3, std::int64_t{800}}};
    const auto value = [&](SiteId site, Micros at) {
        const PolicyValue* found = books.policy("time.late_after", site, at);
        return found == nullptr ? 0 : std::get<std::int64_t>(*found);
    };
    EXPECT_EQ(value(1, 9), 0);
    EXPECT_EQ(value(1, 10), 600);
    EXPECT_EQ(value(0, 50), 700);
    EXPECT_EQ(value(2, 39), 600);
    EXPECT_EQ(value(2, 40), 800);
    EXPECT_EQ(value(2, 60), 800);
    EXPECT_EQ(books.policy("limit.parcel", 2, 60), nullptr);
}

TEST(BooksTest, ASessionContainsItsOpeningAndNotItsClosing) {
    Books books;
    EXPECT_EQ(books.session(1, 5), nullptr);
    const auto add = [&](Micros from, Position opened, Micros to, Position closed) {
        Session session;
        session.open = {from, to};
        session.opened_by = session.opened_place = opened;
        session.closed_by = session.closed_place = closed;
        books.sessions.insert(1, books.sessions.of(1).size(), session);
    };
    add(10, 4, 20, 5);
    add(30, 6, 0, kNoPosition);
    EXPECT_EQ(books.session(1, 9), nullptr);
    EXPECT_EQ(books.session(1, 10)->opened_by, 4U);
    EXPECT_EQ(books.session(1, 19)->opened_by, 4U);
    EXPECT_EQ(books.session(1, 20), nullptr);
    EXPECT_EQ(books.session(1, 30)->opened_by, 6U);
    EXPECT_EQ(books.session(1, 1000)->opened_by, 6U);
    EXPECT_EQ(books.session(2, 1000), nullptr);
    // Of what happened at one time, by its place.
    EXPECT_EQ(books.session(1, 10, 3), nullptr);
    EXPECT_EQ(books.session(1, 20, 4)->opened_by, 4U);
    EXPECT_EQ(books.session(1, 20, 6), nullptr);
}

}  // namespace
}  // namespace daybook::custody
