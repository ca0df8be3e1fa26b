#include "engine/log/internal/id_index.h"

#include <pthread.h>
#include <rocksdb/sst_file_writer.h>

#include <algorithm>

#include "engine/base/assert.h"
#include "engine/base/bytes.h"

namespace daybook::log::internal {
namespace {

// Markers have the kind 0, which no id has, so that they stand before all ids.
constexpr char kMarkerKind = 0;
constexpr std::size_t kMarkerKeyBytes = 9;
constexpr std::size_t kHashesAtOnce = 4096;

std::string positions(Position begin, Position end) {
    return "positions " + std::to_string(begin) + " to " + std::to_string(end - 1);
}

}  // namespace

std::array<char, 9> run_marker_key(Position end) {
    std::array<char, kMarkerKeyBytes> key;
    key[0] = kMarkerKind;
    put_be64(key.data() + 1, end);
    return key;
}

std::string run_marker_value(const RunMarker& marker) {
    std::string value;
    append_be64(value, marker.begin);
    append_be64(value, marker.ids);
    return value;
}

Result<RunMarker> parse_run_marker(std::string_view key, std::string_view value) {
    if (key.size() != kMarkerKeyBytes || value.size() != 16) {
        return fail(ErrorCode::kCorrupt, "a marker of the id runs is malformed");
    }
    return RunMarker{get_be64(value.data()), get_be64(key.data() + 1), get_be64(value.data() + 8)};
}

IdIndex::IdIndex(Database& database, std::string scratch, std::uint64_t run_events)
    : database_(database), scratch_(std::move(scratch)), run_events_(run_events) {}

IdIndex::~IdIndex() { stop(); }

Result<Position> IdIndex::load() {
    const char after_markers[] = {kMarkerKind + 1};
    const rocksdb::Slice bound(after_markers, 1);
    rocksdb::ReadOptions read;
    read.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> it(database_.db().NewIterator(read, database_.family(Family::kIds)));
    Position settled = 0;
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
        DAYBOOK_ASSIGN(const RunMarker marker, parse_run_marker(view(it->key()), view(it->value())));
        if (marker.begin != settled) {
            return fail(ErrorCode::kCorrupt, "the id run of " + positions(settled, marker.begin) + " is missing");
        }
        settled = marker.end;
    }
    DAYBOOK_TRY(check(it->status(), "reading the markers of the id runs behind position " + std::to_string(settled)));
    settled_ = settled;
    active_ = std::make_shared<IdTable>(settled, hasher_);
    filter_full_.store(settled == 0);
    const std::lock_guard lock(mutex_);
    publish();
    return settled;
}

void IdIndex::start(std::function<void(const Error&)> on_failure) {
    on_failure_ = std::move(on_failure);
    {
        const std::lock_guard lock(mutex_);
        started_ = true;
    }
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "daybook-ids");
}

void IdIndex::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

Position IdIndex::limit() const {
    return (active_->begin() / run_events_ + 1) * run_events_;  // rounds down to the run that `begin` is in
}

Result<void> IdIndex::add(std::span<const IdEntry> ids, Position end) {
    std::size_t next = 0;
    for (;;) {
        const Position last = std::min(limit(), end);
        const auto upto = std::partition_point(ids.begin() + static_cast<std::ptrdiff_t>(next), ids.end(),
                                               [&](const IdEntry& id) { return id.position < last; });
        std::span<const IdEntry> part = ids.subspan(next, static_cast<std::size_t>(upto - ids.begin()) - next);
        Position covered = last;
        if (part.size() > active_->room()) {
            // The table is full: cut before the first event whose ids do not all fit.
            covered = part[active_->room()].position;
            std::size_t fits = active_->room();
            while (fits > 0 && part[fits - 1].position == covered) --fits;
            DAYBOOK_ASSERT(fits > 0 || active_->count() > 0);  // append() bounds the ids of one event
            part = part.first(fits);
        }
        active_->insert(part);
        next += part.size();
        if (covered == end && covered < limit()) return {};
        DAYBOOK_TRY(seal(covered));
        if (covered == end) return {};
    }
}

Result<void> IdIndex::seal(Position end) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !started_ || stopping_ || failure_ || sealed_.size() < kSealedMax; });
    if (failure_) return tl::unexpected(*failure_);
    sealed_.push_back({active_, end});
    active_ = std::make_shared<IdTable>(end, hasher_);
    publish();
    lock.unlock();
    changed_.notify_all();
    return {};
}

