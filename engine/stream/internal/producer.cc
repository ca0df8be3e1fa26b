#include "engine/stream/internal/producer.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "engine/base/limits.h"

namespace daybook::stream {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kInitStep{1000};
constexpr milliseconds kFlushStep{200};
constexpr milliseconds kAbortWait{2000};
constexpr milliseconds kQueueFullWait{20};

kafka::Settings producer_settings(const kafka::Settings& common, const ProducerOptions& options) {
    // The later one counts: these are a matter of the cluster, and may be configured.
    kafka::Settings settings{{"linger.ms", "5"}, {"batch.size", "524288"}, {"compression.codec", "lz4"}};
    settings.insert(settings.end(), common.begin(), common.end());
    settings.insert(settings.end(), {{"transactional.id", options.transactional_id},
                                     {"transaction.timeout.ms", std::to_string(options.transaction_timeout_ms)},
                                     {"message.max.bytes", std::to_string(limits::kKafkaBatchBytesMax)},
                                     {"queue.buffering.max.messages", "200000"},
                                     {"queue.buffering.max.kbytes", "65536"},
                                     {"delivery.report.only.error", "true"},
                                     {"partitioner", "murmur2_random"}});
    return settings;
}

// 20 digits, so that text order is number order.
std::string sequence_text(Position position) {
    std::string digits = std::to_string(position);
    return std::string(20 - digits.size(), '0') + digits;
}

}  // namespace

Result<Producer> Producer::make(const kafka::Settings& common, const ProducerOptions& options, const TopicSet& topics,
                                MayBlock may_block) {
    DAYBOOK_ASSIGN(kafka::Client client,
                   kafka::Client::make(kafka::Client::Kind::kProducer, producer_settings(common, options)));
    return Producer(std::move(client), options, topics, std::move(may_block));
}

Producer::Producer(kafka::Client client, const ProducerOptions& options, const TopicSet& topics, MayBlock may_block)
    : options_(options), may_block_(std::move(may_block)), client_(std::move(client)) {
    for (const Topic topic : kTopics) {
        const auto index = static_cast<std::size_t>(topic);
        frames_[index] = value_frame(topic, options_.format, options_.schemas);
        schema_headers_[index] = schema_header(topic, options_.format, options_.schemas);
        if (holds_state(topic) && !options_.state) continue;
        handles_[index].reset(
            rd_kafka_topic_new(client_.get(), topics.name(topic).c_str(), nullptr));
    }
}

Broken Producer::broken(rd_kafka_error_t* error, std::string_view what) const {
    Broken result;
    auto code = rd_kafka_error_code(error);
    result.reason = std::string(what) + ": " + rd_kafka_error_string(error);
    std::array<char, 256> fatal{};
    if (const auto under = rd_kafka_fatal_error(client_.get(), fatal.data(), fatal.size());
        under != RD_KAFKA_RESP_ERR_NO_ERROR) {
        code = code == RD_KAFKA_RESP_ERR__FENCED ? code : under;
        result.reason += std::string(" (") + fatal.data() + ")";
    }
    const bool fenced = code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
                        code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
    result.how = fenced ? Broken::How::kFenced : Broken::How::kRecycle;
    return result;
}

OrBroken<void> Producer::init() {
    while (true) {
        // Twice the step: the client answers a little after its timeout.
        if (!may_block_("init_transactions", kInitStep * 10)) return tl::unexpected(Broken{Broken::How::kStopped, {}});
        const kafka::ErrorHandle error(rd_kafka_init_transactions(client_.get(), static_cast<int>(kInitStep.count())));
        if (!error) return {};
        if (!rd_kafka_error_is_retriable(error.get())) return tl::unexpected(broken(error.get(), "init_transactions"));
    }
}

OrBroken<void> Producer::begin() {
    if (!may_block_("begin_transaction", milliseconds(options_.transaction_timeout_ms))) {
        return tl::unexpected(Broken{Broken::How::kStopped, {}});
    }
    const kafka::ErrorHandle error(rd_kafka_begin_transaction(client_.get()));
    if (!error) return {};
    return tl::unexpected(broken(error.get(), "begin_transaction"));
}

