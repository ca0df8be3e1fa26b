// Time: what is stamped, too early, late, behind the chain, behind a fence; and when the vault was open.
#include <gtest/gtest.h>

#include "tests/support/custody_world.h"

namespace daybook::custody::test {
namespace {

Command sign_out(World& world, const ItemId& item) {
    return world.command(SignedOut{SignOutPurpose::kPhoto, kHolder, 0}, {item});
}

// The command as of `at`, judged when the clock shows `now`, or the last record time where that is later.
std::optional<RefusalCode> answer_at(World& world, Command command, Micros at, Micros now) {
    command.occurred_at = at;
    world.now = std::max(now, world.books.recorded_at) - kSecond;  // submit() takes a second
    return world.answer(command);
}

TEST(StampTest, IsTheClockWhereNothingIsAheadOfIt) {
    World world;
    world.must(sign_out(world, world.stocked()));
    EXPECT_EQ(world.decided.occurred_at, world.now);
}

TEST(StampTest, IsNotBehindThePieceNorTheVaultsSession) {
    World world;
    const ItemId item = world.stocked();
    const Micros ahead = world.now + 100 * kSecond;
    ASSERT_EQ(answer_at(world, sign_out(world, item), ahead, world.now), std::nullopt);
    world.must(world.command(SignedIn{}, {item}, account("SITE/1/VAULT/A")));
    EXPECT_EQ(world.decided.occurred_at, ahead);

    const ObligationId count = world.closing_count();
    ASSERT_EQ(answer_at(world, world.command(VaultClosed{count, {}}), ahead + kSecond, world.now), std::nullopt);
    ASSERT_EQ(answer_at(world, world.command(VaultOpened{}), ahead + 2 * kSecond, world.now), std::nullopt);
    const ItemId other = world.received();  // its legs are not on the vault
    world.inspect(other);
    world.must(world.command(PutAway{}, {other}, account("SITE/1/VAULT/A")));
    EXPECT_EQ(world.decided.occurred_at, ahead + 2 * kSecond);
    // Without item lines, it is not behind the newest event of the site.
    world.open_count(CountKind::kSpot, {account("SITE/1/VAULT/A")});
    EXPECT_EQ(world.decided.occurred_at, ahead + 2 * kSecond);
}

TEST(TimeTest, TwoMinutesAheadIsAcceptedAndNoMore) {
    World world;
    const Micros now = world.now + kMinute;
    EXPECT_EQ(answer_at(world, sign_out(world, world.stocked()), now + 120 * kSecond + 1, now),
              RefusalCode::kFutureDated);
    EXPECT_EQ(answer_at(world, sign_out(world, world.stocked()), now + 120 * kSecond, now), std::nullopt);
}

TEST(TimeTest, FifteenMinutesBehindIsLateAfterThat) {
    World world;
    const ItemId first = world.stocked();
    const ItemId second = world.stocked();
    const Micros now = world.now + kHour;
    EXPECT_EQ(answer_at(world, sign_out(world, first), now - 15 * kMinute - 1, now), RefusalCode::kBackdated);
    EXPECT_EQ(answer_at(world, sign_out(world, first), now - 15 * kMinute, now), std::nullopt);
    Command late = sign_out(world, second);
    late.late = {true, "", 0};
    EXPECT_EQ(answer_at(world, late, now - 30 * kMinute, now), RefusalCode::kBackdated);
    late.late.reason = "the tablet was off";
    EXPECT_EQ(answer_at(world, late, now - 30 * kMinute, now), std::nullopt);
}

TEST(TimeTest, BothTolerancesArePoliciesOfTheMomentOfRecording) {
    World world;
    world.must(world.command(PolicySet{"time.future_tolerance", std::int64_t{10}, 0, 0}));
    world.must(world.command(PolicySet{"time.late_after", std::int64_t{60}, 0, 0}));
    const ItemId item = world.stocked();
    const Micros now = world.now + kHour;
    EXPECT_EQ(answer_at(world, sign_out(world, item), now + 11 * kSecond, now), RefusalCode::kFutureDated);
    EXPECT_EQ(answer_at(world, sign_out(world, item), now - 61 * kSecond, now), RefusalCode::kBackdated);
    EXPECT_EQ(answer_at(world, sign_out(world, item), now - 60 * kSecond, now), std::nullopt);
}

TEST(TimeTest, ARuleDoesNotBeginBeforeItIsMade) {
    World world;
    const auto grant = [&](Micros from) { return world.command(RoleGranted{{{500, Role::kOc, 1}, from, 0}}); };
    EXPECT_EQ(answer_at(world, grant(world.now - 1), world.now, world.now), RefusalCode::kBackdated);
    EXPECT_EQ(answer_at(world, grant(world.now), world.now, world.now), std::nullopt);
    EXPECT_EQ(world.answer(world.command(PolicySet{"count.per_day", std::int64_t{1}, 0, world.now})),
              RefusalCode::kBackdated);
    EXPECT_EQ(world.answer(world.command(RoleRevoked{{{500, Role::kOc, 1}, world.now, 0}})), RefusalCode::kBackdated);
}

TEST(TimeTest, ARuleWithoutABeginningHoldsFromItsEventOn) {
    World world;
    world.must(world.command(PolicySet{"count.per_day", std::int64_t{1}, 0, 0}));
    const Micros made = world.decided.occurred_at;
    EXPECT_EQ(world.books.policy("count.per_day", 1, made - 1), nullptr);
    EXPECT_NE(world.books.policy("count.per_day", 1, made), nullptr);
}

TEST(OrderTest, CountsAccountsAndSessionsGoOnInOrder) {
    World world;
    const ItemId item = world.stocked();
    const Micros leg = world.item(item).last_at;
    const Micros now = world.now + kMinute;
    const AccountId vault = account("SITE/1/VAULT/A");
    EXPECT_EQ(answer_at(world, world.command(CountOpened{CountKind::kSpot, {vault}}), leg - 1, now),
              RefusalCode::kBackdated);
    EXPECT_EQ(answer_at(world, world.command(VaultOpened{}), world.books.sites.find(1)->newest_session_at - 1, now),
              RefusalCode::kCorrectionConflict);
    EXPECT_EQ(answer_at(world, world.command(VaultOpened{}), leg, now), RefusalCode::kSessionOpen);
    const ObligationId count = world.closing_count();
    EXPECT_EQ(answer_at(world, world.command(VaultClosed{count, {}}), leg - 1, world.now),
              RefusalCode::kCorrectionConflict);

    Command in = world.command(SupplyMoved{SupplyMove::kReceived});
    in.lines = {{{}, kBoxes, 10, 0, account("EXT/SUPPLIER/700"), {}}};
    world.must(in);
    const Micros moved = world.decided.occurred_at;
    Command out = world.command(SupplyMoved{SupplyMove::kIssued});
    out.lines = {{{}, kBoxes, 1, 0, {}, {}}};
    EXPECT_EQ(answer_at(world, out, moved - 1, world.now), RefusalCode::kQtyNegative);
    EXPECT_EQ(answer_at(world, out, moved, world.now), std::nullopt);

    const AccountId shelf = account("SITE/1/HOLD/S");
    world.must(world.command(AccountClosed{shelf}));
    const Micros closed = world.decided.occurred_at;
    AccountOpened again;
    again.account = shelf;
    EXPECT_EQ(answer_at(world, world.command(again), closed - 1, world.now), RefusalCode::kAccountExists);
    EXPECT_EQ(answer_at(world, world.command(again), closed, world.now), std::nullopt);

    world.must(world.command(DayClosed{count}));
    Command day = world.command(DayClosed{count});
    EXPECT_EQ(answer_at(world, day, world.decided.occurred_at - 1, world.now), RefusalCode::kPeriodClosed);
}

// What a session or an account would break is named: it is not too late, but out of its order.
TEST(OrderTest, AnOpeningBetweenOthersNamesTheOneThatItWouldBreak) {
    World world;
    const Session first = world.books.sessions.of(1).back();
    Command early = world.command(VaultOpened{});
    early.occurred_at = first.open.from - 1;
    const auto opening = world.submit(early);
    ASSERT_TRUE(opening);
    EXPECT_EQ(opening->code, RefusalCode::kCorrectionConflict);
    ASSERT_EQ(opening->conflicts.size(), 1U);
    EXPECT_EQ(opening->conflicts[0].event, first.opened_by);
    EXPECT_EQ(opening->conflicts[0].code, RefusalCode::kSessionOpen);

    const ItemId item = world.stocked();
    world.must(sign_out(world, item));
    const Micros leg = world.decided.occurred_at;
    const AccountId vault = account("SITE/1/VAULT/A");
    EXPECT_EQ(answer_at(world, world.command(AccountClosed{vault}), leg - 1, world.now),
              RefusalCode::kCorrectionConflict);
    EXPECT_EQ(answer_at(world, world.command(AccountClosed{vault}), leg, world.now), std::nullopt);
}

TEST(FenceTest, BeforeAnAttestedCountAManagerApproves) {
    World world;
    const ItemId item = world.stocked();
    const Micros before = world.now;
    world.now += kMinute;
    const ObligationId count = world.open_count(CountKind::kSpot, {account("SITE/1/VAULT/A")});
    const Micros fence = world.decided.occurred_at;
    world.scan(count, {item}, "SITE/1/VAULT/A");
    world.attest(count);

    Command command = sign_out(world, item);
    command.occurred_at = before;
    const auto refusal = world.submit(command);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->code, RefusalCode::kCountFence);
    EXPECT_EQ(refusal->account, account("SITE/1/VAULT/A"));
    EXPECT_EQ(refusal->obligation, (ObligationRef{count, {}, {}}));
    // A manager's attestation that is not named as the approval is none, and neither is a name without one.
    command.attest.push_back({who(Role::kVm), Role::kVm});
    EXPECT_EQ(world.answer(command), RefusalCode::kCountFence);
    command.attest.pop_back();
    command.late.approver = who(Role::kVm);
    EXPECT_EQ(world.answer(command), RefusalCode::kCountFence);
    command.attest.push_back({who(Role::kVm), Role::kVm});
    EXPECT_EQ(world.answer(command), std::nullopt);
    // The fence's own instant is not past it.
    const ItemId other = world.stocked();
    Command at_the_fence = world.command(TransferPacked{0, {}, "S", "S"}, {other});
    at_the_fence.occurred_at = std::max(fence, world.item(other).last_at);
    EXPECT_EQ(world.answer(at_the_fence), std::nullopt);
}

TEST(FenceTest, EventsWithoutLegsHaveNone) {
    World world;
    const ItemId item = world.stocked();
    const Micros before = world.now;
    const ObligationId count = world.open_count(CountKind::kSpot, {account("SITE/1/VAULT/A")});
    world.scan(count, {item}, "SITE/1/VAULT/A");
    world.attest(count);
    Command command = world.command(QuarantineSet{}, {item});
    command.occurred_at = before;
    EXPECT_EQ(world.answer(command), std::nullopt);
}

TEST(FenceTest, AClosedDayIsOpenedByHeadquartersOnly) {
    World world;
    const ItemId item = world.stocked();
    const Micros before = world.now;
    world.must(world.command(DayClosed{world.closing_count()}));
    const Micros end = world.decided.occurred_at;
    Command command = world.command(QuarantineSet{}, {item});
    command.occurred_at = before;
    EXPECT_EQ(world.answer(command), RefusalCode::kPeriodClosed);
    command.attest = {{who(Role::kHq), Role::kHq}};
    EXPECT_EQ(world.answer(command), std::nullopt);
    Command at_the_end = world.command(QuarantineReleased{}, {item});
    at_the_end.occurred_at = end;
    EXPECT_EQ(world.answer(at_the_end), std::nullopt);
}

TEST(VaultTest, LegsLieWithinASession) {
    World world;
    const ItemId item = world.stocked();
    world.must(world.command(VaultClosed{world.closing_count(), {}}));
    const Micros closed = world.decided.occurred_at;
    EXPECT_EQ(world.answer(sign_out(world, item)), RefusalCode::kVaultClosed);
    // What has no leg there goes on.
    EXPECT_EQ(world.answer(world.command(QuarantineSet{}, {item})), std::nullopt);
    EXPECT_EQ(world.answer(world.command(QuarantineReleased{}, {item})), std::nullopt);
    EXPECT_EQ(world.answer(world.command(VaultClosed{world.new_obligation(), {}})), RefusalCode::kVaultClosed);
    world.open_vault();
    // At the closing's own instant the vault was closed; at the opening's it was open.
    Command between = sign_out(world, world.stocked());
    between.lines[0].item = item;
    between.occurred_at = closed;
    EXPECT_NE(world.answer(between), std::nullopt);
    EXPECT_EQ(world.answer(sign_out(world, item)), std::nullopt);
}

TEST(VaultTest, ItClosesAfterAClosingCountOfItsOwnSinceItWasOpened) {
    World world;
    const ObligationId spot = world.open_count(CountKind::kSpot, {account("SITE/1/WINDOW")});
    world.attest(spot);
    EXPECT_EQ(world.answer(world.command(VaultClosed{spot, {}})), RefusalCode::kNoClosingCount);
    EXPECT_EQ(world.answer(world.command(VaultClosed{world.closing_count(2), {}})), RefusalCode::kNoClosingCount);
    const ObligationId first = world.closing_count();
    world.must(world.command(VaultClosed{first, {}}));
    EXPECT_EQ(world.answer(world.command(DayClosed{first})), std::nullopt);
    world.open_vault();
    EXPECT_EQ(world.answer(world.command(VaultClosed{first, {}})), RefusalCode::kNoClosingCount);
    EXPECT_EQ(world.answer(world.command(DayClosed{first})), RefusalCode::kNoClosingCount);
}

TEST(VaultTest, NightEmptyAccountsAreEmptyOrListed) {
    World world;
    AccountOpened tray;
    tray.account = account("SITE/1/DISPLAY/NIGHT");
    tray.night_empty = true;
    world.must(world.command(tray));
    const ItemId item = world.stocked();
    world.show(item, "SITE/1/DISPLAY/NIGHT");
    const auto refusal = world.submit(world.command(VaultClosed{world.closing_count(), {}}));
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->code, RefusalCode::kNightNotEmpty);
    EXPECT_EQ(refusal->account, tray.account);
    EXPECT_EQ(world.answer(world.command(VaultClosed{world.closing_count(), {tray.account}})), std::nullopt);
    world.open_vault();
    world.must(world.command(SignedIn{}, {item}, account("SITE/1/VAULT/A")));
    EXPECT_EQ(world.answer(world.command(VaultClosed{world.closing_count(), {}})), std::nullopt);
}

TEST(CustodianTest, ACountOfTheAccountIsNotOlderThanHalfAnHour) {
    World world;
    const AccountId place = account("SITE/1/DISPLAY/D1");
    const ObligationId count = world.open_count(CountKind::kHandover, {place});
    world.attest(count);
    const Micros attested = world.decided.occurred_at;
    const Command change = world.command(CustodianChanged{place, kHolder, kOtherHolder, count});
    world.now = attested + 30 * kMinute;
    EXPECT_EQ(world.answer(change), RefusalCode::kNoClosingCount);  // a second later than that
    world.now = attested + 30 * kMinute - kSecond;
    EXPECT_EQ(world.answer(change), std::nullopt);
    EXPECT_EQ(world.answer(world.command(CustodianChanged{account("SITE/1/DISPLAY/D2"), kHolder, kOtherHolder, count})),
              RefusalCode::kNoClosingCount);
    EXPECT_EQ(world.answer(world.command(CustodianChanged{account("SITE/1/DISPLAY/D9"), kHolder, kOtherHolder, count})),
              RefusalCode::kUnknownAccount);
}

}  // namespace
}  // namespace daybook::custody::test
