// What changed in the read models since the newest settled run: the recent part, in memory.
//
// Purpose.   One layer holds the changes of one run, at most limits::kRunEvents events, of every table. Versions of a
//            row are kept side by side, each marked with the number of events after which it counts, so that a reader
//            sees all tables as they were at one position while the folding goes on.
// Threads.   One thread changes it; any thread reads, without locks: nothing that was linked is changed or moved until
//            the layer is destroyed. A reader passes a position that it has learnt from the folding thread by an
//            acquiring load, and sees everything up to it.
// Limits.    Memory grows with the lines of a run's events; a version takes its bytes and about 24 more, and a group
//            about 50.
#pragma once

#include <array>
#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/limits.h"
#include "projections/store/tables.h"

namespace daybook::projections {

// One version of a row, or one entry of a list; its bytes follow it.
struct Entry {
    enum class Kind : std::uint8_t {
        kPut,
        kFresh,  // put, and the key was never there before: if it is erased in the same layer, nothing needs telling
        kErased,
    };
    const Entry* older = nullptr;  // of the same group
    std::uint32_t at = 0;          // seen by readers of Layer::from() + at events, and later
    std::uint32_t value_size = 0;
    std::uint16_t suffix_size = 0;
    Kind kind = Kind::kPut;

    [[nodiscard]] const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
    [[nodiscard]] std::string_view suffix() const { return {bytes(), suffix_size}; }
    [[nodiscard]] std::string_view value() const { return {bytes() + suffix_size, value_size}; }
};

// The rows or entries whose keys begin with the same bytes, the newest first. Two tables with the same groups, a
// piece's row and its history, share them: what one event changes is found once.
struct Group {
    // Where the next entries of a group of many lie one behind the other: an account's and a site's are thousands a
    // run, and following them all over memory was a fifth of the settling.
    struct Room {
        char* free = nullptr;
        std::size_t left = 0;
    };

    std::array<std::atomic<const Entry*>, 2> newest{};  // by TableInfo::share()
    std::uint64_t hash = 0;
    std::uint32_t key_size = 0;
    std::uint32_t entries = 0;  // the folding thread's, as is …
    Room* room = nullptr;       // … this

    [[nodiscard]] std::string_view key() const { return {reinterpret_cast<const char*>(this + 1), key_size}; }
};

// Memory for layers, handed from the one that is gone to the next: a run's worth of fresh pages costs more than filling
// them. Any thread.
class ChunkPool {
public:
    static constexpr std::size_t kChunkBytes = 1u << 20;
    std::unique_ptr<char[]> take();
    void give(std::vector<std::unique_ptr<char[]>>& chunks);

private:
    static constexpr std::size_t kKeptMax = limits::kViewPoolBytesMax / kChunkBytes;
    std::mutex mutex_;
    std::vector<std::unique_ptr<char[]>> free_;
};

class Layer {
public:
    // `like` is the layer before: this one is made for as many groups, which spares the growing.
    explicit Layer(Position from, std::shared_ptr<ChunkPool> pool = nullptr, const Layer* like = nullptr);
    ~Layer();
    Layer(const Layer&) = delete;
    Layer& operator=(const Layer&) = delete;

    [[nodiscard]] Position from() const { return from_; }

    // ---- The folding thread. `events`: how many events readers must have seen to see this. ----
    void put(Table table, std::string_view group, std::string_view suffix, std::string_view value, Position events,
             Entry::Kind kind = Entry::Kind::kPut);
    void erase(Table table, std::string_view group, std::string_view suffix, Position events);
    // An entry of a list, by the event at `position`.
    void append(Table table, std::string_view group, std::string_view entry, Position position);
    // A group to be kept, as long as the layer is filled, by whoever changes it often: it is looked up once.
    [[nodiscard]] Group& open(Table table, std::string_view group) { return group_for(table, group); }
    void append(Table table, Group& group, std::string_view entry, Position position);
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    // Asks for the memory that a change of the key will touch: near() some events before touch(), touch() some before
    // the change. A run's groups lie over a hundred megabytes, and waiting for them was two fifths of the folding.
    void near(Table table, std::string_view key) const;
    void touch(Table table, std::string_view key) const;

