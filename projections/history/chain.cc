#include "projections/history/chain.h"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>
#include <unordered_map>

namespace daybook::projections {
namespace {

using Entries = std::vector<HistoryEntry>;
constexpr Micros kEver = std::numeric_limits<Micros>::max();

// ---- What counts ----

// Finds out what is effective among the entries, which are all that is known, and gives each its place: that of its
// position, but of a corrective at its target's valid time, the target's.
std::vector<Position> settle(Entries& entries) {
    // What does not count, and by which declaration. Whatever corrects a declaration comes behind it: from the end,
    // each is settled before what it acts on. A declaration need not have an entry: that of a corrective that
    // registered the piece has none, and one that takes it back has.
    std::unordered_map<Position, Position> gone;
    for (auto one = entries.rbegin(); one != entries.rend(); ++one) {
        if (one->declaration && gone.count(one->row.position) == 0) gone.emplace(one->target, one->row.position);
    }
    std::vector<Position> places;
    places.reserve(entries.size());
    for (HistoryEntry& one : entries) {
        places.push_back(one.place);
        if (gone.empty()) continue;
        auto by = gone.find(one.row.position);
        if (by == gone.end() && one.declared_by != kNoPosition) by = gone.find(one.declared_by);
        if (by == gone.end()) continue;
        one.row.effective = false;
        one.row.corrected_by = by->second;
    }
    return places;
}

// ---- Where it was ----

struct Told {
    Micros at = 0;
    custody::AccountId account;
    std::int64_t sign = 0;
    std::size_t entry = 0;  // that says so
};

// All steps, in the order of the entries.
std::vector<Told> steps_of(const Entries& entries) {
    std::vector<Told> steps;
    steps.reserve(entries.size() * 2);
    custody::AccountId now;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const HistoryEntry& one = entries[i];
        if (one.row.retold) {
            for (const auto& step : one.steps) steps.push_back({step.at, step.account, step.sign, i});
            now = one.now;
        } else if (!one.row.to.empty()) {
            if (!now.empty()) steps.push_back({one.row.occurred_at, now, -1, i});
            steps.push_back({one.row.occurred_at, one.row.to, 1, i});
            now = one.row.to;
        }
    }
    return steps;
}

// From `at` on the piece is in the account; empty: nowhere.
struct Turn {
    Micros at = 0;
    custody::AccountId account;
};

// What the steps up to `valid` sum to.
std::vector<Turn> turns_of(std::vector<Told> steps, Micros valid) {
    std::erase_if(steps, [valid](const Told& step) { return step.at > valid; });
    std::stable_sort(steps.begin(), steps.end(), [](const Told& a, const Told& b) { return a.at < b.at; });
    std::vector<Turn> turns;
    std::vector<std::pair<custody::AccountId, std::int64_t>> sums;  // those that are not 0
    for (std::size_t i = 0; i < steps.size();) {
        const Micros at = steps[i].at;
        for (; i < steps.size() && steps[i].at == at; ++i) {
            const auto same = [&](const auto& sum) { return sum.first == steps[i].account; };
            const auto sum = std::find_if(sums.begin(), sums.end(), same);
            if (sum == sums.end()) {
                sums.emplace_back(steps[i].account, steps[i].sign);
            } else if ((sum->second += steps[i].sign) == 0) {
                sums.erase(sum);
            }
        }
        const auto here = std::find_if(sums.begin(), sums.end(), [](const auto& sum) { return sum.second > 0; });
        const custody::AccountId account = here == sums.end() ? custody::AccountId{} : here->first;
        const custody::AccountId before = turns.empty() ? custody::AccountId{} : turns.back().account;
        if (account != before) turns.push_back({at, account});
    }
    return turns;
}

// ---- What it was worth ----

// Its insured value from each valid time on, in order.
using Values = std::vector<std::pair<Micros, std::int64_t>>;
Values values_of(const Entries& entries, const std::vector<Position>& places) {
    std::vector<std::tuple<Micros, Position, Position, std::int64_t>> all;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const HistoryEntry& one = entries[i];
        if (!one.insured_minor || !one.row.effective) continue;
        all.emplace_back(one.row.occurred_at, places[i], one.row.position, *one.insured_minor);
    }
    std::sort(all.begin(), all.end());
    Values values;
    for (const auto& [at, place, position, value] : all) {
        if (!values.empty() && values.back().first == at) {
            values.back().second = value;
        } else {
            values.emplace_back(at, value);
        }
    }
    return values;
}
std::int64_t value_at(const Values& values, Micros at) {
    const auto behind = std::upper_bound(values.begin(), values.end(), at,
                                         [](Micros wanted, const auto& value) { return wanted < value.first; });
    return behind == values.begin() ? 0 : std::prev(behind)->second;
}

// ---- Who put it there ----

