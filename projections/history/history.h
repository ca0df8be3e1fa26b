// The history view: the events of a piece, with both times, in order of position; and what each of them says of where
// the piece was, so that its custody at any (V, R) is told without the log (chain.h).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "projections/glossary.h"
#include "projections/rows.h"
#include "projections/store/store.h"

namespace daybook::projections {

using PositionOf = std::function<Result<std::optional<Position>>(const EventId&)>;

class HistoryFold {
public:
    // See Options::position_of.
    explicit HistoryFold(PositionOf position_of) : position_of_(std::move(position_of)) {}
    Result<void> fold(const Step& step, Store& store);

private:
    Result<void> take_declaration(const Step& step, Store& store);
    void put_entry(const PieceChange& piece, const Step& step);

    const PositionOf position_of_;
    Position target_ = 0;  // of the CorrectionDeclared that is being folded
    std::string entry_, key_;
};

// One event of a piece as it is stored. `row` is as recorded: whether it is effective depends on what is known.
struct HistoryEntry {
    struct Step {  // custody::Posting of this piece
        custody::AccountId account;
        Micros at = 0;
        std::int64_t sign = 0;
    };
    HistoryRow row;
    std::vector<Step> steps;                    // retold
    custody::AccountId now;                     // retold: where the piece is then, with no bound on V; may be empty
    std::optional<std::int64_t> insured_minor;  // registration and amendment: the value that they give it
    bool declaration = false;                   // a CorrectionDeclared:
    Position target = 0;
    // A corrective: its declaration, which has no line for a piece that it registers; and its place among the events of
    // one valid time (custody::Correcting).
    Position declared_by = kNoPosition;
    Position place = 0;
};
// Those at positions before `known`.
Result<std::vector<HistoryEntry>> read_entries(const ReadPoint& point, const ItemId& item, Position known);

Result<Rows<HistoryRow>> read_history(const ReadPoint& point, const ItemId& item, const Page& page, bool newest_first,
                                      Position known = kNoPosition);

// The declaration, of those before `known`, by which an event does not count: its own effective correction, or that of
// the declaration whose corrective it is. kNoPosition: it counts.
Result<Position> corrected_by(const ReadPoint& point, Position position, Position known);
// Whether the event counts, in the same sense.
Result<bool> is_effective(const ReadPoint& point, Position position, Position known);
// The greatest of `now` and the valid times of the events before `known` that count: those of events that were recorded
// before they occurred stand apart.
Result<Micros> newest_at(const ReadPoint& point, Micros now, Position known);

}  // namespace daybook::projections
