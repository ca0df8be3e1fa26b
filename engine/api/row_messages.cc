#include "engine/api/row_messages.h"

#include <string>

#include "engine/base/bytes.h"
#include "engine/codec/obligation_text.h"

namespace daybook::api {
namespace {

using custody::EventType;
using custody::ObligationKind;
using custody::State;

v1::Owner::Kind owner_kind(custody::OwnerKind kind) {
    switch (kind) {
        case custody::OwnerKind::kHouse: return v1::Owner::HOUSE;
        case custody::OwnerKind::kVendor: return v1::Owner::VENDOR;
        case custody::OwnerKind::kClient: return v1::Owner::CLIENT;
        case custody::OwnerKind::kInsurer: return v1::Owner::INSURER;
        case custody::OwnerKind::kUnknown: break;
    }
    return v1::Owner::UNKNOWN;
}

void fill_money(std::int64_t minor, std::uint32_t currency, v1::Money& out) {
    out.set_minor(minor);
    for (int shift = 16; shift >= 0; shift -= 8) {
        if (currency != 0) out.mutable_currency()->push_back(static_cast<char>(currency >> shift & 0xff));
    }
}

v1::ItemFlag::Code flag_of(ObligationKind kind) {
    switch (kind) {
        case ObligationKind::kReservation: return v1::ItemFlag::RESERVED;
        case ObligationKind::kDelivery: return v1::ItemFlag::SOLD_HELD;
        case ObligationKind::kCarnet: return v1::ItemFlag::CARNET_BOUND;
        case ObligationKind::kDiscrepancy: return v1::ItemFlag::DISPUTED;
        default: return v1::ItemFlag::UNSPECIFIED;
    }
}

void fill_flags(const projections::ItemRow& row, v1::ItemRow& out) {
    if ((row.flags & custody::kQuarantined) != 0) out.add_flags(v1::ItemFlag::QUARANTINED);
    if ((row.flags & custody::kDamaged) != 0) out.add_flags(v1::ItemFlag::DAMAGED);
    for (const auto kind : {ObligationKind::kReservation, ObligationKind::kDelivery, ObligationKind::kCarnet,
                            ObligationKind::kDiscrepancy}) {
        if (row.has_open(kind)) out.add_flags(flag_of(kind));
    }
}

}  // namespace

std::string holder_text(const custody::AccountId& account) {
    const std::string path = account.path();
    const std::string last = path.substr(path.rfind('/') + 1);
    const std::string site = account.site == 0 ? "" : " of site " + std::to_string(account.site);
    switch (account.kind) {
        case custody::AccountClass::kSiteVault: return "vault, bin " + last + site;
        case custody::AccountClass::kSiteCom: return "vault, client-owned, bin " + last + site;
        case custody::AccountClass::kSiteHold: return "hold" + site;
        case custody::AccountClass::kSiteDisplay: return "showcase " + last + site;
        case custody::AccountClass::kSiteWindow: return "window" + site;
        case custody::AccountClass::kSitePerson: return "principal " + last + site;
        case custody::AccountClass::kSitePack: return "packing table" + site;
        case custody::AccountClass::kTransit: return "carrier, transfer " + last;
        case custody::AccountClass::kExtClient: return "client " + last;
        case custody::AccountClass::kExtSupplier: return "supplier " + last;
        case custody::AccountClass::kExtEntity: return "sister entity " + last;
        case custody::AccountClass::kExtMemo: return "memo " + last;
        case custody::AccountClass::kExtWorkshop: return "workshop " + last;
        case custody::AccountClass::kSiteWorkshopInt: return "own workshop" + site;
        case custody::AccountClass::kSuspenseMissing: return "nobody: missing" + site;
        case custody::AccountClass::kSuspenseFound: return "found" + site + ", not identified";
        case custody::AccountClass::kLoss: return "nobody: written off, " + last;
        case custody::AccountClass::kGone: return "nobody: decommissioned";
        default: return path;
    }
}

v1::EventType::Code event_type_of(const v1::Event& event) {
    constexpr int kPayloads = 100;  // an event type's payload is this and its number
    return static_cast<v1::EventType::Code>(static_cast<int>(event.command().payload_case()) - kPayloads);
}

void fill(Micros at, google::protobuf::Timestamp* out) {
    const Micros seconds = (at >= 0 ? at : at - kSecond + 1) / kSecond;  // rounds down
    out->set_seconds(seconds);
    out->set_nanos(static_cast<std::int32_t>((at - seconds * kSecond) * 1000));
}

v1::DocType::Code doc_code(custody::DocType type) {
    return type == custody::DocType::kOther ? v1::DocType::OTHER : static_cast<v1::DocType::Code>(type);
}

v1::State::Code state_code(State state) { return static_cast<v1::State::Code>(static_cast<int>(state) + 1); }

void fill(const custody::Owner& owner, v1::Owner& out) {
    out.set_kind(owner_kind(owner.kind));
    out.set_id(owner.id);
}

void fill(const projections::ItemRow& row, const RowContext& context, v1::ItemRow& out) {
    out.set_item(row.item.text());
    out.set_state(state_code(row.state));
    out.set_version(row.version);
    out.set_last_event(row.last_event);
    if (row.state == State::kX0) return;  // its registration was taken back: there is nothing else to tell
    out.set_account(row.account.path());
    out.set_holder(holder_text(row.account));
    fill(row.since, out.mutable_since());
    out.set_since_event(row.since_event);
    fill(row.owner, *out.mutable_owner());
    fill_flags(row, out);
    for (const auto& open : row.open) {
        auto* obligation = out.add_obligations();
        obligation->set_kind(static_cast<v1::ObligationKind::Code>(open.kind));
        obligation->set_obligation(codec::obligation_text(open.ref));
    }
    out.set_model(row.model);
    out.set_collection(row.collection);
    out.set_category(row.category);
    out.set_metal(row.metal);
    out.set_stone(row.stone);
    out.set_gross_mg(row.gross_mg);
    fill_money(row.insured_minor, context.currency, *out.mutable_insured());
    if (row.retail_minor != 0) fill_money(row.retail_minor, context.currency, *out.mutable_retail());
    out.set_verdict(static_cast<v1::Verdict::Code>(row.verdict));
}

void fill(const projections::StockRow& row, const RowContext& context, v1::StockRow& out) {
    out.set_site(row.site);
    out.set_model(row.model);
    out.set_available(row.available);
    out.set_reserved(row.reserved);
    out.set_quarantined(row.quarantined);
    out.set_damaged(row.damaged);
    out.set_disputed(row.disputed);
    out.set_carnet(row.carnet);
    out.set_hold(row.hold);
    out.set_packed(row.packed);
    out.set_in_transit_to(row.in_transit_to);
    out.set_on_memo(row.on_memo);
    out.set_in_repair(row.in_repair);
    out.set_on_hand(row.on_hand());
    fill_money(row.insured_minor, context.currency, *out.mutable_insured());
}

void fill(const projections::ObligationRow& row, const RowContext& context, v1::ObligationRow& out) {
    const custody::Obligation& obligation = row.obligation;
    out.set_obligation(codec::obligation_text(obligation.ref));
    out.set_kind(static_cast<v1::ObligationKind::Code>(obligation.kind));
    out.set_site(obligation.site);
    out.set_opened_by(obligation.opened_by);
    fill(obligation.opened_at, out.mutable_opened_at());
    if (obligation.due_at != 0) {
        fill(obligation.due_at, out.mutable_due_at());
        if (row.open && obligation.due_at < context.now) {
            out.set_overdue_minutes((context.now - obligation.due_at) / kMinute);  // whole minutes, rounded down
        }
    }
    out.set_responsible(obligation.responsible);
    out.set_party(obligation.party);
    out.set_document(obligation.document);
    out.set_lines(obligation.lines);
    out.set_open_lines(row.open ? obligation.open_lines : 0);
    if (!obligation.item.empty()) out.add_items(obligation.item.text());
    if (!row.open) {
        out.set_closed_by(row.closed_by);
        fill(row.closed_at, out.mutable_closed_at());
    }
    out.set_difference(static_cast<v1::Difference::Kind>(obligation.difference));
}

void fill(const projections::SupplyRow& row, v1::SupplyRow& out) {
    out.set_account(row.account.path());
    out.set_supply(row.supply);
    out.set_quantity(row.quantity);
    out.set_measure(row.measure);
}

void fill(const projections::DayRow& row, v1::DayRow& out) {
    out.set_site(row.site);
    out.set_number(row.number);
    if (row.from != 0) fill(row.from, out.mutable_from());
    if (row.to != 0) fill(row.to, out.mutable_to());
    if (row.closed_by != kNoPosition) out.set_closed_by(row.closed_by);
}

void fill(const projections::DayEntryRow& row, v1::DayEntry& out) {
    out.set_kind(static_cast<v1::DayEntry::Kind>(row.kind));
    out.set_position(row.position);
    out.set_type(static_cast<v1::EventType::Code>(row.type));
    fill(row.occurred_at, out.mutable_occurred_at());
    out.set_pieces(row.pieces);
    if (row.amount != custody::Money{}) fill_money(row.amount.minor, row.amount.currency, *out.mutable_amount());
    if (row.tax != custody::Money{}) fill_money(row.tax.minor, row.tax.currency, *out.mutable_tax());
    out.set_document(row.document);
    out.set_party(row.party);
}

void fill(const projections::FoundRow& row, v1::FoundItem& out) {
    out.set_item(row.item.text());
    out.set_model(row.model);
    out.set_collection(row.collection);
    out.set_category(row.category);
    out.set_metal(row.metal);
    out.set_stone(row.stone);
}

void fill(const projections::Digest& row, v1::DigestRow& out) {
    out.set_view(row.view);
    if (row.position > 0) out.set_position(row.position - 1);
    out.set_digest(hex(row.sha256));
    out.set_rows(row.rows);
}

void fill(const projections::HistoryRow& row, const v1::Event& event, v1::HistoryRow& out) {
    const v1::Command& command = event.command();
    out.set_position(row.position);
    out.set_event_id(command.event_id());
    out.set_type(static_cast<v1::EventType::Code>(row.type));
    fill(row.occurred_at, out.mutable_occurred_at());
    fill(row.recorded_at, out.mutable_recorded_at());
    out.set_late(row.late);
    if (row.corrected_by != kNoPosition) out.set_corrected_by(row.corrected_by);
    if (row.line < static_cast<std::uint32_t>(event.lines_size())) {
        const v1::EventLine& line = event.lines(static_cast<int>(row.line));
        out.set_from(line.from());
        out.set_to(line.to());
        if (line.has_prev()) out.set_prev(line.prev());
    }
    *out.mutable_actor() = command.actor();
    *out.mutable_attest() = command.attest();
    *out.mutable_docs() = command.docs();
    out.set_obligation_id(command.obligation_id());
    for (const auto& closed : event.closes()) {
        if (!closed.has_line() || closed.line() == row.line) *out.add_closes() = closed;
    }
    out.set_note(command.note());
}

}  // namespace daybook::api
