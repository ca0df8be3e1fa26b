#include "engine/log/internal/block.h"

#include "engine/base/assert.h"
#include "engine/base/bytes.h"
#include "engine/base/limits.h"

namespace daybook::log::internal {
namespace {

// Base-128, low group first: the varint of protobuf.
void put_length(std::string& out, std::size_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<char>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<char>(value));
}

}  // namespace

std::size_t framed_bytes(std::size_t event_bytes) {
    std::size_t length = 1;
    for (std::size_t rest = event_bytes; rest >= 0x80; rest >>= 7) ++length;
    return length + event_bytes;
}

void put_block_header(std::string& out, const BlockHeader& header) {
    char bytes[kBlockHeaderBytes];
    bytes[0] = static_cast<char>(kBlockVersion);
    put_be32(bytes + 1, header.events);
    put_be32(bytes + 5, header.group_place);
    put_be32(bytes + 9, header.group_events);
    put_be64(bytes + 13, static_cast<std::uint64_t>(header.group_recorded_at));
    out.append(bytes, sizeof bytes);
}

void put_event(std::string& out, std::string_view event) {
    put_length(out, event.size());
    out.append(event);
}

Result<BlockReader> BlockReader::open(std::string_view block) {
    if (block.size() < kBlockHeaderBytes) return fail(ErrorCode::kCorrupt, "the block is shorter than its header");
    if (static_cast<std::uint8_t>(block[0]) != kBlockVersion) {
        return fail(ErrorCode::kCorrupt,
                    "the block has the unknown version " + std::to_string(static_cast<std::uint8_t>(block[0])));
    }
    BlockReader reader;
    reader.header_ = {get_be32(block.data() + 1), get_be32(block.data() + 5), get_be32(block.data() + 9),
                      static_cast<Micros>(get_be64(block.data() + 13))};
    const BlockHeader& header = reader.header_;
    if (header.events == 0 || header.group_place >= header.group_events ||
        header.events > header.group_events - header.group_place) {
        return fail(ErrorCode::kCorrupt, "the block's event counts contradict each other");
    }
    reader.left_ = header.events;
    reader.rest_ = block.substr(kBlockHeaderBytes);
    return reader;
}

Result<std::string_view> BlockReader::next() {
    DAYBOOK_ASSERT(left_ > 0);
    std::size_t size = 0;
    std::size_t used = 0;
    for (;; ++used) {
        if (used == rest_.size() || used == 4) return fail(ErrorCode::kCorrupt, "an event's length is damaged");
        const auto byte = static_cast<unsigned char>(rest_[used]);
        size |= static_cast<std::size_t>(byte & 0x7f) << (7 * used);
        if (byte < 0x80) break;
    }
    ++used;
    if (size > rest_.size() - used) return fail(ErrorCode::kCorrupt, "an event reaches beyond its block");
    const std::string_view event = rest_.substr(used, size);
    rest_.remove_prefix(used + size);
    --left_;
    if (left_ == 0 && !rest_.empty()) return fail(ErrorCode::kCorrupt, "the block goes on behind its last event");
    return event;
}

static_assert(limits::kEventBytesMax < (std::size_t{1} << 28), "an event's length fits in four varint bytes");

}  // namespace daybook::log::internal
