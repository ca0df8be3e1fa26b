// What the Kafka client may answer, code by code, from librdkafka's own mock brokers. The mock is marked experimental
// and lives in this file only. It does not hide aborted records and keeps no transactions apart: to a reader an aborted
// transaction looks like a torn commit, so that every one of these tests also goes through the repair. What a real
// broker does is asked in tests/kafka.
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <map>
#include <mutex>
#include <optional>
#include <ostream>

#include "engine/stream/internal/kafka.h"
#include "engine/stream/publisher.h"
#include "engine/stream/topics.h"
#include "tests/support/made_state.h"
#include "tests/support/wait.h"

namespace daybook::stream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const LedgerId kLedger = *LedgerId::parse("0190b5f0-7a3e-7c11-8d2f-0000000000aa");
constexpr std::int16_t kProduce = 0, kFetch = 1, kListOffsets = 2, kMetadata = 3, kFindCoordinator = 10;
constexpr std::int16_t kInitProducerId = 22, kAddPartitions = 24, kEndTxn = 26;

constexpr int kPartitions = 2;

std::string name_of(Topic topic) {
    return TopicSet{.prefix = "daybook", .ledger = kLedger, .generation = 1}.name(topic);
}

class MockCluster {
public:
    MockCluster() {
        std::array<char, 256> reason{};
        host_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), reason.data(), reason.size()));
        cluster_ = rd_kafka_mock_cluster_new(host_.get(), 1);
        for (const Topic topic : kTopics) {
            rd_kafka_mock_topic_create(cluster_, name_of(topic).c_str(), is_keyed(topic) ? kPartitions : 1, 1);
        }
    }
    ~MockCluster() { rd_kafka_mock_cluster_destroy(cluster_); }
    MockCluster(const MockCluster&) = delete;
    MockCluster& operator=(const MockCluster&) = delete;

    [[nodiscard]] std::string bootstrap() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
    void fail_next(std::int16_t request, std::initializer_list<rd_kafka_resp_err_t> errors) {
        rd_kafka_mock_push_request_errors_array(cluster_, request, errors.size(), errors.begin());
    }
    void set_down(bool down) {
        if (down) {
            rd_kafka_mock_broker_set_down(cluster_, 1);
        } else {
            rd_kafka_mock_broker_set_up(cluster_, 1);
        }
    }

private:
    struct Destroy {
        void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
    };
    std::unique_ptr<rd_kafka_t, Destroy> host_;
    rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

Options options_for(const MockCluster& cluster, const StateSource& state) {
    Options options;
    options.bootstrap = cluster.bootstrap();
    options.state = &state;
    options.topics = Options::Topics::kTrust;  // the mock has no admin requests
    options.retry_min = milliseconds(10);
    options.retry_max = milliseconds(100);
    options.takeover_after = milliseconds(200);
    options.transaction_timeout = milliseconds(3000);
    return options;
}

struct Lying {
    std::string key;
    std::string id;
    std::string value;
};

