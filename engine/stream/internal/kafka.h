// librdkafka's C handles with owners, and its errors as ours. Nothing outside engine/stream/internal sees librdkafka.
//
// Order of destruction (librdkafka blocks for ever otherwise): messages, events, queues and topic handles go before the
// client that they came from.
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/error.h"

namespace daybook::stream::kafka {

template <auto kDestroy>
struct Destroyer {
    template <class T>
    void operator()(T* handle) const {
        kDestroy(handle);
    }
};
template <class T, auto kDestroy>
using Owner = std::unique_ptr<T, Destroyer<kDestroy>>;

using Message = Owner<rd_kafka_message_t, rd_kafka_message_destroy>;
using TopicHandle = Owner<rd_kafka_topic_t, rd_kafka_topic_destroy>;
using PartitionList = Owner<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;
using Queue = Owner<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using Event = Owner<rd_kafka_event_t, rd_kafka_event_destroy>;
using NewTopic = Owner<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;
using ConfigResource = Owner<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>;
using AdminOptions = Owner<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;
using ErrorHandle = Owner<rd_kafka_error_t, rd_kafka_error_destroy>;
using Metadata = Owner<const struct rd_kafka_metadata, rd_kafka_metadata_destroy>;

using Settings = std::vector<std::pair<std::string, std::string>>;

// What a client says of its connections, from whatever thread. Trouble is sticky: it means that some request may still
// be on its way to a broker although the client has given it up.
class Noise {
public:
    [[nodiscard]] bool heard() const { return heard_.load(std::memory_order_acquire); }
    // The first trouble, and the last thing said of any kind.
    [[nodiscard]] std::string trouble() const;
    [[nodiscard]] std::string last() const;

    void log(std::string_view facility, std::string_view text);
    void error(std::string_view text);

private:
    std::atomic<bool> heard_{false};
    mutable std::mutex mutex_;
    std::string trouble_;
    std::string last_;
};

// A producer or a consumer. The destructor may block where brokers cannot be reached (librdkafka 2.0.2): destroy on a
// thread that can be given up.
class Client {
public:
    enum class Kind : std::uint8_t { kProducer, kConsumer };
    // kInvalid: a setting that librdkafka refuses, named. Values are never part of a message: one may be a password.
    static Result<Client> make(Kind kind, const Settings& settings);

    Client(Client&&) noexcept = default;
    Client& operator=(Client&&) noexcept = default;

    [[nodiscard]] rd_kafka_t* get() const { return handle_.get(); }
    [[nodiscard]] const Noise& noise() const { return *noise_; }

    // Waits until a broker has answered a metadata request. kUnavailable with the client's own reason.
    [[nodiscard]] Result<void> reach(int timeout_ms) const;

private:
    struct Destroy {
        void operator()(rd_kafka_t* handle) const;
    };
    Client() = default;

    std::unique_ptr<Noise> noise_;  // outlives the handle, whose threads write to it
    std::unique_ptr<rd_kafka_t, Destroy> handle_;
};

}  // namespace daybook::stream::kafka
