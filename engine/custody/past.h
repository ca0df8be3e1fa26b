// What has to be known of the past to judge a late fact or a correction, and to take it into the books.
//
// decide() and apply() work on state now. An event whose place is not behind all events of its pieces needs those
// pieces' chains as well: they are read from the log and folded beforehand, away from the thread that decides, and
// come back as a Past. While replaying, retell() makes what apply() needs from the chains in the log.
// Ownership: values, but for the commands and events that they refer to, which outlive them. Pure.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "engine/custody/chain.h"

namespace daybook::custody {

// Until an event that is being prepared gets its position and, where the engine stamps it, its time, these stand in
// for them: its number among the commands judged together, added to a base that no real one reaches.
inline constexpr Position kPositionAhead = Position{1} << 62;
inline constexpr Micros kTimeAhead = Micros{1} << 61;

// A command that is being prepared, where it concerns one piece.
struct Pending {
    const Command* command = nullptr;
    std::uint32_t number = 0;    // among the commands judged together
    std::uint32_t line = 0;      // of the command; a CorrectionDeclared and a CountAttested have the engine's
    std::optional<Micros> at;    // none: the engine will stamp it, behind all events of its pieces
    Correcting correcting;       // positions of this batch's own events as kPositionAhead + number
    const CountLists* lists = nullptr;  // of a CountAttested, which says what it found of the piece
};

// One piece and one event.
struct PiecePast {
    ItemId item;
    PieceState place;                // as it was before the event, at the event's place
    PieceState after;                // as it is now with the event; id empty: not registered any more
    std::vector<Posting> postings;   // Effects::retold
    std::vector<Stay> stays;         // that it did not have before
    std::optional<Broken> broken;    // what is not legal behind the event any more
};

// The pieces of a CorrectionDeclared and its correctives, and what else there is to know.
struct PastEvent {
    const Command* command = nullptr;
    const Decided* decided = nullptr;
    Position position = 0;
    bool leaves = true;  // the effective set; false: it comes back
};
struct CorrectionPast {
    PastEvent target;
    std::vector<PastEvent> changes;            // what leaves, and what comes back
    std::vector<const Command*> correctives;   // in the order in which the declaration names them
    std::vector<ItemId> items;                 // that get a line, whether they are registered or not
};

// What decide() is given for one command.
struct Past {
    std::vector<PiecePast> pieces;                // of its lines, in order; then a piece that it only looks at
    const CorrectionPast* correction = nullptr;   // of a CorrectionDeclared its own, of a corrective its declaration's
    std::span<const CorrectionPast> corrections;  // a correcting batch: of all its declarations
    Position declaration = kNoPosition;           // of a corrective
    Position place = kNoPosition;                 // of a corrective
    std::vector<PiecePast>* together = nullptr;   // a correcting batch: all pieces, as they are after its last event
};

// What becomes of a piece through pending commands. In turn: each is judged after the one before it, one entry for
// each, up to and including the first that is not legal. Together: a correcting batch.
std::vector<PiecePast> tell_in_turn(const ItemId& item, Chain chain, std::span<const Pending> pending);
struct ToldTogether {
    std::vector<PieceState> places;  // of each pending command
    PiecePast piece;                 // its `place` is empty
};
ToldTogether tell_together(const ItemId& item, Chain chain, std::span<const Pending> pending);

// The positions and times that the pending commands got, by number.
struct Stamped {
    Position first = 0;         // of number 0
    std::vector<Micros> times;  // of the numbers known so far
};
void stamp(PiecePast& piece, const Stamped& by);

// What apply() needs beside the event.
struct Retelling {
    std::vector<PiecePast> pieces;   // `after` and `postings` of those that the event re-tells
    std::vector<PastEvent> changes;  // CorrectionDeclared: what leaves the effective set, and what comes back
};

// How far back an event reaches.
enum class Reach : std::uint8_t {
    kEnd,         // it is behind all events of its pieces
    kInsertion,   // it has its place among them: its pieces are re-told
    kCorrection,  // of a correcting batch: all its pieces are re-told with its last event
};
Reach reach_of(const Books& books, const Command& command, const Decided& decided);

// The pieces that an event of reach kCorrection re-tells, being the last of its batch: those touched so far, and its
// own.
std::vector<ItemId> touched_with(const Books& books, const Decided& decided);

// The part of a Retelling that is about one piece: from its chain up to the event (or, of a correcting batch, its last
// event); the events from `first` on are new.
PiecePast retell(const ItemId& item, Chain chain, Position first);

}  // namespace daybook::custody
