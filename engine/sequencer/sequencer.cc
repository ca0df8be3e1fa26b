#include "engine/sequencer/sequencer.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "engine/base/assert.h"
#include "engine/sequencer/internal/gathering.h"
#include "engine/sequencer/internal/judge.h"

namespace daybook::sequencer {

namespace {

using Look = std::function<void(const custody::Books&, Micros now)>;

// Who waits for a moment between two submissions.
struct Observer {
    const Look* look = nullptr;
    std::optional<Observed> seen;
    bool shown = false;  // `look` has been called
};

std::vector<Answer> all_failed(std::size_t count, const Error& error) {
    Answer answer;
    answer.error = std::make_shared<const Error>(error);
    return std::vector<Answer>(count, answer);
}

Error stopped_because(const Error& reason) {
    return {ErrorCode::kStopped, "the engine has stopped: " + reason.message + " (" +
                                     std::string(to_string(reason.code)) +
                                     "); whether this command was recorded is unknown until it runs again: send it "
                                     "again then, with the same event id"};
}

const Error& closing() {
    static const Error error{ErrorCode::kStopped, "the engine is being stopped; nothing was done"};
    return error;
}

}  // namespace

// Three parties share `mutex_`: clients put submissions into the queue, the deciding thread takes them out and hands
// over closed groups, the writing thread takes those. Nobody holds it while deciding, writing or answering.
class Sequencer::Impl {
public:
    Impl(log::EventLog& log, std::unique_ptr<custody::Books> books, const Clock& clock, const Options& options)
        : log_(log),
          options_(options),
          judge_(log, std::move(books), clock, options),
          feed_(log.head(), options.runner, options.feed_events_max),
          open_first_(log.head()) {
        historian_ = std::thread([this] { run("seq-history", &Impl::read_all); });
        decider_ = std::thread([this] { run("seq-decide", &Impl::decide_all); });
        writer_ = std::thread([this] { run("seq-write", &Impl::write_all); });
    }

    ~Impl() {
        if (decider_.joinable()) static_cast<void>(stop(after(limits::kStopTimeout)));
    }

    void submit(std::unique_ptr<codec::CommandBatch> batch, Mode mode, Done done);
    Observed observe_now();
    Result<Observed> inspect(const Look& look, Deadline deadline);
    Result<void> stop(Deadline deadline);

    Feed& feed() { return feed_; }
    std::optional<Error> failure() const {
        const std::lock_guard lock(mutex_);
        return failure_;
    }
    Stats stats() const;

private:
    // Runs a thread's whole life. An exception (of memory, in effect) stops the engine like a failed write.
    void run(const char* name, void (Impl::*loop)());
    void decide_all();
    // Waits for what the deciding thread is to do next: true with a submission in deciding_now_, false at the end.
    bool next_submission();
    // Whether the open group waits for company, with the writer free; then waits, if nothing can be decided meanwhile.
    bool gather(std::unique_lock<std::mutex>& lock, bool can_take);
    void hand_over();    // mutex held
    void serve(Observer& observer);  // mutex held, and nothing is being decided
    bool wait_for_service(Observer& observer, Deadline deadline);  // false: not by the deadline, nor later
    void refuse_rest();  // the deciding thread, at its end
    void refuse(Submission& submission);

    // Late facts and corrections, whose pieces' past is read on a thread of its own.
    void park();         // deciding_now_; the deciding thread
    void read_all();
    bool next_parked();  // into reading_now_; false at the end
    bool wait_for_durable(Position position);

    void write_all();
    bool next_group();  // into writing_now_; false at the end
    void answer(const Result<void>& written);

    void fail(const Error& error);

    log::EventLog& log_;
    const Options options_;
    Judge judge_;  // of the deciding thread; observe() also by others, under the mutex while nothing is being decided
    Feed feed_;

    mutable std::mutex mutex_;
    std::condition_variable decider_wakes_;
    std::condition_variable writer_wakes_;
    std::condition_variable historian_wakes_;
    std::condition_variable observers_wake_;
    std::condition_variable stop_wakes_;

