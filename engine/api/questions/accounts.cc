// Accounts: which hold something, and what is in one.
#include <algorithm>

#include "engine/api/internal/pieces_at.h"
#include "engine/api/internal/when.h"

namespace daybook::api {
namespace {

Result<std::string> accounts(const Asked& asked) {
    projections::AccountsQuery query;
    DAYBOOK_ASSIGN(query.site, asked.site());
    if (const std::string kind = asked.param("class"); !kind.empty()) {
        query.kind = custody::parse_account_class(kind);
        if (!query.kind) return wrong("class", kind, "a class of accounts, as in SITE/VAULT");
    }
    DAYBOOK_ASSIGN(const When when, when_of(asked));
    DAYBOOK_ASSIGN(const bool is_now, when.is_now());
    DAYBOOK_ASSIGN(const auto page, page_by_key(asked, when));
    v1::AccountsAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    std::string next;
    projections::Rows<projections::AccountRow> found;
    if (asks_when(asked) || !is_now) {  // each page sums all accounts up again
        DAYBOOK_ASSIGN(found, when.reading.accounts_at(query, when.at));
        next = cut_to_page(asked, page.rows_max, found.rows);
    } else {
        DAYBOOK_ASSIGN(found, when.reading.accounts(query, page));
        if (!found.next.empty()) next = projections::page_key(found.rows.back());
    }
    for (const projections::AccountRow& row : found.rows) {
        v1::AccountRow& out = *message.add_rows();
        out.set_account(row.account.path());
        out.set_pieces(row.pieces);
        asked.money(row.insured_minor, *out.mutable_insured());
    }
    message.set_next(cursor_text(asked, when, next));
    return codec::to_json(message);
}

// What was in an account at (V, R), its pieces by their chains.
Result<std::string> account_at(const Asked& asked, const custody::AccountId& account, const When& when,
                               projections::Page page) {
    DAYBOOK_ASSIGN(const auto found, when.reading.account_at(account, when.at, page));
    DAYBOOK_ASSIGN(const auto totals, when.reading.account_totals_at(account, when.at));
    DAYBOOK_ASSIGN(const auto supplies, when.reading.supplies_at(account, when.at));
    v1::AccountAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    message.set_account(account.path());
    message.set_pieces(totals.pieces);
    asked.money(totals.insured_minor, *message.mutable_insured());
    const RowContext context{asked.context.currency, when.at.valid};
    PiecesAt pieces(asked, when);
    for (const auto& row : found.rows) {
        DAYBOOK_ASSIGN(const auto piece, pieces.piece(row.item));
        if (!piece) continue;
        v1::ItemRow& out = *message.add_items();
        fill(item_row(*piece), context, out);
        out.clear_obligations();
        for (const auto& obligation : piece->obligations) fill_obligation(obligation, context, *out.add_obligations());
    }
    for (const auto& row : supplies.rows) fill(row, *message.add_supplies());
    message.set_next(cursor_text(asked, when, found.next));
    return codec::to_json(message);
}

Result<std::string> account(const Asked& asked) {
    DAYBOOK_ASSIGN(const auto page, asked.page());
    std::string path;
    for (std::size_t i = 1; i < asked.question.path.size(); ++i) path += (i == 1 ? "" : "/") + asked.question.path[i];
    const auto id = custody::AccountId::parse(path);
    if (!id) return wrong("account", path, "an account's path, as in SITE/1/VAULT/A-03");
    DAYBOOK_ASSIGN(const When when, when_of(asked));
    DAYBOOK_ASSIGN(const bool is_now, when.is_now());
    if (asks_when(asked) || !is_now) return account_at(asked, *id, when, page);
    const projections::Reading& reading = when.reading;
    const RowContext context{asked.context.currency, when.at.valid};
    DAYBOOK_ASSIGN(const auto found, reading.account(*id, page));
    DAYBOOK_ASSIGN(const auto totals, reading.account_totals(*id));
    DAYBOOK_ASSIGN(const auto supplies, reading.supplies(*id));
    v1::AccountAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    message.set_account(path);
    if (totals.row) {
        message.set_pieces(totals.row->pieces);
        asked.money(totals.row->insured_minor, *message.mutable_insured());
    }
    for (const auto& row : found.rows) {
        DAYBOOK_ASSIGN(const auto item, reading.item(row.item));
        if (!item.row) continue;
        fill(*item.row, context, *message.add_items());
        DAYBOOK_TRY(fill_open(reading, *item.row, context, OpenLines::kLeftOut, *message.mutable_items()->rbegin()));
    }
    for (const auto& row : supplies.rows) fill(row, *message.add_supplies());
    message.set_next(cursor_text(asked, when, found.next));
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {
    {"accounts", "class site valid_at known_at rows cursor", accounts},
    {"accounts/**", "valid_at known_at rows cursor", account},
};

}  // namespace

Family account_questions() { return kQuestions; }

}  // namespace daybook::api
