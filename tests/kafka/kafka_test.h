// What the tests on a real broker share: a ledger, and so topics, of its own for each test; the comparison of what is
// there with what must be there; and a broker of a test's own, for those that stop it (tests/kafka/broker).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "engine/stream/partitioner.h"
#include "engine/stream/publisher.h"
#include "engine/stream/topics.h"
#include "tests/kafka/committed.h"
#include "tests/support/made_events.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace daybook::stream {

inline constexpr int kPartitions = 4;

inline LedgerId new_ledger() {
    std::random_device random;
    return LedgerId(Uuid{0x0190b5f07a3e7000ULL | (std::uint64_t{random()} << 16 & 0xfff0000ULL),
                         0x8000000000000000ULL | std::uint64_t{random()} << 20 | random()});
}

class KafkaTest : public ::testing::Test {
protected:
    void SetUp() override {
        const char* const given = std::getenv("DAYBOOK_KAFKA_BOOTSTRAP");
        if (given == nullptr) {
            const char* const ci = std::getenv("CI");
            if (ci != nullptr && std::string_view(ci) == "true") FAIL() << "DAYBOOK_KAFKA_BOOTSTRAP names no broker";
            GTEST_SKIP() << "DAYBOOK_KAFKA_BOOTSTRAP names no broker: NOTHING WAS TESTED";
        }
        bootstrap_ = given;
    }

    [[nodiscard]] Options options() const {
        Options options;
        options.bootstrap = bootstrap_;
        options.partitions = kPartitions;
        options.retry_max = std::chrono::milliseconds(1000);
        options.say = [](Options::Severity, std::string_view text) {
            std::printf("publisher: %.*s\n", static_cast<int>(text.size()), text.data());
        };
        options.takeover_after = std::chrono::milliseconds(3000);
        return options;
    }
    [[nodiscard]] TopicSet topics() const { return {.prefix = "daybook", .ledger = ledger_, .generation = 1}; }
    std::unique_ptr<Publisher> start(const Source& source, const Options& with) const {
        auto publisher = Publisher::start(source, ledger_, with);
        EXPECT_TRUE(publisher) << publisher.error().message;
        return std::move(*publisher);
    }
    std::unique_ptr<Publisher> start(const Source& source) const { return start(source, options()); }

    // Reads everything and compares it with what the numbers say must be there.
    void expect_exactly_once(const test::MadeSource& source) const {
        const auto records = test::read_committed(bootstrap_, topics().name(Topic::kEvents), kPartitions);
        std::map<std::string, int> seen;
        std::map<std::string, RecordPlace> last_of_key;
        for (const auto& record : records) {
            const std::string& id = record.headers.at("ce_id");
            ++seen[id];
            const auto place = parse_record_id(ledger_.text(), id);
            ASSERT_TRUE(place) << id;
            const auto [last, first] = last_of_key.try_emplace(record.key, *place);
            if (!first) {
                EXPECT_LT(last->second, *place) << record.key << " is out of order";
                last->second = *place;
            }
            EXPECT_EQ(static_cast<std::uint32_t>(record.partition), partition_of(record.key, kPartitions));
        }
        std::map<std::string, int> expected;
        for (Position position = 0; position < source.head(); ++position) {
            const auto items = source.events().items_of(position);
            const auto parts = static_cast<std::uint32_t>(std::max<std::size_t>(1, items.size()));
            for (std::uint32_t part = 0; part < parts; ++part)
                expected[record_id(ledger_.text(), {position, part}, parts)] = 1;
        }
        EXPECT_EQ(seen.size(), expected.size());
        for (const auto& [id, times] : seen) {
            if (times != 1) ADD_FAILURE() << id << " was published " << times << " times";
        }
        EXPECT_TRUE(seen == expected);
    }

    std::string bootstrap_;
    LedgerId ledger_ = new_ledger();
};

class BrokerTest : public KafkaTest {
protected:
    void SetUp() override {
        KafkaTest::SetUp();
        if (bootstrap_.empty()) return;
        ASSERT_EQ(broker("start"), 0) << "no broker of its own could be started";
        std::ifstream(dir_ / "broker/bootstrap") >> bootstrap_;
    }
    void TearDown() override {
        if (!bootstrap_.empty() && broker_pid() > 1) ::kill(broker_pid(), SIGCONT);
        static_cast<void>(broker("stop"));
    }

    [[nodiscard]] int broker(const std::string& what) const {
        const std::string command =
            std::string(DAYBOOK_SOURCE_DIR) + "/tests/kafka/broker " + what + " " + (dir_ / "broker").string();
        return std::system(command.c_str());
    }
    [[nodiscard]] pid_t broker_pid() const {
        pid_t pid = 0;
        std::ifstream(dir_ / "broker/pid") >> pid;
        return pid;
    }
    void signal_broker(int signal) const {
        const pid_t pid = broker_pid();
        ASSERT_GT(pid, 1);
        ::kill(pid, signal);
    }
    void kill_broker() const {
        signal_broker(SIGKILL);
        ASSERT_TRUE(test::wait_until([&] { return ::kill(broker_pid(), 0) != 0; }));
    }

    test::TempDir dir_;
};

}  // namespace daybook::stream