    // Guarded by mutex_.
    std::deque<Submission> queue_;
    std::deque<Submission> parked_;    // for the historian …
    std::deque<Submission> resumed_;   // … and back from it
    std::size_t away_ = 0;             // parked, being read or resumed
    std::size_t queued_commands_ = 0;
    std::size_t queued_bytes_ = 0;
    std::vector<Observer*> observers_;    // served by the deciding thread between two submissions
    std::optional<Handed> handed_;        // for the writing thread
    bool deciding_ = false;
    bool writer_busy_ = false;            // from the handing over until the group is durable and queued for the runner
    bool unsettled_ = false;              // a group was handed over and the judge does not know yet that it is durable
    bool stopping_ = false;
    bool decider_ended_ = false;          // no submission is taken any more
    bool writer_ended_ = false;
    Deadline stop_by_ = Deadline::max();
    std::optional<Error> failure_;
    Stats stats_;                         // of the judge, copied between submissions
    Gathering gathering_;
    std::size_t wake_at_ = 0;             // so many submissions in the queue wake the deciding thread
    std::size_t open_submissions_ = 0;    // in the judge's open group, between two submissions …
    Position open_first_ = 0;             // … and the position that it began with
    std::uint64_t overloaded_ = 0;
    std::uint64_t groups_ = 0;

    // What a thread has in its hands, where it is found when the thread ends by an exception.
    Submission deciding_now_;              // of the deciding thread
    std::size_t deciding_now_commands_ = 0;
    unsigned taken_ = 0;                   // submissions since next_submission()
    Handed writing_now_;                   // of the writing thread …
    std::size_t writing_answered_ = 0;     // … and the submissions of the group before, and how long it took
    std::chrono::steady_clock::duration writing_took_{};
    Submission reading_now_;               // of the historian

    std::mutex stop_mutex_;  // held by the one that joins the threads
    std::thread decider_;
    std::thread writer_;
    std::thread historian_;
};

void Sequencer::Impl::run(const char* name, void (Impl::*loop)()) {
    pthread_setname_np(pthread_self(), name);
    try {
        (this->*loop)();
    } catch (const std::exception& exception) {
        fail({ErrorCode::kInternal, std::string(name) + ": " + exception.what()});
    }
    if (loop == &Impl::decide_all) {
        refuse_rest();
    } else if (loop == &Impl::read_all) {
        if (reading_now_.done) refuse(reading_now_);
    } else {
        // Nothing is left here but what an exception interrupted.
        if (!writing_now_.waiting.empty()) answer(tl::unexpected(*failure()));
        const std::lock_guard lock(mutex_);
        writer_ended_ = true;
        stop_wakes_.notify_all();
    }
}

// ---- Clients ----

void Sequencer::Impl::submit(std::unique_ptr<codec::CommandBatch> batch, Mode mode, Done done) {
    const std::size_t count = batch->size();
    if (count == 0) return done({});
    const auto fits = mode == Mode::kAtomic ? codec::check_atomic_batch(*batch) : codec::check_batch(*batch);
    if (!fits) return done(all_failed(count, fits.error()));

    const std::size_t bytes = batch->bytes();
    std::optional<Error> refusal;
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        if (failure_) {
            refusal = stopped_because(*failure_);
        } else if (stopping_ || decider_ended_) {
            refusal = closing();
        } else if (queued_commands_ + count > options_.queue_commands_max ||
                   queued_bytes_ + bytes > options_.queue_bytes_max) {
            overloaded_ += count;
            refusal = Error{ErrorCode::kOverloaded,
                            "the queue is full (" + std::to_string(queued_commands_) + " commands, " +
                                std::to_string(queued_bytes_) + " bytes); nothing was done, send it again later"};
        } else {
            queued_commands_ += count;
            queued_bytes_ += bytes;
            queue_.push_back({std::move(batch), mode, std::move(done)});
            wake = queue_.size() >= wake_at_ || queued_commands_ >= Gathering::kEventsMax;
        }
    }
    if (refusal) return done(all_failed(count, *refusal));
    if (wake) decider_wakes_.notify_one();
}

