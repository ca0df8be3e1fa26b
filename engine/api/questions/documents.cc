// The life of a document: every event that carries its number, those that end what these opened, and those that carry
// it on; of a parcel, by its number or its waybill, also what asked for it, and what was found in it that does not
// belong there.
#include <algorithm>
#include <compare>
#include <limits>
#include <map>
#include <set>
#include <vector>

#include "engine/api/internal/open.h"
#include "engine/api/internal/scans.h"
#include "engine/api/internal/when.h"
#include "engine/base/limits.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::api {
namespace {

constexpr std::size_t kFollowedPiecesMax = 1'000;  // of one document, with every obligation that is followed
constexpr std::size_t kFollowedEventsMax = 1'000;  // of one piece, behind the event that opened the obligation

// An event of the life, and how it belongs to it.
struct Part {
    std::string as;       // how the number stands in it
    std::string follows;  // the obligation by which it belongs to it
};
using Life = std::map<Position, Part>;

bool belongs(const std::string& obligation, const std::string& opened) {
    return obligation == opened || obligation.starts_with(opened + ":");
}

// Whether an event has to do with an obligation: ends it, for some piece, or carries it on.
bool concerns(const v1::Event& event, const std::string& opened) {
    return belongs(event.command().obligation_id(), opened) ||
           std::any_of(event.closes().begin(), event.closes().end(),
                       [&](const v1::Closed& closed) { return belongs(closed.obligation(), opened); });
}

bool is_of_repair(const v1::InspectionRecorded& inspection) {
    using Phase = v1::InspectionRecorded;
    return inspection.phase() == Phase::REPAIR_IN || inspection.phase() == Phase::REPAIR_OUT ||
           inspection.phase() == Phase::COM_IN || inspection.phase() == Phase::COM_OUT;
}

// Whether an event of a piece carries on what is open on it since `opening`, without a name for it: what was done with
// it, or where it was sent for it.
bool carries_on(const v1::Command& opening, const v1::Command& event) {
    const auto sent_for = [&](v1::TransferPurpose::Code purpose) {
        return event.has_transfer_dispatched() && event.transfer_dispatched().purpose() == purpose;
    };
    const auto sent_back = [&](v1::TransferPurpose::Code purpose) {
        return event.has_inbound_dispatched() && event.inbound_dispatched().purpose() == purpose;
    };
    switch (opening.payload_case()) {
        case v1::Command::kSignedOut: return event.has_handed_over();
        case v1::Command::kMemoOutIssued:
            return event.has_memo_extended() || sent_back(v1::TransferPurpose::MEMO_RETURN);
        case v1::Command::kTransferDelivered:  // to a memo party, or a workshop
            return event.has_memo_extended() || sent_back(v1::TransferPurpose::MEMO_RETURN) ||
                   event.has_repair_work_recorded();
        case v1::Command::kTransferDispatched:
        case v1::Command::kInboundDispatched: return event.has_transfer_exception_recorded();
        case v1::Command::kSentToWorkshop: return event.has_repair_work_recorded();
        case v1::Command::kRepairOpened:
            return event.has_repair_authorised() || event.has_repair_declined() || event.has_sent_to_workshop() ||
                   event.has_repair_work_recorded() || event.has_returned_from_workshop() ||
                   (event.has_inspection_recorded() && is_of_repair(event.inspection_recorded())) ||
                   sent_for(v1::TransferPurpose::REPAIR) || sent_back(v1::TransferPurpose::REPAIR_RETURN);
        case v1::Command::kSaleCompleted: return sent_for(v1::TransferPurpose::CLIENT_DELIVERY);
        case v1::Command::kMemoInReceived: return sent_for(v1::TransferPurpose::SUPPLIER_RETURN);
        default: return false;
    }
}

// An obligation of a piece whose events belong to the document; a parcel, of which it has no name, until it is empty.
struct Thread {
    Position opening = 0;
    ItemId item;
    friend auto operator<=>(const Thread&, const Thread&) = default;
};

// The events of one piece behind the one that opened the obligation, by valid time, that have to do with it: up to the
// one that counts and ends it for the piece; and all of those that do not count. Adds the obligations that these open,
// where they carry it on.
Result<void> follow(const Asked& asked, const When& when, const ItemId& item, const v1::Event& opening,
                    const std::string& opened, Life& life, std::vector<Thread>& more) {
    DAYBOOK_ASSIGN(auto history, when.reading.history(item, {limits::kPageRowsMax, {}}, false, when.at.known));
    const Micros from = time_of(opening.occurred_at());
    std::stable_sort(history.rows.begin(), history.rows.end(),
                     [](const auto& a, const auto& b) { return a.occurred_at < b.occurred_at; });
    DAYBOOK_ASSIGN(const bool opening_counts, when.reading.is_effective(opening.position(), when.at.known));
    std::size_t looked = 0;
    bool ended = false;
    for (const auto& row : history.rows) {
        if (row.occurred_at < from || row.position == opening.position() || (ended && row.effective)) continue;
        if (++looked > kFollowedEventsMax) break;
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(row.position));
        const bool can_carry = !ended && (opening_counts || !row.effective);
        const bool carries = can_carry && carries_on(opening.command(), event.command());
        if (!carries && !concerns(event, opened)) continue;
        Part& part = life[row.position];
        if (part.follows.empty()) part.follows = opened;
        if (carries) more.push_back({row.position, item});
        const bool ends = std::any_of(event.closes().begin(), event.closes().end(), [&](const v1::Closed& closed) {
            const bool its = !closed.has_line() || closed.line() == row.line;
            return its && belongs(closed.obligation(), opened);
        });
        ended = ended || (ends && row.effective);
    }
    return {};
}

