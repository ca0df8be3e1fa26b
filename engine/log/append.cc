// The write path: one group, one WriteBatch, one sync; and the marker that follows behind it.
#include <algorithm>

#include "engine/base/limits.h"
#include "engine/log/internal/impl.h"

namespace daybook::log {

using internal::Family;

Result<void> EventLog::Impl::check_group(const Group& group) const {
    const auto invalid = [](const std::string& what) { return fail(ErrorCode::kInvalid, "commit group: " + what); };
    const Position head = this->head();
    if (group.first != head) {
        return invalid("begins at " + std::to_string(group.first) + ", the head is " + std::to_string(head));
    }
    if (group.ends.empty() || group.ends.back() != group.bytes.size()) return invalid("its bytes and ends differ");
    std::uint32_t begin = 0;
    for (const std::uint32_t end : group.ends) {
        if (end <= begin) return invalid("an empty event");
        if (end - begin > limits::kEventBytesMax) return invalid("an event above kEventBytesMax");
        begin = end;
    }
    if (group.last_recorded_at < clock()) return invalid("recorded before the group before it");
    Position last = group.first;
    std::size_t of_event = 0;
    for (const IdEntry& id : group.ids) {
        if (id.key.kind == 0) return invalid("an id of kind 0");
        if (id.position < last || id.position - group.first >= group.ends.size()) return invalid("ids out of order");
        of_event = id.position == last ? of_event + 1 : 1;
        if (of_event > limits::kEventIdsMax) return invalid("an event with more ids than kEventIdsMax");
        last = id.position;
    }
    return {};
}

// Cuts the group into blocks, each as many events as fit in kBlockBytesMax, at least one.
void EventLog::Impl::put_blocks(const Group& group) {
    const std::string_view bytes = group.bytes;
    const std::size_t count = group.ends.size();
    for (std::size_t first = 0; first < count;) {
        std::size_t block_bytes = internal::kBlockHeaderBytes;
        std::size_t end = first;
        for (; end < count; ++end) {
            const std::size_t begin = end == 0 ? 0 : group.ends[end - 1];
            const std::size_t framed = internal::framed_bytes(group.ends[end] - begin);
            if (end > first && block_bytes + framed > limits::kBlockBytesMax) break;
            block_bytes += framed;
        }
        block_.clear();
        block_.reserve(block_bytes);
        internal::put_block_header(block_, {static_cast<std::uint32_t>(end - first), static_cast<std::uint32_t>(first),
                                            static_cast<std::uint32_t>(count), group.last_recorded_at});
        for (std::size_t i = first; i < end; ++i) {
            const std::size_t begin = i == 0 ? 0 : group.ends[i - 1];
            internal::put_event(block_, bytes.substr(begin, group.ends[i] - begin));
        }
        const auto key = internal::position_key(group.first + first);
        batch_.Put(database_->family(Family::kLog), internal::slice(key), block_).PermitUncheckedError();
        first = end;
    }
}

// The tiles that the group before completed.
void EventLog::Impl::put_tiles() {
    for (const Edge::FullTile& full : new_tiles_) {
        const auto key = internal::tile_key(full.tile);
        const rocksdb::Slice value(reinterpret_cast<const char*>(full.hashes.data()), kTileBytes);
        batch_.Put(database_->family(Family::kTree), internal::slice(key), value).PermitUncheckedError();
    }
}

Result<void> EventLog::Impl::append(const Group& group) {
    if (poisoned_.load(std::memory_order_acquire)) {
        const std::lock_guard lock(mutex_);
        return tl::unexpected(*poison_);
    }
    DAYBOOK_TRY(check_group(group));

    // An error of Put is an error of Write: the batch remembers it.
    batch_.Clear();
    put_blocks(group);
    put_tiles();
    const auto clock = internal::position_key(static_cast<std::uint64_t>(group.last_recorded_at));
    batch_.Put(database_->family(Family::kMeta), internal::slice(internal::kMetaClock), internal::slice(clock))
        .PermitUncheckedError();

    // While this thread waits for the disk, the worker hashes the group. So the tiles that it completes are stored with
    // the next group; after a crash open() makes them anew.
    rocksdb::WriteOptions synced;
    synced.sync = true;
    const Position end = group.first + group.ends.size();
    worker_.begin(group, edge_);  // only this thread writes the edge, so that reading it needs no lock
    const auto written = internal::check(
        database_->db().Write(synced, &batch_),
        "writing the positions " + std::to_string(group.first) + " to " + std::to_string(end - 1));
    internal::Grown grown = worker_.finish();
    if (!written) return poison(written.error());

    const auto indexed = ids_->add(group.ids, end);
    if (!indexed) return poison(indexed.error());
    {
        const std::lock_guard lock(edge_mutex_);
        edge_ = std::move(grown.edge);
        new_tiles_ = std::move(grown.tiles);
    }
    clock_.store(group.last_recorded_at, std::memory_order_release);
    head_.store(end, std::memory_order_release);
    wake_.notify_one();
    return {};
}

Result<void> EventLog::Impl::poison(Error error) {
    const std::lock_guard lock(mutex_);
    if (!poison_) {
        poison_ = Error{error.code, "the log has stopped: " + error.message};
        poisoned_.store(true, std::memory_order_release);
    }
    return tl::unexpected(*poison_);
}

void EventLog::Impl::mark_durable() {
    // Half the lag is for waiting, so that a burst costs one mark, and half for the write and its sync.
    constexpr auto kGather = limits::kDurableMarkerLag / 2;
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        // append() does not take the mutex to notify, so that it may be missed: look again in time.
        wake_.wait_for(lock, kGather, [this] { return stopping_ || head() > marked_; });
        if (stopping_) return;
        if (head() <= marked_) continue;
        wake_.wait_for(lock, kGather, [this] { return stopping_; });
        if (stopping_) return;
        lock.unlock();
        const Position head = this->head();
        const auto written = durable_->write(head);
        if (!written) {
            static_cast<void>(poison(written.error()));
            return;
        }
        marked_ = head;
        lock.lock();
    }
}

}  // namespace daybook::log