void Sequencer::Impl::serve(Observer& observer) {
    const Observed now = judge_.observe();
    // What a thread was doing when it failed may stand half done in the books.
    if (observer.look != nullptr && !failure_ && !decider_ended_) {
        (*observer.look)(judge_.books(), now.at);
        observer.shown = true;
    }
    observer.seen = now;
}

bool Sequencer::Impl::wait_for_service(Observer& observer, Deadline deadline) {
    std::unique_lock lock(mutex_);
    if (!deciding_) {
        serve(observer);
        return true;
    }
    observers_.push_back(&observer);
    const auto served = [&] { return observer.seen.has_value(); };
    if (observers_wake_.wait_until(lock, deadline, served)) return true;
    std::erase(observers_, &observer);
    return false;
}

Observed Sequencer::Impl::observe_now() {
    Observer observer;
    wait_for_service(observer, Deadline::max());
    return *observer.seen;
}

Result<Observed> Sequencer::Impl::inspect(const Look& look, Deadline deadline) {
    Observer observer;
    observer.look = &look;
    if (!wait_for_service(observer, deadline))
        return daybook::fail(ErrorCode::kTimeout, "the engine is busy deciding; ask again");
    if (observer.shown) return *observer.seen;
    const auto reason = failure();
    return tl::unexpected(reason ? stopped_because(*reason) : closing());
}

Stats Sequencer::Impl::stats() const {
    const std::lock_guard lock(mutex_);
    Stats stats = stats_;
    stats.overloaded = overloaded_;
    stats.groups = groups_;
    stats.queued_commands = queued_commands_;
    stats.queued_bytes = queued_bytes_;
    return stats;
}

Result<void> Sequencer::Impl::stop(Deadline deadline) {
    const std::lock_guard one(stop_mutex_);
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        stop_by_ = deadline;
    }
    decider_wakes_.notify_all();
    if (decider_.joinable()) {
        bool in_time = true;
        {
            std::unique_lock lock(mutex_);
            in_time = stop_wakes_.wait_until(lock, deadline, [&] { return decider_ended_ && writer_ended_; });
        }
        // The log writer may be waiting for a runner that takes nothing any more.
        if (!in_time) feed_.abandon();
        decider_.join();
        writer_.join();
        historian_.join();
        feed_.close();
    }
    if (const auto error = failure()) return tl::unexpected(*error);
    return {};
}

// ---- The deciding thread ----

void Sequencer::Impl::decide_all() {
    while (next_submission()) {
        deciding_now_commands_ = deciding_now_.batch->size();
        const auto taken = judge_.take(deciding_now_);
        if (!taken) return fail(taken.error());
        if (*taken == Judge::Taken::kAsks) park();
        deciding_now_commands_ = 0;
        taken_ = 1;
    }
}

bool Sequencer::Impl::next_submission() {
    std::unique_lock lock(mutex_);
    deciding_ = false;
    stats_ = judge_.stats();
    open_submissions_ += std::exchange(taken_, 0U);
    if (!observers_.empty()) {
        for (Observer* waiting : observers_) serve(*waiting);
        observers_.clear();
        observers_wake_.notify_all();
    }
    for (;;) {
        if (failure_) return false;
        if (unsettled_ && !writer_busy_) {
            judge_.settled();
            unsettled_ = false;
        }
        const bool late = stopping_ && std::chrono::steady_clock::now() >= stop_by_;
        const bool some = !queue_.empty() || !resumed_.empty();
        const bool can_take = some && !judge_.full() && !late;
        // The writer first: it stands idle only for what will be there in a moment.
        if (!writer_busy_ && !judge_.empty()) {
            if (!gather(lock, can_take)) {
                hand_over();
                continue;
            }
            if (!can_take) continue;
        }
        if (can_take && !resumed_.empty()) {
            deciding_now_ = std::move(resumed_.front());
            resumed_.pop_front();
            --away_;
            deciding_ = true;
            return true;
        }
        if (can_take) {
            deciding_now_ = std::move(queue_.front());
            queue_.pop_front();
            queued_commands_ -= deciding_now_.batch->size();
            queued_bytes_ -= deciding_now_.batch->bytes();
            deciding_ = true;
            return true;
        }
        const bool all_decided = queue_.empty() && away_ == 0;
        if (stopping_ && (all_decided || late) && judge_.empty() && !writer_busy_) return false;
        decider_wakes_.wait(lock);
    }
}

