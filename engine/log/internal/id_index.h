// Where each unique id was brought in: recent ids in tables in memory, older ones in sorted runs on disk. FORMAT.md §4.
//
// A table covers the ids of run_events positions, from a multiple of it to the next (fewer, if they bring in more ids
// than a table holds). When the log has passed it, it is sealed, and the background thread settles it: sorts it,
// writes it as a sorted file with a marker that says which positions it covers, and has RocksDB take it in. What is
// not settled when the process ends is rebuilt from the log. Tables and their limits depend on the events alone, not
// on how they were grouped or when.
//
// Threads: add() is the log writer's; find() is for any thread; run() is the background thread's.
// Limits:  kSealedMax tables wait to be settled; add() then waits too. A failure to settle is reported once, to
// on_failure.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "engine/log/internal/id_filter.h"
#include "engine/log/internal/id_table.h"
#include "engine/log/internal/rocks.h"

namespace daybook::log::internal {

// What a run's marker says: it holds the ids of the positions in [begin, end).
struct RunMarker {
    Position begin = 0;
    Position end = 0;
    std::uint64_t ids = 0;
};
std::array<char, 9> run_marker_key(Position end);
std::string run_marker_value(const RunMarker& marker);
Result<RunMarker> parse_run_marker(std::string_view key, std::string_view value);

class IdIndex {
public:
    static constexpr std::size_t kSealedMax = 4;

    // `database` must outlive this. `scratch` is a file to write runs to.
    IdIndex(Database& database, std::string scratch, std::uint64_t run_events);
    ~IdIndex();  // stops

    // Reads the markers: the position up to which ids are settled. kCorrupt if a run is missing in between.
    Result<Position> load();
    // Starts the background thread. Before it, add() settles nothing and waits for nothing.
    void start(std::function<void(const Error&)> on_failure);
    // Ends the background thread; what is not settled is left to the next open. Idempotent.
    void stop();

    // The ids of the events up to `end`, which follow on those of the call before. kIo and the like: see on_failure.
    Result<void> add(std::span<const IdEntry> ids, Position end);
    [[nodiscard]] Result<std::optional<Position>> find(const IdKey& key) const;
    // The same for one thread that asks often: it takes the lock only when a table was begun or has left.
    class Reader {
    public:
        explicit Reader(const IdIndex& index) : index_(index) {}
        void prefetch(const IdKey& key);
        [[nodiscard]] Result<std::optional<Position>> find(const IdKey& key);

    private:
        const std::vector<std::shared_ptr<const IdTable>>& tables();

        const IdIndex& index_;
        std::uint64_t version_ = 0;
        std::shared_ptr<const std::vector<std::shared_ptr<const IdTable>>> tables_;
    };
    // Past the filter and the tables: what the runs say.
    [[nodiscard]] Result<std::optional<Position>> find_settled(const IdKey& key) const;

    [[nodiscard]] std::size_t memory_bytes() const;

private:
    struct Sealed {
        std::shared_ptr<IdTable> table;
        Position end = 0;
    };
    using Tables = std::vector<std::shared_ptr<const IdTable>>;  // newest first

    [[nodiscard]] Position limit() const;  // where the active table's positions end at the latest
    Result<void> seal(Position end);
    void publish();  // with mutex_ held
    void run();
    Result<void> settle(const Sealed& sealed);
    Result<bool> fill_filter();  // false: stopped before it was full
    [[nodiscard]] std::shared_ptr<const Tables> tables() const;
    [[nodiscard]] Result<std::optional<Position>> find_in(const Tables& tables, const IdKey& key) const;

    Database& database_;
    const std::string scratch_;
    const std::uint64_t run_events_;
    IdHasher hasher_;
    IdFilter filter_;                       // background thread adds
    std::atomic<bool> filter_full_{false};  // it has all settled ids: what it does not know is not in the runs
    std::shared_ptr<IdTable> active_;       // log writer's

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::shared_ptr<const Tables> tables_;  // guarded
    std::atomic<std::uint64_t> version_{0};  // of tables_; written with the mutex held
    std::deque<Sealed> sealed_;             // guarded
    bool started_ = false;                  // guarded
    bool stopping_ = false;                 // guarded
    std::optional<Error> failure_;          // guarded
    Position settled_ = 0;                  // guarded
    std::function<void(const Error&)> on_failure_;
    std::thread thread_;
};

}  // namespace daybook::log::internal
