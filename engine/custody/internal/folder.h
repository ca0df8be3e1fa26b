// Internal to the module: the books of one piece, into which the events of its chain are taken one after the other.
#pragma once

#include <memory>
#include <optional>

#include "engine/custody/chain.h"
#include "engine/custody/decide.h"

namespace daybook::custody {

// Judges each event by the structural rules alone (domain: 5.4), as it stands in the piece's chain, and applies it.
class Folder {
public:
    explicit Folder(const ItemId& item) : item_(item) {}
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    // Takes the next event in the order of the keys. Of one that is not in the log yet (its `decided` has no lines) the
    // leg is worked out first, and `line` is of the command. The refusal if it is not legal here; it is then left out.
    std::optional<Refusal> take(const ChainEvent& event);
    // The piece as it is now. What it is by position, version and last, is the caller's to fill in.
    [[nodiscard]] PieceState state() const;
    // The event taken last, as if the log had it: its lines are as many as the command's, all filled in as if the other
    // pieces went where this one went.
    [[nodiscard]] const Decided& taken() const { return whole_; }

private:
    const ItemId item_;
    Books books_;
    Decided part_;     // of the event being taken
    Decided whole_;    // of one that is not in the log yet
    Effects effects_;
};

// The piece in a slot of some books, as a value.
PieceState piece_state(const Books& books, std::uint32_t slot);

}  // namespace daybook::custody
