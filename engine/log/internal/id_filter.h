// A filter over the ids that are settled in sorted runs, so that a new id does not cost a look into the files.
//
// A blocked Bloom filter: an id sets one bit in each of the eight words of one 64-byte block, and asking costs one
// cache line a segment. Segments double, so it grows without the ids at hand; 16 bits an id, about 0.1 % false answers.
// Threads: one thread adds; any thread asks at the same time. An id is found from when its adder has published it.
// Limits:  limits::kIdFilterBytesMax; an id that no longer fits makes every answer "may be", which is slow but right.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

namespace daybook::log::internal {

class IdFilter {
public:
    IdFilter() = default;
    // Many at once, since each lies in a line of memory of its own, and waiting for it was most of filling the filter:
    // the lines of those that follow are asked for ahead.
    void add(std::span<const std::uint64_t> hashes);
    [[nodiscard]] bool may_contain(std::uint64_t hash) const;
    void prefetch(std::uint64_t hash) const;
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    struct alignas(64) Block {
        std::atomic<std::uint64_t> words[8];
    };
    struct Segment {
        std::size_t blocks = 0;
        std::size_t room = 0;  // ids that may still be added
        std::unique_ptr<Block[]> block;
    };
    static constexpr std::size_t kFirstBlocks = std::size_t{1} << 15;  // 2 MiB, 1 million ids
    static constexpr std::size_t kIdsPerBlock = 32;
    static constexpr std::size_t kAhead = 16;

    void add(std::uint64_t hash);

    std::array<Segment, 24> segments_;
    std::atomic<std::size_t> count_{0};
    std::atomic<bool> overflowed_{false};
    std::size_t bytes_ = 0;
};

}  // namespace daybook::log::internal
