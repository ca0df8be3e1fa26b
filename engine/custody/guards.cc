// Flags and title: what forbids an event to a piece that is where it should be.
#include "engine/custody/internal/checks.h"

namespace daybook::custody {
namespace {

bool dispatched_on_memo(const Case& c) { return c.dispatched_to() == State::kM; }

// SignedOut to be shown or offered; anything that gives the piece away; a bin from which it could be sold.
bool barred_by_quarantine(const Case& c, const LineCase& line) {
    switch (c.command.type) {
        case EventType::kSignedOut: {
            const SignOutPurpose purpose = c.payload<SignedOut>().purpose;
            return purpose == SignOutPurpose::kDisplay || purpose == SignOutPurpose::kWindow ||
                   purpose == SignOutPurpose::kPresentation || state_of(line.to.kind) == State::kD;
        }
        case EventType::kMemoOutIssued:
        case EventType::kSaleCompleted:
        case EventType::kReleasedToClient: return true;
        case EventType::kTransferDispatched: return dispatched_on_memo(c);
        case EventType::kPutAway: return line.to_account == nullptr || line.to_account->sellable;
        default: return false;
    }
}

std::string_view verdict_text(Verdict verdict) {
    switch (verdict) {
        case Verdict::kPass: return "PASS";
        case Verdict::kConditional: return "CONDITIONAL";
        case Verdict::kFail: return "FAIL";
        case Verdict::kNone: break;
    }
    return "none";
}

bool lacks_verdict(const Case& c, const Item& item) {
    if (c.is(EventType::kPutAway)) return item.verdict == Verdict::kNone || item.verdict == Verdict::kFail;
    return c.is(EventType::kReleasedToClient) && item.verdict != Verdict::kPass && !item.has(kRepairDeclined);
}

// For whom the event takes the piece, where a hold for somebody else forbids that.
std::optional<PartyId> taker(const Case& c) {
    switch (c.command.type) {
        case EventType::kSaleCompleted: return c.payload<SaleCompleted>().party;
        case EventType::kMemoOutIssued: return c.payload<MemoOutIssued>().party;
        case EventType::kTransferPacked: return c.payload<TransferPacked>().for_party;
        case EventType::kTransferDispatched:
            return dispatched_on_memo(c) ? std::optional(c.payload<TransferDispatched>().dest.party) : std::nullopt;
        default: return std::nullopt;
    }
}

Fault check_held(const Case& c, std::size_t i) {
    const Item& item = *c.lines[i].item;
    if (item.reservation == 0 && item.delivery == 0) return std::nullopt;
    const bool second = c.is(EventType::kReservationPlaced);
    const auto party = taker(c);
    if (!second && !party) return std::nullopt;
    for (const std::uint32_t slot : {item.reservation, item.delivery}) {
        const Obligation* held = c.obligation(slot);
        if (held == nullptr || (!second && held->party == *party)) continue;
        const char* how = slot == item.delivery ? "it is sold to another" : "it is held for another";
        return blocked_by(refuse_line(c, i, RefusalCode::kReserved,
                                      std::string(second ? "it is held already" : how) + " by " + describe(*held) +
                                          (slot == item.delivery ? "; hand it over or take the sale back (SaleReturned)"
                                                                 : "; release that first (ReservationReleased)")),
                          *held);
    }
    return std::nullopt;
}

bool barred_by_carnet(const Case& c) {
    switch (c.command.type) {
        case EventType::kSaleCompleted: return true;
        case EventType::kMemoOutIssued: return c.payload<MemoOutIssued>().purpose == MemoPurpose::kOnApproval;
        case EventType::kTransferDispatched:
            return dispatched_on_memo(c) && c.payload<TransferDispatched>().memo_purpose == MemoPurpose::kOnApproval;
        default: return false;
    }
}

Fault check_line_flags(const Case& c, std::size_t i) {
    const LineCase& line = c.lines[i];
    if (line.item == nullptr) return std::nullopt;
    const Item& item = *line.item;
    if (item.has(kQuarantined) && barred_by_quarantine(c, line)) {
        return refuse_line(
            c, i, RefusalCode::kQuarantined,
            std::string(c.event.name) + " is refused, it is in quarantine; release it first (QuarantineReleased)");
    }
    if (lacks_verdict(c, item)) {
        return refuse_line(c, i, RefusalCode::kQaPending,
                           std::string(c.event.name) + " is refused, its last verdict is " +
                               std::string(verdict_text(item.verdict)) + "; inspect it first (InspectionRecorded)");
    }
    if (Fault fault = check_held(c, i)) return fault;
    const Obligation* carnet = c.obligation(item.carnet);
    if (carnet != nullptr && barred_by_carnet(c)) {
        return blocked_by(refuse_line(c, i, RefusalCode::kCarnetBound,
                                      std::string(c.event.name) + " is refused, it is bound by " + describe(*carnet) +
                                          "; bring it back and release it first (CarnetReleased)"),
                          *carnet);
    }
    return std::nullopt;
}

// ---- Title ----

bool signed_by_client(const Case& c) {
    for (const Doc& doc : c.command.docs) {
        if (doc.type == DocType::kClientSignedBasis) return true;
    }
    return false;
}

bool is(const Owner& owner, OwnerKind kind, std::uint64_t id) { return owner.kind == kind && owner.id == id; }

// Who must own a piece that goes to an outside account; empty: he does.
std::string wrong_owner_for(State to, const AccountId& account, const Case& c, const Owner& owner) {
    switch (to) {
        case State::kM:
            return is(owner, OwnerKind::kHouse, c.command.entity) ? "" : "a memo is of the house's own pieces";
        case State::kX2:
            return is(owner, OwnerKind::kClient, account.number())
                       ? ""
                       : "only a client's own piece goes to him by a transfer";
        case State::kX1: {
            const bool others =
                owner.kind == OwnerKind::kClient || (owner.kind == OwnerKind::kVendor && owner.id != account.number());
            return others ? "a client's or another vendor's piece does not go there" : "";
        }
        default: return "";
    }
}

// What is wrong with a piece's title for this event; empty: nothing.
std::string wrong_owner(const Case& c, const LineCase& line) {
    const Owner& owner = line.item->owner;
    const bool house = is(owner, OwnerKind::kHouse, c.command.entity);
    switch (c.command.type) {
        case EventType::kSaleCompleted:
        case EventType::kMemoOutIssued:
        case EventType::kItemDecommissioned:
            return house ? ""
                         : "the event asks for HOUSE:" + std::to_string(c.command.entity) +
                               "; pass the title first (MemoInPurchased, TitleTransferred)";
        case EventType::kSaleReturned:
            return line.item->sold_by == c.command.entity
                       ? ""
                       : "it was sold by entity " + std::to_string(line.item->sold_by) + ", which alone takes it back";
        case EventType::kReleasedToClient:
            return owner.kind == OwnerKind::kClient ? "" : "only a client's piece is released to him";
        case EventType::kMemoInReceived: {
            const PartyId vendor = c.payload<MemoInReceived>().vendor;
            return is(owner, OwnerKind::kVendor, vendor)
                       ? ""
                       : "goods on memo belong to their vendor, VENDOR:" + std::to_string(vendor);
        }
        case EventType::kMemoInPurchased:
            return owner.kind == OwnerKind::kVendor ? "" : "only a vendor's piece is bought from memo";
        case EventType::kTitleTransferred: {
            const Owner& from = c.payload<TitleTransferred>().from;
            if (!(owner == from)) return "the title cannot pass from " + describe(from);
            const bool basis = owner.kind != OwnerKind::kClient || signed_by_client(c);
            return basis ? ""
                         : "a client's title passes only on a document that the client has signed; add it to docs "
                           "(CLIENT_SIGNED)";
        }
        case EventType::kTransferDispatched: {
            const auto to = c.dispatched_to();
            return to ? wrong_owner_for(*to, c.payload<TransferDispatched>().dest.account, c, owner) : "";
        }
        case EventType::kTransferDelivered:
            return state_of(line.to.kind) == State::kX2 ? wrong_owner_for(State::kX2, line.to, c, owner) : "";
        default: return "";
    }
}

}  // namespace

Fault check_flags(const Case& c) {
    for (std::size_t i = 0; i < c.lines.size(); ++i) {
        if (Fault fault = check_line_flags(c, i)) return fault;
    }
    return std::nullopt;
}

Fault check_held_once(const Case& c) {
    if (!c.is(EventType::kReservationPlaced)) return std::nullopt;
    for (std::size_t i = 0; i < c.lines.size(); ++i) {
        if (c.lines[i].item == nullptr) continue;
        if (Fault fault = check_held(c, i)) return fault;
    }
    return std::nullopt;
}

Fault check_title(const Case& c) {
    for (std::size_t i = 0; i < c.lines.size(); ++i) {
        const LineCase& line = c.lines[i];
        if (line.item == nullptr) continue;
        if (std::string wrong = wrong_owner(c, line); !wrong.empty()) {
            return refuse_line(
                c, i, RefusalCode::kNotOwned,
                std::string(c.event.name) + " is refused, its owner is " + describe(line.item->owner) + ": " + wrong);
        }
    }
    return std::nullopt;
}

}  // namespace daybook::custody
