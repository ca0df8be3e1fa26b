#include "engine/stream/internal/divergence.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "engine/codec/stream_codec.h"
#include "engine/stream/internal/partition_reader.h"

namespace daybook::stream {
namespace {

struct Frame {
    codec::LogFrame head;
    std::vector<std::string> events;
    [[nodiscard]] Position end() const { return head.first + events.size(); }
};

Result<bool> is_ours(const Frame& frame, const Source& source) {
    if (frame.end() > source.head()) return false;
    DAYBOOK_ASSIGN(const Hash root, source.root(frame.end()));
    return root == frame.head.root;
}

Result<Position> first_in(const Frame& frame, const Source& source) {
    Position at = frame.head.first;
    DAYBOOK_TRY(source.read(at, frame.end(), [&](Position position, std::string_view stored) {
        if (stored != frame.events[position - frame.head.first]) return false;
        at = position + 1;
        return true;
    }));
    return at < frame.end() ? at : frame.head.first;
}

}  // namespace

Result<std::optional<Position>> first_difference(const kafka::Client& client, const TopicSet& topics,
                                                 const Source& source, Deadline deadline) {
    const std::string topic = topics.name(Topic::kLog);
    std::int64_t low = 0;
    std::int64_t high = 0;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const auto failed = rd_kafka_query_watermark_offsets(client.get(), topic.c_str(), 0, &low, &high,
                                                         std::max(0, static_cast<int>(left.count())));
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) return fail(ErrorCode::kUnavailable, rd_kafka_err2str(failed));
    std::optional<Frame> other;
    while (low < high) {
        const std::int64_t middle = low + (high - low) / 2;
        DAYBOOK_ASSIGN(PartitionReader reader, PartitionReader::open(client, topic, 0, middle));
        DAYBOOK_ASSIGN(const auto record, reader.next(deadline));
        if (!record || record->offset >= high) {  // nothing but markers from the middle on
            high = middle;
            continue;
        }
        Frame frame;
        DAYBOOK_ASSIGN(frame.head, codec::read_log_frame(record->value, [&](std::string_view stored) {
                           frame.events.emplace_back(stored);
                       }));
        DAYBOOK_ASSIGN(const bool ours, is_ours(frame, source));
        if (ours) {
            low = record->offset + 1;
        } else {
            high = middle;
            other = std::move(frame);
        }
    }
    if (!other) return std::optional<Position>();
    DAYBOOK_ASSIGN(const Position position, first_in(*other, source));
    return std::optional(position);
}

}  // namespace daybook::stream
