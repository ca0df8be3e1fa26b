#include "bench/floors/raw_kafka.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <string_view>

#include "bench/harness.h"
#include "engine/base/limits.h"

namespace daybook::bench {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

struct Destroy {
    void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
    void operator()(rd_kafka_topic_t* handle) const { rd_kafka_topic_destroy(handle); }
    void operator()(rd_kafka_message_t* handle) const { rd_kafka_message_destroy(handle); }
    void operator()(rd_kafka_error_t* handle) const { rd_kafka_error_destroy(handle); }
};
using Client = std::unique_ptr<rd_kafka_t, Destroy>;
using Topic = std::unique_ptr<rd_kafka_topic_t, Destroy>;
using Message = std::unique_ptr<rd_kafka_message_t, Destroy>;
using Failure = std::unique_ptr<rd_kafka_error_t, Destroy>;

Client make_client(rd_kafka_type_t type, const Settings& settings) {
    std::array<char, 512> reason{};
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    for (const auto& [name, value] : settings) {
        if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason.data(), reason.size()) != RD_KAFKA_CONF_OK) {
            give_up(reason.data());
        }
    }
    Client client(rd_kafka_new(type, conf, reason.data(), reason.size()));
    if (!client) give_up(reason.data());
    return client;
}

void well(rd_kafka_error_t* error, const char* what) {
    const Failure owner(error);
    if (error != nullptr) give_up(std::string(what) + ": " + rd_kafka_error_string(error));
}

RawRecord take(std::uint32_t topic, const rd_kafka_message_t& message) {
    RawRecord record;
    record.topic = topic;
    record.partition = message.partition;
    record.has_value = message.payload != nullptr;
    if (message.key != nullptr) record.key.assign(static_cast<const char*>(message.key), message.key_len);
    if (record.has_value) record.value.assign(static_cast<const char*>(message.payload), message.len);
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
        record.headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
    }
    return record;
}

void produce(rd_kafka_t* client, rd_kafka_topic_t* topic, const RawRecord& record) {
    rd_kafka_headers_t* const headers = rd_kafka_headers_new(record.headers.size());
    for (const auto& [name, value] : record.headers) {
        rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                            static_cast<ssize_t>(value.size()));
    }
    const char* const key = record.key.empty() ? nullptr : record.key.data();
    const char* const value = record.has_value ? record.value.data() : nullptr;
    while (true) {
        const auto failed = rd_kafka_producev(
            client, RD_KAFKA_VTYPE_RKT, topic, RD_KAFKA_VTYPE_PARTITION, record.partition, RD_KAFKA_VTYPE_MSGFLAGS,
            int{RD_KAFKA_MSG_F_COPY}, RD_KAFKA_VTYPE_KEY, key, record.key.size(), RD_KAFKA_VTYPE_VALUE, value,
            record.value.size(), RD_KAFKA_VTYPE_HEADERS, headers, RD_KAFKA_VTYPE_END);
        if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) return;
        if (failed != RD_KAFKA_RESP_ERR__QUEUE_FULL) give_up(rd_kafka_err2str(failed));
        rd_kafka_poll(client, 20);
    }
}

void flush(rd_kafka_t* client) {
    while (rd_kafka_flush(client, 200) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    }
}

}  // namespace

std::vector<RawRecord> read_topics(const std::string& bootstrap, const std::vector<std::string>& topics,
                                   const std::vector<std::uint32_t>& partitions) {
    const Client client = make_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", bootstrap},
                                                          {"group.id", "bench"},
                                                          {"isolation.level", "read_committed"},
                                                          {"enable.partition.eof", "true"}});
    std::vector<RawRecord> records;
    for (std::uint32_t i = 0; i < topics.size(); ++i) {
        const Topic topic(rd_kafka_topic_new(client.get(), topics[i].c_str(), nullptr));
        for (std::int32_t partition = 0; partition < static_cast<std::int32_t>(partitions[i]); ++partition) {
            if (rd_kafka_consume_start(topic.get(), partition, RD_KAFKA_OFFSET_BEGINNING) != 0) give_up(topics[i]);
            while (true) {
                const Message message(rd_kafka_consume(topic.get(), partition, 30'000));
                if (!message) give_up("no answer from " + topics[i]);
                if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) break;
                if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) give_up(rd_kafka_message_errstr(message.get()));
                records.push_back(take(i, *message));
            }
            rd_kafka_consume_stop(topic.get(), partition);
        }
    }
    return records;
}

double publish_raw(const std::string& bootstrap, const std::string& transactional_id,
                   const std::vector<std::string>& topics, const std::vector<RawRecord>& records,
                   std::size_t transactions) {
    const Client client =
        make_client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", bootstrap},
                                        {"transactional.id", transactional_id},
                                        {"socket.nagle.disable", "true"},
                                        {"linger.ms", "5"},
                                        {"batch.size", "524288"},
                                        {"compression.codec", "lz4"},
                                        {"message.max.bytes", std::to_string(limits::kKafkaBatchBytesMax)},
                                        {"queue.buffering.max.messages", "200000"},
                                        {"queue.buffering.max.kbytes", "65536"},
                                        {"delivery.report.only.error", "true"}});
    std::vector<Topic> handles;
    for (const std::string& topic : topics) {
        handles.emplace_back(rd_kafka_topic_new(client.get(), topic.c_str(), nullptr));
    }
    const RawRecord control{static_cast<std::uint32_t>(topics.size() - 1), 0, "bench", std::string(300, '.'), {}, true};
    const auto transaction = [&](std::size_t from, std::size_t to) {
        well(rd_kafka_begin_transaction(client.get()), "begin");
        for (std::size_t i = from; i < to; ++i) produce(client.get(), handles[records[i].topic].get(), records[i]);
        flush(client.get());
        produce(client.get(), handles[control.topic].get(), control);
        flush(client.get());
        well(rd_kafka_commit_transaction(client.get(), -1), "commit");
    };
    well(rd_kafka_init_transactions(client.get(), 60'000), "init");
    transaction(0, 0);
    const auto begin = Steady::now();
    for (std::size_t i = 0; i < transactions; ++i) {
        transaction(records.size() * i / transactions, records.size() * (i + 1) / transactions);
    }
    return seconds_since(begin);
}

}  // namespace daybook::bench
