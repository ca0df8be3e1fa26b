#include "engine/api/internal/sightings.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace daybook::api {

using custody::AccountId;
using projections::CountRow;
using projections::StayRow;

Result<std::optional<Sightings::Found>> Sightings::newest(const ItemId& item, std::span<const StayRow> stays,
                                                          Micros until) {
    for (auto stay = stays.rbegin(); stay != stays.rend(); ++stay) {
        std::optional<Found> found;
        const Micros to = stay->to ? std::min(until, *stay->to - 1) : until;
        DAYBOOK_TRY(find_newer(item, stay->account, stay->from, to, found));
        if (found) return found;
    }
    return std::nullopt;
}

Result<void> Sightings::find_newer(const ItemId& item, const AccountId& account, Micros from, Micros until,
                                   std::optional<Found>& found) {
    if (from > until || (found && found->count.opened_at >= until)) return {};
    DAYBOOK_ASSIGN(const Counts* const counts, of_account(account));
    auto count = std::upper_bound(counts->begin(), counts->end(), until,
                                  [](Micros at, const CountRow& row) { return at < row.opened_at; });
    while (count != counts->begin() && (--count)->opened_at >= from) {
        if (found && count->opened_at <= found->count.opened_at) return {};
        DAYBOOK_ASSIGN(const bool seen, matched(*count, item));
        if (!seen) continue;
        found = Found{account, *count};
        return {};
    }
    return {};
}

Result<std::optional<v1::Sighting>> Sightings::last(const ItemId& item, std::span<const StayRow> stays, Micros until) {
    DAYBOOK_ASSIGN(const auto found, newest(item, stays, until));
    if (!found) return std::nullopt;
    DAYBOOK_ASSIGN(auto out, sighting(found->account, found->count));
    return std::optional(std::move(out));
}

// A count goes by what was known at its cut. So beside those within the stays it may be one that was opened between the
// end of a stay and the recording of it, or, where the past was told anew, any in which it was not yet. Nothing is
// recorded a day before it happens, so what was opened a day behind a recording has its cut behind it.
Result<std::optional<v1::Sighting>> Sightings::last_of_all(const ItemId& item, const projections::ChainRows& chain,
                                                           Micros until) {
    DAYBOOK_ASSIGN(auto found, newest(item, chain.stays, until));
    const auto row_of = [&](Position event) {
        return std::lower_bound(chain.events.begin(), chain.events.end(), event,
                                [](const projections::HistoryRow& row, Position at) { return row.position < at; });
    };
    for (const StayRow& stay : chain.stays) {
        const auto left = row_of(stay.closed_by);
        if (!stay.to || left == chain.events.end()) continue;
        DAYBOOK_TRY(find_newer(item, stay.account, *stay.to, std::min(until, left->recorded_at + kDay), found));
    }
    Micros recorded = 0;
    Micros from = std::numeric_limits<Micros>::max();
    std::set<AccountId> accounts;
    for (const projections::HistoryRow& row : chain.events) {
        if (!row.to.empty()) accounts.insert(row.to);
        if (!row.retold) continue;
        recorded = std::max(recorded, row.recorded_at);
        const bool corrects = row.type == custody::EventType::kCorrectionDeclared;  // something that lies before it
        from = std::min(from, corrects ? std::numeric_limits<Micros>::min() : row.occurred_at);
    }
    if (recorded != 0) {
        for (const AccountId& account : accounts)
            DAYBOOK_TRY(find_newer(item, account, from, std::min(until, recorded + kDay), found));
    }
    if (!found) return std::nullopt;
    DAYBOOK_ASSIGN(auto out, sighting(found->account, found->count));
    return std::optional(std::move(out));
}

Result<std::optional<v1::Sighting>> Sightings::first(const ItemId& item, const StayRow& stay, Micros after) {
    DAYBOOK_ASSIGN(const Counts* const counts, of_account(stay.account));
    const Micros from = std::max(stay.from - 1, after);
    auto count = std::upper_bound(counts->begin(), counts->end(), from,
                                  [](Micros at, const CountRow& row) { return at < row.opened_at; });
    for (; count != counts->end() && (!stay.to || count->opened_at < *stay.to); ++count) {
        DAYBOOK_ASSIGN(const bool seen, matched(*count, item));
        if (!seen) continue;
        DAYBOOK_ASSIGN(auto found, sighting(stay.account, *count));
        return std::optional(std::move(found));
    }
    return std::nullopt;
}

Result<const Sightings::Counts*> Sightings::of_account(const AccountId& account) {
    const auto [known, is_new] = accounts_.try_emplace(account);
    if (is_new) {
        DAYBOOK_ASSIGN(const auto all, when_.reading.counts(account, when_.at.known));
        for (const CountRow& count : all) {
            DAYBOOK_ASSIGN(const bool counts, when_.reading.is_effective(count.position, when_.at.known));
            if (counts) known->second.push_back(count);
        }
        std::sort(known->second.begin(), known->second.end(), [](const CountRow& a, const CountRow& b) {
            return std::pair(a.opened_at, a.position) < std::pair(b.opened_at, b.position);
        });
    }
    return &known->second;
}

Result<bool> Sightings::matched(const CountRow& count, const ItemId& item) {
    auto known = lists_.find(count.position);
    if (known == lists_.end()) {
        if (lists_.size() >= kListsMax) lists_.erase(lists_.begin());  // the oldest
        std::vector<ItemId> list;
        DAYBOOK_ASSIGN(const v1::Event event, asked_.event_at(count.position));
        for (const std::string& text : event.counted().matched()) {
            if (const auto id = ItemId::parse(text)) list.push_back(*id);
        }
        std::sort(list.begin(), list.end());
        known = lists_.emplace(count.position, std::move(list)).first;
    }
    return std::binary_search(known->second.begin(), known->second.end(), item);
}

Result<v1::Sighting> Sightings::sighting(const AccountId& account, const CountRow& count) const {
    v1::Sighting out;
    out.set_count(count.count.text());
    out.set_account(account.path());
    fill(count.opened_at, out.mutable_counted_at());
    out.set_attested_by(count.position);
    DAYBOOK_ASSIGN(const bool recheck, when_.reading.is_to_be_rechecked(account, count, when_.at.known));
    out.set_recheck(recheck);
    return out;
}

}  // namespace daybook::api
