#include "engine/api/internal/pieces_at.h"

#include <algorithm>

namespace daybook::api {

Result<std::optional<custody::PieceState>> PiecesAt::tell(const projections::ItemRow& row) {
    DAYBOOK_ASSIGN(const auto events, chains_.read(row.item, row.last_event));
    const auto known = std::find_if(events.begin(), events.end(),
                                    [&](const auto& event) { return event.position >= when_.at.known; });
    custody::Folded folded = custody::fold(row.item, {events.begin(), known}, when_.at.valid);
    if (folded.broken) {
        return fail(ErrorCode::kCorrupt, "event " + std::to_string(folded.broken->event) +
                                             " is not legal in the chain of piece " + row.item.text() + ": " +
                                             folded.broken->refusal.message);
    }
    if (folded.piece.item.id.empty()) return std::optional<custody::PieceState>();
    return std::optional(std::move(folded.piece));
}

Result<std::optional<custody::PieceState>> PiecesAt::piece(const ItemId& item) {
    DAYBOOK_ASSIGN(const auto found, when_.reading.item(item));
    if (!found.row) return std::optional<custody::PieceState>();
    return tell(*found.row);
}

Result<void> PiecesAt::each(const std::function<Result<void>(const projections::ItemRow&)>& as_now,
                            const std::function<Result<void>(const custody::PieceState&)>& told) {
    return when_.reading.each_item([&](const projections::ItemRow& row) -> Result<void> {
        if (row.last_event < when_.at.known && row.last_at <= when_.at.valid) return as_now(row);
        DAYBOOK_ASSIGN(const auto piece, tell(row));
        return piece ? told(*piece) : Result<void>();
    });
}

projections::ItemRow item_row(const custody::PieceState& piece) {
    const custody::Item& item = piece.item;
    projections::ItemRow row;
    row.item = item.id;
    row.state = item.state();
    row.account = item.account;
    row.owner = item.owner;
    row.since = item.since;
    row.since_event = item.since_event;
    row.last_event = item.last;
    row.last_at = item.last_at;
    row.version = item.version;
    row.flags = item.flags;
    row.verdict = item.verdict;
    for (const auto& obligation : piece.obligations) row.open.push_back({obligation.kind, obligation.ref});
    row.model = piece.model;
    row.collection = piece.collection;
    row.category = piece.category;
    row.metal = piece.metal;
    row.stone = piece.stone;
    row.insured_minor = item.insured_minor;
    row.retail_minor = item.retail_minor;
    row.gross_mg = item.gross_mg;
    row.put_by = item.put_by;
    row.sold_by = item.sold_by;
    return row;
}

Result<void> fill_open(const projections::Reading& reading, const projections::ItemRow& row, const RowContext& context,
                       OpenLines lines, v1::ItemRow& out) {
    out.clear_obligations();
    for (const auto& open : row.open) {
        DAYBOOK_ASSIGN(const auto found, reading.obligation(open.ref));
        if (!found.row) continue;
        v1::ObligationRow& obligation = *out.add_obligations();
        if (lines == OpenLines::kTold) fill(*found.row, context, obligation);
        else fill_obligation(found.row->obligation, context, obligation);
    }
    return {};
}

void fill_obligation(const custody::Obligation& obligation, const RowContext& context, v1::ObligationRow& out) {
    fill(projections::ObligationRow{obligation, true, kNoPosition, 0}, context, out);
    out.clear_open_lines();
}

}  // namespace daybook::api