// The effective moves, to be found by valid time and account.
class Openers {
public:
    Openers(const Entries& entries, const std::vector<Position>& places) {
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const HistoryRow& row = entries[i].row;
            if (row.effective && !row.to.empty()) moves_.push_back({row.occurred_at, places[i], row.position, row.to});
        }
        std::sort(moves_.begin(), moves_.end(), [](const Move& a, const Move& b) {
            return std::tie(a.at, a.place, a.position) < std::tie(b.at, b.place, b.position);
        });
    }
    // The last one at that time that went there.
    [[nodiscard]] Position of(const Turn& turn) const {
        auto move = std::upper_bound(moves_.begin(), moves_.end(), turn.at,
                                     [](Micros at, const Move& one) { return at < one.at; });
        while (move != moves_.begin() && (--move)->at == turn.at) {
            if (move->to == turn.account) return move->position;
        }
        return kNoPosition;
    }
    // The last one up to a time.
    [[nodiscard]] Position last_until(Micros until) const {
        const auto behind = std::upper_bound(moves_.begin(), moves_.end(), until,
                                             [](Micros at, const Move& one) { return at < one.at; });
        return behind == moves_.begin() ? kNoPosition : std::prev(behind)->position;
    }
    // When something went there between two times, both left out.
    [[nodiscard]] std::vector<Micros> times_to(const custody::AccountId& account, Micros from, Micros to) const {
        std::vector<Micros> times;
        auto move = std::upper_bound(moves_.begin(), moves_.end(), from,
                                     [](Micros at, const Move& one) { return at < one.at; });
        for (; move != moves_.end() && move->at < to; ++move) {
            if (move->to == account && (times.empty() || times.back() != move->at)) times.push_back(move->at);
        }
        return times;
    }

private:
    struct Move {
        Micros at;
        Position place, position;
        custody::AccountId to;
    };
    std::vector<Move> moves_;
};

// A stay in which it went out and came back at one instant is two: sums do not show it, and the moves do.
void part(const StayRow& stay, const Openers& openers, const Values& values, Micros valid, std::vector<StayRow>& out) {
    StayRow rest = stay;
    const Micros end = stay.to.value_or(std::min(valid, kEver - 1) + 1);
    for (const Micros at : openers.times_to(stay.account, stay.from, end)) {
        StayRow first = rest;
        first.to = at;
        first.closed_by = rest.opened_by = openers.of({at, stay.account});
        first.insured_minor = value_at(values, at - 1);
        out.push_back(first);
        rest.from = at;
    }
    out.push_back(rest);
}

std::vector<StayRow> stays_of(const Entries& entries, const std::vector<Position>& places, Micros valid) {
    const std::vector<Turn> turns = turns_of(steps_of(entries), valid);
    const Openers openers(entries, places);
    const Values values = values_of(entries, places);
    std::vector<StayRow> stays;
    for (std::size_t i = 0; i < turns.size(); ++i) {
        if (turns[i].account.empty()) continue;
        StayRow stay;
        stay.account = turns[i].account;
        stay.from = turns[i].at;
        stay.opened_by = openers.of(turns[i]);
        stay.insured_minor = value_at(values, i + 1 < turns.size() ? turns[i + 1].at - 1 : valid);
        if (i + 1 < turns.size()) {
            stay.to = turns[i + 1].at;
            stay.closed_by = openers.of(turns[i + 1]);
        }
        part(stay, openers, values, valid, stays);
    }
    return stays;
}

// ---- What it adds to accounts ----

// By valid time and account: count and value.
using Sums = std::map<std::pair<Micros, custody::AccountId>, std::pair<std::int64_t, std::int64_t>>;

// Adds to `sums` what the entries say of accounts, `times` over.
void add_postings(const Entries& given, std::int64_t times, Sums& sums) {
    Entries entries = given;
    const std::vector<Position> places = settle(entries);
    const Values values = values_of(entries, places);
    const std::vector<Turn> turns = turns_of(steps_of(entries), kEver);
    const auto add = [&](Micros at, const custody::AccountId& account, std::int64_t count, std::int64_t amount) {
        auto& sum = sums[{at, account}];
        sum.first += times * count;
        sum.second += times * amount;
    };
    for (std::size_t i = 0; i < turns.size(); ++i) {
        if (turns[i].account.empty()) continue;
        const Micros from = turns[i].at;
        const Micros to = i + 1 < turns.size() ? turns[i + 1].at : kEver;
        std::int64_t value = value_at(values, from);
        add(from, turns[i].account, 1, value);
        for (const auto& [at, next] : values) {
            if (at <= from || at >= to) continue;
            add(at, turns[i].account, 0, next - value);
            value = next;
        }
        if (to != kEver) add(to, turns[i].account, -1, -value);
    }
}

// ---- Why a belief changed ----

// What is known of a piece: its entries, settled, and from them who moved it.
struct Known {
    explicit Known(Entries all) : entries(std::move(all)), places(settle(entries)), openers(entries, places) {}

