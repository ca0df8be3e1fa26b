#include "engine/log/internal/id_filter.h"

#include "engine/base/limits.h"
#include "engine/log/internal/id_table.h"

namespace daybook::log::internal {
namespace {

// The block comes from the hash's upper bits, the eight bits in it from a second mixing, six for each word.
std::size_t block_of(std::uint64_t hash, std::size_t blocks) {
    return static_cast<std::size_t>((static_cast<Wide>(hash) * blocks) >> 64);
}
std::uint64_t bits_of(std::uint64_t hash) {
    hash = (hash ^ (hash >> 29)) * 0xbf58476d1ce4e5b9ULL;
    return hash ^ (hash >> 32);
}

}  // namespace

void IdFilter::add(std::uint64_t hash) {
    std::size_t count = count_.load(std::memory_order_relaxed);
    if (count == 0 || segments_[count - 1].room == 0) {
        const std::size_t blocks = count == 0 ? kFirstBlocks : segments_[count - 1].blocks * 2;
        if (count == segments_.size() || bytes_ + blocks * sizeof(Block) > limits::kIdFilterBytesMax) {
            overflowed_.store(true, std::memory_order_release);
            return;
        }
        Segment& segment = segments_[count];
        segment.block = std::make_unique<Block[]>(blocks);
        segment.blocks = blocks;
        segment.room = blocks * kIdsPerBlock;
        bytes_ += blocks * sizeof(Block);
        count_.store(++count, std::memory_order_release);
    }
    Segment& segment = segments_[count - 1];
    --segment.room;
    Block& block = segment.block[block_of(hash, segment.blocks)];
    std::uint64_t bits = bits_of(hash);
    for (std::atomic<std::uint64_t>& word : block.words) {
        // One writer: a load and a store are enough.
        word.store(word.load(std::memory_order_relaxed) | std::uint64_t{1} << (bits & 63), std::memory_order_relaxed);
        bits >>= 6;
    }
}

void IdFilter::add(std::span<const std::uint64_t> hashes) {
    for (std::size_t i = 0; i < hashes.size(); ++i) {
        const std::size_t count = count_.load(std::memory_order_relaxed);
        if (count != 0 && i + kAhead < hashes.size()) {
            const Segment& newest = segments_[count - 1];
            __builtin_prefetch(&newest.block[block_of(hashes[i + kAhead], newest.blocks)], 1);
        }
        add(hashes[i]);
    }
}

void IdFilter::prefetch(std::uint64_t hash) const {
    for (std::size_t i = count_.load(std::memory_order_acquire); i-- > 0;) {
        __builtin_prefetch(&segments_[i].block[block_of(hash, segments_[i].blocks)]);
    }
}

bool IdFilter::may_contain(std::uint64_t hash) const {
    if (overflowed_.load(std::memory_order_acquire)) return true;
    const std::size_t count = count_.load(std::memory_order_acquire);
    const std::uint64_t bits = bits_of(hash);
    for (std::size_t i = count; i-- > 0;) {
        const Block& block = segments_[i].block[block_of(hash, segments_[i].blocks)];
        bool all = true;
        std::uint64_t rest = bits;
        for (const std::atomic<std::uint64_t>& word : block.words) {
            all = all && (word.load(std::memory_order_relaxed) >> (rest & 63) & 1) != 0;
            rest >>= 6;
        }
        if (all) return true;
    }
    return false;
}

}  // namespace daybook::log::internal
