// What an accepted command gets from the engine: the time, the links, the legs, and what each line closes (domain: 5.2,
// 8.3). The books are asked as well: after each event I5 holds, for every piece.
#include <gtest/gtest.h>

#include "tests/support/custody_world.h"

namespace daybook::custody::test {
namespace {

// In D or P one SIGNOUT, in T one TRANSFER whose account is TRANSIT/{it}, in M one MEMO_OUT, in W one WORKSHOP, in S
// the DISCREPANCY of its DeclaredMissing; elsewhere none of these.
void expect_obligation_law(const World& world) {
    for (std::uint32_t slot = 1; slot <= world.books.items.size(); ++slot) {
        const Item& item = world.books.items[slot];
        const ObligationKind wanted = info(item.state()).held_by;
        if (item.state() == State::kM) {
            ASSERT_NE(item.memo_out, 0U);
            EXPECT_EQ(item.hold, 0U);
            continue;
        }
        ASSERT_EQ(item.hold != 0, wanted != ObligationKind{}) << item.account.path();
        if (item.hold == 0) continue;
        const Obligation& hold = world.books.obligations[item.hold];
        EXPECT_EQ(hold.kind, wanted);
        EXPECT_TRUE(item.state() != State::kT || item.account == transit_account(hold.ref.id));
        EXPECT_EQ(item.state() == State::kS, hold.by_declared_missing);
    }
}

std::vector<ObligationKind> closed(const World& world) {
    std::vector<ObligationKind> kinds;
    for (const Closed& close : world.decided.closes) kinds.push_back(close.kind);
    return kinds;
}

class ClosesTest : public ::testing::Test {
protected:
    std::vector<ObligationKind> after(const Command& command) {
        world.must(command);
        expect_obligation_law(world);
        return closed(world);
    }
    World world;
    using Kinds = std::vector<ObligationKind>;
};

TEST_F(ClosesTest, ASignOutEndsWhenThePieceLeavesDAndP) {
    const auto end = [&](Payload payload, std::string_view to) {
        const ItemId item = world.in_state(State::kP);
        return after(world.command(std::move(payload), {item}, to.empty() ? AccountId{} : account(to)));
    };
    const Kinds signout{ObligationKind::kSignout};
    EXPECT_EQ(end(SignedIn{}, "SITE/1/VAULT/A"), signout);
    EXPECT_EQ(end(HandedOver{}, "SITE/1/DISPLAY/D1"), Kinds{});
    EXPECT_EQ(end(MovedToHold{HoldReason::kQa}, {}), signout);
    EXPECT_EQ(end(world.memo(), {}), signout);
    EXPECT_EQ(end(world.sale(), {}), signout);
    EXPECT_EQ(end(world.sale(Handover::kLater), {}), Kinds{});
    EXPECT_EQ(end(DeclaredMissing{}, {}), signout);
}

TEST_F(ClosesTest, AMemoIsOwedUntilThePieceIsBack) {
    const ItemId item = world.in_state(State::kM);
    EXPECT_EQ(after(world.command(InboundDispatched{kMemoParty, TransferPurpose::kMemoReturn, 0}, {item})), Kinds{});
    EXPECT_EQ(world.state(item), State::kT);
    EXPECT_EQ(after(world.command(TransferReceived{"", true}, {item})),
              (Kinds{ObligationKind::kTransfer, ObligationKind::kMemoOut}));
    EXPECT_EQ(world.books.memo_sums.find(kMemoParty), nullptr);
}

TEST_F(ClosesTest, AMemoEndsByItsSaleAndByItsLoss) {
    EXPECT_EQ(after(world.command(world.sale(), {world.in_state(State::kM)})), Kinds{ObligationKind::kMemoOut});
    EXPECT_EQ(after(world.command(DeclaredMissing{}, {world.in_state(State::kM)})), Kinds{ObligationKind::kMemoOut});
}

TEST_F(ClosesTest, ATransferToAMemoPartyOpensTheMemo) {
    const ItemId item = world.stocked();
    world.pack(item);
    world.dispatch(item, {0, account("EXT/MEMO/M-5"), kMemoParty}, TransferPurpose::kMemo);
    const Command delivered = world.command(TransferDelivered{kMemoParty, 0}, {item});
    EXPECT_EQ(after(delivered), Kinds{ObligationKind::kTransfer});
    EXPECT_EQ(world.item(item).account, account("EXT/MEMO/M-5"));
    EXPECT_NE(world.open(delivered.obligation), nullptr);
}

TEST_F(ClosesTest, WhatAClientIsOwedEndsWhenHeHasIt) {
    // Sold for later, reserved for him, in repair: delivered by a carrier.
    const ItemId item = world.stocked();
    world.open_repair(item);
    world.must(world.command(world.sale(Handover::kLater), {item}));
    world.pack(item, kClient);
    EXPECT_EQ(world.answer(world.command(TransferVoided{}, {item})), RefusalCode::kNotInTransit);
    world.dispatch(item, {0, account("EXT/CLIENT/800"), 0}, TransferPurpose::kClientDelivery);
    Command delivered = world.command(TransferDelivered{0, 0}, {item});
    delivered.obligation = {};
    EXPECT_EQ(after(delivered), (Kinds{ObligationKind::kTransfer, ObligationKind::kRepair, ObligationKind::kDelivery}));
}

TEST_F(ClosesTest, ASaleEndsItsReservation) {
    for (const Handover handover : {Handover::kNow, Handover::kLater}) {
        const ItemId item = world.stocked();
        world.must(world.command(ReservationPlaced{kClient, 0, {}}, {item}));
        EXPECT_EQ(after(world.command(world.sale(handover), {item})), Kinds{ObligationKind::kReservation});
    }
}

TEST_F(ClosesTest, AReturnedSaleEndsItsDelivery) {
    const ItemId item = world.stocked();
    world.must(world.command(world.sale(Handover::kLater), {item}));
    EXPECT_EQ(after(world.command(SaleReturned{"CN", "INV", {}}, {item})), Kinds{ObligationKind::kDelivery});
}

TEST_F(ClosesTest, ARepairOfTheHousesPieceEndsWithTheWork) {
    EXPECT_EQ(after(world.command(ReturnedFromWorkshop{}, {world.in_state(State::kW)})),
              (Kinds{ObligationKind::kWorkshop, ObligationKind::kRepair}));
    const ItemId declined = world.stocked();
    world.open_repair(declined);
    EXPECT_EQ(after(world.command(RepairDeclined{}, {declined})), Kinds{ObligationKind::kRepair});
    // By post: the transfer back brings it.
    const ItemId posted = world.in_state(State::kW);
    EXPECT_EQ(after(world.command(InboundDispatched{kWorkshop, TransferPurpose::kRepairReturn, 0}, {posted})),
              Kinds{ObligationKind::kWorkshop});
    EXPECT_EQ(after(world.command(TransferReceived{"", true}, {posted})),
              (Kinds{ObligationKind::kTransfer, ObligationKind::kRepair}));
}

TEST_F(ClosesTest, ARepairOfAClientsPieceEndsWhenHeHasItBack) {
    const ItemId item = world.in_state(State::kW, nullptr, OwnerKind::kClient);
    EXPECT_EQ(after(world.command(ReturnedFromWorkshop{}, {item})), Kinds{ObligationKind::kWorkshop});
    EXPECT_EQ(after(world.command(RepairDeclined{}, {item})), Kinds{});
    world.inspect(item, Verdict::kConditional);
    world.must(world.command(PutAway{}, {item}, account("SITE/1/COM/C")));
    EXPECT_EQ(after(world.command(ReleasedToClient{}, {item})), Kinds{ObligationKind::kRepair});
}

TEST_F(ClosesTest, GoodsOnMemoGoBackOrAreBought) {
    const ItemId back = world.stocked(OwnerKind::kVendor);
    world.pack(back);
    world.dispatch(back, {0, account("EXT/SUPPLIER/700"), 0}, TransferPurpose::kSupplierReturn);
    Command delivered = world.command(TransferDelivered{0, 0}, {back});
    delivered.obligation = {};
    EXPECT_EQ(after(delivered), (Kinds{ObligationKind::kTransfer, ObligationKind::kMemoIn}));
    EXPECT_EQ(after(world.command(MemoInPurchased{}, {world.stocked(OwnerKind::kVendor)})),
              Kinds{ObligationKind::kMemoIn});
}

TEST_F(ClosesTest, AMissingPieceKeepsWhatIsOwedToOutsiders) {
    const ItemId item = world.stocked();
    world.open_repair(item);
    const Command placed = world.command(ReservationPlaced{kClient, 0, {}}, {item});
    world.must(placed);
    world.show(item);
    const Command missing = world.command(DeclaredMissing{}, {item});
    EXPECT_EQ(after(missing), Kinds{ObligationKind::kSignout});
    const Obligation* discrepancy = world.books.find_open({missing.obligation, {}, item});
    ASSERT_NE(discrepancy, nullptr);
    // It ends only by being found or lost.
    EXPECT_EQ(world.answer(world.command(DiscrepancyResolved{discrepancy->ref, DiscrepancyOutcome::kFound}, {item})),
              RefusalCode::kMissing);
    EXPECT_EQ(world.answer(world.command(DiscrepancyResolved{discrepancy->ref, DiscrepancyOutcome::kFound})),
              RefusalCode::kMissing);
    EXPECT_EQ(after(world.command(LossDeclared{LossKind::kTheft, false}, {item})), Kinds{ObligationKind::kDiscrepancy});
    EXPECT_EQ(world.item(item).account, account("LOSS/THEFT"));
    EXPECT_EQ(after(world.command(ObligationSettled{{placed.obligation, {}, {}}}, {item})),
              Kinds{ObligationKind::kReservation});
    EXPECT_NE(world.item(item).repair, 0U);
    EXPECT_EQ(after(world.command(ItemRecovered{}, {item})), Kinds{});
    EXPECT_EQ(world.state(item), State::kR);
}

TEST_F(ClosesTest, APieceChangesSiteByBeingLostAtOneAndFoundAtAnother) {
    const ItemId item = world.in_state(State::kS);
    Command found = world.command(ItemRecovered{}, {item});
    found.site = 2;
    world.must(found);
    EXPECT_EQ(world.item(item).account, account("SITE/2/HOLD"));
}

TEST_F(ClosesTest, AVoidedTransferIsPackedAgainAndAReturnedOneInHold) {
    const ItemId item = world.in_state(State::kT);
    EXPECT_EQ(after(world.command(TransferVoided{}, {item})), Kinds{ObligationKind::kTransfer});
    EXPECT_EQ(world.state(item), State::kK);
    EXPECT_NE(world.item(item).parcel, 0U);
    world.dispatch(item);
    EXPECT_EQ(after(world.command(TransferReturned{}, {item})), Kinds{ObligationKind::kTransfer});
    EXPECT_EQ(world.item(item).account, account("SITE/1/HOLD"));
}

TEST_F(ClosesTest, AShortParcelLeavesTheMissingPieceInTransit) {
    const ItemId came = world.stocked();
    const ItemId lost = world.stocked();
    world.must(world.command(TransferPacked{0, {}, "SSCC-1", "SEAL-1"}, {came, lost}));
    const Command sent =
        world.command(TransferDispatched{{2, {}, 0}, TransferPurpose::kReplenish, {}, kCarrier, 0}, {came, lost});
    world.must(sent);
    Command received = world.command(TransferReceived{"SEAL-1", true}, {came});
    received.site = 2;
    EXPECT_EQ(after(received), Kinds{ObligationKind::kTransfer});
    EXPECT_EQ(world.open(sent.obligation)->open_lines, 1U);
    Command exception = world.command(TransferExceptionRecorded{DifferenceKind::kShort}, {lost});
    exception.site = 2;
    world.must(exception);
    EXPECT_EQ(world.state(lost), State::kT);
    EXPECT_EQ(after(world.command(DeclaredMissing{}, {lost})), Kinds{ObligationKind::kTransfer});
    EXPECT_EQ(world.open(sent.obligation), nullptr);
}

TEST_F(ClosesTest, ACarnetEndsByItsReleaseOnly) {
    const ItemId item = world.stocked();
    world.must(world.command(CarnetBound{"C-9", 0}, {item}));
    world.pack(item);
    world.dispatch(item);
    EXPECT_EQ(world.answer(world.command(CarnetBound{"C-10", 0}, {item})), RefusalCode::kInTransit);
    EXPECT_EQ(after(world.command(CarnetReleased{}, {item})), Kinds{ObligationKind::kCarnet});
}

TEST_F(ClosesTest, ADestroyedPieceEndsItsRepairAndIsKeptFromThatByAReservation) {
    const ItemId item = world.stocked();
    world.open_repair(item);
    const Command placed = world.command(ReservationPlaced{kClient, 0, {}}, {item});
    world.must(placed);
    const auto refusal = world.submit(world.command(ItemDecommissioned{}, {item}));
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->code, RefusalCode::kObligationOpen);
    EXPECT_EQ(refusal->obligation, (ObligationRef{placed.obligation, {}, {}}));
    world.must(world.command(ReservationReleased{}, {item}));
    EXPECT_EQ(after(world.command(ItemDecommissioned{}, {item})), Kinds{ObligationKind::kRepair});
}

TEST_F(ClosesTest, AVaultSessionAndACountAreClosedAsAWhole) {
    const ObligationId count = world.open_count(CountKind::kClosing, {account("SITE/1/WINDOW")});
    EXPECT_EQ(after(world.command(CountAttested{count, std::nullopt})), Kinds{ObligationKind::kCount});
    EXPECT_EQ(world.decided.closes[0].line, Closed::kWholeEvent);
    EXPECT_EQ(after(world.command(VaultClosed{count, {}})), Kinds{ObligationKind::kVaultSession});
    const ObligationId other = world.open_count(CountKind::kSpot, {account("SITE/1/WINDOW")});
    EXPECT_EQ(after(world.command(CountAbandoned{other})), Kinds{ObligationKind::kCount});
}

TEST_F(ClosesTest, EachLineLinksToThePiecesLastEventAndNamesItsLeg) {
    const ItemId first = world.stocked();
    const Position of_first = world.books.next - 1;
    const ItemId second = world.stocked();
    const Position of_second = world.books.next - 1;
    world.must(world.command(SignedOut{SignOutPurpose::kPhoto, kHolder, 0}, {second, first}));
    ASSERT_EQ(world.decided.lines.size(), 2U);
    EXPECT_EQ(world.decided.lines[0].prev, of_second);
    EXPECT_EQ(world.decided.lines[1].prev, of_first);
    EXPECT_EQ(world.decided.lines[1].from, account("SITE/1/VAULT/A"));
    EXPECT_EQ(world.decided.lines[1].to, account("SITE/1/PERSON/71"));
    world.inspect(second);
    EXPECT_EQ(world.decided.lines[0].from, account("SITE/1/PERSON/71"));
    EXPECT_TRUE(world.decided.lines[0].to.empty());
}

}  // namespace
}  // namespace daybook::custody::test
