// What is owed to outsiders: repairs, pieces held or sold for later, and every deadline.
#include <algorithm>

#include "engine/api/internal/asked.h"
#include "engine/api/internal/in_order.h"
#include "engine/api/internal/open.h"
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
    DAYBOOK_ASSIGN(const auto reading, asked.views.read());
    DAYBOOK_ASSIGN(const auto found, reading.due(query, page));
    v1::RepairsAnswer message;
    asked.as_of(found.position, message);
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
    DAYBOOK_ASSIGN(const auto reading, asked.views.read());
    DAYBOOK_ASSIGN(const auto found, reading.due(query, page));
    v1::ReservationsAnswer message;
    asked.as_of(found.position, message);
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

Result<std::string> deadlines(const Asked& asked) {
    DAYBOOK_ASSIGN(const auto page, asked.page());
    DueQuery query;
    DAYBOOK_ASSIGN(query.site, asked.site());
    DAYBOOK_ASSIGN(query.before, asked.time_param("before"));
    query.wanted = [](const custody::Obligation& it) { return it.due_at != 0 && deadline_text(it.kind) != nullptr; };
    DAYBOOK_ASSIGN(const auto found, asked.views.due(query, page));
    v1::DeadlinesAnswer message;
    asked.as_of(found.position, message);
    return page_json(asked, message, found, [&](const ObligationRow& row) {
        v1::ObligationRow whole;
        fill(row, asked.context, whole);
        v1::DeadlineRow& out = *message.add_rows();
        *out.mutable_at() = whole.due_at();
        out.set_overdue_minutes(whole.overdue_minutes());
        out.set_what(deadline_text(row.obligation.kind));
        out.set_kind(whole.kind());
        out.set_obligation(whole.obligation());
        out.set_document(whole.document());
        out.set_party(whole.party());
        out.set_site(whole.site());
        out.set_open_lines(whole.open_lines());
    });
}

constexpr QuestionInfo kQuestions[] = {
    {"repairs", "site rows cursor", repairs},
    {"reservations", "site party before rows cursor", reservations},
    {"deadlines", "site before rows cursor", deadlines},
};

}  // namespace

Family claim_questions() { return kQuestions; }

}  // namespace daybook::api
