#include "engine/stream/partitioner.h"

#include <cstddef>

#include "engine/base/assert.h"

namespace daybook::stream {
namespace {

std::uint32_t byte_at(std::string_view bytes, std::size_t index) { return static_cast<unsigned char>(bytes[index]); }

}  // namespace

std::int32_t murmur2(std::string_view key) {
    constexpr std::uint32_t kMultiplier = 0x5bd1e995;
    constexpr std::uint32_t kSeed = 0x9747b28c;
    const std::size_t words = key.size() / 4;
    std::uint32_t hash = kSeed ^ static_cast<std::uint32_t>(key.size());
    for (std::size_t i = 0; i < words; ++i) {
        std::uint32_t word = byte_at(key, 4 * i) | byte_at(key, 4 * i + 1) << 8 | byte_at(key, 4 * i + 2) << 16 |
                             byte_at(key, 4 * i + 3) << 24;
        word *= kMultiplier;
        word ^= word >> 24;
        word *= kMultiplier;
        hash *= kMultiplier;
        hash ^= word;
    }
    const std::size_t rest = key.size() % 4;
    if (rest == 3) hash ^= byte_at(key, 4 * words + 2) << 16;
    if (rest >= 2) hash ^= byte_at(key, 4 * words + 1) << 8;
    if (rest >= 1) {
        hash ^= byte_at(key, 4 * words);
        hash *= kMultiplier;
    }
    hash ^= hash >> 13;
    hash *= kMultiplier;
    hash ^= hash >> 15;
    return static_cast<std::int32_t>(hash);
}

std::uint32_t partition_of(std::string_view key, std::uint32_t partitions) {
    DAYBOOK_ASSERT(partitions > 0);
    return (static_cast<std::uint32_t>(murmur2(key)) & 0x7fffffffU) % partitions;
}

}  // namespace daybook::stream
