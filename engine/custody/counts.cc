// The five lists of a count (domain: 6.4), made from the present books and the legs since the cut.
#include <algorithm>

#include "engine/custody/internal/applier.h"
#include "engine/custody/internal/case.h"

namespace daybook::custody {
namespace {

// Of one piece: what happened to it since the cut, and where it was seen.
struct Evidence {
    const CountMove* first_move = nullptr;  // its legs stand together from here …
    const CountMove* last_move = nullptr;   // … to before this
    std::map<Sighting, std::uint32_t>::const_iterator seen, seen_end;
};

class Counting {
public:
    Counting(const Books& books, const Count& count)
        : books_(books), count_(count), scope_(count.accounts) {
        std::sort(scope_.begin(), scope_.end());
        const Site& site = *books.sites.find(count.site);
        for (std::uint32_t number = site.legs_begin; number != site.legs_end; ++number) {
            const auto& legs = *books.legs.find({count.site, number});
            std::copy_if(legs.begin(), legs.end(), std::back_inserter(moves_),
                         [&](const CountMove& move) { return move.by > count.cut; });
        }
        std::stable_sort(moves_.begin(), moves_.end(),
                         [](const CountMove& a, const CountMove& b) { return a.item < b.item; });
    }

    // All three sources are walked in the order of item ids, so that each list comes out sorted.
    CountLists lists() {
        const std::vector<ItemId> expected = expected_items();
        auto next = expected.begin();
        auto seen = count_.sightings.begin();
        CountLists lists;
        while (next != expected.end() || seen != count_.sightings.end()) {
            const bool from_books =
                seen == count_.sightings.end() || (next != expected.end() && *next <= seen->first.item);
            const ItemId item = from_books ? *next : seen->first.item;
            Evidence evidence;
            evidence.seen = seen;
            while (seen != count_.sightings.end() && seen->first.item == item) ++seen;
            evidence.seen_end = seen;
            if (from_books) ++next;
            add_moves(item, evidence);
            list_for(item, evidence, lists).push_back(item);
        }
        return lists;
    }

private:
    [[nodiscard]] bool in_scope(const AccountId& id) const {
        return std::binary_search(scope_.begin(), scope_.end(), id);
    }

    void add_moves(const ItemId& item, Evidence& evidence) const {
        const auto [first, last] =
            std::equal_range(moves_.begin(), moves_.end(), CountMove{item, {}, {}, {}, 0},
                             [](const CountMove& a, const CountMove& b) { return a.item < b.item; });
        if (first == last) return;
        evidence.first_move = &*first;
        evidence.last_move = &*first + (last - first);
    }

    // The pieces whose books were in scope at the cut: those that have not moved and are there, and those whose first
    // leg since left from there.
    [[nodiscard]] std::vector<ItemId> expected_items() const {
        std::vector<ItemId> expected;
        for (auto move = moves_.begin(); move != moves_.end();) {
            if (in_scope(move->book)) expected.push_back(move->item);
            const ItemId item = move->item;
            while (move != moves_.end() && move->item == item) ++move;
        }
        for (const AccountId& id : scope_) {
            const Account* account = books_.accounts.find(id);
            if (account == nullptr) continue;
            for (std::uint32_t slot = account->first; slot != 0; slot = books_.items.next(slot)) {
                const ItemId& item = books_.items[slot].id;
                if (!has_moved(item)) expected.push_back(item);
            }
        }
        std::sort(expected.begin(), expected.end());
        return expected;
    }

    [[nodiscard]] bool has_moved(const ItemId& item) const {
        const auto it = std::lower_bound(moves_.begin(), moves_.end(), item,
                                         [](const CountMove& move, const ItemId& id) { return move.item < id; });
        return it != moves_.end() && it->item == item;
    }

    [[nodiscard]] AccountId booked(const ItemId& id, const Evidence& evidence) const {
        if (evidence.first_move != nullptr) return evidence.first_move->book;
        const Item* item = books_.items.find(id);
        return item == nullptr ? AccountId{} : item->account;
    }