void IdIndex::publish() {
    auto tables = std::make_shared<Tables>();
    tables->push_back(active_);
    for (auto it = sealed_.rbegin(); it != sealed_.rend(); ++it) tables->push_back(it->table);
    tables_ = std::move(tables);
    version_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const IdIndex::Tables> IdIndex::tables() const {
    const std::lock_guard lock(mutex_);
    return tables_;
}

Result<std::optional<Position>> IdIndex::find(const IdKey& key) const { return find_in(*tables(), key); }

Result<std::optional<Position>> IdIndex::find_in(const Tables& tables, const IdKey& key) const {
    const std::uint64_t hash = hasher_(key);
    // The tables first: an id leaves them only after the filter and the runs have it.
    for (const auto& table : tables) {
        if (const auto position = table->find(key, hash)) return position;
    }
    if (filter_full_.load(std::memory_order_acquire) && !filter_.may_contain(hash)) {
        return std::optional<Position>();
    }
    return find_settled(key);
}

// A table that is begun is published before ids go into it, and one that has left is kept here until this looks again:
// it still holds what it held.
const IdIndex::Tables& IdIndex::Reader::tables() {
    const std::uint64_t version = index_.version_.load(std::memory_order_acquire);
    if (tables_ == nullptr || version != version_) {
        tables_ = index_.tables();
        version_ = version;  // of before: at worst it looks once more
    }
    return *tables_;
}

void IdIndex::Reader::prefetch(const IdKey& key) {
    const std::uint64_t hash = index_.hasher_(key);
    for (const auto& table : tables()) table->prefetch(hash);
    index_.filter_.prefetch(hash);
}

Result<std::optional<Position>> IdIndex::Reader::find(const IdKey& key) { return index_.find_in(tables(), key); }

Result<std::optional<Position>> IdIndex::find_settled(const IdKey& key) const {
    rocksdb::PinnableSlice value;
    const auto bytes = id_key(key);
    const rocksdb::Status status =
        database_.db().Get(rocksdb::ReadOptions(), database_.family(Family::kIds), slice(bytes), &value);
    if (status.IsNotFound()) return std::optional<Position>();
    DAYBOOK_TRY(check(status, "looking up the id " + key.id.text()));
    if (value.size() != 8) return fail(ErrorCode::kCorrupt, "the entry of the id " + key.id.text() + " is malformed");
    return std::optional<Position>(get_be64(value.data()));
}

void IdIndex::run() {
    Result<bool> filled = fill_filter();
    Result<void> outcome;
    if (!filled) outcome = tl::unexpected(filled.error());
    std::unique_lock lock(mutex_);
    while (outcome) {
        changed_.wait(lock, [&] { return stopping_ || !sealed_.empty(); });
        if (stopping_) return;
        const Sealed sealed = sealed_.front();
        lock.unlock();
        outcome = settle(sealed);
        lock.lock();
        if (outcome) {
            settled_ = sealed.end;
            sealed_.pop_front();
            publish();
            changed_.notify_all();
        }
    }
    failure_ = outcome.error();
    const bool report = !stopping_;
    lock.unlock();
    changed_.notify_all();
    if (report) on_failure_(outcome.error());
}

Result<bool> IdIndex::fill_filter() {
    if (filter_full_.load()) return true;
    rocksdb::ReadOptions read;
    read.fill_cache = false;
    read.readahead_size = 1 << 20;
    // File by file, since a filter knows no order: see EventLog::Impl::Verifier.
    const Database::Files files = database_.files(Family::kIds);
    std::vector<std::uint64_t> hashes;
    for (const std::string& name : files.names) {
        DAYBOOK_ASSIGN(const auto file, database_.open_file(Family::kIds, name));
        const std::unique_ptr<rocksdb::Iterator> it(file->NewIterator(read));
        for (it->SeekToFirst(); it->Valid(); it->Next()) {
            const rocksdb::Slice key = it->key();
            if (key.size() != kIdKeyBytes) continue;
            hashes.push_back(hasher_({static_cast<std::uint8_t>(key[0]), Uuid::load(key.data() + 1)}));
            if (hashes.size() < kHashesAtOnce) continue;
            filter_.add(hashes);
            hashes.clear();
            const std::lock_guard lock(mutex_);
            if (stopping_) return false;
        }
        DAYBOOK_TRY(check(it->status(), "reading the id runs"));
    }
    filter_.add(hashes);
    filter_full_.store(true, std::memory_order_release);
    return true;
}

Result<void> IdIndex::settle(const Sealed& sealed) {
    const std::string what = "settling the ids of " + positions(sealed.table->begin(), sealed.end);
    const std::vector<IdEntry> entries = sealed.table->sorted();
    rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), database_.file_options(Family::kIds),
                                  database_.family(Family::kIds));
    DAYBOOK_TRY(check(database_.clear(scratch_), what));
    DAYBOOK_TRY(check(writer.Open(scratch_), what));
    const auto marker_key = run_marker_key(sealed.end);
    DAYBOOK_TRY(check(writer.Put(slice(marker_key),
                                 run_marker_value({sealed.table->begin(), sealed.end, entries.size()})), what));
    for (const IdEntry& entry : entries) {
        const auto key = id_key(entry.key);
        const auto value = position_key(entry.position);
        DAYBOOK_TRY(check(writer.Put(slice(key), slice(value)), what));
    }
    DAYBOOK_TRY(check(writer.Finish(), what));
    DAYBOOK_TRY(check(database_.ingest(Family::kIds, scratch_), what));
    std::vector<std::uint64_t> hashes;
    hashes.reserve(entries.size());
    for (const IdEntry& entry : entries) hashes.push_back(hasher_(entry.key));
    filter_.add(hashes);
    return {};
}

std::size_t IdIndex::memory_bytes() const {
    const std::lock_guard lock(mutex_);
    return filter_.bytes() + tables_->size() * IdTable::kSlots * 24;
}

}  // namespace daybook::log::internal
