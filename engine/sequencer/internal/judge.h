// What the deciding thread does with a submission: idempotency, decide, encode, apply, and the bookkeeping of the
// commit group that is being collected. No threads and no waiting: sequencer.cc brings those.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/time.h"
#include "engine/codec/command_codec.h"
#include "engine/custody/decide.h"
#include "engine/custody/state.h"
#include "engine/log/event_log.h"
#include "engine/sequencer/feed.h"
#include "engine/sequencer/internal/group_pool.h"
#include "engine/sequencer/internal/history.h"
#include "engine/sequencer/internal/id_table.h"
#include "engine/sequencer/sequencer.h"

namespace daybook::sequencer {

// What a client handed in together.
struct Submission {
    std::shared_ptr<const codec::CommandBatch> batch;
    Mode mode = Mode::kIndependent;
    Done done;

    // Of one that waits for the past of its pieces: how far it is, and what it asks for.
    std::vector<Answer> answers = {};
    std::unique_ptr<HistoryWork> work = nullptr;
};

// Answers that leave when a group is durable.
struct Waiting {
    Done done;
    std::vector<Answer> answers;
};

// A closed group on its way to the log. It may hold answers and no events: refusals and repeated receipts that depend
// on the group before it.
struct Handed {
    std::shared_ptr<CommittedGroup> group;
    std::vector<Waiting> waiting;
};

// For one thread.
class Judge {
public:
    // The caller owns log and clock, which outlive this.
    Judge(log::EventLog& log, std::unique_ptr<custody::Books> books, const Clock& clock, const Options& options);

    // Judges the commands of the submission into the open group. kAsks: it needs the past of some pieces first: come
    // back with it when read_history() has done what submission.work says. On an Error (of the log) the books and the
    // group are no longer good for anything; the submission is still whole, so that it can be answered.
    enum class Taken : std::uint8_t { kDone, kAsks };
    Result<Taken> take(Submission& submission);
    // Answers what is left of the submission with an error; nothing of it is done any more.
    void turn_away(Submission& submission, const Error& error);

    [[nodiscard]] bool empty() const { return open_.group->count == 0 && waiting_.empty(); }
    [[nodiscard]] bool full() const {
        return open_.group->count >= options_.group_events_max ||
               open_.group->log.bytes.size() >= options_.group_bytes_target;
    }
    [[nodiscard]] Position next() const { return open_.group->end(); }
    [[nodiscard]] const Stats& stats() const { return stats_; }

    // Closes the open group and opens a new one. The one handed before must be settled.
    Handed hand_over();
    // The group that was handed over is durable: the log knows its ids.
    void settled();
    // Answers that wait for the open group, when there will be none.
    std::vector<Waiting> give_up() { return std::move(waiting_); }

    Observed observe();
    [[nodiscard]] const custody::Books& books() const { return *books_; }

private:
    // A group that is not durable yet, with its ids.
    struct Flight {
        std::shared_ptr<CommittedGroup> group;
        IdTable ids;
    };
    // An event that is in the log, or will be.
    struct Known {
        Position position = 0;
        Position batch_last = 0;
        Micros recorded_at = 0;
        std::string_view command;  // its bytes as sent; valid until the next look-up
    };

    static Answer first_answer(const Known& known);

    Result<Taken> take_independent(Submission& submission);
    Result<std::optional<Answer>> judge_alone(Submission& submission, std::size_t index);
    Result<Taken> take_atomic(Submission& submission);
    void finish(Submission& submission);

    // ---- Late facts and corrections ----
    // Makes the work for the commands, or carries on what is there; false where it is ready and its pieces have got no
    // event since.
    Result<bool> ask(Submission& submission, std::size_t first, std::size_t count, bool correcting);
    void name_needs(const codec::CommandBatch& batch, HistoryWork& work) const;
    [[nodiscard]] bool is_current(const HistoryWork& work) const;
    // Where the targets of the batch's declarations are; kNoPosition: there is none yet.
    [[nodiscard]] Result<std::vector<Position>> targets_of(const codec::CommandBatch& batch, const HistoryWork& work);
    // Of the work's commands, by number; nullptr: there is none.
    custody::Past* past_of(HistoryWork& work, std::size_t number);
    custody::Retelling retelling_of(HistoryWork& work, std::size_t number, const CommittedEvent& event);
    // What a CountAttested that asks for the past of its pieces has found; the next ask() takes it.
    void note_found(const CommittedEvent& event, std::size_t number);
    // The original receipts where all commands are known, or the command that conflicts; neither: all are new.
    struct AtomicKnown {
        bool all = false;
        std::optional<std::size_t> conflict;
    };
    Result<AtomicKnown> find_atomic(const codec::CommandBatch& batch, std::vector<Answer>& answers);

    // Decides a command whose event id is new, and appends its event to the open group if it is accepted. nullopt: it
    // asks for the past of its pieces. `work`: that of the commands judged together, where there is one.
    Result<std::optional<Answer>> judge(const custody::Command& command, std::optional<Position> batch_last,
                                        HistoryWork* work, std::size_t number);
    Result<custody::Context> context_of(const custody::Command& command, const custody::Past* past);
    void append(const custody::Command& command, CommittedEvent& event, const custody::Retelling* retelling);

    Result<std::optional<Known>> find_event(EventId id);
    [[nodiscard]] Result<std::optional<Position>> find_position(const log::IdKey& key);
    void bring_near(const codec::CommandBatch& batch, std::size_t turn);
    CommittedEvent& slot();

    // What an atomic batch adds to the open group can be taken back to here.
    struct Mark {
        std::size_t count, bytes, ids, books;
        Position next;
        Micros recorded_at;
        EntityId entity;
        std::uint32_t currency;
    };
    [[nodiscard]] Mark mark() const;
    void roll_back(const Mark& mark);

    log::EventLog& log_;
    log::IdReader ids_;
    const std::unique_ptr<custody::Books> books_;
    const Clock& clock_;
    const Options options_;

    GroupPool pool_;
    Flight open_;
    Flight handed_;  // group null: everything before the open group is durable
    std::vector<Waiting> waiting_;

    Micros stamp_ = 0;     // of the submission being judged: record time of all its events
    Micros observed_ = 0;  // the newest record time that was answered; later stamps are greater
    std::optional<HistoryWork::Found> found_;
    custody::Stamped stamped_;  // of the commands judged together
    Stats stats_;
    std::string stored_;   // the event read last
};

}  // namespace daybook::sequencer
