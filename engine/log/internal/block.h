// The block: up to limits::kBlockBytesMax of one commit group's events under one key. FORMAT.md §2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/base/time.h"

namespace daybook::log::internal {

inline constexpr std::uint8_t kBlockVersion = 1;
inline constexpr std::size_t kBlockHeaderBytes = 21;

struct BlockHeader {
    std::uint32_t events = 0;        // in this block
    std::uint32_t group_place = 0;   // how many events of the group stand before this block
    std::uint32_t group_events = 0;  // in the whole commit group
    Micros group_recorded_at = 0;    // record time of the group's last event
};

// The bytes that an event of that size takes in a block.
std::size_t framed_bytes(std::size_t event_bytes);
void put_block_header(std::string& out, const BlockHeader& header);
void put_event(std::string& out, std::string_view event);

// Reads a block without copying it. The bytes must outlive the reader.
class BlockReader {
public:
    BlockReader() = default;
    // Checks the header. An error says what is wrong, not where: the caller knows the position.
    static Result<BlockReader> open(std::string_view block);

    [[nodiscard]] const BlockHeader& header() const { return header_; }
    [[nodiscard]] std::uint32_t left() const { return left_; }
    // The next event. Only while left() > 0; after the last one it checks that the block ends there.
    Result<std::string_view> next();

private:
    BlockHeader header_;
    std::uint32_t left_ = 0;
    std::string_view rest_;
};

}  // namespace daybook::log::internal
