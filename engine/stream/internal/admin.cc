#include "engine/stream/internal/admin.h"

#include <algorithm>
#include <array>
#include <span>

namespace daybook::stream {
namespace {

using kafka::AdminOptions;

Result<kafka::Event> await(const kafka::Queue& queue, const char* what, int timeout_ms) {
    kafka::Event event(rd_kafka_queue_poll(queue.get(), timeout_ms));
    if (!event) return fail(ErrorCode::kUnavailable, std::string(what) + ": no answer from Kafka");
    if (const auto failed = rd_kafka_event_error(event.get()); failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return fail(ErrorCode::kUnavailable, std::string(what) + ": " + rd_kafka_event_error_string(event.get()));
    }
    return event;
}

AdminOptions options_for(const kafka::Client& client, rd_kafka_admin_op_t operation, int timeout_ms) {
    AdminOptions options(rd_kafka_AdminOptions_new(client.get(), operation));
    std::array<char, 128> ignored{};  // a timeout within the range cannot be refused
    rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout_ms, ignored.data(), ignored.size());
    return options;
}

}  // namespace

Result<void> create_topics(const kafka::Client& client, const std::vector<TopicSpec>& specs, int replicas,
                           int timeout_ms) {
    std::vector<kafka::NewTopic> owners;
    std::vector<rd_kafka_NewTopic_t*> topics;
    std::array<char, 256> reason{};
    for (const TopicSpec& spec : specs) {
        owners.emplace_back(rd_kafka_NewTopic_new(spec.name.c_str(), static_cast<int>(spec.partitions), replicas,
                                                  reason.data(), reason.size()));
        if (!owners.back()) return fail(ErrorCode::kInvalid, "topic " + spec.name + ": " + reason.data());
        for (const auto& [name, value] : spec.settings) {
            rd_kafka_NewTopic_set_config(owners.back().get(), name.c_str(), value.c_str());
        }
        topics.push_back(owners.back().get());
    }
    const AdminOptions options = options_for(client, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms);
    const kafka::Queue queue(rd_kafka_queue_new(client.get()));
    rd_kafka_CreateTopics(client.get(), topics.data(), topics.size(), options.get(), queue.get());
    DAYBOOK_ASSIGN(const kafka::Event event, await(queue, "creating topics", timeout_ms + 1000));
    std::size_t count = 0;
    const auto* const result = rd_kafka_event_CreateTopics_result(event.get());
    const rd_kafka_topic_result_t** const answers = rd_kafka_CreateTopics_result_topics(result, &count);
    for (const rd_kafka_topic_result_t* answer : std::span(answers, count)) {
        const auto failed = rd_kafka_topic_result_error(answer);
        if (failed == RD_KAFKA_RESP_ERR_NO_ERROR || failed == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
        const char* const text = rd_kafka_topic_result_error_string(answer);
        return fail(ErrorCode::kUnavailable,
                    "topic " + std::string(rd_kafka_topic_result_name(answer)) +
                        " cannot be created: " + (text == nullptr ? rd_kafka_err2str(failed) : text));
    }
    return {};
}

Result<std::uint32_t> partition_count(const kafka::Client& client, const std::string& topic, int timeout_ms) {
    const kafka::TopicHandle handle(rd_kafka_topic_new(client.get(), topic.c_str(), nullptr));
    const struct rd_kafka_metadata* answer = nullptr;
    const auto failed = rd_kafka_metadata(client.get(), 0, handle.get(), &answer, timeout_ms);
    const kafka::Metadata owner(answer);
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return fail(ErrorCode::kUnavailable, "topic " + topic + ": " + rd_kafka_err2str(failed));
    }
    if (answer->topic_cnt != 1 || answer->topics[0].partition_cnt == 0 ||
        answer->topics[0].err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
        return fail(ErrorCode::kNotFound, "Kafka has no topic " + topic);
    }
    if (answer->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return fail(ErrorCode::kUnavailable, "topic " + topic + ": " + rd_kafka_err2str(answer->topics[0].err));
    }
    return static_cast<std::uint32_t>(answer->topics[0].partition_cnt);
}

Result<void> check_told(const TopicSpec& spec, const rd_kafka_ConfigResource_t* told) {
    std::size_t count = 0;
    const rd_kafka_ConfigEntry_t** entries = nullptr;
    if (told != nullptr) {
        if (rd_kafka_ConfigResource_error(told) != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return fail(ErrorCode::kUnavailable, "the settings of topic " + spec.name + " cannot be read: " +
                                                     rd_kafka_ConfigResource_error_string(told));
        }
        entries = rd_kafka_ConfigResource_configs(told, &count);
    }
    for (const auto& [name, value] : spec.settings) {
        const char* actual = nullptr;
        for (const rd_kafka_ConfigEntry_t* entry : std::span(entries, count)) {
            if (name == rd_kafka_ConfigEntry_name(entry)) actual = rd_kafka_ConfigEntry_value(entry);
        }
        if (actual == nullptr) {
            return fail(ErrorCode::kForeign,
                        "topic " + spec.name + " must have " + name + "=" + value +
                            ", and the broker did not say what " + name +
                            " is; where it never does, make the topics yourself, with topics = \"trust\"");
        }
        if (value == actual) continue;
        return fail(ErrorCode::kForeign, "topic " + spec.name + " exists with " + name + "=" + actual +
                                             ", and Daybook needs " + name + "=" + value +
                                             "; change the topic, or publish another generation of topics");
    }
    return {};
}

Result<void> check_settings(const kafka::Client& client, const std::vector<TopicSpec>& specs, int timeout_ms) {
    std::vector<kafka::ConfigResource> owners;
    std::vector<rd_kafka_ConfigResource_t*> resources;
    for (const TopicSpec& spec : specs) {
        owners.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, spec.name.c_str()));
        resources.push_back(owners.back().get());
    }
    const AdminOptions options = options_for(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_ms);
    const kafka::Queue queue(rd_kafka_queue_new(client.get()));
    rd_kafka_DescribeConfigs(client.get(), resources.data(), resources.size(), options.get(), queue.get());
    DAYBOOK_ASSIGN(const kafka::Event event, await(queue, "reading the topics' settings", timeout_ms + 1000));
    std::size_t count = 0;
    const auto* const result = rd_kafka_event_DescribeConfigs_result(event.get());
    const rd_kafka_ConfigResource_t** const found = rd_kafka_DescribeConfigs_result_resources(result, &count);
    for (const TopicSpec& spec : specs) {
        const auto told = std::ranges::find_if(std::span(found, count), [&](const rd_kafka_ConfigResource_t* one) {
            return spec.name == rd_kafka_ConfigResource_name(one);
        });
        DAYBOOK_TRY(check_told(spec, told == std::span(found, count).end() ? nullptr : *told));
    }
    return {};
}

}  // namespace daybook::stream
