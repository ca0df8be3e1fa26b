// Makes the topics of a ledger, and refuses those that are there with other settings.
#pragma once

#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/stream/internal/kafka.h"
#include "engine/stream/topics.h"

namespace daybook::stream {

// Creates what is missing, with `replicas` (-1: the cluster's default). kUnavailable: try again.
Result<void> create_topics(const kafka::Client& client, const std::vector<TopicSpec>& specs, int replicas,
                           int timeout_ms);

// How many partitions the topic has. kNotFound, kUnavailable.
Result<std::uint32_t> partition_count(const kafka::Client& client, const std::string& topic, int timeout_ms);

// kForeign where a topic exists with another value of a setting that its spec names, or the broker does not say which:
// the message names the setting, and what would be right. kUnavailable: try again.
Result<void> check_settings(const kafka::Client& client, const std::vector<TopicSpec>& specs, int timeout_ms);
// The same for one topic, of which that was told; nullptr: nothing.
Result<void> check_told(const TopicSpec& spec, const rd_kafka_ConfigResource_t* told);

}  // namespace daybook::stream
