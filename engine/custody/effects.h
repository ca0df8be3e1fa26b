// What an event changed, by value: all that the read models need beside the event itself.
#pragma once

#include <vector>

#include "engine/custody/state.h"

namespace daybook::custody {

// The slots in an Item: those of obligations are those of ObligationChange::slot; the parcel means something
// in the Books only.
struct ItemChange {
    // The event has no line for the piece, as where a DiscrepancyResolved without lines closes the DISCREPANCY of one.
    static constexpr std::uint32_t kNoLine = ~0u;
    std::uint32_t line = 0;  // of Decided::lines: first those with a line, in order
    Item before;             // id empty: the piece is new
    Item after;
    // The event changed the piece's past: it was inserted into its chain, or corrects it. What it changed in valid time
    // is in Effects::retold then.
    bool retold = false;
};

// What an event adds, in valid time, to where pieces are: at any (V, R) a piece is in an account exactly if the signs
// of its postings there with `at` <= V, of the events known at R, sum to 1; in every other account they sum to 0.
//
// Usual events have none written out: they follow from each ItemChange whose accounts differ, as
// (before.account, at, -1) unless the piece is new, and (after.account, at, +1), with `at` the event's occurred_at. For
// a piece whose change is `retold` those of Effects::retold hold instead, and there may be none: the stays of its chain
// with the event, less its stays without it.
struct Posting {
    ItemId item;
    AccountId account;
    Micros at = 0;         // valid time: of the event itself, or of one that it brings in, takes out or re-routes
    std::int8_t sign = 0;  // 1: the piece is in the account from `at` on; -1: no longer
};

// An obligation that was opened, changed (due date, responsible, fewer open lines) or closed.
struct ObligationChange {
    Obligation obligation;   // as it is now; where it closed, as it was but for open_lines, which is 0
    enum class What : std::uint8_t { kOpened, kChanged, kClosed } what{};
    std::uint32_t slot = 0;  // of Books::obligations, by which the pieces name it; where it closed, as it was
    // Where a count or a session closed: the event that ended it, which may be one that a correction has brought back.
    Position by = kNoPosition;  // none: the event itself
    Micros at = 0;
};

struct SupplyChange {
    SupplyKey key;
    std::int64_t quantity = 0, measure = 0;  // the leg: signed
    SupplyBalance after;
    Micros at = 0;  // valid time of the leg: the event's, or that of a move which the event takes out or brings back
};

// A day of a site that was closed, or is not any more.
struct DayChange {
    SiteId site = 0;
    DayEnd end;
    bool closed = true;
};

// A value that callers reuse, so that its buffers are allocated once.
struct Effects {
    std::vector<ItemChange> items;
    std::vector<ObligationChange> obligations;
    std::vector<SupplyChange> supplies;
    std::vector<DayChange> days;
    std::vector<Posting> retold;  // of the pieces whose change is `retold`, in the order of `items`
    std::vector<std::uint32_t> scratch;  // of apply()

    void clear() {
        items.clear();
        obligations.clear();
        supplies.clear();
        days.clear();
        retold.clear();
        scratch.clear();
    }
};

}  // namespace daybook::custody
