// Who held which role, and which rule was in force, at a valid time, as the event at a position (`known`) is judged by:
// what was recorded before it. Memory: proportional to grants, policies, accounts and overrides.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/audit/internal/corrections.h"
#include "engine/custody/command.h"

namespace daybook::audit {

class Rules {
public:
    explicit Rules(const Corrections& corrections) : corrections_(corrections) {}

    // Takes in an event that makes rules; others it leaves.
    void take(const custody::Command& command, Micros at, Position position);

    [[nodiscard]] bool holds(Principal who, custody::Role role, SiteId site, Micros at, Position known) const;
    // The site's value, else the entity's, else `otherwise`.
    [[nodiscard]] std::int64_t number(std::string_view key, SiteId site, Micros at, Position known,
                                      std::int64_t otherwise) const;
    [[nodiscard]] std::optional<std::int64_t> money(std::string_view key, SiteId site, Micros at, Position known) const;
    // Of a case or person.
    [[nodiscard]] std::optional<std::int64_t> account_limit(const custody::AccountId& account, Micros at,
                                                            Position known) const;
    [[nodiscard]] bool overridden(const std::string& limit, std::int64_t sum, Micros at, Position known) const;
    // kUnspecified where it is not registered.
    [[nodiscard]] custody::PartyKind party(PartyId party) const;

private:
    struct Grant {
        custody::Role role{};
        SiteId site = 0;
        bool granted = true;
        Micros from = 0, to = 0;
        Position by = 0;
    };
    struct Policy {
        Micros from = 0;
        Position by = 0;
        std::optional<std::int64_t> value;  // nullopt: of another type than is asked for here
    };
    struct Limit {
        Micros from = 0;
        Position by = 0;
        std::optional<std::int64_t> minor;
    };
    struct Override {
        std::int64_t allowed = 0;
        Micros from = 0, until = 0;
        Position by = 0;
    };
    void grant(const custody::RoleChange& change, bool granted, Micros at, Position position);
    [[nodiscard]] bool counts(Position event, Position known) const {
        return event < known && corrections_.effective_for(event, known);
    }
    [[nodiscard]] const Policy* policy(std::string_view key, SiteId site, Micros at, Position known) const;

    const Corrections& corrections_;
    std::unordered_map<Principal, std::vector<Grant>> grants_;
    std::map<std::pair<std::string, SiteId>, std::vector<Policy>, std::less<>> policies_;
    std::unordered_map<custody::AccountId, std::vector<Limit>, custody::AccountHash> limits_;
    std::unordered_map<std::string, std::vector<Override>> overrides_;
    std::unordered_map<PartyId, custody::PartyKind> parties_;
};

}  // namespace daybook::audit