    [[nodiscard]] const HistoryRow* row(Position position) const {
        const auto found = std::lower_bound(entries.begin(), entries.end(), position,
                                            [](const HistoryEntry& one, Position p) { return one.row.position < p; });
        return found == entries.end() || found->row.position != position ? nullptr : &found->row;
    }

    Entries entries;
    std::vector<Position> places;
    Openers openers;
};

// The declaration recorded since by which an event that was known does not count any more, or counts again;
// kNoPosition: it is as it was. Each step goes to a later declaration, so this ends.
Position changed_by(const Known& was, const Known& now, Position event) {
    const HistoryRow* then = was.row(event);
    const HistoryRow* later = now.row(event);
    if (then == nullptr || later == nullptr || then->effective == later->effective) return kNoPosition;
    const Position by = later->effective ? then->corrected_by : later->corrected_by;
    return was.row(by) == nullptr ? by : changed_by(was, now, by);
}

}  // namespace

Result<ChainRows> read_chain(const ReadPoint& point, const ItemId& item, const AsKnown& at) {
    DAYBOOK_ASSIGN(Entries entries, read_entries(point, item, at.known));
    const std::vector<Position> places = settle(entries);
    ChainRows chain;
    chain.stays = stays_of(entries, places, at.valid);
    chain.events.reserve(entries.size());
    for (const HistoryEntry& one : entries) chain.events.push_back(one.row);
    return chain;
}

Result<std::optional<StayRow>> stay_at(const ReadPoint& point, const ItemId& item, const AsKnown& at) {
    DAYBOOK_ASSIGN(Entries entries, read_entries(point, item, at.known));
    const std::vector<Position> places = settle(entries);
    const auto stays = stays_of(entries, places, at.valid);
    if (stays.empty() || stays.back().to) return std::optional<StayRow>();
    return std::optional<StayRow>(stays.back());
}

Result<std::vector<DifferenceRow>> read_differences(const ReadPoint& point, const ItemId& item, Micros from, Micros to,
                                                    Position was, Position is) {
    std::vector<DifferenceRow> rows;
    DAYBOOK_ASSIGN(Entries entries, read_entries(point, item, is));
    const Known now_known(entries);
    std::erase_if(entries, [was](const HistoryEntry& one) { return one.row.position >= was; });
    const Known was_known(std::move(entries));
    const std::vector<Turn> was_turns = turns_of(steps_of(was_known.entries), to - 1);
    const std::vector<Turn> now_turns = turns_of(steps_of(now_known.entries), to - 1);
    std::vector<Micros> times{from};
    for (const auto* turns : {&was_turns, &now_turns}) {
        for (const Turn& turn : *turns) {
            if (turn.at > from) times.push_back(turn.at);
        }
    }
    std::sort(times.begin(), times.end());
    times.erase(std::unique(times.begin(), times.end()), times.end());
    const auto account_at = [](const std::vector<Turn>& turns, Micros at) {
        const auto behind = std::upper_bound(turns.begin(), turns.end(), at,
                                             [](Micros wanted, const Turn& turn) { return wanted < turn.at; });
        return behind == turns.begin() ? custody::AccountId{} : std::prev(behind)->account;
    };
    for (std::size_t i = 0; i < times.size(); ++i) {
        DifferenceRow row;
        row.from = times[i];
        if (i + 1 < times.size()) row.to = times[i + 1];
        row.was = account_at(was_turns, row.from);
        row.now = account_at(now_turns, row.from);
        if (row.was == row.now) continue;
        // Of the last move that was believed and the last that is: what was recorded since, or made it count or not.
        // One of them is, else the later of the two would be the last in both beliefs.
        const Position last = now_known.openers.last_until(row.from);
        if (last != kNoPosition && was_known.row(last) == nullptr) row.because.push_back(last);
        for (const Position move : {was_known.openers.last_until(row.from), last}) {
            const Position by = changed_by(was_known, now_known, move);
            if (by != kNoPosition) row.because.push_back(by);
        }
        std::sort(row.because.begin(), row.because.end());
        row.because.erase(std::unique(row.because.begin(), row.because.end()), row.because.end());
        rows.push_back(std::move(row));
    }
    return rows;
}

Result<std::vector<std::pair<custody::AccountId, PostingRow>>> retold_postings(const ReadPoint& point,
                                                                                const ItemId& item, Position position) {
    DAYBOOK_ASSIGN(Entries entries, read_entries(point, item, position + 1));
    Sums sums;
    add_postings(entries, 1, sums);
    std::erase_if(entries, [position](const HistoryEntry& one) { return one.row.position >= position; });
    add_postings(entries, -1, sums);
    std::vector<std::pair<custody::AccountId, PostingRow>> postings;
    for (const auto& [key, sum] : sums) {
        if (sum.first == 0 && sum.second == 0) continue;
        postings.emplace_back(key.second, PostingRow{position, item, key.first, sum.first, sum.second, true});
    }
    return postings;
}

}  // namespace daybook::projections
