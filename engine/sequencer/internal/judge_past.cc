// What the deciding thread does about late facts and corrections: it asks for the past of their pieces, and judges with
// it when it has come.
#include <algorithm>
#include <unordered_set>
#include <utility>

#include "engine/sequencer/internal/judge.h"
#include "engine/sequencer/unique_ids.h"

namespace daybook::sequencer {
namespace {

const custody::CorrectionDeclared* declared(const custody::Command& command) {
    return std::get_if<custody::CorrectionDeclared>(&command.payload);
}

}  // namespace

Result<bool> Judge::ask(Submission& submission, std::size_t first, std::size_t count, bool correcting) {
    const codec::CommandBatch& batch = *submission.batch;
    if (submission.work == nullptr || submission.work->first != first) {
        submission.work = std::make_unique<HistoryWork>();
        submission.work->first = first;
        submission.work->count = count;
        submission.work->correcting = correcting;
        if (correcting) {
            submission.work->stage = HistoryWork::Stage::kTargets;
            DAYBOOK_ASSIGN(submission.work->targets, targets_of(batch, *submission.work));
            return true;
        }
    }
    HistoryWork& work = *submission.work;
    if (found_) {
        const auto known =
            std::erase_if(work.found, [&](const HistoryWork::Found& one) { return one.number == found_->number; });
        if (known == 0) work.attempts = 0;  // it came further: each attestation of a batch asks once
        work.found.push_back(std::move(*found_));
        found_.reset();
    } else if (work.stage == HistoryWork::Stage::kReady && is_current(work)) {
        if (!correcting) return false;
        // A target that was not there when it was asked for may have been recorded meanwhile.
        DAYBOOK_ASSIGN(auto targets, targets_of(batch, work));
        if (targets == work.targets) return false;
        ++work.attempts;
        work.targets = std::move(targets);
        work.stage = HistoryWork::Stage::kTargets;
        return true;
    }
    ++work.attempts;
    work.stage = HistoryWork::Stage::kPieces;
    name_needs(batch, work);
    return true;
}

Result<std::vector<Position>> Judge::targets_of(const codec::CommandBatch& batch, const HistoryWork& work) {
    std::vector<Position> targets;
    for (std::size_t i = 0; i < work.count; ++i) {
        const auto* declaration = declared(batch[work.first + i]);
        if (declaration == nullptr) break;
        DAYBOOK_ASSIGN(const auto target, find_position(event_key(declaration->target)));
        targets.push_back(target.value_or(kNoPosition));
    }
    return targets;
}

void Judge::name_needs(const codec::CommandBatch& batch, HistoryWork& work) const {
    work.needs.clear();
    std::unordered_set<ItemId, UuidHash> known;
    const auto need = [&](const ItemId& id) {
        if (id.empty() || !known.insert(id).second) return;
        const custody::Item* item = books_->items.find(id);
        work.needs.push_back({id, item == nullptr ? kNoPosition : item->last});
    };
    for (const HistoryWork::Found& found : work.found) {
        for (const ItemId& item : found.items) need(item);
    }
    if (work.correcting) {
        for (const auto& correction : work.corrections) {
            for (const ItemId& item : correction.items) need(item);
        }
        return;
    }
    for (std::size_t i = work.first; i < work.first + work.count; ++i) {
        const custody::LineKind kind = custody::info(batch[i].type).lines;
        if (kind != custody::LineKind::kMove && kind != custody::LineKind::kItem &&
            kind != custody::LineKind::kItemOptional)
            continue;
        for (const custody::Line& line : batch[i].lines) need(line.item);
        if (const auto* resolved = std::get_if<custody::IdentityResolved>(&batch[i].payload)) need(resolved->real);
    }
}

bool Judge::is_current(const HistoryWork& work) const {
    return std::all_of(work.needs.begin(), work.needs.end(), [&](const HistoryWork::Need& need) {
        const custody::Item* item = books_->items.find(need.item);
        return need.last == (item == nullptr ? kNoPosition : item->last);
    });
}

custody::Past* Judge::past_of(HistoryWork& work, std::size_t number) {
    if (number >= work.told.size() || !work.told[number]) return nullptr;
    custody::Past& past = work.pasts[number];
    if (past.declaration != kNoPosition && past.declaration >= custody::kPositionAhead)
        past.declaration = stamped_.first + (past.declaration - custody::kPositionAhead);
    for (custody::PiecePast& piece : past.pieces) custody::stamp(piece, stamped_);
    return &past;
}

custody::Retelling Judge::retelling_of(HistoryWork& work, std::size_t number, const CommittedEvent& event) {
    custody::Retelling retelling;
    custody::Past& past = work.pasts[number];
    if (!work.correcting) {
        retelling.pieces = std::move(past.pieces);
        // One that was only looked at is not told again.
        retelling.pieces.resize(event.decided.lines.size());
    } else {
        if (number < work.corrections.size()) retelling.changes = work.corrections[number].changes;
        if (event.position == event.batch_last) retelling.pieces = std::move(work.together);
    }
    for (custody::PiecePast& piece : retelling.pieces) custody::stamp(piece, stamped_);
    return retelling;
}

void Judge::note_found(const CommittedEvent& event, std::size_t number) {
    found_.reset();
    if (event.decided.count_lists == nullptr) return;
    HistoryWork::Found& found = found_.emplace();
    found.number = number;
    found.lists = *event.decided.count_lists;
    for (const auto& line : event.decided.lines) found.items.push_back(line.item);
}

void Judge::turn_away(Submission& submission, const Error& error) {
    Answer answer;
    answer.error = std::make_shared<const Error>(error);
    submission.answers.resize(submission.batch->size(), answer);
    finish(submission);
}

void Judge::finish(Submission& submission) {
    DAYBOOK_ASSERT(submission.answers.size() == submission.batch->size());
    for (const Answer& answer : submission.answers) {
        stats_.repeated += answer.repeated ? 1U : 0U;
        stats_.refused += answer.accepted() ? 0U : 1U;
    }
    waiting_.push_back({std::move(submission.done), std::move(submission.answers)});
    submission.work.reset();
    submission.batch.reset();
}

}  // namespace daybook::sequencer
