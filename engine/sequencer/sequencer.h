// The single writer of a ledger: from a command to a durable answer.
//
// Purpose.   Commands wait in a bounded queue. One thread judges them in order (idempotency, decide, apply), numbers
//            them and collects them into commit groups; another makes each group durable and answers. While one group
//            is being synced the next is being decided, against a state that includes what is not durable yet; an
//            answer leaves only when its group, and with it all that it depends on, is on stable storage.
// Ownership. The caller owns the log and the clock, which outlive the sequencer. The sequencer owns the books.
// Late.      A command that changes the past of pieces (a late fact, a correction) waits while "seq-history" reads and
//            folds their chains; the commands behind it in its submission wait with it, all others go on.
// Threads.   Three of its own: "seq-decide", "seq-history", "seq-write". Every public function is for any thread.
// Failure.   A failed append, and damage met while looking up an id, stop the engine: every waiting and later command
//            is answered with E_STOPPED and the reason, and the books are never used again. What was not answered may
//            or may not be in the log; after a restart the same event id tells.
// Limits.    limits::kCommandQueueCommandsMax, kCommandQueueBytesMax, kGroupBytesTarget, kGroupEventsMax,
//            kGroupsInFlightMax, kHistorySubmissionsMax, kHistoryAttemptsMax, kChainEventsMax, and those of a batch.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/base/limits.h"
#include "engine/base/time.h"
#include "engine/codec/command_codec.h"
#include "engine/custody/refusal.h"
#include "engine/custody/state.h"
#include "engine/log/event_log.h"
#include "engine/sequencer/feed.h"

namespace daybook::sequencer {

enum class Mode : std::uint8_t {
    kIndependent,  // each command is answered by itself
    kAtomic,       // all or none; all in one commit group
};

// What became of one command: exactly one of `position`, `refusal` and `error` is set.
struct Answer {
    Position position = kNoPosition;   // of the command's event
    Position batch_last = kNoPosition; // the last position of its atomic batch; its own, outside one
    Micros recorded_at = 0;
    bool repeated = false;             // the event was there already; this is its first answer again

    std::shared_ptr<const custody::Refusal> refusal;
    std::shared_ptr<const Error> error;  // kOverloaded, kStopped, kInvalid (bounds of a batch, an event too large)

    // Of an atomic batch that was refused: which command is at fault, from 0. All answers of the batch then carry its
    // refusal: those of the other commands say thereby that they were not done, and because of which.
    std::optional<std::uint32_t> at_fault;

    [[nodiscard]] bool accepted() const { return position != kNoPosition; }
};

// Takes the answers, one for each command, in their order. Called once, on one of the sequencer's threads or, when
// nothing had to be waited for, within submit(). It must be short, must not throw and must not call the sequencer's
// stop().
using Done = std::function<void(std::vector<Answer>)>;

struct Options {
    std::size_t queue_commands_max = limits::kCommandQueueCommandsMax;
    std::size_t queue_bytes_max = limits::kCommandQueueBytesMax;
    std::size_t group_bytes_target = limits::kGroupBytesTarget;
    std::size_t group_events_max = limits::kGroupEventsMax;
    std::size_t feed_events_max = limits::kFeedEventsMax;
    std::uint64_t run_events = limits::kRunEvents;  // where books are saved for the read models
    Feed::Runner runner = Feed::Runner::kOne;
    // Told of every command that is refused by the rules of custody, on the deciding thread: it must be short.
    std::function<void(const custody::Command&, const custody::Refusal&, Micros at)> on_refused = nullptr;
};

// The answer to "what is now?": nothing before `position` was or will be recorded after `at`, and nothing from
// `position` on was or will be recorded at or before it.
struct Observed {
    Micros at = 0;
    Position position = 0;
};

// Counts since the start.
struct Stats {
    std::uint64_t accepted = 0, refused = 0, repeated = 0, overloaded = 0;  // commands
    std::uint64_t groups = 0;                                               // appended
    std::size_t queued_commands = 0, queued_bytes = 0;                      // at this moment
};

class Sequencer {
public:
    // `books` are those of the log's head: kInternal where they are not. The threads run when it returns.
    static Result<std::unique_ptr<Sequencer>> start(log::EventLog& log, std::unique_ptr<custody::Books> books,
                                                    const Clock& clock, const Options& options = {});
    Sequencer(const Sequencer&) = delete;
    Sequencer& operator=(const Sequencer&) = delete;
    // Stops if stop() was not called.
    ~Sequencer();

    // Never waits. A full queue answers kOverloaded, a stopped engine kStopped, a batch over its bounds kInvalid, each
    // for every command and at once.
    void submit(std::unique_ptr<codec::CommandBatch> batch, Mode mode, Done done);

    [[nodiscard]] Feed& feed();

    // A record time that may be answered, with the position it stands for: every later event is stamped behind it.
    // Waits for the submission that is being decided. Events before `position` may not be durable yet: wait for
    // feed().wait_past(position - 1) before answering from them.
    [[nodiscard]] Observed observe_now();

    // Shows the books to `look` as they are between two submissions, events that are not durable yet included, and
    // tells for which moment and position that is; as with observe_now(), wait before answering. Nothing is decided
    // meanwhile: `look` must be short, and must neither throw nor call the sequencer. kStopped: the books are not to be
    // had. kTimeout: the deciding thread has not come to it by the deadline, and `look` is not called.
    [[nodiscard]] Result<Observed> inspect(const std::function<void(const custody::Books&, Micros now)>& look,
                                           Deadline deadline);

    // Takes no more commands, decides and writes what waits, and ends the threads. At the deadline whatever is still
    // waiting to be decided is answered with kStopped, and the runner is waited for no longer; only a write that the
    // disk has not finished is waited for beyond it. Then the feed is closed. The engine's failure, if it had one.
    Result<void> stop(Deadline deadline = after(limits::kStopTimeout));

    // Why the engine stopped by itself.
    [[nodiscard]] std::optional<Error> failure() const;

    [[nodiscard]] Stats stats() const;

private:
    class Impl;
    explicit Sequencer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace daybook::sequencer
