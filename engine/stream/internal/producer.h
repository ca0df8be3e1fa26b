// The transactional producer of one term. Every way in which a transaction can end is one of three.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/time.h"
#include "engine/stream/internal/kafka.h"
#include "engine/stream/records.h"
#include "engine/stream/topics.h"

namespace daybook::stream {

// Why a term cannot go on. Whatever was open is aborted, by us or by the next term's init.
struct Broken {
    enum class How : std::uint8_t {
        kRecycle,  // begin a new term: new client, new epoch, cursor read again
        kFenced,   // another producer has taken the term, or the brokers believe so
        kStopped,  // asked to stop
    };
    How how = How::kRecycle;
    std::string reason;
};
template <class T>
using OrBroken = tl::expected<T, Broken>;

struct ProducerOptions {
    std::string transactional_id;
    int transaction_timeout_ms = 0;
    std::string source;  // ce_source
    std::string ledger;  // in ce_id
    ValueFormat format = ValueFormat::kJson;
    SchemaIds schemas;
    bool debezium_headers = false;
    bool state = false;  // the topics of state are there
    const Clock* clock = nullptr;
};

// Threads: one. Before each call that may block, `may_block` is asked with the name of the step and the longest it may
// take; it answers false where the publisher is stopping.
class Producer {
public:
    using MayBlock = std::function<bool(std::string_view step, std::chrono::milliseconds longest)>;

    static Result<Producer> make(const kafka::Settings& common, const ProducerOptions& options, const TopicSet& topics,
                                 MayBlock may_block);

    // Fences every earlier producer of this transactional id and waits until its last transaction is over.
    OrBroken<void> init();
    void set_epoch(std::uint64_t epoch) { epoch_ = std::to_string(epoch); }

    OrBroken<void> begin();
    OrBroken<void> produce(const Record& record);
    OrBroken<void> produce_control(std::string_view key, std::string_view value);
    // Waits until everything produced so far is acknowledged.
    OrBroken<void> flush();
    // Commits. Answers kRecycle where the client says that it did but had any trouble since it was made: with brokers
    // before KIP-890's second part a late request can undo or tear what was committed, and only reading back tells.
    OrBroken<void> commit();
    // Best effort, bounded: the next term's init would do it otherwise.
    void abort();
    // Aborts whatever an earlier producer of this transactional id left open in these partitions.
    OrBroken<void> abort_left_open(const std::vector<std::pair<Topic, std::uint32_t>>& partitions);

    // Trouble that was heard outside of a transaction.
    [[nodiscard]] bool noisy() const { return client_.noise().heard(); }
    [[nodiscard]] std::string noise() const { return client_.noise().trouble(); }

private:
    Producer(kafka::Client client, const ProducerOptions& options, const TopicSet& topics, MayBlock may_block);
    Broken broken(rd_kafka_error_t* error, std::string_view what) const;
    rd_kafka_headers_t* headers_of(const Record& record) const;
    void add_event_headers(const Record& record, rd_kafka_headers_t* headers) const;
    void add_header(rd_kafka_headers_t* headers, std::string_view name, std::string_view value) const;
    OrBroken<void> send(Topic topic, std::uint32_t partition, std::string_view key, const std::string_view* value,
                        Micros timestamp, rd_kafka_headers_t* headers);

    ProducerOptions options_;
    std::array<std::string, kTopicCount> frames_;  // what stands before values
    std::array<std::string, kTopicCount> schema_headers_;
    std::string framed_;  // a value with its frame
    MayBlock may_block_;
    std::string epoch_;
    kafka::Client client_;
    std::array<kafka::TopicHandle, kTopicCount> handles_;  // go before the client
};

}  // namespace daybook::stream
