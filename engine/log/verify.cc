// Re-reading everything. Two passes in bounded memory, beside one another: the log from end to end, against the tree
// and the recent ids; and the settled ids, whose entries must be those that the events bring in, no more and no fewer.
// SHA-256 of the events and of the tree, which is two thirds of it all, has a thread of its own.
//
// The second comparison is by sums: every entry is hashed, the hashes of both sides are added up, and equal sums mean
// equal sets. Looking up each id instead would read the runs at random. Only when the sums differ are the ids looked up
// one by one, to name the position. The hash is two multiplications with a secret that each verification draws anew, so
// that nobody can have prepared entries whose sums agree; SHA-256 here took a quarter of the whole.
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "engine/crypto/digest.h"
#include "engine/log/internal/impl.h"

namespace daybook::log {
namespace {

using internal::Family;

// A secret of one verification, and the hash that it keys: 128 bits of an entry.
class EntryHash {
public:
    struct Value {
        std::uint64_t first = 0, second = 0;
    };

    EntryHash() {
        std::random_device random;
        for (std::uint64_t& word : secret_) word = (std::uint64_t{random()} << 32 | random()) | 1;
    }
    [[nodiscard]] Value operator()(const IdEntry& entry) const {
        const Uuid& id = entry.key.id;
        const std::uint64_t tag = std::uint64_t{entry.key.kind} << 56 ^ entry.position;
        return {mix(mix(id.high ^ secret_[0], id.low ^ secret_[1]) ^ tag, secret_[2]),
                mix(mix(id.low ^ secret_[3], id.high ^ secret_[4]) ^ tag, secret_[5])};
    }

private:
    static std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
        const auto product = static_cast<internal::Wide>(a) * b;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }
    std::uint64_t secret_[6];
};

class EntrySum {
public:
    void add(const EntryHash::Value& hash) {
        first_ += hash.first;
        second_ += hash.second;
        ++count_;
    }
    [[nodiscard]] std::uint64_t count() const { return count_; }
    friend bool operator==(const EntrySum&, const EntrySum&) = default;

private:
    std::uint64_t first_ = 0, second_ = 0, count_ = 0;
};

std::string at(Position position) { return "position " + std::to_string(position); }

// Events on their way from the thread that reads them to the one that hashes them.
struct Sheaf {
    std::string bytes;
    std::vector<std::size_t> ends;

    void add(std::string_view event) {
        bytes.append(event);
        ends.push_back(bytes.size());
    }
    [[nodiscard]] bool full() const { return ends.size() >= kEventsMax || bytes.size() >= kBytesMax; }
    void clear() {
        bytes.clear();
        ends.clear();
    }

private:
    static constexpr std::size_t kEventsMax = 256;
    static constexpr std::size_t kBytesMax = 256u << 10;
};

// A few sheaves, handed on in order.
class Sheaves {
public:
    // Waits while too many are under way. False: nobody will take it.
    bool put(Sheaf& sheaf) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return ready_.size() < kUnderWayMax || closed_; });
        if (closed_) return false;
        ready_.push_back(std::move(sheaf));
        sheaf = {};
        if (!free_.empty()) {
            sheaf = std::move(free_.back());
            free_.pop_back();
        }
        changed_.notify_all();
        return true;
    }
    // Takes the next one, for the one that is given back. False: there is none, nor will be.
    bool take(Sheaf& sheaf) {
        std::unique_lock lock(mutex_);
        sheaf.clear();
        free_.push_back(std::move(sheaf));
        changed_.wait(lock, [this] { return !ready_.empty() || closed_; });
        if (ready_.empty()) return false;
        sheaf = std::move(ready_.front());
        ready_.pop_front();
        changed_.notify_all();
        return true;
    }
    // By either side: nothing more comes, or nothing more is wanted.
    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        changed_.notify_all();
    }

private:
    static constexpr std::size_t kUnderWayMax = 16;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Sheaf> ready_;
    std::vector<Sheaf> free_;
    bool closed_ = false;
};

}  // namespace

class EventLog::Impl::Verifier {
public:
    Verifier(const Impl& log, const Progress& progress)
        : log_(log), progress_(progress), runs_(log.database_->files(Family::kIds)), head_(log.head()) {
        read_.fill_cache = false;
        read_.readahead_size = 1 << 20;
    }

