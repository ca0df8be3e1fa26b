// Which attested counts saw a piece (A2, A11), and which where its chain has it (A4), as known at a record time.
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
    // The newest one at `until` or before it that matched the piece, wherever its chain has it now: what was learnt
    // since the cut may put it elsewhere, and it was seen all the same.
    Result<std::optional<v1::Sighting>> last_of_all(const ItemId& item, const projections::ChainRows& chain,
                                                    Micros until);
    // The first one within the stay and behind `after`.
    Result<std::optional<v1::Sighting>> first(const ItemId& item, const projections::StayRow& stay, Micros after);

private:
    using Counts = std::vector<projections::CountRow>;
    struct Found {
        custody::AccountId account;
        projections::CountRow count;
    };
    Result<std::optional<Found>> newest(const ItemId& item, std::span<const projections::StayRow> stays, Micros until);
    // Sets `found` to a count of the account in [from, until] that matched the piece and is newer.
    Result<void> find_newer(const ItemId& item, const custody::AccountId& account, Micros from, Micros until,
                            std::optional<Found>& found);
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
