// Postings: what an account held at any (valid time, record time).
//
// An account's postings are a list in order of position: from a valid time on, so many more or fewer of a thing, and
// the sum that goes with it. What it held at (V, R) is the sum of those with `at` <= V that were recorded up to R. Two
// things keep that from costing what the list is long:
//
// * Segments. After twice as many postings as it holds pieces (and at least limits::kViewSegmentPostingsMin) the
//   contents of the account are written down: a snapshot. Its position P says which postings are in it, its cut c is
//   the greatest valid time among them. An answer takes the last snapshot with c <= V and P <= R, and adds the postings
//   of the segment behind it.
// * Late postings. One whose valid time lies before the cut of the segment it is recorded in would be missed by every
//   answer whose V lies between. So it is also put under the segments it skips, first to last, as the at most
//   2 log2(n) nodes of a segment tree over their numbers (de Berg et al., Computational Geometry, 10.3); an answer
//   looks into the log2(n) nodes above its own segment, and finds the late postings that concern it and no others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/limits.h"
#include "projections/counters.h"
#include "projections/glossary.h"
#include "projections/rows.h"
#include "projections/store/store.h"

namespace daybook::projections {

// The postings of an account's pieces, or of its supplies.
struct LineKey {
    custody::AccountId account;
    bool supplies = false;
    friend bool operator==(const LineKey&, const LineKey&) = default;
};
struct LineKeyHash {
    std::size_t operator()(const LineKey& key) const { return custody::AccountHash{}(key.account) + key.supplies; }
};
inline constexpr std::size_t kLineBytes = 22;
void key_line(std::string& out, const LineKey& key);
LineKey line_of_key(const char* bytes);

// A thing in an account at (V, R): a piece with its insured value, or a supply with quantity and measure.
struct Held {
    Uuid id;
    Micros since = 0;          // valid time of the newest posting that brought it, or brought more of it
    Position since_event = 0;  // the event of that posting
    std::int64_t count = 0;    // 1, or the quantity
    std::int64_t amount = 0;   // insured value in minor units, or the measure
    bool retold = false;       // a correction or late fact had a part in it: `since` is known from its history only
};
struct HeldSums {
    std::int64_t count = 0, amount = 0;
};

// Adds postings and decides when a snapshot is due. One event at a time: post() for each posting, then close().
class PostingFold {
public:
    Result<void> post(const LineKey& line, const PostingRow& posting, Store& store);
    // Ends the event at `position`: snapshots of the accounts that it made due.
    Result<void> close(Position position, Store& store);
    // At a run boundary, before the run is settled: what the next postings are judged by. Readers have no use for it,
    // so that it is written once a run and not whenever they look.
    void settle(Store& store);

    // Where a line's segments stand.
    struct Marks {
        std::uint64_t segment = 0;   // number of the one being filled; so many snapshots there are
        Micros cut = 0;              // valid, where segment > 0
        std::uint64_t postings = 0;  // in it
        std::int64_t held = 0;       // Σ count of pieces; of supplies 0
        Micros newest = 0;           // greatest valid time of all postings; valid where there is one
        Group* legs = nullptr;       // its list in the layer that is being filled, once it has an entry there
        [[nodiscard]] bool empty() const { return segment == 0 && postings == 0; }
        void write(std::string& out) const;
        bool read(std::string_view bytes);
    };

private:
    static bool is_due(const Marks& marks, const Store& store);
    Result<void> post_late(const LineKey& line, const PostingRow& posting, const Marks& marks, Store& store);
    Result<void> take_snapshot(const LineKey& line, Marks& marks, Position position, Store& store);

    Counters<LineKey, Marks, LineKeyHash> marks_{Table::kMarks};
    std::vector<LineKey> due_;
    std::string entry_;
};

// What the line held at (V, R), by id. at.known is not behind the point.
Result<std::vector<Held>> held_at(const ReadPoint& point, const LineKey& line, const AsKnown& at);
// The same summed up, in less time.
Result<HeldSums> sums_at(const ReadPoint& point, const LineKey& line, const AsKnown& at);
// The postings with valid times in [from, to) that are known, in order of valid time, then position.
Result<std::vector<PostingRow>> postings_between(const ReadPoint& point, const LineKey& line, Micros from, Micros to,
                                                 Position known);
// Whether the postings recorded in [since, known) with valid times before `to` change, taken together, when something
// was in the line, or how much of a supply.
Result<bool> legs_changed(const ReadPoint& point, const LineKey& line, Micros to, Position since, Position known);
// Every line that ever had a posting, in order of its key: those of accounts of a class, or all.
Result<std::vector<LineKey>> lines_of(const ReadPoint& point, std::optional<custody::AccountClass> kind);

}  // namespace daybook::projections
