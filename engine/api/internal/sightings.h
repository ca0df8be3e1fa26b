// Which attested counts saw a piece where its chain has it (A2, A4, A11), as known at a record time.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "engine/api/internal/when.h"

namespace daybook::api {

// Of many pieces, which share counts: those of an account are read once, and so are the lists of a count while it is
// among the last kListsMax.
class Sightings {
public:
    static constexpr std::size_t kListsMax = 256;

    // Both outlive it. What is not effective at when.at.known is no count.
    Sightings(const Asked& asked, const When& when) : asked_(asked), when_(when) {}

    // The newest one at `until` or before it, of all those stays; nullopt: there is none.
    Result<std::optional<v1::Sighting>> last(const ItemId& item, std::span<const projections::StayRow> stays,
                                             Micros until);
    // The first one within the stay and behind `after`.
    Result<std::optional<v1::Sighting>> first(const ItemId& item, const projections::StayRow& stay, Micros after);

private:
    using Counts = std::vector<projections::CountRow>;
    // Those that count, by the time at which they were opened.
    Result<const Counts*> of_account(const custody::AccountId& account);
    Result<bool> matched(const projections::CountRow& count, const ItemId& item);
    Result<v1::Sighting> sighting(const custody::AccountId& account, const projections::CountRow& count) const;

    const Asked& asked_;
    const When& when_;
    std::map<custody::AccountId, Counts> accounts_;
    std::map<Position, std::vector<ItemId>> lists_;
};

}  // namespace daybook::api
