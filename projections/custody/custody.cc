#include "projections/custody/custody.h"

#include <algorithm>
#include <array>

#include "engine/custody/decide.h"
#include "projections/store/encoding.h"

namespace daybook::projections {
namespace {

// Row: the saved piece with its length, then each open obligation as kind, id, and, after a byte that says so,
// difference kind and piece.
void put_open(std::string& out, const OpenObligation& open) {
    out.push_back(static_cast<char>(open.kind));
    put_uuid(out, open.ref.id);
    const bool more = open.ref.kind != custody::DifferenceKind{} || !open.ref.item.empty();
    out.push_back(more ? 1 : 0);
    if (!more) return;
    out.push_back(static_cast<char>(open.ref.kind));
    put_uuid(out, open.ref.item);
}

OpenObligation take_open(RowReader& reader) {
    OpenObligation open;
    open.kind = static_cast<custody::ObligationKind>(reader.byte());
    open.ref.id = ObligationId(reader.uuid());
    if (reader.byte() == 0) return open;
    open.ref.kind = static_cast<custody::DifferenceKind>(reader.byte());
    open.ref.item = ItemId(reader.uuid());
    return open;
}

tl::unexpected<Error> damaged(const ItemId& item) {
    return fail(ErrorCode::kCorrupt, "the row of piece " + item.text() + " is damaged: run `daybook rebuild`");
}

}  // namespace

void CustodyFold::fold(const Step& step, Store& store) {
    for (const PieceChange& piece : step.pieces) {
        saved_.clear();
        custody::save_item(step.glossary.names(), *piece.after, saved_);
        value_.clear();
        put_text(value_, saved_);
        open_.clear();
        step.glossary.open_of(*piece.after, open_);
        for (const OpenObligation& open : open_) put_open(value_, open);
        char key[kUuidBytes];
        piece.after->id.store(key);
        store.layer().put(Table::kItems, {key, sizeof key}, {}, value_, step.position() + 1);
    }
}

namespace {

Result<ItemRow> take_item_row(const ItemId& item, std::string_view value) {
    RowReader reader(value);
    const std::string_view saved = reader.text();
    if (!reader.ok()) return damaged(item);
    const auto read = custody::read_item(saved);
    if (!read) return damaged(item);
    ItemRow row;
    const custody::Item& piece = read->item;
    row.item = piece.id;
    row.state = piece.state();
    row.account = piece.account;
    row.owner = piece.owner;
    row.since = piece.since;
    row.since_event = piece.since_event;
    row.last_event = piece.last;
    row.last_at = piece.last_at;
    row.version = piece.version;
    row.flags = piece.flags;
    row.verdict = piece.verdict;
    row.model = read->model;
    row.collection = read->collection;
    row.category = read->category;
    row.metal = read->metal;
    row.stone = read->stone;
    row.insured_minor = piece.insured_minor;
    row.retail_minor = piece.retail_minor;
    row.gross_mg = piece.gross_mg;
    row.put_by = piece.put_by;
    row.sold_by = piece.sold_by;
    while (!reader.done()) row.open.push_back(take_open(reader));
    if (!reader.ok()) return damaged(item);
    return row;
}

}  // namespace

Result<std::optional<ItemRow>> read_item_row(const ReadPoint& point, const ItemId& item) {
    char key[kUuidBytes];
    item.store(key);
    std::string value;
    DAYBOOK_ASSIGN(const bool there, point.get(Table::kItems, {key, sizeof key}, {}, value));
    if (!there) return std::optional<ItemRow>();
    DAYBOOK_ASSIGN(ItemRow row, take_item_row(item, value));
    return std::optional<ItemRow>(std::move(row));
}

Result<void> each_item_row(const ReadPoint& point, const std::function<Result<void>(const ItemRow&)>& row) {
    Scan scan = point.scan(Table::kItems);
    while (scan.next()) {
        DAYBOOK_ASSIGN(const ItemRow one, take_item_row(ItemId(Uuid::load(scan.key().data())), scan.value()));
        DAYBOOK_TRY(row(one));
    }
    return scan.status();
}

Result<void> load_items(const ReadPoint& point, custody::Books& books) {
    constexpr std::size_t kOnTheWay = 16;
    std::array<custody::Item, kOnTheWay> taken;
    std::size_t count = 0;
    const auto in_it = [](const Error& error, const ItemId& item) {
        return tl::unexpected(error.in("piece " + item.text() + " in the read models"));
    };
    const auto put = [&](const custody::Item& item) -> Result<void> {
        if (auto is_in = custody::put_item(books, item); !is_in) return in_it(is_in.error(), item.id);
        return {};
    };
    Scan scan = point.scan(Table::kItems);
    while (scan.next()) {
        RowReader reader(scan.value());
        const std::string_view saved = reader.text();
        const ItemId item(Uuid::load(scan.key().data()));
        if (!reader.ok()) return damaged(item);
        auto next = custody::take_item(books, saved);
        if (!next) return in_it(next.error(), item);
        if (count >= kOnTheWay) DAYBOOK_TRY(put(taken[count % kOnTheWay]));
        taken[count++ % kOnTheWay] = *next;
    }
    DAYBOOK_TRY(scan.status());
    for (std::size_t i = count - std::min(count, kOnTheWay); i < count; ++i) {
        DAYBOOK_TRY(put(taken[i % kOnTheWay]));
    }
    return {};
}

}  // namespace daybook::projections
