// Recent ids in memory: open addressing, one allocation for a whole table, nothing per entry.
//
// Threads: one thread inserts; any thread finds, at the same time and without a lock.
// Limits:  kIdsMax entries; the owner then seals the table and begins another.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/log/event_log.h"

namespace daybook::log::internal {

__extension__ using Wide = unsigned __int128;  // GCC's and clang's; not in ISO C++

// Hashes ids with a secret of this process, so that clients, who choose the ids, cannot pile them onto one slot.
class IdHasher {
public:
    IdHasher();  // a random secret
    [[nodiscard]] std::uint64_t operator()(const IdKey& key) const {
        const std::uint64_t a = mix(key.id.high ^ secret_[0], key.id.low ^ secret_[1]);
        return mix(a ^ key.kind, secret_[2]);
    }

private:
    static std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
        const auto product = static_cast<Wide>(a) * b;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }
    std::uint64_t secret_[3];
};

class IdTable {
public:
    static constexpr std::size_t kSlots = std::size_t{1} << 19;  // 12.6 MB
    static constexpr std::size_t kIdsMax = kSlots / 4 * 3;

    // A table of the ids brought in from `begin` on.
    IdTable(Position begin, const IdHasher& hasher);

    [[nodiscard]] Position begin() const { return begin_; }
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] std::size_t room() const { return kIdsMax - count_; }

    // There must be room. Of two entries with one key the first stays.
    void insert(std::span<const IdEntry> entries);
    [[nodiscard]] std::optional<Position> find(const IdKey& key, std::uint64_t hash) const;
    void prefetch(std::uint64_t hash) const { __builtin_prefetch(&slots_[hash % kSlots]); }
    // All entries in the order of their keys.
    [[nodiscard]] std::vector<IdEntry> sorted() const;

private:
    // `tag` is the kind in the top byte and the position below it; 0 is an empty slot. It is written last.
    struct Slot {
        std::atomic<std::uint64_t> high;
        std::atomic<std::uint64_t> low;
        std::atomic<std::uint64_t> tag;
    };
    struct Free {
        void operator()(Slot* slots) const;
    };

    void insert_one(const IdEntry& entry, std::uint64_t hash);

    Position begin_;
    const IdHasher& hasher_;
    std::size_t count_ = 0;
    std::unique_ptr<Slot[], Free> slots_;
};

}  // namespace daybook::log::internal
