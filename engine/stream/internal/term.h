// One term: the life of one producer, from the handshake with Kafka to the error that ends it.
//
// Purpose.   Runs on a thread that its owner can give up. librdkafka 2.0.2 has calls that may never return; whatever
//            happens in there, the owner goes on: it abandons the term, which then touches nothing but itself.
// Threads.   run() on the term's own thread; everything else on the owner's.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/stream/internal/backoff.h"
#include "engine/stream/internal/board.h"
#include "engine/stream/internal/cursor.h"
#include "engine/stream/internal/kafka.h"
#include "engine/stream/internal/producer.h"
#include "engine/stream/internal/pump.h"
#include "engine/stream/internal/reader.h"
#include "engine/stream/internal/state_records.h"
#include "engine/stream/publisher.h"
#include "engine/stream/topics.h"

namespace daybook::stream {

// What every term of a publisher shares. By value or shared, since an abandoned term may outlive its publisher.
struct TermConfig {
    const Source* source = nullptr;  // not touched once abandoned; nor is options.state
    LedgerId ledger;
    Options options;
    std::shared_ptr<Board> board;

    [[nodiscard]] TopicSet topics() const { return {options.prefix, ledger, options.generation}; }
    // State only where there is a source of it.
    [[nodiscard]] bool publishes(Topic topic) const { return options.state != nullptr || !holds_state(topic); }
};

struct Outcome {
    enum class How : std::uint8_t {
        kAgain,    // try again with a new term, after a while
        kFenced,   // another publisher took over
        kRefused,  // nothing but a person can help
        kStopped,
    };
    How how = How::kAgain;
    std::string reason;
};

class Term {
public:
    enum class Task : std::uint8_t {
        kPublish,
        kWatch,  // after being fenced: see whether the other publishes, and end with kAgain when it does not
    };
    // `seed` of the jitter. `known`: what was seen committed by the terms before.
    Term(TermConfig config, Task task, std::optional<Position> known, std::uint64_t seed);
    Term(const Term&) = delete;
    Term& operator=(const Term&) = delete;

    void run();

    // ---- The owner's side ----

    // The outcome, once run() is over; waits until `deadline`.
    [[nodiscard]] std::optional<Outcome> wait(Deadline deadline);
    // The term ends after the transaction that is open; at `hard` it gives that up as well.
    void ask_to_stop(Deadline hard);
    // True when a call has taken longer than it ever should.
    [[nodiscard]] bool overdue() const;
    // When it returns, the term touches neither source nor board any more.
    void abandon();
    [[nodiscard]] std::optional<Position> known() const;
    // True once it has committed events, which is when a failure after it is a new one.
    [[nodiscard]] bool progressed() const;

private:
    // Names what comes next and how long it may take; false where it must not be done any more.
    bool step(std::string_view what, std::chrono::milliseconds longest);
    // Tells the operator once where the same call of the producer has been tried for long; true.
    bool grumble(std::string_view what);
    [[nodiscard]] bool stopping() const;
    // Sleeps; false when asked to stop.
    bool pause(std::chrono::milliseconds wait);
    // Of retry_min to retry_max.
    [[nodiscard]] Backoff backoff();

    Outcome publish();
    Outcome watch();
    // Each returns nullopt where it went well.
    std::optional<Outcome> reach(const kafka::Client& client);
    std::optional<Outcome> prepare_topics(const kafka::Client& client, std::uint32_t& partitions);
    std::optional<Outcome> await_topic(const kafka::Client& client, const TopicSpec& spec, bool any_count,
                                       std::uint32_t& partitions);
    std::optional<Outcome> find_cursor(const Readers& readers, Producer& producer, std::uint32_t partitions,
                                       Cursor& cursor);
    Outcome refused(const Error& error);
    std::optional<Outcome> abort_left_open(Producer& producer);
    std::optional<Outcome> go_back(Producer& producer, codec::ControlRecord control);
    // Makes of the cursor the one before its transaction. kNotFound where there is none; kForeign where it is not this
    // ledger's.
    Result<void> step_back(codec::ControlRecord& control);
    Result<void> check_root(const codec::ControlRecord& control) const;
    enum class LastTransaction : std::uint8_t { kWhole, kTorn };
    Result<Cursor> judge_cursor(const Readers& readers, std::uint32_t partitions, LastTransaction last);
    Result<Found> read_back(const Readers& readers, std::uint32_t partitions);
    Result<Cursor> compare_with_ledger(const Found& found, std::uint32_t partitions);
    std::optional<Outcome> claim(Producer& producer, const Cursor& cursor, std::uint32_t partitions);
    Outcome carry_on(Producer& producer, std::uint32_t partitions);
    OrBroken<void> one_transaction(Producer& producer, Piece first, std::uint32_t partitions);
    OrBroken<Piece> next_piece();
    OrBroken<void> produce_all(Producer& producer, const Records& records);
    // The stock of these models, as of `next` or later.
    OrBroken<Records> stock_of(const std::set<std::string>& models, Position next);
    OrBroken<void> commit_control(Producer& producer, const std::string& value);
    std::string control_value(Position from, Position next, const Hash& root, std::uint32_t partitions,
                              std::uint64_t records) const;
    Outcome broken(const Broken& broken) const;
    template <class Change>
    void report(Change change) {
        const std::lock_guard lock(mutex_);
        if (!abandoned_) config_.board->write(change);
    }
    void say(Options::Severity severity, std::string_view text);

    const TermConfig config_;
    const Task task_;
    const Clock& clock_;
    std::mt19937_64 random_;
    std::uint64_t epoch_ = 0;

    // Held while the term reads the source itself; abandon() waits for it.
    std::mutex source_gate_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Outcome> outcome_;
    std::optional<Deadline> stop_at_;  // asked to stop; the hard deadline
    Deadline overdue_at_ = Deadline::max();
    bool abandoned_ = false;
    std::optional<Position> known_;
    bool progressed_ = false;
    std::unique_ptr<Pump> pump_;
    // The term's own thread's:
    bool state_incomplete_ = false;
    std::vector<Topic> untouched_;  // of custody and stock: nothing was written to them
    std::string waited_for_;
    Deadline waited_since_{};
    bool grumbled_ = false;
    std::optional<StateRecords> stock_;
    std::vector<std::pair<Topic, std::uint32_t>> open_;  // partitions in which the last reading saw a transaction open
    std::optional<codec::ControlRecord> open_control_;  // and the cursor that it found then
};

}  // namespace daybook::stream
