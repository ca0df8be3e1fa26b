// E_SCHEMA as far as it is decide()'s: where the parts of a command, or a command and the books, do not go together.
#include <gtest/gtest.h>

#include "tests/support/custody_world.h"

namespace daybook::custody::test {
namespace {

class SchemaTest : public ::testing::Test {
protected:
    std::optional<RefusalCode> tell(Payload payload, const std::vector<ItemId>& items = {}, std::string_view to = {}) {
        return world.answer(world.command(std::move(payload), items, to.empty() ? AccountId{} : account(to)));
    }
    static constexpr auto kNo = RefusalCode::kSchema;
    World world;
};

TEST_F(SchemaTest, TheFirstEventIsTheLedgersCreationAndOnlyTheFirst) {
    EXPECT_EQ(tell(LedgerCreated{kEntity, kEuro, {{who(Role::kSys), Role::kSys, 0}}}), kNo);
    World empty(World::Start::kEmpty);
    EXPECT_EQ(empty.answer(empty.command(PartyRegistered{1, PartyKind::kStaff, {}})), kNo);
}

TEST_F(SchemaTest, AnEventAboutPiecesNamesThemAndNoOtherDoes) {
    EXPECT_EQ(tell(SignedIn{}, {}, "SITE/1/VAULT/A"), kNo);
    EXPECT_EQ(tell(InspectionRecorded{InspectionPhase::kIn, Verdict::kPass}), kNo);
    EXPECT_EQ(tell(VaultOpened{}, {world.stocked()}), kNo);
    EXPECT_EQ(tell(SupplyMoved{SupplyMove::kIssued}), kNo);
}

TEST_F(SchemaTest, ARegistrationsOriginOwnerAndPlaceGoTogether) {
    const auto registered = [&](Origin origin, Owner owner, std::string_view to) {
        ItemRegistered description = world.description(origin);
        description.owner = owner;
        return tell(description, {world.new_item()}, to);
    };
    const Owner house{OwnerKind::kHouse, kEntity}, vendor{OwnerKind::kVendor, kVendor},
        client{OwnerKind::kClient, kClient}, nobody;
    EXPECT_EQ(registered(Origin::kSupplier, vendor, {}), std::nullopt);
    EXPECT_EQ(registered(Origin::kSupplier, house, {}), kNo);  // with which supplier?
    EXPECT_EQ(registered(Origin::kSupplier, house, "EXT/ENTITY/3"), std::nullopt);
    EXPECT_EQ(registered(Origin::kSupplier, client, "EXT/SUPPLIER/700"), kNo);
    EXPECT_EQ(registered(Origin::kSupplier, vendor, "EXT/CLIENT/800"), kNo);
    EXPECT_EQ(registered(Origin::kSupplier, vendor, "SITE/1/HOLD"), RefusalCode::kWrongTarget);
    EXPECT_EQ(registered(Origin::kClient, client, {}), std::nullopt);
    EXPECT_EQ(registered(Origin::kClient, house, "EXT/CLIENT/800"), kNo);
    EXPECT_EQ(registered(Origin::kClient, client, "EXT/SUPPLIER/700"), kNo);
    EXPECT_EQ(registered(Origin::kFound, nobody, {}), std::nullopt);
    EXPECT_EQ(registered(Origin::kFound, house, {}), kNo);
    EXPECT_EQ(registered(Origin::kFound, nobody, "EXT/SUPPLIER/700"), kNo);
    EXPECT_EQ(registered(Origin::kFound, nobody, "SUSPENSE/2/FOUND"), RefusalCode::kCrossSite);
    EXPECT_EQ(registered(Origin::kOpening, house, {}), kNo);
    EXPECT_EQ(registered(Origin::kOpening, house, "EXT/ENTITY/1"), std::nullopt);
    EXPECT_EQ(registered(Origin::kOpening, nobody, "EXT/ENTITY/1"), kNo);
    EXPECT_EQ(tell(world.description(), {world.new_item(), world.new_item()}), kNo);
}

TEST_F(SchemaTest, AnEpcIsUsedOnce) {
    const ItemRegistered description = world.description();
    EXPECT_EQ(tell(description, {world.new_item()}), std::nullopt);
    EXPECT_EQ(tell(description, {world.new_item()}), RefusalCode::kDuplicateItem);
}

TEST_F(SchemaTest, SummedMoneyIsInTheEntitysCurrency) {
    constexpr std::uint32_t kFranc = 'C' << 16 | 'H' << 8 | 'F';
    const Money francs{100, kFranc};
    ItemRegistered dear = world.description();
    dear.insured = francs;
    EXPECT_EQ(tell(dear, {world.new_item()}), kNo);
    ItemRegistered beyond_price = world.description();
    beyond_price.insured = euro(10'000'000'000'001);
    EXPECT_EQ(tell(beyond_price, {world.new_item()}), kNo);
    ItemRegistered bought = world.description();
    bought.cost = francs;  // what it cost may be in any
    EXPECT_EQ(tell(bought, {world.new_item()}), std::nullopt);
    EXPECT_EQ(tell(ItemAmended{AmendedField::kInsured, francs, 0, {}}, {world.stocked()}), kNo);
    AccountOpened opened;
    opened.account = account("SITE/1/VAULT/NEW");
    opened.insured_limit = francs;
    EXPECT_EQ(tell(opened), kNo);
    EXPECT_EQ(tell(PolicySet{"limit.parcel", francs, 0, 0}), kNo);
    EXPECT_EQ(tell(LimitOverrideApproved{"limit.parcel", francs, world.now + kHour}), kNo);
    world.must(world.command(PolicySet{"entity.currency", std::string_view("CHF"), 0, 0}));
    EXPECT_EQ(tell(PolicySet{"limit.parcel", francs, 0, 0}), std::nullopt);
}

TEST_F(SchemaTest, APolicyHasAKnownKeyTheRightTypeAndItsScope) {
    const auto set = [&](std::string_view key, PolicyValue value, SiteId site = 0) {
        return tell(PolicySet{key, std::move(value), site, 0});
    };
    const std::int64_t number = 5;
    EXPECT_EQ(set("time.late_after", number), std::nullopt);
    EXPECT_EQ(set("time.late_after", number, 1), kNo);
    EXPECT_EQ(set("time.late_after", std::int64_t{-1}), kNo);
    EXPECT_EQ(set("time.late_after", euro(5)), kNo);
    EXPECT_EQ(set("time.later_after", number), kNo);
    EXPECT_EQ(set("limit.parcel", euro(5), 1), std::nullopt);
    EXPECT_EQ(set("limit.parcel", number), kNo);
    EXPECT_EQ(set("limit.carrier.600", euro(5)), std::nullopt);
    EXPECT_EQ(set("limit.carrier.", euro(5)), kNo);
    EXPECT_EQ(set("limit.carrier.abc", euro(5)), kNo);
    EXPECT_EQ(set("limit.memo_party.09", euro(5)), kNo);
    EXPECT_EQ(set("vault.not_before", LocalTime{480, 60}), std::nullopt);
    EXPECT_EQ(set("alert.memo", std::vector<std::int64_t>{-30, 0}), std::nullopt);
    EXPECT_EQ(set("alert.memo", number), kNo);
    EXPECT_EQ(set("count.tolerance.BOX-S", number), std::nullopt);
    EXPECT_EQ(set("stock.target.Solitaire", number), kNo);
    EXPECT_EQ(set("stock.target.Solitaire", number, 1), std::nullopt);
    EXPECT_EQ(set("entity.currency", std::string_view("Euro")), kNo);
    EXPECT_EQ(set("due.hold", std::monostate{}), kNo);
    const auto rule = [&](std::string_view from, std::string_view to, std::string_view when,
                          std::vector<DocType> types = {DocType::kCites}) {
        return set("docs.required", std::vector<DocRule>{{from, to, when, std::move(types)}});
    };
    EXPECT_EQ(rule("*", "*", ""), std::nullopt);
    EXPECT_EQ(rule("1", "country:CH", "value>=100000"), std::nullopt);
    EXPECT_EQ(rule("one", "*", ""), kNo);
    EXPECT_EQ(rule("*", "country:Swiss", ""), kNo);
    EXPECT_EQ(rule("*", "kind:FRIEND", ""), kNo);
    EXPECT_EQ(rule("*", "*", "value>=much"), kNo);
    EXPECT_EQ(rule("*", "*", "title:MINE"), kNo);
    EXPECT_EQ(rule("*", "*", "colour:red"), kNo);
    EXPECT_EQ(rule("*", "*", "", {}), kNo);
}

TEST_F(SchemaTest, WhatTheEventLeavesOpenIsNamed) {
    const ItemId item = world.stocked();
    EXPECT_EQ(tell(SignedOut{SignOutPurpose::kDisplay, 0, 0}, {item}), kNo);       // which case?
    EXPECT_EQ(tell(SignedOut{SignOutPurpose::kPresentation, 0, 0}, {item}), kNo);  // to whom?
    EXPECT_EQ(tell(Relocated{}, {item}), kNo);
    EXPECT_EQ(tell(SignedOut{SignOutPurpose::kPresentation, kOtherHolder, 0}, {item}, "SITE/1/PERSON/71"),
              RefusalCode::kWrongTarget);
    EXPECT_EQ(tell(SignedOut{SignOutPurpose::kWindow, 0, 0}, {item}), std::nullopt);
    EXPECT_EQ(world.item(item).account, account("SITE/1/WINDOW"));
}

TEST_F(SchemaTest, ADispatchGoesToASiteOrToAnAccount) {
    const ItemId item = world.in_state(State::kK);
    const auto to = [&](const Destination& dest, MemoPurpose purpose = MemoPurpose::kPress) {
        return tell(TransferDispatched{dest, TransferPurpose::kRebalance, purpose, kCarrier, 0}, {item});
    };
    EXPECT_EQ(to({}), kNo);
    EXPECT_EQ(to({2, account("EXT/SUPPLIER/700"), 0}), kNo);
    EXPECT_EQ(to({0, account("EXT/MEMO/M-1"), 0}), kNo);
    EXPECT_EQ(to({0, account("EXT/MEMO/M-1"), kMemoParty}, MemoPurpose::kUnspecified), kNo);
    EXPECT_EQ(to({0, account("SITE/2/HOLD"), 0}), RefusalCode::kWrongTarget);
    EXPECT_EQ(to({0, account("EXT/MEMO/M-1"), kMemoParty}), std::nullopt);
    // Delivered to its party only, and under an obligation's name.
    Command delivered = world.command(TransferDelivered{0, 0}, {item});
    EXPECT_EQ(world.answer(delivered), kNo);
    delivered.payload = TransferDelivered{kMemoParty, 0};
    const ObligationId id = std::exchange(delivered.obligation, {});
    EXPECT_EQ(world.answer(delivered), kNo);
    delivered.obligation = id;
    delivered.payload = TransferDelivered{kMemoParty + 1, 0};
    EXPECT_EQ(world.answer(delivered), RefusalCode::kWrongDest);
    delivered.payload = TransferDelivered{kMemoParty, 0};
    EXPECT_EQ(world.answer(delivered), std::nullopt);
}

TEST_F(SchemaTest, OneDeliveryOpensOneMemo) {
    std::vector<ItemId> items;
    for (const char* memo : {"EXT/MEMO/M-1", "EXT/MEMO/M-2"}) {
        items.push_back(world.stocked());
        world.pack(items.back());
        world.dispatch(items.back(), {0, account(memo), kMemoParty}, TransferPurpose::kMemo);
    }
    EXPECT_EQ(tell(TransferDelivered{kMemoParty, 0}, items), kNo);
    EXPECT_EQ(tell(TransferDelivered{kMemoParty, 0}, {items[0]}), std::nullopt);
}

TEST_F(SchemaTest, WhatIsNotRegisteredHasNoLine) {
    const ItemId item = world.received();
    EXPECT_EQ(tell(ReceiptDiscrepancyRecorded{DifferenceKind::kOver}), std::nullopt);
    EXPECT_EQ(tell(ReceiptDiscrepancyRecorded{DifferenceKind::kOver}, {item}), kNo);
    EXPECT_EQ(tell(ReceiptDiscrepancyRecorded{DifferenceKind::kDamaged}), kNo);
    EXPECT_EQ(tell(TransferExceptionRecorded{DifferenceKind::kWrongItem}), std::nullopt);
    EXPECT_EQ(tell(TransferExceptionRecorded{DifferenceKind::kShort}), kNo);
    EXPECT_EQ(tell(DiscrepancyOpened{DifferenceKind::kQuantity}), std::nullopt);
    EXPECT_EQ(tell(DiscrepancyOpened{DifferenceKind::kCondition}), kNo);
    const Command opened = world.command(DiscrepancyOpened{DifferenceKind::kDocument});
    world.must(opened);
    EXPECT_EQ(tell(DiscrepancyResolved{{opened.obligation, {}, {}}, DiscrepancyOutcome::kFound}), std::nullopt);
    EXPECT_EQ(tell(DiscrepancyResolved{{opened.obligation, {}, {}}, DiscrepancyOutcome::kFound}),
              RefusalCode::kNoObligation);
    EXPECT_EQ(
        tell(DiscrepancyResolved{{opened.obligation, {}, {}}, DiscrepancyOutcome::kFound}, {item, world.stocked()}),
        kNo);
}

TEST_F(SchemaTest, ACorrectionHasATargetAndAManager) {
    const Command party = world.command(PartyRegistered{1, PartyKind::kStaff, {}});
    world.must(party);
    EXPECT_EQ(tell(CorrectionDeclared{party.event_id, CorrectionReason::kDidNotOccur, {EventId(world.uuid())}}), kNo);
    EXPECT_EQ(tell(CorrectionDeclared{EventId(world.uuid()), CorrectionReason::kDidNotOccur, {}}),
              RefusalCode::kUnknownEvent);
    Command alone = world.command(CorrectionDeclared{party.event_id, CorrectionReason::kDidNotOccur, {}});
    EXPECT_EQ(world.answer(alone), RefusalCode::kSelfWitness);  // by the one who recorded it
    alone.actor = {who(Role::kSm), Role::kSm, 0};
    alone.attest.clear();
    EXPECT_EQ(world.answer(alone), RefusalCode::kDualControl);
}

TEST_F(SchemaTest, AnOverrideNamesALimitAndEndsLater) {
    EXPECT_EQ(tell(LimitOverrideApproved{"limit.parcels", euro(1), world.now + kHour}), kNo);
    EXPECT_EQ(tell(LimitOverrideApproved{"SITE/1/CASE/X", euro(1), world.now + kHour}), kNo);
    EXPECT_EQ(tell(LimitOverrideApproved{"limit.carrier.600", euro(1), world.now}), kNo);
    EXPECT_EQ(tell(LimitOverrideApproved{"SITE/1/DISPLAY/D1", euro(1), world.now + kHour}), std::nullopt);
    AccountOpened outside;
    outside.account = account("EXT/CLIENT/800");
    EXPECT_EQ(tell(outside), kNo);
    EXPECT_EQ(tell(RoleGranted{{{500, Role::kOc, 1}, world.now + kHour, world.now + kHour}}), kNo);
}

}  // namespace
}  // namespace daybook::custody::test
