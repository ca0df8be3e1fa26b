#include "engine/sequencer/internal/judge.h"

#include <algorithm>
#include <utility>

#include "engine/base/assert.h"
#include "engine/codec/event_codec.h"
#include "engine/sequencer/unique_ids.h"

namespace daybook::sequencer {

namespace {

Answer refused(custody::Refusal refusal) {
    Answer answer;
    answer.refusal = std::make_shared<const custody::Refusal>(std::move(refusal));
    return answer;
}

Answer failed(ErrorCode code, std::string message) {
    Answer answer;
    answer.error = std::make_shared<const Error>(Error{code, std::move(message)});
    return answer;
}

custody::Refusal schema_refusal(std::string why) {
    custody::Refusal refusal;
    refusal.code = custody::RefusalCode::kSchema;
    refusal.message = std::move(why);
    return refusal;
}

custody::Refusal conflict(const custody::Command& command, std::optional<Position> known, std::string_view why) {
    custody::Refusal refusal;
    refusal.code = custody::RefusalCode::kEventIdConflict;
    refusal.message = "the event id " + command.event_id.text() + " " + std::string(why);
    if (known) refusal.event = *known;
    return refusal;
}

}  // namespace

Judge::Judge(log::EventLog& log, std::unique_ptr<custody::Books> books, const Clock& clock, const Options& options)
    : log_(log), ids_(log.id_reader()), books_(std::move(books)), clock_(clock), options_(options) {
    stamp_ = std::max({log_.last_recorded_at(), log_.answered_at(), books_->recorded_at});
    observed_ = std::max(log_.answered_at(), log_.head() == 0 ? 0 : stamp_);
    open_.group = pool_.take();
    open_.group->log.first = books_->next;
}

Answer Judge::first_answer(const Known& known) {
    Answer answer;
    answer.position = known.position;
    answer.batch_last = known.batch_last;
    answer.recorded_at = known.recorded_at;
    answer.repeated = true;
    return answer;
}

Result<Judge::Taken> Judge::take(Submission& submission) {
    stamp_ = std::max({stamp_, clock_.now(), observed_ + 1});
    observed_ = stamp_;  // the record time of an event may be answered as soon as it is there
    if (submission.work != nullptr && submission.work->error) {
        turn_away(submission, *submission.work->error);
        return Taken::kDone;
    }
    if (submission.work != nullptr && submission.work->attempts > limits::kHistoryAttemptsMax) {
        turn_away(submission, {ErrorCode::kOverloaded,
                               "pieces of the command get new events faster than their past can be read; nothing was "
                               "done, send it again later"});
        return Taken::kDone;
    }
    submission.answers.reserve(submission.batch->size());
    const std::size_t before = open_.group->count;
    DAYBOOK_ASSIGN(const Taken taken, submission.mode == Mode::kAtomic ? take_atomic(submission)
                                                                       : take_independent(submission));
    stats_.accepted += open_.group->count - before;
    // The events of the group refer to the batch, of which some commands may still wait.
    if (open_.group->count > before) open_.group->batches.push_back(submission.batch);
    if (taken == Taken::kDone) finish(submission);
    return taken;
}

Result<Judge::Taken> Judge::take_independent(Submission& submission) {
    const codec::CommandBatch& batch = *submission.batch;
    std::vector<Answer>& answers = submission.answers;
    const std::size_t start = answers.size();
    for (std::size_t i = start; i < batch.size(); ++i) {
        bring_near(batch, i);
        const custody::Command& command = batch[i];
        DAYBOOK_ASSIGN(const auto known, find_event(command.event_id));
        if (known) {
            answers.push_back(known->command == command.bytes
                                  ? first_answer(*known)
                                  : refused(conflict(command, known->position, "is in the log with other content")));
            continue;
        }
        DAYBOOK_ASSIGN(auto answer, judge_alone(submission, i));
        if (!answer) return Taken::kAsks;
        answers.push_back(std::move(*answer));
    }
    return Taken::kDone;
}

// A command that is judged by itself; nullopt: it waits for its past.
Result<std::optional<Answer>> Judge::judge_alone(Submission& submission, std::size_t index) {
    const custody::Command& command = (*submission.batch)[index];
    HistoryWork* work = submission.work != nullptr && submission.work->first == index ? submission.work.get() : nullptr;
    if (const auto* declared = std::get_if<custody::CorrectionDeclared>(&command.payload)) {
        if (!declared->correctives.empty()) {
            return refused(schema_refusal("CorrectionDeclared: correctives: they are sent in one atomic batch with the "
                                          "declaration"));
        }
        DAYBOOK_ASSIGN(const bool asks, ask(submission, index, 1, true));
        if (asks) return std::nullopt;
        work = submission.work.get();
    } else if (work != nullptr) {
        DAYBOOK_ASSIGN(const bool asks, ask(submission, index, 1, false));
        if (asks) return std::nullopt;
    }
    stamped_.first = next();
    stamped_.times.clear();
    DAYBOOK_ASSIGN(auto answer, judge(command, std::nullopt, work, 0));
    if (answer) return answer;
    if (work != nullptr) ++work->attempts;  // it was not enough
    DAYBOOK_TRY(ask(submission, index, 1, false));
    return std::nullopt;
}

Result<Judge::Taken> Judge::take_atomic(Submission& submission) {
    const codec::CommandBatch& batch = *submission.batch;
    std::vector<Answer>& answers = submission.answers;
    answers.clear();
    DAYBOOK_ASSIGN(const AtomicKnown known, find_atomic(batch, answers));
    if (known.all) return Taken::kDone;
    answers.clear();

    std::optional<std::size_t> at_fault = known.conflict;
    Answer fault;
    if (at_fault) {
        fault = refused(conflict(batch[*at_fault], std::nullopt,
                                 "is in the log or in this batch already, and the batch as a whole is not"));
    } else {
        // Of a correction the shape was checked by codec::check_atomic_batch: declarations, then their correctives.
        const bool correcting = std::holds_alternative<custody::CorrectionDeclared>(batch[0].payload);
        if (correcting || submission.work != nullptr) {
            DAYBOOK_ASSIGN(const bool asks, ask(submission, 0, batch.size(), correcting));
            if (asks) return Taken::kAsks;
        }
        const Mark before = mark();
        const Position last = next() + batch.size() - 1;
        stamped_.first = next();
        stamped_.times.clear();
        books_->journal.begin();
        for (std::size_t i = 0; i < batch.size() && !at_fault; ++i) {
            DAYBOOK_ASSIGN(auto answer, judge(batch[i], last, submission.work.get(), i));
            if (!answer) {
                roll_back(before);
                answers.clear();
                if (submission.work != nullptr) ++submission.work->attempts;  // it was not enough
                DAYBOOK_TRY(ask(submission, 0, batch.size(), false));
                return Taken::kAsks;
            }
            if (!answer->accepted()) {
                at_fault = i;
                fault = std::move(*answer);
            } else {
                answers.push_back(std::move(*answer));
            }
        }
        if (!at_fault) {
            books_->journal.commit();
            return Taken::kDone;
        }
        roll_back(before);
    }
    fault.at_fault = static_cast<std::uint32_t>(*at_fault);
    answers.assign(batch.size(), fault);
    return Taken::kDone;
}

Result<Judge::AtomicKnown> Judge::find_atomic(const codec::CommandBatch& batch, std::vector<Answer>& answers) {
    AtomicKnown result;
    std::optional<std::size_t> some;   // a command that is known
    bool same = true;                  // all known ones have the same content
    for (std::size_t i = 0; i < batch.size(); ++i) {
        DAYBOOK_ASSIGN(const auto known, find_event(batch[i].event_id));
        if (!known) continue;
        if (known->command != batch[i].bytes) {
            same = false;
            result.conflict = i;
            break;
        }
        if (!some) some = i;
        answers.push_back(first_answer(*known));
    }
    result.all = same && answers.size() == batch.size();
    if (result.all || result.conflict) return result;
    if (some) {
        result.conflict = some;
        return result;
    }
    // An id twice in the batch: the second one would be known when its turn comes, and the first not.
    std::vector<std::pair<EventId, std::size_t>> ids;
    ids.reserve(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) ids.emplace_back(batch[i].event_id, i);
    std::sort(ids.begin(), ids.end());
    for (std::size_t i = 1; i < ids.size(); ++i) {
        if (ids[i].first != ids[i - 1].first) continue;
        result.conflict = std::min(result.conflict.value_or(ids[i].second), ids[i].second);
    }
    return result;
}

Result<std::optional<Answer>> Judge::judge(const custody::Command& command, std::optional<Position> batch_last,
                                           HistoryWork* work, std::size_t number) {
    const custody::Past* past = work != nullptr && work->correcting ? past_of(*work, number) : nullptr;
    DAYBOOK_ASSIGN(custody::Context context, context_of(command, past));
    CommittedEvent& event = slot();
    auto refusal = custody::decide(*books_, command, context, event.decided);
    if (refusal && custody::asks_for_past(*refusal)) {
        if (work != nullptr && past == nullptr) {
            past = past_of(*work, number);
            context.past = past;
            if (past != nullptr) refusal = custody::decide(*books_, command, context, event.decided);
        }
        if (refusal && custody::asks_for_past(*refusal)) {
            note_found(event, number);
            return std::nullopt;
        }
    }
    if (refusal) {
        if (options_.on_refused) options_.on_refused(command, *refusal, stamp_);
        return refused(std::move(*refusal));
    }
    event.command = &command;
    event.position = context.position;
    event.batch_last = batch_last.value_or(context.position);
    event.recorded_at = stamp_;

    // Encoded before it is applied: what is too large to be stored has no effect.
    std::string& bytes = open_.group->log.bytes;
    const std::size_t before = bytes.size();
    codec::append_event(event.event(), bytes);
    if (bytes.size() - before > limits::kEventBytesMax) {
        const std::size_t size = bytes.size() - before;
        bytes.resize(before);
        return failed(ErrorCode::kInvalid, "the event would take " + std::to_string(size) + " bytes, more than " +
                                               std::to_string(limits::kEventBytesMax) + "; name fewer pieces at once");
    }
    stamped_.times.push_back(event.decided.occurred_at);
    if (past == nullptr) {
        append(command, event, nullptr);
    } else {
        const custody::Retelling retelling = retelling_of(*work, number, event);
        append(command, event, &retelling);
    }
    Answer answer;
    answer.position = event.position;
    answer.batch_last = event.batch_last;
    answer.recorded_at = stamp_;
    return answer;
}

void Judge::append(const custody::Command& command, CommittedEvent& event, const custody::Retelling* retelling) {
    CommittedGroup& group = *open_.group;
    custody::apply(*books_, event.event(), event.effects, retelling);
    group.log.ends.push_back(static_cast<std::uint32_t>(group.log.bytes.size()));
    const std::size_t ids = group.log.ids.size();
    append_unique_ids(command, event.decided.correcting, event.position, group.log.ids);
    open_.ids.add(group.log.ids, ids);
    group.log.last_recorded_at = stamp_;
    ++group.count;
    if (group.end() % options_.run_events == 0) group.books.emplace_back(group.end(), custody::save_book(*books_));
}

Result<custody::Context> Judge::context_of(const custody::Command& command, const custody::Past* past) {
    custody::Context context;
    context.past = past;
    // What a corrective keeps of its target was used by that alone.
    const custody::Command* target =
        past != nullptr && past->declaration != kNoPosition ? past->correction->target.command : nullptr;
    context.now = stamp_;
    context.position = next();
    if (!command.obligation.empty() && (target == nullptr || target->obligation != command.obligation)) {
        DAYBOOK_ASSIGN(const auto used, find_position(obligation_key(command.obligation)));
        context.obligation_used = used.has_value();
    }
    if (const auto epc = epc_of(command); !epc.empty() && (target == nullptr || epc_of(*target) != epc)) {
        DAYBOOK_ASSIGN(context.epc_used, find_position(epc_key(epc)));
    }
    if (const auto* declared = std::get_if<custody::CorrectionDeclared>(&command.payload)) {
        DAYBOOK_ASSIGN(context.target, find_position(event_key(declared->target)));
    }
    return context;
}

Result<std::optional<Position>> Judge::find_position(const log::IdKey& key) {
    for (const Flight* flight : {&open_, &handed_}) {
        if (!flight->group) continue;
        if (const auto* entry = flight->ids.find(key, flight->group->log.ids)) return entry->position;
    }
    return ids_.find(key);
}

Result<std::optional<Judge::Known>> Judge::find_event(EventId id) {
    const log::IdKey key = event_key(id);
    for (const Flight* flight : {&open_, &handed_}) {
        if (!flight->group) continue;
        const auto* entry = flight->ids.find(key, flight->group->log.ids);
        if (entry == nullptr) continue;
        const CommittedEvent& event = (*flight->group)[entry->position - flight->group->first()];
        return Known{event.position, event.batch_last, event.recorded_at, event.command->bytes};
    }
    DAYBOOK_ASSIGN(const auto position, ids_.find(key));
    if (!position) return std::nullopt;
    DAYBOOK_ASSIGN(stored_, log_.read(*position));
    DAYBOOK_ASSIGN(const auto head, codec::read_event_head(stored_));
    return Known{head.position, head.batch_last, head.recorded_at, head.command};
}

void Judge::bring_near(const codec::CommandBatch& batch, std::size_t turn) {
    if (turn + custody::kNearnessAhead < batch.size()) {
        const custody::Command& soon = batch[turn + custody::kNearnessAhead];
        ids_.prefetch(event_key(soon.event_id));
        if (!soon.obligation.empty()) ids_.prefetch(obligation_key(soon.obligation));
    }
    const auto command = [&](std::size_t i) -> const custody::Command& { return batch[i]; };
    custody::bring_near(*books_, turn, batch.size(), command);
}

CommittedEvent& Judge::slot() {
    CommittedGroup& group = *open_.group;
    if (group.count == group.slots.size()) group.slots.emplace_back();
    return group.slots[group.count];
}

Judge::Mark Judge::mark() const {
    const CommittedGroup& group = *open_.group;
    return {group.count,  group.log.bytes.size(), group.log.ids.size(), group.books.size(),
            books_->next, books_->recorded_at,    books_->entity,       books_->currency};
}

void Judge::roll_back(const Mark& mark) {
    books_->journal.rollback();
    books_->next = mark.next;
    books_->recorded_at = mark.recorded_at;
    books_->entity = mark.entity;
    books_->currency = mark.currency;

    CommittedGroup& group = *open_.group;
    open_.ids.cut(group.log.ids, mark.ids);
    group.log.ids.resize(mark.ids);
    group.log.bytes.resize(mark.bytes);
    group.log.ends.resize(mark.count);
    group.books.resize(mark.books);
    group.count = mark.count;
    group.log.last_recorded_at = mark.count == 0 ? 0 : group.slots[mark.count - 1].recorded_at;
}

Handed Judge::hand_over() {
    DAYBOOK_ASSERT(!handed_.group);
    const Position next = open_.group->end();
    std::swap(open_, handed_);  // the table of the group before last is empty, and used again
    open_.group = pool_.take();
    open_.group->log.first = next;
    return {handed_.group, std::exchange(waiting_, {})};
}

void Judge::settled() {
    DAYBOOK_ASSERT(handed_.group);
    handed_.ids.clear(handed_.group->log.ids);
    handed_.group.reset();
}

Observed Judge::observe() {
    stamp_ = std::max(stamp_, clock_.now());
    observed_ = stamp_;
    return {stamp_, next()};
}

}  // namespace daybook::sequencer
