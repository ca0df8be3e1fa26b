// Stock: pieces by model and site.
#include <map>
#include <tuple>

#include "engine/api/internal/pieces_at.h"
#include "projections/stock/stock.h"

namespace daybook::api {
namespace {

using projections::StockColumn;
using projections::StockRow;

// By model, site and owner: as the view has it.
using Sums = std::map<std::tuple<std::string, SiteId, projections::StockOwner>, StockRow>;

std::uint64_t& column_of(StockRow& row, StockColumn column) {
    switch (column) {
        case StockColumn::kAvailable: return row.available;
        case StockColumn::kReserved: return row.reserved;
        case StockColumn::kQuarantined: return row.quarantined;
        case StockColumn::kDamaged: return row.damaged;
        case StockColumn::kDisputed: return row.disputed;
        case StockColumn::kCarnet: return row.carnet;
        case StockColumn::kHold: return row.hold;
        case StockColumn::kPacked: return row.packed;
        case StockColumn::kInTransitTo: return row.in_transit_to;
        case StockColumn::kOnMemo: return row.on_memo;
        case StockColumn::kInRepair: break;
    }
    return row.in_repair;
}

// `to_site`: of a piece in transit.
void count(const projections::ItemRow& piece, SiteId to_site, const projections::StockQuery& query, Sums& sums) {
    custody::Item item;  // what its place in the stock goes by
    item.account = piece.account;
    item.owner = piece.owner;
    item.put_by = piece.put_by;
    item.flags = piece.flags;
    item.reservation = piece.has_open(custody::ObligationKind::kReservation) ? 1 : 0;
    item.delivery = piece.has_open(custody::ObligationKind::kDelivery) ? 1 : 0;
    item.carnet = piece.has_open(custody::ObligationKind::kCarnet) ? 1 : 0;
    item.disputes = piece.has_open(custody::ObligationKind::kDiscrepancy) ? 1 : 0;
    const auto place = projections::stock_place(item, to_site);
    const auto owner = projections::stock_owner(item);
    if (!place || (query.model && piece.model != *query.model) || (query.site && place->site != *query.site)) return;
    if (query.own_only && owner != projections::StockOwner::kHouse) return;
    StockRow& row = sums[{piece.model, place->site, owner}];
    row.model = piece.model;
    row.site = place->site;
    row.owner = owner;
    ++column_of(row, place->column);
    row.insured_minor += piece.insured_minor;
}

SiteId transit_site(const custody::PieceState& piece) {
    for (const auto& obligation : piece.obligations) {
        if (obligation.kind == custody::ObligationKind::kTransfer) return obligation.to_site;
    }
    return 0;
}

// Each page counts all pieces again, at the same (V, R).
Result<std::string> stock_at(const Asked& asked, const projections::StockQuery& query,
                             const When& when, const projections::Page& page) {
    PiecesAt pieces(asked, when);
    Sums sums;
    const auto told = [&](const custody::PieceState& piece) -> Result<void> {
        count(item_row(piece), transit_site(piece), query, sums);
        return {};
    };
    const auto as_now = [&](const projections::ItemRow& row) -> Result<void> {
        if (row.state != custody::State::kT) {
            count(row, 0, query, sums);
            return {};
        }
        DAYBOOK_ASSIGN(const auto piece, pieces.tell(row));
        return piece ? told(*piece) : Result<void>();
    };
    DAYBOOK_TRY(pieces.each(as_now, told));
    v1::StockAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    std::vector<StockRow> rows;
    for (auto& [key, row] : sums) rows.push_back(std::move(row));
    message.set_next(cursor_text(asked, when, cut_to_page(asked, page.rows_max, rows)));
    for (const StockRow& row : rows) fill(row, asked.context, *message.add_rows());
    return codec::to_json(message);
}

Result<std::string> stock(const Asked& asked) {
    projections::StockQuery query;
    if (!asked.param("model").empty()) query.model = asked.param("model");
    if (!asked.param("site").empty()) {
        DAYBOOK_ASSIGN(query.site, asked.site());
    }
    DAYBOOK_ASSIGN(query.own_only, asked.flag_param("own_only", true));
    DAYBOOK_ASSIGN(const When when, when_of(asked));
    DAYBOOK_ASSIGN(const bool is_now, when.is_now());
    DAYBOOK_ASSIGN(const auto page, page_by_key(asked, when));
    if (asks_when(asked) || !is_now) return stock_at(asked, query, when, page);
    DAYBOOK_ASSIGN(const auto found, when.reading.stock(query, page));
    v1::StockAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    for (const auto& row : found.rows) fill(row, asked.context, *message.add_rows());
    if (!found.next.empty()) message.set_next(cursor_text(asked, when, projections::page_key(found.rows.back())));
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {{"stock", "model site own_only valid_at known_at rows cursor", stock}};

}  // namespace

Family stock_questions() { return kQuestions; }

}  // namespace daybook::api
