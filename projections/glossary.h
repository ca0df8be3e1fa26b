// What the numbers in a custody::Item stand for: texts and open obligations. The folding thread is behind the sequencer
// and may not look into its books, so it learns both from the events as they come.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "engine/custody/effects.h"
#include "engine/custody/event.h"
#include "engine/custody/state.h"
#include "projections/rows.h"

namespace daybook::projections {

// What one event did to one piece.
struct PieceChange {
    const custody::Item* before = nullptr;  // nullptr: the piece is new
    const custody::Item* after = nullptr;
    std::uint32_t line = 0;  // of custody::Decided::lines, or custody::ItemChange::kNoLine
    // Where the piece is in transit: the site it is on the way to, before and after; 0 is outside.
    SiteId transit_before = 0, transit_after = 0;
    bool retold = false;  // custody::ItemChange::retold
};

class Glossary;

// One event as the views take it: a pure function of it and of what was folded before makes all rows.
struct Step {
    const custody::Event& event;
    const custody::Effects& effects;
    const Glossary& glossary;             // as it is after the event
    std::span<const PieceChange> pieces;  // each piece once
    std::span<const Micros> due_before;   // for each of effects.obligations that was there before; else 0
    [[nodiscard]] Position position() const { return event.position; }
};

class Glossary {
public:
    // From the books at the position where folding begins.
    void load(const custody::Books& books);
    // Takes the event in. The step points into the event, the effects and the glossary; it is good until the next call.
    Step learn(const custody::Event& event, const custody::Effects& effects);

    [[nodiscard]] const custody::Names& names() const { return names_; }
    [[nodiscard]] std::uint32_t currency() const { return currency_; }
    // The open obligations that name a piece, in a fixed order.
    void open_of(const custody::Item& item, std::vector<OpenObligation>& out) const;

private:
    struct Open {
        custody::ObligationKind kind{};
        custody::ObligationRef ref;
        Micros due_at = 0;
        SiteId to_site = 0;
    };

    void learn_texts(const custody::Event& event, const custody::Effects& effects);
    void learn_obligation(const custody::ObligationChange& change);
    [[nodiscard]] SiteId transit_site(const custody::Item& item) const;
    void set(std::uint32_t slot, const custody::Obligation& obligation);

    custody::Names names_;
    std::uint32_t currency_ = 0;
    std::vector<Open> slots_;
    std::unordered_map<ItemId, std::vector<custody::ObligationRef>, UuidHash> disputes_;

    std::vector<PieceChange> pieces_;
    std::vector<Micros> due_before_;
};

}  // namespace daybook::projections
