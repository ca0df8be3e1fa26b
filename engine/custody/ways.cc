#include "engine/custody/internal/ways.h"

#include "engine/base/assert.h"

namespace daybook::custody {
namespace {

constexpr PartyId kSomebody = ~PartyId{0};  // a party that the sender will name: one that no limit is set for
constexpr std::string_view kSomeNumber = "-";

const Obligation* obligation(const Books& books, std::uint32_t slot) {
    return slot == 0 ? nullptr : &books.obligations[slot];
}

// Whoever the piece is held for may have it.
PartyId taker(const Books& books, const Item* item) {
    if (item == nullptr) return kSomebody;
    for (const std::uint32_t slot : {item->delivery, item->reservation}) {
        if (slot != 0) return books.obligations[slot].party;
    }
    return kSomebody;
}

AccountId outside(AccountClass kind, PartyId party) { return numbered_account(kind, party); }

std::vector<Way> dispatches(const Books& books, const Item* item) {
    const auto to = [&](std::string_view name, const AccountId& account, PartyId party, MemoPurpose memo) {
        TransferDispatched dispatched;
        dispatched.dest.account = account;
        dispatched.dest.party = party;
        dispatched.memo_purpose = memo;
        return Way{name, dispatched, {}};
    };
    const bool clients = item != nullptr && item->owner.kind == OwnerKind::kClient;
    const bool vendors = item != nullptr && item->owner.kind == OwnerKind::kVendor;
    const AccountId memo = *named_account(AccountClass::kExtMemo, kSomeNumber);
    TransferDispatched to_site;
    to_site.dest.site = item == nullptr ? 1 : item->account.site + 1;
    return {{"to another site", to_site, {}},
            to("on memo", memo, taker(books, item), MemoPurpose::kExhibition),
            to("on approval", memo, taker(books, item), MemoPurpose::kOnApproval),
            to("to its owner", outside(AccountClass::kExtClient, clients ? item->owner.id : kSomebody), 0, {}),
            to("to a supplier", outside(AccountClass::kExtSupplier, vendors ? item->owner.id : kSomebody), 0, {}),
            to("to a workshop", outside(AccountClass::kExtWorkshop, kSomebody), 0, {})};
}

std::vector<Way> sign_outs() {
    const auto out = [](std::string_view name, SignOutPurpose purpose, State to) {
        return Way{name, SignedOut{purpose, 0, 0}, {}, bit(to)};
    };
    return {out("to a showcase", SignOutPurpose::kDisplay, State::kD),
            out("to be presented", SignOutPurpose::kPresentation, State::kP),
            out("to a person", SignOutPurpose::kPhoto, State::kP)};
}

std::vector<Way> memos(const Books& books, const Item* item) {
    const auto on = [&](std::string_view name, MemoPurpose purpose) {
        return Way{name, MemoOutIssued{kSomeNumber, taker(books, item), purpose, 0, {}}, {}};
    };
    return {on("on approval", MemoPurpose::kOnApproval), on("for an event or the press", MemoPurpose::kExhibition),
            on("to the trade", MemoPurpose::kTrade)};
}

std::vector<Way> sales(const Books& books, const Item* item) {
    const auto sale = [&](std::string_view name, Handover handover) {
        SaleCompleted sold;
        sold.party = taker(books, item);
        sold.handover = handover;
        return Way{name, sold, {}};
    };
    return {sale("handed over now", Handover::kNow), sale("handed over later", Handover::kLater)};
}

ItemRegistered registration(Origin origin, OwnerKind owner) {
    ItemRegistered registered;
    registered.origin = origin;
    registered.owner = {owner, owner == OwnerKind::kUnknown ? 0 : kSomebody};
    return registered;
}

TitleTransferred title(const Books& books, const Item* item) {
    if (item == nullptr) return {};
    const bool house = item->owner.kind == OwnerKind::kHouse;
    return {item->owner, house ? Owner{OwnerKind::kVendor, kSomebody} : Owner{OwnerKind::kHouse, books.entity}};
}

TransferReceived receipt(const Books& books, const Item* item) {
    if (item == nullptr || item->parcel == 0) return {};
    return {books.parcels[item->parcel].seal, true};
}

// One that can be resolved before one that cannot.
ObligationRef dispute(const Books& books, const Item* item) {
    if (item == nullptr) return {};
    const auto* open = books.disputes.find(item->id);
    if (open != nullptr && !open->empty()) return books.obligations[open->front()].ref;
    return item->state() == State::kS && item->hold != 0 ? books.obligations[item->hold].ref : ObligationRef{};
}

ObligationRef outsiders_claim(const Books& books, const Item* item) {
    if (item == nullptr) return {};
    for (const std::uint32_t slot : {item->reservation, item->delivery, item->repair, item->carnet}) {
        if (const Obligation* open = obligation(books, slot)) return open->ref;
    }
    return {};
}

// The payload of an event that can be meant in one way only.
Payload only_payload(EventType type, const Books& books, const Item* item) {
    switch (type) {
        case EventType::kItemAmended: return ItemAmended{AmendedField::kDescription, {}, 0, {}};
        case EventType::kIdentityResolved: return IdentityResolved{true, {}};
        case EventType::kItemDecommissioned: return ItemDecommissioned{};
        case EventType::kGoodsReceived: return GoodsReceived{true};
        case EventType::kMemoInReceived: return MemoInReceived{item == nullptr ? kSomebody : item->owner.id, 0};
        case EventType::kReceivedFromClient: return ReceivedFromClient{ReceivedPurpose::kReturn};
        case EventType::kPutAway: return PutAway{};
        case EventType::kSignedIn: return SignedIn{};
        case EventType::kHandedOver: return HandedOver{};
        case EventType::kRelocated: return Relocated{};
        case EventType::kMovedToHold: return MovedToHold{HoldReason::kQa};
        case EventType::kDiscrepancyOpened: return DiscrepancyOpened{DifferenceKind::kCondition};
        case EventType::kDiscrepancyResolved:
            return DiscrepancyResolved{dispute(books, item), DiscrepancyOutcome::kFound};
        case EventType::kDeclaredMissing: return DeclaredMissing{};
        case EventType::kItemRecovered: return ItemRecovered{};
        case EventType::kLossDeclared: return LossDeclared{LossKind::kUnexplained, false};
        case EventType::kObligationSettled: return ObligationSettled{outsiders_claim(books, item)};
        case EventType::kTransferPacked: return TransferPacked{taker(books, item), {}, kSomeNumber, kSomeNumber};
        case EventType::kTransferUnpackedBeforeDispatch: return TransferUnpackedBeforeDispatch{};
        case EventType::kInboundDispatched: return InboundDispatched{kSomebody, TransferPurpose::kSupply, 0};
        case EventType::kTransferReceived: return receipt(books, item);
        case EventType::kTransferExceptionRecorded: return TransferExceptionRecorded{DifferenceKind::kDamaged};
        case EventType::kTransferReturned: return TransferReturned{};
        case EventType::kTransferDelivered: {
            const Obligation* transfer =
                item != nullptr && item->state() == State::kT ? obligation(books, item->hold) : nullptr;
            return TransferDelivered{transfer != nullptr && transfer->party != 0 ? transfer->party : kSomebody, 0};
        }
        case EventType::kTransferVoided: return TransferVoided{};
        case EventType::kMemoExtended: return MemoExtended{};
        case EventType::kMemoReturned: return MemoReturned{};
        case EventType::kMemoInPurchased: return MemoInPurchased{};
        case EventType::kTitleTransferred: return title(books, item);
        case EventType::kRepairOpened: return RepairOpened{taker(books, item), 0};
        case EventType::kRepairAuthorised: return RepairAuthorised{};
        case EventType::kRepairDeclined: return RepairDeclined{};
        case EventType::kRepairWorkRecorded: return RepairWorkRecorded{};
        case EventType::kReturnedFromWorkshop: return ReturnedFromWorkshop{};
        case EventType::kReleasedToClient: return ReleasedToClient{};
        case EventType::kInspectionRecorded: return InspectionRecorded{InspectionPhase::kStock, Verdict::kPass};
        case EventType::kQuarantineSet: return QuarantineSet{};
        case EventType::kQuarantineReleased: return QuarantineReleased{};
        case EventType::kDamageRecorded: return DamageRecorded{};
        case EventType::kReservationPlaced: return ReservationPlaced{taker(books, item), 0, {}};
        case EventType::kReservationReleased: return ReservationReleased{};
        case EventType::kSaleReturned: return SaleReturned{};
        case EventType::kCarnetBound: return CarnetBound{kSomeNumber, 0};
        case EventType::kCarnetReleased: return CarnetReleased{};
        case EventType::kComplianceDocAttached: return ComplianceDocAttached{};
        default: DAYBOOK_UNREACHABLE();
    }
}

}  // namespace

std::vector<Way> ways_of(EventType type, const Books& books, const Item* item) {
    switch (type) {
        case EventType::kItemRegistered:
            return {{"from a supplier", registration(Origin::kSupplier, OwnerKind::kVendor), {}},
                    {"of a client", registration(Origin::kClient, OwnerKind::kClient), {}},
                    {"found", registration(Origin::kFound, OwnerKind::kUnknown), {}}};
        case EventType::kReceiptDiscrepancyRecorded:
            return {{"it never came", ReceiptDiscrepancyRecorded{DifferenceKind::kShort}, {}},
                    {"it came, not as it should", ReceiptDiscrepancyRecorded{DifferenceKind::kDamaged}, {}}};
        case EventType::kSignedOut: return sign_outs();
        case EventType::kTransferDispatched: return dispatches(books, item);
        case EventType::kMemoOutIssued: return memos(books, item);
        case EventType::kSentToWorkshop:
            return {{"outside", SentToWorkshop{kSomebody, 0}, {}}, {"our own", SentToWorkshop{0, 0}, {}}};
        case EventType::kSaleCompleted: return sales(books, item);
        default: return {{"", only_payload(type, books, item), {}}};
    }
}

}  // namespace daybook::custody
