// The durable, ordered log of events: the one truth of a ledger. FORMAT.md beside this file says what lies on disk.
//
// Purpose.   Appends commit groups (one RocksDB WriteBatch, one sync each), reads events by position, finds the
//            position of a unique id, and keeps the RFC 6962 Merkle tree over all events. It does not look into
//            events: they are bytes, hashed and stored exactly as given.
// Ownership. The data directory's "ledger/" belongs to one EventLog in one process (flock on ledger/OWNER). Cursors
//            must go before their log.
// Threads.   One thread at a time calls append(). Everything else is for any thread, also while append() runs; readers
//            see durable events only. The log owns three threads: hashing, settling ids, the durable marker.
// Failure.   A failed write or sync, wherever it happens, poisons the log: every later append fails with the first
//            reason, and reading goes on. Stored bytes that are not what was written are kCorrupt with the position.
//            A failed open() changes nothing that a later open() could need.
// Limits.    engine/base/limits.h: kBlockBytesMax, kEventBytesMax, kGroupEventsMax, kRunEvents.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/base/time.h"

namespace rocksdb {
class FileSystem;  // NOLINT: RocksDB's, named only so that tests can pass one in
}

namespace daybook::log {

// The format that this version writes; FORMAT.md lists all.
inline constexpr std::uint32_t kFormatVersion = 1;

// A key that may occur once in the whole log: a kind (1..255) and 16 bytes.
struct IdKey {
    std::uint8_t kind = 0;
    Uuid id;

    friend constexpr auto operator<=>(const IdKey&, const IdKey&) = default;
};
// The kinds in use. The log itself only asks that a kind is not 0.
inline constexpr std::uint8_t kEventIdKind = 1;       // the event id
inline constexpr std::uint8_t kObligationIdKind = 2;  // the obligation id, at the event that opened it
inline constexpr std::uint8_t kEpcIdKind = 3;         // first 16 bytes of SHA-256 of the epc, at its registration

struct IdEntry {
    IdKey key;
    Position position = 0;

    friend constexpr auto operator<=>(const IdEntry&, const IdEntry&) = default;
};

// Appends to `out` the unique ids that the event brought in, exactly those that its Group carried in `ids`. Called from
// open() and verify(), so it must be safe on any thread. Bytes that cannot be decoded are an
// error, which is reported as damage at that position.
using IdsOf = std::function<Result<void>(std::string_view event, Position position, std::vector<IdEntry>& out)>;

struct Options {
    std::filesystem::path dir;  // the data directory; the log lies in dir/"ledger"
    IdsOf ids_of;               // required by open()

    enum class Compression { kNone, kLz4, kZstd };
    Compression compression = Compression::kNone;  // of event blocks in sorted files; any mix can be read

    std::size_t write_buffer_bytes = 64u << 20;    // events in memory before a flush; bounds the WAL to be replayed
    std::size_t cache_bytes = 64u << 20;           // RocksDB's block cache: indexes, filters and hot blocks
    std::uint64_t run_events = 0;                  // positions to a run of ids; 0: limits::kRunEvents. For tests.
    std::shared_ptr<rocksdb::FileSystem> file_system;  // nullptr: the machine's. For tests.
};

struct Meta {
    LedgerId ledger;
    std::uint32_t format = 0;
    Micros created_at = 0;
};

// One commit group: durable as a whole or not at all.
struct Group {
    Position first = 0;               // must be the head
    std::string bytes;                // encoded events, back to back
    std::vector<std::uint32_t> ends;  // ends[i]: offset in `bytes` just behind event i; not empty, increasing
    std::vector<IdEntry> ids;         // the unique ids that these events bring in, positions not decreasing
    Micros last_recorded_at = 0;      // record time of the last event; never less than that of the group before

    void clear() {  // keeps the memory, so that groups can be reused
        bytes.clear();
        ends.clear();
        ids.clear();
    }
};

// What open() found and did.
struct Recovery {
    bool tail_cut = false;   // an unacknowledged, torn group was cut off the end
    std::string note;        // for a person: what was cut; empty if nothing
    Position ids_rebuilt = 0;  // events read to rebuild the recent ids
};

struct VerifyReport {
    Position events = 0;
    std::uint64_t event_bytes = 0;
    std::uint64_t blocks = 0;
    std::uint64_t tiles = 0;
    std::uint64_t ids = 0;        // in runs and in memory
    Hash root{};                  // of `events` leaves, recomputed from the event bytes
    std::optional<Error> damage;  // the first, with its position; what came before it is sound
};
// Called now and then with how far verify() is; false stops it.
using Progress = std::function<bool(Position done, Position of)>;

class EventLog;

// find_id() for one thread that looks up many ids: without a lock, and with the memory it will touch asked for ahead.
// Move-only; must go before the log.
class IdReader {
public:
    IdReader(IdReader&&) noexcept;
    IdReader& operator=(IdReader&&) noexcept;
    ~IdReader();

