// The five lists of a count (domain: 6.4), made from the present books and the legs since the cut.
#include <algorithm>

#include "engine/custody/internal/case.h"

namespace daybook::custody {
namespace {

// Of one piece: what happened to it since the cut, and where it was seen.
struct Evidence {
    const CountMove* first_move = nullptr;  // its legs stand together from here …
    const CountMove* last_move = nullptr;   // … to before this
    std::set<Sighting>::const_iterator seen, seen_end;
};

class Counting {
public:
    Counting(const Books& books, const Count& count)
        : books_(books), count_(count), scope_(count.accounts), moves_(count.moves) {
        std::sort(scope_.begin(), scope_.end());
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
            const bool from_books = seen == count_.sightings.end() || (next != expected.end() && *next <= seen->item);
            const ItemId item = from_books ? *next : seen->item;
            Evidence evidence;
            evidence.seen = seen;
            while (seen != count_.sightings.end() && seen->item == item) ++seen;
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
        const auto any_sighting = [&](auto&& holds) { return std::any_of(evidence.seen, evidence.seen_end, holds); };
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

}  // namespace daybook::custody
