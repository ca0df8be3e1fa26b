// The parts of an open EventLog. Shared by the sources that implement it: event_log.cc, append.cc, cursor.cc,
// verify.cc.
#pragma once

#include <rocksdb/write_batch.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/ledger/merkle.h"
#include "engine/log/event_log.h"
#include "engine/log/internal/block.h"
#include "engine/log/internal/answered.h"
#include "engine/log/internal/durable.h"
#include "engine/log/internal/id_index.h"
#include "engine/log/internal/owner.h"
#include "engine/log/internal/recovery.h"
#include "engine/log/internal/rocks.h"
#include "engine/log/internal/tree_worker.h"

namespace daybook::log {

namespace internal {
// SHA-256 with RFC 6962's prefixes.
const TreeHash& tree_hash();
}  // namespace internal

struct Cursor::State {
    std::unique_ptr<rocksdb::Iterator> it;
    Position next = 0;  // the position that the next step must find
    Position to = 0;
    bool sought = false;
    Position group_first = 0;
    internal::BlockReader block;
    std::string_view event;
    std::optional<Error> failure;

    Result<bool> step();
    Result<void> seek();        // to the block that holds `next`
    Result<void> open_block();  // the iterator's, which must begin at `next` or, after seek(), at or before it
};

// Members in the order of their making; they go in the opposite one.
class EventLog::Impl {
public:
    Impl(Options options, std::string path, internal::Owner owner)
        : options_(std::move(options)), path_(std::move(path)), owner_(std::move(owner)) {}
    ~Impl();

    Result<void> open();
    Result<void> close();
    Result<void> append(const Group& group);
    Result<std::optional<Position>> find_id(const IdKey& key) const { return ids_->find(key); }
    [[nodiscard]] const internal::IdIndex& ids() const { return *ids_; }
    Result<VerifyReport> verify(const Progress& progress) const;

    [[nodiscard]] Cursor scan(Position from, Position to, bool fill_cache) const;
    [[nodiscard]] const Meta& meta() const { return meta_; }
    [[nodiscard]] const Recovery& recovery() const { return recovery_; }
    [[nodiscard]] Position head() const { return head_.load(std::memory_order_acquire); }
    [[nodiscard]] Micros clock() const { return clock_.load(std::memory_order_acquire); }
    Result<void> keep_answered(Micros at) { return answered_.keep(at); }
    [[nodiscard]] Micros answered_at() const { return answered_.at(); }

    // Full tiles from the `tree` family, the others from the edge in memory.
    Result<std::vector<Hash>> tile(Tile tile, unsigned width) const;
    Result<void> check_size(Position size) const;

private:
    // At open.
    Result<void> rebuild_edge(Position last_group);
    Result<void> rebuild_ids(Position settled);

    // append.cc
    Result<void> check_group(const Group& group) const;
    void put_blocks(const Group& group);
    void put_tiles();
    Result<void> poison(Error error);
    void mark_durable();  // the marker thread

    // verify.cc
    class Verifier;

    Options options_;
    std::string path_;
    std::optional<internal::Owner> owner_;
    std::unique_ptr<internal::Database> database_;
    Meta meta_;
    Recovery recovery_;
    std::unique_ptr<internal::DurableFile> durable_;
    internal::AnsweredTime answered_{options_, path_ + "/ANSWERED"};
    std::unique_ptr<internal::IdIndex> ids_;

    mutable std::mutex edge_mutex_;
    // Guarded; written by the log writer only. Tiles that became full with the newest group are not in the database
    // yet.
    Edge edge_;
    std::vector<Edge::FullTile> new_tiles_;

    std::atomic<Position> head_{0};
    std::atomic<Micros> clock_{0};

    // The log writer's, kept for their memory.
    rocksdb::WriteBatch batch_;
    std::string block_;
    internal::TreeWorker worker_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;        // guarded by mutex_
    std::optional<Error> poison_;  // guarded by mutex_
    std::atomic<bool> poisoned_{false};
    Position marked_ = 0;          // the marker thread's, close()'s after it
    std::thread marker_;
};

}  // namespace daybook::log
