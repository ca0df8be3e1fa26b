#include "engine/stream/publisher.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <random>
#include <thread>

#include "engine/base/assert.h"
#include "engine/base/limits.h"
#include "engine/sequencer/feed.h"
#include "engine/stream/internal/backoff.h"
#include "engine/stream/internal/board.h"
#include "engine/stream/internal/standing.h"
#include "engine/stream/internal/term.h"

namespace daybook::stream {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kPrefixMax = 180;  // Kafka takes 249 characters, of which the ledger's id and the rest take 53

constexpr milliseconds kLookAround{100};
constexpr milliseconds kGraceBeforeHard{300};  // between giving up a transaction and giving up its thread

// Threads that hang in librdkafka. They cannot be joined and must not be destroyed; they end with the process. The
// owner is never destroyed either, since it would have to join them.
bool leave_behind(std::thread thread) {
    static std::mutex mutex;
    static auto* const left = new std::vector<std::thread>();
    const std::lock_guard lock(mutex);
    left->push_back(std::move(thread));
    return left->size() <= limits::kStreamThreadsLeftMax;
}

std::string process_name() {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
    return std::string(host.data()) + ":" + std::to_string(::getpid());
}

}  // namespace

std::string_view to_string(State state) {
    switch (state) {
        case State::kConnecting: return "connecting";
        case State::kPublishing: return "publishing";
        case State::kRetrying: return "retrying";
        case State::kFenced: return "fenced";
        case State::kRefused: return "refused";
        case State::kStopped: return "stopped";
    }
    DAYBOOK_UNREACHABLE();
}

class Publisher::Impl {
public:
    Impl(const Source& source, LedgerId ledger, Options options)
        : source_(source),
          clock_(*options.clock),
          board_(std::make_shared<Board>(clock_, options.say)),
          config_{&source, ledger, std::move(options), board_},
          standing_(config_.options.tell_every),
          random_(ledger.low ^ static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count())),
          supervisor_([this] { supervise(); }) {}

    std::unique_ptr<Source> owned_source;  // where the publisher made it itself

    [[nodiscard]] Status status() const;
    [[nodiscard]] bool wait_published(Position position, Deadline deadline) const {
        return board_->wait_published(position, deadline);
    }
    void stop(Deadline deadline);

private:
    void supervise();
    // Runs one term to its end, or to the point where it is given up.
    Outcome run_term(Term::Task task, bool& progressed);
    // Shows the outcome, and how long is waited now.
    void settle(const Outcome& outcome, milliseconds wait);
    // False when asked to stop.
    bool pause(milliseconds wait);
    // Says how publishing stands, where that is due.
    void tell_standing();
    [[nodiscard]] std::optional<Deadline> stop_at() const {
        const std::lock_guard lock(mutex_);
        return stop_at_;
    }

    const Source& source_;
    const Clock& clock_;
    const std::shared_ptr<Board> board_;
    const TermConfig config_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Deadline> stop_at_;

    // The supervisor's own:
    std::optional<Position> known_;
    Standing standing_;
    std::mt19937_64 random_;

    std::once_flag joined_;
    std::thread supervisor_;
};

Status Publisher::Impl::status() const {
    Status status = board_->read();
    if (status.state == State::kStopped) return status;
    status.head = source_.head();
    const Position next = status.next.value_or(0);
    status.lag_events = status.head > next ? status.head - next : 0;
    if (status.lag_events > 0) {
        Micros oldest = clock_.now();
        const auto read = source_.read(next, next + 1, [&](Position, std::string_view stored) {
            if (const auto head = codec::read_event_head(stored)) oldest = head->recorded_at;
            return false;
        });
        if (read) status.lag = std::max<Micros>(0, clock_.now() - oldest);
    }
    return status;
}

void Publisher::Impl::stop(Deadline deadline) {
    {
        const std::lock_guard lock(mutex_);
        if (!stop_at_) stop_at_ = deadline;
    }
    changed_.notify_all();
    std::call_once(joined_, [this] { supervisor_.join(); });
}

bool Publisher::Impl::pause(milliseconds wait) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, wait, [&] { return stop_at_.has_value(); });
}

void Publisher::Impl::tell_standing() {
    const Deadline now = std::chrono::steady_clock::now();
    if (!standing_.due(now)) return;
    if (const auto line = standing_.line(status(), now)) board_->say(Options::Severity::kInfo, *line);
}

