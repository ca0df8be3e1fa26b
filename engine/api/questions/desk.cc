// The desk's day: what waits for a verdict, and what was sold and credited with which papers missing.
#include <algorithm>

#include "engine/api/internal/asked.h"
#include "engine/base/limits.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::api {
namespace {

using custody::EventType;
using custody::Verdict;
using projections::ItemRow;
using projections::Page;
using projections::Reading;

constexpr std::size_t kVerdictEventsMax = 200;  // of a piece's newest, in which its verdict is looked for

// ---- Inspections ----

Result<void> fill_inspection(const Asked& asked, const Reading& reading, const ItemRow& piece, v1::InspectionRow& out) {
    v1::ItemRow item;
    fill(piece, asked.context, item);
    out.set_item(item.item());
    out.set_model(item.model());
    out.set_account(item.account());
    *out.mutable_since() = item.since();
    out.set_verdict(item.verdict());
    *out.mutable_owner() = item.owner();
    out.set_quarantined((piece.flags & custody::kQuarantined) != 0);
    if (piece.verdict == Verdict::kNone) return {};
    DAYBOOK_ASSIGN(const auto history, reading.history(piece.item, {kVerdictEventsMax, {}}, true));
    for (const auto& event : history.rows) {
        if (event.type != EventType::kInspectionRecorded) continue;
        DAYBOOK_ASSIGN(const v1::Event inspection, asked.event_at(event.position));
        out.set_inspector(inspection.command().actor().principal());
        out.set_position(event.position);
        break;
    }
    return {};
}

// The pieces in hold that cannot be put away yet. A cursor is an account's path and, behind '!', that of its page.
class InHold {
public:
    InHold(const Asked& asked, const Reading& reading, SiteId site, Page page)
        : asked_(asked), reading_(reading), site_(site), page_(std::move(page)) {}

    Result<void> fill_rows(v1::InspectionsAnswer& message) {
        DAYBOOK_TRY(find_accounts());
        std::string inner;
        std::size_t at = 0;
        if (!page_.cursor.empty()) {
            const std::size_t bang = page_.cursor.find('!');
            const std::string path = page_.cursor.substr(0, bang);
            while (at < accounts_.size() && accounts_[at].path() != path) ++at;
            if (bang == std::string::npos || at == accounts_.size())
                return wrong("cursor", page_.cursor, "a cursor of this question");
            inner = page_.cursor.substr(bang + 1);
        }
        for (; at < accounts_.size(); ++at, inner.clear()) {
            do {
                const auto room = page_.rows_max - static_cast<std::size_t>(message.rows_size());
                if (room == 0) {
                    message.set_next(accounts_[at].path() + "!" + inner);
                    return {};
                }
                DAYBOOK_ASSIGN(const auto found, reading_.account(accounts_[at], {room, inner}));
                for (const auto& row : found.rows) DAYBOOK_TRY(add(row.item, message));
                inner = found.next;
            } while (!inner.empty());
        }
        return {};
    }

private:
    Result<void> find_accounts() {
        projections::AccountsQuery query;
        query.kind = custody::AccountClass::kSiteHold;
        query.site = site_;
        DAYBOOK_ASSIGN(const auto found, reading_.accounts(query, {limits::kPageRowsMax, {}}));
        for (const auto& row : found.rows) accounts_.push_back(row.account);
        return {};
    }
    Result<void> add(const ItemId& id, v1::InspectionsAnswer& message) {
        DAYBOOK_ASSIGN(const auto piece, reading_.item(id));
        if (!piece.row) return {};
        const Verdict verdict = piece.row->verdict;
        if (verdict != Verdict::kNone && verdict != Verdict::kFail) return {};
        return fill_inspection(asked_, reading_, *piece.row, *message.add_rows());
    }

    const Asked& asked_;
    const Reading& reading_;
    const SiteId site_;
    const Page page_;
    std::vector<custody::AccountId> accounts_;
};

Result<std::string> inspections(const Asked& asked) {
    DAYBOOK_ASSIGN(const auto page, asked.page());
    DAYBOOK_ASSIGN(const SiteId site, asked.site());
    DAYBOOK_ASSIGN(const auto reading, asked.views.read());
    v1::InspectionsAnswer message;
    asked.as_of(reading.position(), message);
    DAYBOOK_TRY(InHold(asked, reading, site, page).fill_rows(message));
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
    DAYBOOK_ASSIGN(const auto page, asked.page());
    DAYBOOK_ASSIGN(const Micros asked_at, asked.time_param("at"));
    DAYBOOK_ASSIGN(const auto reading, asked.views.read());
    const Micros at = asked_at != 0 ? asked_at : asked.context.now;
    DAYBOOK_ASSIGN(const auto found, reading.day(*site, at, page));
    v1::SalesAnswer message;
    asked.as_of(found.position, message);
    message.set_site(*site);
    for (const auto& row : found.rows) {
        const bool sold = row.kind == projections::DayEntryKind::kSale;
        if (!sold && row.kind != projections::DayEntryKind::kCredit) continue;
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(row.position));
        fill_sale(row, event, *message.add_rows());
        add_total(message.rows(message.rows_size() - 1), message);
    }
    message.set_next(found.next);
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {
    {"inspections", "site rows cursor", inspections},
    {"sales/*", "at rows cursor", sales},
};

}  // namespace

Family desk_questions() { return kQuestions; }

}  // namespace daybook::api
