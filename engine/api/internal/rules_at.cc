#include "engine/api/internal/rules_at.h"

#include <algorithm>

namespace daybook::api {

Result<void> add_forgotten(const Asked& asked, const projections::Reading& reading, Position known,
                           std::set<Position>& events, Position to) {
    const auto find = [&](const std::string& text) -> Result<std::optional<Position>> {
        const auto id = EventId::parse(text);
        if (!id) return std::optional<Position>();
        return asked.log.find_id({log::kEventIdKind, *id});
    };
    DAYBOOK_ASSIGN(const auto corrections, reading.entries(projections::Register::kCorrections, 0, known,
                                                           std::min(to, reading.position()), ~std::size_t{0}));
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

bool RuleEvents::Wanted::is_policy(std::string_view name) const {
    return policy.ends_with('.') ? name.starts_with(policy) : name == policy;
}

Result<void> RuleEvents::find(Position known) {
    if (!reading_) {
        DAYBOOK_ASSIGN(const auto seen, asked_.look([&](const custody::Books& now, Micros) {
            for (const auto& [key, entries] : now.policies.all()) {
                if (!wanted_.is_policy(now.names.text(key.name))) continue;
                for (const custody::PolicyEntry& entry : entries) events_.insert(entry.by);
            }
            for (const PartyId party : wanted_.parties) {
                const auto* entries = now.parties.find(party);
                if (entries == nullptr) continue;
                for (const custody::Party& entry : *entries) events_.insert(entry.by);
            }
            if (!wanted_.supplies) return;
            for (const auto& [id, supply] : now.supplies.all()) events_.insert(supply.by);
        }));
        // What the books have forgotten stands in a register that is as far as they were.
        DAYBOOK_ASSIGN(reading_, reading_of(asked_, seen.position));
    }
    if (known >= forgotten_from_) return {};
    DAYBOOK_TRY(add_forgotten(asked_, *reading_, known, events_, forgotten_from_));
    forgotten_from_ = known;
    return {};
}

Result<const codec::StoredEvent*> RuleEvents::read(Position event) {
    const auto [it, is_new] = kept_.try_emplace(event);
    if (is_new) {
        DAYBOOK_ASSIGN(it->second.bytes, asked_.log.read(event));
        DAYBOOK_TRY(codec::decode_event(it->second.bytes, it->second.event));
    }
    return &it->second.event;
}

Result<void> RuleEvents::each(Position known, const std::function<void(const codec::StoredEvent&)>& take) {
    DAYBOOK_TRY(find(known));
    for (const Position event : events_) {
        if (event >= known) break;
        DAYBOOK_ASSIGN(const bool counts, reading_->is_effective(event, known));
        if (!counts) continue;
        DAYBOOK_ASSIGN(const auto* stored, read(event));
        take(*stored);
    }
    return {};
}

Result<void> RulesAt::read(const Asked& asked, std::string_view policy, const std::set<PartyId>& parties) {
    return read(events_.emplace_back(asked, RuleEvents::Wanted{std::string(policy), parties, false}));
}

Result<void> RulesAt::read(RuleEvents& events) {
    return events.each(known_, [&](const codec::StoredEvent& event) { take(event, events.wanted()); });
}

std::int64_t RulesAt::tolerance(std::string_view sku, SiteId site, Micros at) const {
    const auto* policy = books.policy("count.tolerance." + std::string(sku), site, at);
    const auto* tolerance = policy == nullptr ? nullptr : std::get_if<std::int64_t>(policy);
    return tolerance == nullptr ? 0 : *tolerance;
}

// In order of position, as they come.
void RulesAt::take(const codec::StoredEvent& stored, const RuleEvents::Wanted& wanted) {
    const auto& payload = stored.command.payload;
    const Position event = stored.position;
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
}

}  // namespace daybook::api
