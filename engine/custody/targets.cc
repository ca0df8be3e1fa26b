// Where the lines of a command go, and what the matrix says of it.
#include "engine/custody/internal/case.h"

namespace daybook::custody {
namespace {

constexpr std::string_view loss_name(LossKind kind) {
    switch (kind) {
        case LossKind::kTheft: return "THEFT";
        case LossKind::kLostInTransit: return "LOST_IN_TRANSIT";
        case LossKind::kDestroyed: return "DESTROYED";
        case LossKind::kUnexplained:
        case LossKind::kUnspecified: break;
    }
    return "UNEXPLAINED";
}

AccountId registered_target(const Case& c) {
    const auto& payload = c.payload<ItemRegistered>();
    switch (payload.origin) {
        case Origin::kSupplier:
            return payload.owner.kind == OwnerKind::kVendor
                       ? numbered_account(AccountClass::kExtSupplier, payload.owner.id)
                       : AccountId{};
        case Origin::kClient:
            return payload.owner.kind == OwnerKind::kClient
                       ? numbered_account(AccountClass::kExtClient, payload.owner.id)
                       : AccountId{};
        case Origin::kFound: return site_account(AccountClass::kSuspenseFound, c.command.site);
        case Origin::kOpening:
        case Origin::kUnspecified: break;
    }
    return {};
}

AccountId signed_out_target(const Case& c) {
    const auto& payload = c.payload<SignedOut>();
    if (payload.purpose == SignOutPurpose::kDisplay) return {};
    if (payload.purpose == SignOutPurpose::kWindow) return site_account(AccountClass::kSiteWindow, c.command.site);
    return payload.recipient == 0 ? AccountId{}
                                  : numbered_account(AccountClass::kSitePerson, payload.recipient, c.command.site);
}

}  // namespace

AccountId default_target(const Case& c, const Item* item) {
    const SiteId site = c.command.site;
    switch (c.command.type) {
        case EventType::kItemRegistered: return registered_target(c);
        case EventType::kGoodsReceived:
        case EventType::kMemoInReceived:
        case EventType::kReceivedFromClient:
        case EventType::kMovedToHold:
        case EventType::kTransferReceived:
        case EventType::kTransferReturned:
        case EventType::kMemoReturned:
        case EventType::kSaleReturned:
        case EventType::kReturnedFromWorkshop:
        case EventType::kItemRecovered: return site_account(AccountClass::kSiteHold, site);
        case EventType::kSignedOut: return signed_out_target(c);
        case EventType::kTransferPacked:
        case EventType::kTransferVoided: return site_account(AccountClass::kSitePack, site);
        case EventType::kTransferDispatched:
        case EventType::kInboundDispatched: return transit_account(c.command.obligation);
        case EventType::kTransferDelivered: {
            const bool in_transit = item != nullptr && item->state() == State::kT && item->hold != 0;
            return in_transit ? c.pieces.obligations[item->hold].to_account : AccountId{};
        }
        case EventType::kMemoOutIssued:
            return named_account(AccountClass::kExtMemo, c.payload<MemoOutIssued>().memo).value_or(AccountId{});
        case EventType::kSaleCompleted:
            return numbered_account(AccountClass::kExtClient, c.payload<SaleCompleted>().party);
        case EventType::kSentToWorkshop: {
            const PartyId workshop = c.payload<SentToWorkshop>().workshop;
            return workshop == 0 ? site_account(AccountClass::kSiteWorkshopInt, site)
                                 : numbered_account(AccountClass::kExtWorkshop, workshop);
        }
        case EventType::kReleasedToClient: {
            // A piece of another's is refused by its title, later on.
            const bool clients = item != nullptr && item->owner.kind == OwnerKind::kClient;
            return numbered_account(AccountClass::kExtClient, clients ? item->owner.id : 0);
        }
        case EventType::kDeclaredMissing: return site_account(AccountClass::kSuspenseMissing, site);
        case EventType::kLossDeclared:
            return *named_account(AccountClass::kLoss, loss_name(c.payload<LossDeclared>().kind));
        case EventType::kIdentityResolved:
            return c.payload<IdentityResolved>().keep ? site_account(AccountClass::kSiteHold, site)
                                                      : plain_account(AccountClass::kGone);
        case EventType::kItemDecommissioned: return plain_account(AccountClass::kGone);
        default: return {};
    }
}

bool must_name_target(const Case& c) {
    switch (c.command.type) {
        case EventType::kPutAway:
        case EventType::kSignedIn:
        case EventType::kHandedOver:
        case EventType::kRelocated:
        case EventType::kTransferUnpackedBeforeDispatch: return true;
        case EventType::kSignedOut: return signed_out_target(c).empty();
        case EventType::kItemRegistered: return registered_target(c).empty();
        case EventType::kMemoOutIssued: return !named_account(AccountClass::kExtMemo, c.payload<MemoOutIssued>().memo);
        default: return false;
    }
}

Cell cell_of(const Command& command, const Item* item) {
    const State state = item == nullptr ? State::kX0 : item->state();
    switch (command.type) {
        case EventType::kSaleCompleted:
            if (std::get<SaleCompleted>(command.payload).handover == Handover::kLater) {
                return cell(EventVariant::kSaleCompletedHandoverLater, state);
            }
            break;
        case EventType::kSaleReturned:
            if (item == nullptr) break;
            // What the house has sold and still has in hold, or sold for later delivery, goes nowhere.
            if (state == State::kR && item->sold_by != 0)
                return cell(EventVariant::kSaleReturnedTheHouseSoldThePiece, state);
            if (item->delivery != 0) return cell(EventVariant::kSaleReturnedSoldHeld, state);
            if (state == State::kX2 && item->sold_by == 0) return {0, RefusalCode::kNotSold, false};
            break;
        case EventType::kReceiptDiscrepancyRecorded: {
            // SHORT: it never came. Anything else: it is in hold.
            const bool missing = std::get<ReceiptDiscrepancyRecorded>(command.payload).kind == DifferenceKind::kShort;
            if (state == (missing ? State::kR : State::kX1)) return {0, info(state).error, false};
            break;
        }
        default: break;
    }
    const LineKind lines = info(command.type).lines;
    if (lines != LineKind::kMove && lines != LineKind::kItem && lines != LineKind::kItemOptional) return {};
    return cell(command.type, state);
}

const AccountId& supply_account(const Case& c, const LineCase& line) {
    const auto kind = c.payload<SupplyMoved>().kind;
    return kind == SupplyMove::kIssued || kind == SupplyMove::kScrapped ? line.from : line.to;
}

}  // namespace daybook::custody
