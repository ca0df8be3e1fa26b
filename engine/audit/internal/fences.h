// Behind which valid times a late event needs one more signature: counted accounts and closed days (domain: 5.4).
// Memory: proportional to days, and to counts and the accounts that they looked into.
#pragma once

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <vector>

#include "engine/audit/internal/corrections.h"
#include "engine/custody/account.h"

namespace daybook::audit {

class Fences {
public:
    explicit Fences(const Corrections& corrections) : corrections_(corrections) {}

    void close_day(SiteId site, Micros at, Position by) { add(days_[site], {at, by}); }
    void count(const custody::AccountId& account, Micros opened_at, Position attested) {
        add(counts_[account], {opened_at, attested});
    }

    // Whether the time lies before the end of a closed day of the site, as known before `position`.
    [[nodiscard]] bool day_is_past(SiteId site, Micros at, Position position) const {
        return at < newest(days_, site, position);
    }
    // The same or at the very end.
    [[nodiscard]] bool day_reaches(SiteId site, Micros at, Position position) const {
        return at <= newest(days_, site, position);
    }
    // Whether it lies before an attested count of the account.
    [[nodiscard]] bool count_is_past(const custody::AccountId& account, Micros at, Position position) const {
        return at < newest(counts_, account, position);
    }

private:
    struct Fence {
        Micros at = 0;
        Position by = 0;
    };
    static constexpr Micros kNever = std::numeric_limits<Micros>::min();

    // Ascending: the last one that counts is the one that is asked for. What lies behind a greater one is asked for
    // only where that one does not count.
    static void add(std::vector<Fence>& fences, Fence fence) {
        const auto after = std::upper_bound(fences.begin(), fences.end(), fence,
                                            [](const Fence& a, const Fence& b) { return a.at < b.at; });
        fences.insert(after, fence);
    }
    template <class Map, class Of>
    Micros newest(const Map& map, const Of& of, Position position) const {
        const auto it = map.find(of);
        if (it == map.end()) return kNever;
        for (auto fence = it->second.rbegin(); fence != it->second.rend(); ++fence) {
            if (fence->by < position && corrections_.effective_for(fence->by, position)) return fence->at;
        }
        return kNever;
    }

    const Corrections& corrections_;
    std::unordered_map<SiteId, std::vector<Fence>> days_;
    std::unordered_map<custody::AccountId, std::vector<Fence>, custody::AccountHash> counts_;
};

}  // namespace daybook::audit
