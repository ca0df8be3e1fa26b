#include "projections/glossary.h"

#include <algorithm>
#include <variant>

#include "engine/base/assert.h"

namespace daybook::projections {

using custody::ObligationChange;
using custody::ObligationKind;

void Glossary::load(const custody::Books& books) {
    currency_ = books.currency;
    for (std::uint32_t i = 0; i < books.names.size(); ++i) names_.learn(i, books.names.text(i));
    const auto& obligations = books.obligations.raw_values();
    slots_.assign(obligations.size(), {});
    for (std::uint32_t slot = 1; slot < obligations.size(); ++slot) {
        if (!obligations[slot].ref.id.empty()) set(slot, obligations[slot]);
    }
    disputes_.clear();
    for (const auto& [item, slots] : books.disputes.all()) {
        auto& refs = disputes_[item];
        for (const std::uint32_t slot : slots) refs.push_back(obligations[slot].ref);
    }
}

void Glossary::set(std::uint32_t slot, const custody::Obligation& obligation) {
    DAYBOOK_ASSERT(slot != 0);
    if (slots_.size() <= slot) slots_.resize(slot + 1);
    slots_[slot] = {obligation.kind, obligation.ref, obligation.due_at, obligation.to_site};
}

SiteId Glossary::transit_site(const custody::Item& item) const {
    const bool on_the_way = item.account.kind == custody::AccountClass::kTransit && item.hold < slots_.size();
    return on_the_way ? slots_[item.hold].to_site : 0;
}

// Only these two types of event give a piece a text.
void Glossary::learn_texts(const custody::Event& event, const custody::Effects& effects) {
    const custody::Payload& payload = event.command.payload;
    if (const auto* registered = std::get_if<custody::ItemRegistered>(&payload)) {
        for (const custody::ItemChange& change : effects.items) {
            names_.learn(change.after.model, registered->model);
            names_.learn(change.after.collection, registered->collection);
            names_.learn(change.after.category, registered->category);
            names_.learn(change.after.metal, registered->metal);
            names_.learn(change.after.stone, registered->stone);
        }
    } else if (const auto* amended = std::get_if<custody::ItemAmended>(&payload)) {
        if (amended->field != custody::AmendedField::kModel) return;
        for (const custody::ItemChange& change : effects.items) names_.learn(change.after.model, amended->text);
    } else if (const auto* created = std::get_if<custody::LedgerCreated>(&payload)) {
        currency_ = created->currency;
    }
}

void Glossary::learn_obligation(const ObligationChange& change) {
    const custody::Obligation& obligation = change.obligation;
    const bool dispute =
        obligation.kind == ObligationKind::kDiscrepancy && !obligation.item.empty() && !obligation.by_declared_missing;
    switch (change.what) {
        case ObligationChange::What::kOpened:
            set(change.slot, obligation);
            if (dispute) disputes_[obligation.item].push_back(obligation.ref);
            return;
        case ObligationChange::What::kChanged: set(change.slot, obligation); return;
        case ObligationChange::What::kClosed:
            slots_[change.slot] = {};
            if (dispute) {
                const auto found = disputes_.find(obligation.item);
                DAYBOOK_ASSERT(found != disputes_.end());
                std::erase(found->second, obligation.ref);
                if (found->second.empty()) disputes_.erase(found);
            }
            return;
    }
}

Step Glossary::learn(const custody::Event& event, const custody::Effects& effects) {
    pieces_.clear();
    for (const custody::ItemChange& change : effects.items) {
        // A piece comes twice only where the second change has no line.
        PieceChange* known = nullptr;
        if (change.line == custody::ItemChange::kNoLine) {
            const auto same = [&](const PieceChange& piece) { return piece.after->id == change.after.id; };
            const auto found = std::find_if(pieces_.begin(), pieces_.end(), same);
            if (found != pieces_.end()) known = &*found;
        }
        if (known != nullptr) {
            known->after = &change.after;
            known->retold |= change.retold;
            continue;
        }
        const bool is_new = change.before.id.empty();
        pieces_.push_back({is_new ? nullptr : &change.before, &change.after, change.line,
                           is_new ? SiteId{0} : transit_site(change.before), 0, change.retold});
    }
    due_before_.assign(effects.obligations.size(), 0);
    for (std::size_t i = 0; i < effects.obligations.size(); ++i) {
        const ObligationChange& change = effects.obligations[i];
        if (change.what != ObligationChange::What::kOpened) {
            DAYBOOK_ASSERT(change.slot < slots_.size() && slots_[change.slot].ref == change.obligation.ref);
            due_before_[i] = slots_[change.slot].due_at;
        }
        learn_obligation(change);
    }
    learn_texts(event, effects);
    for (PieceChange& piece : pieces_) piece.transit_after = transit_site(*piece.after);
    return {event, effects, *this, pieces_, due_before_};
}

void Glossary::open_of(const custody::Item& item, std::vector<OpenObligation>& out) const {
    for (const std::uint32_t slot :
         {item.hold, item.memo_out, item.repair, item.delivery, item.reservation, item.carnet, item.memo_in}) {
        if (slot != 0) out.push_back({slots_[slot].kind, slots_[slot].ref});
    }
    if (item.disputes == 0) return;
    const auto found = disputes_.find(item.id);
    DAYBOOK_ASSERT(found != disputes_.end());
    for (const custody::ObligationRef& ref : found->second) out.push_back({ObligationKind::kDiscrepancy, ref});
}

}  // namespace daybook::projections
