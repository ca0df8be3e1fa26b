// Guards one by one: flags, verdicts, title, limits, papers, seals; and what is legal right beside what is not.
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/custody_world.h"

namespace daybook::custody::test {
namespace {

class GuardTest : public ::testing::Test {
protected:
    std::optional<RefusalCode> tell(Payload payload, const std::vector<ItemId>& items, std::string_view to = {}) {
        return world.answer(world.command(std::move(payload), items, to.empty() ? AccountId{} : account(to)));
    }
    ItemId quarantined(State state = State::kV, OwnerKind owner = OwnerKind::kHouse) {
        const ItemId item = world.in_state(state, nullptr, owner);
        world.must(world.command(QuarantineSet{}, {item}));
        return item;
    }
    World world;
};

TEST_F(GuardTest, QuarantineKeepsAPieceFromSight) {
    const ItemId item = quarantined();
    EXPECT_EQ(tell(SignedOut{SignOutPurpose::kDisplay, 0, 0}, {item}, "SITE/1/DISPLAY/D1"), RefusalCode::kQuarantined);
    EXPECT_EQ(tell(SignedOut{SignOutPurpose::kWindow, 0, 0}, {item}), RefusalCode::kQuarantined);
    EXPECT_EQ(tell(SignedOut{SignOutPurpose::kPresentation, kHolder, 0}, {item}), RefusalCode::kQuarantined);
    EXPECT_EQ(tell(SignedOut{SignOutPurpose::kPhoto, 0, 0}, {item}, "SITE/1/DISPLAY/D1"), RefusalCode::kQuarantined);
    EXPECT_EQ(tell(world.memo(), {item}), RefusalCode::kQuarantined);
    EXPECT_EQ(tell(world.sale(), {item}), RefusalCode::kQuarantined);
    EXPECT_EQ(tell(world.sale(Handover::kLater), {item}), RefusalCode::kQuarantined);
    EXPECT_EQ(tell(ReleasedToClient{}, {quarantined(State::kV, OwnerKind::kClient)}), RefusalCode::kQuarantined);
    // To be inspected, polished or photographed it may go.
    EXPECT_EQ(tell(SignedOut{SignOutPurpose::kInspection, kHolder, 0}, {item}), std::nullopt);
}

TEST_F(GuardTest, QuarantinedPiecesAreNotSentOnMemoAndMaySendHome) {
    const ItemId item = quarantined();
    world.pack(item);
    const Destination memo{0, account("EXT/MEMO/M-1"), kMemoParty};
    EXPECT_EQ(tell(TransferDispatched{memo, TransferPurpose::kMemo, MemoPurpose::kPress, kCarrier, 0}, {item}),
              RefusalCode::kQuarantined);
    EXPECT_EQ(tell(TransferDispatched{{2, {}, 0}, TransferPurpose::kReplenish, {}, kCarrier, 0}, {item}), std::nullopt);
}

TEST_F(GuardTest, QuarantinedPiecesArePutAwayWhereNothingIsSold) {
    AccountOpened safe;
    safe.account = account("SITE/1/VAULT/QUARANTINE");
    safe.sellable = false;
    world.must(world.command(safe));
    const ItemId item = quarantined(State::kR);
    world.inspect(item);
    EXPECT_EQ(tell(PutAway{}, {item}, "SITE/1/VAULT/A"), RefusalCode::kQuarantined);
    EXPECT_EQ(tell(PutAway{}, {item}, "SITE/1/VAULT/QUARANTINE"), std::nullopt);
}

TEST_F(GuardTest, AVerdictIsNeededAndLastsUntilTheNextEntryIntoHold) {
    const ItemId item = world.received();
    EXPECT_EQ(tell(PutAway{}, {item}, "SITE/1/VAULT/A"), RefusalCode::kQaPending);
    world.inspect(item, Verdict::kFail);
    EXPECT_EQ(tell(PutAway{}, {item}, "SITE/1/VAULT/A"), RefusalCode::kQaPending);
    world.inspect(item, Verdict::kConditional);
    world.must(world.command(Relocated{}, {item}, account("SITE/1/HOLD/S")));  // within R
    EXPECT_EQ(tell(PutAway{}, {item}, "SITE/1/VAULT/A"), std::nullopt);
    world.must(world.command(MovedToHold{HoldReason::kQa}, {item}));
    EXPECT_EQ(tell(PutAway{}, {item}, "SITE/1/VAULT/A"), RefusalCode::kQaPending);
}

TEST_F(GuardTest, APieceIsReleasedFitOrWithTheRepairDeclined) {
    const ItemId item = world.received(OwnerKind::kClient);
    world.open_repair(item);
    world.inspect(item, Verdict::kConditional);
    world.must(world.command(PutAway{}, {item}, account("SITE/1/COM/C")));
    EXPECT_EQ(tell(ReleasedToClient{}, {item}), RefusalCode::kQaPending);
    world.must(world.command(RepairDeclined{}, {item}));
    EXPECT_EQ(tell(ReleasedToClient{}, {item}), std::nullopt);
}

TEST_F(GuardTest, ClientsPiecesAndOnlyTheyGoToComAccounts) {
    const ItemId house = world.received();
    const ItemId client = world.received(OwnerKind::kClient);
    for (const ItemId& item : {house, client}) world.inspect(item);
    EXPECT_EQ(tell(PutAway{}, {house}, "SITE/1/COM/C"), RefusalCode::kWrongTarget);
    EXPECT_EQ(tell(PutAway{}, {client}, "SITE/1/VAULT/A"), RefusalCode::kWrongTarget);
    EXPECT_EQ(tell(PutAway{}, {client}, "SITE/1/COM/C"), std::nullopt);
}

TEST_F(GuardTest, AReservationIsForItsParty) {
    const ItemId item = world.stocked();
    world.must(world.command(ReservationPlaced{kClient, 0, {}}, {item}));
    EXPECT_EQ(tell(world.sale(Handover::kNow, kOtherClient), {item}), RefusalCode::kReserved);
    EXPECT_EQ(tell(world.memo(), {item}), RefusalCode::kReserved);
    EXPECT_EQ(tell(TransferPacked{0, {}, "S", "S"}, {item}), RefusalCode::kReserved);
    EXPECT_EQ(tell(ReservationPlaced{kClient, 0, {}}, {item}), RefusalCode::kReserved);
    EXPECT_EQ(tell(SignedOut{SignOutPurpose::kPresentation, kHolder, 0}, {item}), std::nullopt);
    EXPECT_EQ(tell(world.sale(Handover::kLater, kClient), {item}), std::nullopt);
    // Sold, and held for him.
    EXPECT_EQ(tell(world.sale(Handover::kNow, kOtherClient), {item}), RefusalCode::kReserved);
    EXPECT_EQ(tell(world.sale(Handover::kNow, kClient), {item}), RefusalCode::kNotOwned);
    EXPECT_EQ(tell(ReservationPlaced{kClient, 0, {}}, {item}), RefusalCode::kReserved);
    world.must(world.command(SignedIn{}, {item}, account("SITE/1/VAULT/A")));
    EXPECT_EQ(tell(TransferPacked{kOtherClient, {}, "S", "S"}, {item}), RefusalCode::kReserved);
    EXPECT_EQ(tell(TransferPacked{kClient, {}, "S", "S"}, {item}), std::nullopt);
}

TEST_F(GuardTest, ACarnetForbidsSaleAndApproval) {
    const ItemId item = world.stocked();
    world.must(world.command(CarnetBound{"CARNET-7", world.now + kDay}, {item}));
    EXPECT_EQ(tell(world.sale(), {item}), RefusalCode::kCarnetBound);
    EXPECT_EQ(tell(world.memo(MemoPurpose::kOnApproval), {item}), RefusalCode::kCarnetBound);
    EXPECT_EQ(tell(CarnetBound{"CARNET-8", 0}, {item}), RefusalCode::kObligationOpen);
    EXPECT_EQ(tell(ItemDecommissioned{}, {item}), RefusalCode::kObligationOpen);
    EXPECT_EQ(tell(world.memo(MemoPurpose::kPress), {item}), std::nullopt);
}

TEST_F(GuardTest, TitleDecidesWhoMaySellLendAndDestroy) {
    const ItemId vendors = world.stocked(OwnerKind::kVendor);
    EXPECT_EQ(tell(world.sale(), {vendors}), RefusalCode::kNotOwned);
    EXPECT_EQ(tell(world.memo(), {vendors}), RefusalCode::kNotOwned);
    EXPECT_EQ(tell(ItemDecommissioned{}, {vendors}), RefusalCode::kNotOwned);
    EXPECT_EQ(tell(ReleasedToClient{}, {vendors}), RefusalCode::kNotOwned);
    EXPECT_EQ(tell(TitleTransferred{{OwnerKind::kVendor, kVendor}, {OwnerKind::kHouse, kEntity}}, {vendors}),
              RefusalCode::kObligationOpen);
    EXPECT_EQ(tell(MemoInPurchased{}, {vendors}), std::nullopt);
    EXPECT_EQ(tell(MemoInPurchased{}, {vendors}), RefusalCode::kNoObligation);
    EXPECT_EQ(tell(world.sale(), {vendors}), std::nullopt);
    EXPECT_EQ(tell(MemoInReceived{kVendor + 1, 0}, {world.registered()}), RefusalCode::kNotOwned);
    // A sister entity sells its own pieces.
    Command sister = world.command(world.sale(), {world.stocked()});
    sister.entity = kEntity + 1;
    EXPECT_EQ(world.answer(sister), RefusalCode::kNotOwned);
    Command back = world.command(SaleReturned{"CN", "INV", {}}, {vendors});
    back.entity = kEntity + 1;
    EXPECT_EQ(world.answer(back), RefusalCode::kNotOwned);
}

TEST_F(GuardTest, TitlePassesFromItsOwnerAndAClientSigns) {
    const Owner client{OwnerKind::kClient, kClient};
    const Owner house{OwnerKind::kHouse, kEntity};
    const ItemId item = world.received(OwnerKind::kClient);
    EXPECT_EQ(tell(TitleTransferred{client, client}, {item}), RefusalCode::kWrongTarget);
    EXPECT_EQ(tell(TitleTransferred{house, {OwnerKind::kInsurer, 0}}, {item}), RefusalCode::kNotOwned);
    EXPECT_EQ(tell(TitleTransferred{client, house}, {item}), RefusalCode::kNotOwned);
    Command trade_in = world.command(TitleTransferred{client, house}, {item});
    trade_in.docs = {{DocType::kClientSignedBasis, "B-1"}};
    EXPECT_EQ(world.answer(trade_in), std::nullopt);
    const ItemId sold = world.stocked();
    world.must(world.command(world.sale(Handover::kLater), {sold}));
    Command early = world.command(TitleTransferred{client, house}, {sold});
    early.docs = trade_in.docs;
    EXPECT_EQ(world.answer(early), RefusalCode::kObligationOpen);
}

TEST_F(GuardTest, ADispatchAsksForTheOwnerThatItsDestinationNeeds) {
    const auto dispatch = [&](const ItemId& item, const Destination& dest) {
        world.pack(item);
        return tell(TransferDispatched{dest, TransferPurpose::kRebalance, MemoPurpose::kPress, kCarrier, 0}, {item});
    };
    const Destination client{0, account("EXT/CLIENT/800"), 0}, vendor{0, account("EXT/SUPPLIER/700"), 0};
    const Destination memo{0, account("EXT/MEMO/M-1"), kMemoParty}, workshop{0, account("EXT/WORKSHOP/650"), 0};
    EXPECT_EQ(dispatch(world.stocked(), client), RefusalCode::kNotOwned);
    EXPECT_EQ(dispatch(world.stocked(OwnerKind::kClient), client), std::nullopt);
    EXPECT_EQ(dispatch(world.stocked(OwnerKind::kClient), {0, account("EXT/CLIENT/801"), 0}), RefusalCode::kNotOwned);
    EXPECT_EQ(dispatch(world.stocked(OwnerKind::kClient), vendor), RefusalCode::kNotOwned);
    EXPECT_EQ(dispatch(world.stocked(OwnerKind::kVendor), {0, account("EXT/SUPPLIER/701"), 0}), RefusalCode::kNotOwned);
    EXPECT_EQ(dispatch(world.stocked(OwnerKind::kVendor), vendor), std::nullopt);
    EXPECT_EQ(dispatch(world.stocked(), vendor), std::nullopt);
    EXPECT_EQ(dispatch(world.stocked(OwnerKind::kVendor), memo), RefusalCode::kNotOwned);
    EXPECT_EQ(dispatch(world.stocked(), workshop), RefusalCode::kNoObligation);
    EXPECT_EQ(dispatch(world.in_state(State::kV, [&](const ItemId& item) { world.open_repair(item); }), workshop),
              std::nullopt);
}

TEST_F(GuardTest, ATransferEndsWhereItGoes) {
    const ItemId to_site = world.in_state(State::kT);
    Command delivered = world.command(TransferDelivered{0, 0}, {to_site});
    delivered.obligation = {};
    EXPECT_EQ(world.answer(delivered), RefusalCode::kWrongDest);
    Command returned = world.command(TransferReturned{}, {to_site});
    returned.site = 2;
    EXPECT_EQ(world.answer(returned), RefusalCode::kWrongDest);
    Command voided = world.command(TransferVoided{}, {to_site});
    voided.site = 2;
    EXPECT_EQ(world.answer(voided), RefusalCode::kWrongDest);
    const ItemId inbound = world.registered();
    world.must(world.command(InboundDispatched{kVendor, TransferPurpose::kSupply, 0}, {inbound}));
    EXPECT_EQ(tell(TransferVoided{}, {inbound}), RefusalCode::kWrongDest);
    EXPECT_EQ(tell(TransferReturned{}, {inbound}), RefusalCode::kWrongDest);
    EXPECT_EQ(tell(TransferReceived{"", true}, {inbound}), std::nullopt);
}

// ---- Limits ----

TEST_F(GuardTest, ACaseHoldsUpToItsLimitAndCountsWhatComesTogether) {
    AccountOpened show_case;
    show_case.account = account("SITE/1/DISPLAY/SMALL");
    show_case.insured_limit = euro(2'500'00);
    world.must(world.command(show_case));
    const std::string_view place = "SITE/1/DISPLAY/SMALL";
    const SignedOut out{SignOutPurpose::kDisplay, 0, 0};
    const ItemId a = world.stocked(), b = world.stocked(), c = world.stocked();
    EXPECT_EQ(tell(out, {a, b, c}, place), RefusalCode::kLimit);
    EXPECT_EQ(tell(out, {a, b}, place), std::nullopt);
    EXPECT_EQ(tell(out, {c}, place), RefusalCode::kLimit);
    // Handing over judges the holder that is filled; one that is emptied by the same event has room.
    world.give(c);
    EXPECT_EQ(tell(HandedOver{}, {c}, place), RefusalCode::kLimit);
    Command swap = world.command(HandedOver{}, {c, a});
    swap.lines[0].to = account(place);
    swap.lines[1].to = account("SITE/1/PERSON/71");
    EXPECT_EQ(world.answer(swap), std::nullopt);
}

TEST_F(GuardTest, AnOverrideLiftsItsLimitUpToItsAmountUntilItsEnd) {
    AccountOpened person;
    person.account = account("SITE/1/PERSON/99");
    person.insured_limit = euro(500'00);
    world.must(world.command(person));
    const ItemId item = world.stocked();
    const SignedOut out{SignOutPurpose::kPhoto, 99, 0};
    world.must(world.command(LimitOverrideApproved{"SITE/1/PERSON/99", euro(999'99), world.now + kHour}));
    EXPECT_EQ(tell(out, {item}), RefusalCode::kLimit);
    const Micros until = world.now + kHour;
    world.must(world.command(LimitOverrideApproved{"SITE/1/PERSON/99", euro(1'000'00), until}));
    Command at_its_end = world.command(out, {item});
    at_its_end.occurred_at = until;
    world.now = until;
    EXPECT_EQ(world.answer(at_its_end), RefusalCode::kLimit);
    at_its_end.occurred_at = until - 1;
    EXPECT_EQ(world.answer(at_its_end), std::nullopt);
}

TEST_F(GuardTest, ParcelsCarriersAndMemoPartiesHaveTheirs) {
    for (const char* key : {"limit.parcel", "limit.carrier.600", "limit.memo_party.900"}) {
        world.must(world.command(PolicySet{key, euro(2'000'00), 0, 0}));
    }
    const ItemId a = world.stocked(), b = world.stocked(), c = world.stocked(), d = world.stocked();
    EXPECT_EQ(tell(TransferPacked{0, {}, "S", "S"}, {a, b, c}), RefusalCode::kLimit);
    EXPECT_EQ(tell(TransferPacked{0, {}, "S", "S"}, {a, b}), std::nullopt);
    EXPECT_EQ(tell(TransferPacked{0, {}, "S", "S"}, {c}), std::nullopt);
    const TransferDispatched away{{2, {}, 0}, TransferPurpose::kReplenish, {}, kCarrier, 0};
    const auto refusal = world.submit(world.command(away, {a, b, c}));
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->limit, "limit.carrier.600");
    // Dearer now than when it was packed.
    world.must(world.command(ItemAmended{AmendedField::kInsured, euro(1'000'01), 0, {}}, {a}));
    const auto revalued = world.submit(world.command(away, {b}));
    ASSERT_TRUE(revalued);
    EXPECT_EQ(revalued->limit, "limit.parcel");
    // On memo: what is there, and what is on its way.
    const TransferDispatched on_memo{
        {0, account("EXT/MEMO/M-1"), kMemoParty}, TransferPurpose::kMemo, MemoPurpose::kPress, kCarrier, 0};
    EXPECT_EQ(tell(on_memo, {c}), std::nullopt);
    EXPECT_EQ(tell(world.memo(), {d}), std::nullopt);
    const auto full = world.submit(world.command(world.memo(), {world.stocked()}));
    ASSERT_TRUE(full);
    EXPECT_EQ(full->limit, "limit.memo_party.900");
    EXPECT_EQ(full->would_be, euro(3'000'00));
}

// ---- Papers ----

TEST_F(GuardTest, ALaneAsksForItsPapers) {
    const auto require = [&](std::string_view from, std::string_view to, std::string_view when) {
        world.must(world.command(
            PolicySet{"docs.required", std::vector<DocRule>{{from, to, when, {DocType::kInsurance}}}, 0, 0}));
    };
    const ItemId item = world.in_state(State::kK);
    const auto sent = [&](const Destination& dest) {
        return world
            .judge(world.command(TransferDispatched{dest, TransferPurpose::kReplenish, {}, kCarrier, 0}, {item}))
            .has_value();
    };
    const Destination site{2, {}, 0}, vendor{0, account("EXT/SUPPLIER/700"), 0};
    require("1", "2", "");
    EXPECT_TRUE(sent(site));
    EXPECT_FALSE(sent(vendor));
    require("2", "*", "");
    EXPECT_FALSE(sent(site));
    require("*", "kind:VENDOR", "");
    EXPECT_TRUE(sent(vendor));
    EXPECT_FALSE(sent(site));
    require("*", "country:CH", "category:RING");
    EXPECT_TRUE(sent(vendor));
    for (const char* holds : {"metal:PLATINUM", "stone:DIAMOND", "value>=100000", "title:HOUSE"}) {
        require("*", "*", holds);
        EXPECT_TRUE(sent(site)) << holds;
    }
    for (const char* fails :
         {"category:WATCH", "metal:STEEL", "stone:RUBY", "value>=100001", "title:CLIENT", "cites"}) {
        require("*", "*", fails);
        EXPECT_FALSE(sent(site)) << fails;
    }
    require("*", "*", "");
    Command with = world.command(TransferDispatched{site, TransferPurpose::kReplenish, {}, kCarrier, 0}, {item});
    with.docs = {{DocType::kInsurance, "P-1"}};
    EXPECT_FALSE(world.judge(with));
    with.docs.clear();
    world.must(world.command(ComplianceDocAttached{DocType::kInsurance, "P-2", world.now + kHour, 0}, {item}));
    EXPECT_TRUE(world.judge(with));  // not valid yet
    world.must(world.command(ComplianceDocAttached{DocType::kInsurance, "P-3", 0, world.now + kHour}, {item}));
    EXPECT_FALSE(world.judge(with));
}

TEST_F(GuardTest, OnlyATradeMemoIsALane) {
    world.must(
        world.command(PolicySet{"docs.required", std::vector<DocRule>{{"*", "*", "", {DocType::kKpSow}}}, 0, 0}));
    EXPECT_EQ(tell(world.memo(MemoPurpose::kPress), {world.stocked()}), std::nullopt);
    EXPECT_EQ(tell(world.memo(MemoPurpose::kTrade), {world.stocked()}), RefusalCode::kDocMissing);
}

TEST_F(GuardTest, ASealIsAsPackedOrExcused) {
    const ItemId item = world.in_state(State::kT);
    const auto receive = [&](std::string_view seal, bool intact) {
        Command command = world.command(TransferReceived{seal, intact}, {item});
        command.site = 2;
        return world.answer(command);
    };
    EXPECT_EQ(receive("SEAL-2", true), RefusalCode::kSealMismatch);
    EXPECT_EQ(receive("SEAL-1", false), RefusalCode::kSealMismatch);
    Command exception = world.command(TransferExceptionRecorded{DifferenceKind::kSealBroken}, {item});
    exception.site = 2;
    world.must(exception);
    EXPECT_EQ(receive("SEAL-2", false), std::nullopt);
}

// ---- Requests, exceptions, supplies ----

TEST_F(GuardTest, ARequestIsOpenUntilItIsDecidedOrPacked) {
    const auto request = [&] {
        const ObligationId id = world.new_obligation();
        world.must(world.command(TransferRequested{id, TransferPurpose::kReplenish, {2, {}, 0}}));
        return id;
    };
    const ObligationId approved = request(), rejected = request(), packed = request();
    EXPECT_EQ(tell(TransferRequested{approved, TransferPurpose::kReplenish, {2, {}, 0}}, {}),
              RefusalCode::kObligationExists);
    EXPECT_EQ(tell(TransferApproved{approved}, {}), std::nullopt);
    EXPECT_EQ(tell(TransferApproved{approved}, {}), RefusalCode::kNoObligation);
    EXPECT_EQ(tell(TransferRejected{approved}, {}), RefusalCode::kNoObligation);
    EXPECT_EQ(tell(TransferRejected{rejected}, {}), std::nullopt);
    EXPECT_EQ(tell(TransferPacked{0, rejected, "S", "S"}, {world.stocked()}), RefusalCode::kNoObligation);
    EXPECT_EQ(tell(TransferPacked{0, approved, "S", "S"}, {world.stocked()}), std::nullopt);
    EXPECT_EQ(tell(TransferPacked{0, packed, "S", "S"}, {world.stocked()}), std::nullopt);
    EXPECT_EQ(tell(TransferApproved{packed}, {}), RefusalCode::kNoObligation);
}

TEST_F(GuardTest, AnExceptionIsRaisedOnceAndClearedOnce) {
    const ObligationId id = world.new_obligation();
    EXPECT_EQ(tell(ExceptionCleared{id}, {}), RefusalCode::kNoObligation);
    EXPECT_EQ(tell(ExceptionRaised{id, ExceptionKind::kOverdue, "x"}, {}), std::nullopt);
    EXPECT_EQ(tell(ExceptionRaised{id, ExceptionKind::kOverdue, "x"}, {}), RefusalCode::kObligationExists);
    EXPECT_EQ(tell(ExceptionCleared{id}, {}), std::nullopt);
    EXPECT_EQ(tell(ExceptionCleared{id}, {}), RefusalCode::kNoObligation);
}

TEST_F(GuardTest, SuppliesAreNeverBelowNothing) {
    const auto move = [&](SupplyMove kind, std::int64_t quantity, std::int64_t measure, std::string_view from = {}) {
        Command command = world.command(SupplyMoved{kind});
        command.lines = {{{}, kBoxes, quantity, measure, from.empty() ? AccountId{} : account(from), {}}};
        return world.answer(command);
    };
    EXPECT_EQ(move(SupplyMove::kReceived, 10, 0), RefusalCode::kSchema);
    EXPECT_EQ(move(SupplyMove::kReceived, 10, 5, "SITE/1/VAULT/A"), RefusalCode::kWrongTarget);
    EXPECT_EQ(move(SupplyMove::kReceived, 10, 5, "EXT/SUPPLIER/700"), std::nullopt);
    EXPECT_EQ(move(SupplyMove::kIssued, 11, 0), RefusalCode::kQtyNegative);
    EXPECT_EQ(move(SupplyMove::kIssued, 1, 6), RefusalCode::kQtyNegative);
    EXPECT_EQ(move(SupplyMove::kIssued, 4, 1), std::nullopt);
    EXPECT_EQ(move(SupplyMove::kCountAdjust, -7, 0), RefusalCode::kQtyNegative);
    EXPECT_EQ(move(SupplyMove::kCountAdjust, -6, -4), std::nullopt);
    EXPECT_EQ(move(SupplyMove::kScrapped, 1, 0), RefusalCode::kQtyNegative);
    Command unknown = world.command(SupplyMoved{SupplyMove::kIssued});
    unknown.lines = {{{}, 999, 1, 0, {}, {}}};
    EXPECT_EQ(world.answer(unknown), RefusalCode::kUnknownItem);
    EXPECT_EQ(move(SupplyMove::kReceived, 1'000'000'000'001, 0, "EXT/SUPPLIER/700"), RefusalCode::kSchema);
    EXPECT_EQ(move(SupplyMove::kReceived, -1, 0, "EXT/SUPPLIER/700"), RefusalCode::kSchema);
    EXPECT_EQ(move(SupplyMove::kIssued, std::numeric_limits<std::int64_t>::min(), 0), RefusalCode::kSchema);
    EXPECT_EQ(tell(SupplyRegistered{kBoxes, "X", "piece", 0, 0}, {}), RefusalCode::kDuplicateItem);
}

TEST_F(GuardTest, AnAccountIsOpenedOnceAndClosedEmpty) {
    AccountOpened opened;
    opened.account = account("SITE/1/VAULT/NEW");
    EXPECT_EQ(tell(opened, {}), std::nullopt);
    EXPECT_EQ(tell(opened, {}), RefusalCode::kAccountExists);
    opened.account = account("SITE/2/VAULT/NEW");
    EXPECT_EQ(tell(opened, {}), RefusalCode::kCrossSite);
    EXPECT_EQ(tell(AccountClosed{account("SITE/1/VAULT/NEW")}, {}), std::nullopt);
    EXPECT_EQ(tell(AccountClosed{account("SITE/1/VAULT/NEW")}, {}), RefusalCode::kUnknownAccount);
    Command in = world.command(SupplyMoved{SupplyMove::kReceived});
    in.lines = {{{}, kBoxes, 1, 0, account("EXT/SUPPLIER/700"), {}}};
    world.must(in);
    EXPECT_EQ(tell(AccountClosed{account("SITE/1/SUPPLY")}, {}), RefusalCode::kAccountNotEmpty);
}

TEST_F(GuardTest, AFoundPieceIsARealOneThatIsInside) {
    const ItemId found = world.registered(Origin::kFound);
    const ItemId missing = world.in_state(State::kS);
    EXPECT_EQ(tell(IdentityResolved{false, world.new_item()}, {found}), RefusalCode::kUnknownItem);
    EXPECT_EQ(tell(IdentityResolved{false, missing}, {found}), RefusalCode::kMissing);
    EXPECT_EQ(tell(IdentityResolved{false, found}, {found}), RefusalCode::kUnidentified);
    EXPECT_EQ(tell(IdentityResolved{false, world.stocked()}, {found}, "SITE/1/HOLD"), RefusalCode::kWrongTarget);
    world.must(world.command(ItemRecovered{}, {missing}));
    EXPECT_EQ(tell(IdentityResolved{false, missing}, {found}), std::nullopt);
    EXPECT_EQ(world.state(missing), State::kR);
}

}  // namespace
}  // namespace daybook::custody::test
