// The first pass: every event once, in order of position. Judges what can be judged event by event (I1, I8, I9, I13),
// and gathers what the later passes are made of.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "engine/audit/internal/findings.h"
#include "engine/audit/internal/fences.h"
#include "engine/audit/internal/rules.h"
#include "engine/audit/internal/signers.h"
#include "engine/audit/internal/sorter.h"
#include "engine/codec/event_codec.h"
#include "engine/ledger/merkle.h"

namespace daybook::audit {

struct Count {
    ObligationId id;
    custody::CountKind kind{};
    SiteId site = 0;
    std::vector<custody::AccountId> accounts;  // in scope, sorted
    Position cut = 0;
    Micros opened_at = 0;
    Position attested = kNoPosition;
    Micros attested_at = 0;
    Position attested_known = 0;  // what its lists were made from is what the events before this position say
};

// A vault's opening or closing.
struct SessionEvent {
    Key key;
    bool opens = false;
    ObligationId closing_count;
    ObligationId session;  // that it opens
};

// A count's opening, or its end.
struct CountTurn {
    Key key;
    SiteId site = 0;
    ObligationId count;
    bool opens = false;
};

// A difference about no piece that is opened, or resolved.
struct DifferenceTurn {
    ObligationId difference;
    Key key;
    Position batch_last = 0;
    bool opens = false;

    friend bool operator<(const DifferenceTurn& a, const DifferenceTurn& b) {
        if (a.difference != b.difference) return a.difference < b.difference;
        return a.key < b.key;
    }
};

// A party's memo account, and the event that put pieces there.
struct Memo {
    Position position = 0;
    PartyId party = 0;
    custody::AccountId account;
};

// The end of a business day.
struct Day {
    Micros end = 0;           // valid time of its DayClosed
    Position known = 0;       // the batch of that is known before this position
    Position closed_by = 0;
    bool follows = true;      // the day before it is the one that it followed when it was closed
};

inline constexpr std::size_t kMemosKept = 65'536;

// What the first pass leaves for the others.
struct Gathered {
    Gathered(const std::filesystem::path& scratch, std::size_t memory_bytes)
        : steps(scratch, memory_bytes),
          supplies(scratch, memory_bytes / 4),
          postings(scratch, memory_bytes / 2),
          differences(scratch, memory_bytes / 8) {}

    Corrections corrections;
    Rules rules{corrections};
    Sorter<Step> steps;
    Sorter<SupplyStep> supplies;
    Sorter<Posting> postings;  // the figures of days; of pieces when they have been folded
    Sorter<DifferenceTurn> differences;
    std::unordered_map<ObligationId, Count, UuidHash> counts;  // as they were opened last
    std::deque<Count> attested;                                // each attestation, by position
    std::vector<CountTurn> count_turns;
    std::map<SiteId, std::vector<SessionEvent>> sessions;
    std::vector<Memo> memos;                // the first kMemosKept
    std::set<custody::AccountId> persons;   // accounts of persons that were ever opened
    std::set<SiteId> sites;                 // that opened accounts
    std::vector<Position> declarations;     // of corrections: of each the first event of its batch
    std::map<SiteId, std::vector<Day>> days;
    std::set<SiteId> reported;  // sites that sent figures with an end of a day
    Micros newest = 0;  // valid time: of the newest event
    Position head = 0;  // events read
    bool whole = true;  // they end with an atomic batch
};

class Scan {
public:
    Scan(const log::EventLog& log, const Keys& keys, Findings& findings, Gathered& out)
        : log_(log), keys_(keys), findings_(findings), out_(out) {}

    // The next event. An Error only where it cannot be read or kept.
    Result<void> take(std::string_view bytes, Position position);
    // After the last one.
    Result<void> end(Position log_head);

private:
    void check_legs();
    void check_order(Position position);
    Result<void> check_signers();
    void check_late_signers(const Signed& event);
    Result<void> check_reach(const Signed& signers);
    Result<void> check_checkpoint();
    Result<void> take_correction();
    void take_corrective();
    void take_count();
    void keep_count_turn(const ObligationId& count, bool opens);
    void take_holder();
    Result<void> keep_lines();
    Result<void> keep_lists();
    Result<void> keep_supplies();
    Result<void> keep_difference();
    Result<void> keep_day();
    [[nodiscard]] Step step_of_event() const;
    void add_payload(Step& step, const ItemId& item) const;

    [[nodiscard]] const custody::Command& command() const { return event_.command; }
    [[nodiscard]] bool is(custody::EventType type) const { return event_.command.type == type; }
    template <class P>
    [[nodiscard]] const P& payload() const {
        return std::get<P>(event_.command.payload);
    }

    struct Awaited {  // a corrective that its declaration has named
        Position declaration = 0;
        Position target = 0;
        Micros target_at = 0;
        custody::EventType type{};
        bool headquarters = false;  // HQ has signed the declaration
    };

    const log::EventLog& log_;
    const Keys& keys_;
    Findings& findings_;
    Gathered& out_;
    codec::StoredEvent event_, target_;
    Key key_;
    std::optional<Awaited> corrective_;  // of which the event is the one that was awaited
    Fences fences_{out_.corrections};
    Frontier frontier_{TreeHash{&leaf, &interior, {}}};
    std::unordered_map<ItemId, Position, UuidHash> last_;  // each piece's newest event
    std::unordered_map<EventId, Awaited, UuidHash> awaited_;
    Position batch_first_ = 0, batch_last_ = kNoPosition;
    Micros recorded_at_ = 0;
    std::vector<ItemId> seen_in_event_;

    static Hash leaf(std::string_view entry);
    static Hash interior(const Hash& left, const Hash& right);
};

}  // namespace daybook::audit
