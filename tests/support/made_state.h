// State of the made events (made_events.h): what a piece or a model is follows from the position alone, so that what
// was published can be judged by whoever knows the numbers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/stream/state_source.h"
#include "tests/support/made_events.h"

namespace daybook::test {

// A piece that has had events says which was its newest; every seventh piece is gone while that is an odd one. A model
// is of every fifth piece; its stock at site 1 is the number of its pieces that have had an event, modulo 4, and
// nothing is left at 0.
class MadeReading : public stream::StateReading {
public:
    MadeReading(MadeEvents events, Position position) : events_(events), position_(position) {}

    [[nodiscard]] Position position() const override { return position_; }

    [[nodiscard]] std::optional<Position> last_of(std::uint64_t number) const {
        for (Position at = position_; at-- > 0;) {
            for (const std::uint64_t item : events_.items_of(at)) {
                if (item == number) return at;
            }
        }
        return std::nullopt;
    }
    [[nodiscard]] Result<std::optional<stream::PieceState>> piece(const ItemId& item, stream::ValueFormat,
                                                                  Position event) const override {
        const std::uint64_t number = item.low & 0xffffffffffffULL;
        const auto last = last_of(number);
        if (!last) return std::optional<stream::PieceState>();
        stream::PieceState state;
        state.last_event = *last;
        state.gone = number % 7 == 0 && *last % 2 == 1;
        state.model = "M-" + std::to_string(number % 5);
        if (!state.gone) {
            state.value =
                "{\"as_of\":\"" + std::to_string(position_ - 1) + "\",\"last\":" + std::to_string(*last) + "}";
        }
        if (*last == event) state.after = "{\"version\":" + std::to_string(*last) + "}";
        return std::optional(state);
    }
    [[nodiscard]] Result<std::string> after_for_other(const ItemId& item) const override {
        return "{\"item\":\"" + item.text() + "\"}";
    }
    [[nodiscard]] Result<std::vector<stream::StockState>> stock(std::string_view model,
                                                                stream::ValueFormat) const override {
        const std::uint64_t which = static_cast<std::uint64_t>(model.back() - '0');
        std::uint64_t pieces = 0;
        for (std::uint64_t number = which; number < events_.items; number += 5) pieces += last_of(number) ? 1U : 0U;
        stream::StockState state;
        state.key = std::string(model) + "|1";
        state.content = pieces % 4;
        state.empty = state.content == 0;
        if (!state.empty) {
            state.value = "{\"as_of\":\"" + std::to_string(position_ - 1) + "\",\"available\":" +
                          std::to_string(state.content) + "}";
        }
        return std::vector{state};
    }
    [[nodiscard]] Result<std::vector<ItemId>> pieces_of(const custody::ObligationRef&) const override {
        return std::vector<ItemId>();
    }
    [[nodiscard]] Result<void> all_pieces(stream::ValueFormat format, const OnPiece& visit) const override {
        for (std::uint64_t number = 0; number < events_.items; ++number) {
            const auto item = *ItemId::parse(made_item(number));
            DAYBOOK_ASSIGN(const auto state, piece(item, format, kNoPosition));
            if (state) DAYBOOK_TRY(visit(item, *state));
        }
        return {};
    }
    [[nodiscard]] Result<void> all_stock(stream::ValueFormat format, const OnStock& visit) const override {
        for (const char* const model : {"M-0", "M-1", "M-2", "M-3", "M-4"}) {
            DAYBOOK_ASSIGN(const auto states, stock(model, format));
            for (const auto& state : states) DAYBOOK_TRY(visit(state));
        }
        return {};
    }

private:
    const MadeEvents events_;
    const Position position_;
};

// Always up with its source, which outlives it.
class MadeState : public stream::StateSource {
public:
    explicit MadeState(const MadeSource& source) : source_(source) {}
    [[nodiscard]] Result<std::unique_ptr<stream::StateReading>> read(Position at_least, Deadline) const override {
        const Position head = source_.head();
        if (head < at_least) return std::unique_ptr<stream::StateReading>();
        return std::make_unique<MadeReading>(source_.events(), head);
    }

private:
    const MadeSource& source_;
};

}  // namespace daybook::test
