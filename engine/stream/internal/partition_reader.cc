#include "engine/stream/internal/partition_reader.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace daybook::stream {
namespace {

std::string_view header_of(const rd_kafka_headers_t* headers, const char* name) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    if (rd_kafka_header_get_last(headers, name, &bytes, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return {static_cast<const char*>(bytes), size};
}

}  // namespace

std::string_view ReadRecord::header(const char* name) const {
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(message.get(), &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return header_of(headers, name);
}

Result<PartitionReader> PartitionReader::open(const kafka::Client& client, const std::string& topic,
                                              std::uint32_t partition, std::int64_t offset) {
    PartitionReader reader(kafka::TopicHandle(rd_kafka_topic_new(client.get(), topic.c_str(), nullptr)), partition);
    if (!reader.topic_ || rd_kafka_consume_start(reader.topic_.get(), reader.partition_, offset) != 0) {
        const auto failed = rd_kafka_last_error();
        reader.topic_.reset();
        return fail(ErrorCode::kUnavailable, "topic " + topic + " cannot be read: " + rd_kafka_err2str(failed));
    }
    return reader;
}

PartitionReader::PartitionReader(PartitionReader&& other) noexcept
    : topic_(std::move(other.topic_)), partition_(other.partition_), ended_at_(other.ended_at_) {}

PartitionReader::~PartitionReader() {
    if (topic_) rd_kafka_consume_stop(topic_.get(), partition_);
}

Result<std::optional<ReadRecord>> PartitionReader::next(Deadline deadline) {
    while (true) {
        // Rounded up: at its return the deadline is over.
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        const auto wait = std::clamp<std::int64_t>(left.count(), 0, 500);
        kafka::Message message(rd_kafka_consume(topic_.get(), partition_, static_cast<int>(wait)));
        if (!message) {
            if (left.count() > 0) continue;
            if (ended_at_) return std::optional<ReadRecord>();  // the end is told once: silence is the end as well
            return fail(ErrorCode::kUnavailable, std::string("topic ") + rd_kafka_topic_name(topic_.get()) + "/" +
                                                     std::to_string(partition_) + " cannot be read: no answer");
        }
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            ended_at_ = message->offset;
            return std::optional<ReadRecord>();
        }
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return fail(ErrorCode::kUnavailable, std::string("topic ") + rd_kafka_topic_name(topic_.get()) +
                                                     " cannot be read: " + rd_kafka_message_errstr(message.get()));
        }
        ReadRecord record;
        ended_at_.reset();
        record.offset = message->offset;
        if (message->key != nullptr) record.key = {static_cast<const char*>(message->key), message->key_len};
        record.tombstone = message->payload == nullptr;
        if (!record.tombstone) record.value = {static_cast<const char*>(message->payload), message->len};
        rd_kafka_headers_t* headers = nullptr;
        if (rd_kafka_message_headers(message.get(), &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            record.id = header_of(headers, "ce_id");
            record.sequence = header_of(headers, "ce_sequence");
        }
        record.message = std::move(message);
        return std::optional(std::move(record));
    }
}

}  // namespace daybook::stream