    // ---- Any thread ----
    [[nodiscard]] const Group* group(Table table, std::string_view key) const;
    // The newest version that readers of `events` see; nullptr: the layer says nothing of the key.
    [[nodiscard]] const Entry* find(Table table, std::string_view group, std::string_view suffix,
                                    Position events) const;
    // Every group there is at this moment, in no order.
    [[nodiscard]] std::vector<const Group*> groups(Table table) const;
    // The greatest mark that readers of `events` see.
    [[nodiscard]] std::uint32_t mark(Position events) const;
    [[nodiscard]] Position position_of(const Entry& list_entry) const { return from_ + list_entry.at - 1; }

private:
    // A place of the table: a group, and 16 bits of its hash where a pointer has none, so that a search reads hardly a
    // group in vain, each of which is a cache miss.
    class Place {
    public:
        Place() = default;
        Place(const Group* group, std::uint64_t hash);
        [[nodiscard]] bool empty() const { return bits_ == 0; }
        [[nodiscard]] bool may_be(std::uint64_t hash) const { return bits_ >> kTagShift == hash >> kTagShift; }
        [[nodiscard]] Group* group() const;

    private:
        static constexpr unsigned kTagShift = 48;
        std::uint64_t bits_ = 0;
    };
    // An open-addressing table of groups, doubled when three quarters full. The halves outgrown are kept: a reader may
    // be in one.
    struct Index {
        std::size_t size = 0;  // a power of two
        std::unique_ptr<std::atomic<Place>[]> slots;
    };
    struct TableState {
        std::atomic<const Index*> index{nullptr};
        std::vector<std::unique_ptr<Index>> all;
        std::size_t count = 0;
        Group* last = nullptr;  // that was changed: the next change is often to the same, as to a site
    };

    char* allocate(std::size_t size);
    char* allocate_in(Group& group, std::size_t size);
    Group& group_for(Table table, std::string_view key);
    void make_index(TableState& state, std::size_t size);
    void grow(TableState& state);
    void link(Table table, Group& group, std::string_view suffix, std::string_view value, std::uint32_t at,
              Entry::Kind kind);
    [[nodiscard]] TableState& state_of(Table table) { return tables_[static_cast<std::size_t>(info(table).index())]; }
    [[nodiscard]] const TableState& state_of(Table table) const {
        return tables_[static_cast<std::size_t>(info(table).index())];
    }

    const Position from_;
    const std::shared_ptr<ChunkPool> pool_;
    std::array<TableState, kTableCount> tables_;
    std::vector<std::unique_ptr<char[]>> chunks_;        // of ChunkPool::kChunkBytes
    std::vector<std::unique_ptr<char[]>> large_chunks_;  // for what does not fit
    char* free_ = nullptr;
    std::size_t free_size_ = 0;
    std::size_t bytes_ = 0;
};

// The position of an entry of a list, and its bytes.
struct ListEntry {
    Position position = 0;
    std::string bytes;
};

// A list's entries in a chunk: each the distance from the chunk's first position, a length, and the bytes. A chunk ends
// with its run, and when it has this many bytes.
inline constexpr std::size_t kChunkBytesMax = limits::kViewChunkBytesMax;

// What one layer says of one table, in order of the keys: rows that are there or erased, lists as chunks. The layer
// outlives it.
class LayerStream {
public:
    // Keys in [lower, upper), "" for no bound, as readers of `events` see them. Bounds are for tables of rows only.
    LayerStream(const Layer& layer, Table table, Position events, std::string_view lower = {},
                std::string_view upper = {});

    bool next();
    [[nodiscard]] std::string_view key() const { return key_; }      // without the table's letter; until next()
    [[nodiscard]] std::string_view value() const { return value_; }  // until next()
    [[nodiscard]] bool erased() const { return erased_; }

private:
    void take_groups();
    void enter(const Group& group);
    void take_rows(const Group& group);
    void ask_for_next_groups() const;
    bool next_row();
    bool next_chunk();

    const Layer& layer_;
    const TableInfo& table_;
    const std::uint32_t mark_;
    const std::string lower_, upper_;

    std::vector<const Group*> groups_;
    std::size_t next_group_ = 0;
    const Group* group_ = nullptr;
    std::vector<const Entry*> entries_;  // of group_, in order; of rows, those that count
    std::size_t next_entry_ = 0;

    // An entry, with what sorting needs beside it, so that it reads no entry: the first 16 bytes of the suffix, which
    // decide nearly always, and how old it is among those of its group.
    struct Ranked {
        std::uint64_t first = 0, second = 0;
        const Entry* entry = nullptr;
        std::uint32_t age = 0;
        std::uint16_t suffix_size = 0;
        Entry::Kind kind{};
    };
    static std::strong_ordering order(const Ranked& a, const Ranked& b);
    void take_newest_of_each_suffix();
    std::vector<Ranked> ranked_;  // kept for its memory

    std::string key_, chunk_;
    std::string_view value_;
    bool erased_ = false;
};

// The smallest key behind all that begin with `prefix`; "" where there is none.
std::string end_of_prefix(std::string_view prefix);

}  // namespace daybook::projections
