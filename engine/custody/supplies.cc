// Supplies: in every SITE account quantity and measure are never below zero, at any valid time (domain: 5.4).
#include <algorithm>
#include <map>

#include "engine/custody/internal/checks.h"
#include "engine/custody/past.h"

namespace daybook::custody {
namespace {

// The least balance from `at` on, and when; of what there is now.
struct Least {
    std::int64_t quantity = 0, measure = 0;
    Micros when = 0;
};

// Back from the newest move, so that it costs the moves behind `at` only.
Least least_from(const Books& books, const SupplyKey& key, Micros at) {
    const SupplyBalance* balance = books.balances.find(key);
    if (balance == nullptr) return {0, 0, at};
    std::int64_t quantity = balance->quantity;
    std::int64_t measure = balance->measure;
    Least least{quantity, measure, at};
    const auto& legs = books.supply_legs.of(key);
    for (auto leg = legs.rbegin(); leg != legs.rend() && leg->at > at; ++leg) {
        if (quantity <= least.quantity || measure <= least.measure) least.when = leg->at;
        least.quantity = std::min(least.quantity, quantity);
        least.measure = std::min(least.measure, measure);
        quantity -= leg->quantity;
        measure -= leg->measure;
    }
    if (quantity < least.quantity || measure < least.measure) least.when = at;
    least.quantity = std::min(least.quantity, quantity);
    least.measure = std::min(least.measure, measure);
    return least;
}

using Legs = std::map<SupplyKey, std::vector<SupplyLeg>>;

void add_lines(const Command& command, const Case& resolved, Position by, Micros at, Legs& out) {
    for (std::size_t i = 0; i < resolved.lines.size(); ++i) {
        const Line& line = command.lines[i];
        const AccountId& shelf = supply_account(resolved, resolved.lines[i]);
        const std::int64_t sign = shelf == resolved.lines[i].from ? -1 : 1;
        out[{shelf, line.supply}].push_back({at, by, sign * line.quantity, sign * line.measure});
    }
}

}  // namespace

Fault check_quantity(const Case& c) {
    if (!c.is(EventType::kSupplyMoved) || is_corrective(c)) return std::nullopt;
    std::map<SupplyKey, SupplyBalance> moved;
    for (std::size_t i = 0; i < c.lines.size(); ++i) {
        const Line& line = c.command.lines[i];
        const SupplyKey key{supply_account(c, c.lines[i]), line.supply};
        SupplyBalance& sum = moved[key];
        const std::int64_t sign = key.account == c.lines[i].from ? -1 : 1;
        sum.quantity += sign * line.quantity;
        sum.measure += sign * line.measure;
        const Least least = least_from(c.books, key, c.at);
        const std::int64_t quantity = least.quantity + sum.quantity;
        const std::int64_t measure = least.measure + sum.measure;
        if (quantity >= 0 && measure >= 0) continue;
        Refusal refusal =
            refuse_line(c, i, RefusalCode::kQtyNegative,
                        key.account.path() + " would hold " + std::to_string(quantity) + " (measure " +
                            std::to_string(measure) + ") of supply " + std::to_string(line.supply) + " at " +
                            format_time(least.when) + "; record what came in first, or count it (SupplyMoved)");
        refusal.account = key.account;
        refusal.since = least.when;
        return refusal;
    }
    return std::nullopt;
}

Fault check_supplies_corrected(const Case& c) {
    const CorrectionPast& past = *c.context.past->correction;
    Legs added;
    std::vector<Position> gone;
    for (const PastEvent& change : past.changes) {
        if (change.command->type != EventType::kSupplyMoved) continue;
        const Case resolved(c.books, *change.command, c.context);
        Legs legs;
        add_lines(*change.command, resolved, change.position, change.decided->occurred_at, legs);
        if (change.leaves) gone.push_back(change.position);
        for (auto& [key, moves] : legs) {
            auto& to = added[key];
            if (!change.leaves) to.insert(to.end(), moves.begin(), moves.end());
        }
    }
    for (const Command* corrective : past.correctives) {
        if (corrective->type != EventType::kSupplyMoved) continue;
        const Case resolved(c.books, *corrective, c.context);
        add_lines(*corrective, resolved, c.context.position, resolved.at, added);
    }
    for (auto& [key, moves] : added) {
        const auto& legs = c.books.supply_legs.of(key);
        std::copy_if(legs.begin(), legs.end(), std::back_inserter(moves), [&](const SupplyLeg& leg) {
            return std::find(gone.begin(), gone.end(), leg.by) == gone.end();
        });
        std::stable_sort(moves.begin(), moves.end(), [](const SupplyLeg& a, const SupplyLeg& b) {
            return std::pair(a.at, a.by) < std::pair(b.at, b.by);
        });
        std::int64_t quantity = 0;
        std::int64_t measure = 0;
        for (const SupplyLeg& leg : moves) {
            quantity += leg.quantity;
            measure += leg.measure;
            if (quantity >= 0 && measure >= 0) continue;
            Refusal refusal = refuse(RefusalCode::kCorrectionConflict,
                                     key.account.path() + " would hold " + std::to_string(quantity) + " (measure " +
                                         std::to_string(measure) + ") of supply " + std::to_string(key.supply) +
                                         " after event " + std::to_string(leg.by) + ", at " + format_time(leg.at) +
                                         "; correct that one in the same batch, or record what came in");
            refusal.account = key.account;
            refusal.event = leg.by;
            refusal.since = leg.at;
            refusal.conflicts.push_back({{}, leg.by, RefusalCode::kQtyNegative});
            return refusal;
        }
    }
    return std::nullopt;
}

}  // namespace daybook::custody
