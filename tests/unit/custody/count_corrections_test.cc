// Corrections of counts and late attestations: what a count found is withdrawn with it, its accounts know the one
// before, and what rests on it is named. After each test the books are those that the log makes again.
#include <gtest/gtest.h>

#include "tests/support/custody_world.h"

namespace daybook::custody::test {
namespace {

class CountCorrectionTest : public ::testing::Test {
protected:
    void TearDown() override { world.expect_rebuilt(); }

    // The command of the attestation, so that it can be named.
    Command attested(const ObligationId& id) {
        Command command = world.command(CountAttested{id, std::nullopt});
        world.must(command);
        return command;
    }
    Command taken_back(const Command& target) {
        Command declared = world.command(CorrectionDeclared{target.event_id, CorrectionReason::kDidNotOccur, {}});
        const bool coordinator = target.actor.principal == who(Role::kOc);
        declared.actor = {who(coordinator ? Role::kSm : Role::kOc), coordinator ? Role::kSm : Role::kOc, 0};
        declared.attest.push_back({who(Role::kHq), Role::kHq});
        return declared;
    }
    Refusal refused(const Command& command) {
        auto refusal = world.submit(command);
        EXPECT_TRUE(refusal);
        if (!refusal) return {};
        EXPECT_EQ(refusal->code, RefusalCode::kCorrectionConflict) << refusal->message;
        return *refusal;
    }
    [[nodiscard]] const Account& counted() const { return *world.books.accounts.find(vault); }
    ObligationId open(CountKind kind = CountKind::kSpot) { return world.open_count(kind, {vault}); }

