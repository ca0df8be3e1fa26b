// What is owed to outsiders: repairs, pieces held or sold for later, and every deadline.
#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "engine/api/internal/asked.h"
#include "engine/api/internal/in_order.h"
#include "engine/api/internal/open.h"
#include "engine/api/internal/pieces_at.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::api {
namespace {

using custody::EventType;
using custody::ObligationKind;
using custody::State;
using projections::DueQuery;
using projections::ItemRow;
using projections::ObligationRow;
using projections::Reading;

// ---- Repairs ----

struct Stage {
    const char* name;
    std::string waiting_for;
};

bool tells_stage(EventType type) {
    return type == EventType::kRepairAuthorised || type == EventType::kRepairDeclined ||
           type == EventType::kReturnedFromWorkshop || type == EventType::kTransferReceived;
}

// The last event of the repair that counts and says how far it is; nullopt: none since it was opened.
Result<std::optional<EventType>> newest_of_repair(InOrder& events, const ItemRow& piece, const v1::Event& opening) {
    DAYBOOK_ASSIGN(const auto told, events.events(piece.item, tells_stage));
    if (told.empty() || key_of(*told.back()) < key_of(opening)) return std::optional<EventType>();
    return std::optional(static_cast<EventType>(event_type_of(*told.back())));
}

Stage stage_of(const ItemRow& piece, std::optional<EventType> newest) {
    switch (piece.state) {
        case State::kW: {
            const bool own = piece.account.kind == custody::AccountClass::kSiteWorkshopInt;
            return {"IN_WORKSHOP", own ? "our workshop" : "workshop " + std::to_string(piece.account.number())};
        }
        case State::kK:
        case State::kT: return {"ON_THE_WAY", "carrier"};
        case State::kS:
        case State::kL: return {"MISSING", "vault manager"};
        default: break;
    }
    if (!newest) return {"OPENED", "client to authorise"};
    if (*newest == EventType::kRepairDeclined) return {"DECLINED", "client to collect"};
    if (*newest == EventType::kRepairAuthorised) return {"AUTHORISED", "coordinator to send it"};
    if (piece.verdict == custody::Verdict::kPass) return {"READY", "client to collect"};
    return {piece.verdict == custody::Verdict::kFail ? "FAILED" : "RETURNED", "inspector"};
}

Result<void> fill_repair(const Asked& asked, const Reading& reading, InOrder& events, const ObligationRow& row,
                         const ItemRow& piece, v1::RepairRow& out) {
    const custody::Obligation& repair = row.obligation;
    v1::ObligationRow whole;
    fill(row, asked.context, whole);
    DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(repair.opened_by));
    DAYBOOK_ASSIGN(const auto newest, newest_of_repair(events, piece, event));
    const Stage stage = stage_of(piece, newest);
    out.set_repair(whole.obligation());
    out.set_number(event.command().repair_opened().repair());
    out.set_item(piece.item.text());
    out.set_model(piece.model);
    out.set_client_owned(piece.owner.kind == custody::OwnerKind::kClient);
    out.set_client(repair.party);
    out.set_site(repair.site);
    out.set_stage(stage.name);
    out.set_waiting_for(stage.waiting_for);
    fill(repair.opened_at, out.mutable_opened_at());
    if (whole.has_due_at()) *out.mutable_promised_at() = whole.due_at();
    out.set_overdue_minutes(whole.overdue_minutes());
    out.set_account(piece.account.path());
    for (const auto& open : piece.open) {
        if (open.kind != ObligationKind::kWorkshop) continue;
        DAYBOOK_ASSIGN(const auto workshop, reading.obligation(open.ref));
        if (!workshop.row) continue;
        out.set_workshop(workshop.row->obligation.party);
        if (workshop.row->obligation.due_at != 0)
            fill(workshop.row->obligation.due_at, out.mutable_workshop_due_at());
    }
    return {};
}

Result<std::string> repairs(const Asked& asked) {
    DAYBOOK_ASSIGN(const auto page, asked.page());
    DueQuery query;
    query.kinds = custody::bit(ObligationKind::kRepair);
    DAYBOOK_ASSIGN(query.site, asked.site());
    const Reading& reading = asked.reading();
    DAYBOOK_ASSIGN(const auto found, reading.due(query, page));
    v1::RepairsAnswer message;
    asked.as_of(message);
    InOrder events(asked, reading, reading.position());
    for (const ObligationRow& row : found.rows) {
        DAYBOOK_ASSIGN(const auto pieces, pieces_of(asked, reading, row));
        for (const ItemRow& piece : pieces) {
            DAYBOOK_TRY(fill_repair(asked, reading, events, row, piece, *message.add_rows()));
        }
    }
    message.set_next(asked.next(found.next));
    return codec::to_json(message);
}

// ---- Reservations and deliveries ----

