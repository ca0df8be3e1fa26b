// What each kind of event does to the books. The events are made by hand, so that apply() is seen without decide().
#include <gmock/gmock.h>

#include "tests/unit/custody/books.h"

namespace daybook::custody {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using What = ObligationChange::What;

SignedOut signed_out(Principal recipient = 71, Micros due_at = 0) {
    return {SignOutPurpose::kPresentation, recipient, due_at};
}

std::vector<ItemId> ids(std::initializer_list<std::uint64_t> numbers) {
    std::vector<ItemId> out;
    for (const auto n : numbers) out.push_back(item_id(n));
    return out;
}

class ApplyTest : public ::testing::Test, protected Script {
protected:
    void TearDown() override { expect_lawful(books); }

    void sign_out(std::initializer_list<std::uint64_t> pieces, std::uint64_t obligation, Principal who = 71,
                  Micros due_at = 0) {
        apply({EventType::kSignedOut, signed_out(who, due_at), ids(pieces),
               numbered_account(AccountClass::kSitePerson, who, 1), obligation_id(obligation)});
    }
    void pack(std::initializer_list<std::uint64_t> pieces) {
        TransferPacked packed;
        packed.parcel = "SSCC-1";
        packed.seal = "S-77";
        packed.for_party = 33;
        apply({EventType::kTransferPacked, packed, ids(pieces), at("SITE/1/PACK")});
    }
    void dispatch(std::initializer_list<std::uint64_t> pieces, std::uint64_t transfer, Destination dest) {
        TransferDispatched dispatched;
        dispatched.dest = dest;
        dispatched.carrier = 88;
        dispatched.memo_purpose = MemoPurpose::kOnApproval;
        dispatched.due_at = now + kDay;
        apply({EventType::kTransferDispatched, dispatched, ids(pieces), transit_account(obligation_id(transfer)),
               obligation_id(transfer)});
    }
    // The piece is in the vault and titled to the house until something else is said.
    void stock_all(std::initializer_list<std::uint64_t> pieces) {
        for (const auto n : pieces) stock(n);
    }
};

TEST_F(ApplyTest, RegistersAPiece) {
    ItemRegistered piece;
    piece.origin = Origin::kSupplier;
    piece.owner = {OwnerKind::kVendor, 7};
    piece.model = "Solitaire";
    piece.metal = "platinum";
    piece.cites_species = "Alligator mississippiensis";
    piece.insured = {5000, 0};
    piece.retail = {9000, 0};
    piece.gross_mg = 4200;
    apply({EventType::kItemRegistered, piece, ids({1}), at("EXT/SUPPLIER/7")});
    EXPECT_EQ(item(1).state(), State::kX1);
    EXPECT_EQ(item(1).owner, (Owner{OwnerKind::kVendor, 7}));
    EXPECT_EQ(item(1).version, 1U);
    EXPECT_EQ(item(1).last, books.next - 1);
    EXPECT_EQ(item(1).since, now);
    EXPECT_EQ(books.names.text(item(1).metal), "platinum");
    EXPECT_TRUE(item(1).has(kCites));
    EXPECT_FALSE(item(1).has(kMoreThanRegistered));
    EXPECT_EQ(account("EXT/SUPPLIER/7")->insured_minor, 5000);
    ASSERT_EQ(effects.items.size(), 1U);
    EXPECT_TRUE(effects.items[0].before.id.empty());
    EXPECT_EQ(effects.items[0].after.retail_minor, 9000);
}

TEST_F(ApplyTest, TheOwnerOfAFoundPieceIsUnknown) {
    ItemRegistered piece;
    piece.owner = {OwnerKind::kHouse, 9};
    apply({EventType::kItemRegistered, piece, ids({1}), at("SUSPENSE/1/FOUND")});
    EXPECT_EQ(item(1).owner, Owner{});
    apply({EventType::kIdentityResolved, IdentityResolved{true, {}}, ids({1}), at("SITE/1/HOLD")});
    EXPECT_EQ(item(1).state(), State::kR);
}

TEST_F(ApplyTest, AMoveChangesHolderChainAndVersion) {
    registered(1);
    const Position first = item(1).last;
    apply_at(2, {EventType::kGoodsReceived, GoodsReceived{true}, ids({1}), at("SITE/2/HOLD")});
    EXPECT_EQ(item(1).account, at("SITE/2/HOLD"));
    EXPECT_EQ(item(1).owner, (Owner{OwnerKind::kHouse, 9}));
    EXPECT_EQ(item(1).version, 2U);
    EXPECT_TRUE(item(1).has(kMoreThanRegistered));
    EXPECT_EQ(item(1).last, books.next - 1);
    EXPECT_EQ(item(1).since_event, books.next - 1);
    EXPECT_EQ(item(1).last_at, now);
    EXPECT_EQ(item(1).put_by, 2U);
    EXPECT_EQ(effects.items[0].before.last, first);
    EXPECT_EQ(effects.items[0].after.version, 2U);
    EXPECT_EQ(account("EXT/SUPPLIER/7"), nullptr) << "an outside account that holds nothing is forgotten";
    EXPECT_EQ(account("SITE/2/HOLD")->last_leg_at, now);
    EXPECT_EQ(books.sites.find(2)->newest_at, now);
}

TEST_F(ApplyTest, ASignOutEndsWithItsLastPiece) {
    stock_all({1, 2});
    sign_out({1, 2}, 100, 71, now + kHour);
    const Obligation* signout = open(100);
    ASSERT_NE(signout, nullptr);
    EXPECT_EQ(signout->kind, ObligationKind::kSignout);
    EXPECT_EQ(signout->lines, 2U);
    EXPECT_EQ(signout->responsible, 71U);
    EXPECT_EQ(signout->opened_by, books.next - 1);
    ASSERT_EQ(effects.obligations.size(), 1U);
    EXPECT_EQ(effects.obligations[0].what, What::kOpened);

    apply({EventType::kSignedIn, SignedIn{}, ids({1}), at("SITE/1/VAULT/B")});
    EXPECT_EQ(open(100)->open_lines, 1U);
    ASSERT_EQ(effects.obligations.size(), 1U);
    EXPECT_EQ(effects.obligations[0].what, What::kChanged);
    EXPECT_EQ(item(1).hold, 0U);

    apply({EventType::kSignedIn, SignedIn{}, ids({2}), at("SITE/1/VAULT/B")});
    EXPECT_EQ(open(100), nullptr);
    ASSERT_EQ(effects.obligations.size(), 1U);
    EXPECT_EQ(effects.obligations[0].what, What::kClosed);
    EXPECT_EQ(effects.obligations[0].obligation.ref.id, obligation_id(100));
    EXPECT_EQ(effects.obligations[0].obligation.open_lines, 0U);
    EXPECT_EQ(account("SITE/1/VAULT/B")->pieces, 2U);
}

TEST_F(ApplyTest, AnObligationIsReportedOnceAnEvent) {
    stock_all({1, 2, 3, 4, 5});
    sign_out({1, 3, 5}, 100);
    sign_out({2, 4}, 101);
    apply({EventType::kSignedIn, SignedIn{}, ids({1, 2, 3, 4}), at("SITE/1/VAULT/A")});
    ASSERT_EQ(effects.obligations.size(), 2U);
    EXPECT_EQ(effects.obligations[0].what, What::kClosed);
    EXPECT_EQ(effects.obligations[0].obligation.ref.id, obligation_id(101));
    EXPECT_EQ(effects.obligations[1].what, What::kChanged);
    EXPECT_EQ(effects.obligations[1].obligation.ref.id, obligation_id(100));
    EXPECT_EQ(effects.obligations[1].obligation.open_lines, 1U);
    ASSERT_EQ(effects.items.size(), 4U);
    for (std::uint32_t line = 0; line < 4; ++line) EXPECT_EQ(effects.items[line].line, line);
}

TEST_F(ApplyTest, HandingOverAPieceThatWasAloneReassignsTheSignOut) {
    stock_all({1});
    sign_out({1}, 100, 71, now + kHour);
    const Micros later = now + 3 * kHour;
    apply({EventType::kHandedOver, HandedOver{later}, ids({1}), at("SITE/1/PERSON/72")});
    EXPECT_EQ(open(100)->responsible, 72U);
    EXPECT_EQ(open(100)->due_at, later);
    ASSERT_EQ(effects.obligations.size(), 1U);
    EXPECT_EQ(effects.obligations[0].what, What::kChanged);

    Step to_case{EventType::kHandedOver, HandedOver{}, ids({1}), at("SITE/1/DISPLAY/D1")};
    to_case.actor = 72;
    to_case.witness = 503;
    apply(to_case);
    EXPECT_EQ(open(100)->responsible, 503U) << "the signer who is not the giver";
    EXPECT_EQ(open(100)->due_at, later) << "left as it was";
}

// A piece's obligations follow from its own chain: whether the others go with it makes no difference.
TEST_F(ApplyTest, PiecesNamedTogetherGoOnEachByItselfAlsoWhenAllAreHandedOver) {
    stock_all({1, 2});
    sign_out({1, 2}, 100, 71, now + kHour);
    apply({EventType::kHandedOver, HandedOver{}, ids({1, 2}), at("SITE/1/PERSON/72")});
    EXPECT_EQ(open(100), nullptr);
    for (const std::uint64_t n : {1U, 2U}) {
        const Obligation* part = books.find_open({obligation_id(100), DifferenceKind::kUnspecified, item_id(n)});
        ASSERT_NE(part, nullptr);
        EXPECT_EQ(part->responsible, 72U);
        EXPECT_EQ(&books.obligations[item(n).hold], part);
    }
    expect_lawful(books);
}

TEST_F(ApplyTest, APieceHandedOnAloneIsOwedByItself) {
    stock_all({1, 2, 3});
    const Micros due = now + kHour;
    sign_out({1, 2, 3}, 100, 71, due);
    apply({EventType::kHandedOver, HandedOver{due + kHour}, ids({3, 2}), at("SITE/1/PERSON/72")});
    EXPECT_EQ(open(100)->responsible, 71U);
    EXPECT_EQ(open(100)->due_at, due);
    EXPECT_EQ(open(100)->open_lines, 1U);
    for (const std::uint64_t n : {2U, 3U}) {
        const Obligation* part = books.find_open({obligation_id(100), DifferenceKind::kUnspecified, item_id(n)});
        ASSERT_NE(part, nullptr);
        EXPECT_EQ(part->responsible, 72U);
        EXPECT_EQ(part->due_at, due + kHour);
        EXPECT_EQ(&books.obligations[item(n).hold], part);
    }
    EXPECT_EQ(effects.items[0].after.hold, item(3).hold);
    apply({EventType::kHandedOver, HandedOver{}, ids({3}), at("SITE/1/PERSON/71")});
    EXPECT_EQ(books.obligations[item(3).hold].responsible, 71U);
    apply({EventType::kSignedIn, SignedIn{}, ids({1, 2, 3}), at("SITE/1/VAULT/A")});
    EXPECT_EQ(books.open.size(), 0U);
}

TEST_F(ApplyTest, AMemoExtendedForOnePieceLeavesTheOthersDue) {
    stock_all({1, 2});
    const Micros due = now + 30 * kDay;
    apply({EventType::kMemoOutIssued, MemoOutIssued{"M-1", 33, MemoPurpose::kOnApproval, due, {}}, ids({1, 2}),
           at("EXT/MEMO/M-1"), obligation_id(100)});
    apply({EventType::kMemoExtended, MemoExtended{due + kDay}, ids({1})});
    EXPECT_EQ(open(100)->due_at, due);
    EXPECT_EQ(books.obligations[item(1).memo_out].due_at, due + kDay);
    EXPECT_EQ(books.obligations[item(1).memo_out].party, 33U);
    EXPECT_EQ(books.memo_sums.find(33)->pieces, 2U);
}

TEST_F(ApplyTest, AMemoCountsForItsPartyFromTheDispatchOn) {
    stock_all({1, 2});
    pack({1, 2});
    EXPECT_EQ(books.memo_sums.find(33), nullptr);
    dispatch({1, 2}, 100, {0, at("EXT/MEMO/M-1"), 33});
    EXPECT_EQ(books.memo_sums.find(33)->insured_minor, 2000);
    EXPECT_EQ(open(100)->carrier, 88U);
    EXPECT_EQ(open(100)->origin, 1U);
    apply({EventType::kTransferDelivered, TransferDelivered{33, now + kDay}, ids({1}), at("EXT/MEMO/M-1"),
           obligation_id(101)});
    EXPECT_EQ(books.memo_sums.find(33)->pieces, 2U);
    EXPECT_EQ(open(101)->kind, ObligationKind::kMemoOut);
    EXPECT_EQ(open(101)->document, "M-1");
    EXPECT_EQ(open(100)->open_lines, 1U);
    apply({EventType::kTransferReturned, TransferReturned{}, ids({2}), at("SITE/1/HOLD")});
    EXPECT_EQ(books.memo_sums.find(33)->pieces, 1U);

    apply({EventType::kItemAmended, ItemAmended{AmendedField::kInsured, {1500, 0}, 0, {}}, ids({1})});
    EXPECT_EQ(books.memo_sums.find(33)->insured_minor, 1500);
    EXPECT_EQ(account("EXT/MEMO/M-1")->insured_minor, 1500);

    // On its way back it is owed still, but counts no more.
    apply({EventType::kInboundDispatched, InboundDispatched{33, TransferPurpose::kMemoReturn, 0}, ids({1}),
           transit_account(obligation_id(102)), obligation_id(102)});
    EXPECT_EQ(books.memo_sums.find(33), nullptr);
    EXPECT_NE(open(101), nullptr);
    EXPECT_EQ(open(102)->origin, 0U);
    EXPECT_EQ(open(102)->to_site, 1U);
    apply({EventType::kTransferReceived, TransferReceived{}, ids({1}), at("SITE/1/HOLD")});
    EXPECT_EQ(open(101), nullptr);
    EXPECT_EQ(open(102), nullptr);
    EXPECT_EQ(books.open.size(), 0U);
}

TEST_F(ApplyTest, AParcelLastsFromPackingToReceipt) {
    stock_all({1, 2, 3});
    pack({1, 2, 3});
    const std::uint32_t parcel = item(1).parcel;
    EXPECT_EQ(books.parcels[parcel].seal, "S-77");
    EXPECT_EQ(books.parcels[parcel].pieces, 3U);
    apply({EventType::kTransferUnpackedBeforeDispatch, TransferUnpackedBeforeDispatch{}, ids({3}),
           at("SITE/1/VAULT/A")});
    EXPECT_EQ(item(3).parcel, 0U);
    dispatch({1, 2}, 100, {2, {}, 0});
    EXPECT_EQ(item(1).parcel, parcel);
    apply({EventType::kTransferVoided, TransferVoided{}, ids({2}), at("SITE/1/PACK")});
    EXPECT_EQ(item(2).parcel, parcel);
    apply({EventType::kTransferExceptionRecorded, TransferExceptionRecorded{DifferenceKind::kSealBroken}, ids({1}), {},
           obligation_id(101)});
    EXPECT_TRUE(item(1).has(kSealExcused));
    EXPECT_EQ(item(1).disputes, 1U);
    apply_at(2, {EventType::kTransferReceived, TransferReceived{}, ids({1}), at("SITE/2/HOLD")});
    EXPECT_FALSE(item(1).has(kSealExcused));
    EXPECT_EQ(item(1).parcel, 0U);
    EXPECT_EQ(books.parcels[parcel].pieces, 1U);
    EXPECT_EQ(account("TRANSIT/" + obligation_id(100).text()), nullptr);
    EXPECT_EQ(item(1).disputes, 1U) << "a discrepancy stays until it is resolved";
}

TEST_F(ApplyTest, AMissingPieceIsHeldByItsOwnDiscrepancy) {
    stock_all({1, 2});
    sign_out({1, 2}, 100);
    apply({EventType::kDeclaredMissing, DeclaredMissing{}, ids({1, 2}), at("SUSPENSE/1/MISSING"), obligation_id(101)});
    EXPECT_EQ(open(100), nullptr);
    for (const std::uint64_t n : {1U, 2U}) {
        const Obligation& held_by = books.obligations[item(n).hold];
        EXPECT_EQ(held_by.ref, (ObligationRef{obligation_id(101), DifferenceKind::kUnspecified, item_id(n)}));
        EXPECT_TRUE(held_by.by_declared_missing);
        EXPECT_EQ(held_by.difference, DifferenceKind::kMissing);
        EXPECT_EQ(item(n).disputes, 0U);
    }
    apply({EventType::kItemRecovered, ItemRecovered{}, ids({1}), at("SITE/1/HOLD")});
    EXPECT_EQ(item(1).hold, 0U);
    apply({EventType::kLossDeclared, LossDeclared{LossKind::kTheft, true}, ids({2}), at("LOSS/THEFT")});
    EXPECT_EQ(item(2).owner, (Owner{OwnerKind::kInsurer, 0}));
    EXPECT_EQ(books.open.size(), 0U);
}

TEST_F(ApplyTest, ASaleMovesTitleAndRemembersWhoSold) {
    stock_all({1, 2});
    apply({EventType::kReservationPlaced, ReservationPlaced{44, now + kDay, "FO-1"}, ids({1}), {}, obligation_id(100)});
    EXPECT_EQ(books.obligations[item(1).reservation].document, "FO-1");
    SaleCompleted sale;
    sale.party = 44;
    sale.handover = Handover::kNow;
    Step step{EventType::kSaleCompleted, sale, ids({1}), at("EXT/CLIENT/44")};
    apply(step);
    EXPECT_EQ(item(1).owner, (Owner{OwnerKind::kClient, 44}));
    EXPECT_EQ(item(1).sold_by, 9U);
    EXPECT_EQ(item(1).reservation, 0U);
    apply({EventType::kSaleReturned, SaleReturned{}, ids({1}), at("SITE/1/HOLD")});
    EXPECT_EQ(item(1).owner, (Owner{OwnerKind::kHouse, 9}));
    EXPECT_EQ(item(1).sold_by, 0U);

    sale.handover = Handover::kLater;
    apply({EventType::kSaleCompleted, sale, ids({2}), {}, obligation_id(101)});
    EXPECT_EQ(item(2).state(), State::kV);
    EXPECT_EQ(item(2).version, 4U);
    EXPECT_EQ(open(101)->kind, ObligationKind::kDelivery);
    EXPECT_EQ(open(101)->party, 44U);
    Step back{EventType::kSaleReturned, SaleReturned{}, ids({2})};
    back.ends = {ObligationKind::kDelivery};
    apply(back);
    EXPECT_EQ(item(2).delivery, 0U);
    EXPECT_EQ(item(2).owner, (Owner{OwnerKind::kHouse, 9}));
}

TEST_F(ApplyTest, OtherTitleLegsEndThatAPieceWasSold) {
    stock(1);
    SaleCompleted sale;
    sale.party = 44;
    sale.handover = Handover::kNow;
    apply({EventType::kSaleCompleted, sale, ids({1}), at("EXT/CLIENT/44")});
    apply({EventType::kTitleTransferred, TitleTransferred{{OwnerKind::kClient, 44}, {OwnerKind::kClient, 45}},
           ids({1})});
    EXPECT_EQ(item(1).sold_by, 0U);
    EXPECT_EQ(item(1).owner, (Owner{OwnerKind::kClient, 45}));
}

TEST_F(ApplyTest, ARefusedRepairIsReleasedAsItIs) {
    stock_all({1, 2});
    const auto repair = [&](EventType type, const Payload& payload, std::uint64_t n) {
        apply({type, payload, ids({n})});
    };
    apply({EventType::kRepairOpened, RepairOpened{44, now + kDay}, ids({1}), {}, obligation_id(100)});
    apply({EventType::kRepairOpened, RepairOpened{0, now + kDay}, ids({2}), {}, obligation_id(101)});
    repair(EventType::kRepairDeclined, RepairDeclined{}, 1);
    EXPECT_TRUE(item(1).has(kRepairDeclined));
    repair(EventType::kRepairAuthorised, RepairAuthorised{}, 1);
    EXPECT_FALSE(item(1).has(kRepairDeclined));
    repair(EventType::kRepairDeclined, RepairDeclined{}, 1);
    apply({EventType::kReleasedToClient, ReleasedToClient{}, ids({1}), at("EXT/CLIENT/44")});
    EXPECT_FALSE(item(1).has(kRepairDeclined)) << "with the REPAIR the refusal is over";
    EXPECT_EQ(open(100), nullptr);

    Step declined{EventType::kRepairDeclined, RepairDeclined{}, ids({2})};
    declined.ends = {ObligationKind::kRepair};  // a piece that is no client's
    apply(declined);
    EXPECT_FALSE(item(2).has(kRepairDeclined));
    EXPECT_EQ(item(2).repair, 0U);
}

TEST_F(ApplyTest, AVerdictLastsUntilThePieceComesIntoHoldAgain) {
    stock(1);
    apply({EventType::kDamageRecorded, DamageRecorded{}, ids({1})});
    EXPECT_TRUE(item(1).has(kDamaged));
    apply({EventType::kInspectionRecorded, InspectionRecorded{InspectionPhase::kStock, Verdict::kConditional},
           ids({1})});
    EXPECT_TRUE(item(1).has(kDamaged));
    apply({EventType::kInspectionRecorded, InspectionRecorded{InspectionPhase::kStock, Verdict::kPass}, ids({1})});
    EXPECT_FALSE(item(1).has(kDamaged));
    EXPECT_EQ(item(1).verdict, Verdict::kPass);
    apply({EventType::kMovedToHold, MovedToHold{}, ids({1}), at("SITE/1/HOLD")});
    EXPECT_EQ(item(1).verdict, Verdict::kNone);
    apply({EventType::kInspectionRecorded, InspectionRecorded{InspectionPhase::kIn, Verdict::kPass}, ids({1})});
    Step account_opened{EventType::kAccountOpened, AccountOpened{at("SITE/1/HOLD/S2"), 0, std::nullopt, true, false}};
    apply(account_opened);
    apply({EventType::kRelocated, Relocated{}, ids({1}), at("SITE/1/HOLD/S2")});
    EXPECT_EQ(item(1).verdict, Verdict::kPass) << "from hold to hold is no entry";
}

TEST_F(ApplyTest, AWorkshopMendsAndQuarantineIsLifted) {
    stock(1);
    apply({EventType::kDamageRecorded, DamageRecorded{}, ids({1})});
    apply({EventType::kQuarantineSet, QuarantineSet{}, ids({1})});
    apply({EventType::kRepairOpened, RepairOpened{0, now + kDay}, ids({1}), {}, obligation_id(100)});
    apply({EventType::kSentToWorkshop, SentToWorkshop{55, now + kDay}, ids({1}), at("EXT/WORKSHOP/55"),
           obligation_id(101)});
    EXPECT_EQ(open(101)->party, 55U);
    Step back{EventType::kReturnedFromWorkshop, ReturnedFromWorkshop{}, ids({1}), at("SITE/1/HOLD")};
    back.ends = {ObligationKind::kRepair};
    apply(back);
    EXPECT_FALSE(item(1).has(kDamaged));
    EXPECT_TRUE(item(1).has(kQuarantined));
    EXPECT_EQ(books.open.size(), 0U);
    apply({EventType::kQuarantineReleased, QuarantineReleased{}, ids({1})});
    EXPECT_FALSE(item(1).has(kQuarantined));
}

TEST_F(ApplyTest, MemoInEndsWithItsPurchase) {
    registered(1);
    apply({EventType::kMemoInReceived, MemoInReceived{7, now + 30 * kDay}, ids({1}), at("SITE/1/HOLD"),
           obligation_id(100)});
    EXPECT_EQ(item(1).owner.kind, OwnerKind::kVendor);
    EXPECT_EQ(open(100)->party, 7U);
    Step bought{EventType::kMemoInPurchased, MemoInPurchased{}, ids({1})};
    bought.ends = {ObligationKind::kMemoIn};
    apply(bought);
    EXPECT_EQ(item(1).owner, (Owner{OwnerKind::kHouse, 9}));
    EXPECT_EQ(item(1).memo_in, 0U);
}

TEST_F(ApplyTest, ADiscrepancyIsNamedByItsEventOrByItsPiece) {
    stock_all({1, 2, 3});
    const auto opened = [&](std::initializer_list<std::uint64_t> pieces, std::uint64_t id) {
        apply({EventType::kDiscrepancyOpened, DiscrepancyOpened{DifferenceKind::kCondition}, ids(pieces), {},
               obligation_id(id)});
    };
    opened({1}, 100);
    opened({1, 2}, 101);
    opened({}, 102);
    EXPECT_EQ(open(100)->item, item_id(1));
    EXPECT_EQ(open(101), nullptr);
    EXPECT_EQ(open(102)->lines, 0U);
    EXPECT_EQ(item(1).disputes, 2U);
    EXPECT_EQ(item(2).disputes, 1U);

    // Resolved without a line: the piece is one dispute better off, and its chain as it was.
    const Item before = item(1);
    Step resolved{EventType::kDiscrepancyResolved,
                  DiscrepancyResolved{{obligation_id(100), DifferenceKind::kUnspecified, {}},
                                      DiscrepancyOutcome::kFound}};
    resolved.closes = {{obligation_id(100), DifferenceKind::kUnspecified, {}}};
    apply(resolved);
    EXPECT_EQ(item(1).disputes, 1U);
    EXPECT_EQ(item(1).version, before.version);
    EXPECT_EQ(item(1).last, before.last);
    ASSERT_EQ(effects.items.size(), 1U);
    EXPECT_EQ(effects.items[0].line, ItemChange::kNoLine);
    EXPECT_EQ(effects.items[0].after.disputes, 1U);
    resolved.closes = {{obligation_id(102), DifferenceKind::kUnspecified, {}}};
    apply(resolved);
    resolved.closes = {{obligation_id(101), DifferenceKind::kUnspecified, item_id(1)}};
    apply(resolved);
    resolved.closes = {{obligation_id(101), DifferenceKind::kUnspecified, item_id(2)}};
    apply(resolved);
    EXPECT_EQ(books.disputes.size(), 0U);
    EXPECT_EQ(books.open.size(), 0U);
}

TEST_F(ApplyTest, ASessionOpensAndClosesAndLegsAreNoted) {
    apply({EventType::kVaultOpened, VaultOpened{}, {}, {}, obligation_id(100)});
    const Micros opened = now;
    EXPECT_EQ(books.session(1, now)->obligation, obligation_id(100));
    EXPECT_EQ(open(100)->kind, ObligationKind::kVaultSession);
    stock(1);
    const Micros leg = now;
    apply({EventType::kQuarantineSet, QuarantineSet{}, ids({1})});
    Step closed{EventType::kVaultClosed, VaultClosed{}};
    closed.closes = {{obligation_id(100), DifferenceKind::kUnspecified, {}}};
    apply(closed);
    const Session& session = books.sessions.of(1)[0];
    EXPECT_EQ(session.last_leg.at, leg);
    EXPECT_EQ(session.legs, 1U);
    EXPECT_EQ(session.closed_by, books.next - 1);
    const Site& site = *books.sites.find(1);
    EXPECT_EQ(site.newest_session_at, now);
    EXPECT_EQ(site.newest_at, now);
    EXPECT_EQ(books.session(1, now), nullptr);
    EXPECT_NE(books.session(1, opened), nullptr);
    EXPECT_EQ(books.open.size(), 0U);
    apply({EventType::kDayClosed, DayClosed{}});
    ASSERT_EQ(books.days.of(1).size(), 1U);
    EXPECT_EQ(books.days.of(1)[0].at, now);
    EXPECT_EQ(books.days.of(1)[0].by, books.next - 1);
}

TEST_F(ApplyTest, ALegElsewhereIsNotedThere) {
    apply({EventType::kVaultOpened, VaultOpened{}, {}, {}, obligation_id(90)});
    apply_at(2, {EventType::kVaultOpened, VaultOpened{}, {}, {}, obligation_id(91)});
    stock(1);
    apply_at(2, {EventType::kDeclaredMissing, DeclaredMissing{}, ids({1}), at("SUSPENSE/2/MISSING"),
                 obligation_id(100)});
    EXPECT_EQ(books.sessions.of(1)[0].last_leg.at, now);
    EXPECT_EQ(books.sessions.of(1)[0].legs, 2U);
    EXPECT_EQ(books.sessions.of(2)[0].legs, 0U);
    EXPECT_NE(books.sites.find(1)->newest_at, now);
}

TEST_F(ApplyTest, ACountKeepsSightingsAndTheMovesOfItsSite) {
    stock_all({1, 2, 3});
    stock(8, 2);
    apply({EventType::kCountOpened, CountOpened{CountKind::kClosing, {at("SITE/1/VAULT/A")}}, {}, {},
           obligation_id(100)});
    const Micros opened = now;
    const Position opened_by = books.next - 1;
    EXPECT_EQ(books.counts.find(obligation_id(100))->cut, opened_by);
    EXPECT_EQ(books.counts.find(obligation_id(100))->counter, 501U);
    EXPECT_THAT(books.sites.find(1)->counts, ElementsAre(obligation_id(100)));
    sign_out({2}, 101);
    apply_at(2, {EventType::kMovedToHold, MovedToHold{}, ids({8}), at("SITE/2/HOLD")});

    Step scanned{EventType::kCountScanned, CountScanned{obligation_id(100)}};
    scanned.lines = {{item_id(1), 0, 0, 0, {}, at("SITE/1/VAULT/A")}, {item_id(1), 0, 0, 0, {}, at("SITE/1/VAULT/A")},
                     {item_id(8), 0, 0, 0, {}, at("SITE/1/VAULT/B")}, {item_id(99), 0, 0, 0, {}, {}},
                     {{}, 4, 2, 0, {}, {}}};
    scanned.to = at("SITE/1/VAULT/A");
    const std::uint32_t version = item(1).version;
    apply(scanned);
    apply(scanned);
    const Count& count = *books.counts.find(obligation_id(100));
    EXPECT_THAT(count.sightings, ElementsAre(Pair(Sighting{item_id(1), at("SITE/1/VAULT/A")}, 4U),
                                             Pair(Sighting{item_id(8), at("SITE/1/VAULT/B")}, 2U),
                                             Pair(Sighting{item_id(99), at("SITE/1/VAULT/A")}, 2U)));
    EXPECT_THAT(count.scans, ElementsAre(books.next - 2, books.next - 1));
    EXPECT_EQ(item(1).version, version) << "a sighting is no event of the piece";
    const Site& counted = *books.sites.find(1);
    ASSERT_EQ(counted.legs_end - counted.legs_begin, 1U);
    const auto& legs = *books.legs.find({1, counted.legs_begin});
    ASSERT_EQ(legs.size(), 1U);
    EXPECT_EQ(legs[0].item, item_id(2));
    EXPECT_EQ(legs[0].to, at("SITE/1/PERSON/71"));
    EXPECT_EQ(legs[0].by, opened_by + 1);

    Step attested{EventType::kCountAttested, CountAttested{obligation_id(100), std::nullopt}};
    attested.lists = CountLists{ids({1}), ids({3}), ids({2}), {}, ids({8, 99})};
    attested.closes = {{obligation_id(100), DifferenceKind::kUnspecified, {}}};
    apply(attested);
    EXPECT_EQ(books.counts.size(), 0U);
    EXPECT_TRUE(books.sites.find(1)->counts.empty());
    ASSERT_EQ(books.closing_counts.of(1).size(), 1U);
    EXPECT_EQ(books.closing_counts.of(1)[0].id, obligation_id(100));
    EXPECT_EQ(account("SITE/1/VAULT/A")->fence, opened);
    EXPECT_EQ(account("SITE/1/VAULT/A")->counted_by, obligation_id(100));
    EXPECT_EQ(account("SITE/1/VAULT/A")->counted_at, now);
    EXPECT_EQ(account("SITE/1/VAULT/B")->fence, 0);
    EXPECT_NE(books.find_open({obligation_id(100), DifferenceKind::kMissing, item_id(3)}), nullptr);
    EXPECT_NE(books.find_open({obligation_id(100), DifferenceKind::kUnexpected, item_id(8)}), nullptr);
    EXPECT_EQ(books.find_open({obligation_id(100), DifferenceKind::kUnexpected, item_id(99)}), nullptr);
    EXPECT_EQ(item(3).last, books.next - 1);
    EXPECT_EQ(item(1).version, version);
    // It is kept for corrections, with the legs since its cut, until too much has moved.
    EXPECT_THAT(books.sites.find(1)->ended, ElementsAre(obligation_id(100)));
    EXPECT_EQ(books.ended_counts.find(obligation_id(100))->ended_by, books.next - 1);
    for (std::size_t leg = 0; leg < kLegsKept; ++leg) {
        ASSERT_EQ(books.ended_counts.size(), 1U) << leg;
        const bool back = leg % 2 == 1;
        apply({EventType::kRelocated, Relocated{}, ids({1}), at(back ? "SITE/1/VAULT/A" : "SITE/1/VAULT/B")});
    }
    for (std::size_t leg = 0; leg < kLegsOfChunk; ++leg)
        apply({EventType::kRelocated, Relocated{}, ids({1}), at(leg % 2 == 1 ? "SITE/1/VAULT/A" : "SITE/1/VAULT/B")});
    EXPECT_EQ(books.ended_counts.size(), 0U);
    EXPECT_EQ(books.legs.size(), 0U);
    EXPECT_TRUE(books.sites.find(1)->ended.empty());
    EXPECT_EQ(account("SITE/1/VAULT/A")->counted_by, obligation_id(100));
}

TEST_F(ApplyTest, AnAbandonedCountSetsNoFence) {
    apply({EventType::kCountOpened, CountOpened{CountKind::kSpot, {at("SITE/1/VAULT/A")}}, {}, {}, obligation_id(100)});
    Step abandoned{EventType::kCountAbandoned, CountAbandoned{obligation_id(100)}};
    abandoned.closes = {{obligation_id(100), DifferenceKind::kUnspecified, {}}};
    apply(abandoned);
    EXPECT_EQ(books.counts.size(), 0U);
    EXPECT_EQ(account("SITE/1/VAULT/A")->fence, 0);
    EXPECT_TRUE(books.sites.find(1)->counts.empty());
}

TEST_F(ApplyTest, AccountsOpenCloseAndOpenAgain) {
    const AccountId bin = at("SITE/1/VAULT/Z");
    apply({EventType::kAccountOpened, AccountOpened{bin, 5, Money{700, 0}, false, true}});
    const Micros first = now;
    EXPECT_EQ(account("SITE/1/VAULT/Z")->insured_limit_minor, 700);
    EXPECT_EQ(account("SITE/1/VAULT/Z")->capacity, 5);
    EXPECT_FALSE(account("SITE/1/VAULT/Z")->sellable);
    EXPECT_TRUE(account("SITE/1/VAULT/Z")->night_empty);
    apply({EventType::kCustodianChanged, CustodianChanged{bin, 1, 61, obligation_id(1)}});
    EXPECT_EQ(account("SITE/1/VAULT/Z")->custodian, 61U);
    apply({EventType::kAccountClosed, AccountClosed{bin}});
    EXPECT_FALSE(account("SITE/1/VAULT/Z")->opened[0].contains(now));
    EXPECT_TRUE(account("SITE/1/VAULT/Z")->opened[0].contains(first));
    apply({EventType::kAccountOpened, AccountOpened{bin, 0, std::nullopt, true, false}});
    EXPECT_EQ(account("SITE/1/VAULT/Z")->opened.size(), 2U);
    EXPECT_EQ(account("SITE/1/VAULT/Z")->insured_limit_minor, std::nullopt);
    EXPECT_EQ(account("SITE/1/VAULT/Z")->opened[1].opened_by, books.next - 1);
    EXPECT_EQ(account("SITE/1/VAULT/Z")->custodian, 0U);
}

TEST_F(ApplyTest, RolesAndPoliciesHoldFromWhenTheySay) {
    RoleGranted granted;
    granted.grant = {81, Role::kVm, 1};
    granted.from = now + kHour;
    apply({EventType::kRoleGranted, granted});
    EXPECT_FALSE(books.holds_role(81, Role::kVm, 1, now));
    EXPECT_TRUE(books.holds_role(81, Role::kVm, 1, now + kHour));
    RoleRevoked revoked;
    revoked.grant = granted.grant;
    revoked.from = now + kDay;
    apply({EventType::kRoleRevoked, revoked});
    EXPECT_TRUE(books.holds_role(81, Role::kVm, 1, now + kHour));
    EXPECT_FALSE(books.holds_role(81, Role::kVm, 1, now + 2 * kDay));

    {
        // The texts of a rule outlive the command.
        std::string when = "category:a rather long category";
        const std::vector<DocRule> rules{{"*", "2", when, {DocType::kCites}}};
        apply({EventType::kPolicySet, PolicySet{"docs.required", rules, 0, now + kDay}});
        when.assign(when.size(), '#');
    }
    apply({EventType::kPolicySet, PolicySet{"docs.required", std::vector<DocRule>{}, 0, now + kHour}});
    const auto* later = books.policy("docs.required", 1, now + kDay);
    ASSERT_NE(later, nullptr);
    EXPECT_EQ(std::get<std::vector<DocRule>>(*later).at(0).when, "category:a rather long category");
    EXPECT_TRUE(std::get<std::vector<DocRule>>(*books.policy("docs.required", 1, now + 2 * kHour)).empty());
}

TEST_F(ApplyTest, SuppliesArePostedTwice) {
    apply({EventType::kSupplyRegistered, SupplyRegistered{4, "BOX-S", "piece", 10, 50}});
    EXPECT_EQ(books.supplies.find(4)->sku, "BOX-S");
    const auto moved = [&](SupplyMove kind, const char* from, const char* to, std::int64_t quantity,
                           std::int64_t measure) {
        Step step{EventType::kSupplyMoved, SupplyMoved{kind}};
        step.lines = {{{}, 4, quantity, measure, {}, {}}};
        step.from = at(from);
        step.to = at(to);
        apply(step);
    };
    moved(SupplyMove::kReceived, "EXT/SUPPLIER/7", "SITE/1/SUPPLY", 100, 2500);
    ASSERT_EQ(effects.supplies.size(), 2U);
    EXPECT_EQ(effects.supplies[0].after.quantity, -100);
    EXPECT_EQ(effects.supplies[1].key.account, at("SITE/1/SUPPLY"));
    EXPECT_EQ(effects.supplies[1].quantity, 100);
    moved(SupplyMove::kIssued, "SITE/1/SUPPLY", "CONSUMED", 30, 700);
    moved(SupplyMove::kCountAdjust, "ADJUST", "SITE/1/SUPPLY", -5, 0);
    const SupplyBalance* balance = books.balances.find({at("SITE/1/SUPPLY"), 4});
    EXPECT_EQ(balance->quantity, 65);
    EXPECT_EQ(balance->measure, 1800);
    EXPECT_EQ(balance->last_at, now);
    EXPECT_EQ(books.balances.find({at("ADJUST"), 4})->quantity, 5);
}

TEST_F(ApplyTest, RequestsExceptionsOverridesPartiesAndPapersAreKept) {
    const Destination site{2, {}, 0};
    apply({EventType::kTransferRequested, TransferRequested{obligation_id(1), TransferPurpose::kReplenish, site}});
    apply({EventType::kTransferRequested, TransferRequested{obligation_id(2), TransferPurpose::kLoan, site}});
    apply({EventType::kTransferApproved, TransferApproved{obligation_id(1)}});
    EXPECT_TRUE(books.requests.find(obligation_id(1))->approved);
    apply({EventType::kTransferRejected, TransferRejected{obligation_id(2)}});
    EXPECT_EQ(books.requests.find(obligation_id(2)), nullptr);
    stock(1);
    TransferPacked packed;
    packed.request = obligation_id(1);
    apply({EventType::kTransferPacked, packed, ids({1}), at("SITE/1/PACK")});
    EXPECT_EQ(books.requests.size(), 0U);

    apply({EventType::kExceptionRaised, ExceptionRaised{obligation_id(5), ExceptionKind::kOverdue, "x"}});
    EXPECT_EQ(*books.exceptions.find(obligation_id(5)), books.next - 1);
    apply({EventType::kExceptionCleared, ExceptionCleared{obligation_id(5)}});
    EXPECT_EQ(books.exceptions.size(), 0U);

    apply({EventType::kLimitOverrideApproved, LimitOverrideApproved{"limit.parcel", {900, 0}, now + kDay}});
    EXPECT_EQ(books.overrides.find("limit.parcel")->at(0).allowed_minor, 900);
    apply({EventType::kPartyRegistered, PartyRegistered{33, PartyKind::kClient, "CH"}});
    EXPECT_EQ(books.party(33)->country, "CH");
    apply({EventType::kComplianceDocAttached, ComplianceDocAttached{DocType::kCites, "C-1", 0, now + kDay}, ids({1})});
    EXPECT_EQ(books.documents.find(item_id(1))->at(0).number, "C-1");
    apply({EventType::kCarnetBound, CarnetBound{"ATA-1", now + kDay}, ids({1}), {}, obligation_id(6)});
    EXPECT_EQ(books.obligations[item(1).carnet].document, "ATA-1");
}

using ApplyDeathTest = ApplyTest;

TEST_F(ApplyDeathTest, RefusesNonsenseByStopping) {
    stock(1);
    EXPECT_DEATH(apply({EventType::kSignedIn, SignedIn{}, ids({2}), at("SITE/1/VAULT/A")}), "");
    EXPECT_DEATH(apply({EventType::kRelocated, Relocated{}, ids({1}), at("SITE/1/VAULT/A")}), "");
    EXPECT_DEATH(apply({EventType::kRelocated, Relocated{}, ids({1}), at("SITE/1/VAULT/NEVER-OPENED")}), "");
    EXPECT_DEATH(apply({EventType::kSignedOut, signed_out(), ids({1}), at("SITE/1/PERSON/71")}), "");
}

}  // namespace
}  // namespace daybook::custody
