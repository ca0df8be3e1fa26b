// Policies and parties as they counted before a position: the engine's books may be ahead of an answer, and know
// nothing any more of what was corrected since.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "engine/api/internal/asked.h"
#include "engine/codec/event_codec.h"
#include "engine/custody/state.h"

namespace daybook::api {

// Events that corrections recorded from `known` on, and before `to`, took out of the effective set, as far as `reading`
// reflects.
Result<void> add_forgotten(const Asked& asked, const projections::Reading& reading, Position known,
                           std::set<Position>& events, Position to = kNoPosition);

// The events that tell a policy, parties and supplies, each read once for all record times of one answer. Cost: a read
// from the log for each of them, and for each correction since the earliest.
class RuleEvents {
public:
    struct Wanted {
        std::string policy;  // ending in '.': all that begin so
        std::set<PartyId> parties;
        bool supplies = false;
        [[nodiscard]] bool is_policy(std::string_view name) const;
    };
    RuleEvents(const Asked& asked, Wanted wanted) : asked_(asked), wanted_(std::move(wanted)) {}
    // Of supplies, and how much of each a count may differ.
    static RuleEvents of_supplies(const Asked& asked) { return {asked, {"count.tolerance.", {}, true}}; }

    // Calls take(event) for each that counts before `known`, in order of position. What it refers to lives here.
    Result<void> each(Position known, const std::function<void(const codec::StoredEvent&)>& take);
    [[nodiscard]] const Wanted& wanted() const { return wanted_; }

private:
    Result<void> find(Position known);
    Result<const codec::StoredEvent*> read(Position event);

    struct Kept {
        std::string bytes;
        codec::StoredEvent event;
    };

    const Asked& asked_;
    const Wanted wanted_;
    std::optional<projections::Reading> reading_;  // as far as the engine's books were
    std::set<Position> events_;
    Position forgotten_from_ = kNoPosition;  // what was corrected from there on is among them
    std::map<Position, Kept> kept_;
};

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
    // The supplies, and how much of each a count may differ, of RuleEvents::of_supplies(), which lives on.
    Result<void> read(RuleEvents& events);
    // By how much a count of the supply may differ at a site and time.
    [[nodiscard]] std::int64_t tolerance(std::string_view sku, SiteId site, Micros at) const;

    custody::Books books;

private:
    void take(const codec::StoredEvent& event, const RuleEvents::Wanted& wanted);

    const Position known_;
    std::deque<RuleEvents> events_;
};

}  // namespace daybook::api
