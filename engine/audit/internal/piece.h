// The fold of one piece, written again from the domain's text: where it is, whose it is, what is open on it. It shares
// the tables of schemas/state_machine.json with the engine, and no code.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/audit/internal/step.h"

namespace daybook::audit {

struct Open {
    custody::ObligationKind kind{};
    custody::ObligationRef ref;
    bool holds = false;        // a DISCREPANCY of DeclaredMissing
    std::uint8_t purpose = 0;  // TRANSFER
    bool together = false;     // the event that opened it named other pieces too
    Position opened_by = 0;
};

struct Piece {
    bool registered = false;
    custody::AccountId account;
    custody::Owner owner;
    EntityId sold_by = 0;
    bool quarantined = false;
    bool diamond = false;
    std::int64_t insured = 0;
    std::uint64_t memo_party = 0;  // while it is on memo, or on the way there
    std::uint64_t seal = 0;        // of its parcel; 0: packed under none that is known
    bool seal_excused = false;
    std::int64_t weight_in = 0, weight_added = 0, weight_removed = 0;  // of the REPAIR that is open
    std::vector<Open> open;

    [[nodiscard]] custody::State state() const {
        return registered ? custody::state_of(account.kind).value_or(custody::State::kX0) : custody::State::kX0;
    }
    [[nodiscard]] std::size_t open_of(custody::ObligationKind kind) const;
};

// What is wrong with one step, by invariant.
struct Wrong {
    int invariant = 0;
    std::string what;
};

// Takes a step into the piece, whatever is wrong with it, and adds what is. Steps that are no events are for others.
void fold(Piece& piece, const Step& step, std::vector<Wrong>& wrong);
// I5 alone: what is open agrees with where the piece is. Empty: it does.
std::string obligation_law(const Piece& piece);
// The mark of what the step closes (closed_mark), as the piece stands before it.
std::uint64_t closes_of(const Piece& piece, const Step& step);

}  // namespace daybook::audit
