// Publishes the ledger to Kafka, exactly once, in order of position. README.md beside this file says how and why;
// CONSUMERS.md is the contract with those who read the topics.
//
// Purpose.   Follows the log by position and writes its events into the ledger's topics in transactions, each with the
//            cursor that it reaches, so that what is published and what is known to be published cannot differ.
// Ownership. The source must outlive the publisher, or stop() be called before it goes.
// Threads.   start() makes one thread that supervises, one for each term's producer, and one that encodes ahead;
//            librdkafka has its own. Every function may be called from any thread.
// Failure.   None of it reaches the ledger: Kafka away, slow, fenced or refusing is a state, shown by status(), and the
//            publisher tries again for ever, except where only a person can help (State::kRefused).
// Limits.    limits::kStream*, kTransaction* and kKafka*. Memory does not grow with the lag.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/log/event_log.h"
#include "engine/stream/records.h"
#include "engine/stream/source.h"
#include "engine/stream/state_source.h"

namespace daybook::stream {

struct Options {
    std::string bootstrap;           // "host:port,host:port"
    std::string prefix = "daybook";  // topics are <prefix>.<ledger>.events.v<generation> and so on
    std::uint32_t generation = 1;
    // Of the events topic, for ever. 0: 12 for a new topic, and whatever an existing one has.
    std::uint32_t partitions = 0;
    int replicas = -1;               // for new topics; -1: the cluster's default
    std::int64_t retention_ms = -1;  // of the topics events and log; -1: for ever
    ValueFormat format = ValueFormat::kJson;
    // With kConfluent needed; else, where given, the header __value_schema_id says it.
    SchemaIds schemas;
    // Adds the headers `id` and `eventType`, by which those read who know Debezium's outbox router.
    bool debezium_headers = false;
    // For `custody` and `stock`, which are not published without it. Outlives the publisher, as the source does.
    const StateSource* state = nullptr;

    // kTrust: neither create topics nor check their settings, for clusters where others do that.
    enum class Topics : std::uint8_t { kCreate, kTrust };
    Topics topics = Topics::kCreate;

    // Further settings of librdkafka: security.protocol, sasl.*, ssl.* … Their values are never logged.
    std::vector<std::pair<std::string, std::string>> client;

    std::chrono::milliseconds transaction_timeout{15'000};  // a dead publisher holds readers up for this long at most
    std::chrono::milliseconds retry_min{100};               // doubled from try to try, with jitter, up to …
    std::chrono::milliseconds retry_max{10'000};
    // A fenced publisher leaves the field to the other. It takes the term again when it has had events for this long
    // that nobody published.
    std::chrono::milliseconds takeover_after{60'000};

    // How long a cursor that says less than had been committed is read again before it is believed, and publishing
    // refused; brokers that have just come back may not show everything yet.
    std::chrono::milliseconds doubt{60'000};

    std::string name;              // of this process, in the control topic, for people; empty: host and process id
    const Clock* clock = nullptr;  // nullptr: the machine's

    // Told what an operator wants to read in a log: what happens, and how publishing stands, each `tell_every` while it
    // moves or is behind. Called on the publisher's threads, one call at a time; short.
    std::chrono::milliseconds tell_every{60'000};
    enum class Severity : std::uint8_t { kInfo, kWarning, kError };
    std::function<void(Severity, std::string_view)> say;
};

enum class State : std::uint8_t {
    kConnecting,  // no broker has answered yet, or a term is being taken
    kPublishing,  // holds the term; caught up or catching up
    kRetrying,    // something failed; waits before it tries again
    kFenced,      // another publisher has taken the term; waits and watches
    kRefused,     // will not go on without a person: history diverged, records lost, topics with other settings
    kStopped,
};
// "connecting", "publishing" …
std::string_view to_string(State state);

struct Status {
    State state = State::kConnecting;
    std::string step;              // what is being done or waited for just now, and with what
    std::optional<Position> next;  // every position below is in Kafka; nullopt: not known yet
    Position head = 0;             // of the log
    std::uint64_t lag_events = 0;  // head - next; all events where next is not known
    Micros lag = 0;                // age of the oldest event that is not published; 0: none
    std::uint64_t epoch = 0;       // this publisher's term; 0: it never had one
    bool fenced = false;           // state is kFenced
    std::string last_error;        // empty: there never was one
    Micros last_error_at = 0;
    Micros last_commit_at = 0;
    std::uint64_t terms = 0;         // taken by this process
    std::uint64_t transactions = 0;  // committed
    std::uint64_t records = 0;       // in them, control records not counted
    std::uint64_t bytes = 0;         // of keys and values of those
    std::uint64_t repaired = 0;      // partitions in which a torn commit had left records, which are kept
    std::uint64_t given_up = 0;      // calls of librdkafka that hung and were left behind
};

class Publisher {
public:
    // Starts at once, whether Kafka is there or not. kInvalid: options that can never work.
    static Result<std::unique_ptr<Publisher>> start(const Source& source, LedgerId ledger, Options options);
    // The same for the engine's own log and feed, which outlive the publisher.
    static Result<std::unique_ptr<Publisher>> start(const log::EventLog& log, const sequencer::Feed& feed,
                                                    const log::Meta& meta, Options options);

    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;
    // Stops with a second's grace.
    ~Publisher();

    [[nodiscard]] Status status() const;
    // True once every position below `position` is in Kafka; false at the deadline.
    [[nodiscard]] bool wait_published(Position position, Deadline deadline) const;

    // Ends the open transaction if Kafka answers in time, and stops. At the deadline it returns all the same: what
    // hangs in librdkafka is left behind, touches nothing of the engine any more, and ends with the process.
    // Idempotent.
    void stop(Deadline deadline);

private:
    class Impl;
    explicit Publisher(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace daybook::stream
