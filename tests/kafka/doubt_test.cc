// What is read back at the start of a term may not be the whole: then it is doubted, and nothing published.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <array>

#include "engine/stream/internal/kafka.h"
#include "engine/stream/publisher.h"
#include "tests/kafka/kafka_test.h"

namespace daybook::stream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

kafka::Client make_client(const kafka::Settings& settings) {
    auto client = kafka::Client::make(kafka::Client::Kind::kProducer, settings);
    if (!client) throw std::runtime_error(client.error().message);
    return std::move(*client);
}

void expect_well(rd_kafka_error_t* error) {
    const kafka::ErrorHandle owner(error);
    EXPECT_EQ(error, nullptr) << rd_kafka_error_string(error);
}

void publish(const std::unique_ptr<Publisher>& publisher, Position until) {
    ASSERT_TRUE(publisher->wait_published(until, after(seconds(60)))) << publisher->status().last_error;
}

// A broker that was killed between the answer to a commit and its markers shows exactly this when it comes back: a
// cursor that is older than the committed one, before a transaction that looks open. Here somebody else's is.
TEST_F(KafkaTest, WhileATransactionIsOpenTheCursorIsNotBelieved) {
    test::MadeSource source(100);
    {
        auto publisher = start(source);
        publish(publisher, 100);
        publisher->stop(after(seconds(10)));
    }
    const std::string control = topics().name(Topic::kControl);
    const auto stranger = make_client({{"bootstrap.servers", bootstrap_}, {"transactional.id", ledger_.text()}});
    expect_well(rd_kafka_init_transactions(stranger.get(), 30'000));
    expect_well(rd_kafka_begin_transaction(stranger.get()));
    ASSERT_EQ(rd_kafka_producev(stranger.get(), RD_KAFKA_VTYPE_TOPIC, control.c_str(), RD_KAFKA_VTYPE_KEY, "?",
                                std::size_t{1}, RD_KAFKA_VTYPE_VALUE, "?", std::size_t{1}, RD_KAFKA_VTYPE_END),
              RD_KAFKA_RESP_ERR_NO_ERROR);
    ASSERT_EQ(rd_kafka_flush(stranger.get(), 30'000), RD_KAFKA_RESP_ERR_NO_ERROR);

    source.grow_to(200);
    auto publisher = start(source);
    ASSERT_TRUE(test::wait_until([&] {
        return publisher->status().last_error.find("a transaction is still open in " + control) != std::string::npos;
    })) << publisher->status().step << ": " << publisher->status().last_error;
    EXPECT_EQ(publisher->status().state, State::kConnecting);
    expect_well(rd_kafka_abort_transaction(stranger.get(), 30'000));
    publish(publisher, 200);
    publisher->stop(after(seconds(10)));
    expect_exactly_once(source);
}

TEST_F(KafkaTest, LostRecordsAreDoubtedForAWhileAndThenRefused) {
    test::MadeSource source(100);
    Options with = options();
    with.doubt = milliseconds(1500);
    {
        auto publisher = start(source, with);
        publish(publisher, 100);
        publisher->stop(after(seconds(10)));
    }
    const auto admin = make_client({{"bootstrap.servers", bootstrap_}});
    const kafka::Queue queue(rd_kafka_queue_new(admin.get()));
    rd_kafka_DeleteTopic_t* deletion = rd_kafka_DeleteTopic_new(topics().name(Topic::kControl).c_str());
    rd_kafka_DeleteTopics(admin.get(), &deletion, 1, nullptr, queue.get());
    const kafka::Event event(rd_kafka_queue_poll(queue.get(), 30'000));
    rd_kafka_DeleteTopic_destroy(deletion);
    ASSERT_TRUE(event);

    const auto before = std::chrono::steady_clock::now();
    auto publisher = start(source, with);
    ASSERT_TRUE(test::wait_until([&] { return publisher->status().state == State::kRefused; }))
        << publisher->status().last_error;
    EXPECT_GE(std::chrono::steady_clock::now() - before, with.doubt);
    EXPECT_THAT(publisher->status().last_error, HasSubstr("the control topic holds no cursor"));
    publisher->stop(after(seconds(10)));
    expect_exactly_once(source);
}

}  // namespace
}  // namespace daybook::stream