Result<std::string> reservations(const Asked& asked) {
    DAYBOOK_ASSIGN(const auto page, asked.page());
    DueQuery query;
    query.kinds = static_cast<custody::ObligationSet>(custody::bit(ObligationKind::kReservation) |
                                                      custody::bit(ObligationKind::kDelivery));
    DAYBOOK_ASSIGN(query.site, asked.site());
    DAYBOOK_ASSIGN(query.before, asked.time_param("before"));
    DAYBOOK_ASSIGN(query.party, asked.number_param<PartyId>("party", 0, ~PartyId{0}));
    const Reading& reading = asked.reading();
    DAYBOOK_ASSIGN(const auto found, reading.due(query, page));
    v1::ReservationsAnswer message;
    asked.as_of(message);
    for (const ObligationRow& row : found.rows) {
        v1::ObligationRow whole;
        fill(row, asked.context, whole);
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(row.obligation.opened_by));
        DAYBOOK_ASSIGN(const auto pieces, pieces_of(asked, reading, row));
        for (const ItemRow& piece : pieces) {
            v1::ReservationRow& out = *message.add_rows();
            v1::ItemRow item;
            fill(piece, asked.context, item);
            out.set_item(item.item());
            out.set_model(item.model());
            out.set_obligation(whole.obligation());
            out.set_kind(whole.kind());
            out.set_party(whole.party());
            out.set_document(whole.document());
            *out.mutable_placed_at() = whole.opened_at();
            if (whole.has_due_at()) *out.mutable_until() = whole.due_at();
            const auto& placed = event.command().reservation_placed();
            if (placed.has_appointment_at()) *out.mutable_appointment_at() = placed.appointment_at();
            out.set_overdue_minutes(whole.overdue_minutes());
            out.set_state(item.state());
            out.set_account(item.account());
            out.set_site(row.obligation.site);
        }
    }
    message.set_next(asked.next(found.next));
    return codec::to_json(message);
}

// ---- Deadlines ----

// What a due time means; nullptr: it is nobody's deadline, but a day's work.
const char* deadline_text(ObligationKind kind) {
    switch (kind) {
        case ObligationKind::kCarnet: return "carnet: re-export by";
        case ObligationKind::kMemoOut: return "memo: back by";
        case ObligationKind::kMemoIn: return "vendor's memo: return or buy by";
        case ObligationKind::kRepair: return "repair: promised for";
        case ObligationKind::kWorkshop: return "workshop: back by";
        case ObligationKind::kTransfer: return "transfer: expected";
        case ObligationKind::kReservation: return "reservation: until";
        default: return nullptr;
    }
}

void fill_deadline(const Asked& asked, const ObligationRow& row, v1::DeadlineRow& out) {
    v1::ObligationRow whole;
    fill(row, asked.context, whole);
    *out.mutable_at() = whole.due_at();
    out.set_overdue_minutes(whole.overdue_minutes());
    out.set_what(deadline_text(row.obligation.kind));
    out.set_kind(whole.kind());
    out.set_obligation(whole.obligation());
    out.set_document(whole.document());
    out.set_party(whole.party());
    out.set_site(whole.site());
    out.set_open_lines(whole.open_lines());
}

// A document that runs out, of a piece that the house has, or has out. In the order of the board.
struct RunsOut {
    Micros at = 0;
    ItemId item;
    custody::DocType type{};
    std::string number;
    SiteId site = 0;  // where the piece is, or whose event sent it away
};
bool operator<(const RunsOut& a, const RunsOut& b) {
    return std::tie(a.at, a.item, a.type) < std::tie(b.at, b.item, b.type);
}

// In a cursor; nullopt: it is none.
std::string cursor_of(const RunsOut& document) {
    return std::to_string(document.at) + "_" + document.item.text() + "_" +
           std::to_string(static_cast<int>(document.type));
}
std::optional<RunsOut> of_cursor(std::string_view text) {
    const std::size_t first = text.find('_');
    const std::size_t second = text.rfind('_');
    if (first == std::string_view::npos || second == first) return std::nullopt;
    const auto at = parse_number<Micros>(text.substr(0, first));
    const auto item = ItemId::parse(text.substr(first + 1, second - first - 1));
    const auto type = parse_number<std::uint8_t>(text.substr(second + 1));
    if (!at || !item || !type) return std::nullopt;
    return RunsOut{*at, *item, static_cast<custody::DocType>(*type), {}, 0};
}

bool is_with_us(State state) {
    return state != State::kX0 && state != State::kX1 && state != State::kX2 && state != State::kL &&
           state != State::kZ;
}

// Of the documents of one type that a piece with us has, the one that holds longest, where it ends.
void add_running_out(const std::vector<custody::AttachedDoc>& documents, const custody::Item& piece,
                     std::vector<RunsOut>& out) {
    if (!is_with_us(piece.state())) return;
    std::map<custody::DocType, const custody::AttachedDoc*> longest;
    for (const auto& document : documents) {
        const auto [known, is_new] = longest.try_emplace(document.type, &document);
        const Micros to = known->second->to;
        if (!is_new && to != 0 && (document.to == 0 || document.to > to)) known->second = &document;
    }
    const SiteId site = piece.account.site != 0 ? piece.account.site : piece.put_by;
    for (const auto& [type, document] : longest) {
        if (document->to != 0) out.push_back({document->to, piece.id, type, document->number, site});
    }
}

