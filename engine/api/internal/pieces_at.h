// Pieces as they were at (valid time, record time), with all that belongs to them: the fold of their chains, read from
// the log (engine/custody/chain.h). Where the read models' present row says that a piece has no event behind (V, R),
// nothing is read for it.
#pragma once

#include <functional>
#include <optional>

#include "engine/api/internal/when.h"
#include "engine/custody/chain.h"
#include "engine/sequencer/chain_reader.h"

namespace daybook::api {

// For one thread, during one answer. Refers to its arguments. Cost: a block read an event of the pieces that are told
// anew.
class PiecesAt {
public:
    PiecesAt(const Asked& asked, const When& when) : when_(when), chains_(asked.log) {}

    // nullopt: it was not registered then.
    Result<std::optional<custody::PieceState>> piece(const ItemId& item);

    // Every piece that was registered then, in order of id. `as_now` gets those without an event behind (V, R), as the
    // row of the present; `told` the others.
    Result<void> each(const std::function<Result<void>(const projections::ItemRow&)>& as_now,
                      const std::function<Result<void>(const custody::PieceState&)>& told);

    // Of one whose row is known.
    Result<std::optional<custody::PieceState>> tell(const projections::ItemRow& row);

private:
    const When& when_;
    sequencer::ChainReader chains_;
};

// As the answers about the present have it.
projections::ItemRow item_row(const custody::PieceState& piece);
// The open obligations of a piece of the present in full, of which its own row knows only the names: as those of the
// past are told, or with open_lines, which are told about now only.
enum class OpenLines : std::uint8_t { kLeftOut, kTold };
Result<void> fill_open(const projections::Reading& reading, const projections::ItemRow& row, const RowContext& context,
                       OpenLines lines, v1::ItemRow& out);
// How many of its pieces an obligation is still open for takes the chains of the others: it is left out.
void fill_obligation(const custody::Obligation& obligation, const RowContext& context, v1::ObligationRow& out);

}  // namespace daybook::api