    // An error is damage, unless cancelled().
    Result<void> run() {
        DAYBOOK_TRY(read_markers());
        Result<void> summed, hashed;
        std::thread summing([&] { summed = beside("daybook-verify", [this] { return sum_runs(); }); });
        std::thread hashing([&] {
            hashed = beside("verify-hash", [this] { return hash_events(); });
            sheaves_.close();
        });
        const Result<void> walked = walk();
        sheaves_.put(sheaf_);  // where the walk ended early too: damage before that comes first
        sheaves_.close();
        hashing.join();
        if (!walked || !hashed) enough_.store(true, std::memory_order_relaxed);
        summing.join();
        if (!cancelled_) DAYBOOK_TRY(hashed);  // of events before the one at which the walk ended
        DAYBOOK_TRY(walked);
        DAYBOOK_TRY(summed);
        DAYBOOK_ASSIGN(const Hash stored, stored_root());
        if (stored != report_.root) {
            return fail(ErrorCode::kCorrupt, at(head_) + ": the tree's root is not the events'");
        }
        report_.ids = from_runs_.count() + recent_;
        if (from_log_ == from_runs_) return {};
        return find_difference();
    }
    [[nodiscard]] bool cancelled() const { return cancelled_; }
    [[nodiscard]] VerifyReport& report() { return report_; }

private:
    // Runs on a thread of its own; nothing it throws leaves that.
    template <class Work>
    static Result<void> beside(const char* name, Work work) {
        pthread_setname_np(pthread_self(), name);
        try {
            return work();
        } catch (const std::exception& exception) {
            return fail(ErrorCode::kInternal, std::string(name) + ": " + exception.what());
        }
    }

    Result<void> told(Position done) {
        if (!progress_ || progress_(done, head_)) return {};
        cancelled_ = true;
        return fail(ErrorCode::kStopped, "verification was stopped at " + at(done));
    }

    // How far the settled ids reach, and how many they are said to be. Markers stand before all ids of their file.
    Result<void> read_markers() {
        std::map<Position, internal::RunMarker> markers;  // by where their runs begin
        for (const std::string& name : runs_.names) {
            DAYBOOK_ASSIGN(const auto run, log_.database_->open_file(Family::kIds, name));
            // A look-up would not find an id that another file says is erased; read alone, its file has it.
            const auto properties = run->GetTableProperties();
            if (properties->num_deletions != 0 || properties->num_range_deletions != 0) {
                return fail(ErrorCode::kCorrupt, "the ledger's file " + name + " erases ids, which are kept for ever");
            }
            const std::unique_ptr<rocksdb::Iterator> it(run->NewIterator(rocksdb::ReadOptions()));
            for (it->SeekToFirst(); it->Valid() && it->key().size() != internal::kIdKeyBytes; it->Next()) {
                DAYBOOK_ASSIGN(const internal::RunMarker marker,
                               internal::parse_run_marker(internal::view(it->key()), internal::view(it->value())));
                markers.emplace(marker.begin, marker);
            }
            DAYBOOK_TRY(internal::check(it->status(), "reading the markers of the id runs"));
        }
        for (const auto& [begin, marker] : markers) {
            if (begin != settled_) {
                return fail(ErrorCode::kCorrupt, at(settled_) + ": the run of its ids is missing");
            }
            settled_ = marker.end;
            announced_ += marker.ids;
        }
        return {};
    }

    // Calls with every settled id until that says no or fails. File by file, since sums know no order: RocksDB's
    // iterator over all of them merges them, which was a third of reading them.
    template <class Take>
    Result<void> each_settled(Take take) {
        const std::string below = "positions below " + std::to_string(settled_);
        for (const std::string& name : runs_.names) {
            DAYBOOK_ASSIGN(const auto run, log_.database_->open_file(Family::kIds, name));
            const std::unique_ptr<rocksdb::Iterator> it(run->NewIterator(read_));
            bool markers = true;
            for (it->SeekToFirst(); it->Valid(); it->Next()) {
                markers = markers && it->key().size() != internal::kIdKeyBytes;
                if (markers) continue;
                if (it->key().size() != internal::kIdKeyBytes) {
                    return fail(ErrorCode::kCorrupt, "among the ids of " + below + " is a key that is none");
                }
                DAYBOOK_ASSIGN(const IdEntry entry, entry_of(*it));
                DAYBOOK_ASSIGN(const bool more, take(entry));
                if (!more) return {};
            }
            DAYBOOK_TRY(internal::check(it->status(), "reading the ids of " + below));
        }
        return {};
    }

