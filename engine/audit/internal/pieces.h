// The second pass: piece by piece, each with all its events in the order of valid time (I2, I4, I5, I7, I10, I12 to
// I15, I18 to I20). Where late facts or corrections have re-told a piece's past, it is folded at every record time at
// which its past changed, so that what is asked holds at every (valid time, record time).
#pragma once

#include <set>
#include <unordered_map>
#include <vector>

#include "engine/audit/internal/due.h"
#include "engine/audit/internal/findings.h"
#include "engine/audit/internal/piece.h"
#include "engine/audit/internal/scan.h"
#include "engine/audit/internal/sessions.h"
#include "projections/views.h"

namespace daybook::audit {

class Pieces {
public:
    // Leaves postings (I4, I6), weighings (I16) and what is due (I10) for the passes after it.
    Pieces(const Gathered& gathered, const Sessions& sessions, Findings& findings, Sorter<Posting>& postings,
           Sorter<Weighing>& weighings, const projections::Reading* answers, Due& due);

    // The next step, in order.
    Result<void> take(const Step& step);
    Result<void> end();

private:
    struct Stay {
        custody::AccountId account;
        Key from, to;  // to.at 0 and place kNoPosition: still there
    };

    Result<void> judge();
    // I10 (repeated.cc).
    Result<void> judge_answers();
    Result<void> judge_answer(Position known, Micros valid);
    Result<void> add_due();
    [[nodiscard]] bool is_plain() const;
    // The piece as known when the events before `known` are, and what they tell of accounts; what is wrong is reported
    // once.
    Piece fold_at(Position known, std::vector<Posting>& story);
    void tell(const Piece& before, const Piece& after, const Key& key, std::vector<Posting>& story) const;
    Result<void> post(const Piece& before, const Piece& after, const Step& step);
    Result<void> post_difference(const std::vector<Posting>& was, const std::vector<Posting>& is, Position known);
    void judge_continuity(const Piece& before, const Step& step, Position known);
    static custody::AccountId account_of(const Piece& piece);
    [[nodiscard]] Piece fold_before(const Step& event) const;
    Result<void> fold_now();
    Result<void> judge_step(const Piece& before, const Piece& after, const Step& step);
    Result<void> weigh(const Piece& before, const Piece& after, const Step& step);
    Result<void> weigh_retold();
    void report(const Step& step, const std::vector<Wrong>& wrong);
    void judge_papers(const Piece& piece, const Step& step);

    // Counts (counted.cc).
    void judge_counts();
    void judge_count(const Count& count);
    [[nodiscard]] std::vector<const Count*> counts_of_piece() const;
    [[nodiscard]] custody::AccountId book(const Count& count) const;
    [[nodiscard]] int list_of(const Count& count) const;
    void judge_coverage();
    void violated(int invariant, Position event, const std::string& what);

    const Gathered& gathered_;
    const Sessions& sessions_;
    Findings& findings_;
    Sorter<Posting>& postings_;
    Sorter<Weighing>& weighings_;
    const projections::Reading* answers_;  // of the read models; nullptr: there are none
    Due& due_;
    std::unordered_map<custody::AccountId, std::vector<const Count*>, custody::AccountHash> counts_;  // by cut
    std::unordered_map<ObligationId, std::vector<const Count*>, UuidHash> counts_by_id_;

    ItemId item_;
    std::vector<Step> events_, seen_, listed_;
    std::vector<Posting> told_, sides_;  // of one step
    std::vector<Stay> stays_;
    bool plain_ = true;
    Piece now_;
    Micros inside_since_ = 0;  // valid time; 0: it is not inside
    Micros last_matched_ = 0;
    std::set<std::pair<Position, std::string>> said_;
};

}  // namespace daybook::audit
