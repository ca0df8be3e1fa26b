// I10: what the read models answer about a piece at a valid and record time is what the events known then give, however
// much was told since.
#include <algorithm>
#include <limits>

#include "engine/audit/internal/pieces.h"

namespace daybook::audit {
namespace {

constexpr Micros kWhenever = std::numeric_limits<Micros>::max();
constexpr std::uint64_t kOneIn = 64;  // of the pieces whose past was never re-told

}  // namespace

// A piece whose past was re-told is asked for as it was known after each of its events; of the others, some are asked
// for as they were known half-way.
Result<void> Pieces::judge_answers() {
    if (events_.empty()) return {};
    std::vector<Position> known;
    for (const Step& step : events_) known.push_back(step.batch_last + 1);
    std::sort(known.begin(), known.end());
    if (plain_) {
        if (UuidHash{}(item_) % kOneIn != 0) return {};
        known = {known[known.size() / 2]};
    }
    known.erase(std::unique(known.begin(), known.end()), known.end());
    for (const Position position : known) {
        if (position <= gathered_.head) DAYBOOK_TRY(judge_answer(position));
    }
    return {};
}

Result<void> Pieces::judge_answer(Position known) {
    DAYBOOK_ASSIGN(const auto answer, answers_->chain(item_, {kWhenever, known}));
    findings_.checked(10, known - 1);
    std::vector<projections::StayRow> stays;
    for (const Step& step : events_) {
        if (step.kind != StepKind::kEvent || step.to.empty() || step.batch_last >= known) continue;
        if (!gathered_.corrections.effective(step.key.seq, known)) continue;
        if (!stays.empty()) {
            stays.back().to = step.key.at;
            stays.back().closed_by = step.key.seq;
        }
        stays.push_back({step.to, step.key.at, std::nullopt, step.key.seq, kNoPosition, 0});
    }
    const auto same = [](const projections::StayRow& a, const projections::StayRow& b) {
        return a.account == b.account && a.from == b.from && a.to == b.to;
    };
    std::vector<projections::StayRow> answered = answer.stays;
    for (auto* list : {&stays, &answered}) {  // of several legs of one instant only the last is a stay
        std::erase_if(*list, [](const projections::StayRow& stay) { return stay.to == stay.from; });
    }
    if (!std::equal(stays.begin(), stays.end(), answered.begin(), answered.end(), same)) {
        violated(10, known - 1, "what was known of its past before position " + std::to_string(known) +
                                    " is answered otherwise than the events before it tell");
    }
    return {};
}

}  // namespace daybook::audit