    // Beside walk(), on a thread of its own, which touches the runs and from_runs_ and nothing else.
    Result<void> sum_runs() {
        bool all = true;
        const auto add = [&](const IdEntry& entry) -> Result<bool> {
            from_runs_.add(hash_(entry));
            all = from_runs_.count() % 65'536 != 0 || !enough_.load(std::memory_order_relaxed);
            return all;
        };
        DAYBOOK_TRY(each_settled(add));
        if (!all || announced_ == from_runs_.count()) return {};
        return fail(ErrorCode::kCorrupt, "the ids of the positions below " + std::to_string(settled_) + " are " +
                                             std::to_string(from_runs_.count()) + ", their runs were written with " +
                                             std::to_string(announced_));
    }

    static Result<IdEntry> entry_of(const rocksdb::Iterator& it) {
        const rocksdb::Slice key = it.key();
        const IdEntry entry{{static_cast<std::uint8_t>(key[0]), Uuid::load(key.data() + 1)},
                            it.value().size() == 8 ? get_be64(it.value().data()) : kNoPosition};
        if (it.value().size() == 8) return entry;
        return fail(ErrorCode::kCorrupt, "the entry of the id " + entry.key.id.text() + " is malformed");
    }

    Result<void> ids_of(const Cursor& cursor) {
        ids_.clear();
        const auto decoded = log_.options_.ids_of(cursor.bytes(), cursor.position(), ids_);
        if (decoded) return {};
        return fail(ErrorCode::kCorrupt, at(cursor.position()) + ": " + decoded.error().message);
    }