Outcome Publisher::Impl::run_term(Term::Task task, bool& progressed) {
    const auto term = std::make_shared<Term>(config_, task, known_, random_());
    std::thread thread([term] { term->run(); });
    bool asked = false;
    while (true) {
        if (const auto outcome = term->wait(after(kLookAround))) {
            thread.join();
            known_ = term->known();
            progressed = term->progressed();
            return *outcome;
        }
        tell_standing();
        const auto stop = stop_at();
        if (stop && !asked) {
            asked = true;
            term->ask_to_stop(*stop - kGraceBeforeHard);
        }
        const bool overdue = term->overdue();
        if (!overdue && !(stop && std::chrono::steady_clock::now() >= *stop)) continue;
        term->abandon();
        const bool room = leave_behind(std::move(thread));
        known_ = term->known();
        progressed = term->progressed();
        board_->write([](Status& status) { ++status.given_up; });
        if (stop) return {Outcome::How::kStopped, {}};
        const std::string reason = "the Kafka client hangs (" + board_->read().step + ")";
        if (!room) return {Outcome::How::kRefused, reason + ", once too often: start the process again"};
        // Who was watching goes on watching.
        const auto how = task == Term::Task::kWatch ? Outcome::How::kFenced : Outcome::How::kAgain;
        return {how, reason + "; it was left behind"};
    }
}

void Publisher::Impl::settle(const Outcome& outcome, milliseconds wait) {
    const auto severity =
        outcome.how == Outcome::How::kRefused ? Options::Severity::kError : Options::Severity::kWarning;
    State state = State::kRetrying;
    if (outcome.how == Outcome::How::kFenced) state = State::kFenced;
    if (outcome.how == Outcome::How::kRefused) state = State::kRefused;
    board_->write_error(state, outcome.reason);
    board_->write([&](Status& status) {
        status.fenced = state == State::kFenced;
        status.step =
            state == State::kRefused ? "waiting for a person" : "waiting " + std::to_string(wait.count()) + " ms";
    });
    board_->say(severity, std::string(to_string(state)) + ": " + outcome.reason);
}

void Publisher::Impl::supervise() {
    const Options& options = config_.options;
    Term::Task task = Term::Task::kPublish;
    Backoff waits(options.retry_min, options.retry_max, std::ref(random_));
    while (!stop_at()) {
        bool progressed = false;
        const Outcome outcome = run_term(task, progressed);
        if (outcome.how == Outcome::How::kStopped) break;
        if (progressed) waits.reset();
        const milliseconds wait = waits.next();
        settle(outcome, wait);
        if (outcome.how == Outcome::How::kRefused) {
            while (pause(options.tell_every)) tell_standing();
            break;
        }
        task = outcome.how == Outcome::How::kFenced ? Term::Task::kWatch : Term::Task::kPublish;
        if (!pause(wait)) break;
    }
    Status last = status();
    last.state = State::kStopped;
    last.step.clear();
    board_->say(Options::Severity::kInfo, standing_text(last));
    board_->write([&](Status& status) { status = std::move(last); });
}

Result<std::unique_ptr<Publisher>> Publisher::start(const Source& source, LedgerId ledger, Options options) {
    if (options.bootstrap.empty()) return fail(ErrorCode::kInvalid, "no Kafka broker is named: give host:port");
    if (options.prefix.empty() || options.generation == 0) {
        return fail(ErrorCode::kInvalid, "the topics' prefix must not be empty, and generations begin at 1");
    }
    constexpr std::string_view kOfNames = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (options.prefix.size() > kPrefixMax || options.prefix.find_first_not_of(kOfNames) != std::string::npos) {
        return fail(ErrorCode::kInvalid, "the topics' prefix '" + options.prefix +
                                             "' is no part of a topic's name: at most " + std::to_string(kPrefixMax) +
                                             " letters, digits, points, underscores and hyphens");
    }
    const SchemaIds& ids = options.schemas;
    if (options.format == ValueFormat::kConfluent && (ids.events == 0 || ids.custody == 0 || ids.stock == 0)) {
        return fail(ErrorCode::kInvalid,
                    "values with a registry's schema id need the ids of all three schemas: events, custody, stock");
    }
    if (options.transaction_timeout < milliseconds(1000) || options.retry_min < milliseconds(1) ||
        options.retry_max < options.retry_min || options.takeover_after < milliseconds(1) ||
        options.doubt < milliseconds(0) || options.tell_every < milliseconds(1)) {
        return fail(ErrorCode::kInvalid,
                    "the publisher's times must be positive, and a transaction have a second at least");
    }
    if (options.clock == nullptr) options.clock = &system_clock();
    if (options.name.empty()) options.name = process_name();
    return std::unique_ptr<Publisher>(new Publisher(std::make_unique<Impl>(source, ledger, std::move(options))));
}

Result<std::unique_ptr<Publisher>> Publisher::start(const log::EventLog& log, const sequencer::Feed& feed,
                                                    const log::Meta& meta, Options options) {
    auto source = engine_source(log, feed);
    DAYBOOK_ASSIGN(std::unique_ptr<Publisher> publisher, start(*source, meta.ledger, std::move(options)));
    publisher->impl_->owned_source = std::move(source);
    return publisher;
}

Publisher::Publisher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Publisher::~Publisher() { stop(after(milliseconds(1000))); }

Status Publisher::status() const { return impl_->status(); }

bool Publisher::wait_published(Position position, Deadline deadline) const {
    return impl_->wait_published(position, deadline);
}

void Publisher::stop(Deadline deadline) { impl_->stop(deadline); }

}  // namespace daybook::stream
