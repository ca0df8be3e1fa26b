// The desk's day: what waits for a verdict, and what was sold and credited with which papers missing.
#include <algorithm>

#include "engine/api/internal/business_day.h"
#include "engine/api/internal/pieces_at.h"
#include "engine/api/internal/when.h"
#include "engine/base/limits.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::api {
namespace {

using custody::EventType;
using custody::Verdict;
using projections::ItemRow;

// ---- Inspections ----

// The phase that is due, by the event that brought the piece into hold; unspecified: any.
v1::InspectionRecorded::Phase phase_due(EventType brought) {
    switch (brought) {
        case EventType::kGoodsReceived:
        case EventType::kMemoInReceived:
        case EventType::kTransferReceived:
        case EventType::kTransferReturned: return v1::InspectionRecorded::IN;
        case EventType::kMemoReturned: return v1::InspectionRecorded::MEMO_RETURN;
        case EventType::kReceivedFromClient: return v1::InspectionRecorded::COM_IN;
        case EventType::kReturnedFromWorkshop: return v1::InspectionRecorded::REPAIR_OUT;
        case EventType::kMovedToHold:
        case EventType::kItemRecovered: return v1::InspectionRecorded::STOCK;
        default: return v1::InspectionRecorded::UNSPECIFIED;
    }
}

Result<void> fill_inspection(const Asked& asked, const When& when, const custody::PieceState& state,
                             v1::InspectionRow& out) {
    const ItemRow piece = item_row(state);
    v1::ItemRow item;
    fill(piece, {asked.context.currency, when.at.valid}, item);
    out.set_item(item.item());
    out.set_model(item.model());
    out.set_account(item.account());
    *out.mutable_since() = item.since();
    out.set_verdict(item.verdict());
    *out.mutable_owner() = item.owner();
    out.set_quarantined((piece.flags & custody::kQuarantined) != 0);
    if (piece.verdict == Verdict::kNone) {
        DAYBOOK_ASSIGN(const v1::Event brought, asked.event_at(piece.since_event));
        out.set_phase(phase_due(static_cast<EventType>(event_type_of(brought))));
        return {};
    }
    DAYBOOK_ASSIGN(auto chain, when.reading.chain(piece.item, when.at));
    std::stable_sort(chain.events.begin(), chain.events.end(),
                     [](const auto& a, const auto& b) { return a.occurred_at < b.occurred_at; });
    const auto inspected = std::find_if(chain.events.rbegin(), chain.events.rend(), [&](const auto& event) {
        return event.type == EventType::kInspectionRecorded && event.effective && event.occurred_at <= when.at.valid;
    });
    if (inspected == chain.events.rend()) return {};
    DAYBOOK_ASSIGN(const v1::Event inspection, asked.event_at(inspected->position));
    out.set_inspector(inspection.command().actor().principal());
    out.set_phase(inspection.command().inspection_recorded().phase());
    out.set_position(inspected->position);
    return {};
}

// The pieces in hold that cannot be put away yet.
class InHold {
public:
    InHold(const Asked& asked, const When& when, SiteId site, std::size_t rows_max)
        : asked_(asked), when_(when), pieces_(asked, when), site_(site), rows_max_(rows_max) {}

    Result<void> fill_rows(v1::InspectionsAnswer& message) {
        DAYBOOK_TRY(find_accounts());
        DAYBOOK_ASSIGN(const std::string next,
                       each_held(asked_, when_, accounts_, rows_max_,
                                 [&](const ItemId& item, const custody::AccountId&) { return add(item, message); }));
        message.set_next(next);
        return {};
    }

private:
    Result<void> find_accounts() {
        projections::AccountsQuery query;
        query.kind = custody::AccountClass::kSiteHold;
        query.site = site_;
        DAYBOOK_ASSIGN(const auto found, when_.reading.accounts_at(query, when_.at));
        for (const auto& row : found.rows) {
            if (row.pieces != 0) accounts_.push_back(row.account);
        }
        std::sort(accounts_.begin(), accounts_.end());
        return {};
    }
    Result<bool> add(const ItemId& id, v1::InspectionsAnswer& message) {
        DAYBOOK_ASSIGN(const auto piece, pieces_.piece(id));
        if (!piece) return false;
        const Verdict verdict = piece->item.verdict;
        if (verdict != Verdict::kNone && verdict != Verdict::kFail) return false;
        DAYBOOK_TRY(fill_inspection(asked_, when_, *piece, *message.add_rows()));
        return true;
    }

