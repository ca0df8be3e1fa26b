// Corrections of sessions, accounts, days, custodians, rejections and clearings, and late ends of days. After each test
// the books are those that the log makes again.
#include <gtest/gtest.h>

#include "tests/support/custody_world.h"

namespace daybook::custody::test {
namespace {

class TurnCorrectionTest : public ::testing::Test {
protected:
    void TearDown() override { world.expect_rebuilt(); }

    Command done(const Command& command) {
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
    [[nodiscard]] const std::vector<Session>& sessions() const { return world.books.sessions.of(1); }
    [[nodiscard]] const std::vector<AccountId>& night_empty() const { return world.books.sites.find(1)->night_empty; }
    [[nodiscard]] const std::vector<DayEnd>& days() const { return world.books.days.of(1); }

    World world;
};

TEST_F(TurnCorrectionTest, AVaultThatWasNotClosedIsOpenStill) {
    const ItemId item = world.stocked();
    const ObligationId count = world.closing_count();
    const Command closed = done(world.command(VaultClosed{count, {}}));
    const ObligationId session = sessions().back().obligation;
    EXPECT_EQ(world.answer(world.command(Relocated{}, {item}, account("SITE/1/VAULT/B"))), RefusalCode::kVaultClosed);
    const Command declared = done(taken_back(closed));
    ASSERT_NE(world.open(session), nullptr);
    EXPECT_EQ(world.open(session)->opened_by, sessions().back().opened_by);
    // Without legs since, it comes back as it was.
    done(taken_back(declared));
    EXPECT_EQ(world.open(session), nullptr);
    EXPECT_EQ(world.effects.obligations.back().by, sessions().back().closed_by);
    // Behind another opening it would be open twice.
    world.open_vault();
    const Refusal refusal = refused(taken_back(closed));
    EXPECT_EQ(refusal.event, sessions().back().opened_by);
}

TEST_F(TurnCorrectionTest, ALegAfterItHoldsAClosing) {
    const ItemId item = world.stocked();
    const ObligationId count = world.closing_count();
    const Command closed = done(world.command(VaultClosed{count, {}}));
    const Command declared = done(taken_back(closed));
    done(world.command(Relocated{}, {item}, account("SITE/1/VAULT/B")));
    const Refusal refusal = refused(taken_back(declared));
    EXPECT_EQ(refusal.event, world.books.next - 1);
}

TEST_F(TurnCorrectionTest, AnOpeningByMistakeNeverWas) {
    const ObligationId count = world.closing_count();
    done(world.command(VaultClosed{count, {}}));
    const Command opened = done(world.command(VaultOpened{}));
    // The count is not of this session.
    EXPECT_EQ(world.answer(world.command(DayClosed{count})), RefusalCode::kNoClosingCount);
    const Command declared = done(taken_back(opened));
    EXPECT_EQ(sessions().size(), 1U);
    EXPECT_EQ(world.open(opened.obligation), nullptr);
    const Command day = done(world.command(DayClosed{count}));
    // Back again, it would be the last opening before the day's end.
    EXPECT_EQ(refused(taken_back(declared)).event, world.books.next - 1);
    done(taken_back(day));
    done(taken_back(declared));
    EXPECT_EQ(sessions().size(), 2U);
    EXPECT_NE(world.open(opened.obligation), nullptr);
}

TEST_F(TurnCorrectionTest, LegsHoldTheirOpening) {
    const ObligationId count = world.closing_count();
    done(world.command(VaultClosed{count, {}}));
    const Command opened = done(world.command(VaultOpened{}));
    const ItemId item = world.received();
    world.inspect(item);
    const Command put = done(world.command(PutAway{}, {item}, account("SITE/1/VAULT/A")));
    EXPECT_EQ(refused(taken_back(opened)).event, world.books.next - 1);
    done(taken_back(put));
    done(taken_back(opened));
    EXPECT_EQ(sessions().size(), 1U);
}

TEST_F(TurnCorrectionTest, AnOpeningHoldsItsClosing) {
    const ObligationId count = world.closing_count();
    const Position closed = world.books.next;
    done(world.command(VaultClosed{count, {}}));
    EXPECT_EQ(refused(taken_back(world.event_at(sessions().back().opened_by))).event, closed);
}

TEST_F(TurnCorrectionTest, AnAccountThatWasNeverUsed) {
    AccountOpened show_case;
    show_case.account = account("SITE/1/DISPLAY/NEW");
    show_case.night_empty = true;
    const Command opened = done(world.command(show_case));
    const Command declared = done(taken_back(opened));
    EXPECT_EQ(world.books.accounts.find(show_case.account), nullptr);
    EXPECT_TRUE(night_empty().empty());
    done(taken_back(declared));
    ASSERT_NE(world.books.accounts.find(show_case.account), nullptr);
    EXPECT_TRUE(world.books.accounts.find(show_case.account)->night_empty);
    const ItemId item = world.stocked();
    world.show(item, "SITE/1/DISPLAY/NEW");
    refused(taken_back(opened));
    done(world.command(SignedIn{}, {item}, account("SITE/1/VAULT/A")));
    EXPECT_EQ(refused(taken_back(opened)).account, show_case.account);
}

TEST_F(TurnCorrectionTest, AnAccountThatWasNotClosed) {
    const AccountId shelf = account("SITE/1/HOLD/S");
    const Command closed = done(world.command(AccountClosed{shelf}));
    const Command declared = done(taken_back(closed));
    EXPECT_EQ(world.books.accounts.find(shelf)->opened.back().to, 0);
    const ItemId item = world.stocked();
    done(world.command(MovedToHold{HoldReason::kQa}, {item}, shelf));
    EXPECT_EQ(refused(taken_back(declared)).account, shelf);
    done(world.command(Relocated{}, {item}, account("SITE/1/HOLD")));
    done(world.command(AccountClosed{shelf}));
    AccountOpened again;
    again.account = shelf;
    done(world.command(again));
    // It was closed and opened again: the closing before cannot be undone any more.
    const auto& opened = world.books.accounts.find(shelf)->opened;
    ASSERT_EQ(opened.size(), 2U);
    EXPECT_EQ(refused(taken_back(world.event_at(opened[0].closed_by))).event, opened[1].opened_by);
}

// What it may hold, and whether it is to be empty at night, is as it was opened in the interval that is the last one.
TEST_F(TurnCorrectionTest, AnAccountIsAsItWasOpenedLast) {
    AccountOpened show_case;
    show_case.account = account("SITE/1/DISPLAY/NEW");
    show_case.night_empty = true;
    show_case.insured_limit = euro(5'000'00);
    done(world.command(show_case));
    const Command closed = done(world.command(AccountClosed{show_case.account}));
    show_case.night_empty = false;
    show_case.insured_limit.reset();
    show_case.sellable = false;
    const Command again = done(world.command(show_case));
    const auto now = [&]() -> const Account& { return *world.books.accounts.find(show_case.account); };
    EXPECT_FALSE(now().sellable);
    done(taken_back(again));
    EXPECT_TRUE(night_empty().empty());
    done(taken_back(closed));
    ASSERT_EQ(now().opened.size(), 1U);
    EXPECT_TRUE(now().sellable);
    EXPECT_EQ(now().insured_limit_minor, 5'000'00);
    EXPECT_EQ(night_empty(), std::vector{show_case.account});
}

// Its session went while it was taken back.
TEST_F(TurnCorrectionTest, ALegDoesNotComeBackOutsideEverySession) {
    const ObligationId count = world.closing_count();
    done(world.command(VaultClosed{count, {}}));
    const Command opened = done(world.command(VaultOpened{}));
    const ItemId item = world.received();
    world.inspect(item);
    const Position leg = world.books.next;
    const Command put = done(world.command(PutAway{}, {item}, account("SITE/1/VAULT/A")));
    const Command put_declared = done(taken_back(put));
    const Command opened_declared = done(taken_back(opened));
    EXPECT_EQ(refused(taken_back(put_declared)).event, leg);
    done(taken_back(opened_declared));
    done(taken_back(put_declared));
    EXPECT_EQ(sessions().back().legs, 1U);
}

TEST_F(TurnCorrectionTest, ADayIsClosedLateAndTakenBack) {
    const ObligationId count = world.closing_count();
    const Micros counted = world.now;
    world.now += kHour;
    const Command last = done(world.command(DayClosed{count}));
    world.now += kMinute;
    Command early = world.command(DayClosed{count});
    early.occurred_at = counted + kMinute;
    early.late = {true, "nobody had signed", 0};
    EXPECT_EQ(world.answer(early), RefusalCode::kPeriodClosed);
    early.attest.push_back({who(Role::kHq), Role::kHq});
    done(early);
    ASSERT_EQ(days().size(), 2U);
    EXPECT_EQ(days()[0].at, counted + kMinute);
    ASSERT_EQ(world.effects.days.size(), 1U);
    EXPECT_TRUE(world.effects.days[0].closed);
    const Command declared = done(taken_back(last));
    ASSERT_EQ(days().size(), 1U);
    EXPECT_EQ(days()[0].at, counted + kMinute);
    EXPECT_FALSE(world.effects.days.at(0).closed);
    done(taken_back(declared));
    EXPECT_EQ(days().size(), 2U);
    // Before the count that it rests on there is none.
    Command earlier = world.command(DayClosed{count});
    earlier.occurred_at = counted - kHour;
    earlier.late = {true, "nobody had signed", 0};
    earlier.attest.push_back({who(Role::kHq), Role::kHq});
    EXPECT_EQ(world.answer(earlier), RefusalCode::kNoClosingCount);
}

TEST_F(TurnCorrectionTest, ACustodianIsTheOneBeforeAgain) {
    const AccountId vault = account("SITE/1/VAULT/A");
    const auto custodian = [&] { return world.books.accounts.find(vault)->custodian; };
    const ObligationId count = world.open_count(CountKind::kSpot, {vault});
    world.attest(count);
    done(world.command(CustodianChanged{vault, 0, kHolder, count}));
    const Command second = done(world.command(CustodianChanged{vault, kHolder, kOtherHolder, count}));
    EXPECT_EQ(custodian(), kOtherHolder);
    const Command declared = done(taken_back(second));
    EXPECT_EQ(custodian(), kHolder);
    done(taken_back(declared));
    EXPECT_EQ(custodian(), kOtherHolder);
    // One that is told late does not answer for what came after it.
    Command late = world.command(CustodianChanged{vault, kHolder, 73, count});
    late.occurred_at = world.now - 3 * kSecond;
    done(late);
    EXPECT_EQ(custodian(), kOtherHolder);
}

TEST_F(TurnCorrectionTest, ARejectedRequestIsOpenAgain) {
    const ObligationId request = world.new_obligation();
    const Command asked = done(world.command(TransferRequested{request, TransferPurpose::kReplenish, {2, {}, 0}}));
    const Command rejected = done(world.command(TransferRejected{request}));
    EXPECT_EQ(refused(taken_back(asked)).event, world.books.next - 2);
    const Command declared = done(taken_back(rejected));
    ASSERT_NE(world.books.requests.find(request), nullptr);
    const Command undone = done(taken_back(declared));
    EXPECT_EQ(world.books.requests.find(request), nullptr);
    // A correction three deep: the rejection is gone again.
    const Command again = done(taken_back(undone));
    ASSERT_NE(world.books.requests.find(request), nullptr);
    // Rejected anew, the first rejection cannot come back.
    done(world.command(TransferRejected{request}));
    refused(taken_back(again));
}

TEST_F(TurnCorrectionTest, AClearedExceptionIsOpenAgain) {
    const ObligationId exception = world.new_obligation();
    done(world.command(ExceptionRaised{exception, ExceptionKind::kLimit, "site 1"}));
    const Command cleared = done(world.command(ExceptionCleared{exception}));
    const Command declared = done(taken_back(cleared));
    ASSERT_NE(world.books.exceptions.find(exception), nullptr);
    done(world.command(ExceptionCleared{exception}));
    refused(taken_back(declared));
}

}  // namespace
}  // namespace daybook::custody::test
