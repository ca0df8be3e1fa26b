#include "engine/api/internal/rules_at.h"

#include <algorithm>

namespace daybook::api {

Result<void> add_forgotten(const Asked& asked, const projections::Reading& reading, Position known,
                           std::set<Position>& events) {
    const auto find = [&](const std::string& text) -> Result<std::optional<Position>> {
        const auto id = EventId::parse(text);
        if (!id) return std::optional<Position>();
        return asked.log.find_id({log::kEventIdKind, *id});
    };
    DAYBOOK_ASSIGN(const auto corrections, reading.entries(projections::Register::kCorrections, 0, known,
                                                           reading.position(), ~std::size_t{0}));
    for (const auto& entry : corrections) {
        DAYBOOK_ASSIGN(const v1::Event declared, asked.event_at(entry.position));
        DAYBOOK_ASSIGN(auto target, find(declared.command().correction_declared().target()));
        while (target) {  // of a correction, what it had corrected comes back, and so on
            events.insert(*target);
            DAYBOOK_ASSIGN(const v1::Event corrected, asked.event_at(*target));
            if (!corrected.command().has_correction_declared()) break;
            for (const std::string& corrective : corrected.command().correction_declared().correctives()) {
                DAYBOOK_ASSIGN(const auto position, find(corrective));
                if (position) events.insert(*position);
            }
            DAYBOOK_ASSIGN(target, find(corrected.command().correction_declared().target()));
        }
    }
    return {};
}

bool RulesAt::Wanted::is_policy(std::string_view name) const {
    return policy.ends_with('.') ? name.starts_with(policy) : name == policy;
}

Result<void> RulesAt::read(const Asked& asked, std::string_view policy, const std::set<PartyId>& parties) {
    return read(asked, Wanted{policy, parties, false});
}

Result<void> RulesAt::read_supplies(const Asked& asked) {
    const std::set<PartyId> nobody;
    return read(asked, Wanted{"count.tolerance.", nobody, true});
}

std::int64_t RulesAt::tolerance(std::string_view sku, SiteId site, Micros at) const {
    const auto* policy = books.policy("count.tolerance." + std::string(sku), site, at);
    const auto* tolerance = policy == nullptr ? nullptr : std::get_if<std::int64_t>(policy);
    return tolerance == nullptr ? 0 : *tolerance;
}

Result<void> RulesAt::read(const Asked& asked, const Wanted& wanted) {
    std::set<Position> events;
    DAYBOOK_ASSIGN(const auto seen, asked.look([&](const custody::Books& now, Micros) {
        for (const auto& [key, entries] : now.policies.all()) {
            if (!wanted.is_policy(now.names.text(key.name))) continue;
            for (const custody::PolicyEntry& entry : entries) events.insert(entry.by);
        }
        for (const PartyId party : wanted.parties) {
            const auto* entries = now.parties.find(party);
            if (entries == nullptr) continue;
            for (const custody::Party& entry : *entries) events.insert(entry.by);
        }
        if (!wanted.supplies) return;
        for (const auto& [id, supply] : now.supplies.all()) events.insert(supply.by);
    }));
    // What the books have forgotten stands in a register that is as far as they were.
    DAYBOOK_ASSIGN(const auto reading, reading_of(asked, seen.position));
    DAYBOOK_TRY(add_forgotten(asked, reading, known_, events));
    for (const Position event : events) {
        if (event >= known_) break;
        DAYBOOK_ASSIGN(const bool counts, reading.is_effective(event, known_));
        if (counts) DAYBOOK_TRY(take(asked, event, wanted));
    }
    return {};
}

// In order of position, as they come.
Result<void> RulesAt::take(const Asked& asked, Position event, const Wanted& wanted) {
    DAYBOOK_ASSIGN(std::string bytes, asked.log.read(event));
    codec::StoredEvent stored;
    DAYBOOK_TRY(codec::decode_event(stored_.emplace_back(std::move(bytes)), stored));
    const auto& payload = stored.command.payload;
    if (const auto* set = std::get_if<custody::PolicySet>(&payload); set != nullptr && wanted.is_policy(set->key)) {
        auto& entries = books.policies.edit({set->site, books.names.add(set->key)});
        const Micros from = set->from == 0 ? stored.decided.occurred_at : set->from;
        const auto after = std::find_if(entries.begin(), entries.end(),
                                        [&](const custody::PolicyEntry& entry) { return entry.from > from; });
        entries.insert(after, {from, event, set->value});
    }
    if (const auto* party = std::get_if<custody::PartyRegistered>(&payload);
        party != nullptr && wanted.parties.contains(party->party))
        books.parties.edit(party->party).push_back({party->kind, std::string(party->country), event});
    if (const auto* supply = std::get_if<custody::SupplyRegistered>(&payload); supply != nullptr && wanted.supplies) {
        books.supplies.edit(supply->supply) = {std::string(supply->sku), std::string(supply->unit),
                                               supply->reorder_point, supply->reorder_quantity, event};
    }
    return {};
}

}  // namespace daybook::api
