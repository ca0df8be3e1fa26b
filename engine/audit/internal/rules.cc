#include "engine/audit/internal/rules.h"

#include <limits>

namespace daybook::audit {

using custody::Command;
using custody::EventType;

void Rules::grant(const custody::RoleChange& change, bool granted, Micros at, Position position) {
    grants_[change.grant.principal].push_back(
        {change.grant.role, change.grant.site, granted, change.from == 0 ? at : change.from, change.to, position});
}

void Rules::take(const Command& command, Micros at, Position position) {
    switch (command.type) {
        case EventType::kLedgerCreated:
            for (const auto& one : std::get<custody::LedgerCreated>(command.payload).grants) {
                grants_[one.principal].push_back(
                    {one.role, one.site, true, std::numeric_limits<Micros>::min(), 0, position});
            }
            return;
        case EventType::kRoleGranted:
            return grant(std::get<custody::RoleGranted>(command.payload), true, at, position);
        case EventType::kRoleRevoked:
            return grant(std::get<custody::RoleRevoked>(command.payload), false, at, position);
        case EventType::kPolicySet: {
            const auto& set = std::get<custody::PolicySet>(command.payload);
            Policy policy{set.from == 0 ? at : set.from, position, {}};
            if (const auto* number = std::get_if<std::int64_t>(&set.value)) policy.value = *number;
            if (const auto* money = std::get_if<custody::Money>(&set.value)) policy.value = money->minor;
            policies_[{std::string(set.key), set.site}].push_back(policy);
            return;
        }
        case EventType::kAccountOpened: {
            const auto& opened = std::get<custody::AccountOpened>(command.payload);
            Limit limit{at, position, {}};
            if (opened.insured_limit) limit.minor = opened.insured_limit->minor;
            limits_[opened.account].push_back(limit);
            return;
        }
        case EventType::kLimitOverrideApproved: {
            const auto& lifted = std::get<custody::LimitOverrideApproved>(command.payload);
            overrides_[std::string(lifted.limit)].push_back({lifted.allowed.minor, at, lifted.until, position});
            return;
        }
        case EventType::kPartyRegistered: {
            const auto& registered = std::get<custody::PartyRegistered>(command.payload);
            parties_[registered.party] = registered.kind;
            return;
        }
        default: return;
    }
}

// The newest word counts: a grant after a revocation, or the other way round.
bool Rules::holds(Principal who, custody::Role role, SiteId site, Micros at, Position known) const {
    const auto it = grants_.find(who);
    if (it == grants_.end()) return false;
    for (auto grant = it->second.rbegin(); grant != it->second.rend(); ++grant) {
        if (grant->role != role || (grant->site != 0 && grant->site != site)) continue;
        if (at < grant->from || (grant->to != 0 && at >= grant->to) || !counts(grant->by, known)) continue;
        return grant->granted;
    }
    return false;
}

const Rules::Policy* Rules::policy(std::string_view key, SiteId site, Micros at, Position known) const {
    for (const SiteId scope : {site, SiteId{0}}) {
        const auto it = policies_.find(std::pair<std::string, SiteId>(key, scope));
        if (it == policies_.end()) continue;
        const Policy* best = nullptr;
        for (const Policy& policy : it->second) {
            if (policy.from > at || !counts(policy.by, known)) continue;
            if (best == nullptr || policy.from >= best->from) best = &policy;  // a later word of the same time counts
        }
        if (best != nullptr) return best;
    }
    return nullptr;
}

std::int64_t Rules::number(std::string_view key, SiteId site, Micros at, Position known, std::int64_t otherwise) const {
    const Policy* found = policy(key, site, at, known);
    return found != nullptr && found->value ? *found->value : otherwise;
}

std::optional<std::int64_t> Rules::money(std::string_view key, SiteId site, Micros at, Position known) const {
    const Policy* found = policy(key, site, at, known);
    return found == nullptr ? std::nullopt : found->value;
}

std::optional<std::int64_t> Rules::account_limit(const custody::AccountId& account, Micros at, Position known) const {
    const auto it = limits_.find(account);
    if (it == limits_.end()) return std::nullopt;
    const Limit* best = nullptr;
    for (const Limit& limit : it->second) {
        if (limit.from <= at && counts(limit.by, known) && (best == nullptr || limit.from >= best->from)) best = &limit;
    }
    return best == nullptr ? std::nullopt : best->minor;
}

bool Rules::overridden(const std::string& limit, std::int64_t sum, Micros at, Position known) const {
    const auto it = overrides_.find(limit);
    if (it == overrides_.end()) return false;
    for (const Override& lifted : it->second) {
        if (counts(lifted.by, known) && lifted.from <= at && at < lifted.until && sum <= lifted.allowed) return true;
    }
    return false;
}

custody::PartyKind Rules::party(PartyId party) const {
    const auto it = parties_.find(party);
    return it == parties_.end() ? custody::PartyKind::kUnspecified : it->second;
}

}  // namespace daybook::audit
