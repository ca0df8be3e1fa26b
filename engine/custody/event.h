// An event: a command that was accepted, with what the engine adds to it.
#pragma once

#include <memory>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/custody/command.h"

namespace daybook::custody {

// What the engine adds to one line. Lines of the command come first, in order (those of a CountScanned are evidence, to
// which nothing is added: it has none here); then the lines that the engine writes itself (one per difference of a
// CountAttested that concerns a registered piece: first those of `missing`, then of `misplaced`, then of `unexpected`,
// each in the list's order).
struct LineFacts {
    ItemId item;                  // the piece; empty for a supply
    Position prev = kNoPosition;  // the piece's previous event: the per-item chain. kNoPosition: none
    AccountId from;               // the holder the piece left, or is in where nothing moves; supplies: what is debited
    AccountId to;                 // where it went; empty where nothing moves
};

// An obligation that a line closes (line = kWholeEvent: that the event closes for itself, as a count or a session).
struct Closed {
    static constexpr std::uint32_t kWholeEvent = ~0u;
    std::uint32_t line = kWholeEvent;
    ObligationRef obligation;
    ObligationKind kind{};
};

// What the engine adds to a CorrectionDeclared and to a corrective; kNoPosition in everything else.
struct Correcting {
    Position target = kNoPosition;       // CorrectionDeclared: the event that it corrects
    Position declaration = kNoPosition;  // a corrective: its CorrectionDeclared
    // A corrective: its place among events of one valid time, which is that of its target where both happened at the
    // same time, else its own position.
    Position place = kNoPosition;
    bool keeps_obligation = false;  // a corrective: its obligation id was its target's before
    bool keeps_epc = false;         // a corrective of a registration: and so was its epc
    friend bool operator==(const Correcting&, const Correcting&) = default;
};

// What decide() adds to a command. A value that callers reuse, so that its buffers are allocated once.
struct Decided {
    Micros occurred_at = 0;  // as sent, or as stamped
    std::vector<LineFacts> lines;
    std::vector<Closed> closes;  // in the order of the lines; those of the whole event last
    std::unique_ptr<CountLists> count_lists;  // CountAttested
    Correcting correcting;

    void clear() {
        occurred_at = 0;
        lines.clear();
        closes.clear();
        count_lists.reset();
        correcting = {};
    }
};

// A whole event, by reference to its parts. The referenced parts outlive it.
struct Event {
    const Command& command;
    const Decided& decided;
    Position position = 0;
    Position batch_last = 0;  // the last position of its atomic batch; its own, outside one
    Micros recorded_at = 0;
};

}  // namespace daybook::custody
