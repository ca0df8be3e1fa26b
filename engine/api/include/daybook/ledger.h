// Daybook as a library: one ledger in one data directory, embedded in a program.
//
//   #include <daybook/ledger.h>
//
//   auto ledger = daybook::Ledger::open({.dir = "daybook-data"});
//   if (!ledger) ...                                       // ledger.error().message says what is wrong
//   std::string answer = (*ledger)->submit_json(R"({"event_id": "0190…", …})");   // {"position": 17, …}
//
// Purpose.   Opens the log, replays what the read models lack, and runs the engine: commands in, durable answers out,
//            questions answered from the read models. Commands and answers are JSON or encoded protobuf
//            (daybook.v1, schemas/daybook/v1), so that a program that embeds the ledger needs no header but this.
// Ownership. A Ledger owns its data directory in this process and, by a lock, on this machine.
// Threads.   Every function may be called from any thread. The ledger has threads of its own: seq-decide, seq-write,
//            views-fold, views-settle, and those of the store.
// Failure.   Nothing throws. A failed write or sync stops the ledger: failure() says why, every later command is
//            answered with E_STOPPED, and only a new open() goes on. Questions are still answered.
// Limits.    engine/base/limits.h. A full queue is an answer (E_OVERLOADED), given at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/base/limits.h"
#include "engine/base/time.h"

namespace daybook {

// For Daybook's own modules; a program that embeds the ledger needs none of them.
namespace log {
class EventLog;
}
namespace sequencer {
class Sequencer;
class RefusedLog;
}
namespace projections {
class Views;
}

// The two ways to submit several commands: each for itself, or all or none.
enum class SubmitMode : std::uint8_t { kIndependent, kAtomic };

// What became of one command.
struct CommandAnswer {
    Position position = kNoPosition;    // of its event; kNoPosition: there is none, see `code`
    Position batch_last = kNoPosition;  // the last position of its atomic batch; its own, outside one
    Micros recorded_at = 0;
    bool repeated = false;              // known already: this is the first answer again
    std::string code;                   // empty: accepted; else why not: "E_ALREADY_OUT", "E_OVERLOADED" …

    [[nodiscard]] bool accepted() const { return code.empty(); }
    // One line: {"position": P, …} or {"error": {"code": "E_…", "message": …, …}}. Made when it is asked for.
    [[nodiscard]] std::string json() const;

    struct Refused;  // all that the refusal says
    std::shared_ptr<const Refused> refused;
};

struct LedgerOptions {
    std::filesystem::path dir;     // the data directory
    const Clock* clock = nullptr;  // record time; nullptr: the machine's. Outlives the ledger

    // Called during open(), with what is being done and how far it is; false ends it with kStopped.
    std::function<bool(std::string_view what, Position done, Position of)> progress = nullptr;

    // Leave the read models that are there and build them anew: for views that are damaged.
    bool rebuild_views = false;

    // Positions to a sorted run, of ids and of read models; 0: limits::kRunEvents. The same in every open of one
    // directory. For tests.
    std::uint64_t run_events = 0;
};

// What open() found.
struct OpenReport {
    std::string recovery;    // for a person: an unacknowledged tail that was cut off; empty: nothing
    Position replayed = 0;   // events that were read to bring the read models to the head
};

// What was recorded up to a moment: nothing before `position` is recorded after `at`, everything else will be.
struct KnownAt {
    Micros at = 0;
    Position position = 0;
};

class Ledger {
public:
    using Done = std::function<void(std::vector<CommandAnswer>)>;
    using DoneJson = std::function<void(std::string)>;

    // Makes an empty ledger in `dir`: its directory, its id (a random one where none is given), and nothing else. The
    // first command must be a LedgerCreated. kExists, kNotWritable, kDiskFull.
    static Result<LedgerId> create(const std::filesystem::path& dir, std::optional<LedgerId> id = std::nullopt);

    // kNoLedger, kInUse (another process has it), kNotWritable, kNewerFormat, kForeign, kCorrupt, kDiskFull, kIo.
    static Result<std::unique_ptr<Ledger>> open(LedgerOptions options);

    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;
    // Closes, dropping errors; call close() to see them.
    ~Ledger();

    // Takes no more commands, finishes what was taken, lets the read models catch up, and releases the directory. At
    // the deadline, what is not decided yet is answered with E_STOPPED. Idempotent; nothing else may follow.
    Result<void> close(Deadline deadline = after(limits::kStopTimeout));

    // ---- Commands ----

    // Encoded commands (daybook.v1.Command); the bytes are copied. Never waits: `done` gets one answer a command, in
    // order, when all are durable or refused, on a thread of the ledger or within this call. It must be short and must
    // not close the ledger. An atomic batch with a malformed command is refused as a whole.
    void submit(std::span<const std::string_view> commands, SubmitMode mode, Done done);

    // The same, waiting. At the deadline the answers are E_TIMEOUT: the outcome is unknown, and the same commands may
    // be sent again.
    std::vector<CommandAnswer> submit(std::span<const std::string_view> commands, SubmitMode mode,
                                      Deadline deadline = after(limits::kHttpTimeout));

    // One command as JSON, or {"commands": [ … ]}, or {"atomic": true, "commands": [ … ]}. One line of JSON back:
    // {"position": P, …} or {"error": {"code": "E_…", …}}, which of an atomic batch stands for the whole; for several
    // independent commands {"answers": [ … ]}.
    void submit_json(std::string_view json, DoneJson done);
    std::string submit_json(std::string_view json, Deadline deadline = after(limits::kHttpTimeout));

    // ---- Questions ----

    // A question as the HTTP door takes it below /v1/ ("items/0190…/history?rows=10", percent-encoded;
    // engine/server/PROTOCOL.md lists them). The answer as JSON: a message of schemas/daybook/v1/view.proto or
    // report.proto. kNotFound, kInvalid, kTimeout, kCorrupt.
    Result<std::string> ask(std::string_view question);

    // ---- What is there ----

    [[nodiscard]] LedgerId id() const;
    [[nodiscard]] const OpenReport& report() const;
    // The number of durable events, which is the next position.
    [[nodiscard]] Position head() const;
    // Waits until `events` events are durable, or until the read models reflect as many; false at the deadline.
    [[nodiscard]] bool wait_durable(Position events, Deadline deadline) const;
    [[nodiscard]] bool wait_for(Position events, Deadline deadline) const;
    // The RFC 6962 Merkle root over the first `events` events.
    [[nodiscard]] Result<Hash> root(Position events) const;
    // Stored events [from, to) in order, as hashed (daybook.v1.Event). `event` returns false to end. The position
    // reached.
    Result<Position> events(Position from, Position to,
                            const std::function<bool(Position, std::string_view event)>& event) const;
    // A moment that may be answered for: every later event is recorded after it, also after a crash and with a clock
    // that was set back. Waits until what was recorded up to it is durable.
    Result<KnownAt> known_now();
    // The same for a moment of one's own; kInvalid where it is still to come.
    Result<KnownAt> known_at(Micros at);
    // Why the ledger stopped by itself.
    [[nodiscard]] std::optional<Error> failure() const;

    // ---- For Daybook's own modules ----

    [[nodiscard]] log::EventLog& event_log();
    [[nodiscard]] sequencer::Sequencer& engine();
    [[nodiscard]] projections::Views& views();
    [[nodiscard]] const sequencer::RefusedLog& refused_log() const;

private:
    class Impl;
    explicit Ledger(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace daybook