// What became of a piece that was packed: it is sent, and it may come back into the parcel, until it leaves it.
Result<void> follow_parcel(const Asked& asked, const When& when, const ItemId& item, const v1::Event& packing,
                           Life& life, std::vector<Thread>& more) {
    DAYBOOK_ASSIGN(const bool packing_counts, when.reading.is_effective(packing.position(), when.at.known));
    if (!packing_counts) return {};
    DAYBOOK_ASSIGN(const auto chain, when.reading.chain(item, {std::numeric_limits<Micros>::max(), when.at.known}));
    auto stay = std::find_if(chain.stays.begin(), chain.stays.end(),
                             [&](const auto& one) { return one.opened_by == packing.position(); });
    std::string sent;
    if (stay == chain.stays.end()) return {};
    const Micros from = stay->from;
    const auto left = std::find_if(stay, chain.stays.end(), [](const auto& one) {
        return one.account.kind != custody::AccountClass::kSitePack &&
               one.account.kind != custody::AccountClass::kTransit;
    });
    for (const auto& row : chain.events) {  // and what was told of its way, and is not so
        const bool then = row.occurred_at >= from && (left == chain.stays.end() || row.occurred_at < left->from);
        if (row.type != custody::EventType::kTransferDispatched || row.effective || !then) continue;
        Part& part = life[row.position];
        if (part.follows.empty()) part.follows = packing.command().transfer_packed().parcel();
        more.push_back({row.position, item});
    }
    for (; stay != left && stay->closed_by != kNoPosition; ++stay) {
        const bool packed = stay->account.kind == custody::AccountClass::kSitePack;
        if (!packed) continue;  // how that ends is found with the obligation
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(stay->closed_by));
        if (event.command().has_transfer_dispatched()) {
            sent = event.command().obligation_id();
            more.push_back({stay->closed_by, item});
        }
        Part& part = life[stay->closed_by];
        if (part.follows.empty()) part.follows = sent;
    }
    return {};
}

// Of a piece that was dispatched, what had packed it: it may have come back into the parcel, and been sent again. A
// dispatch that does not count is of the parcel that the piece was in then.
Result<std::optional<Position>> packing_of(const When& when, const ItemId& item, const v1::Event& dispatch) {
    const auto transfer = ObligationId::parse(dispatch.command().obligation_id());
    if (!transfer) return std::optional<Position>();
    const Micros at = time_of(dispatch.occurred_at());
    DAYBOOK_ASSIGN(const auto chain, when.reading.chain(item, {std::numeric_limits<Micros>::max(), when.at.known}));
    std::optional<Position> packed;
    for (const auto& stay : chain.stays) {
        const bool in_parcel = stay.account.kind == custody::AccountClass::kSitePack;
        if (in_parcel && !packed) packed = stay.opened_by;
        if (!in_parcel && stay.account.kind != custody::AccountClass::kTransit) packed.reset();
        const bool then = in_parcel && stay.from <= at && (!stay.to || at < *stay.to);
        if (then || stay.account == custody::transit_account(*transfer)) return packed;
    }
    return std::optional<Position>();
}

