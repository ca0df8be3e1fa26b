// The obligations that an event opens or re-assigns.
#include <algorithm>
#include <utility>

#include "engine/custody/internal/applier.h"

namespace daybook::custody {
namespace {

// The DISCREPANCY of these is opened for each line by itself.
bool opens_discrepancies(EventType type) {
    return type == EventType::kDeclaredMissing || type == EventType::kDiscrepancyOpened ||
           type == EventType::kTransferExceptionRecorded || type == EventType::kReceiptDiscrepancyRecorded;
}

DifferenceKind difference_of(const Command& command) {
    switch (command.type) {
        case EventType::kReceiptDiscrepancyRecorded:
            return std::get<ReceiptDiscrepancyRecorded>(command.payload).kind;
        case EventType::kDiscrepancyOpened: return std::get<DiscrepancyOpened>(command.payload).kind;
        case EventType::kTransferExceptionRecorded:
            return std::get<TransferExceptionRecorded>(command.payload).kind;
        default: return DifferenceKind::kMissing;
    }
}

// Who has a piece that was handed over: the person to whose account it went; for a case, the signer who is not the one
// that had it.
Principal new_holder(const Command& command, const LineFacts& line, Principal before) {
    if (line.to.kind == AccountClass::kSitePerson) return line.to.number();
    const Principal giver = line.from.kind == AccountClass::kSitePerson ? line.from.number() : before;
    if (command.actor.principal != giver || command.attest.empty()) return command.actor.principal;
    return command.attest.front().principal;
}

// Who is outside at the end of a transfer: an account of a party names it, a memo account does not.
PartyId receiver(const Destination& dest) {
    if (dest.party != 0) return dest.party;
    switch (dest.account.kind) {
        case AccountClass::kExtSupplier:
        case AccountClass::kExtEntity:
        case AccountClass::kExtClient:
        case AccountClass::kExtWorkshop: return dest.account.number();
        default: return 0;
    }
}

}  // namespace

Obligation Applier::plain_obligation(ObligationKind kind) const {
    Obligation obligation;
    obligation.ref = {command_.obligation, DifferenceKind::kUnspecified, {}};
    obligation.kind = kind;
    obligation.opened_by = event_.position;
    obligation.opened_at = at();
    obligation.site = command_.site;
    return obligation;
}

// The obligation of the event as a whole; of no kind where it opens none.
Obligation Applier::opening() const {
    const auto opens = [this](ObligationKind kind, PartyId party = 0, Micros due_at = 0,
                              std::string_view document = {}) {
        Obligation obligation = plain_obligation(kind);
        obligation.party = party;
        obligation.due_at = due_at;
        obligation.document = document;
        return obligation;
    };
    switch (command_.type) {
        case EventType::kSignedOut: {
            const auto& out = payload<SignedOut>();
            Obligation signout = opens(ObligationKind::kSignout, 0, out.due_at);
            signout.responsible = out.recipient;
            return signout;
        }
        case EventType::kTransferDispatched:
        case EventType::kInboundDispatched: return transfer_opening();
        case EventType::kTransferDelivered: {
            const auto& delivered = payload<TransferDelivered>();
            if (pieces_named(ObligationKind::kWorkshop, decided_) != 0) {
                DAYBOOK_ASSERT(pieces_named(ObligationKind::kMemoOut, decided_) == 0);
                return opens(ObligationKind::kWorkshop, delivered.party, delivered.due_at);
            }
            const auto memo = std::find_if(decided_.lines.begin(), decided_.lines.end(), [](const LineFacts& line) {
                return line.to.kind == AccountClass::kExtMemo;
            });
            if (memo == decided_.lines.end()) return {};
            return opens(ObligationKind::kMemoOut, delivered.party, delivered.due_at, memo->to.last_part());
        }
        case EventType::kMemoOutIssued: {
            const auto& issued = payload<MemoOutIssued>();
            Obligation memo = opens(ObligationKind::kMemoOut, issued.party, issued.due_at, issued.memo);
            memo.memo_purpose = issued.purpose;
            return memo;
        }
        case EventType::kMemoInReceived: {
            const auto& received = payload<MemoInReceived>();
            return opens(ObligationKind::kMemoIn, received.vendor, received.due_at);
        }
        case EventType::kRepairOpened: {
            const auto& repair = payload<RepairOpened>();
            return opens(ObligationKind::kRepair, repair.client, repair.promised_at);
        }
        case EventType::kSentToWorkshop: {
            const auto& sent = payload<SentToWorkshop>();
            return opens(ObligationKind::kWorkshop, sent.workshop, sent.due_at);
        }
        case EventType::kReservationPlaced: {
            const auto& placed = payload<ReservationPlaced>();
            return opens(ObligationKind::kReservation, placed.party, placed.until, placed.document);
        }
        case EventType::kSaleCompleted: {
            const auto& sale = payload<SaleCompleted>();
            if (sale.handover != Handover::kLater) return {};
            return opens(ObligationKind::kDelivery, sale.party, 0, sale.invoice);
        }
        case EventType::kCarnetBound: {
            const auto& carnet = payload<CarnetBound>();
            return opens(ObligationKind::kCarnet, 0, carnet.reexport_by, carnet.number);
        }
        case EventType::kVaultOpened:
        case EventType::kCountOpened: {
            const bool count = command_.type == EventType::kCountOpened;
            Obligation obligation = opens(count ? ObligationKind::kCount : ObligationKind::kVaultSession);
            obligation.responsible = command_.actor.principal;
            return obligation;
        }
        default: return {};
    }
}

Obligation Applier::transfer_opening() const {
    Obligation transfer = plain_obligation(ObligationKind::kTransfer);
    if (command_.type == EventType::kInboundDispatched) {
        const auto& inbound = payload<InboundDispatched>();
        transfer.to_site = command_.site;
        transfer.party = inbound.sender;
        transfer.purpose = inbound.purpose;
        transfer.due_at = inbound.due_at;
        return transfer;
    }
    const auto& dispatched = payload<TransferDispatched>();
    transfer.origin = command_.site;
    transfer.to_site = dispatched.dest.site;
    transfer.to_account = dispatched.dest.account;
    transfer.party = receiver(dispatched.dest);
    transfer.carrier = dispatched.carrier;
    transfer.purpose = dispatched.purpose;
    transfer.memo_purpose = dispatched.memo_purpose;
    transfer.due_at = dispatched.due_at;
    return transfer;
}

// Of a TransferDelivered only the pieces that come into M or W are owed from then on; of any other event all are.
std::uint32_t Applier::pieces_named(ObligationKind kind, const Decided& by) const {
    if (command_.type != EventType::kTransferDelivered) return static_cast<std::uint32_t>(by.lines.size());
    return static_cast<std::uint32_t>(std::count_if(by.lines.begin(), by.lines.end(), [kind](const LineFacts& line) {
        const State state = kind == ObligationKind::kMemoOut ? State::kM : State::kW;
        return state_of(line.to.kind) == state;
    }));
}

bool Applier::is_named(ObligationKind kind, const Item& item) const {
    if (command_.type != EventType::kTransferDelivered) return true;
    return item.state() == (kind == ObligationKind::kMemoOut ? State::kM : State::kW);
}

// 0: the event opens no obligation as a whole.
std::uint32_t Applier::open_whole() {
    if (info(command_.type).opens == 0) return 0;
    if (opens_discrepancies(command_.type)) {
        if (!decided_.lines.empty()) return 0;
        Obligation discrepancy = plain_obligation(ObligationKind::kDiscrepancy);
        discrepancy.difference = difference_of(command_);
        return open(std::move(discrepancy));
    }
    Obligation obligation = opening();
    if (obligation.kind == ObligationKind{}) return 0;
    opened_kind_ = obligation.kind;
    obligation.open_lines = pieces_named(obligation.kind, decided_);
    obligation.lines = pieces_named(obligation.kind, whole_);
    return open(std::move(obligation));
}

std::uint32_t Applier::open(Obligation obligation) {
    DAYBOOK_ASSERT(!obligation.ref.id.empty() && books_.open.find(obligation.ref) == 0);
    const std::uint32_t slot = books_.obligations.add(std::move(obligation));
    out_.obligations.push_back({books_.obligations[slot], ObligationChange::What::kOpened, slot});
    books_.open.add(slot);
    return slot;
}

void Applier::open_of_line(Item& item) {
    if (opened_ != 0) {
        if (!is_named(opened_kind_, item)) return;
        std::uint32_t& slot = obligation_slot(item, opened_kind_);
        DAYBOOK_ASSERT(slot == 0);
        slot = opened_;
    } else if (opens_discrepancies(command_.type)) {
        open_discrepancy(item, opened_discrepancy(command_, item.id), difference_of(command_));
    }
}

void Applier::open_discrepancy(Item& item, const ObligationRef& ref, DifferenceKind difference) {
    Obligation discrepancy = plain_obligation(ObligationKind::kDiscrepancy);
    discrepancy.ref = ref;
    discrepancy.item = item.id;
    discrepancy.difference = difference;
    discrepancy.by_declared_missing = command_.type == EventType::kDeclaredMissing;
    discrepancy.lines = discrepancy.open_lines = 1;
    const bool holds = discrepancy.by_declared_missing;
    const std::uint32_t slot = open(std::move(discrepancy));
    if (holds) {
        DAYBOOK_ASSERT(item.hold == 0);
        item.hold = slot;
        return;
    }
    books_.disputes.edit(item.id).push_back(slot);
    ++item.disputes;
}

// ---- Re-assigning: HandedOver moves a SIGNOUT to another person or case, MemoExtended moves a memo's due date. ----

void Applier::reassign() {
    std::uint32_t Item::*pointer = nullptr;
    if (command_.type == EventType::kHandedOver) pointer = &Item::hold;
    if (command_.type == EventType::kMemoExtended) pointer = &Item::memo_out;
    if (pointer == nullptr) return;
    const auto lines = static_cast<std::uint32_t>(decided_.lines.size());
    for (std::uint32_t line = 0; line < lines; ++line) reassign_piece(line, pointer);
}

// A piece that was named alone goes on in the same obligation; one that was named with others, in its own. So each
// piece's obligations follow from its own chain.
void Applier::reassign_piece(std::uint32_t line, std::uint32_t Item::*pointer) {
    const ItemId id = out_.items[line].after.id;
    const std::uint32_t whole = out_.items[line].after.*pointer;
    DAYBOOK_ASSERT(whole != 0);
    Obligation& obligation = books_.obligations.edit(whole);
    if (obligation.lines == 1) {
        set_terms(obligation, decided_.lines[line]);
        touch(whole);
        return;
    }
    Obligation part = obligation;
    end_line_of(whole);
    part.ref.item = id;
    part.lines = part.open_lines = 1;
    set_terms(part, decided_.lines[line]);
    const std::uint32_t slot = open(std::move(part));
    out_.items[line].after.*pointer = slot;
    books_.items.edit(books_.items.slot(id)).*pointer = slot;
}

void Applier::set_terms(Obligation& obligation, const LineFacts& line) const {
    if (command_.type == EventType::kMemoExtended) {
        obligation.due_at = payload<MemoExtended>().due_at;
        return;
    }
    const Micros due_at = payload<HandedOver>().due_at;
    if (due_at != 0) obligation.due_at = due_at;
    obligation.responsible = new_holder(command_, line, obligation.responsible);
}

}  // namespace daybook::custody
