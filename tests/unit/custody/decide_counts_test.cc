// Counts: the five lists of domain 6.4, made from the books at the cut and what has moved since; and that nothing is
// locked meanwhile. The last test compares with a list made the slow way, from a journal of all legs.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/support/custody_world.h"

namespace daybook::custody::test {
namespace {

class CountTest : public ::testing::Test {
protected:
    void open(std::vector<AccountId> accounts = {account("SITE/1/VAULT/A")}) {
        count = world.open_count(CountKind::kSpot, std::move(accounts));
    }
    const CountLists& attest() {
        world.attest(count);
        return *world.decided.count_lists;
    }
    static std::vector<ItemId> sorted(std::vector<ItemId> items) {
        std::sort(items.begin(), items.end());
        return items;
    }
    World world;
    ObligationId count;
};

TEST_F(CountTest, WhatIsSeenWhereItIsBookedIsMatched) {
    const ItemId seen = world.stocked();
    const ItemId missing = world.stocked();
    open();
    world.scan(count, {seen}, "SITE/1/VAULT/A");
    const CountLists& lists = attest();
    EXPECT_EQ(lists.matched, std::vector{seen});
    EXPECT_EQ(lists.missing, std::vector{missing});
    EXPECT_EQ(world.item(missing).disputes, 1U);
    EXPECT_NE(world.books.find_open({count, DifferenceKind::kMissing, missing}), nullptr);
    EXPECT_EQ(world.item(seen).disputes, 0U);
    ASSERT_EQ(world.decided.lines.size(), 1U);
    EXPECT_EQ(world.decided.lines[0].item, missing);
}

TEST_F(CountTest, WhatIsSeenElsewhereInTheSiteIsMisplaced) {
    const ItemId booked_out = world.stocked();
    world.give(booked_out);
    const ItemId wrong_bin = world.stocked();
    world.must(world.command(Relocated{}, {wrong_bin}, account("SITE/1/VAULT/B")));
    open();
    world.scan(count, {booked_out, wrong_bin}, "SITE/1/VAULT/A");
    EXPECT_EQ(attest().misplaced, sorted({booked_out, wrong_bin}));
}

TEST_F(CountTest, WhatIsNotOfTheSiteOrOutOfScopeIsUnexpected) {
    const ItemId sold = world.in_state(State::kX2);
    const ItemId outside_scope = world.stocked();
    const ItemId tag = world.new_item();
    open({account("SITE/1/VAULT/B")});
    world.scan(count, {sold, tag}, "SITE/1/VAULT/B");
    world.scan(count, {outside_scope}, "SITE/1/VAULT/A");
    EXPECT_EQ(attest().unexpected, sorted({sold, outside_scope, tag}));
    // A tag that is not registered is listed and gets no discrepancy.
    EXPECT_EQ(world.decided.lines.size(), 2U);
    EXPECT_EQ(world.books.find_open({count, DifferenceKind::kUnexpected, tag}), nullptr);
}

TEST_F(CountTest, WhatMovesWhileItIsCountedIsMoved) {
    const ItemId left = world.stocked();
    const ItemId came = world.stocked();
    world.give(came);
    const ItemId left_after_it_was_seen = world.stocked();
    open();
    world.scan(count, {left_after_it_was_seen}, "SITE/1/VAULT/A");
    world.give(left);
    world.give(left_after_it_was_seen);
    world.must(world.command(SignedIn{}, {came}, account("SITE/1/VAULT/A")));
    world.scan(count, {came}, "SITE/1/VAULT/A");
    const CountLists& lists = attest();
    EXPECT_EQ(lists.moved, sorted({left, came}));
    EXPECT_EQ(lists.matched, std::vector{left_after_it_was_seen});
    EXPECT_TRUE(lists.missing.empty() && lists.misplaced.empty() && lists.unexpected.empty());
}

TEST_F(CountTest, AScanIsOnceForAPieceAndAnAccount) {
    const ItemId item = world.stocked();
    open();
    for (int i = 0; i < 3; ++i) world.scan(count, {item}, "SITE/1/VAULT/A");
    EXPECT_EQ(attest().matched, std::vector{item});
    EXPECT_EQ(world.item(item).version, 4U);  // sightings are nobody's events
}

TEST_F(CountTest, OnlyAnOpenCountIsScannedAttestedOrAbandoned) {
    const ItemId item = world.stocked();
    const auto all = [&](const ObligationId& id, std::optional<Micros> at) {
        std::vector<std::optional<RefusalCode>> answers;
        for (Command command : {world.command(CountScanned{id}, {item}, account("SITE/1/VAULT/A")),
                                world.command(CountAttested{id, std::nullopt}), world.command(CountAbandoned{id})}) {
            command.occurred_at = at;
            answers.push_back(world.answer(command));
        }
        return answers;
    };
    const std::vector<std::optional<RefusalCode>> none(3, RefusalCode::kNoObligation);
    EXPECT_EQ(all(world.new_obligation(), std::nullopt), none);
    const Micros before = world.now;
    open();
    EXPECT_EQ(all(count, before), none);  // before it was opened
    world.attest(count);
    EXPECT_EQ(all(count, std::nullopt), none);
    // At another site.
    open();
    Command elsewhere = world.command(CountAttested{count, std::nullopt});
    elsewhere.site = 2;
    EXPECT_EQ(world.answer(elsewhere), RefusalCode::kNoObligation);
}

TEST_F(CountTest, ACounterHasOneCountOfAnAccount) {
    open();
    EXPECT_EQ(world.answer(
                  world.command(CountOpened{CountKind::kSpot, {account("SITE/1/VAULT/B"), account("SITE/1/VAULT/A")}})),
              RefusalCode::kCountOpen);
    Command another = world.command(CountOpened{CountKind::kSpot, {account("SITE/1/VAULT/A")}});
    another.actor.principal = who_else(Role::kOc);
    EXPECT_EQ(world.answer(another), std::nullopt);
    world.must(world.command(CountAbandoned{count}));
    open();
}

TEST_F(CountTest, ItsAccountsAreOpenAndOfTheSite) {
    EXPECT_EQ(world.answer(world.command(CountOpened{CountKind::kSpot, {account("SITE/2/VAULT/A")}})),
              RefusalCode::kCrossSite);
    EXPECT_EQ(world.answer(world.command(CountOpened{CountKind::kSpot, {account("SITE/1/VAULT/X")}})),
              RefusalCode::kUnknownAccount);
}

TEST_F(CountTest, ListsThatAreSentAreTheBooks) {
    const ItemId item = world.stocked();
    const ItemId other = world.stocked();
    open();
    world.scan(count, {item, other}, "SITE/1/VAULT/A");
    CountLists lists;
    lists.matched = {item};
    EXPECT_EQ(world.answer(world.command(CountAttested{count, lists})), RefusalCode::kCountMismatch);
    lists.matched = {other, item};  // in any order
    EXPECT_EQ(world.answer(world.command(CountAttested{count, lists})), std::nullopt);
    EXPECT_EQ(world.decided.count_lists->matched, sorted({item, other}));
}

TEST_F(CountTest, ADifferenceIsResolvedUnderItsPiece) {
    const ItemId first = world.stocked();
    const ItemId second = world.stocked();
    open();
    attest();
    const ObligationRef ref{count, DifferenceKind::kMissing, first};
    // Not under another piece's line, nor by the count's own name.
    EXPECT_EQ(world.answer(world.command(DiscrepancyResolved{ref, DiscrepancyOutcome::kCountError}, {second})),
              RefusalCode::kNoObligation);
    EXPECT_EQ(world.answer(world.command(DiscrepancyResolved{{count, {}, {}}, DiscrepancyOutcome::kCountError})),
              RefusalCode::kNoObligation);
    EXPECT_EQ(world.answer(world.command(DiscrepancyResolved{ref, DiscrepancyOutcome::kCountError}, {first})),
              std::nullopt);
    EXPECT_EQ(world.item(first).disputes, 0U);
    EXPECT_EQ(world.answer(world.command(DiscrepancyResolved{ref, DiscrepancyOutcome::kCountError}, {first})),
              RefusalCode::kNoObligation);
    const DiscrepancyResolved other{{count, DifferenceKind::kMissing, second}, DiscrepancyOutcome::kFound};
    EXPECT_EQ(world.answer(world.command(other)), RefusalCode::kSchema);
    EXPECT_EQ(world.answer(world.command(other, {second})), std::nullopt);
    EXPECT_EQ(world.item(second).disputes, 0U);
}

// Ten thousand sightings in an event, while pieces move: nothing is refused.
TEST_F(CountTest, TenThousandLinesLockNothing) {
    const ItemId item = world.stocked();
    open();
    std::vector<ItemId> tags(10'000);
    for (ItemId& tag : tags) tag = world.new_item();
    tags[5'000] = item;
    world.scan(count, tags, "SITE/1/VAULT/A");
    world.give(item);
    EXPECT_EQ(attest().matched, std::vector{item});
    EXPECT_EQ(world.decided.count_lists->unexpected.size(), 9'999U);
}

// The definition, word by word, over a journal of every leg. Seeded; a failing seed is printed.
TEST_F(CountTest, ListsAreThoseOfTheDefinition) {
    for (std::uint32_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        World shop;
        std::mt19937 random(seed);
        const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
        const std::vector<std::string_view> places{"SITE/1/VAULT/A", "SITE/1/VAULT/B", "SITE/1/PERSON/71",
                                                   "SITE/1/DISPLAY/D1"};
        std::vector<ItemId> pieces;
        for (int i = 0; i < 8; ++i) pieces.push_back(shop.stocked());
        struct Leg {
            ItemId item;
            AccountId from, to;
        };
        std::vector<Leg> since;
        bool counting = false;
        const auto move = [&] {
            const ItemId item = pieces[pick(pieces.size())];
            const AccountId from = shop.item(item).account;
            const AccountId to = account(places[pick(places.size())]);
            if (from == to) return;
            const bool was_in = shop.state(item) == State::kV;
            const bool goes_in = state_of(to.kind) == State::kV;
            const Payload how =
                was_in ? (goes_in ? Payload(Relocated{}) : Payload(SignedOut{SignOutPurpose::kDisplay, 0, 0}))
                       : (goes_in ? Payload(SignedIn{}) : Payload(HandedOver{}));
            shop.must(shop.command(how, {item}, to));
            if (counting) since.push_back({item, from, to});
        };
        for (int i = 0; i < 10; ++i) move();
        const std::set<AccountId> scope{account(places[0]), account(places[2])};
        std::map<ItemId, AccountId> book;
        for (const ItemId& item : pieces) book[item] = shop.item(item).account;
        const ObligationId id = shop.open_count(CountKind::kSpot, {scope.begin(), scope.end()});
        counting = true;
        std::map<ItemId, std::set<AccountId>> seen;
        for (int i = 0; i < 16; ++i) {
            if (pick(2) == 0) {
                move();
                continue;
            }
            const ItemId item = pieces[pick(pieces.size())];
            const std::string_view where = places[pick(places.size())];
            shop.scan(id, {item}, where);
            seen[item].insert(account(where));
        }

        CountLists expected;
        for (const ItemId& item : sorted(pieces)) {
            const bool scanned = seen.contains(item);
            const bool in_books = scope.contains(book[item]);
            if (!scanned && !in_books) continue;
            const auto any_leg = [&](auto&& holds) {
                return std::any_of(since.begin(), since.end(),
                                   [&](const Leg& leg) { return leg.item == item && holds(leg); });
            };
            const auto any_seen = [&](auto&& holds) {
                return std::any_of(seen[item].begin(), seen[item].end(), holds);
            };
            auto& list =
                !scanned ? (any_leg([&](const Leg& leg) { return scope.contains(leg.from) || scope.contains(leg.to); })
                                ? expected.moved
                                : expected.missing)
                : in_books && seen[item].contains(book[item])                             ? expected.matched
                : any_leg([&](const Leg& leg) { return seen[item].contains(leg.to); })    ? expected.moved
                : any_seen([&](const AccountId& where) { return scope.contains(where); }) ? expected.misplaced
                                                                                          : expected.unexpected;
            list.push_back(item);
        }
        shop.attest(id);
        EXPECT_EQ(*shop.decided.count_lists, expected);
    }
}

}  // namespace
}  // namespace daybook::custody::test