    // Every event: its place and its ids. Its bytes go on to be hashed.
    Result<void> walk() {
        Cursor cursor = log_.scan(0, head_, false);
        for (;;) {
            DAYBOOK_ASSIGN(const bool found, cursor.next());
            if (!found) break;
            const Position position = cursor.position();
            DAYBOOK_TRY(ids_of(cursor));
            for (const IdEntry& id : ids_) DAYBOOK_TRY(check_id(id));
            sheaf_.add(cursor.bytes());
            if (sheaf_.full() && !sheaves_.put(sheaf_)) return {};  // why is known to hash_events()
            report_.events = position + 1;
            report_.event_bytes += cursor.bytes().size();
            if (cursor.block_begins()) ++report_.blocks;
            if (report_.events % 16'384 == 0) DAYBOOK_TRY(told(report_.events));
        }
        return told(head_);
    }

    // Every event's leaf in the tree. Leaves go into the tree a tile at a time. On a thread of its own, which touches
    // the tree's part of the report and nothing else of the walk's.
    Result<void> hash_events() {
        Edge edge;
        std::vector<Hash> leaves;
        leaves.reserve(kTileWidth);
        const auto grow = [&]() -> Result<void> {
            for (const Edge::FullTile& full : edge.grow(leaves, internal::tree_hash())) DAYBOOK_TRY(compare(full));
            leaves.clear();
            return {};
        };
        for (Sheaf sheaf; sheaves_.take(sheaf);) {
            std::size_t begin = 0;
            for (const std::size_t end : sheaf.ends) {
                leaves.push_back(leaf_hash(std::string_view(sheaf.bytes).substr(begin, end - begin)));
                begin = end;
                if (leaves.size() == kTileWidth) DAYBOOK_TRY(grow());
            }
        }
        DAYBOOK_TRY(grow());
        report_.root = root_of(edge);
        return {};
    }

    // From the perfect subtrees, widest first: the highest level's hashes stand furthest to the left, and of one level
    // the bits of their number tell how they are grouped.
    static Hash root_of(const Edge& edge) {
        const TreeHash& hash = internal::tree_hash();
        std::vector<Hash> subtrees;
        for (unsigned level = kTileLevels; level-- > 0;) {
            const Tile tile{static_cast<std::uint8_t>(level), level_hashes(edge.size(), level) / kTileWidth};
            std::span<const Hash> hashes = edge.partial(tile);
            while (!hashes.empty()) {
                const std::size_t width = std::bit_floor(hashes.size());
                subtrees.push_back(fold(hashes.first(width), hash));
                hashes = hashes.subspan(width);
            }
        }
        if (subtrees.empty()) return hash.empty;
        Hash root = subtrees.back();
        for (std::size_t i = subtrees.size() - 1; i-- > 0;) root = hash.interior(subtrees[i], root);
        return root;
    }

    Result<void> compare(const Edge::FullTile& full) {
        DAYBOOK_ASSIGN(const std::vector<Hash> stored, log_.tile(full.tile, kTileWidth));
        ++report_.tiles;
        for (std::uint64_t i = 0; i < kTileWidth; ++i) {
            if (stored[i] == full.hashes[i]) continue;
            const std::uint64_t first = (full.tile.index * kTileWidth + i) << (kTileHeight * full.tile.level);
            return fail(ErrorCode::kCorrupt, at(first) + ": the tree (" + tile_path(full.tile) +
                                                 ") has another hash than the events stored there");
        }
        return {};
    }

    Result<void> check_id(const IdEntry& id) {
        if (id.position < settled_) {
            from_log_.add(hash_(id));
            return {};
        }
        ++recent_;
        DAYBOOK_ASSIGN(const std::optional<Position> found, log_.ids_->find(id.key));
        return same(id, found);
    }

    static Result<void> same(const IdEntry& id, std::optional<Position> found) {
        if (found == id.position) return {};
        return fail(ErrorCode::kCorrupt, at(id.position) + ": its id " + id.key.id.text() + " is " +
                                             (found ? "said to be at " + at(*found) : "not in the index"));
    }

    Result<Hash> stored_root() const {
        class Tiles : public TileSource {
        public:
            explicit Tiles(const Impl& log) : log_(log) {}
            Result<std::vector<Hash>> tile(Tile tile, unsigned width) override { return log_.tile(tile, width); }

        private:
            const Impl& log_;
        } tiles(log_);
        return tree_root(head_, tiles, internal::tree_hash());
    }

    // The sums differ: which id is it? First those that an event has and the runs do not, then the other way round.
    Result<void> find_difference() {
        Cursor cursor = log_.scan(0, settled_, false);
        for (;;) {
            DAYBOOK_ASSIGN(const bool found, cursor.next());
            if (!found) break;
            DAYBOOK_TRY(ids_of(cursor));
            for (const IdEntry& id : ids_) {
                DAYBOOK_ASSIGN(const std::optional<Position> settled, log_.ids_->find_settled(id.key));
                DAYBOOK_TRY(same(id, settled));
            }
        }
        const auto find_event = [&](const IdEntry& entry) -> Result<bool> {
            Cursor one = log_.scan(entry.position, entry.position + 1, false);
            DAYBOOK_ASSIGN(const bool found, one.next());
            if (found) DAYBOOK_TRY(ids_of(one));
            if (found && std::find(ids_.begin(), ids_.end(), entry) != ids_.end()) return true;
            return fail(ErrorCode::kCorrupt, at(entry.position) + ": the index has the id " + entry.key.id.text() +
                                                 " for it, which its event does not bring in");
        };
        DAYBOOK_TRY(each_settled(find_event));
        return fail(ErrorCode::kCorrupt, "the ids of the positions below " + std::to_string(settled_) +
                                             " are not those of the events");
    }

    const Impl& log_;
    const Progress& progress_;
    const internal::Database::Files runs_;  // of the settled ids
    const Position head_;  // taken afterwards, so that what is settled in those files lies below
    rocksdb::ReadOptions read_;
    VerifyReport report_;
    const EntryHash hash_;
    Position settled_ = 0;
    std::uint64_t announced_ = 0;
    Sheaf sheaf_;      // of walk()
    Sheaves sheaves_;  // from walk() to hash_events()
    std::atomic<bool> enough_{false};  // the walk has found damage, or was stopped
    EntrySum from_runs_;
    EntrySum from_log_;
    std::uint64_t recent_ = 0;
    std::vector<IdEntry> ids_;
    bool cancelled_ = false;
};

Result<VerifyReport> EventLog::Impl::verify(const Progress& progress) const {
    Verifier verifier(*this, progress);
    const Result<void> sound = verifier.run();
    if (!sound) {
        if (verifier.cancelled()) return tl::unexpected(sound.error());
        verifier.report().damage = sound.error();
    }
    return std::move(verifier.report());
}

}  // namespace daybook::log