// Of the dispatches that carry the number themselves, the parcels that they sent.
Result<void> add_packings(const Asked& asked, const When& when, Life& life) {
    std::set<Position> packings;
    for (const auto& [position, part] : life) {
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(position));
        if (!event.command().has_transfer_dispatched()) continue;
        for (const ItemId& item : items_of(event)) {
            DAYBOOK_ASSIGN(const auto packed, packing_of(when, item, event));
            if (packed) packings.insert(*packed);
        }
    }
    for (const Position packed : packings) {
        if (life.count(packed) != 0) continue;
        DAYBOOK_ASSIGN(const v1::Event packing, asked.event_at(packed));
        const v1::Command& command = packing.command();
        if (command.has_transfer_packed()) life[packed].follows = command.transfer_packed().parcel();
    }
    return {};
}

// A name by which an event belongs to others that no piece leads to.
struct Name {
    std::string text;
    bool is_id = false;  // of a request, or of a difference about no piece; else a number of a consignment
};

bool is_about_no_piece(const v1::Command& command) {
    return command.lines().empty() && (command.has_transfer_exception_recorded() ||
                                       command.has_receipt_discrepancy_recorded() || command.has_discrepancy_opened());
}

std::vector<Name> names_of(const v1::Command& command) {
    switch (command.payload_case()) {
        case v1::Command::kTransferRequested: return {{command.transfer_requested().request(), true}};
        case v1::Command::kTransferApproved: return {{command.transfer_approved().request(), true}};
        case v1::Command::kTransferRejected: return {{command.transfer_rejected().request(), true}};
        case v1::Command::kTransferPacked:
            return {{command.transfer_packed().request(), true}, {command.transfer_packed().parcel()}};
        case v1::Command::kTransferDispatched: return {{command.transfer_dispatched().waybill()}};
        case v1::Command::kInboundDispatched:
            return {{command.inbound_dispatched().waybill()}, {command.inbound_dispatched().despatch_advice()}};
        case v1::Command::kDiscrepancyResolved:
            if (command.lines().empty()) return {{command.obligation_id(), true}};
            return {};
        default:
            if (is_about_no_piece(command)) return {{command.obligation_id(), true}};
            return {};
    }
}

// Adds the events that a name leads to, and their pieces to what is followed: those of a request or a difference; or,
// by the number of a consignment, what was found in it that should not be there.
Result<void> follow_name(const Asked& asked, const When& when, const v1::Event& event, const Name& name, Life& life,
                         std::vector<Thread>& more) {
    DAYBOOK_ASSIGN(const auto rows, when.reading.number(name.text, 0, when.at.known, limits::kPageRowsMax));
    for (const auto& row : rows) {
        const bool of_id = row.kind == codec::PaperKind::kRequest || row.kind == codec::PaperKind::kDiscrepancy;
        const bool may_be = name.is_id ? of_id : row.kind == codec::PaperKind::kDocument;
        if (!may_be || row.position >= when.at.known || life.count(row.position) != 0) continue;
        DAYBOOK_ASSIGN(const v1::Event found, asked.event_at(row.position));
        if (!name.is_id && (!is_about_no_piece(found.command()) || found.command().has_discrepancy_opened() ||
                            time_of(found.occurred_at()) < time_of(event.occurred_at()))) {
            continue;
        }
        life[row.position].follows = name.text;
        for (const ItemId& item : items_of(found)) more.push_back({row.position, item});
    }
    return {};
}

