// What the publisher asks of the read models, so that it keeps no books of its own. Implemented in engine/api.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/custody/command.h"

namespace daybook::stream {

// Of the values in events, custody and stock.
enum class ValueFormat : std::uint8_t {
    kJson,
    kProtobuf,
    kConfluent,  // protobuf with the id of its schema in a registry before it, as Confluent's serialisers write it
};
// "json", "protobuf", "confluent".
std::string_view to_string(ValueFormat format);

// A piece, encoded.
struct PieceState {
    Position last_event = 0;  // its newest event
    bool gone = false;        // decommissioned, or its registration taken back: nothing of it is kept
    std::string model;        // whose stock it may be part of
    std::string value;        // daybook.v1.Custody; empty where it is gone
    std::string after;        // daybook.v1.PieceAfter as JSON, where it was asked for
};

// A model at a site, encoded.
struct StockState {
    std::string key;
    bool empty = false;         // nothing is left of it
    std::uint64_t content = 0;  // of the numbers: equal where they are equal
    std::string value;          // daybook.v1.Stock; empty where nothing is left
};

// The read models as they were at one position. Short-lived: it holds back the release of memory and files.
class StateReading {
public:
    virtual ~StateReading() = default;
    // Exactly the events before it are reflected; encoded values say so in `as_of`.
    [[nodiscard]] virtual Position position() const = 0;
    // False: no such piece. `after` is filled where the piece's newest event is `event`. `out` is overwritten, in the
    // memory that it has.
    [[nodiscard]] virtual Result<bool> piece(const ItemId& item, ValueFormat format, Position event,
                                             PieceState& out) const = 0;
    // daybook.v1.PieceAfter of a piece as it is now, with its name in it: for the record of an event that changes the
    // piece and has no line for it. Empty: no such piece.
    [[nodiscard]] virtual Result<std::string> after_for_other(const ItemId& item) const = 0;
    // Every site at which the model ever was.
    [[nodiscard]] virtual Result<std::vector<StockState>> stock(std::string_view model, ValueFormat format) const = 0;
    // Every model that the piece was ever said to be of, whether that still counts or not: where it is another one now,
    // the stock of those has lost it.
    [[nodiscard]] virtual Result<std::vector<std::string>> models_of(const ItemId& item) const = 0;
    // The pieces that an obligation is or was about, and perhaps more.
    [[nodiscard]] virtual Result<std::vector<ItemId>> pieces_of(const custody::ObligationRef& obligation) const = 0;
    // Everything, for a comparison with what was published: each in the order of its key. What is given may be taken.
    using OnPiece = std::function<Result<void>(const ItemId& item, PieceState& state)>;
    using OnStock = std::function<Result<void>(const StockState& state)>;
    [[nodiscard]] virtual Result<void> all_pieces(ValueFormat format, const OnPiece& visit) const = 0;
    [[nodiscard]] virtual Result<void> all_stock(ValueFormat format, const OnStock& visit) const = 0;
};

// Threads: any.
class StateSource {
public:
    virtual ~StateSource() = default;
    // A reading at `at_least` or later; nullptr where the read models are not there by the deadline. An error where
    // they have failed.
    [[nodiscard]] virtual Result<std::unique_ptr<StateReading>> read(Position at_least, Deadline deadline) const = 0;
};

}  // namespace daybook::stream
