// The chain of one piece: all events with a line for it, and what they make of it at any (valid time, record time).
//
// Purpose.   State now is the fold of a piece's effective events in the order of their keys (valid time, place,
//            position). Where an event comes in its order the books do that as they go; a late fact or a correction
//            changes the past, and then the piece's own chain is folded again, by the same rules, in books that hold
//            this one piece only. So the price of being late is the piece's chain, never the ledger.
// Ownership. A ChainEvent refers to a decoded event that outlives it. Results are values.
// Threads.   Pure: no shared state.
// Cost.      O(events of the chain), about a microsecond each.
// Limits.    Sightings (CountScanned) are no part of a chain: they are evidence, proved by the count.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/custody/effects.h"
#include "engine/custody/event.h"
#include "engine/custody/refusal.h"
#include "engine/custody/state.h"

namespace daybook::custody {

// An event with a line for the piece. A chain holds them by position, without a gap up to the newest that is known;
// whoever wants the state known at R leaves out what lies behind it.
struct ChainEvent {
    const Command* command = nullptr;
    const Decided* decided = nullptr;
    Position position = 0;
    std::uint32_t line = 0;  // of Decided::lines: the piece's
};
using Chain = std::span<const ChainEvent>;

// Where an event stands among those of its piece. A corrective of the same valid time as its target takes its place.
struct ChainKey {
    Micros at = 0;
    Position place = 0;
    Position position = 0;
    friend auto operator<=>(const ChainKey&, const ChainKey&) = default;
};
ChainKey key_of(const ChainEvent& event);

// The effective events of a chain, as indexes, in the order of their keys: those that no effective correction in the
// chain targets, and of correctives those whose declaration is effective.
std::vector<std::uint32_t> effective(Chain chain);

// A piece with all that belongs to it, outside of any books. The slots and indexes of names in `item` are 0.
struct PieceState {
    Item item;  // id empty: not registered, or its registration was taken back. Version and last count all events known
    std::string model, collection, category, metal, stone;
    std::vector<Obligation> obligations;  // the open ones that name it, each as if it named no other piece any more
    std::optional<Parcel> parcel;         // in K and T, with this piece alone
    std::vector<AttachedDoc> documents;
};

// A time that the piece spent in an account: [from, to). In order, without gaps from its registration on; empty ones
// (two legs of one instant) are among them.
struct Stay {
    AccountId account;
    Micros from = 0;
    std::optional<Micros> to;               // none: it is there still
    Position opened_by = kNoPosition;
    Position closed_by = kNoPosition;
    friend bool operator==(const Stay&, const Stay&) = default;
};

// The first event that is not legal where it stands, with the error that it gives there.
struct Broken {
    Position event = kNoPosition;
    Refusal refusal;
};

struct Folded {
    PieceState piece;
    std::optional<Broken> broken;  // then `piece` is as before that event
};

// The fold of a chain's effective events up to and including a valid time (none: all of them). The chain of a log is
// legal at its head; at an earlier R too, as every event was judged with what was known then.
Folded fold(const ItemId& item, Chain chain, std::optional<Micros> valid_at = std::nullopt);

// Where the piece was, from the recorded legs of its effective events.
std::vector<Stay> stays(Chain chain, std::optional<Micros> valid_at = std::nullopt);

// What has to be added to the postings of `before` to have those of `after`: Effects::retold of a piece.
std::vector<Posting> postings_between(const ItemId& item, const std::vector<Stay>& before,
                                      const std::vector<Stay>& after);

}  // namespace daybook::custody
