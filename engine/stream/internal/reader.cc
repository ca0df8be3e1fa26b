#include "engine/stream/internal/reader.h"

#include <algorithm>
#include <chrono>

#include "engine/base/assert.h"

namespace daybook::stream {
namespace {

// A commit marker takes an offset, so that the last record stands a little before the end; aborted records may stand
// between, in which case the reading starts further back, and further again.
constexpr std::int64_t kFirstStep = 64;
constexpr std::int64_t kStepFactor = 8;

int remaining_ms(Deadline deadline) {
    const auto left = deadline - std::chrono::steady_clock::now();
    return std::max(0, static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(left).count()));
}

Result<void> query_ends(const Readers& readers, Tail& tail, Deadline deadline) {
    rd_kafka_poll(readers.all.get(), 0);  // what it has to say of brokers; nothing else comes on this queue
    // The end of all first: what was open before it and is decided since does not look open.
    auto failed = rd_kafka_query_watermark_offsets(readers.all.get(), tail.topic.c_str(),
                                                   static_cast<std::int32_t>(tail.partition), &tail.low, &tail.end,
                                                   remaining_ms(deadline));
    if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) {
        failed = rd_kafka_query_watermark_offsets(readers.committed.get(), tail.topic.c_str(),
                                                  static_cast<std::int32_t>(tail.partition), &tail.low, &tail.high,
                                                  remaining_ms(deadline));
    }
    if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return fail(ErrorCode::kUnavailable, "the ends of " + tail.topic + "/" + std::to_string(tail.partition) +
                                             " cannot be read: " + rd_kafka_err2str(failed));
}

TailRecord to_record(const rd_kafka_message_t* message) {
    TailRecord record;
    record.value.assign(static_cast<const char*>(message->payload), message->len);
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const void* bytes = nullptr;
        std::size_t size = 0;
        if (rd_kafka_header_get_last(headers, "ce_id", &bytes, &size) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            record.id.assign(static_cast<const char*>(bytes), size);
        }
    }
    return record;
}

// Where the reading of one tail starts in this round; -1: it is settled.
struct Start {
    Tail* tail = nullptr;
    std::int64_t from = -1;
};

// Reads every started partition to its end.
Result<void> read_round(const kafka::Client& client, std::vector<Start>& starts, Deadline deadline) {
    const kafka::PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(starts.size())));
    std::size_t open = 0;
    for (const Start& start : starts) {
        if (start.from < 0) continue;
        rd_kafka_topic_partition_list_add(list.get(), start.tail->topic.c_str(),
                                          static_cast<std::int32_t>(start.tail->partition))
            ->offset = start.from;
        ++open;
    }
    if (const auto failed = rd_kafka_assign(client.get(), list.get()); failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return fail(ErrorCode::kUnavailable, std::string("the topics cannot be read: ") + rd_kafka_err2str(failed));
    }
    while (open > 0) {
        const kafka::Message message(rd_kafka_consumer_poll(client.get(), std::min(remaining_ms(deadline), 500)));
        if (!message) {
            if (remaining_ms(deadline) > 0) continue;
            return fail(ErrorCode::kUnavailable,
                        "the end of the topics was not reached in time: " + client.noise().last());
        }
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            if (message->rkt == nullptr) continue;  // of a broker: the client itself tries again
            return fail(ErrorCode::kUnavailable,
                        std::string("the topics cannot be read: ") + rd_kafka_message_errstr(message.get()));
        }
        const std::string_view topic = rd_kafka_topic_name(message->rkt);
        const auto start = std::ranges::find_if(starts, [&](const Start& one) {
            return one.tail->topic == topic && one.tail->partition == static_cast<std::uint32_t>(message->partition);
        });
        if (start == starts.end()) continue;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            --open;
        } else {
            start->tail->last = to_record(message.get());
        }
    }
    rd_kafka_assign(client.get(), nullptr);
    return {};
}

}  // namespace

Result<Readers> Readers::make(const kafka::Settings& common) {
    kafka::Settings settings = common;
    settings.insert(settings.end(), {{"group.id", "daybook-publisher-reads-back"},  // asked for, never joined
                                     {"isolation.level", "read_committed"},
                                     {"enable.auto.commit", "false"},
                                     {"enable.partition.eof", "true"},
                                     {"auto.offset.reset", "error"},
                                     {"fetch.wait.max.ms", "20"}});
    DAYBOOK_ASSIGN(kafka::Client committed, kafka::Client::make(kafka::Client::Kind::kConsumer, settings));
    settings.emplace_back("isolation.level", "read_uncommitted");  // the later one counts
    DAYBOOK_ASSIGN(kafka::Client all, kafka::Client::make(kafka::Client::Kind::kConsumer, settings));
    return Readers{std::move(committed), std::move(all)};
}

Result<void> read_tails(const Readers& readers, std::vector<Tail>& tails, Deadline deadline) {
    std::vector<Start> starts;
    for (Tail& tail : tails) {
        tail.last.reset();
        DAYBOOK_TRY(query_ends(readers, tail, deadline));
        const bool empty = tail.ends_only || tail.high <= tail.low;
        starts.push_back({&tail, empty ? -1 : std::max(tail.low, tail.high - kFirstStep)});
    }
    std::int64_t step = kFirstStep;
    while (std::ranges::any_of(starts, [](const Start& start) { return start.from >= 0; })) {
        DAYBOOK_TRY(read_round(readers.committed, starts, deadline));
        step *= kStepFactor;
        for (Start& start : starts) {
            if (start.from < 0) continue;
            const bool settled = start.tail->last.has_value() || start.from <= start.tail->low;
            start.from = settled ? -1 : std::max(start.tail->low, start.tail->high - step);
        }
    }
    return {};
}

}  // namespace daybook::stream
