// Obligations: what is open, and due when.
#include <algorithm>
#include <map>
#include <optional>

#include "engine/api/internal/open_then.h"
#include "engine/api/internal/pieces_at.h"

namespace daybook::api {
namespace {

using projections::ObligationRow;

// What was open at (V, R), in no order. Obligations of pieces by the fold of their chains, where the kind that is asked
// for may be theirs: the terms of one are the same in that of each of its pieces.
Result<std::vector<ObligationRow>> open_at(const Asked& asked, const When& when,
                                           std::optional<custody::ObligationKind> wanted) {
    std::map<custody::ObligationRef, ObligationRow> open;
    const auto told = [&](const custody::PieceState& piece) -> Result<void> {
        for (const auto& obligation : piece.obligations) {
            const auto [known, is_new] = open.try_emplace(obligation.ref);
            if (is_new) {
                known->second = {obligation, true, kNoPosition, 0};
            } else {
                ++known->second.obligation.open_lines;
            }
        }
        return {};
    };
    PiecesAt pieces(asked, when);
    const auto as_now = [&](const projections::ItemRow& row) -> Result<void> {
        if (row.open.empty()) return {};
        DAYBOOK_ASSIGN(const auto piece, pieces.tell(row));
        return piece ? told(*piece) : Result<void>();
    };
    if (!wanted || !is_of_an_event(*wanted)) DAYBOOK_TRY(pieces.each(as_now, told));
    std::vector<ObligationRow> of_events;
    DAYBOOK_TRY(when.reading.each_obligation([&](const ObligationRow& row) {
        if (row.obligation.lines == 0) of_events.push_back(row);
    }));
    DAYBOOK_ASSIGN(of_events, open_then(asked, when, std::move(of_events)));
    for (auto& row : of_events) open.try_emplace(row.obligation.ref, std::move(row));
    std::vector<ObligationRow> rows;
    rows.reserve(open.size());
    for (auto& [ref, row] : open) rows.push_back(std::move(row));
    return rows;
}

void fill_totals(v1::DueAnswer& message) {
    for (const auto& row : message.rows()) {
        if (row.overdue_minutes() > 0) message.set_overdue(message.overdue() + 1);
    }
    message.set_open(static_cast<std::uint64_t>(message.rows_size()));
}

// Each page looks at all pieces again, at the same (V, R).
Result<std::string> due_at(const Asked& asked, const projections::DueQuery& query, const When& when,
                           const projections::Page& page) {
    DAYBOOK_ASSIGN(auto rows, open_at(asked, when, query.kind));
    std::erase_if(rows, [&](const ObligationRow& row) {
        const custody::Obligation& it = row.obligation;
        return (query.site != 0 && it.site != query.site) || (query.kind && it.kind != *query.kind) ||
               (query.before != 0 && (it.due_at == 0 || it.due_at >= query.before));
    });
    v1::DueAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    message.set_next(cursor_text(asked, when, cut_to_page(asked, page.rows_max, rows)));
    for (const auto& row : rows) fill(row, {asked.context.currency, when.at.valid}, *message.add_rows());
    fill_totals(message);
    return codec::to_json(message);
}

Result<std::string> due(const Asked& asked) {
    projections::DueQuery query;
    DAYBOOK_ASSIGN(query.site, asked.site());
    DAYBOOK_ASSIGN(query.before, asked.time_param("before"));
    if (const std::string kind = asked.param("kind"); !kind.empty()) {
        query.kind = custody::parse_obligation_kind(kind);
        if (!query.kind) return wrong("kind", kind, "a kind of obligation, as in SIGNOUT");
    }
    DAYBOOK_ASSIGN(const When when, when_of(asked));
    DAYBOOK_ASSIGN(const bool is_now, when.is_now());
    DAYBOOK_ASSIGN(const auto page, page_by_key(asked, when));
    if (asks_when(asked) || !is_now) return due_at(asked, query, when, page);
    DAYBOOK_ASSIGN(const auto found, when.reading.due(query, page));
    v1::DueAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    const RowContext context{asked.context.currency, when.at.valid};
    for (const auto& row : found.rows) fill(row, context, *message.add_rows());
    fill_totals(message);
    if (!found.next.empty()) message.set_next(cursor_text(asked, when, projections::page_key(found.rows.back())));
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {{"due", "site kind before valid_at known_at rows cursor", due}};

}  // namespace

Family obligation_questions() { return kQuestions; }

}  // namespace daybook::api
