// State of the made events (made_events.h): what a piece or a model is follows from the position alone, so that what
// was published can be judged by whoever knows the numbers.
#pragma once

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "engine/stream/state_source.h"
#include "tests/support/made_events.h"

namespace daybook::test {

// A piece that has had events says which was its newest, and is gone where that moved it out of the world. A model is
// of every fifth piece; its stock at site 1 is the number of those that have had an event, modulo 4, and nothing is
// left at 0. Where there are lone pieces, each is a model of its own, and the stock of the others moves: it is the
// newest position of their first piece, modulo 7. tests/kafka/attack/harness.py computes the same.
class MadeReading : public stream::StateReading {
public:
    MadeReading(MadeEvents events, Position position) : events_(events), position_(position) {}

    [[nodiscard]] Position position() const override { return position_; }

    [[nodiscard]] std::optional<Position> last_of(std::uint64_t number) const {
        if (number >= MadeEvents::kFirstLone) {
            const Position at = number - MadeEvents::kFirstLone;
            const bool had = at < position_ && events_.items_of(at) == std::vector{number};
            return had ? std::optional(at) : std::nullopt;
        }
        // Which pieces an event is of repeats itself.
        const Position period = std::lcm(std::lcm(events_.items, 50), std::max<Position>(events_.lone_every, 1));
        for (Position back = 1; back <= std::min(period, position_); ++back) {
            for (const std::uint64_t item : events_.items_of(position_ - back)) {
                if (item == number) return position_ - back;
            }
        }
        return std::nullopt;
    }
    [[nodiscard]] Result<bool> piece(const ItemId& item, stream::ValueFormat, Position event,
                                     stream::PieceState& out) const override {
        const std::uint64_t number = item.low & 0xffffffffffffULL;
        const auto last = last_of(number);
        if (!last) return false;
        stream::PieceState state;
        state.last_event = *last;
        state.gone = events_.goes(number, *last);
        state.model = number >= MadeEvents::kFirstLone ? "L-" + std::to_string(*last)
                                                       : "M-" + std::to_string(number % 5);
        if (!state.gone) {
            const std::string newest = std::to_string(*last);
            state.value = "{\"as_of\":\"" + std::to_string(position_ - 1) + "\",\"piece\":{\"last_event\":\"" + newest +
                          "\",\"version\":" + newest + "}}";
        }
        if (*last == event) state.after = "{\"version\":" + std::to_string(*last) + "}";
        out = std::move(state);
        return true;
    }
    [[nodiscard]] Result<std::string> after_for_other(const ItemId& item) const override {
        return "{\"item\":\"" + item.text() + "\"}";
    }
    [[nodiscard]] Result<std::vector<stream::StockState>> stock(std::string_view model,
                                                                stream::ValueFormat) const override {
        const std::uint64_t which = std::stoull(std::string(model.substr(2)));
        stream::StockState state;
        if (model.starts_with("L-")) {
            const std::uint64_t number = MadeEvents::kFirstLone + which;
            state.content = last_of(number) && !events_.goes(number, which) ? 1 : 0;
        } else if (events_.lone_every > 0) {
            state.content = last_of(which).value_or(0) % 7;
        } else {
            for (std::uint64_t number = which; number < events_.items; number += 5) {
                state.content += last_of(number) ? 1U : 0U;
            }
            state.content %= 4;
        }
        state.key = std::string(model) + "|1";
        state.empty = state.content == 0;
        if (!state.empty) {
            state.value = "{\"as_of\":\"" + std::to_string(position_ - 1) + "\",\"available\":" +
                          std::to_string(state.content) + "}";
        }
        return std::vector{state};
    }
    [[nodiscard]] Result<std::vector<std::string>> models_of(const ItemId&) const override {
        return std::vector<std::string>();
    }
    [[nodiscard]] Result<std::vector<ItemId>> pieces_of(const custody::ObligationRef&) const override {
        return std::vector<ItemId>();
    }
    [[nodiscard]] Result<void> all_pieces(stream::ValueFormat format, const OnPiece& visit) const override {
        for (std::uint64_t number = 0; number < events_.items; ++number) {
            const auto item = *ItemId::parse(made_item(number));
            stream::PieceState state;
            DAYBOOK_ASSIGN(const bool is_there, piece(item, format, kNoPosition, state));
            if (is_there) DAYBOOK_TRY(visit(item, state));
        }
        return each_lone([&](std::uint64_t number) -> Result<void> {
            const auto item = *ItemId::parse(made_item(number));
            stream::PieceState state;
            DAYBOOK_TRY(piece(item, format, kNoPosition, state));
            return visit(item, state);
        });
    }
    [[nodiscard]] Result<void> all_stock(stream::ValueFormat format, const OnStock& visit) const override {
        for (const char* const model : {"M-0", "M-1", "M-2", "M-3", "M-4"}) {
            DAYBOOK_ASSIGN(const auto states, stock(model, format));
            for (const auto& state : states) DAYBOOK_TRY(visit(state));
        }
        return each_lone([&](std::uint64_t number) -> Result<void> {
            DAYBOOK_ASSIGN(const auto states, stock("L-" + std::to_string(number - MadeEvents::kFirstLone), format));
            return visit(states.front());
        });
    }

private:
    template <class Visit>
    Result<void> each_lone(Visit visit) const {
        for (Position at = 0; events_.lone_every > 0 && at < position_; at += events_.lone_every) {
            const std::uint64_t number = MadeEvents::kFirstLone + at;
            if (events_.items_of(at) == std::vector{number}) DAYBOOK_TRY(visit(number));
        }
        return {};
    }

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
