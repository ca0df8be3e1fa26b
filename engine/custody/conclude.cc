// What the engine adds to an accepted command: each line's link and leg, what it closes, the lists of a count.
#include "engine/custody/internal/checks.h"

namespace daybook::custody {
namespace {

// An obligation that a line ends: those that follow from where the piece is ("exit closes"), those that end where it
// comes to, and those that the event closes by name (domain: 5.2). In the order of ObligationKind.
class Closing {
public:
    Closing(const Case& c, std::size_t line, Decided& out)
        : c_(c), line_(c.lines[line]), number_(static_cast<std::uint32_t>(line)), out_(out) {}

    void run() {
        const Item& item = *line_.item;
        if (item.hold != 0 && line_.leg) exit(item.hold);
        if (item.memo_out != 0 && line_.leg) exit(item.memo_out);
        one(ObligationKind::kRepair, item.repair);
        one(ObligationKind::kDelivery, item.delivery);
        one(ObligationKind::kReservation, item.reservation);
        one(ObligationKind::kCarnet, item.carnet);
        one(ObligationKind::kMemoIn, item.memo_in);
    }

private:
    void close(std::uint32_t slot) {
        const Obligation& obligation = c_.pieces.obligations[slot];
        out_.closes.push_back({number_, obligation.ref, obligation.kind});
    }

    void exit(std::uint32_t slot) {
        const Obligation& obligation = c_.pieces.obligations[slot];
        // A DISCREPANCY that holds a piece is the one of its DeclaredMissing: it ends when the piece leaves S.
        const bool stays = obligation.kind == ObligationKind::kDiscrepancy
                               ? line_.after() == State::kS
                               : contains(info(obligation.kind).ends_outside, line_.after());
        if (!stays) close(slot);
    }

    void one(ObligationKind kind, std::uint32_t slot) {
        if (slot == 0) return;
        const bool arrived = line_.leg && contains(info(kind).ends_in, line_.after());
        if (arrived || closed_by_event(kind, slot)) close(slot);
    }

    // The `closed_by` of schemas/state_machine.json.
    [[nodiscard]] bool closed_by_event(ObligationKind kind, std::uint32_t slot) const {
        const EventType type = c_.command.type;
        if (type == EventType::kObligationSettled)
            return c_.pieces.obligations[slot].ref == c_.payload<ObligationSettled>().obligation;
        switch (kind) {
            case ObligationKind::kRepair: {
                const bool ends = type == EventType::kReturnedFromWorkshop || type == EventType::kRepairDeclined ||
                                  (type == EventType::kTransferReceived &&
                                   c_.transfer(line_)->purpose == TransferPurpose::kRepairReturn);
                return ends && line_.item->owner.kind != OwnerKind::kClient;
            }
            case ObligationKind::kDelivery: return type == EventType::kSaleReturned;
            case ObligationKind::kReservation:
                return type == EventType::kSaleCompleted || type == EventType::kReservationReleased;
            case ObligationKind::kCarnet: return type == EventType::kCarnetReleased;
            case ObligationKind::kMemoIn: return type == EventType::kMemoInPurchased;
            default: return false;
        }
    }

    const Case& c_;
    const LineCase& line_;
    std::uint32_t number_;
    Decided& out_;
};

LineFacts facts_of(const Item& item) { return {item.id, item.last, item.account, {}}; }

void conclude_lines(const Case& c, Decided& out) {
    out.lines.reserve(c.command.lines.size());
    for (std::size_t i = 0; i < c.lines.size(); ++i) {
        const LineCase& line = c.lines[i];
        const ItemId& id = c.command.lines[c.first + i].item;
        // The link is by position, and so to the newest event, wherever in its chain the event has its place.
        const Item* newest = &c.pieces == &c.books ? line.item : c.books.items.find(id);
        out.lines.push_back({id, newest == nullptr ? kNoPosition : newest->last, line.from,
                             line.leg ? line.to : AccountId{}});
        if (line.item == nullptr) continue;
        if (c.is(EventType::kDiscrepancyResolved)) {
            out.closes.push_back({static_cast<std::uint32_t>(i), c.payload<DiscrepancyResolved>().discrepancy,
                                  ObligationKind::kDiscrepancy});
        } else {
            Closing(c, i, out).run();
        }
    }
}

// A line for each difference that concerns a registered piece.
void conclude_count(const Case& c, Decided& out) {
    out.count_lists = std::make_unique<CountLists>(std::move(c.lists()));
    for (const auto* list : {&out.count_lists->missing, &out.count_lists->misplaced, &out.count_lists->unexpected}) {
        for (const ItemId& id : *list) {
            const Item* item = c.books.items.find(id);  // in ORIGIN where its registration was taken back
            if (item != nullptr && item->state() != State::kX0) out.lines.push_back(facts_of(*item));
        }
    }
}

void close_whole(Decided& out, const ObligationRef& ref, ObligationKind kind) {
    out.closes.push_back({Closed::kWholeEvent, ref, kind});
}

}  // namespace

void conclude(const Case& c, Decided& out) {
    out.occurred_at = c.at;
    switch (c.event.lines) {
        case LineKind::kMove:
        case LineKind::kItem:
        case LineKind::kItemOptional:
        case LineKind::kSupply: conclude_lines(c, out); break;
        case LineKind::kEngine:
            if (c.is(EventType::kCountAttested)) conclude_count(c, out);
            break;
        case LineKind::kSeen:  // evidence: no chain, no holder
        case LineKind::kNone: break;
    }
    if (c.context.past != nullptr) conclude_correction(c, out);
    switch (c.command.type) {
        case EventType::kCountAttested:
            return close_whole(out, {c.payload<CountAttested>().count, {}, {}}, ObligationKind::kCount);
        case EventType::kCountAbandoned:
            return close_whole(out, {c.payload<CountAbandoned>().count, {}, {}}, ObligationKind::kCount);
        case EventType::kVaultClosed:
            return close_whole(out, {c.books.unclosed_session(c.command.site, c.at)->obligation, {}, {}},
                               ObligationKind::kVaultSession);
        case EventType::kDiscrepancyResolved:
            if (c.lines.empty())
                close_whole(out, c.payload<DiscrepancyResolved>().discrepancy, ObligationKind::kDiscrepancy);
            return;
        default: return;
    }
}

}  // namespace daybook::custody
