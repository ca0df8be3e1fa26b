#include "projections/stock/stock.h"

#include "engine/base/bytes.h"
#include "projections/cursor.h"
#include "projections/store/encoding.h"
#include "projections/views.h"

namespace daybook::projections {

using custody::Item;
using custody::State;

namespace {

constexpr std::size_t kKeyTailBytes = 6;  // a zero byte behind the model, the site, the owner

std::string stock_key(std::string_view model, SiteId site, StockOwner owner) {
    std::string key(model);
    key.push_back('\0');
    key_u32(key, site);
    key.push_back(static_cast<char>(owner));
    return key;
}

Result<StockRow> take_row(std::string_view key, std::string_view value) {
    StockRow row;
    StockSums sums;
    if (key.size() < kKeyTailBytes || !sums.read(value)) {
        return fail(ErrorCode::kCorrupt, "a row of the stock is damaged: run `daybook rebuild`");
    }
    row.model = key.substr(0, key.size() - kKeyTailBytes);
    row.site = get_be32(key.data() + key.size() - 5);
    row.owner = static_cast<StockOwner>(key.back());
    const auto count = [&sums](StockColumn column) {
        return static_cast<std::uint64_t>(sums.pieces[static_cast<std::size_t>(column)]);
    };
    row.available = count(StockColumn::kAvailable);
    row.reserved = count(StockColumn::kReserved);
    row.quarantined = count(StockColumn::kQuarantined);
    row.damaged = count(StockColumn::kDamaged);
    row.disputed = count(StockColumn::kDisputed);
    row.carnet = count(StockColumn::kCarnet);
    row.hold = count(StockColumn::kHold);
    row.packed = count(StockColumn::kPacked);
    row.in_transit_to = count(StockColumn::kInTransitTo);
    row.on_memo = count(StockColumn::kOnMemo);
    row.in_repair = count(StockColumn::kInRepair);
    row.insured_minor = sums.insured_minor;
    return row;
}

// The first that fits.
StockColumn column_of_accessible(const Item& item) {
    if (item.reservation != 0 || item.delivery != 0) return StockColumn::kReserved;
    if (item.has(custody::kQuarantined)) return StockColumn::kQuarantined;
    if (item.has(custody::kDamaged)) return StockColumn::kDamaged;
    if (item.disputes != 0) return StockColumn::kDisputed;
    if (item.carnet != 0) return StockColumn::kCarnet;
    return StockColumn::kAvailable;
}

}  // namespace

std::optional<StockPlace> stock_place(const Item& item, SiteId to_site) {
    switch (item.state()) {
        case State::kV:
        case State::kD:
        case State::kP: return StockPlace{column_of_accessible(item), item.account.site};
        case State::kR: return StockPlace{StockColumn::kHold, item.account.site};
        case State::kK: return StockPlace{StockColumn::kPacked, item.account.site};
        case State::kT: return StockPlace{StockColumn::kInTransitTo, to_site};
        case State::kM: return StockPlace{StockColumn::kOnMemo, item.put_by};
        case State::kW: return StockPlace{StockColumn::kInRepair, item.put_by};
        case State::kX0:
        case State::kX1:
        case State::kX2:
        case State::kS:
        case State::kF:
        case State::kL:
        case State::kZ: return std::nullopt;
    }
    return std::nullopt;
}

StockOwner stock_owner(const Item& item) {
    switch (item.owner.kind) {
        case custody::OwnerKind::kHouse: return StockOwner::kHouse;
        case custody::OwnerKind::kVendor: return StockOwner::kMemoIn;
        case custody::OwnerKind::kClient: return StockOwner::kClient;
        case custody::OwnerKind::kUnknown:
        case custody::OwnerKind::kInsurer: return StockOwner::kOther;
    }
    return StockOwner::kOther;
}

void StockSums::write(std::string& out) const {
    for (const std::int64_t count : pieces) put_number(out, static_cast<std::uint64_t>(count));
    put_signed(out, insured_minor);
}

bool StockSums::read(std::string_view bytes) {
    RowReader reader(bytes);
    for (std::int64_t& count : pieces) count = static_cast<std::int64_t>(reader.number());
    insured_minor = reader.signed_number();
    return reader.ok() && reader.done();
}

Result<void> StockFold::add(const Item& item, const StockPlace& place, std::int64_t sign, const Step& step,
                            Store& store) {
    const Key key{item.model, place.site, stock_owner(item)};
    const auto make_key = [&] { return stock_key(step.glossary.names().text(key.model), key.site, key.owner); };
    DAYBOOK_ASSIGN(StockSums * sums, sums_.edit(key, store, make_key));
    sums->pieces[static_cast<std::size_t>(place.column)] += sign;
    sums->insured_minor += sign * item.insured_minor;
    return {};
}

Result<void> StockFold::fold(const Step& step, Store& store) {
    for (const PieceChange& piece : step.pieces) {
        const Item* before = piece.before;
        const Item& after = *piece.after;
        const auto from = before == nullptr ? std::nullopt : stock_place(*before, piece.transit_before);
        const auto to = stock_place(after, piece.transit_after);
        // Most moves, to a case and back, change nothing here.
        const bool same = from == to && before != nullptr && before->model == after.model &&
                          before->owner == after.owner && before->insured_minor == after.insured_minor;
        if (same) continue;
        if (from) DAYBOOK_TRY(add(*before, *from, -1, step, store));
        if (to) DAYBOOK_TRY(add(after, *to, 1, step, store));
    }
    return {};
}

std::string page_key(const StockRow& row) { return hex(stock_key(row.model, row.site, row.owner)); }

Result<Rows<StockRow>> read_stock(const ReadPoint& point, const StockQuery& query, const Page& page) {
    DAYBOOK_ASSIGN(const Cursor cursor, cursor_of(page, point.position(), 0));
    const std::string prefix = query.model ? *query.model + '\0' : std::string();
    Rows<StockRow> answer{point.position(), {}, {}};
    std::string last;
    Scan scan = point.scan(Table::kStock, cursor.first ? prefix : behind(cursor.key), end_of_prefix(prefix));
    while (scan.next()) {
        DAYBOOK_ASSIGN(StockRow row, take_row(scan.key(), scan.value()));
        if (query.model && row.model != *query.model) continue;
        if (query.site && row.site != *query.site) continue;
        const bool empty = row.on_hand() + row.in_transit_to + row.on_memo + row.in_repair == 0;
        if (empty && !query.empties) continue;
        if (query.own_only && row.owner != StockOwner::kHouse) continue;
        if (answer.rows.size() == page.rows_max) {
            answer.next = to_text({cursor.position, last, false});
            break;
        }
        last = scan.key();
        answer.rows.push_back(std::move(row));
    }
    DAYBOOK_TRY(scan.status());
    return answer;
}

}  // namespace daybook::projections
