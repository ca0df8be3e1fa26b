// Reads topics as any consumer does that asks for committed records only. Knows nothing of the publisher's code.
#pragma once

#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace daybook::test {

struct CommittedRecord {
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    std::string key;
    std::string value;
    std::map<std::string, std::string> headers;
};

// Every committed record of the topic, partition by partition, in order of offset. Throws where it cannot be read.
inline std::vector<CommittedRecord> read_committed(const std::string& bootstrap, const std::string& topic,
                                                   int partitions,
                                                   std::chrono::seconds limit = std::chrono::seconds(60)) {
    struct Destroy {
        void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
    };
    std::array<char, 256> reason{};
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    const std::pair<const char*, const char*> settings[] = {
        {"bootstrap.servers", bootstrap.c_str()}, {"group.id", "daybook-test"},
        {"isolation.level", "read_committed"},    {"enable.auto.commit", "false"},
        {"enable.partition.eof", "true"},         {"check.crcs", "true"}};
    for (const auto& [name, value] : settings) rd_kafka_conf_set(conf, name, value, reason.data(), reason.size());
    const std::unique_ptr<rd_kafka_t, Destroy> client(
        rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason.data(), reason.size()));
    if (!client) throw std::runtime_error(reason.data());
    rd_kafka_topic_partition_list_t* const list = rd_kafka_topic_partition_list_new(partitions);
    for (int i = 0; i < partitions; ++i)
        rd_kafka_topic_partition_list_add(list, topic.c_str(), i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(client.get(), list);
    rd_kafka_topic_partition_list_destroy(list);

    std::vector<std::vector<CommittedRecord>> found(static_cast<std::size_t>(partitions));
    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (int open = partitions; open > 0;) {
        if (std::chrono::steady_clock::now() > deadline)
            throw std::runtime_error("the end of " + topic + " was not reached");
        rd_kafka_message_t* const message = rd_kafka_consumer_poll(client.get(), 200);
        if (message == nullptr) continue;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) --open;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            CommittedRecord record;
            record.partition = message->partition;
            record.offset = message->offset;
            record.key.assign(static_cast<const char*>(message->key), message->key_len);
            record.value.assign(static_cast<const char*>(message->payload), message->len);
            rd_kafka_headers_t* headers = nullptr;
            const char* name = nullptr;
            const void* value = nullptr;
            std::size_t size = 0;
            if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
                for (std::size_t i = 0;
                     rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
                    record.headers[name] = std::string(static_cast<const char*>(value), size);
                }
            }
            found[static_cast<std::size_t>(message->partition)].push_back(std::move(record));
        }
        rd_kafka_message_destroy(message);
    }
    std::vector<CommittedRecord> all;
    for (auto& one : found) {
        for (auto& record : one) all.push_back(std::move(record));
    }
    return all;
}

}  // namespace daybook::test
