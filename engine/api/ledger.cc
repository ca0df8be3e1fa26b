#include <daybook/ledger.h>

#include <future>
#include <random>
#include <utility>

#include "engine/api/internal/answers.h"
#include "engine/api/internal/recorded.h"
#include "engine/api/questions.h"
#include "engine/codec/command_codec.h"
#include "engine/codec/json.h"
#include "engine/custody/state.h"
#include "engine/log/event_log.h"
#include "engine/sequencer/refused_log.h"
#include "engine/sequencer/sequencer.h"
#include "engine/sequencer/unique_ids.h"
#include "projections/runner.h"
#include "projections/views.h"

namespace daybook {

namespace {

sequencer::Mode to_mode(SubmitMode mode) {
    return mode == SubmitMode::kAtomic ? sequencer::Mode::kAtomic : sequencer::Mode::kIndependent;
}

LedgerId random_ledger_id() {
    std::random_device device;
    const auto word = [&] { return std::uint64_t{device()} << 32 | device(); };
    // Version 4, variant 10 (RFC 9562).
    return LedgerId(Uuid{(word() & ~0xf000ULL) | 0x4000ULL, (word() & ~(3ULL << 62)) | (2ULL << 62)});
}

// Waits for what `start` delivers to the callback it is given; `late` makes the answer of the deadline.
template <class T, class Start, class Late>
T wait_for_answer(Deadline deadline, Start start, Late late) {
    auto promise = std::make_shared<std::promise<T>>();  // shared: the answer may come after the deadline
    std::future<T> future = promise->get_future();
    start([promise](T answer) { promise->set_value(std::move(answer)); });
    if (future.wait_until(deadline) != std::future_status::ready) return late();
    return future.get();
}

Error timed_out() {
    return {ErrorCode::kTimeout,
            "no answer before the deadline; whether the command was recorded is unknown: send it again with the same "
            "event id"};
}

}  // namespace

// Destroyed from the last member to the first: whoever uses, before what is used.
class Ledger::Impl {
public:
    Result<void> open(LedgerOptions options);
    Result<void> close(Deadline deadline);

    void submit(std::span<const std::string_view> commands, SubmitMode mode, Done done);
    // The answers to a submission in JSON, which are one line of JSON when `whole`.
    struct Answers {
        std::vector<CommandAnswer> answers;
        bool whole = false;
        [[nodiscard]] std::string json() const { return whole ? api::one_json(answers) : api::many_json(answers); }
    };
    using DoneAnswers = std::function<void(Answers)>;
    void submit_json(std::string_view json, DoneAnswers done);

