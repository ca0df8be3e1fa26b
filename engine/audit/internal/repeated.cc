// I10: what the read models answer about a piece at a valid and record time is what the events known then give, however
// much was told since; and what is due.
#include <algorithm>
#include <limits>

#include "engine/audit/internal/pieces.h"

namespace daybook::audit {
namespace {

constexpr Micros kWhenever = std::numeric_limits<Micros>::max();

}  // namespace

// A piece whose past was re-told is asked for as it was known after each of its events; any other as it was known
// half-way. Both at the end of valid time and in the middle of what was known.
Result<void> Pieces::judge_answers() {
    if (events_.empty()) return {};
    std::vector<Position> known;
    for (const Step& step : events_) known.push_back(step.batch_last + 1);
    std::sort(known.begin(), known.end());
    if (plain_) known = {known[known.size() / 2]};
    known.erase(std::unique(known.begin(), known.end()), known.end());
    for (const Position position : known) {
        if (position > gathered_.head) continue;
        std::vector<Micros> times;
        for (const Step& step : events_) {
            if (step.batch_last < position) times.push_back(step.key.at);
        }
        DAYBOOK_TRY(judge_answer(position, kWhenever));
        DAYBOOK_TRY(judge_answer(position, times[times.size() / 2]));
    }
    return {};
}

// What is open on the piece at each moment at which it is asked what is due.
Result<void> Pieces::add_due() {
    const std::vector<Moment>& moments = due_.moments();
    std::vector<Wrong> wrong;
    const auto take = [&](Piece& piece, const Step& step) {
        wrong.clear();
        fold(piece, step, wrong);
    };
    const auto add = [&](std::size_t moment, const Piece& piece) -> Result<void> {
        for (const Open& open : piece.open) DAYBOOK_TRY(due_.add(moment, open));
        return {};
    };
    if (!plain_) {
        for (std::size_t i = 0; i < moments.size(); ++i) {
            Piece piece;
            for (const Step& step : events_) {
                if (moments[i].knows(step.key) &&
                    gathered_.corrections.effective(step.key.seq, moments[i].newest + 1))
                    take(piece, step);
            }
            DAYBOOK_TRY(add(i, piece));
        }
        return {};
    }
    // One fold, because what is known at a moment is the beginning of it.
    std::vector<std::pair<std::ptrdiff_t, std::size_t>> ends;
    for (std::size_t i = 0; i < moments.size(); ++i) {
        const auto end = std::partition_point(events_.begin(), events_.end(),
                                              [&](const Step& step) { return moments[i].knows(step.key); });
        ends.emplace_back(end - events_.begin(), i);
    }
    std::sort(ends.begin(), ends.end());
    Piece piece;
    auto next = events_.begin();
    for (const auto& [end, moment] : ends) {
        for (; next != events_.begin() + end; ++next) take(piece, *next);
        DAYBOOK_TRY(add(moment, piece));
    }
    return {};
}

Result<void> Pieces::judge_answer(Position known, Micros valid) {
    DAYBOOK_ASSIGN(const auto answer, answers_->chain(item_, {valid, known}));
    findings_.checked(10, known - 1);
    bool same_events = true;
    std::vector<projections::StayRow> stays;
    for (const Step& step : events_) {
        if (step.kind != StepKind::kEvent || step.batch_last >= known) continue;
        const bool counts = gathered_.corrections.effective(step.key.seq, known);
        const auto row = std::lower_bound(
            answer.events.begin(), answer.events.end(), step.key.seq,
            [](const projections::HistoryRow& one, Position seq) { return one.position < seq; });
        same_events = same_events && row != answer.events.end() && row->position == step.key.seq &&
                      row->effective == counts && row->occurred_at == step.key.at;
        if (step.to.empty() || !counts || step.key.at > valid) continue;
        if (!stays.empty()) {
            stays.back().to = step.key.at;
            stays.back().closed_by = step.key.seq;
        }
        stays.push_back({step.to, step.key.at, std::nullopt, step.key.seq, kNoPosition, 0});
    }
    const auto same = [](const projections::StayRow& a, const projections::StayRow& b) {
        return a.account == b.account && a.from == b.from && a.to == b.to;
    };
    // Of several legs of one instant only the last makes a stay.
    std::erase_if(stays, [](const projections::StayRow& stay) { return stay.to == stay.from; });
    if (!std::equal(stays.begin(), stays.end(), answer.stays.begin(), answer.stays.end(), same)) {
        violated(10, known - 1, "what was known of its past before position " + std::to_string(known) +
                                    " is answered otherwise than the events before it tell");
    } else if (!same_events) {
        violated(10, known - 1, "its events, and which of them counted before position " + std::to_string(known) +
                                    ", are answered otherwise than the log has them");
    }
    return {};
}

}  // namespace daybook::audit