// By the names of the events of the life that were not looked at yet. What was corrected leads nowhere, but stays.
Result<void> follow_names(const Asked& asked, const When& when, Life& life, std::set<Position>& looked,
                          std::vector<Thread>& more) {
    std::vector<Position> fresh;
    for (const auto& [position, part] : life) {
        if (looked.insert(position).second) fresh.push_back(position);
    }
    for (const Position position : fresh) {
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(position));
        const auto names = names_of(event.command());
        if (names.empty()) continue;
        DAYBOOK_ASSIGN(const bool counts, when.reading.is_effective(position, when.at.known));
        if (!counts) continue;
        for (const Name& name : names) {
            if (!name.text.empty()) DAYBOOK_TRY(follow_name(asked, when, event, name, life, more));
        }
    }
    return {};
}

Result<void> follow_all(const Asked& asked, const When& when, Life& life) {
    std::vector<Thread> threads;
    std::set<Thread> followed;
    std::set<Position> looked;
    for (const auto& [position, part] : life) {
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(position));
        for (const ItemId& item : items_of(event)) threads.push_back({position, item});
    }
    v1::Event event;  // of the pieces of one event it is read once
    std::size_t next = 0;
    while (looked.size() != life.size()) {
        DAYBOOK_TRY(follow_names(asked, when, life, looked, threads));
        for (; next < threads.size(); ++next) {
            const Thread thread = threads[next];
            if (next == 0 || event.position() != thread.opening) {
                DAYBOOK_ASSIGN(event, asked.event_at(thread.opening));
            }
            const std::string& opened = event.command().obligation_id();
            const bool parcel = event.command().has_transfer_packed();
            if ((!parcel && opened.empty()) || !followed.insert(thread).second) continue;
            if (followed.size() > kFollowedPiecesMax) return {};
            DAYBOOK_TRY(parcel ? follow_parcel(asked, when, thread.item, event, life, threads)
                               : follow(asked, when, thread.item, event, opened, life, threads));
        }
    }
    return {};
}

void fill_event(const v1::Event& event, Position position, const Part& part, v1::DocumentEvent& out) {
    const v1::Command& command = event.command();
    out.set_position(position);
    out.set_type(static_cast<v1::EventType::Code>(static_cast<int>(command.payload_case()) - 100));
    *out.mutable_occurred_at() = event.occurred_at();
    *out.mutable_recorded_at() = event.recorded_at();
    out.set_as(part.as);
    out.set_follows(part.follows);
    for (const ItemId& item : items_of(event)) out.add_items(item.text());
    out.set_site(command.site());
    out.set_by(command.actor().principal());
}

// As known at R. A cursor has, beside (V, R), the position to go on from.
Result<std::string> document(const Asked& asked) {
    std::string number = asked.question.path[1];
    for (std::size_t i = 2; i < asked.question.path.size(); ++i) number += "/" + asked.question.path[i];
    DAYBOOK_ASSIGN(const auto page, asked.page());
    DAYBOOK_ASSIGN(const When when, when_known(asked));
    DAYBOOK_ASSIGN(const Position from, row_of_cursor(asked));
    DAYBOOK_ASSIGN(auto found, when.reading.number(number, 0, when.at.known, limits::kPageRowsMax));
    if (found.empty()) return fail(ErrorCode::kNotFound, "no event carries the number '" + number + "'");
    Life life;
    for (const auto& row : found) {
        std::string& as = life[row.position].as;
        as += (as.empty() ? "" : ", ") + std::string(codec::to_string(row.kind));
    }
    life.erase(life.lower_bound(when.at.known), life.end());
    DAYBOOK_TRY(add_packings(asked, when, life));
    DAYBOOK_TRY(follow_all(asked, when, life));
    v1::DocumentAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    message.set_number(number);
    for (auto at = life.lower_bound(from); at != life.end(); ++at) {
        if (static_cast<std::size_t>(message.rows_size()) == page.rows_max) {
            message.set_next(cursor_text(asked, when, std::to_string(at->first)));
            break;
        }
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(at->first));
        v1::DocumentEvent& row = *message.add_rows();
        fill_event(event, at->first, at->second, row);
        DAYBOOK_ASSIGN(const Position correction, when.reading.corrected_by(at->first, when.at.known));
        if (correction != kNoPosition) row.set_corrected_by(correction);
    }
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {{"documents/**", "known_at rows cursor", document}};

}  // namespace

Family document_questions() { return kQuestions; }

}  // namespace daybook::api
