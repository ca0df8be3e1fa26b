#include "engine/api/internal/state_messages.h"

#include <array>
#include <string_view>
#include <utility>

#include "engine/api/row_messages.h"
#include "engine/base/limits.h"
#include "projections/stock/stock.h"

namespace daybook::api {
namespace {

using projections::StockOwner;
using projections::StockRow;

bool is_empty(const StockRow& row) {
    return row.on_hand() == 0 && row.in_transit_to == 0 && row.on_memo == 0 && row.in_repair == 0;
}

v1::StockRow* part_of(StockOwner owner, v1::Stock& stock) {
    switch (owner) {
        case StockOwner::kHouse: return stock.mutable_own();
        case StockOwner::kMemoIn: return stock.mutable_memo_in();
        case StockOwner::kClient: return stock.mutable_client();
        case StockOwner::kOther: break;
    }
    return stock.mutable_other();
}

// In the order of projections::StockColumn; names of fields of v1::StockRow.
constexpr std::array<std::string_view, projections::kStockColumnCount> kColumnNames{
    "available", "reserved", "quarantined", "damaged",  "disputed", "carnet",
    "hold",      "packed",   "in_transit_to", "on_memo", "in_repair"};

// Rows of the same model and site, which follow each other, become one message.
class StockJoiner {
public:
    StockJoiner(std::uint32_t currency, const OnStock& visit) : context_{currency, 0}, visit_(visit) {}

    Result<void> add(const StockRow& row) {
        if (begun_ && (row.model != stock_.model() || row.site != stock_.site())) DAYBOOK_TRY(end());
        begun_ = true;
        stock_.set_model(row.model);
        stock_.set_site(row.site);
        if (is_empty(row)) return {};
        fill(row, context_, *part_of(row.owner, stock_));
        empty_ = false;
        return {};
    }
    Result<void> end() {
        if (!std::exchange(begun_, false)) return {};
        DAYBOOK_TRY(visit_(stock_, std::exchange(empty_, true)));
        stock_.Clear();
        return {};
    }

private:
    const RowContext context_;
    const OnStock& visit_;
    v1::Stock stock_;
    bool begun_ = false;
    bool empty_ = true;
};

// What the stock asks of a piece follows from its row; of a slot it asks whether there is one.
Result<std::optional<projections::StockPlace>> counted(const projections::Reading& reading,
                                                       const projections::ItemRow& row) {
    using custody::ObligationKind;
    custody::Item item;
    item.account = row.account;
    item.put_by = row.put_by;
    item.flags = row.flags;
    item.reservation = row.has_open(ObligationKind::kReservation) ? 1 : 0;
    item.delivery = row.has_open(ObligationKind::kDelivery) ? 1 : 0;
    item.carnet = row.has_open(ObligationKind::kCarnet) ? 1 : 0;
    item.disputes = row.has_open(ObligationKind::kDiscrepancy) ? 1 : 0;
    SiteId to_site = 0;
    if (row.state == custody::State::kT) {
        for (const auto& open : row.open) {
            if (open.kind != ObligationKind::kTransfer) continue;
            DAYBOOK_ASSIGN(const auto transfer, reading.obligation(open.ref));
            if (transfer.row) to_site = transfer.row->obligation.to_site;
        }
    }
    return projections::stock_place(item, to_site);
}

}  // namespace

Result<void> fill_custody(const projections::Reading& reading, const projections::ItemRow& row, std::uint32_t currency,
                          v1::Custody& out) {
    out.set_as_of(reading.position() - 1);
    fill(row, {currency, 0}, *out.mutable_piece());
    DAYBOOK_ASSIGN(const auto place, counted(reading, row));
    if (!place) return {};
    out.mutable_counted()->set_site(place->site);
    out.mutable_counted()->set_column(std::string(kColumnNames[static_cast<std::size_t>(place->column)]));
    return {};
}

Result<void> each_stock(const projections::Reading& reading, std::optional<std::string> model, std::uint32_t currency,
                        const OnStock& visit) {
    projections::StockQuery query;
    query.model = std::move(model);
    query.own_only = false;
    query.empties = true;
    projections::Page page;
    page.rows_max = limits::kPageRowsMax;
    StockJoiner joiner(currency, visit);
    do {
        DAYBOOK_ASSIGN(const auto answer, reading.stock(query, page));
        for (const StockRow& row : answer.rows) DAYBOOK_TRY(joiner.add(row));
        page.cursor = answer.next;
    } while (!page.cursor.empty());
    return joiner.end();
}

}  // namespace daybook::api