    // Worth its while some hundred nanoseconds before find().
    void prefetch(const IdKey& key);
    [[nodiscard]] Result<std::optional<Position>> find(const IdKey& key);

private:
    friend class EventLog;
    class Impl;
    explicit IdReader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// Forward over durable events. Move-only; for one thread; must go before the log. Holds back the release of the
// files it reads, so do not keep one for hours: make a new one.
class Cursor {
public:
    Cursor(Cursor&&) noexcept;
    Cursor& operator=(Cursor&&) noexcept;
    ~Cursor();

    // Steps to the next event (the first, on the first call): true if there is one, false at the end of the range.
    // kCorrupt with the position when blocks are missing, overlap or are damaged; the cursor then stays there.
    Result<bool> next();

    [[nodiscard]] Position position() const;
    [[nodiscard]] std::string_view bytes() const;        // valid until next()
    [[nodiscard]] bool block_begins() const;             // the event is the first of its block
    [[nodiscard]] Position group_first() const;          // of the commit group that the event came in
    [[nodiscard]] Position group_end() const;            // one past the last of that group
    [[nodiscard]] Micros group_recorded_at() const;      // record time of the group's last event

private:
    friend class EventLog;
    struct State;
    explicit Cursor(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

class EventLog {
public:
    // Makes an empty ledger in options.dir (made if need be), all or nothing. kExists, kNotWritable, kDiskFull.
    static Result<Meta> create(const Options& options, LedgerId ledger, Micros now);

    // kNoLedger, kInUse, kNotWritable, kNewerFormat, kCorrupt (with a position), kDiskFull, kIo.
    static Result<std::unique_ptr<EventLog>> open(const Options& options);

    EventLog(const EventLog&) = delete;
    EventLog& operator=(const EventLog&) = delete;
    // Closes, dropping a late error; call close() to see it.
    ~EventLog();

    // Settles the durable marker, flushes and releases the directory. Idempotent. Nothing else may be called after it.
    Result<void> close();

    [[nodiscard]] const Meta& meta() const;
    [[nodiscard]] const Recovery& recovery() const;

    // The number of durable events, which is the next position.
    [[nodiscard]] Position head() const;
    // The record clock's high-water mark: no later event may be recorded before it.
    [[nodiscard]] Micros last_recorded_at() const;

    // Remembers, synced, that questions were answered as of a record time: no later event may be recorded at or before
    // it. Needed where nothing is recorded behind it yet. answered_at(): the greatest, 0 where there is none.
    Result<void> keep_answered(Micros at);
    [[nodiscard]] Micros answered_at() const;

    // Makes the group durable. When it returns, its events, ids and tree are visible, in this order: ids, tree, head.
    // kInvalid: the group is malformed or not at the head (nothing was written, the log lives on). Any other error
    // poisons the log.
    Result<void> append(const Group& group);

    // The bytes of one event. kNotFound behind the head.
    [[nodiscard]] Result<std::string> read(Position position) const;
    // The durable events in [from, to), `to` cut down to the head at this moment.
    [[nodiscard]] Cursor scan(Position from, Position to = kNoPosition) const;

    // Where the id was brought in. Only durable events count: ids of groups that are being decided or synced are for
    // the sequencer to remember until their append() has returned. A new id costs a look into memory (measured
    // 0.1 to 0.3 µs), an old one may cost a read.
    [[nodiscard]] Result<std::optional<Position>> find_id(const IdKey& key) const;
    // The same for one that looks up many; see IdReader.
    [[nodiscard]] IdReader id_reader() const;

    // RFC 6962 over the first `size` events: the tree's head, the path of one leaf, and the proof that the tree of
    // `old_size` is a prefix. kInvalid for sizes behind the head or a leaf not in the tree.
    [[nodiscard]] Result<Hash> root(Position size) const;
    [[nodiscard]] Result<std::vector<Hash>> inclusion_proof(Position leaf, Position size) const;
    [[nodiscard]] Result<std::vector<Hash>> consistency_proof(Position old_size, Position size) const;

    // Re-reads everything up to the head at this moment: blocks, density, leaf hashes against tiles, and ids in both
    // directions. In bounded memory. An Error only if it could not go on (cancelled, closed); damage is in the report.
    [[nodiscard]] Result<VerifyReport> verify(const Progress& progress = {}) const;

private:
    class Impl;
    explicit EventLog(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace daybook::log
