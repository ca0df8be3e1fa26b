// Structure: does the piece exist, is it as the caller knows it, may the event happen to it where it is, and may it go
// where it is to go. What these checks admit stays legal in the piece's chain for ever.
#include <string>

#include "engine/custody/internal/checks.h"
#include "engine/custody/past.h"

namespace daybook::custody {
namespace {

// What a refusal by the state of a piece says, and what to do.
std::string_view advice(RefusalCode code) {
    switch (code) {
        case RefusalCode::kUnknownItem: return "it is not registered; register it first (ItemRegistered)";
        case RefusalCode::kDuplicateItem: return "it is registered already; an item id is used once and for ever";
        case RefusalCode::kNotReceived:
            return "it has not been received from its supplier; receive it first (GoodsReceived, MemoInReceived)";
        case RefusalCode::kWithClient:
            return "it is with a client; receive it first (ReceivedFromClient, SaleReturned, InboundDispatched)";
        case RefusalCode::kQaPending:
            return "it waits in hold; inspect it and put it away first (InspectionRecorded, PutAway)";
        case RefusalCode::kNotOut: return "it is in the vault; sign it out first (SignedOut)";
        case RefusalCode::kAlreadyOut:
            return "it is out already; sign it in first (SignedIn), or hand it over (HandedOver)";
        case RefusalCode::kPacked:
            return "it is packed; unpack it first (TransferUnpackedBeforeDispatch), or dispatch it "
                   "(TransferDispatched)";
        case RefusalCode::kInTransit:
            return "it is in transit; receive it first (TransferReceived), or end the transfer (TransferReturned, "
                   "TransferDelivered, TransferVoided)";
        case RefusalCode::kOnMemo:
            return "it is out on memo; take it back first (MemoReturned, InboundDispatched), or sell it";
        case RefusalCode::kInRepair:
            return "it is in a workshop; take it back first (ReturnedFromWorkshop, InboundDispatched)";
        case RefusalCode::kMissing:
            return "it is declared missing; recover it first (ItemRecovered), or declare the loss (LossDeclared)";
        case RefusalCode::kUnidentified:
            return "it was found and is not identified; identify it first (IdentityResolved)";
        case RefusalCode::kWrittenOff: return "it is written off; recover it first (ItemRecovered)";
        case RefusalCode::kDecommissioned: return "it is decommissioned; nothing can happen to it any more";
        case RefusalCode::kAlreadyIn:
            return "it is put away already; move it with Relocated, or sign it out (SignedOut)";
        case RefusalCode::kAlreadyReceived: return "it was received already; there is nothing to receive";
        case RefusalCode::kAlreadyIdentified: return "it is identified already";
        case RefusalCode::kNotWithClient:
            return "it is not with a client; receive it as what it is (GoodsReceived, MemoReturned, TransferReceived)";
        case RefusalCode::kNotOutside: return "it is not with an outside party, who alone can send it in";
        case RefusalCode::kNotPacked: return "it is not packed; pack it first (TransferPacked)";
        case RefusalCode::kNotInTransit:
            return "it is not in transit; dispatch it first (TransferDispatched, InboundDispatched)";
        case RefusalCode::kNotOnMemo: return "it is not on memo";
        case RefusalCode::kNotInRepair: return "it is not in a workshop; send it first (SentToWorkshop)";
        case RefusalCode::kNotMissing: return "it is not missing; declare it missing first (DeclaredMissing)";
        case RefusalCode::kNotSold: return "the house has not sold it, so that it cannot come back as a sale";
        default: return "the event is not legal here";
    }
}

Refusal refuse_state(const Case& c, std::size_t i, RefusalCode code) {
    const Item* item = c.lines[i].item;
    std::string message = std::string(c.event.name) + " is refused, " + std::string(advice(code));
    const Obligation* holding = item == nullptr ? nullptr : c.holding(*item);
    if (holding != nullptr) message += ". It is held by " + describe(*holding);
    Refusal refusal = refuse_line(c, i, code, std::move(message));
    if (holding != nullptr) {
        refusal.obligation = holding->ref;
        refusal.document = holding->document;
        refusal.until = holding->due_at;
    }
    return refusal;
}

// Of a late fact the piece is asked for as it was then, of a corrective as it is now.
const Item* real_item(const Case& c, const ItemId& id) {
    return is_corrective(c) ? c.books.items.find(id) : c.pieces.items.find(id);
}

// The piece that a found one turns out to be has to be inside.
Fault check_real_item(const Case& c, std::size_t i) {
    const auto& payload = c.payload<IdentityResolved>();
    if (payload.keep || c.part) return std::nullopt;
    const Item* real = real_item(c, payload.real);
    const State state = real->state();
    if (info(state).inside) return std::nullopt;
    Refusal refusal =
        refuse_line(c, i, info(state).error,
                    "it cannot be piece " + payload.real.text() + ", which is in " + real->account.path() + " since " +
                        format_time(real->since) + ": " + std::string(advice(info(state).error)));
    refusal.event = real->since_event;
    return refusal;
}

Fault check_state(const Case& c, std::size_t i) {
    const LineCase& line = c.lines[i];
    if (!line.cell.legal()) return refuse_state(c, i, line.cell.refusal);
    if (c.is(EventType::kIdentityResolved)) return check_real_item(c, i);
    if (c.is(EventType::kDiscrepancyResolved)) {
        const Obligation* discrepancy = c.pieces.find_open(c.payload<DiscrepancyResolved>().discrepancy);
        if (discrepancy == nullptr || !discrepancy->by_declared_missing) return std::nullopt;
        return refuse_state(c, i, RefusalCode::kMissing);
    }
    return std::nullopt;
}

Fault check_from(const Case& c, std::size_t i) {
    const LineCase& line = c.lines[i];
    const AccountId holder = line.item == nullptr ? plain_account(AccountClass::kOrigin) : line.item->account;
    if (line.from == holder) return std::nullopt;
    return refuse_line(c, i, RefusalCode::kWrongAccount,
                       "it is not in " + line.from.path() +
                           ", from which the command would move it; name the account where it is, or none");
}

// TransferReceived, Returned, Delivered and Voided end a transfer where it may end. The cell has seen that there is
// one.
Fault check_destination(const Case& c, std::size_t i) {
    const EventType type = c.command.type;
    const bool received = type == EventType::kTransferReceived;
    const bool delivered = type == EventType::kTransferDelivered;
    if (!received && !delivered && type != EventType::kTransferReturned && type != EventType::kTransferVoided)
        return std::nullopt;
    const Obligation& transfer = *c.transfer(c.lines[i]);
    const bool outbound = transfer.origin != 0;
    const std::string to =
        transfer.to_site != 0 ? "site " + std::to_string(transfer.to_site) : transfer.to_account.path();
    std::string wrong;
    if (received) {
        if (transfer.to_site != c.command.site || transfer.to_site == 0)
            wrong = "its transfer goes to " + to + "; let it be received there";
    } else if (!outbound) {
        wrong = "it is on its way in to " + to + " and can only be received there (TransferReceived)";
    } else if (delivered) {
        const PartyId party = c.payload<TransferDelivered>().party;
        if (transfer.to_account.empty())
            wrong = "its transfer goes to " + to + ", where it is received (TransferReceived), not delivered";
        else if (c.lines[i].to != transfer.to_account)
            wrong = "its transfer goes to " + to + ", not to " + c.lines[i].to.path();
        else if (party != 0 && transfer.party != 0 && party != transfer.party)
            wrong =
                "its transfer is for party " + std::to_string(transfer.party) + ", not for " + std::to_string(party);
    } else if (transfer.origin != c.command.site) {
        wrong = "its transfer left site " + std::to_string(transfer.origin) + ", to which alone it can go back";
    }
    if (wrong.empty()) return std::nullopt;
    return blocked_by(refuse_line(c, i, RefusalCode::kWrongDest, wrong + ". It is in " + describe(transfer)), transfer);
}

Refusal refuse_target(const Case& c, std::size_t i, std::string why) {
    Refusal refusal = refuse_line(c, i, RefusalCode::kWrongTarget, std::move(why));
    return refusal;
}

// What the payload says of where the piece goes, and the account named, must be one.
std::string contradiction(const Case& c, const LineCase& line) {
    const AccountId& to = line.to;
    switch (c.command.type) {
        case EventType::kTransferDispatched:
        case EventType::kInboundDispatched:
        case EventType::kLossDeclared:
        case EventType::kIdentityResolved: {
            const AccountId wanted = default_target(c, line.item);
            const bool same = c.is(EventType::kIdentityResolved) ? to.kind == wanted.kind : to == wanted;
            return same ? "" : "the event moves it to " + wanted.path();
        }
        case EventType::kMemoOutIssued: {
            const auto wanted = named_account(AccountClass::kExtMemo, c.payload<MemoOutIssued>().memo);
            return !wanted || *wanted == to ? "" : "the memo's account is " + wanted->path();
        }
        case EventType::kSentToWorkshop: {
            const PartyId workshop = c.payload<SentToWorkshop>().workshop;
            const bool same = workshop == 0 || to.kind != AccountClass::kExtWorkshop || to.number() == workshop;
            return same ? ""
                        : "the workshop's account is " + numbered_account(AccountClass::kExtWorkshop, workshop).path();
        }
        case EventType::kSignedOut: {
            const Principal recipient = c.payload<SignedOut>().recipient;
            const bool same = recipient == 0 || to.kind != AccountClass::kSitePerson || to.number() == recipient;
            return same ? "" : "the recipient is person " + std::to_string(recipient);
        }
        default: return "";
    }
}

std::string classes_text(StateSet targets) {
    std::string text;
    for (const AccountClassInfo& row : kAccountClasses) {
        if (row.state && contains(targets, *row.state)) text += (text.empty() ? "" : ", ") + std::string(row.name);
    }
    return text;
}

Fault check_target(const Case& c, std::size_t i) {
    const LineCase& line = c.lines[i];
    if (c.is(EventType::kTitleTransferred)) {
        const auto& payload = c.payload<TitleTransferred>();
        if (!(payload.to == line.item->owner)) return std::nullopt;
        return refuse_target(c, i, describe(payload.to) + " is its owner already");
    }
    if (c.is(EventType::kTransferDispatched)) {
        const auto to = c.dispatched_to();
        const bool outside = to == State::kM || to == State::kX2 || to == State::kX1 || to == State::kW;
        const AccountId& account = c.payload<TransferDispatched>().dest.account;
        if (to && (!outside || account.must_be_opened()))
            return refuse_target(c, i, "dest " + account.path() + " is no account of an outside party");
    }
    if (!line.leg) return std::nullopt;
    const auto state = state_of(line.to.kind);
    if (line.to.empty() || !state || !contains(line.cell.targets, *state)) {
        return refuse_target(c, i,
                             std::string(c.event.name) + " cannot move it to " +
                                 (line.to.empty() ? "nowhere" : line.to.path()) + "; it moves a piece to " +
                                 classes_text(line.cell.targets));
    }
    if (line.to == line.from) return refuse_target(c, i, "it is there already; name another account");
    if (c.is(EventType::kRelocated) && *state != line.state()) {
        return refuse_target(
            c, i,
            "Relocated cannot move it to " + line.to.path() + "; it stays within " + classes_text(bit(line.state())));
    }
    if (c.is(EventType::kPutAway) && !c.part) {  // asked once: its title may change in retrospect
        const bool clients = line.item->owner.kind == OwnerKind::kClient;
        if (clients != (line.to.kind == AccountClass::kSiteCom)) {
            return refuse_target(c, i,
                                 "it is titled to " + describe(line.item->owner) + ", and " +
                                     (clients ? "a client's piece goes to a COM account"
                                              : "only a client's piece goes to a COM account"));
        }
    }
    if (std::string wrong = contradiction(c, line); !wrong.empty())
        return refuse_target(c, i, "it cannot go to " + line.to.path() + ": " + wrong);
    return std::nullopt;
}

Refusal not_open(const Case& c, std::size_t i, const std::string& what) {
    return refuse_line(c, i, RefusalCode::kNoObligation, what);
}

// What the event needs or ends is open.
Fault check_needed(const Case& c, std::size_t i) {
    const Item& item = *c.lines[i].item;
    const auto need = [&](std::uint32_t slot, const char* what, const char* how) -> Fault {
        if (slot != 0) return std::nullopt;
        return not_open(c, i, std::string("no ") + what + " is open on it; " + how);
    };
    switch (c.command.type) {
        case EventType::kSentToWorkshop: return need(item.repair, "REPAIR", "open one first (RepairOpened)");
        case EventType::kTransferDispatched:
            return c.dispatched_to() == State::kW ? need(item.repair, "REPAIR", "open one first (RepairOpened)")
                                                  : std::nullopt;
        case EventType::kTransferPacked: {
            const ObligationId& request = c.payload<TransferPacked>().request;
            if (c.part || request.empty() || c.books.requests.find(request) != nullptr) return std::nullopt;
            // The one that its target was packed for.
            const auto* target =
                is_corrective(c) ? std::get_if<TransferPacked>(&c.context.past->correction->target.command->payload)
                                 : nullptr;
            if (target != nullptr && target->request == request) return std::nullopt;
            return not_open(c, i,
                            "the transfer request " + request.text() +
                                " is not open: it was never made, was rejected, or is packed already");
        }
        case EventType::kRepairAuthorised:
        case EventType::kRepairDeclined: return need(item.repair, "REPAIR", "there is nothing to authorise or decline");
        case EventType::kReservationReleased:
            return need(item.reservation, "RESERVATION", "there is nothing to release");
        case EventType::kCarnetReleased: return need(item.carnet, "CARNET", "there is nothing to release");
        case EventType::kMemoInPurchased: return need(item.memo_in, "MEMO_IN", "it is not here on memo of a vendor");
        case EventType::kQuarantineReleased:
            return item.has(kQuarantined)
                       ? std::nullopt
                       : Fault(not_open(c, i, "it is not in quarantine; there is nothing to release"));
        case EventType::kDiscrepancyResolved: {
            const ObligationRef& ref = c.payload<DiscrepancyResolved>().discrepancy;
            const Obligation* discrepancy = c.pieces.find_open(ref);
            const bool its = discrepancy != nullptr && discrepancy->kind == ObligationKind::kDiscrepancy &&
                             discrepancy->item == item.id;
            return its ? std::nullopt : Fault(not_open(c, i, "no DISCREPANCY " + ref_text(ref) + " is open on it"));
        }
        case EventType::kObligationSettled: {
            const ObligationRef& ref = c.payload<ObligationSettled>().obligation;
            for (const std::uint32_t slot : {item.reservation, item.delivery, item.repair, item.carnet}) {
                if (slot != 0 && c.pieces.obligations[slot].ref == ref) return std::nullopt;
            }
            return not_open(c, i, "no RESERVATION, DELIVERY, REPAIR or CARNET " + ref_text(ref) + " is open on it");
        }
        default: return std::nullopt;
    }
}

// What may be open once is open once, and what forbids the event is not open.
Fault check_open_once(const Case& c, std::size_t i) {
    const Item& item = *c.lines[i].item;
    std::uint32_t open = 0;
    switch (c.command.type) {
        case EventType::kRepairOpened: open = item.repair; break;
        case EventType::kCarnetBound: open = item.carnet; break;
        case EventType::kMemoInReceived: open = item.memo_in; break;
        case EventType::kItemDecommissioned: open = item.reservation != 0 ? item.reservation : item.carnet; break;
        case EventType::kTitleTransferred: open = item.delivery != 0 ? item.delivery : item.memo_in; break;
        default: break;
    }
    const Obligation* obligation = c.obligation(open);
    if (obligation == nullptr) return std::nullopt;
    return blocked_by(refuse_line(c, i, RefusalCode::kObligationOpen,
                                  std::string(c.event.name) + " is refused while " + describe(*obligation) +
                                      " is open; it ends by " + std::string(info(obligation->kind).closed_by)),
                      *obligation);
}

// Pieces change site only through TRANSIT, or by being declared missing at one and recovered at another.
Fault check_accounts(const Case& c, std::size_t i) {
    const LineCase& line = c.lines[i];
    if (!line.leg) return std::nullopt;
    const auto foreign = [&](const AccountId& id) { return id.site != 0 && id.site != c.command.site; };
    const bool from_foreign = foreign(line.from) && !c.is(EventType::kItemRecovered);
    if (from_foreign || foreign(line.to)) {
        const AccountId& id = from_foreign ? line.from : line.to;
        Refusal refusal = refuse_line(
            c, i, RefusalCode::kCrossSite,
            id.path() + " belongs to another site than the event's, " + std::to_string(c.command.site) +
                "; a piece changes site by a transfer (TransferPacked, TransferDispatched, TransferReceived)");
        refusal.account = id;
        return refusal;
    }
    // The holder is open: no account is closed while it holds a piece.
    if (!line.to.must_be_opened() || c.part) return std::nullopt;
    if (line.to_account != nullptr) {
        for (auto open = line.to_account->opened.rbegin(); open != line.to_account->opened.rend(); ++open) {
            if (open->contains(c.at)) return std::nullopt;
        }
    }
    Refusal refusal =
        refuse_line(c, i, RefusalCode::kUnknownAccount,
                    line.to.path() + " is not open at " + format_time(c.at) + "; open it first (AccountOpened)");
    refusal.account = line.to;
    return refusal;
}

Fault check_line(const Case& c, std::size_t i) {
    if (Fault fault = check_state(c, i)) return fault;
    if (Fault fault = check_from(c, i)) return fault;
    if (Fault fault = check_destination(c, i)) return fault;
    if (Fault fault = check_target(c, i)) return fault;
    if (c.lines[i].item != nullptr) {
        if (Fault fault = check_needed(c, i)) return fault;
        if (Fault fault = check_open_once(c, i)) return fault;
    }
    return check_accounts(c, i);
}

// An epc is used for ever, whatever became of the registration, but by a corrective of it, or of what took its place.
Refusal refuse_epc(const Case& c, std::size_t i) {
    Refusal refusal = refuse_line(
        c, i, RefusalCode::kDuplicateItem,
        "the epc " + std::string(c.payload<ItemRegistered>().epc) + " was registered by event " +
            std::to_string(*c.context.epc_used) + ", and an epc is used for ever. Was it that piece's by mistake, then "
            "correct that event, and register the right piece by the corrective (take back a correction of it without "
            "one first)");
    refusal.event = *c.context.epc_used;
    return refusal;
}

// Of the correctives of one registration, one takes over its epc.
Fault check_epc_once(const Case& c, std::size_t i) {
    const std::string_view epc = c.payload<ItemRegistered>().epc;
    if (!is_corrective(c) || epc.empty()) return std::nullopt;
    for (const Command* other : c.context.past->correction->correctives) {
        if (other->event_id == c.command.event_id) break;
        const auto* registered = std::get_if<ItemRegistered>(&other->payload);
        if (registered == nullptr || registered->epc != epc) continue;
        return refuse_line(c, i, RefusalCode::kDuplicateItem,
                           "the epc " + std::string(epc) + " is that of corrective " + other->event_id.text() +
                               " of the same correction; one piece has it");
    }
    return std::nullopt;
}

}  // namespace

Fault check_items(const Case& c) {
    if (c.is(EventType::kCountScanned) || c.event.lines == LineKind::kSupply) {
        for (std::size_t i = 0; i < c.command.lines.size(); ++i) {
            const SupplyId supply = c.command.lines[i].supply;
            if (supply == 0 || c.books.supplies.find(supply) != nullptr) continue;
            Refusal refusal =
                refuse(RefusalCode::kUnknownItem, "Line " + std::to_string(i) + ": supply " + std::to_string(supply) +
                                                      " is not registered; register it first (SupplyRegistered)");
            refusal.line = static_cast<int>(i);
            return refusal;
        }
        return std::nullopt;
    }
    if (c.is(EventType::kSupplyRegistered) && c.books.supplies.find(c.payload<SupplyRegistered>().supply) != nullptr) {
        return refuse(RefusalCode::kDuplicateItem,
                      "Supply " + std::to_string(c.payload<SupplyRegistered>().supply) + " is registered already");
    }
    for (std::size_t i = 0; i < c.lines.size(); ++i) {
        const bool known = c.lines[i].item != nullptr;
        if (!c.is(EventType::kItemRegistered)) {
            if (!known) return refuse_state(c, i, RefusalCode::kUnknownItem);
            continue;
        }
        // An id is used for ever: also before its piece was registered, and after that was taken back.
        const bool used = !c.part && !is_corrective(c) && c.books.items.find(c.command.lines[i].item) != nullptr;
        if (known || used) return refuse_state(c, i, RefusalCode::kDuplicateItem);
        if (Fault fault = check_epc_once(c, i)) return fault;
        if (c.context.epc_used && !tells_again(c, *c.context.epc_used)) return refuse_epc(c, i);
    }
    if (!c.is(EventType::kIdentityResolved) || c.payload<IdentityResolved>().keep || c.part) return std::nullopt;
    if (real_item(c, c.payload<IdentityResolved>().real) != nullptr) return std::nullopt;
    return refuse(RefusalCode::kUnknownItem, "Piece " + c.payload<IdentityResolved>().real.text() +
                                                 ", which the found piece is to be, is not registered");
}

Fault check_versions(const Case& c) {
    for (const Expectation& expected : c.command.expect) {
        const Item* item = c.books.items.find(expected.item);
        const std::uint32_t version = item == nullptr ? 0 : item->version;
        if (version == expected.version) continue;
        Refusal refusal =
            refuse(RefusalCode::kStaleVersion,
                   "Piece " + expected.item.text() + " is at version " + std::to_string(version) + ", not at " +
                       std::to_string(expected.version) + ": it has changed since it was read; read it again");
        refusal.item = expected.item;
        refusal.version = version;
        if (item != nullptr) {
            refusal.state = item->state();
            refusal.account = item->account;
            refusal.since = item->since;
            refusal.event = item->last;
        }
        return refusal;
    }
    return std::nullopt;
}

// "Structure, per line": all of it for a line before the next one.
Fault check_structure(const Case& c) {
    for (std::size_t i = 0; i < c.lines.size(); ++i) {
        if (Fault fault = check_line(c, i)) return fault;
    }
    return std::nullopt;
}

}  // namespace daybook::custody