    const Asked& asked_;
    const When& when_;
    PiecesAt pieces_;
    const SiteId site_;
    const std::size_t rows_max_;
    std::vector<custody::AccountId> accounts_;
};

Result<std::string> inspections(const Asked& asked) {
    DAYBOOK_ASSIGN(const auto page, asked.page());
    DAYBOOK_ASSIGN(const SiteId site, asked.site());
    DAYBOOK_ASSIGN(const When when, when_of(asked));
    v1::InspectionsAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    DAYBOOK_TRY(InHold(asked, when, site, page.rows_max).fill_rows(message));
    return codec::to_json(message);
}

// ---- Sales ----

bool has_doc(const v1::Command& command, v1::DocType::Code type) {
    return std::any_of(command.docs().begin(), command.docs().end(),
                       [&](const v1::Doc& doc) { return doc.type() == type; });
}

void fill_sale(const projections::DayEntryRow& row, const v1::Event& event, v1::SaleRow& out) {
    const v1::Command& command = event.command();
    out.set_position(row.position);
    fill(row.occurred_at, out.mutable_occurred_at());
    for (const v1::Line& line : command.lines()) out.add_items(line.item());
    if (command.has_sale_completed()) {
        const v1::SaleCompleted& sale = command.sale_completed();
        out.set_number(sale.invoice());
        out.set_party(sale.party());
        out.set_associate(sale.associate());
        *out.mutable_amount() = sale.price();
        *out.mutable_tax() = sale.tax();
        out.set_discount_thousandths(sale.discount_thousandths());
        out.set_later(sale.handover() == v1::SaleCompleted::LATER);
        if (!has_doc(command, v1::DocType::INVOICE)) out.add_missing("invoice in docs");
        if (sale.payment_references().empty()) out.add_missing("payment reference");
        if (sale.certificates().empty()) out.add_missing("certificate");
        return;
    }
    const v1::SaleReturned& credit = command.sale_returned();
    out.set_credit(true);
    out.set_number(credit.credit_note());
    out.set_original_invoice(credit.invoice());
    *out.mutable_amount() = credit.refund();
    if (!has_doc(command, v1::DocType::CREDIT_NOTE)) out.add_missing("credit note in docs");
    if (credit.refund_references().empty()) out.add_missing("refund reference");
}

void add_total(const v1::SaleRow& row, v1::SalesAnswer& message) {
    auto& totals = *message.mutable_totals();
    auto at = std::find_if(totals.begin(), totals.end(), [&](const v1::SaleTotal& one) {
        return one.credit() == row.credit() && one.amount().currency() == row.amount().currency();
    });
    v1::SaleTotal& total = at == totals.end() ? *totals.Add() : *at;
    total.set_credit(row.credit());
    total.set_entries(total.entries() + 1);
    total.set_pieces(total.pieces() + static_cast<std::uint64_t>(row.items_size()));
    total.mutable_amount()->set_currency(row.amount().currency());
    total.mutable_amount()->set_minor(total.amount().minor() + row.amount().minor());
}

Result<std::string> sales(const Asked& asked) {
    const auto site = parse_number<SiteId>(asked.question.path[1]);
    if (!site) return wrong("site", asked.question.path[1], "the number of a site");
    DAYBOOK_ASSIGN(auto page, asked.page());
    DAYBOOK_ASSIGN(When when, when_of(asked));
    page.cursor = rest_of_cursor(asked);
    DAYBOOK_ASSIGN(const auto day, day_asked_for(asked, *site, when));
    v1::SalesAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    message.set_site(*site);
    // The day has other entries between: a page is full of sales, and has one behind it where it says so.
    const std::size_t rows_max = page.rows_max;
    std::string next;  // behind the last row given
    do {
        const std::size_t given = static_cast<std::size_t>(message.rows_size());
        page.rows_max = given == rows_max ? limits::kPageRowsMax : rows_max - given;
        DAYBOOK_ASSIGN(const auto found, when.reading.day(*site, day.from, page, when.at.known));
        for (const auto& row : found.rows) {
            const bool sold = row.kind == projections::DayEntryKind::kSale;
            if (!sold && row.kind != projections::DayEntryKind::kCredit) continue;
            if (given == rows_max) {
                message.set_next(cursor_text(asked, when, next));
                return codec::to_json(message);
            }
            DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(row.position));
            fill_sale(row, event, *message.add_rows());
            add_total(message.rows(message.rows_size() - 1), message);
        }
        page.cursor = found.next;
        if (given < rows_max) next = found.next;
    } while (!page.cursor.empty());
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {
    {"inspections", "site valid_at known_at rows cursor", inspections},
    {"sales/*", "at known_at rows cursor", sales},
};

}  // namespace

Family desk_questions() { return kQuestions; }

}  // namespace daybook::api