void Producer::add_header(rd_kafka_headers_t* headers, std::string_view name, std::string_view value) const {
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
}

void Producer::add_event_headers(const Record& record, rd_kafka_headers_t* headers) const {
    add_header(headers, "ce_id", record_id(options_.ledger, record.place, record.parts));
    add_header(headers, "ce_time", format_time(record.occurred_at));
    add_header(headers, "ce_ledgerepoch", epoch_);
    if (record.parts > 1) add_header(headers, "ce_parts", std::to_string(record.parts));
    if (!record.after.empty()) add_header(headers, "ce_after", record.after);
    if (options_.debezium_headers) {
        add_header(headers, "id", record_id(options_.ledger, record.place, record.parts));
        add_header(headers, "eventType", record.type);
    }
    if (record.left_out) add_header(headers, "ce_dataref", "/v1/feed?from=" + std::to_string(record.place.position));
}

// CloudEvents 1.0, Kafka binding, binary mode.
rd_kafka_headers_t* Producer::headers_of(const Record& record) const {
    rd_kafka_headers_t* const headers = rd_kafka_headers_new(14);
    const bool json = options_.format == ValueFormat::kJson && record.topic != Topic::kLog;
    if (!record.tombstone) add_header(headers, "content-type", json ? "application/json" : "application/protobuf");
    add_header(headers, "ce_specversion", "1.0");
    add_header(headers, "ce_source", options_.source);
    add_header(headers, "ce_type", "daybook." + std::string(record.type) + ".v1");
    add_header(headers, "ce_sequence", sequence_text(record.place.position));
    const std::string& schema = schema_headers_[static_cast<std::size_t>(record.topic)];
    if (!schema.empty() && !record.tombstone) add_header(headers, "__value_schema_id", schema);
    switch (record.topic) {
        case Topic::kEvents: add_event_headers(record, headers); break;
        case Topic::kCustody:
        case Topic::kStock:
            add_header(headers, "ce_id",
                       state_record_id(options_.ledger, record.topic, record.key, record.place.position));
            break;
        case Topic::kLog:
            add_header(headers, "ce_id", frame_id(options_.ledger, record.place.position, record.parts));
            break;
        case Topic::kControl: break;
    }
    return headers;
}

OrBroken<void> Producer::send(Topic topic, std::uint32_t partition, std::string_view key, const std::string_view* value,
                              Micros timestamp, rd_kafka_headers_t* headers) {
    rd_kafka_topic_t* const handle = handles_[static_cast<std::size_t>(topic)].get();
    const char* const payload = value == nullptr ? nullptr : value->data();
    const std::size_t size = value == nullptr ? 0 : value->size();
    const char* const key_data = key.empty() ? nullptr : key.data();  // frames of the log have none
    while (true) {
        // The plain tags: the macros around them are made of C casts.
        const auto failed = rd_kafka_producev(
            client_.get(), RD_KAFKA_VTYPE_RKT, handle, RD_KAFKA_VTYPE_PARTITION, static_cast<std::int32_t>(partition),
            RD_KAFKA_VTYPE_MSGFLAGS, int{RD_KAFKA_MSG_F_COPY}, RD_KAFKA_VTYPE_KEY, key_data, key.size(),
            RD_KAFKA_VTYPE_VALUE, payload, size, RD_KAFKA_VTYPE_TIMESTAMP, std::int64_t{timestamp / 1000},
            RD_KAFKA_VTYPE_HEADERS, headers, RD_KAFKA_VTYPE_END);
        if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) return {};  // the headers are the message's now
        if (failed != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            if (headers != nullptr) rd_kafka_headers_destroy(headers);  // of what was refused they are still ours
            std::array<char, 256> fatal{};
            const auto under = rd_kafka_fatal_error(client_.get(), fatal.data(), fatal.size());
            const bool fenced = under == RD_KAFKA_RESP_ERR__FENCED;
            return tl::unexpected(Broken{fenced ? Broken::How::kFenced : Broken::How::kRecycle,
                                         std::string("produce: ") + rd_kafka_err2str(failed) + " " + fatal.data()});
        }
        if (!may_block_("produce", milliseconds(options_.transaction_timeout_ms))) {
            if (headers != nullptr) rd_kafka_headers_destroy(headers);
            return tl::unexpected(Broken{Broken::How::kStopped, {}});
        }
        rd_kafka_poll(client_.get(), static_cast<int>(kQueueFullWait.count()));
    }
}