    std::vector<ItemId>& list_for(const ItemId& id, const Evidence& evidence, CountLists& lists) const {
        const auto any_move = [&](auto&& holds) { return std::any_of(evidence.first_move, evidence.last_move, holds); };
        const auto any_sighting = [&](auto&& holds) {
            return std::any_of(evidence.seen, evidence.seen_end, [&](const auto& seen) { return holds(seen.first); });
        };
        if (evidence.seen == evidence.seen_end) {
            const bool moved =
                any_move([&](const CountMove& move) { return in_scope(move.from) || in_scope(move.to); });
            return moved ? lists.moved : lists.missing;
        }
        const AccountId book = booked(id, evidence);
        if (in_scope(book) && any_sighting([&](const Sighting& seen) { return seen.account == book; }))
            return lists.matched;
        const bool moved_there = any_move([&](const CountMove& move) {
            return any_sighting([&](const Sighting& seen) { return seen.account == move.to; });
        });
        if (moved_there) return lists.moved;
        const bool seen_in_scope = any_sighting([&](const Sighting& seen) { return in_scope(seen.account); });
        return seen_in_scope && book.site == count_.site ? lists.misplaced : lists.unexpected;
    }

    const Books& books_;
    const Count& count_;
    std::vector<AccountId> scope_;
    std::vector<CountMove> moves_;
};

}  // namespace

CountLists count_lists(const Books& books, const Count& count) { return Counting(books, count).lists(); }

// ---- The legs that counts need ----

namespace {

// Lets go of the legs that lie before every cut.
void trim_legs(Books& books, SiteId id) {
    Site& site = books.sites.edit(id);
    Position first = kNoPosition;
    for (const ObligationId& count : site.counts) first = std::min(first, books.counts.find(count)->cut);
    for (const ObligationId& count : site.ended) first = std::min(first, books.ended_counts.find(count)->cut);
    while (site.legs_begin != site.legs_end) {
        const auto& legs = *books.legs.find({id, site.legs_begin});
        if (first != kNoPosition && (legs.size() < kLegsOfChunk || legs.back().by > first)) break;
        books.legs.erase({id, site.legs_begin++});
    }
}

void forget_ended(Books& books, SiteId id, std::size_t which) {
    auto& ended = books.sites.edit(id).ended;
    books.ended_counts.erase(ended[which]);
    ended.erase(ended.begin() + static_cast<std::ptrdiff_t>(which));
}

// The counts that ended, as far as the bounds let them stay. Of what was seen the last one is kept whatever its size.
void bound_ended(Books& books, SiteId id) {
    const auto& ended = books.sites.find(id)->ended;
    std::size_t kept = 0;
    std::size_t seen = 0;
    while (kept < ended.size() && kept < kEndedCountsKept) {
        seen += books.ended_counts.find(ended[ended.size() - 1 - kept])->sightings.size();
        if (kept != 0 && seen > kSightingsKept) break;
        ++kept;
    }
    while (ended.size() > kept) forget_ended(books, id, 0);
}

}  // namespace

void keep_leg(Books& books, SiteId id, const CountMove& move) {
    const Site& site = *books.sites.find(id);
    if (site.legs_begin == site.legs_end || books.legs.find({id, site.legs_end - 1})->size() == kLegsOfChunk) {
        // Full chunks of an open count stay; counts that have ended give way.
        const auto too_far = [&](const ObligationId& count) {
            const Position cut = books.ended_counts.find(count)->cut;
            const std::uint32_t number = site.legs_end - static_cast<std::uint32_t>(kLegsKept / kLegsOfChunk);
            return site.legs_end - site.legs_begin >= kLegsKept / kLegsOfChunk &&
                   books.legs.find({id, number})->front().by > cut;
        };
        for (std::size_t i = 0; i < site.ended.size();) {
            if (too_far(site.ended[i])) {
                forget_ended(books, id, i);
            } else {
                ++i;
            }
        }
        trim_legs(books, id);
        if (site.counts.empty() && site.ended.empty()) return;
        books.legs.edit({id, books.sites.edit(id).legs_end++}).reserve(kLegsOfChunk);
    }
    // Nearly always at the end: only what a correction brings back has an earlier position than others.
    std::uint32_t number = site.legs_end - 1;
    while (number != site.legs_begin && books.legs.find({id, number - 1})->back().by > move.by) --number;
    auto& legs = books.legs.edit({id, number});
    const auto after =
        std::find_if(legs.rbegin(), legs.rend(), [&](const CountMove& other) { return other.by <= move.by; });
    legs.insert(after.base(), move);
}

void change_legs(Books& books, SiteId id, Position event, const std::function<void(CountMove&)>& change) {
    const Site& site = *books.sites.find(id);
    const auto by = [event](const CountMove& move) { return move.by == event; };
    for (std::uint32_t number = site.legs_begin; number != site.legs_end; ++number) {
        const auto& legs = *books.legs.find({id, number});
        if (!std::any_of(legs.begin(), legs.end(), by)) continue;
        for (CountMove& move : books.legs.edit({id, number})) {
            if (by(move)) change(move);
        }
    }
}

void keep_ended(Books& books, const ObligationId& id, Position by) {
    const Count* open = books.counts.find(id);
    DAYBOOK_ASSERT(open != nullptr);
    const SiteId site = open->site;
    Count& count = books.ended_counts.edit(id);
    count = std::move(books.counts.edit(id));
    count.ended_by = by;
    books.counts.erase(id);
    Site& kept = books.sites.edit(site);
    std::erase(kept.counts, id);
    kept.ended.push_back(id);
    bound_ended(books, site);
    trim_legs(books, site);
}

void reopen_count(Books& books, const ObligationId& id) {
    const Count* ended = books.ended_counts.find(id);
    DAYBOOK_ASSERT(ended != nullptr);
    Count& count = books.counts.edit(id);
    count = std::move(books.ended_counts.edit(id));
    count.ended_by = kNoPosition;
    books.ended_counts.erase(id);
    Site& site = books.sites.edit(count.site);
    std::erase(site.ended, id);
    const auto after = std::find_if(site.counts.begin(), site.counts.end(), [&](const ObligationId& other) {
        return books.counts.find(other)->cut > count.cut;
    });
    site.counts.insert(after, id);
}

void drop_count(Books& books, const ObligationId& id) {
    for (auto* counts : {&books.counts, &books.ended_counts}) {
        const Count* count = counts->find(id);
        if (count == nullptr) continue;
        const SiteId site = count->site;
        std::erase(books.sites.edit(site).counts, id);
        std::erase(books.sites.edit(site).ended, id);
        counts->erase(id);
        trim_legs(books, site);
        return;
    }
}

void settle_counts(Account& account) {
    account.fence = 0;
    account.counted_by = {};
    account.counted_at = 0;
    Position newest = 0;
    for (const CountOfAccount& count : account.counts) {
        account.fence = std::max(account.fence, count.opened_at);
        if (!account.counted_by.empty() &&
            std::pair(count.attested_at, count.by) < std::pair(account.counted_at, newest))
            continue;
        account.counted_by = count.id;
        account.counted_at = count.attested_at;
        newest = count.by;
    }
}

void forget_attestation(Books& books, const ObligationId& id) {
    const Count* count = books.ended_counts.find(id);
    if (count == nullptr) return;
    const auto is = [&](const auto& entry) { return entry.id == id; };
    for (const AccountId& counted : count->accounts) {
        Account& account = books.accounts.edit(counted);
        std::erase_if(account.counts, is);
        settle_counts(account);
    }
    std::erase_if(books.closing_counts.edit_all(count->site), is);
}

}  // namespace daybook::custody