    OpenReport report;
    const Clock* clock = nullptr;
    std::unique_ptr<log::EventLog> log;
    std::unique_ptr<projections::Views> views;
    std::unique_ptr<sequencer::RefusedLog> refused;
    std::unique_ptr<sequencer::Sequencer> engine;
    std::unique_ptr<projections::Runner> runner;

private:
    bool closed_ = false;
};

Result<void> Ledger::Impl::open(LedgerOptions options) {
    log::Options log_options;
    log_options.dir = options.dir;
    log_options.ids_of = sequencer::unique_ids_of;
    log_options.run_events = options.run_events;
    DAYBOOK_ASSIGN(log, log::EventLog::open(log_options));
    report.recovery = log->recovery().note;

    auto books = std::make_unique<custody::Books>();
    projections::Options view_options;
    view_options.dir = options.dir;
    view_options.ledger = log->meta().ledger;
    view_options.start_over = options.rebuild_views;
    view_options.position_of = [this](const EventId& id) { return log->find_id({log::kEventIdKind, id}); };
    if (options.run_events != 0) view_options.run_events = options.run_events;
    DAYBOOK_ASSIGN(views, projections::Views::open(view_options, *books));
    report.replayed = log->head() - views->folded();
    DAYBOOK_TRY(views->catch_up(*log, *books, [&](Position done, Position of) {
        return !options.progress || options.progress("replaying events into the read models", done, of);
    }));

    sequencer::Options engine_options;
    engine_options.run_events = view_options.run_events;
    clock = options.clock != nullptr ? options.clock : &system_clock();
    DAYBOOK_ASSIGN(refused, sequencer::RefusedLog::open(options.dir));
    engine_options.on_refused = [this](const custody::Command& command, const custody::Refusal& refusal, Micros at) {
        refused->add(command, refusal, at);
    };
    DAYBOOK_ASSIGN(engine, sequencer::Sequencer::start(*log, std::move(books), *clock, engine_options));
    runner = projections::Runner::start(*views, engine->feed());
    return {};
}

Result<void> Ledger::Impl::close(Deadline deadline) {
    if (std::exchange(closed_, true) || !log) return {};
    // The first failure is the one to tell; everything is closed all the same.
    Result<void> first;
    const auto note = [&](Result<void> step) {
        if (first && !step) first = std::move(step);
    };
    if (engine) note(engine->stop(deadline));
    if (runner) note(runner->stop());
    runner.reset();
    engine.reset();
    views.reset();
    note(log->close());
    return first;
}

void Ledger::Impl::submit(std::span<const std::string_view> commands, SubmitMode mode, Done done) {
    auto batch = std::make_unique<codec::CommandBatch>();
    std::vector<CommandAnswer> answers(commands.size());
    std::vector<std::size_t> places;  // of the batch's commands among the answers
    places.reserve(commands.size());
    for (std::size_t i = 0; i < commands.size(); ++i) {
        if (const auto parsed = batch->parse(commands[i]); parsed) {
            places.push_back(i);
        } else if (mode == SubmitMode::kAtomic) {
            answers.assign(commands.size(), api::to_answer(parsed.error(), i));
            return done(std::move(answers));
        } else {
            answers[i] = api::to_answer(parsed.error());
        }
    }
    if (batch->empty()) return done(std::move(answers));
    engine->submit(std::move(batch), to_mode(mode),
                   [answers = std::move(answers), places = std::move(places),
                    done = std::move(done)](std::vector<sequencer::Answer> results) mutable {
                       for (std::size_t i = 0; i < places.size(); ++i) {
                           answers[places[i]] = api::to_answer(results[i]);
                       }
                       done(std::move(answers));
                   });
}

void Ledger::Impl::submit_json(std::string_view json, DoneAnswers done) {
    auto submission = codec::submission_from_json(json, limits::kBatchBytesMax);
    if (!submission) return done({{api::to_answer(submission.error())}, true});
    const bool atomic = submission->atomic;
    const bool whole = submission->single || atomic;

    std::vector<std::string_view> commands;
    std::vector<CommandAnswer> answers(submission->commands.size());
    std::vector<std::size_t> places;  // of the well-formed commands among the answers
    for (std::size_t i = 0; i < submission->commands.size(); ++i) {
        const auto& command = submission->commands[i];
        if (command) {
            commands.push_back(*command);
            places.push_back(i);
        } else if (atomic) {
            return done({{api::to_answer(command.error(), i)}, true});
        } else {
            answers[i] = api::to_answer(command.error());
        }
    }
    submit(commands, atomic ? SubmitMode::kAtomic : SubmitMode::kIndependent,
           [whole, answers = std::move(answers), places = std::move(places),
            done = std::move(done)](std::vector<CommandAnswer> results) mutable {
               for (std::size_t i = 0; i < places.size(); ++i) answers[places[i]] = std::move(results[i]);
               done({std::move(answers), whole});
           });
}

// ---- The public class ----

Result<LedgerId> Ledger::create(const std::filesystem::path& dir, std::optional<LedgerId> id) {
    log::Options options;
    options.dir = dir;
    DAYBOOK_ASSIGN(const log::Meta meta,
                   log::EventLog::create(options, id.value_or(random_ledger_id()), system_clock().now()));
    return meta.ledger;
}

Result<std::unique_ptr<Ledger>> Ledger::open(LedgerOptions options) {
    auto impl = std::make_unique<Impl>();
    if (const auto opened = impl->open(std::move(options)); !opened) {
        static_cast<void>(impl->close(after(limits::kStopTimeout)));
        return tl::unexpected(opened.error());
    }
    return std::unique_ptr<Ledger>(new Ledger(std::move(impl)));
}

Ledger::Ledger(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Ledger::~Ledger() { static_cast<void>(close()); }

Result<void> Ledger::close(Deadline deadline) { return impl_->close(deadline); }

void Ledger::submit(std::span<const std::string_view> commands, SubmitMode mode, Done done) {
    impl_->submit(commands, mode, std::move(done));
}

std::vector<CommandAnswer> Ledger::submit(std::span<const std::string_view> commands, SubmitMode mode,
                                          Deadline deadline) {
    return wait_for_answer<std::vector<CommandAnswer>>(
        deadline, [&](Done done) { impl_->submit(commands, mode, std::move(done)); },
        [&] { return std::vector<CommandAnswer>(commands.size(), api::to_answer(timed_out())); });
}

void Ledger::submit_json(std::string_view json, DoneJson done) {
    impl_->submit_json(json, [done = std::move(done)](const Impl::Answers& answers) { done(answers.json()); });
}

std::string Ledger::submit_json(std::string_view json, Deadline deadline) {
    // The JSON is made here, not on the ledger's thread.
    return wait_for_answer<Impl::Answers>(
               deadline, [&](Impl::DoneAnswers done) { impl_->submit_json(json, std::move(done)); },
               [&] { return Impl::Answers{{api::to_answer(timed_out())}, true}; })
        .json();
}

LedgerId Ledger::id() const { return impl_->log->meta().ledger; }
const OpenReport& Ledger::report() const { return impl_->report; }
Position Ledger::head() const { return impl_->log->head(); }

bool Ledger::wait_durable(Position events, Deadline deadline) const {
    return events == 0 || impl_->engine->feed().wait_past(events - 1, deadline) >= events;
}
bool Ledger::wait_for(Position events, Deadline deadline) const { return impl_->views->wait_for(events, deadline); }

Result<Hash> Ledger::root(Position events) const { return impl_->log->root(events); }

Result<Position> Ledger::events(Position from, Position to,
                                const std::function<bool(Position, std::string_view)>& event) const {
    log::Cursor cursor = impl_->log->scan(from, to);
    for (Position next = from;; ++next) {
        DAYBOOK_ASSIGN(const bool more, cursor.next());
        if (!more || !event(next, cursor.bytes())) return next;
    }
}

Result<KnownAt> Ledger::known_now() {
    const sequencer::Observed now = impl_->engine->observe_now();
    DAYBOOK_TRY(impl_->log->keep_answered(now.at));
    if (!wait_durable(now.position, after(limits::kStopTimeout))) {
        if (const auto reason = failure()) return tl::unexpected(*reason);
        return fail(ErrorCode::kTimeout, "what was recorded up to now is not durable yet");
    }
    return KnownAt{now.at, now.position};
}

Result<KnownAt> Ledger::known_at(Micros at) {
    const auto found = [this, at](Position end) -> Result<KnownAt> {
        DAYBOOK_ASSIGN(const Position position, api::recorded_up_to(*impl_->log, at, end));
        return KnownAt{at, position};
    };
    // Something was recorded behind it: what was recorded up to it is durable, and nothing can be added.
    if (const Position head = this->head(); head > 0 && at < impl_->log->last_recorded_at()) return found(head);
    const sequencer::Observed now = impl_->engine->observe_now();
    if (at > now.at) {
        return fail(ErrorCode::kInvalid, "what will be known at " + format_time(at) + " is still to come: it is " +
                                             format_time(now.at));
    }
    DAYBOOK_TRY(impl_->log->keep_answered(at));
    if (!wait_durable(now.position, after(limits::kStopTimeout))) {
        if (const auto reason = failure()) return tl::unexpected(*reason);
        return fail(ErrorCode::kTimeout, "what was recorded up to then is not durable yet");
    }
    return found(now.position);
}

std::optional<Error> Ledger::failure() const { return impl_->engine->failure(); }

log::EventLog& Ledger::event_log() { return *impl_->log; }
sequencer::Sequencer& Ledger::engine() { return *impl_->engine; }
projections::Views& Ledger::views() { return *impl_->views; }
const sequencer::RefusedLog& Ledger::refused_log() const { return *impl_->refused; }

Result<std::string> Ledger::ask(std::string_view question) {
    const api::Questions questions(*this, *impl_->clock, [this] {
        api::EngineStatus status;
        const auto stopped = failure();
        status.accepting = !stopped;
        if (stopped) status.stopped_because = stopped->message;
        status.queued = impl_->engine->stats().queued_commands;
        return status;
    });
    return questions.answer(api::Question::parse(question));
}

}  // namespace daybook
