// The store of one generation of the read models: layers in memory over the settled runs of a RocksDB database.
//
// Purpose.   Takes the changes of folded events, lets readers see all tables as of one published position, and settles
//            a run at each multiple of run_events: its changes of all views, the position and the books come into the
//            database in one atomic step. After a crash the store stands at such a position, and nothing is half there.
// Threads.   One thread folds: the functions under "The folding thread". read_point() and what it gives are for any
//            thread. The store owns the thread "views-settle", which writes runs while folding goes on.
// Failure.   A run that cannot be written fails the store: failure() says why, and what is folded after it is dropped.
// Limits.    One layer is filled while at most one other waits to be settled; then publish() waits.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "projections/store/layer.h"
#include "projections/store/tables.h"

namespace rocksdb {
class Iterator;
class Snapshot;
}  // namespace rocksdb

namespace daybook::projections {

class Database;

// What readers look at: constant but for the active layer, which only grows.
struct Layers {
    Position settled = 0;  // what `base` reaches
    std::shared_ptr<const rocksdb::Snapshot> base;
    std::shared_ptr<Database> database;
    std::vector<std::shared_ptr<const Layer>> all;  // the oldest first; the last one is being filled
};

class Scan;

// The tables as they were after the first `position` events. A value; cheap to copy. It holds back the release of
// memory and files, so do not keep one for long.
class ReadPoint {
public:
    ReadPoint(Position position, std::uint64_t run_events, std::shared_ptr<const Layers> layers)
        : position_(position), run_events_(run_events), layers_(std::move(layers)) {}

    [[nodiscard]] Position position() const { return position_; }

    // A row by its whole key, given as group and rest.
    [[nodiscard]] Result<bool> get(Table table, std::string_view group, std::string_view suffix,
                                   std::string& value) const;
    // Rows (or chunks, if the bounds are empty) with keys in [lower, upper), "" for no bound, in order.
    [[nodiscard]] Scan scan(Table table, std::string_view lower = {}, std::string_view upper = {}) const;
    [[nodiscard]] Scan scan_prefix(Table table, std::string_view prefix) const;
    // The entries of a list from positions in [from, to), in order. With `enough`, reading ends after so many or some
    // more.
    [[nodiscard]] Result<std::vector<ListEntry>> list(Table table, std::string_view group, Position from, Position to,
                                                      std::size_t enough = ~std::size_t{0}) const;
    // The same, one by one and without a copy; the bytes are good until it returns.
    [[nodiscard]] Result<void> each(Table table, std::string_view group, Position from, Position to,
                                    const std::function<void(Position, std::string_view)>& take,
                                    std::size_t enough = ~std::size_t{0}) const;

private:
    friend class Scan;
    Position position_;
    std::uint64_t run_events_;
    std::shared_ptr<const Layers> layers_;
};

// Forward over the rows of one table, memory and runs merged.
class Scan {
public:
    Scan(const ReadPoint& point, Table table, std::string_view lower, std::string_view upper);
    Scan(Scan&&) noexcept;
    ~Scan();

    // True if there is a row, false at the end or on damage: ask status() then.
    bool next();
    [[nodiscard]] std::string_view key() const;    // without the table's letter; until next()
    [[nodiscard]] std::string_view value() const;  // until next()
    [[nodiscard]] Result<void> status() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

struct StoreOptions {
    std::filesystem::path dir;
    std::uint64_t run_events = 0;
    std::size_t cache_bytes = 0;
    std::string identity;  // stored with each run and compared at open: ledger, format, run_events
    std::uint64_t segment_postings = limits::kViewSegmentPostingsMin;  // see accounts/postings.h
};

class Store {
public:
    // kForeign where the runs in `dir` have another identity.
    static Result<std::unique_ptr<Store>> open(const StoreOptions& options);
    // Lets a run that is being written end; a run that waits is dropped.
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    // What open() found: the books of the newest run; empty where there is none. Gives them up.
    [[nodiscard]] std::string take_book() { return std::move(book_); }

    // ---- The folding thread ----
    [[nodiscard]] Position folded() const { return folded_; }
    // The layer that takes the changes of the next event.
    [[nodiscard]] Layer& layer() { return *active_; }
    // What was put last, published or not.
    [[nodiscard]] Result<bool> latest(Table table, std::string_view key, std::string& value) const;
    // Everything that was put, of the event being folded too.
    [[nodiscard]] ReadPoint folding_point() const;
    void set_folded(Position position) { folded_ = position; }
    // At a multiple of run_events: what was folded becomes a run.
    void settle(std::string book);
    // What an open needed is read: settled runs may be merged beside. Otherwise they are from the next run on.
    Result<void> merge_settled();
    // Shows readers everything up to folded(). Waits while two runs are unsettled.
    void publish();
    // Folding cannot go on: readers are told the reason.
    void fail_with(Error reason);

    // ---- Any thread ----
    [[nodiscard]] Position position() const { return published_.load(std::memory_order_acquire); }
    [[nodiscard]] Position settled() const;
    // What readers see now; the failure, if there was one.
    [[nodiscard]] Result<ReadPoint> read_point() const;
    [[nodiscard]] std::optional<Error> failure() const;
    [[nodiscard]] std::uint64_t run_events() const { return options_.run_events; }
    [[nodiscard]] std::uint64_t segment_postings() const { return options_.segment_postings; }
    // Waits until every run that was given to settle() is in the database, or the store has failed.
    void wait_settled() const;
    // The directory goes when the last reader has gone.
    void remove_when_closed();

private:
    struct Pending {
        std::shared_ptr<const Layer> layer;
        Position to = 0;
        std::string book;
    };

    explicit Store(StoreOptions options) : options_(std::move(options)) {}
    void settle_loop();
    Result<void> write_run(const Pending& pending);
    void install_settled();
    void show(std::shared_ptr<const Layers> layers);

    const StoreOptions options_;
    std::shared_ptr<Database> database_;
    std::string book_;

    // The folding thread's.
    Position folded_ = 0;
    std::shared_ptr<ChunkPool> pool_ = std::make_shared<ChunkPool>();
    std::shared_ptr<Layer> active_;
    std::atomic<Position> published_{0};

    mutable std::mutex mutex_;
    mutable std::condition_variable moved_;
    std::shared_ptr<const Layers> layers_;
    std::vector<Pending> pending_;  // to be settled, the oldest first; the first may be in hand
    Position written_ = 0;          // what the database reaches; behind it by as much as is not published
    std::optional<Error> failure_;
    bool stopping_ = false;
    std::thread settler_;
};

}  // namespace daybook::projections