bool Sequencer::Impl::gather(std::unique_lock<std::mutex>& lock, bool can_take) {
    if (stopping_) return false;
    const auto events = static_cast<std::size_t>(judge_.next() - open_first_);
    const auto until = gathering_.wait_until(open_submissions_, events, std::chrono::steady_clock::now());
    if (can_take && events < Gathering::kEventsMax) return true;  // what is in the queue has come already
    if (!until) return false;
    if (can_take) return true;
    // One waking for all that are expected: sixteen clients would otherwise be sixteen.
    wake_at_ = gathering_.expected() - std::min(gathering_.expected(), open_submissions_);
    decider_wakes_.wait_until(lock, *until);
    wake_at_ = 0;
    return true;
}

void Sequencer::Impl::park() {
    {
        const std::lock_guard lock(mutex_);
        if (away_ < limits::kHistorySubmissionsMax) {
            ++away_;
            parked_.push_back(std::move(deciding_now_));
            deciding_now_ = {};
            historian_wakes_.notify_one();
            return;
        }
    }
    judge_.turn_away(deciding_now_,
                     {ErrorCode::kOverloaded, std::to_string(limits::kHistorySubmissionsMax) +
                                                  " late facts and corrections wait for the past of their pieces; "
                                                  "nothing was done, send it again later"});
}

void Sequencer::Impl::hand_over() {
    handed_ = judge_.hand_over();
    open_submissions_ = 0;
    open_first_ = judge_.next();
    writer_busy_ = true;
    unsettled_ = true;
    writer_wakes_.notify_one();
}

void Sequencer::Impl::fail(const Error& error) {
    {
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = error;
    }
    decider_wakes_.notify_all();
    writer_wakes_.notify_all();
    historian_wakes_.notify_all();
}

// Of a submission that was parked some commands may have been answered for: those are in the log, or will be.
void Sequencer::Impl::refuse(Submission& submission) {
    const auto reason = failure();
    submission.done(all_failed(submission.batch->size(), reason ? stopped_because(*reason) : closing()));
    submission = {};
}

void Sequencer::Impl::refuse_rest() {
    std::deque<Submission> queue;
    std::vector<Waiting> waiting;
    Error reason = closing();
    {
        const std::lock_guard lock(mutex_);
        deciding_ = false;
        decider_ended_ = true;
        if (failure_) reason = stopped_because(*failure_);
        queue.swap(queue_);
        for (std::deque<Submission>* more : {&parked_, &resumed_}) {
            for (Submission& one : *more) queue.push_back(std::move(one));
            more->clear();
        }
        queued_commands_ = 0;
        queued_bytes_ = 0;
        waiting = judge_.give_up();
        for (Observer* observer : observers_) serve(*observer);
        observers_.clear();
    }
    writer_wakes_.notify_all();
    historian_wakes_.notify_all();
    observers_wake_.notify_all();
    for (Waiting& one : waiting) one.done(all_failed(one.answers.size(), reason));
    if (deciding_now_commands_ > 0 && deciding_now_.done) {
        deciding_now_.done(all_failed(deciding_now_commands_, reason));
    }
    for (Submission& one : queue) one.done(all_failed(one.batch->size(), reason));
    stop_wakes_.notify_all();
}

// ---- The historian ----