    World world;
    const AccountId vault = account("SITE/1/VAULT/A");
};

TEST_F(CountCorrectionTest, AnAttestationThatDidNotHappenOpensItsCountAgain) {
    const ItemId seen = world.stocked();
    const ItemId there = world.stocked();
    const ObligationId first = open();
    world.scan(first, {seen, there}, "SITE/1/VAULT/A");
    attested(first);
    const Micros fence = counted().fence;
    const ObligationId second = open();
    world.scan(second, {seen}, "SITE/1/VAULT/A");
    const Command attestation = attested(second);
    EXPECT_EQ(world.item(there).disputes, 1U);
    EXPECT_EQ(counted().counted_by, second);
    EXPECT_GT(counted().fence, fence);

    const Command declared = taken_back(attestation);
    world.must(declared);
    EXPECT_EQ(world.item(there).disputes, 0U);
    EXPECT_EQ(world.books.find_open({second, DifferenceKind::kMissing, there}), nullptr);
    EXPECT_EQ(counted().counted_by, first);
    EXPECT_EQ(counted().fence, fence);
    ASSERT_NE(world.open(second), nullptr);
    EXPECT_EQ(world.open(second)->kind, ObligationKind::kCount);
    const auto& changes = world.effects.obligations;
    EXPECT_TRUE(std::any_of(changes.begin(), changes.end(), [&](const ObligationChange& change) {
        return change.obligation.ref.id == second && change.what == ObligationChange::What::kOpened;
    }));

    // It was wrong: the attestation is back, and with it what it found.
    const Command undone = taken_back(declared);
    world.must(undone);
    EXPECT_EQ(world.item(there).disputes, 1U);
    EXPECT_EQ(counted().counted_by, second);
    EXPECT_EQ(world.open(second), nullptr);

    // And gone again: what was overlooked is seen, and the count is attested anew.
    world.must(taken_back(undone));
    world.scan(second, {there}, "SITE/1/VAULT/A");
    attested(second);
    EXPECT_EQ(world.decided.count_lists->matched.size(), 2U);
    EXPECT_EQ(world.item(there).disputes, 0U);
    EXPECT_EQ(counted().counted_by, second);
    // What comes back would end the count before what was seen since.
    EXPECT_EQ(refused(taken_back(declared)).obligation->id, second);
}

TEST_F(CountCorrectionTest, WhatMovedSinceTheCutIsStillKnown) {
    const ItemId gone = world.stocked();
    const ObligationId count = open();
    const Command attestation = attested(count);
    EXPECT_EQ(world.decided.count_lists->missing, std::vector{gone});
    world.show(gone);
    world.must(taken_back(attestation));
    attested(count);
    EXPECT_EQ(world.decided.count_lists->moved, std::vector{gone});
}

TEST_F(CountCorrectionTest, AResolvedDifferenceHoldsItsCount) {
    const ItemId gone = world.stocked();
    const ObligationId count = open();
    const Command attestation = attested(count);
    world.must(world.command(
        DiscrepancyResolved{{count, DifferenceKind::kMissing, gone}, DiscrepancyOutcome::kCountError}, {gone}));
    const Refusal refusal = refused(taken_back(attestation));
    ASSERT_EQ(refusal.conflicts.size(), 1U);
    EXPECT_EQ(refusal.conflicts[0].item, gone);
    EXPECT_EQ(refusal.conflicts[0].event, world.books.next - 1);
}

TEST_F(CountCorrectionTest, AClosingRestsOnItsCount) {
    const ObligationId count = open(CountKind::kClosing);
    const Command attestation = attested(count);
    world.must(world.command(VaultClosed{count, {}}));
    EXPECT_EQ(refused(taken_back(attestation)).event, world.books.next - 1);
    world.must(world.command(DayClosed{count}));
    EXPECT_EQ(refused(taken_back(attestation)).event, world.books.next - 2);
}

TEST_F(CountCorrectionTest, AClosingCountIsNoneAnyMore) {
    const ObligationId count = open(CountKind::kClosing);
    world.must(taken_back(attested(count)));
    EXPECT_EQ(world.answer(world.command(VaultClosed{count, {}})), RefusalCode::kNoClosingCount);
    attested(count);
    world.must(world.command(VaultClosed{count, {}}));
}

TEST_F(CountCorrectionTest, AScanIsTakenBackWhileItsCountIsOpen) {
    const ItemId seen = world.stocked();
    const ObligationId count = open();
    const Command scan = world.command(CountScanned{count}, {seen}, vault);
    world.must(scan);
    world.scan(count, {seen}, "SITE/1/VAULT/A");  // twice: one of them is enough
    const Command declared = taken_back(scan);
    world.must(declared);
    EXPECT_EQ(world.books.counts.find(count)->sightings.size(), 1U);
    world.must(taken_back(declared));
    EXPECT_EQ(world.books.counts.find(count)->scans.size(), 2U);
    const Command attestation = attested(count);
    EXPECT_EQ(refused(taken_back(scan)).event, world.books.next - 1);
    world.must(taken_back(attestation));
    world.must(taken_back(scan));
    attested(count);
    EXPECT_EQ(world.decided.count_lists->matched, std::vector{seen});
}

TEST_F(CountCorrectionTest, AnOpeningIsTakenBackWhileNothingWasSeen) {
    const ItemId seen = world.stocked();
    const Command opening = world.command(CountOpened{CountKind::kSpot, {vault}});
    world.must(opening);
    const Command scan = world.command(CountScanned{opening.obligation}, {seen}, vault);
    world.must(scan);
    EXPECT_EQ(refused(taken_back(opening)).event, world.books.next - 1);
    world.must(taken_back(scan));
    const Command declared = taken_back(opening);
    world.must(declared);
    EXPECT_EQ(world.open(opening.obligation), nullptr);
    EXPECT_EQ(world.books.counts.size(), 0U);
    EXPECT_EQ(world.answer(world.command(CountAttested{opening.obligation, std::nullopt})),
              RefusalCode::kNoObligation);
    EXPECT_EQ(refused(taken_back(declared)).obligation->id, opening.obligation);
}

TEST_F(CountCorrectionTest, AnAbandonedCountGoesOn) {
    const ItemId seen = world.stocked();
    const ObligationId count = open();
    world.scan(count, {seen}, "SITE/1/VAULT/A");
    const Command abandoned = world.command(CountAbandoned{count});
    world.must(abandoned);
    // Its counter has begun another one meanwhile.
    const ObligationId other = open();
    EXPECT_EQ(refused(taken_back(abandoned)).obligation->id, count);
    attested(other);
    world.must(taken_back(abandoned));
    attested(count);
    EXPECT_EQ(world.decided.count_lists->matched, std::vector{seen});
}

TEST_F(CountCorrectionTest, ItIsKeptUntilTooMuchHasMoved) {
    const ItemId item = world.stocked();
    const ObligationId count = open();
    const Command attestation = attested(count);
    for (std::size_t leg = 0; leg < kLegsKept + kLegsOfChunk; ++leg)
        world.must(world.command(Relocated{}, {item}, leg % 2 == 0 ? account("SITE/1/VAULT/B") : vault));
    const Refusal refusal = refused(taken_back(attestation));
    EXPECT_NE(refusal.message.find("count again"), std::string::npos) << refusal.message;
}

// The book of a count is that of its cut, whatever becomes known of the time before it.
TEST_F(CountCorrectionTest, ACorrectedMoveBeforeTheCutChangesNothing) {
    const ItemId item = world.stocked();
    const Command moved = world.command(Relocated{}, {item}, account("SITE/1/VAULT/B"));
    world.must(moved);
    const ObligationId count = world.open_count(CountKind::kSpot, {account("SITE/1/VAULT/B")});
    world.must(taken_back(moved));
    EXPECT_EQ(world.item(item).account, vault);
    attested(count);
    EXPECT_EQ(world.decided.count_lists->missing, std::vector{item});
}

TEST_F(CountCorrectionTest, ALateAttestationTakesItsPlaceInTheChains) {
    const ItemId gone = world.stocked();
    const ObligationId count = open();
    world.now += kHour;
    const Micros at = world.now;
    world.now += kHour;
    world.must(world.command(DamageRecorded{}, {gone}));
    const Micros newest = world.item(gone).last_at;
    Command attestation = world.command(CountAttested{count, std::nullopt});
    attestation.occurred_at = at;
    EXPECT_EQ(world.answer(attestation), RefusalCode::kBackdated);
    attestation.late = {true, "the tablet was off", 0};
    world.must(attestation);
    EXPECT_EQ(world.item(gone).disputes, 1U);
    EXPECT_EQ(world.item(gone).last_at, newest);
    EXPECT_EQ(world.item(gone).version, world.chain(gone).size());
    ASSERT_EQ(world.effects.items.size(), 1U);
    EXPECT_TRUE(world.effects.items[0].retold);
    EXPECT_EQ(world.open(count), nullptr);
    EXPECT_EQ(counted().counted_at, at);
    const auto chain = world.chain(gone);
    EXPECT_EQ(fold(gone, chain, at).piece.obligations.size(), 1U);
    EXPECT_TRUE(fold(gone, chain, at - 1).piece.obligations.empty());
    world.must(taken_back(attestation));
    EXPECT_EQ(world.item(gone).disputes, 0U);
}

TEST_F(CountCorrectionTest, NothingIsFoundBeforeItIsRegistered) {
    const ObligationId count = open();
    world.now += kHour;
    const Micros at = world.now;
    world.now += kHour;
    const ItemId later = world.stocked();
    world.scan(count, {later}, "SITE/1/VAULT/B");
    Command attestation = world.command(CountAttested{count, std::nullopt});
    attestation.occurred_at = at;
    attestation.late = {true, "the tablet was off", 0};
    const Refusal refusal = refused(attestation);
    ASSERT_EQ(refusal.conflicts.size(), 1U);
    EXPECT_EQ(refusal.conflicts[0].code, RefusalCode::kUnknownItem);
}

}  // namespace
}  // namespace daybook::custody::test
