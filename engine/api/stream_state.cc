#include "engine/api/stream_state.h"

#include <utility>

#include "engine/api/internal/state_messages.h"
#include "engine/api/row_messages.h"
#include "engine/base/limits.h"
#include "engine/codec/event_codec.h"
#include "engine/codec/json.h"
#include "engine/log/event_log.h"
#include "projections/views.h"
#include "schemas/daybook/v1/stream.pb.h"

namespace daybook::api {
namespace {

using stream::PieceState;
using stream::StockState;
using stream::ValueFormat;

void append(const google::protobuf::MessageLite& message, ValueFormat format, std::string& out) {
    if (format == ValueFormat::kJson) return codec::append_json(message, out);
    message.AppendToString(&out);
}

void fill_after(const v1::Custody& now, v1::PieceAfter& out) {
    const v1::ItemRow& piece = now.piece();
    out.set_state(piece.state());
    out.set_version(piece.version());
    if (piece.state() == v1::State::X0) return;
    out.set_account(piece.account());
    *out.mutable_since() = piece.since();
    *out.mutable_owner() = piece.owner();
    out.set_model(piece.model());
    *out.mutable_insured() = piece.insured();
    if (now.has_counted()) *out.mutable_counted() = now.counted();
}

class ViewReading : public stream::StateReading {
public:
    ViewReading(const log::EventLog& log, projections::Reading reading, std::uint32_t currency)
        : log_(log), reading_(std::move(reading)), currency_(currency) {}

