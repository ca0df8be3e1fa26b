// Refusals in words: what is refused, where the piece is and since when, what blocks, and what would be legal.
#include <array>

#include "engine/base/time.h"
#include "engine/custody/internal/case.h"
#include "engine/custody/past.h"

namespace daybook::custody {
namespace {

// "Event 41" is what an auditor looks up next, so it is in every sentence that has one.
std::string event_text(Position position) {
    if (position != kNoPosition && position >= kPositionAhead) return " (an event not recorded yet)";
    return position == kNoPosition ? "" : " (event " + std::to_string(position) + ")";
}

std::string whereabouts(const Item& item) {
    return "Piece " + item.id.text() + " is in " + item.account.path() + " since " + format_time(item.since) +
           event_text(item.since_event);
}

std::vector<EventType> legal_in(State state) {
    std::vector<EventType> legal;
    for (const EventInfo& event : kEvents) {
        const bool of_items =
            event.lines == LineKind::kMove || event.lines == LineKind::kItem || event.lines == LineKind::kItemOptional;
        if (event.v1 && of_items && cell(event.type, state).legal()) legal.push_back(event.type);
    }
    return legal;
}

}  // namespace

Refusal refuse(RefusalCode code, std::string message) {
    Refusal refusal;
    refusal.code = code;
    refusal.message = std::move(message);
    return refusal;
}

Refusal refuse_line(const Case& c, std::size_t line, RefusalCode code, std::string message) {
    const Item* item = c.lines[line].item;  // of the case; the command's own number comes next
    Refusal refusal;
    refusal.code = code;
    line += c.first;
    refusal.line = static_cast<int>(line);
    refusal.item = c.command.lines[line].item;
    if (item == nullptr) {
        refusal.message = "Line " + std::to_string(line) + ": " + std::move(message);
        if (c.event.lines != LineKind::kSupply) {
            refusal.state = State::kX0;
            refusal.legal_next = legal_in(State::kX0);
        }
        return refusal;
    }
    refusal.state = item->state();
    if (refusal.state == State::kX0) {  // nowhere, since no time
        refusal.message = "The registration of piece " + item->id.text() + " was taken back: " + std::move(message);
        return refusal;
    }
    refusal.message = whereabouts(*item) + ": " + std::move(message);
    refusal.account = item->account;
    refusal.since = item->since;
    refusal.event = item->since_event;
    refusal.legal_next = legal_in(item->state());
    return refusal;
}

Refusal blocked_by(Refusal refusal, const Obligation& obligation) {
    refusal.event = obligation.opened_by;
    refusal.obligation = obligation.ref;
    refusal.document = obligation.document;
    refusal.until = obligation.due_at;
    return refusal;
}

std::string ref_text(const ObligationRef& ref) {
    std::string text = ref.id.text();
    if (ref.kind != DifferenceKind::kUnspecified) text += ":" + std::string(kind_name(ref.kind));
    if (!ref.item.empty()) text += ":" + ref.item.text();
    return text;
}

std::string describe(const Obligation& obligation) {
    std::string text = std::string(to_string(obligation.kind)) + " " + ref_text(obligation.ref);
    if (!obligation.document.empty()) text += " (" + obligation.document + ")";
    if (obligation.responsible != 0) text += " of person " + std::to_string(obligation.responsible);
    if (obligation.party != 0) text += " for party " + std::to_string(obligation.party);
    text += " opened by ";
    text += obligation.opened_by >= kPositionAhead ? "an event not recorded yet"
                                                   : "event " + std::to_string(obligation.opened_by);
    if (obligation.due_at != 0) text += ", due " + format_time(obligation.due_at);
    return text;
}

std::string describe(const Owner& owner) {
    switch (owner.kind) {
        case OwnerKind::kHouse: return "HOUSE:" + std::to_string(owner.id);
        case OwnerKind::kVendor: return "VENDOR:" + std::to_string(owner.id);
        case OwnerKind::kClient: return "CLIENT:" + std::to_string(owner.id);
        case OwnerKind::kInsurer: return "INSURER";
        case OwnerKind::kUnknown: break;
    }
    return "UNKNOWN";
}

std::string money_text(std::int64_t minor, std::uint32_t currency) {
    std::string text = std::to_string(minor);
    if (currency != 0) {
        text += " minor units of ";
        for (int shift = 16; shift >= 0; shift -= 8) text += static_cast<char>(currency >> shift & 0xff);
    }
    return text;
}

std::string_view kind_name(DifferenceKind kind) {
    static constexpr std::array<std::string_view, 15> kNames{
        "UNSPECIFIED", "SHORT",   "OVER",       "WRONG",     "DAMAGED",   "SEAL", "SEAL_BROKEN", "WEIGHT_DIFF",
        "WRONG_ITEM",  "MISSING", "UNEXPECTED", "MISPLACED", "CONDITION", "QTY",  "DOC"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::string_view doc_name(DocType type) {
    static constexpr std::array<std::string_view, 17> kNames{
        "OTHER",           "CARNET",  "CITES",        "KP_SOW",  "EXPORT_DECL", "IMPORT",       "CERT_LAB",
        "INSURANCE",       "MEMO",    "TRANSFER",     "INVOICE", "CREDIT_NOTE", "REPAIR_ORDER", "PURCHASE_ORDER",
        "DESPATCH_ADVICE", "WAYBILL", "CLIENT_SIGNED"};
    return kNames[static_cast<std::size_t>(type)];
}

}  // namespace daybook::custody