// Every record that lies in the topic, aborted or not; of each partition in order.
std::vector<Lying> everything(const MockCluster& cluster, Topic topic) {
    auto client = kafka::Client::make(kafka::Client::Kind::kConsumer, {{"bootstrap.servers", cluster.bootstrap()},
                                                                       {"group.id", "test"},
                                                                       {"auto.offset.reset", "earliest"},
                                                                       {"enable.auto.commit", "false"},
                                                                       {"enable.partition.eof", "true"}});
    const kafka::PartitionList list(rd_kafka_topic_partition_list_new(kPartitions));
    for (int i = 0; i < kPartitions; ++i) {
        rd_kafka_topic_partition_list_add(list.get(), name_of(topic).c_str(), i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_assign(client->get(), list.get());
    std::vector<Lying> all;
    for (int open = kPartitions; open > 0;) {
        const kafka::Message message(rd_kafka_consumer_poll(client->get(), 10'000));
        if (!message) break;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) --open;
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        rd_kafka_headers_t* headers = nullptr;
        const void* id = nullptr;
        std::size_t size = 0;
        if (rd_kafka_message_headers(message.get(), &headers) == RD_KAFKA_RESP_ERR_NO_ERROR &&
            rd_kafka_header_get_last(headers, "ce_id", &id, &size) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            all.push_back({{static_cast<const char*>(message->key), message->key_len},
                           {static_cast<const char*>(id), size},
                           {static_cast<const char*>(message->payload), message->len}});
        }
    }
    return all;
}

// Without the position that it reflects, which depends on when it was written.
std::string undated(const std::string& value) { return value.substr(std::min(value.find(','), value.size())); }

// And the newest state of each key is right.
void expect_every_record_once(const MockCluster& cluster, const test::MadeSource& source) {
    std::map<std::string, int> expected;
    for (Position position = 0; position < source.head(); ++position) {
        const auto parts =
            static_cast<std::uint32_t>(std::max<std::size_t>(1, source.events().items_of(position).size()));
        for (std::uint32_t part = 0; part < parts; ++part)
            expected[record_id(kLedger.text(), {position, part}, parts)] = 1;
    }
    std::map<std::string, int> seen;
    for (const Lying& record : everything(cluster, Topic::kEvents)) ++seen[record.id];
    EXPECT_EQ(seen, expected);

    std::map<Topic, std::map<std::string, std::string>> newest;
    std::map<Topic, std::map<std::string, std::string>> right;
    for (const Topic topic : {Topic::kCustody, Topic::kStock}) {
        for (const Lying& record : everything(cluster, topic)) newest[topic][record.key] = undated(record.value);
    }
    const test::MadeReading now(source.events(), source.head());
    ASSERT_TRUE(now.all_pieces(ValueFormat::kJson, [&](const ItemId& item, const PieceState& piece) {
        right[Topic::kCustody][item.text()] = undated(piece.value);
        return Result<void>();
    }));
    ASSERT_TRUE(now.all_stock(ValueFormat::kJson, [&](const StockState& stock) {
        right[Topic::kStock][stock.key] = undated(stock.value);
        return Result<void>();
    }));
    EXPECT_EQ(newest, right);
}

struct Trouble {
    const char* name;
    std::int16_t request;
    std::vector<rd_kafka_resp_err_t> errors;
    bool new_term;  // expected to end the term
};

void PrintTo(const Trouble& trouble, std::ostream* out) { *out << trouble.name; }

class MockTest : public ::testing::TestWithParam<Trouble> {};

TEST_P(MockTest, EveryRecordIsThereOnceAfter) {
    const Trouble& trouble = GetParam();
    MockCluster cluster;
    test::MadeSource source(50);
    const test::MadeState state(source);
    auto publisher = Publisher::start(source, kLedger, options_for(cluster, state));
    ASSERT_TRUE(publisher) << publisher.error().message;
    ASSERT_TRUE((*publisher)->wait_published(50, after(seconds(30)))) << (*publisher)->status().last_error;
    const std::uint64_t terms = (*publisher)->status().terms;
    for (const auto error : trouble.errors) cluster.fail_next(trouble.request, {error});
    source.grow_to(200);
    ASSERT_TRUE((*publisher)->wait_published(200, after(seconds(60)))) << (*publisher)->status().last_error;
    if (trouble.new_term) {
        EXPECT_TRUE(test::wait_until([&] { return (*publisher)->status().terms > terms; }))
            << (*publisher)->status().last_error;
        EXPECT_NE((*publisher)->status().last_error, "");
    } else {
        EXPECT_EQ((*publisher)->status().terms, terms) << (*publisher)->status().last_error;
    }
    (*publisher)->stop(after(seconds(10)));
    expect_every_record_once(cluster, source);
}

constexpr auto kDropped = RD_KAFKA_RESP_ERR__TRANSPORT;  // the mock closes the connection instead of answering
INSTANTIATE_TEST_SUITE_P(
    Errors, MockTest,
    ::testing::Values(
        Trouble{"ProduceRetriable", kProduce, {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION}, false},
        Trouble{"ProduceNotEnoughReplicas", kProduce, {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS}, false},
        Trouble{"ProduceDropped", kProduce, {kDropped}, true},
        Trouble{"ProduceOutOfOrder", kProduce, {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER}, true},
        Trouble{"ProduceUnknownProducer", kProduce, {RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID}, true},
        Trouble{"ProduceTooLarge", kProduce, {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE}, true},
        Trouble{"ProduceFenced", kProduce, {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH}, true},
        Trouble{"AddPartitionsConcurrent", kAddPartitions, {RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS}, false},
        Trouble{"AddPartitionsNotCoordinator", kAddPartitions, {RD_KAFKA_RESP_ERR_NOT_COORDINATOR}, false},
        Trouble{"AddPartitionsMappingLost", kAddPartitions, {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING}, true},
        Trouble{"AddPartitionsInvalidState", kAddPartitions, {RD_KAFKA_RESP_ERR_INVALID_TXN_STATE}, true},
        Trouble{"AddPartitionsFenced", kAddPartitions, {RD_KAFKA_RESP_ERR_PRODUCER_FENCED}, true},
        Trouble{"AddPartitionsDropped", kAddPartitions, {kDropped}, true},
        Trouble{"EndTxnConcurrent",
                kEndTxn,
                {RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS},
                false},
        Trouble{"EndTxnLoading", kEndTxn, {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS}, false},
        Trouble{"EndTxnDropped", kEndTxn, {kDropped}, true},
        Trouble{"EndTxnInvalidState", kEndTxn, {RD_KAFKA_RESP_ERR_INVALID_TXN_STATE}, true},
        Trouble{"EndTxnFenced", kEndTxn, {RD_KAFKA_RESP_ERR_PRODUCER_FENCED}, true},
        Trouble{"EndTxnOldEpoch", kEndTxn, {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH}, true}),
    [](const auto& instance) { return std::string(instance.param.name); });

// ---- Every code that a request may be answered with, one after the other. ----

struct Codes {
    const char* name;
    std::int16_t request;
    std::vector<int> codes;  // of the protocol; kDropped: the connection is closed in the answer's place
};

void PrintTo(const Codes& codes, std::ostream* out) { *out << codes.name; }

class MockCodeTest : public ::testing::TestWithParam<Codes> {};

// While it publishes: whatever the answer, every record is there once, and it goes on without a person.
TEST_P(MockCodeTest, NoneLosesOrDoublesARecord) {
    MockCluster cluster;
    test::MadeSource source(10);
    const test::MadeState state(source);
    auto publisher = Publisher::start(source, kLedger, options_for(cluster, state));
    ASSERT_TRUE(publisher) << publisher.error().message;
    ASSERT_TRUE((*publisher)->wait_published(10, after(seconds(30)))) << (*publisher)->status().last_error;
    for (const int code : GetParam().codes) {
        cluster.fail_next(GetParam().request, {static_cast<rd_kafka_resp_err_t>(code)});
        source.grow_to(source.head() + 10);
        ASSERT_TRUE((*publisher)->wait_published(source.head(), after(seconds(60))))
            << "after code " << code << ": " << to_string((*publisher)->status().state) << ", "
            << (*publisher)->status().last_error;
    }
    (*publisher)->stop(after(seconds(10)));
    expect_every_record_once(cluster, source);
}

// Of authorisation there are 29 (topic), 31 (cluster) and 53 (transactional id). Not among Produce's: 46, a duplicate,
// which only ever answers what was written before.
INSTANTIATE_TEST_SUITE_P(
    Codes, MockCodeTest,
    ::testing::Values(
        Codes{"Produce", kProduce, {-1, 2,  3,  5,  6,  7,  10, 13, 18, 19, 20, 29, 31,
                                    32, 43, 44, 45, 47, 48, 49, 53, 56, 59, 87, 90, kDropped}},
        Codes{"AddPartitions", kAddPartitions, {-1, 3, 7, 14, 15, 16, 29, 31, 47, 48, 49, 51, 53, 55, 90, kDropped}},
        Codes{"EndTxn", kEndTxn, {-1, 7, 14, 15, 16, 31, 47, 48, 49, 51, 53, 90, kDropped}}),
    [](const auto& instance) { return std::string(instance.param.name); });

class MockHandshakeTest : public ::testing::TestWithParam<Codes> {};

// In the handshake: it is taken up again, and nothing that was read wrong makes it publish anything twice.
TEST_P(MockHandshakeTest, EveryCodeIsGotOver) {
    MockCluster cluster;
    test::MadeSource source(0);
    const test::MadeState state(source);
    for (const int code : GetParam().codes) {
        source.grow_to(source.head() + 10);
        cluster.fail_next(GetParam().request, {static_cast<rd_kafka_resp_err_t>(code)});
        auto publisher = Publisher::start(source, kLedger, options_for(cluster, state));
        ASSERT_TRUE(publisher) << publisher.error().message;
        ASSERT_TRUE((*publisher)->wait_published(source.head(), after(seconds(60))))
            << "after code " << code << ": " << to_string((*publisher)->status().state) << ", "
            << (*publisher)->status().last_error;
        (*publisher)->stop(after(seconds(10)));
    }
    expect_every_record_once(cluster, source);
}

INSTANTIATE_TEST_SUITE_P(
    Codes, MockHandshakeTest,
    ::testing::Values(
        Codes{"Fetch", kFetch, {-1, 1, 3, 5, 6, 9, 29, 56, 74, 75, kDropped}},
        Codes{"ListOffsets", kListOffsets, {-1, 3, 5, 6, 9, 29, 56, 74, 75, 78, kDropped}},
        Codes{"Metadata", kMetadata, {kDropped}},
        Codes{"FindCoordinator", kFindCoordinator, {-1, 14, 15, 53, kDropped}},
        Codes{"InitProducerId", kInitProducerId, {-1, 14, 15, 16, 31, 47, 48, 49, 50, 51, 53, 90, kDropped}}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(MockStartTest, ErrorsOfTheHandshakeAreWaitedOut) {
    MockCluster cluster;
    cluster.fail_next(kInitProducerId,
                      {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS});
    test::MadeSource source(20);
    const test::MadeState state(source);
    auto publisher = Publisher::start(source, kLedger, options_for(cluster, state));
    ASSERT_TRUE(publisher);
    EXPECT_TRUE((*publisher)->wait_published(20, after(seconds(30)))) << (*publisher)->status().last_error;
}

TEST(MockStartTest, AnUnauthorisedPublisherSaysSoAndTriesAgain) {
    MockCluster cluster;
    cluster.fail_next(kInitProducerId, {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED});
    test::MadeSource source(20);
    const test::MadeState state(source);
    auto publisher = Publisher::start(source, kLedger, options_for(cluster, state));
    ASSERT_TRUE(publisher);
    EXPECT_TRUE((*publisher)->wait_published(20, after(seconds(30))));
    EXPECT_NE((*publisher)->status().last_error, "");
}

// The N in "waiting N ms …"; nullopt in any other step.
std::optional<int> waiting_ms(const std::string& step) {
    int wait = 0;
    return std::sscanf(step.c_str(), "waiting %d ms", &wait) == 1 ? std::optional(wait) : std::nullopt;
}

TEST(MockRetryTest, WaitsGrowToTheirBoundAndBeginAnewAfterASuccess) {
    MockCluster cluster;
    constexpr std::size_t kFailures = 6;
    for (std::size_t i = 0; i < kFailures; ++i) {
        cluster.fail_next(kInitProducerId, {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED});
    }
    test::MadeSource source(10);
    const test::MadeState state(source);
    Options options = options_for(cluster, state);
    std::atomic<const Publisher*> running = nullptr;
    std::mutex mutex;
    std::vector<int> waits;
    options.say = [&](Options::Severity severity, std::string_view text) {
        if (severity != Options::Severity::kWarning || !text.starts_with("retrying: ")) return;
        ASSERT_TRUE(test::wait_until([&] { return running != nullptr; }));
        const auto wait = waiting_ms(running.load()->status().step);
        ASSERT_TRUE(wait) << text;
        const std::lock_guard lock(mutex);
        waits.push_back(*wait);
    };
    auto publisher = Publisher::start(source, kLedger, options);
    ASSERT_TRUE(publisher);
    running = publisher->get();
    ASSERT_TRUE((*publisher)->wait_published(10, after(seconds(60)))) << (*publisher)->status().last_error;
    cluster.fail_next(kEndTxn, {RD_KAFKA_RESP_ERR_INVALID_TXN_STATE});
    source.grow_to(20);
    ASSERT_TRUE((*publisher)->wait_published(20, after(seconds(60)))) << (*publisher)->status().last_error;
    (*publisher)->stop(after(seconds(10)));
    ASSERT_EQ(waits.size(), kFailures + 1);
    for (std::size_t i = 0; i <= kFailures; ++i) {
        const int longest = i == kFailures ? 10 : std::min(10 << i, 100);
        EXPECT_LE(waits[i], longest) << "wait " << i;
        EXPECT_GE(waits[i], longest / 2) << "wait " << i;
    }
}

TEST(MockRetryTest, WaitsForABrokerGrowToTheirBound) {
    MockCluster cluster;
    cluster.set_down(true);
    const test::MadeSource source(10);
    const test::MadeState state(source);
    Options options = options_for(cluster, state);
    options.retry_min = milliseconds(200);
    options.retry_max = milliseconds(800);
    auto publisher = Publisher::start(source, kLedger, options);
    ASSERT_TRUE(publisher);
    for (const int longest : {200, 400, 800}) {
        std::optional<int> wait;
        ASSERT_TRUE(test::wait_until([&] { return (wait = waiting_ms((*publisher)->status().step)).has_value(); }));
        EXPECT_LE(*wait, longest);
        EXPECT_GE(*wait, longest / 2);
        ASSERT_TRUE(test::wait_until([&] { return !waiting_ms((*publisher)->status().step); }));
    }
    cluster.set_down(false);
    EXPECT_TRUE((*publisher)->wait_published(10, after(seconds(60)))) << (*publisher)->status().last_error;
}

TEST(MockStartTest, BrokersThatGoAwayAndComeBackAreTakenUpAgain) {
    MockCluster cluster;
    test::MadeSource source(20);
    const test::MadeState state(source);
    auto publisher = Publisher::start(source, kLedger, options_for(cluster, state));
    ASSERT_TRUE(publisher);
    ASSERT_TRUE((*publisher)->wait_published(20, after(seconds(30))));
    cluster.set_down(true);
    source.grow_to(60);
    ASSERT_TRUE(test::wait_until([&] { return (*publisher)->status().lag_events == 40; }));
    ASSERT_TRUE(test::wait_until([&] { return !(*publisher)->status().last_error.empty(); }));
    cluster.set_down(false);
    ASSERT_TRUE((*publisher)->wait_published(60, after(seconds(60)))) << (*publisher)->status().last_error;
    (*publisher)->stop(after(seconds(10)));
    expect_every_record_once(cluster, source);
}

}  // namespace
}  // namespace daybook::stream
