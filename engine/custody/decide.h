// The two functions of the engine's heart. Both are pure: no disk, clock, protobuf or thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/custody/command.h"
#include "engine/custody/effects.h"
#include "engine/custody/event.h"
#include "engine/custody/refusal.h"
#include "engine/custody/state.h"

namespace daybook::custody {

struct Past;       // past.h
struct Retelling;  // past.h

// What decide() must know beside state and command.
struct Context {
    Micros now = 0;               // the record time the event would get; never below Books::recorded_at
    Position position = 0;        // the position it would get
    bool obligation_used = false; // its obligation id was used before
    std::optional<Position> epc_used;  // where its epc was registered before
    std::optional<Position> target;  // CorrectionDeclared: the position of its target, if there is such an event
    const Past* past = nullptr;      // of the pieces, where decide() has asked for it; of a correction always
};

// decide()'s answer, in the place of a refusal, to a late fact whose pieces' past it was not given: nothing is refused
// yet. Corrections need theirs without asking. Of a CountAttested `out` says which pieces those are (lines,
// count_lists); as a corrective it asks as well, since the correction's own are told without what it found of them.
inline bool asks_for_past(const Refusal& refusal) { return refusal.code == RefusalCode{}; }

// Judges a well-formed command (codec has done the checks of E_SCHEMA that need no state; idempotency is the
// sequencer's). The checks run in the order that schemas/state_machine.json gives, each over all lines before the next,
// and the first failure is the answer. On success `out` holds what the engine adds; on refusal it is unspecified.
// Cost: O(lines), but for a CountAttested, which is O(pieces in scope + sightings).
std::optional<Refusal> decide(const Books& books, const Command& command, const Context& context, Decided& out);

// Takes an event into the state and says what it changed. Total: an event that decide() made, or that an intact log
// holds, always applies; anything else is a bug and asserts. `out` is cleared first.
// `retelling`: for an event whose reach_of() is not kEnd (past.h).
void apply(Books& books, const Event& event, Effects& out, const Retelling* retelling = nullptr);

// Brings what decide() and apply() will read of the books near the processor, so that the cache misses of a batch's
// commands overlap. In steps, each of which reads what the one before it brought; says nothing, changes nothing.
enum class Nearness : std::uint8_t { kPlace, kPiece, kHold, kHoldName };
void bring_near(const Books& books, const Command& command, Nearness step);
// Far enough to hide a memory access behind the commands between two steps, near enough to be still there.
inline constexpr std::size_t kNearnessGap = 4;
inline constexpr std::size_t kNearnessAhead = 4 * kNearnessGap;
// Before the turn of command `i` of `count`, which at(i) gives: a step for each of the four that are on their way.
template <class At>
void bring_near(const Books& books, std::size_t i, std::size_t count, At&& at) {
    std::size_t index = i + kNearnessAhead;
    for (const Nearness step : {Nearness::kPlace, Nearness::kPiece, Nearness::kHold, Nearness::kHoldName}) {
        if (index < count) bring_near(books, at(index), step);
        index -= kNearnessGap;
    }
}

// ---- Saving and loading, for the custody read model (projections/custody) ----
// A piece as bytes, added to `out`; texts are spelled out, so that the bytes do not depend on Names. Slots are written
// as numbers, which mean the same in the books that save_book saved at the same position. Takes the names alone,
// because the read models save pieces on a thread of their own, where the books are out of reach.
void save_item(const Names& names, const Item& item, std::string& out);
Result<void> load_item(Books& books, std::string_view bytes);
// The same in two steps: takes the bytes apart and asks for the memory that the piece will touch; puts it into the
// books. With some others in between, the memory has come (a seventh of loading a million pieces).
Result<Item> take_item(Books& books, std::string_view bytes);
Result<void> put_item(Books& books, const Item& item);
// The same bytes taken apart, for answers. Texts are views of `bytes`, the indexes of names in `item` are 0.
struct SavedItem {
    Item item;
    std::string_view model, collection, category, metal, stone;
};
Result<SavedItem> read_item(std::string_view bytes);
// Everything of the state but the pieces. Deterministic: equal states give equal bytes.
std::string save_book(const Books& books);
// Into fresh Books, before the items.
Result<void> load_book(Books& books, std::string_view bytes);

}  // namespace daybook::custody