// The pieces of the events in [from, to).
Result<std::set<ItemId>> changed_pieces(const Asked& asked, Position from, Position to) {
    std::set<ItemId> pieces;
    log::Cursor cursor = asked.log.scan(from);
    v1::Event event;
    for (Position position = from; position < to; ++position) {
        DAYBOOK_ASSIGN(const bool more, asked.next_event(cursor, event));
        if (!more) break;
        for (const ItemId& item : items_of(event)) pieces.insert(item);
    }
    return pieces;
}

// All of them, by when they run out. The documents of pieces are in the books, which may be ahead of the read models:
// of a piece that has changed since, they are told by its chain, as the read models know it.
Result<std::vector<RunsOut>> running_out(const Asked& asked, const DueQuery& query) {
    std::vector<RunsOut> found;
    DAYBOOK_ASSIGN(const auto seen, asked.look([&](const custody::Books& books, Micros) {
        for (const auto& [id, documents] : books.documents.all()) {
            if (const custody::Item* piece = books.items.find(id)) add_running_out(documents, *piece, found);
        }
    }));
    const Position known = asked.reading().position();
    DAYBOOK_ASSIGN(const auto changed, changed_pieces(asked, known, seen.position));
    std::erase_if(found, [&](const RunsOut& one) { return changed.contains(one.item); });
    const When then{asked.reading(), {std::numeric_limits<Micros>::max(), known}, std::nullopt};
    PiecesAt pieces(asked, then);
    for (const ItemId& item : changed) {
        DAYBOOK_ASSIGN(const auto piece, pieces.piece(item));
        if (piece) add_running_out(piece->documents, piece->item, found);
    }
    std::erase_if(found, [&](const RunsOut& one) {
        return (query.site != 0 && one.site != query.site) || (query.before != 0 && one.at >= query.before);
    });
    std::sort(found.begin(), found.end());
    return found;
}

void fill_deadline(const Asked& asked, const RunsOut& document, v1::DeadlineRow& out) {
    fill(document.at, out.mutable_at());
    if (document.at < asked.context.now) out.set_overdue_minutes((asked.context.now - document.at) / kMinute);
    out.set_what(v1::DocType::Code_Name(doc_code(document.type)) + ": valid until");
    out.set_document(document.number);
    out.set_site(document.site);
    out.set_open_lines(1);
    out.set_item(document.item.text());
}

// Obligations and documents as one list by time. A cursor has that of the obligations (kAllGiven: there are no more)
// and, behind '!', the last document that was given.
constexpr std::string_view kAllGiven = "-";

Result<std::string> deadlines(const Asked& asked) {
    DAYBOOK_ASSIGN(auto page, asked.page());
    DueQuery query;
    DAYBOOK_ASSIGN(query.site, asked.site());
    DAYBOOK_ASSIGN(query.before, asked.time_param("before"));
    query.wanted = [](const custody::Obligation& it) { return it.due_at != 0 && deadline_text(it.kind) != nullptr; };
    DAYBOOK_ASSIGN(const auto documents, running_out(asked, query));
    auto document = documents.begin();
    std::string given;
    if (!page.cursor.empty()) {
        const std::size_t bang = std::min(page.cursor.find('!'), page.cursor.size());
        given = page.cursor.substr(std::min(bang + 1, page.cursor.size()));
        const auto last = of_cursor(given);
        if (!given.empty() && !last) return wrong("cursor", asked.param("cursor"), "a cursor of this question");
        if (last) document = std::upper_bound(documents.begin(), documents.end(), *last);
        page.cursor.resize(bang);
    }
    const Reading& reading = asked.reading();
    projections::Rows<ObligationRow> found{reading.position(), {}, {}};
    if (page.cursor != kAllGiven) {
        DAYBOOK_ASSIGN(found, reading.due(query, page));
    }
    v1::DeadlinesAnswer message;
    asked.as_of(message);
    auto row = found.rows.begin();
    while (static_cast<std::size_t>(message.rows_size()) < page.rows_max) {
        const bool owed = row != found.rows.end();
        if (!owed && document == documents.end()) break;
        if (owed && (document == documents.end() || row->obligation.due_at <= document->at)) {
            fill_deadline(asked, *row++, *message.add_rows());
        } else {
            fill_deadline(asked, *document, *message.add_rows());
            given = cursor_of(*document++);
        }
    }
    if (row != found.rows.end()) {  // go on within this page of the obligations
        const auto taken = static_cast<std::size_t>(row - found.rows.begin());
        found.next = page.cursor;
        if (taken != 0) {
            DAYBOOK_ASSIGN(auto part, reading.due(query, {taken, page.cursor}));
            found.next = std::move(part.next);
        }
    } else if (found.next.empty()) {
        found.next = kAllGiven;
    }
    if (found.next != kAllGiven || document != documents.end()) message.set_next(asked.next(found.next + "!" + given));
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {
    {"repairs", "site rows cursor", repairs, About::kNow},
    {"reservations", "site party before rows cursor", reservations, About::kNow},
    {"deadlines", "site before rows cursor", deadlines, About::kNow},
};

}  // namespace

Family claim_questions() { return kQuestions; }

}  // namespace daybook::api