OrBroken<void> Producer::produce(const Record& record) {
    std::string_view value = record.value;
    if (const std::string& frame = frames_[static_cast<std::size_t>(record.topic)]; !frame.empty()) {
        (framed_ = frame) += record.value;
        value = framed_;
    }
    const bool has_value = !record.left_out && !record.tombstone;
    // Brokers refuse a timestamp that is much later than their own clock's; a ledger's clock may have been ahead.
    const Micros now = options_.clock->now();
    const Micros timestamp = record.topic == Topic::kEvents ? std::min(record.recorded_at, now) : now;
    return send(record.topic, record.partition, record.key, has_value ? &value : nullptr, timestamp,
                headers_of(record));
}

OrBroken<void> Producer::produce_control(std::string_view key, std::string_view value) {
    return send(Topic::kControl, 0, key, &value, options_.clock->now(), nullptr);
}

OrBroken<void> Producer::flush() {
    while (true) {
        const std::string step = noisy() ? "flush, on a troubled connection: " + noise() : "flush";
        if (!may_block_(step, milliseconds(options_.transaction_timeout_ms))) {
            return tl::unexpected(Broken{Broken::How::kStopped, {}});
        }
        const auto failed = rd_kafka_flush(client_.get(), static_cast<int>(kFlushStep.count()));
        if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
        // A message that failed for good makes the commit fail; it no longer counts as unflushed.
        std::array<char, 256> fatal{};
        if (const auto under = rd_kafka_fatal_error(client_.get(), fatal.data(), fatal.size());
            under != RD_KAFKA_RESP_ERR_NO_ERROR) {
            const bool fenced = under == RD_KAFKA_RESP_ERR__FENCED;
            return tl::unexpected(
                Broken{fenced ? Broken::How::kFenced : Broken::How::kRecycle, std::string("flush: ") + fatal.data()});
        }
    }
}

OrBroken<void> Producer::commit() {
    while (true) {
        // With its own timeout (-1) the client waits for what is left of the transaction's.
        if (!may_block_("commit_transaction", milliseconds(2 * options_.transaction_timeout_ms))) {
            return tl::unexpected(Broken{Broken::How::kStopped, {}});
        }
        const kafka::ErrorHandle error(rd_kafka_commit_transaction(client_.get(), -1));
        if (!error) break;
        if (rd_kafka_error_is_retriable(error.get())) continue;  // the same call takes the same commit further
        return tl::unexpected(broken(error.get(), "commit_transaction"));
    }
    if (!noisy()) return {};
    return tl::unexpected(
        Broken{Broken::How::kRecycle, "the connection was troubled during a transaction: " + noise()});
}

OrBroken<void> Producer::abort_left_open(const std::vector<std::pair<Topic, std::uint32_t>>& partitions) {
    if (auto begun = begin(); !begun) return begun;
    for (const auto& [topic, partition] : partitions) {
        constexpr std::string_view kNothing;
        auto sent = send(topic, partition, "aborted", &kNothing, options_.clock->now(), nullptr);
        if (!sent) return sent;
    }
    if (auto flushed = flush(); !flushed) return flushed;
    while (true) {
        if (!may_block_("abort_transaction", milliseconds(2 * options_.transaction_timeout_ms))) {
            return tl::unexpected(Broken{Broken::How::kStopped, {}});
        }
        const kafka::ErrorHandle error(rd_kafka_abort_transaction(client_.get(), -1));
        if (!error) return {};
        if (!rd_kafka_error_is_retriable(error.get())) return tl::unexpected(broken(error.get(), "abort_transaction"));
    }
}

void Producer::abort() {
    if (!may_block_("abort_transaction", kAbortWait * 4)) return;
    const kafka::ErrorHandle error(rd_kafka_abort_transaction(client_.get(), static_cast<int>(kAbortWait.count())));
}

}  // namespace daybook::stream