    [[nodiscard]] Position position() const override { return reading_.position(); }
    [[nodiscard]] Result<bool> piece(const ItemId& item, ValueFormat format, Position event,
                                     PieceState& out) const override;
    [[nodiscard]] Result<std::string> after_for_other(const ItemId& item) const override;
    [[nodiscard]] Result<std::vector<StockState>> stock(std::string_view model, ValueFormat format) const override;
    [[nodiscard]] Result<std::vector<std::string>> models_of(const ItemId& item) const override;
    [[nodiscard]] Result<std::vector<ItemId>> pieces_of(const custody::ObligationRef& obligation) const override;
    [[nodiscard]] Result<void> all_pieces(ValueFormat format, const OnPiece& visit) const override;
    [[nodiscard]] Result<void> all_stock(ValueFormat format, const OnStock& visit) const override;

private:
    const log::EventLog& log_;
    const projections::Reading reading_;
    const std::uint32_t currency_;
};

Result<bool> ViewReading::piece(const ItemId& item, ValueFormat format, Position event, PieceState& out) const {
    DAYBOOK_ASSIGN(const auto found, reading_.item(item));
    if (!found.row) return false;
    const projections::ItemRow& row = *found.row;
    out.last_event = row.last_event;
    out.gone = row.state == custody::State::kZ || row.state == custody::State::kX0;
    out.model = row.model;
    out.value.clear();
    out.after.clear();
    // Made once a thread: their texts keep their memory.
    static thread_local v1::Custody message;
    message.Clear();
    DAYBOOK_TRY(fill_custody(reading_, row, currency_, message));
    if (!out.gone) append(message, format, out.value);
    if (row.last_event == event) {
        static thread_local v1::PieceAfter after;
        after.Clear();
        fill_after(message, after);
        codec::append_json(after, out.after);
    }
    return true;
}

Result<std::string> ViewReading::after_for_other(const ItemId& item) const {
    DAYBOOK_ASSIGN(const auto found, reading_.item(item));
    if (!found.row) return std::string();
    v1::Custody message;
    DAYBOOK_TRY(fill_custody(reading_, *found.row, currency_, message));
    v1::PieceAfter after;
    fill_after(message, after);
    after.set_item(item.text());
    return codec::to_json(after);
}

StockState stock_state(const v1::Stock& stock, bool empty, Position position, ValueFormat format) {
    StockState state;
    state.key = stock.model() + '|' + std::to_string(stock.site());
    state.empty = empty;
    state.content = std::hash<std::string>{}(stock.SerializeAsString());
    if (empty) return state;
    v1::Stock dated = stock;
    dated.set_as_of(position - 1);
    append(dated, format, state.value);
    return state;
}

Result<std::vector<StockState>> ViewReading::stock(std::string_view model, ValueFormat format) const {
    std::vector<StockState> states;
    DAYBOOK_TRY(each_stock(reading_, std::string(model), currency_, [&](const v1::Stock& stock, bool empty) {
        states.push_back(stock_state(stock, empty, position(), format));
        return Result<void>();
    }));
    return states;
}

Result<void> ViewReading::all_stock(ValueFormat format, const OnStock& visit) const {
    return each_stock(reading_, std::nullopt, currency_, [&](const v1::Stock& stock, bool empty) {
        return visit(stock_state(stock, empty, position(), format));
    });
}

Result<std::vector<std::string>> ViewReading::models_of(const ItemId& item) const {
    std::vector<std::string> models;
    projections::Page page;
    page.rows_max = limits::kPageRowsMax;
    codec::StoredEvent event;
    do {
        DAYBOOK_ASSIGN(const auto answer, reading_.history(item, page));
        for (const projections::HistoryRow& row : answer.rows) {
            const bool says =
                row.type == custody::EventType::kItemRegistered || row.type == custody::EventType::kItemAmended;
            if (!says) continue;
            DAYBOOK_ASSIGN(const std::string stored, log_.read(row.position));
            DAYBOOK_TRY(codec::decode_event(stored, event));
            const auto& payload = event.command.payload;
            if (const auto* registered = std::get_if<custody::ItemRegistered>(&payload)) {
                models.emplace_back(registered->model);
            } else if (const auto* amended = std::get_if<custody::ItemAmended>(&payload)) {
                if (amended->field == custody::AmendedField::kModel) models.emplace_back(amended->text);
            }
        }
        page.cursor = answer.next;
    } while (!page.cursor.empty());
    return models;
}

Result<std::vector<ItemId>> ViewReading::pieces_of(const custody::ObligationRef& obligation) const {
    if (!obligation.item.empty()) return std::vector{obligation.item};
    DAYBOOK_ASSIGN(const auto found, reading_.obligation(obligation));
    if (!found.row) return std::vector<ItemId>();
    if (const ItemId item = found.row->obligation.item; !item.empty()) return std::vector{item};
    DAYBOOK_ASSIGN(const std::string stored, log_.read(found.row->obligation.opened_by));
    codec::StoredEvent event;
    DAYBOOK_TRY(codec::decode_event(stored, event));
    std::vector<ItemId> items;
    for (const custody::LineFacts& line : event.decided.lines) {
        if (!line.item.empty()) items.push_back(line.item);
    }
    return items;
}

// Every registered piece can be found; its attributes, by which pages go, stay as they are.
Result<void> ViewReading::all_pieces(ValueFormat format, const OnPiece& visit) const {
    projections::Page page;
    page.rows_max = limits::kPageRowsMax;
    PieceState state;
    do {
        DAYBOOK_ASSIGN(const auto answer, reading_.search({}, page));
        for (const projections::FoundRow& row : answer.rows) {
            DAYBOOK_ASSIGN(const bool is_there, piece(row.item, format, kNoPosition, state));
            if (is_there) DAYBOOK_TRY(visit(row.item, state));
        }
        page.cursor = answer.next;
    } while (!page.cursor.empty());
    return {};
}

class ViewState : public stream::StateSource {
public:
    ViewState(const log::EventLog& log, const projections::Views& views) : log_(log), views_(views) {}

    [[nodiscard]] Result<std::unique_ptr<stream::StateReading>> read(Position at_least,
                                                                     Deadline deadline) const override {
        const bool there = views_.wait_for(at_least, deadline);
        DAYBOOK_ASSIGN(projections::Reading reading, views_.read());
        if (!there) return std::unique_ptr<stream::StateReading>();
        return std::make_unique<ViewReading>(log_, std::move(reading), views_.currency());
    }

private:
    const log::EventLog& log_;
    const projections::Views& views_;
};

}  // namespace

std::unique_ptr<stream::StateSource> state_source(const log::EventLog& log, const projections::Views& views) {
    return std::make_unique<ViewState>(log, views);
}

}  // namespace daybook::api
