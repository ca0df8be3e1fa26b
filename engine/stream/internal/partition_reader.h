// Reads one partition record by record, without a group, as far as its transactions are decided.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/time.h"
#include "engine/stream/internal/kafka.h"

namespace daybook::stream {

// Views of its parts hold while it lives.
struct ReadRecord {
    std::int64_t offset = 0;
    std::string_view key;
    std::string_view value;
    bool tombstone = false;  // no value
    std::string_view id;     // header ce_id; empty where there is none
    std::string_view sequence;  // header ce_sequence
    kafka::Message message;

    // Of any name; empty where there is none.
    [[nodiscard]] std::string_view header(const char* name) const;
};

// Threads: one. The client outlives it.
class PartitionReader {
public:
    // From `offset` on; RD_KAFKA_OFFSET_BEGINNING for the first that is there.
    static Result<PartitionReader> open(const kafka::Client& client, const std::string& topic, std::uint32_t partition,
                                        std::int64_t offset);
    PartitionReader(PartitionReader&& other) noexcept;
    PartitionReader& operator=(PartitionReader&&) = delete;
    ~PartitionReader();

    // The next committed record; nullopt at the end of what is decided, where it may be asked again: then it waits for
    // more until the deadline. kUnavailable when nothing was heard by the deadline.
    Result<std::optional<ReadRecord>> next(Deadline deadline);
    // The offset of that end, where it was reached and no record has come since.
    [[nodiscard]] std::optional<std::int64_t> ended_at() const { return ended_at_; }

private:
    PartitionReader(kafka::TopicHandle topic, std::uint32_t partition)
        : topic_(std::move(topic)), partition_(static_cast<std::int32_t>(partition)) {}

    kafka::TopicHandle topic_;
    std::int32_t partition_;
    std::optional<std::int64_t> ended_at_;
};

}  // namespace daybook::stream
