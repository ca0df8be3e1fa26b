#include "engine/log/event_log.h"

#include <fcntl.h>
#include <pthread.h>
#include <rocksdb/file_system.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/base/assert.h"
#include "engine/base/limits.h"
#include "engine/crypto/digest.h"
#include "engine/log/internal/impl.h"
#include "engine/log/internal/upgrade.h"

namespace daybook::log {

namespace fs = std::filesystem;
using internal::Database;
using internal::Family;

namespace {

constexpr const char* kLedgerDir = "ledger";
constexpr const char* kUnfinishedDir = "ledger.new";  // a ledger that is being made
constexpr const char* kRunFile = "run.tmp";           // a run of ids that is being written

// An empty ledger in `path`, complete and synced.
Result<void> make_ledger(const Options& options, const std::string& path, const Meta& meta) {
    const std::string what = "making a ledger in " + path;
    std::unique_ptr<Database> database;
    DAYBOOK_TRY(internal::check(Database::open(options, path, Database::Mode::kCreate, database), what));
    rocksdb::WriteBatch batch;
    const auto put = [&](std::string_view name, const rocksdb::Slice& value) {
        return internal::check(batch.Put(database->family(Family::kMeta), internal::slice(name), value), what);
    };
    char format[4];
    put_be32(format, meta.format);
    char ledger[16];
    meta.ledger.store(ledger);
    const auto at = internal::position_key(static_cast<std::uint64_t>(meta.created_at));
    DAYBOOK_TRY(put(internal::kMetaFormat, {format, sizeof format}));
    DAYBOOK_TRY(put(internal::kMetaLedger, {ledger, sizeof ledger}));
    DAYBOOK_TRY(put(internal::kMetaCreatedAt, internal::slice(at)));
    DAYBOOK_TRY(put(internal::kMetaClock, internal::slice(at)));
    rocksdb::WriteOptions synced;
    synced.sync = true;
    DAYBOOK_TRY(internal::check(database->db().Write(synced, &batch), what));
    DAYBOOK_TRY(internal::check(database->close(), what));
    DAYBOOK_TRY(internal::DurableFile::create(options, path + "/DURABLE", {1, 0, meta.ledger}));
    return internal::sync_directory(path);
}

// Tiles as the tree's algorithms want them.
template <class Log>
class LogTiles : public TileSource {
public:
    explicit LogTiles(const Log& log) : log_(log) {}
    Result<std::vector<Hash>> tile(Tile tile, unsigned width) override { return log_.tile(tile, width); }

private:
    const Log& log_;
};

}  // namespace

Result<Meta> EventLog::create(const Options& options, LedgerId ledger, Micros now) {
    std::error_code error;
    fs::create_directories(options.dir, error);
    if (error) return tl::unexpected(internal::from_errno(error.value(), "cannot make " + options.dir.string()));
    DAYBOOK_ASSIGN(const internal::Owner owner, internal::Owner::take_directory(options.dir));
    const fs::path path = options.dir / kLedgerDir;
    if (fs::exists(path, error)) {
        return fail(ErrorCode::kExists, "there is a ledger in " + options.dir.string() + " already");
    }
    // Under another name until it is whole, so that a crash leaves a ledger or none.
    const fs::path unfinished = options.dir / kUnfinishedDir;
    fs::remove_all(unfinished, error);
    if (error) return tl::unexpected(internal::from_errno(error.value(), "cannot remove " + unfinished.string()));
    const Meta meta{ledger, kFormatVersion, now};
    const auto made = make_ledger(options, unfinished.string(), meta);
    if (!made) {
        fs::remove_all(unfinished, error);
        return tl::unexpected(made.error());
    }
    fs::rename(unfinished, path, error);
    if (error) return tl::unexpected(internal::from_errno(error.value(), "cannot name " + path.string()));
    DAYBOOK_TRY(internal::sync_directory(options.dir));
    return meta;
}

Result<std::unique_ptr<EventLog>> EventLog::open(const Options& options) {
    DAYBOOK_ASSERT(options.ids_of != nullptr);
    const fs::path path = options.dir / kLedgerDir;
    std::error_code error;
    if (!fs::exists(path, error)) {
        if (error && error.value() != ENOENT) {
            return tl::unexpected(internal::from_errno(error.value(), "cannot look into " + options.dir.string()));
        }
        return fail(ErrorCode::kNoLedger, "there is no ledger in " + options.dir.string());
    }
    DAYBOOK_ASSIGN(internal::Owner owner, internal::Owner::take(path / "OWNER"));
    auto impl = std::make_unique<Impl>(options, path.string(), std::move(owner));
    DAYBOOK_TRY(impl->open());
    return std::unique_ptr<EventLog>(new EventLog(std::move(impl)));
}

EventLog::EventLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventLog::~EventLog() = default;

Result<void> EventLog::close() { return impl_->close(); }
const Meta& EventLog::meta() const { return impl_->meta(); }
const Recovery& EventLog::recovery() const { return impl_->recovery(); }
Position EventLog::head() const { return impl_->head(); }
Micros EventLog::last_recorded_at() const { return impl_->clock(); }
Result<void> EventLog::keep_answered(Micros at) { return impl_->keep_answered(at); }
Micros EventLog::answered_at() const { return impl_->answered_at(); }
Result<void> EventLog::append(const Group& group) { return impl_->append(group); }
Cursor EventLog::scan(Position from, Position to) const { return impl_->scan(from, to, false); }
Result<std::optional<Position>> EventLog::find_id(const IdKey& key) const { return impl_->find_id(key); }

class IdReader::Impl : public internal::IdIndex::Reader {
    using Reader::Reader;
};
IdReader::IdReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
IdReader::IdReader(IdReader&&) noexcept = default;
IdReader& IdReader::operator=(IdReader&&) noexcept = default;
IdReader::~IdReader() = default;
void IdReader::prefetch(const IdKey& key) { impl_->prefetch(key); }
Result<std::optional<Position>> IdReader::find(const IdKey& key) { return impl_->find(key); }
IdReader EventLog::id_reader() const { return IdReader(std::make_unique<IdReader::Impl>(impl_->ids())); }
Result<VerifyReport> EventLog::verify(const Progress& progress) const { return impl_->verify(progress); }

Result<std::string> EventLog::read(Position position) const {
    Cursor cursor = impl_->scan(position, position + 1, true);
    DAYBOOK_ASSIGN(const bool found, cursor.next());
    if (!found) {
        return fail(ErrorCode::kNotFound, "there is no position " + std::to_string(position) + "; the log ends at " +
                                              std::to_string(head()));
    }
    return std::string(cursor.bytes());
}

Result<Hash> EventLog::root(Position size) const {
    DAYBOOK_TRY(impl_->check_size(size));
    LogTiles tiles(*impl_);
    return tree_root(size, tiles, internal::tree_hash());
}

Result<std::vector<Hash>> EventLog::inclusion_proof(Position leaf, Position size) const {
    DAYBOOK_TRY(impl_->check_size(size));
    LogTiles tiles(*impl_);
    return inclusion_path(leaf, size, tiles, internal::tree_hash());
}

Result<std::vector<Hash>> EventLog::consistency_proof(Position old_size, Position size) const {
    DAYBOOK_TRY(impl_->check_size(size));
    LogTiles tiles(*impl_);
    return consistency_path(old_size, size, tiles, internal::tree_hash());
}

EventLog::Impl::~Impl() { static_cast<void>(close()); }

Result<void> EventLog::Impl::check_size(Position size) const {
    if (size <= head()) return {};
    return fail(ErrorCode::kInvalid, "there is no tree of " + std::to_string(size) + " events; the log ends at " +
                                         std::to_string(head()));
}

Result<void> EventLog::Impl::open() {
    DAYBOOK_ASSIGN(const internal::Assessment found, internal::assess(options_, path_));
    // From here on RocksDB writes.
    const auto mode = found.cut_tail ? Database::Mode::kWriteUpToDamage : Database::Mode::kWrite;
    DAYBOOK_TRY(internal::check(Database::open(options_, path_, mode, database_), "opening the ledger in " + path_));
    recovery_.tail_cut = found.cut_tail;
    recovery_.note = found.note;
    DAYBOOK_TRY(internal::upgrade(*database_, found.meta.format, kFormatVersion, internal::upgrade_steps()));
    DAYBOOK_ASSIGN(meta_, internal::read_meta(*database_));
    DAYBOOK_ASSIGN(const internal::LogEnd end, internal::read_end(*database_));
    if (end.head != found.end.head) {
        return fail(ErrorCode::kInternal, "recovery reached position " + std::to_string(end.head) + " instead of " +
                                              std::to_string(found.end.head));
    }
    DAYBOOK_ASSIGN(const Micros clock, internal::read_clock(*database_));
    if (clock < end.recorded_at) {
        return fail(ErrorCode::kCorrupt, "the ledger's clock stands before its last event, position " +
                                             std::to_string(end.head - 1));
    }
    head_.store(end.head);
    clock_.store(clock);

    ids_ = std::make_unique<internal::IdIndex>(*database_, path_ + "/" + kRunFile,
                                               options_.run_events != 0 ? options_.run_events : limits::kRunEvents);
    DAYBOOK_ASSIGN(const Position settled, ids_->load());
    ids_->start([this](const Error& error) { static_cast<void>(poison(error)); });
    DAYBOOK_TRY(rebuild_edge(end.group_first));
    DAYBOOK_TRY(rebuild_ids(settled));

    // What is readable from now on counts as acknowledged, also if it was not before the crash.
    DAYBOOK_ASSIGN(durable_, internal::DurableFile::open(options_, path_ + "/DURABLE", found.mark));
    DAYBOOK_TRY(durable_->write(end.head));
    DAYBOOK_TRY(answered_.open(meta_.ledger));
    marked_ = end.head;
    marker_ = std::thread([this] { mark_durable(); });
    pthread_setname_np(marker_.native_handle(), "daybook-marker");
    return {};
}

// Tiles that the last group completed may not have been stored. So: the edge as it stood in front of that group, from
// stored tiles, and from there on the events.
Result<void> EventLog::Impl::rebuild_edge(Position last_group) {
    const Position base = last_group - last_group % kTileWidth;
    std::vector<std::vector<Hash>> levels(kTileLevels);
    for (unsigned level = 1; level < kTileLevels; ++level) {
        const std::uint64_t count = level_hashes(base, level);
        for (std::uint64_t i = count - count % kTileWidth; i < count; ++i) {
            DAYBOOK_ASSIGN(const std::vector<Hash> below, tile({static_cast<std::uint8_t>(level - 1), i}, kTileWidth));
            levels[level].push_back(fold(below, internal::tree_hash()));
        }
    }
    Edge edge(base, std::move(levels));
    std::vector<Hash> leaves;
    Cursor cursor = scan(base, kNoPosition, false);
    for (;;) {
        DAYBOOK_ASSIGN(const bool found, cursor.next());
        if (!found) break;
        leaves.push_back(leaf_hash(cursor.bytes()));
    }
    std::vector<Edge::FullTile> tiles = edge.grow(leaves, internal::tree_hash());
    const std::lock_guard lock(edge_mutex_);
    edge_ = std::move(edge);
    new_tiles_ = std::move(tiles);
    return {};
}

Result<void> EventLog::Impl::rebuild_ids(Position settled) {
    if (settled > head()) {
        return fail(ErrorCode::kCorrupt, "the ids reach position " + std::to_string(settled) + ", the log ends at " +
                                             std::to_string(head()));
    }
    std::vector<IdEntry> ids;
    Cursor cursor = scan(settled, kNoPosition, false);
    for (;;) {
        DAYBOOK_ASSIGN(const bool found, cursor.next());
        if (!found) break;
        const auto decoded = options_.ids_of(cursor.bytes(), cursor.position(), ids);
        if (!decoded) {
            const Error why = decoded.error().in("position " + std::to_string(cursor.position()));
            return fail(ErrorCode::kCorrupt, why.message);
        }
        const bool enough = ids.size() >= 4096 || cursor.position() + 1 == head();
        if (!enough) continue;
        DAYBOOK_TRY(ids_->add(ids, cursor.position() + 1));
        ids.clear();
    }
    recovery_.ids_rebuilt = head() - settled;
    return {};
}

Result<std::vector<Hash>> EventLog::Impl::tile(Tile tile, unsigned width) const {
    {
        const std::lock_guard lock(edge_mutex_);
        const std::span<const Hash> hashes = edge_.partial(tile);
        if (hashes.size() >= width) return std::vector<Hash>(hashes.begin(), hashes.end());
        for (const Edge::FullTile& full : new_tiles_) {
            if (full.tile == tile) return full.hashes;
        }
    }
    const std::string where = "tree tile " + tile_path(tile) + ", over positions from " +
                              std::to_string(tile.index << (kTileHeight * (tile.level + 1U)));
    rocksdb::PinnableSlice value;
    const auto key = internal::tile_key(tile);
    const rocksdb::Status status = database_->db().Get(rocksdb::ReadOptions(), database_->family(Family::kTree),
                                                       internal::slice(key), &value);
    if (status.IsNotFound()) return fail(ErrorCode::kCorrupt, where + ": is missing");
    DAYBOOK_TRY(internal::check(status, where));
    if (value.size() != kTileBytes) return fail(ErrorCode::kCorrupt, where + ": is malformed");
    std::vector<Hash> hashes(kTileWidth);
    std::memcpy(hashes.data(), value.data(), kTileBytes);
    return hashes;
}

Result<void> EventLog::Impl::close() {
    if (database_ == nullptr) return {};
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (marker_.joinable()) marker_.join();
    if (ids_ != nullptr) ids_->stop();
    Result<void> outcome;
    if (!poisoned_.load() && durable_ != nullptr) {
        if (marked_ != head()) outcome = durable_->write(head());
        // Into files, so that the next open has nothing to replay.
        std::vector<rocksdb::ColumnFamilyHandle*> families;
        for (const Family family : {Family::kLog, Family::kTree, Family::kIds, Family::kMeta}) {
            families.push_back(database_->family(family));
        }
        const auto flushed =
            internal::check(database_->db().Flush(rocksdb::FlushOptions(), families), "closing the ledger");
        if (outcome && !flushed) outcome = flushed;
    }
    const auto closed = internal::check(database_->close(), "closing the ledger");
    if (outcome && !closed) outcome = closed;
    database_.reset();
    durable_.reset();
    owner_.reset();
    return outcome;
}

}  // namespace daybook::log
