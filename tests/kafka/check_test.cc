// The comparison of Kafka with the ledger, on a real broker: each test spoils something by hand that must be named.
#include "engine/stream/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include "engine/stream/internal/admin.h"
#include "engine/stream/internal/kafka.h"
#include "tests/kafka/committed.h"
#include "tests/kafka/kafka_test.h"
#include "tests/support/made_state.h"

namespace daybook::stream {
namespace {

using std::chrono::seconds;
using test::CommittedRecord;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// As the made events up to a position, and from there on another history.
class Diverged : public test::MadeSource {
public:
    Diverged(Position head, Position from) : MadeSource(head), from_(from) {}
    [[nodiscard]] Result<void> read(Position from, Position to, const Visit& visit) const override {
        const test::MadeEvents other{.first_at = 1'600'000'000 * kSecond};
        return MadeSource::read(from, to, [&](Position position, std::string_view stored) {
            return position < from_ ? visit(position, stored) : visit(position, other.stored(position));
        });
    }
    [[nodiscard]] Result<Hash> root(Position size) const override {
        if (size > from_) return sha256("another root " + std::to_string(size));
        return MadeSource::root(size);
    }

private:
    const Position from_;
};

class CheckTest : public KafkaTest {
protected:
    void publish(const test::MadeSource& source, const Options& with) const {
        auto publisher = start(source, with);
        ASSERT_TRUE(publisher->wait_published(source.head(), after(seconds(60)))) << publisher->status().last_error;
        publisher->stop(after(seconds(10)));
    }
    [[nodiscard]] std::vector<CommittedRecord> records(Topic topic) const {
        return test::read_committed(bootstrap_, topics().name(topic), is_keyed(topic) ? kPartitions : 1);
    }
    [[nodiscard]] CommittedRecord last_of(Topic topic, std::int32_t partition) const {
        CommittedRecord last;
        for (auto& record : records(topic)) {
            if (record.partition == partition) last = std::move(record);
        }
        return last;
    }