void Sequencer::Impl::read_all() {
    ChainReader chains(log_);
    while (next_parked()) {
        HistoryWork& work = *reading_now_.work;
        const Position newest = work.newest();
        if (newest != kNoPosition && !wait_for_durable(newest)) return;
        if (auto read = read_history(work, *reading_now_.batch, chains); !read) {
            // Damage stops the engine; what is only too much is an answer.
            if (read.error().code != ErrorCode::kInvalid) return fail(read.error());
            work.error = std::move(read.error());
        }
        const std::lock_guard lock(mutex_);
        if (decider_ended_) return;
        resumed_.push_back(std::move(reading_now_));
        reading_now_ = {};
        decider_wakes_.notify_one();
    }
}

bool Sequencer::Impl::next_parked() {
    std::unique_lock lock(mutex_);
    historian_wakes_.wait(lock, [&] { return !parked_.empty() || decider_ended_ || failure_; });
    if (decider_ended_ || failure_) return false;
    reading_now_ = std::move(parked_.front());
    parked_.pop_front();
    return true;
}

// What is not durable yet is on its way, unless the engine stops.
bool Sequencer::Impl::wait_for_durable(Position position) {
    while (feed_.wait_past(position, after(limits::kHistoryLook)) <= position) {
        const std::lock_guard lock(mutex_);
        if (decider_ended_ || failure_) return false;
    }
    return true;
}

// ---- The writing thread ----

void Sequencer::Impl::write_all() {
    while (next_group()) {
        CommittedGroup& group = *writing_now_.group;
        if (group.count > 0) {
            const auto begin = std::chrono::steady_clock::now();
            if (const auto written = log_.append(group.log); !written) {
                fail(written.error());
                return answer(written);
            }
            writing_took_ = std::chrono::steady_clock::now() - begin;
            // Before the answers leave: whoever has one can read what it wrote. Behind them the runner may have to be
            // waited for.
            feed_.announce(group.end());
        }
        writing_answered_ = writing_now_.waiting.size();
        answer({});
        feed_.publish(std::move(writing_now_.group));
    }
}

bool Sequencer::Impl::next_group() {
    std::unique_lock lock(mutex_);
    if (writer_busy_) {
        writer_busy_ = false;
        gathering_.written(writing_answered_, open_submissions_ + queue_.size(), writing_took_);
        decider_wakes_.notify_all();
    }
    // A group that was handed over is written also when the deciding thread has failed: it was decided before that.
    writer_wakes_.wait(lock, [&] { return handed_ || decider_ended_; });
    if (!handed_) return false;
    writing_now_ = std::move(*handed_);
    handed_.reset();
    if (writing_now_.group->count > 0) ++groups_;
    return true;
}

void Sequencer::Impl::answer(const Result<void>& written) {
    for (Waiting& one : std::exchange(writing_now_.waiting, {})) {
        one.done(written ? std::move(one.answers) : all_failed(one.answers.size(), stopped_because(written.error())));
    }
}

// ---- The public class ----

Result<std::unique_ptr<Sequencer>> Sequencer::start(log::EventLog& log, std::unique_ptr<custody::Books> books,
                                                    const Clock& clock, const Options& options) {
    if (books->next != log.head()) {
        return fail(ErrorCode::kInternal, "the books stand at position " + std::to_string(books->next) +
                                              " and the log at " + std::to_string(log.head()));
    }
    return std::unique_ptr<Sequencer>(new Sequencer(std::make_unique<Impl>(log, std::move(books), clock, options)));
}

Sequencer::Sequencer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Sequencer::~Sequencer() = default;

void Sequencer::submit(std::unique_ptr<codec::CommandBatch> batch, Mode mode, Done done) {
    impl_->submit(std::move(batch), mode, std::move(done));
}
Feed& Sequencer::feed() { return impl_->feed(); }
Observed Sequencer::observe_now() { return impl_->observe_now(); }
Result<Observed> Sequencer::inspect(const Look& look, Deadline deadline) { return impl_->inspect(look, deadline); }
Result<void> Sequencer::stop(Deadline deadline) { return impl_->stop(deadline); }
std::optional<Error> Sequencer::failure() const { return impl_->failure(); }
Stats Sequencer::stats() const { return impl_->stats(); }

}  // namespace daybook::sequencer
