// Policies and parties as they counted before a position: the engine's books may be ahead of an answer, and know
// nothing any more of what was corrected since.
#pragma once

#include <deque>
#include <set>
#include <string>

#include "engine/api/internal/asked.h"
#include "engine/codec/event_codec.h"
#include "engine/custody/state.h"

namespace daybook::api {

// Events that corrections recorded from `known` on took out of the effective set, as far as `reading` reflects.
Result<void> add_forgotten(const Asked& asked, const projections::Reading& reading, Position known,
                           std::set<Position>& events);

// For one thread, during one answer. The books in it hold what was read into them, and nothing else. Neither copied nor
// moved: texts of policies point into it.
class RulesAt {
public:
    explicit RulesAt(Position known) : known_(known) {}
    RulesAt(const RulesAt&) = delete;
    RulesAt& operator=(const RulesAt&) = delete;

    // The values of a policy at all sites, and parties. Cost: a read from the log for each of their events, and for
    // each correction since.
    Result<void> read(const Asked& asked, std::string_view policy, const std::set<PartyId>& parties);
    // The supplies, and how much of each a count may differ. At the same cost.
    Result<void> read_supplies(const Asked& asked);
    // By how much a count of the supply may differ at a site and time; of read_supplies().
    [[nodiscard]] std::int64_t tolerance(std::string_view sku, SiteId site, Micros at) const;

    custody::Books books;

private:
    struct Wanted {
        std::string_view policy;  // ending in '.': all that begin so
        const std::set<PartyId>& parties;
        bool supplies = false;
        [[nodiscard]] bool is_policy(std::string_view name) const;
    };
    Result<void> read(const Asked& asked, const Wanted& wanted);
    Result<void> take(const Asked& asked, Position event, const Wanted& wanted);

    const Position known_;
    std::deque<std::string> stored_;
};

}  // namespace daybook::api