    [[nodiscard]] kafka::Client producer() const {
        // Idempotent, so that in a topic that was just made nothing changes places.
        return std::move(*kafka::Client::make(kafka::Client::Kind::kProducer,
                                              {{"bootstrap.servers", bootstrap_}, {"enable.idempotence", "true"}}));
    }
    // In no transaction.
    void put(Topic topic, const std::vector<CommittedRecord>& records) const {
        const kafka::Client client = producer();
        for (const CommittedRecord& record : records) {
            rd_kafka_headers_t* const headers = rd_kafka_headers_new(record.headers.size());
            for (const auto& [name, value] : record.headers) {
                rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                                    static_cast<ssize_t>(value.size()));
            }
            const auto failed = rd_kafka_producev(
                client.get(), RD_KAFKA_VTYPE_TOPIC, topics().name(topic).c_str(), RD_KAFKA_VTYPE_PARTITION,
                record.partition, RD_KAFKA_VTYPE_MSGFLAGS, int{RD_KAFKA_MSG_F_COPY}, RD_KAFKA_VTYPE_KEY,
                record.key.empty() ? nullptr : record.key.data(), record.key.size(), RD_KAFKA_VTYPE_VALUE,
                record.value.empty() ? nullptr : record.value.data(), record.value.size(), RD_KAFKA_VTYPE_HEADERS,
                headers, RD_KAFKA_VTYPE_END);
            ASSERT_EQ(failed, RD_KAFKA_RESP_ERR_NO_ERROR);
        }
        ASSERT_EQ(rd_kafka_flush(client.get(), 20'000), RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    void remove(Topic topic) const {
        const kafka::Client client = producer();
        const std::string name = topics().name(topic);
        rd_kafka_DeleteTopic_t* one = rd_kafka_DeleteTopic_new(name.c_str());
        const kafka::Queue queue(rd_kafka_queue_new(client.get()));
        rd_kafka_DeleteTopics(client.get(), &one, 1, nullptr, queue.get());
        rd_kafka_DeleteTopic_destroy(one);
        const kafka::Event done(rd_kafka_queue_poll(queue.get(), 20'000));
        ASSERT_TRUE(done && rd_kafka_event_error(done.get()) == RD_KAFKA_RESP_ERR_NO_ERROR);
        ASSERT_TRUE(test::wait_until([&] {
            const auto count = partition_count(client, name, 20'000);
            return !count && count.error().code == ErrorCode::kNotFound;
        }));
    }
    void remake(Topic topic, std::uint32_t partitions) const {
        remove(topic);
        const kafka::Client client = producer();
        const TopicSpec spec = topic_spec(topics(), topic, partitions, -1);
        ASSERT_TRUE(test::wait_until([&] {
            static_cast<void>(create_topics(client, {spec}, -1, 20'000));
            const auto count = partition_count(client, spec.name, 20'000);
            return count && *count == spec.partitions;
        }));
    }
    // Everything before that offset.
    void delete_records(Topic topic, std::int32_t partition, std::int64_t before) const {
        const kafka::Client client = producer();
        const kafka::PartitionList list(rd_kafka_topic_partition_list_new(1));
        rd_kafka_topic_partition_list_add(list.get(), topics().name(topic).c_str(), partition)->offset = before;
        rd_kafka_DeleteRecords_t* what = rd_kafka_DeleteRecords_new(list.get());
        const kafka::Queue queue(rd_kafka_queue_new(client.get()));
        rd_kafka_DeleteRecords(client.get(), &what, 1, nullptr, queue.get());
        rd_kafka_DeleteRecords_destroy(what);
        const kafka::Event done(rd_kafka_queue_poll(queue.get(), 20'000));
        ASSERT_TRUE(done && rd_kafka_event_error(done.get()) == RD_KAFKA_RESP_ERR_NO_ERROR);
    }

    [[nodiscard]] CheckReport checked(const Source& source, const Options& with) const {
        auto report = check(source, ledger_, with);
        EXPECT_TRUE(report) << report.error().message;
        return report ? std::move(*report) : CheckReport{};
    }
    // "what position: message" of each row that is not as it should be.
    static std::vector<std::string> wrong(const CheckReport& report) {
        std::vector<std::string> all;
        for (const CheckRow& row : report.rows) {
            if (row.ok) continue;
            all.push_back(row.what + (row.position ? " " + std::to_string(*row.position) : "") + ": " + row.message);
        }
        return all;
    }
    static std::string as_of(const CommittedRecord& state) {
        return std::to_string(std::stoull(state.headers.at("ce_sequence")));
    }
    [[nodiscard]] std::string id(Position position) const { return ledger_.text() + ":" + std::to_string(position); }
};

TEST_F(CheckTest, NothingIsWrongWhereNothingIs) {
    test::MadeSource source(1'000);
    const test::MadeState state(source);
    Options with = options();
    with.state = &state;
    publish(source, with);
    const CheckReport report = checked(source, with);
    EXPECT_THAT(wrong(report), IsEmpty());
    EXPECT_EQ(report.next, 1'000U);
    EXPECT_EQ(report.rows.size(), 1U + kPartitions + 1 + 2);
    for (const CheckRow& row : report.rows) EXPECT_GT(row.checked, 0U) << row.what << ": " << row.message;
}

TEST_F(CheckTest, AMissingEndIsNamed) {
    test::MadeSource source(500);
    publish(source, options());
    std::vector<CommittedRecord> some;
    std::vector<std::string> lost(kPartitions);  // the first of each partition
    for (auto& record : records(Topic::kEvents)) {
        const auto partition = static_cast<std::size_t>(record.partition);
        if (partition > 0 && lost[partition].empty() && record.offset < 40) {
            some.push_back(std::move(record));
        } else if (lost[partition].empty()) {
            lost[partition] = record.headers.at("ce_id");
        }
    }
    remake(Topic::kEvents, kPartitions);
    remake(Topic::kLog, 1);
    put(Topic::kEvents, some);
    const auto begin = std::chrono::steady_clock::now();
    const auto found = wrong(checked(source, options()));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(30));
    ASSERT_EQ(found.size(), kPartitions + 1U);
    for (std::size_t i = 0; i < kPartitions; ++i) {
        EXPECT_THAT(found[i], AllOf(HasSubstr("events/" + std::to_string(i)),
                                    HasSubstr(lost[i] + " is missing, and everything behind it")));
    }
    EXPECT_THAT(found.back(), HasSubstr("log 0: the frames end before position 0"));
}

TEST_F(CheckTest, WhatStandsBehindTheLastIsNamed) {
    test::MadeSource source(200);
    publish(source, options());
    const CommittedRecord again = last_of(Topic::kEvents, 0);
    CommittedRecord foreign = last_of(Topic::kEvents, 1);
    foreign.headers["ce_id"] = "somebody:7";
    CommittedRecord later = last_of(Topic::kEvents, 2);
    later.headers["ce_id"] = id(200);
    put(Topic::kEvents, {again, foreign, later});
    const CommittedRecord frame = last_of(Topic::kLog, 0);
    put(Topic::kLog, {frame});
    const auto found = wrong(checked(source, options()));
    ASSERT_EQ(found.size(), 4U);
    EXPECT_THAT(found[0], AllOf(HasSubstr("events/0 "), HasSubstr(again.headers.at("ce_id") + " once more")));
    EXPECT_THAT(found[1], HasSubstr("somebody:7, which is no record of this ledger"));
    EXPECT_THAT(found[2], HasSubstr(id(200) + ", and the ledger has no such event"));
    EXPECT_THAT(found[3], AllOf(HasSubstr("log 200: "), HasSubstr("and 200 was to follow")));
}

TEST_F(CheckTest, WhatIsPublishedMeanwhileIsNotWrong) {
    test::MadeSource source(1'000);
    publish(source, options());
    auto publisher = start(source, options());
    std::thread events([&] {
        for (Position head = 1'000; head <= 1'400; head += 10) {
            source.grow_to(head);
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    });
    for (int i = 0; i < 3; ++i) EXPECT_THAT(wrong(checked(source, options())), IsEmpty());
    events.join();
    publisher->stop(after(seconds(10)));
}

TEST_F(CheckTest, ABeginningThatRetentionDoesNotExplainIsLost) {
    test::MadeSource source(600);
    publish(source, options());
    delete_records(Topic::kEvents, 0, 50);
    delete_records(Topic::kEvents, 1, -1);  // all
    delete_records(Topic::kLog, 0, -1);
    const auto found = wrong(checked(source, options()));
    ASSERT_EQ(found.size(), 3U);
    EXPECT_THAT(found[0], AllOf(HasSubstr("events/0 "), HasSubstr("is gone, it begins at position "),
                                HasSubstr("the configured retention is for ever")));
    EXPECT_THAT(found[1], AllOf(HasSubstr("events/1 "), HasSubstr("is gone, nothing is left")));
    EXPECT_THAT(found[2], HasSubstr("log 599: position 599 is gone, nothing is left"));

    // The events are of 2023.
    Options bounded = options();
    bounded.retention_ms = 86'400'000;
    CheckReport report = checked(source, bounded);
    EXPECT_THAT(wrong(report), IsEmpty());
    EXPECT_THAT(report.rows[1].message, HasSubstr("retention has cut it short, it begins at position "));
    EXPECT_EQ(report.rows[2].message, "retention has taken all of it");
    EXPECT_EQ(report.rows[1 + kPartitions].message, "retention has taken all of it");
    bounded.retention_ms = 100LL * 365 * 86'400'000;
    EXPECT_THAT(wrong(checked(source, bounded)), testing::SizeIs(3));
}

TEST_F(CheckTest, StateIsComparedWhilePublishingGoesOn) {
    test::MadeSource source(300);
    const test::MadeState state(source);
    Options with = options();
    with.state = &state;
    auto publisher = start(source, with);
    ASSERT_TRUE(publisher->wait_published(300, after(seconds(60))));
    std::atomic<bool> stop = false;
    std::thread events([&] {
        for (Position head = 300; !stop; ++head) {
            // Never in the middle of a batch, which is not published before its end.
            if (source.events().batch_last(head - 1) == head - 1) source.grow_to(head);
            std::this_thread::sleep_for(std::chrono::milliseconds(30));
        }
    });
    const CheckReport right = checked(source, with);
    stop = true;
    events.join();
    ASSERT_TRUE(publisher->wait_published(source.head(), after(seconds(60))));
    publisher->stop(after(seconds(10)));
    EXPECT_THAT(wrong(right), IsEmpty());
    for (const CheckRow& row : right.rows) EXPECT_GT(row.checked, 0U) << row.what << ": " << row.message;

    // A key that is not as it should be, one that is missing, and one that nobody knows.
    const auto of_something = [&](Topic topic) {
        std::map<std::string, CommittedRecord> newest;
        for (auto& record : records(topic)) newest[record.key] = std::move(record);
        const auto found = std::ranges::find_if(newest, [](const auto& one) { return !one.second.value.empty(); });
        EXPECT_NE(found, newest.end());
        return found->second;
    };
    CommittedRecord spoilt = of_something(Topic::kCustody);
    spoilt.value = R"({"as_of":")" + as_of(spoilt) + R"(","piece":{"last_event":"1"}})";
    CommittedRecord gone = of_something(Topic::kStock);
    gone.value.clear();
    put(Topic::kCustody, {spoilt});
    put(Topic::kStock, {gone});
    EXPECT_THAT(wrong(checked(source, with)),
                ElementsAre(AllOf(HasSubstr("custody "), HasSubstr(spoilt.key + " is not as the read models have it")),
                            HasSubstr("stock: " + gone.key + " is missing")));
}

TEST_F(CheckTest, WhatCannotBeComparedIsNotSaidToBeRight) {
    test::MadeSource source(100);
    const test::MadeState state(source);
    Options with = options();
    with.state = &state;
    publish(source, with);
    source.grow_to(101);
    const CheckReport report = checked(source, with);
    EXPECT_FALSE(report.ok());
    ASSERT_EQ(report.rows.size(), 1U + kPartitions + 1 + 2);
    for (const CheckRow& row : report.rows) {
        const bool is_state = row.what == "custody" || row.what == "stock";
        EXPECT_EQ(row.not_compared, is_state) << row.what;
        EXPECT_EQ(row.ok, !is_state) << row.what;
    }
    EXPECT_THAT(report.rows.back().message, HasSubstr("publishing is behind"));
}

TEST_F(CheckTest, ADivergedHistoryIsNamedByItsFirstPosition) {
    test::MadeSource source(0);
    auto publisher = start(source, options());
    for (Position head = 50; head <= 400; head += 50) {  // several frames
        source.grow_to(head);
        ASSERT_TRUE(publisher->wait_published(head, after(seconds(60)))) << publisher->status().last_error;
    }
    publisher->stop(after(seconds(10)));
    EXPECT_THAT(wrong(checked(Diverged(400, 273), options())),
                ElementsAre(AllOf(HasSubstr("control 273: the tree head is not"), HasSubstr("from position 273 on"))));
    EXPECT_THAT(wrong(checked(Diverged(300, 120), options())), ElementsAre(HasSubstr("control 120: Kafka holds")));
    EXPECT_THAT(wrong(checked(test::MadeSource(300), options())), ElementsAre(HasSubstr("control 300: Kafka holds")));
}

TEST_F(CheckTest, AHeaderThatIsNotTheEventsIsNamed) {
    test::MadeSource source(60);
    publish(source, options());
    std::vector<CommittedRecord> all = records(Topic::kEvents);
    const std::pair<const char*, const char*> spoilt[] = {{"ce_type", "daybook.Sold.v1"},
                                                          {"ce_source", "/somebody/else"},
                                                          {"ce_time", "2020-01-01T00:00:00Z"},
                                                          {"content-type", "application/protobuf"}};
    for (std::size_t i = 0; i < kPartitions; ++i) {
        const auto one = std::ranges::find(all, static_cast<std::int32_t>(i), &CommittedRecord::partition);
        ASSERT_NE(one, all.end());
        one->headers[spoilt[i].first] = spoilt[i].second;
    }
    remake(Topic::kEvents, kPartitions);
    put(Topic::kEvents, all);
    const auto found = wrong(checked(source, options()));
    ASSERT_EQ(found.size(), std::size(spoilt));
    for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_THAT(found[i], HasSubstr(std::string("the header ") + spoilt[i].first + " is '" + spoilt[i].second));
    }
}

TEST_F(CheckTest, StateInAnotherPlaceOrOfAnotherNameIsNamed) {
    test::MadeSource source(200);
    const test::MadeState state(source);
    Options with = options();
    with.state = &state;
    publish(source, with);
    const std::vector<CommittedRecord> custody = records(Topic::kCustody);
    CommittedRecord moved = custody.front();
    const std::int32_t at = moved.partition;
    moved.partition = (at + 1) % kPartitions;
    put(Topic::kCustody, {moved});
    CommittedRecord renamed = records(Topic::kStock).front();
    const std::string right = renamed.headers.at("ce_id");
    renamed.headers["ce_id"] = id(7);
    put(Topic::kStock, {renamed});
    EXPECT_THAT(wrong(checked(source, with)),
                ElementsAre(HasSubstr(moved.key + " is in partition " + std::to_string(moved.partition) +
                                      ", and belongs in " + std::to_string(at)),
                            HasSubstr("the record of " + renamed.key + " is '" + id(7) + "', and '" + right)));
}

// Also in a record that a later one has replaced, which lies there until the topic is compacted.
TEST_F(CheckTest, AValueThatReflectsAnotherPositionThanItsHeaderSaysIsNamed) {
    test::MadeSource source(200);
    const test::MadeState state(source);
    Options with = options();
    with.state = &state;
    publish(source, with);
    const auto with_a_value = [&](Topic topic) {
        for (const CommittedRecord& record : records(topic)) {
            if (!record.value.empty()) return record;
        }
        return CommittedRecord();
    };
    const CommittedRecord custody = with_a_value(Topic::kCustody);
    const CommittedRecord stock = with_a_value(Topic::kStock);
    CommittedRecord other = custody;
    ASSERT_TRUE(other.value.starts_with("{\"as_of\":\"" + as_of(custody) + "\""));
    other.value = "{\"as_of\":\"7\"" + other.value.substr(other.value.find(','));
    CommittedRecord none = stock;
    none.value = "{" + none.value.substr(none.value.find(',') + 1);
    put(Topic::kCustody, {other, custody});
    put(Topic::kStock, {none, stock});
    EXPECT_THAT(wrong(checked(source, with)),
                ElementsAre("custody " + as_of(custody) + ": the value of " + custody.key +
                                " says as_of 7, and its header ce_sequence " + as_of(custody),
                            "stock " + as_of(stock) + ": the value of " + stock.key +
                                " says as_of nowhere, and its header ce_sequence " + as_of(stock)));
    Options framed = with;
    framed.format = ValueFormat::kConfluent;
    framed.schemas = {7, 8, 9};
    EXPECT_THAT(wrong(checked(source, framed)),
                Contains(AllOf(HasSubstr("custody "), HasSubstr("does not begin with the id of its schema"))));
}

TEST_F(CheckTest, AMissingTopicIsNamed) {
    test::MadeSource source(100);
    publish(source, options());
    remake(Topic::kEvents, kPartitions + 1);
    remove(Topic::kLog);
    EXPECT_THAT(wrong(checked(source, options())),
                ElementsAre("events: " + topics().name(Topic::kEvents) + " has 5 partitions, and 4 were to be there",
                            "log: there is no topic " + topics().name(Topic::kLog)));
}

}  // namespace
}  // namespace daybook::stream
