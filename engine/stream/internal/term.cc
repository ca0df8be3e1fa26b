#include "engine/stream/internal/term.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "engine/base/limits.h"
#include "engine/stream/internal/admin.h"
#include "engine/stream/internal/settings.h"

namespace daybook::stream {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRequest{5'000};        // one request to Kafka
constexpr milliseconds kNewTopicWait{10'000};  // until brokers tell of a topic that was just made
constexpr milliseconds kReadBack{20'000};      // all tails
constexpr milliseconds kClose{10'000};
constexpr milliseconds kPatience{5'000};       // with a call that takes long, before an operator is told
constexpr milliseconds kLookAround{100};
constexpr std::uint32_t kPartitionsDefault = 12;

int ms(milliseconds time) { return static_cast<int>(time.count()); }

Outcome stopped() { return {Outcome::How::kStopped, {}}; }
Outcome again(const Error& error) { return {Outcome::How::kAgain, error.message}; }
// kUnavailable passes by itself; everything else that Kafka tells needs a person.
Outcome by_code(const Error& error) {
    const bool passes = error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kNotFound;
    return {passes ? Outcome::How::kAgain : Outcome::How::kRefused, error.message};
}

}  // namespace

Term::Term(TermConfig config, Task task, std::optional<Position> known, std::uint64_t seed)
    : config_(std::move(config)), task_(task), clock_(*config_.options.clock), random_(seed), known_(known) {}

void Term::run() {
    Outcome outcome = task_ == Task::kPublish ? publish() : watch();
    {
        const std::lock_guard lock(mutex_);
        if (pump_ && !abandoned_) pump_->stop();
        outcome_ = std::move(outcome);
        overdue_at_ = Deadline::max();
    }
    changed_.notify_all();
}

std::optional<Outcome> Term::wait(Deadline deadline) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [&] { return outcome_.has_value(); });
    return outcome_;
}

void Term::ask_to_stop(Deadline hard) {
    {
        const std::lock_guard lock(mutex_);
        stop_at_ = hard;
    }
    changed_.notify_all();
}

bool Term::overdue() const {
    const std::lock_guard lock(mutex_);
    return std::chrono::steady_clock::now() > overdue_at_;
}

void Term::abandon() {
    {
        const std::lock_guard lock(mutex_);
        abandoned_ = true;
        if (pump_) pump_->stop();
    }
    const std::lock_guard wait_for_reader(source_gate_);
}

std::optional<Position> Term::known() const {
    const std::lock_guard lock(mutex_);
    return known_;
}

bool Term::progressed() const {
    const std::lock_guard lock(mutex_);
    return progressed_;
}

bool Term::step(std::string_view what, milliseconds longest) {
    const Deadline now = std::chrono::steady_clock::now();
    {
        const std::lock_guard lock(mutex_);
        if (abandoned_ || (stop_at_ && now >= *stop_at_)) return false;
        overdue_at_ = now + longest;
    }
    report([&](Status& status) { status.step = what; });
    return true;
}

bool Term::grumble(std::string_view what) {
    const std::string_view call = what.substr(0, what.find(','));
    const Deadline now = std::chrono::steady_clock::now();
    if (call != waited_for_) {
        waited_for_ = call;
        waited_since_ = now;
        grumbled_ = false;
    } else if (!grumbled_ && now - waited_since_ >= kPatience) {
        grumbled_ = true;
        say(Options::Severity::kWarning, "Kafka does not answer (" + std::string(what) +
                                             "); events wait in the log until it does");
    }
    return true;
}

bool Term::stopping() const {
    const std::lock_guard lock(mutex_);
    return abandoned_ || stop_at_.has_value();
}

bool Term::pause(milliseconds wait) {
    std::unique_lock lock(mutex_);
    overdue_at_ = Deadline::max();
    changed_.wait_for(lock, wait, [&] { return abandoned_ || stop_at_.has_value(); });
    return !abandoned_ && !stop_at_;
}

Backoff Term::backoff() {
    return {config_.options.retry_min, config_.options.retry_max, std::ref(random_)};
}

void Term::say(Options::Severity severity, std::string_view text) {
    const std::lock_guard lock(mutex_);
    if (!abandoned_) config_.board->say(severity, text);
}

Outcome Term::broken(const Broken& broken) const {
    switch (broken.how) {
        case Broken::How::kStopped: return stopped();
        case Broken::How::kFenced: return {Outcome::How::kFenced, broken.reason};
        case Broken::How::kRecycle: return {Outcome::How::kAgain, broken.reason};
    }
    return {Outcome::How::kAgain, broken.reason};
}

// ---- The handshake. The order is the algorithm: nothing is read back before init_transactions has returned, since
// only then is every transaction of an earlier producer over. ----

Outcome Term::publish() {
    auto readers = Readers::make(client_settings(config_.options));
    if (!readers) return {Outcome::How::kRefused, readers.error().message};
    if (auto outcome = reach(readers->committed)) return *outcome;
    std::uint32_t partitions = 0;
    if (auto outcome = prepare_topics(readers->committed, partitions)) return *outcome;

    const ProducerOptions options{.transactional_id = config_.topics().transactional_id(),
                                  .transaction_timeout_ms = ms(config_.options.transaction_timeout),
                                  .source = "/daybook/" + config_.ledger.text(),
                                  .ledger = config_.ledger.text(),
                                  .format = config_.options.format,
                                  .schemas = config_.options.schemas,
                                  .debezium_headers = config_.options.debezium_headers,
                                  .state = config_.options.state != nullptr,
                                  .clock = &clock_};
    auto producer = Producer::make(client_settings(config_.options), options, config_.topics(),
                                   [this](std::string_view what, milliseconds longest) {
                                       return step(what, longest) && grumble(what);
                                   });
    if (!producer) return {Outcome::How::kRefused, producer.error().message};
    if (auto ready = producer->init(); !ready) return broken(ready.error());
    Cursor cursor;
    if (auto outcome = find_cursor(*readers, *producer, partitions, cursor)) return *outcome;
    step("closing the readers", kClose);
    { const Readers gone = std::move(*readers); }
    if (auto outcome = claim(*producer, cursor, partitions)) return *outcome;
    Outcome outcome = carry_on(*producer, partitions);
    step("closing the producer", kClose);
    return outcome;
}

std::optional<Outcome> Term::reach(const kafka::Client& client) {
    const std::string& bootstrap = config_.options.bootstrap;
    Backoff waits = backoff();
    bool away = false;
    while (true) {
        if (stopping() || !step("reaching Kafka at " + bootstrap, kRequest * 2)) return stopped();
        const auto reached = client.reach(ms(milliseconds(1000)));
        if (reached) {
            if (away) say(Options::Severity::kInfo, "Kafka answers");
            return std::nullopt;
        }
        if (!std::exchange(away, true)) {
            say(Options::Severity::kWarning,
                reached.error().message + " (bootstrap " + bootstrap + "); events wait in the log until it can");
        }
        const milliseconds wait = waits.next();
        report([&](Status& status) {
            status.step = "waiting " + std::to_string(wait.count()) + " ms for Kafka at " + bootstrap;
            status.last_error = reached.error().message;
            status.last_error_at = clock_.now();
        });
        if (!pause(wait)) return stopped();
    }
}

// Topics of the same keys have the same number of partitions, which is that of `events` where it is there already.
std::optional<Outcome> Term::prepare_topics(const kafka::Client& client, std::uint32_t& partitions) {
    const TopicSet topics = config_.topics();
    const bool make = config_.options.topics == Options::Topics::kCreate;
    partitions = config_.options.partitions;
    bool any_count = partitions == 0;
    if (any_count) {
        if (!step("looking at topic " + topics.name(Topic::kEvents), kRequest * 2)) return stopped();
        const auto count = partition_count(client, topics.name(Topic::kEvents), ms(kRequest));
        if (!count && count.error().code != ErrorCode::kNotFound) return again(count.error());
        partitions = count ? *count : kPartitionsDefault;
        any_count = !count && !make;  // somebody else makes it, with any number
    }
    std::vector<TopicSpec> specs;
    for (const Topic topic : kTopics) {
        if (config_.publishes(topic)) {
            specs.push_back(topic_spec(topics, topic, partitions, config_.options.retention_ms));
        }
    }
    if (make) {
        if (!step("creating topics", kRequest * 2)) return stopped();
        if (auto made = create_topics(client, specs, config_.options.replicas, ms(kRequest)); !made)
            return by_code(made.error());
    }
    for (TopicSpec& spec : specs) {
        if (spec.partitions != 1) spec.partitions = partitions;
        const bool events = spec.name == topics.name(Topic::kEvents);
        if (auto outcome = await_topic(client, spec, any_count && events, partitions)) return outcome;
    }
    if (!make) return std::nullopt;
    if (!step("checking the topics' settings", kRequest * 2)) return stopped();
    if (auto right = check_settings(client, specs, ms(kRequest)); !right) return by_code(right.error());
    return std::nullopt;
}

std::optional<Outcome> Term::await_topic(const kafka::Client& client, const TopicSpec& spec, bool any_count,
                                         std::uint32_t& partitions) {
    const Deadline told = after(kNewTopicWait);
    while (true) {
        if (stopping() || !step("looking at topic " + spec.name, kRequest * 2)) return stopped();
        const auto count = partition_count(client, spec.name, ms(kRequest));
        if (count && any_count) partitions = *count;
        if (count && (any_count || *count == spec.partitions)) return std::nullopt;
        if (count) {
            return Outcome{Outcome::How::kRefused, "topic " + spec.name + " exists with " + std::to_string(*count) +
                                                       " partitions, and " + std::to_string(spec.partitions) +
                                                       " are needed; the number can never change: publish another " +
                                                       "generation of topics"};
        }
        if (std::chrono::steady_clock::now() >= told) return again(count.error());
        if (!pause(kLookAround)) return stopped();
    }
}

std::string Term::control_value(Position from, Position next, const Hash& root, std::uint32_t partitions,
                                std::uint64_t records) const {
    std::vector<std::string> untouched;
    for (const Topic topic : untouched_) untouched.emplace_back(to_string(topic));
    return codec::control_to_json({.ledger = config_.ledger,
                                   .epoch = epoch_,
                                   .next = next,
                                   .root = root,
                                   .partitions = partitions,
                                   .written_at = clock_.now(),
                                   .records = records,
                                   .publisher = config_.options.name,
                                   .value = std::string(to_string(config_.options.format)),
                                   .state_incomplete = state_incomplete_,
                                   .state_untouched = std::move(untouched),
                                   .from = from});
}

// A transaction of nothing but a cursor.
OrBroken<void> Term::commit_control(Producer& producer, const std::string& value) {
    if (auto begun = producer.begin(); !begun) return begun;
    if (auto sent = producer.produce_control(config_.ledger.text(), value); !sent) return sent;
    if (auto flushed = producer.flush(); !flushed) return flushed;
    return producer.commit();
}

// The first transaction of a term says whose it is, and brings everything that the client learns late out of the way.
std::optional<Outcome> Term::claim(Producer& producer, const Cursor& cursor, std::uint32_t partitions) {
    epoch_ = cursor.epoch + 1;
    producer.set_epoch(epoch_);
    state_incomplete_ = cursor.state_lost;  // said before the first record of it
    untouched_ = cursor.untouched;
    Hash root{};
    {
        const std::lock_guard gate(source_gate_);
        if (stopping()) return stopped();
        const auto read = config_.source->root(cursor.next);
        if (!read) return Outcome{Outcome::How::kRefused, read.error().message};
        root = *read;
    }
    const auto done = commit_control(producer, control_value(cursor.next, cursor.next, root, partitions, 0));
    if (!done) return broken(done.error());
    {
        const std::lock_guard lock(mutex_);
        if (abandoned_) return stopped();
        known_ = cursor.next;
        stock_.emplace(config_.ledger, partitions, config_.options.format);
        pump_ = std::make_unique<Pump>(*config_.source, config_.options.state,
                                       RecordMaker(config_.ledger, partitions, config_.options.format), cursor.next,
                                       Floors{cursor.floors, cursor.log_floor},
                                       cursor.state_lost ? Pump::Begin::kAllState : Pump::Begin::kEvents);
    }
    report([&](Status& status) {
        status.state = State::kPublishing;
        status.epoch = epoch_;
        status.next = cursor.next;
        ++status.terms;
    });
    if (cursor.state_lost) {
        say(Options::Severity::kWarning, "topic " + config_.topics().name(Topic::kCustody) + " or " +
                                             config_.topics().name(Topic::kStock) + " lacks what " +
                                             std::to_string(cursor.next) +
                                             " published events made: the state of every piece is written again");
    }
    say(Options::Severity::kInfo,
        "publishing from position " + std::to_string(cursor.next) + " in term " + std::to_string(epoch_));
    return std::nullopt;
}

// ---- The loop: everything that was encoded while the last transaction was committed is the next one. ----

Outcome Term::carry_on(Producer& producer, std::uint32_t partitions) {
    while (true) {
        if (!step("waiting for events", kRequest)) return stopped();
        auto piece = pump_->take(Pump::When::kAny, after(kLookAround));
        if (stopping()) return stopped();
        if (!piece) return {Outcome::How::kRefused, piece.error().message};
        if (producer.noisy()) return {Outcome::How::kAgain, "the connection was troubled: " + producer.noise()};
        if (!*piece) continue;
        auto done = one_transaction(producer, std::move(**piece), partitions);
        if (done) continue;
        if (done.error().how == Broken::How::kRecycle) producer.abort();
        return broken(done.error());
    }
}

OrBroken<Piece> Term::next_piece() {
    while (true) {
        if (!step("preparing records", kRequest)) return tl::unexpected(Broken{Broken::How::kStopped, {}});
        auto piece = pump_->take(Pump::When::kAny, after(kLookAround));
        if (!piece) return tl::unexpected(Broken{Broken::How::kRecycle, piece.error().message});
        if (*piece) return std::move(**piece);
    }
}

OrBroken<Records> Term::stock_of(const std::set<std::string>& models, Position next) {
    Records records;
    while (true) {
        if (!step("preparing stock", kRequest)) return tl::unexpected(Broken{Broken::How::kStopped, {}});
        const std::lock_guard gate(source_gate_);
        if (stopping()) return tl::unexpected(Broken{Broken::How::kStopped, {}});
        const auto reading = config_.options.state->read(next, after(kLookAround));
        if (!reading) return tl::unexpected(Broken{Broken::How::kRecycle, reading.error().message});
        if (!*reading) continue;
        for (const std::string& model : models) {
            if (auto added = stock_->add_stock(**reading, model, records); !added) {
                return tl::unexpected(Broken{Broken::How::kRecycle, added.error().message});
            }
        }
        return records;
    }
}

OrBroken<void> Term::produce_all(Producer& producer, const Records& records) {
    for (const Record& record : records) {
        if (!untouched_.empty()) std::erase(untouched_, record.topic);
        if (auto sent = producer.produce(record); !sent) return sent;
    }
    return {};
}

OrBroken<void> Term::one_transaction(Producer& producer, Piece piece, std::uint32_t partitions) {
    if (auto begun = producer.begin(); !begun) return begun;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    std::set<std::string> models;
    bool all_state_given = false;
    const Position from = known().value_or(0);
    while (true) {
        if (auto sent = produce_all(producer, piece.records); !sent) return sent;
        all_state_given |= piece.ends_all_state;
        models.insert(piece.models.begin(), piece.models.end());
        records += piece.records.size();
        bytes += piece.bytes;
        pump_->give_back(std::move(piece.records));
        if (!piece.boundary) {
            auto more = next_piece();
            if (!more) return tl::unexpected(more.error());
            piece = std::move(*more);
            continue;
        }
        if (records >= limits::kTransactionRecordsTarget || bytes >= limits::kTransactionBytesTarget) break;
        auto more = pump_->take(Pump::When::kInTheMaking, after(kLookAround));
        if (!more || !*more) break;  // an error is met again when the next transaction begins
        piece = std::move(**more);
    }
    // Once a transaction and not once a piece: many pieces touch the same few models.
    if (!models.empty()) {
        const auto stock = stock_of(models, piece.next);
        if (!stock) return tl::unexpected(stock.error());
        if (auto sent = produce_all(producer, *stock); !sent) return sent;
        records += stock->size();
    }
    // The events are acknowledged before the cursor exists, so that a commit of the cursor is a commit of the events,
    // also where the brokers tear a transaction (KAFKA-17754).
    if (auto flushed = producer.flush(); !flushed) return flushed;
    auto sent = producer.produce_control(config_.ledger.text(),
                                         control_value(from, piece.next, piece.root, partitions, records));
    if (!sent) return sent;
    if (auto flushed = producer.flush(); !flushed) return flushed;
    if (auto committed = producer.commit(); !committed) return committed;
    {
        const std::lock_guard lock(mutex_);
        known_ = piece.next;
        progressed_ = true;
    }
    report([&](Status& status) {
        status.next = piece.next;
        status.last_commit_at = clock_.now();
        ++status.transactions;
        status.records += records;
        status.bytes += bytes;
    });
    if (!all_state_given) return {};
    // Only a later transaction says that it is whole: this one may have been torn.
    state_incomplete_ = false;
    return commit_control(producer, control_value(piece.next, piece.next, piece.root, partitions, 0));
}

// ---- Fenced. ----

Outcome Term::watch() {
    const auto readers = Readers::make(client_settings(config_.options));
    if (!readers) return {Outcome::How::kRefused, readers.error().message};
    const std::uint64_t own_epoch = config_.board->read().epoch;
    const milliseconds takeover_after = config_.options.takeover_after;
    const milliseconds patience = takeover_after + jittered(takeover_after / 2, std::ref(random_));
    const milliseconds pace = std::clamp<milliseconds>(takeover_after / 10, milliseconds(50), milliseconds(5000));
    std::optional<codec::ControlRecord> seen;
    Deadline since = std::chrono::steady_clock::now();
    Backoff waits = backoff();
    while (true) {
        if (stopping() || !step("watching the publisher that took over", kReadBack * 2)) return stopped();
        std::vector<Tail> tails(1);
        tails[0].topic = config_.topics().name(Topic::kControl);
        // Reached first: where no broker is there, the client's reading takes longer than it may.
        auto read = readers->committed.reach(ms(milliseconds(1000)));
        if (read) read = read_tails(*readers, tails, after(kReadBack));
        if (!read) {
            // Brokers that are away say nothing of the other publisher, who cannot publish meanwhile either.
            report([&](Status& status) {
                status.last_error = read.error().message;
                status.last_error_at = clock_.now();
            });
            if (!pause(waits.next())) return stopped();
            since = std::chrono::steady_clock::now();
            continue;
        }
        waits.reset();
        if (!tails[0].last) return {Outcome::How::kAgain, "the control topic is empty"};
        const auto control = codec::control_from_json(tails[0].last->value);
        if (!control) return {Outcome::How::kRefused, control.error().message};
        // Nobody has claimed a later term: the brokers fenced us without another publisher.
        if (control->epoch <= own_epoch) return {Outcome::How::kAgain, "fenced, though nobody took over"};
        const Deadline now = std::chrono::steady_clock::now();
        if (!seen || seen->next != control->next || seen->epoch != control->epoch) {
            since = now;
            seen = *control;
        }
        Position head = 0;
        {
            const std::lock_guard gate(source_gate_);
            if (stopping()) return stopped();
            head = config_.source->head();
        }
        report([&](Status& status) { status.next = std::min(control->next, head); });
        if (control->next >= head) since = now;  // nothing of ours is waiting
        if (now - since >= patience) return {Outcome::How::kAgain, "the publisher that took over is silent"};
        if (!pause(pace)) return stopped();
    }
}

}  // namespace daybook::stream
