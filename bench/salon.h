// The salon that the workloads of the whole engine work on: pieces in a vault, signed out to a case and in again.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "bench/harness.h"
#include "engine/codec/command_codec.h"
#include "engine/log/event_log.h"
#include "engine/sequencer/sequencer.h"

#include <daybook/ledger.h>

namespace daybook::bench {

inline constexpr std::size_t kBatch = 1'000;    // commands to a batch …
inline constexpr std::size_t kInFlight = 8;     // … and batches that wait for their answer
inline constexpr std::size_t kIdChars = 36;

// Ids from a seed, as text: every run has the same. Ascending ones begin with a number that grows, as time-ordered
// UUIDs do; the rest of them is random too.
class Ids {
public:
    enum class Order : std::uint8_t { kRandom, kAscending };
    explicit Ids(std::uint64_t seed, Order order = Order::kRandom) : random_(seed), order_(order) {}
    const char* next();  // valid until the next call

private:
    std::mt19937_64 random_;
    Order order_;
    std::uint64_t count_ = 0;
    char text_[kIdChars + 1] = {};
};

// A command, encoded once, whose ids are patched in: making commands costs next to nothing.
class Pattern {
public:
    explicit Pattern(const std::string& json);
    const std::string& with(const char* event, const char* item, const char* obligation);

private:
    [[nodiscard]] std::vector<std::size_t> places(const char* id) const;
    void patch(const std::vector<std::size_t>& places, const char* id);

    std::string bytes_;
    std::vector<std::size_t> event_, item_, obligation_;
};
// A piece leaves the vault for a case, with a witness, and comes back. 1-line events.
Pattern signed_out();
Pattern signed_in();
// A piece was damaged at a time that has passed, which is found out now.
Pattern damaged_late(Micros at);
// So many sign-outs, encoded, each of another piece with ids of its own.
std::vector<std::string> sign_outs(std::size_t count);
// A count of the vault (Pattern's obligation is its name): it opens, sees pieces, is signed by the second counter.
Pattern count_opened();
Pattern count_scanned(std::span<const std::string> pieces);
Pattern count_attested();

// A ledger at work.
class Rig {
public:
    // Whether commands may be refused, which a workload of mistakes expects; elsewhere it is the end of the benchmark.
    enum class Refusals : std::uint8_t { kNone, kCounted };

    // A new ledger in `dir`, with its read models or (what sequencer and log alone can do) without.
    Rig(const std::filesystem::path& dir, bool views, Refusals refusals = Refusals::kNone);
    // One that is open already.
    explicit Rig(std::unique_ptr<Ledger> ledger) : ledger_(std::move(ledger)) {}
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;
    ~Rig();

    [[nodiscard]] Refusals refusals() const { return refusals_; }
    projections::Views& views() { return ledger_->views(); }
    sequencer::Sequencer& engine() { return ledger_ ? ledger_->engine() : *sequencer_; }
    log::EventLog& log() { return ledger_ ? ledger_->event_log() : *log_; }
    Ledger& ledger() { return *ledger_; }  // with read models only
    void wait_for_views();

    // Waits for room among the batches in flight.
    void send(std::unique_ptr<codec::CommandBatch> batch);
    // Waits until everything sent is answered.
    void drain();
    // Ends the engine as a clean stop does.
    void close();

private:
    void take(const std::vector<sequencer::Answer>& answers);

    Refusals refusals_ = Refusals::kNone;
    std::unique_ptr<Ledger> ledger_;
    std::unique_ptr<log::EventLog> log_;
    std::unique_ptr<sequencer::Sequencer> sequencer_;
    std::mutex mutex_;
    std::condition_variable answered_;
    std::size_t in_flight_ = 0;
};

// Commands, sent in batches of kBatch.
class Batcher {
public:
    explicit Batcher(Rig& rig) : rig_(rig) {}
    void add(const std::string& encoded);
    void flush();

private:
    Rig& rig_;
    std::unique_ptr<codec::CommandBatch> batch_;
};

struct Pieces {
    std::vector<std::string> ids;
    std::vector<bool> out;
};
// The salon is founded and `count` pieces are registered; nothing else has happened to them.
Pieces register_pieces(Rig& rig, std::size_t count);
// The same, and they are received, inspected and put away, 1,000 lines an event.
Pieces furnish(Rig& rig, std::size_t count);
// Pieces that lie in the vault now; one page of them.
Pieces pieces_in_vault(Rig& rig);

// Encoded sign-outs and sign-ins of pieces at random, which must be sent in this order.
class Moves {
public:
    Moves(Pieces& pieces, std::uint64_t seed, Ids::Order order = Ids::Order::kRandom)
        : pieces_(pieces), ids_(seed, order), random_(seed + 1) {}
    const std::string& next();  // valid until the next call

private:
    Pieces& pieces_;
    Ids ids_;
    std::mt19937_64 random_;
    Pattern out_ = signed_out();
    Pattern in_ = signed_in();
};

}  // namespace daybook::bench
