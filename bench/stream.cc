// Publishing to a real Kafka broker on loopback.
//
//   stream --ledger DIR --dir DIR --bootstrap HOST:PORT [--events N] [--live N] [--full N] [--rounds R]
//
// --ledger was made by prepare; DIR is there and empty. First --events that are there already, against librdkafka alone
// with the same records in as many transactions. Then commands to a fresh ledger, --live of them at 100 a second, and
// --full as fast as they are answered, 1,000 to a batch: for each event the time from its answer until a read_committed
// consumer has it.
#include <librdkafka/rdkafka.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <string_view>
#include <thread>

#include "bench/floors/raw_kafka.h"
#include "bench/harness.h"
#include "bench/process.h"
#include "bench/salon.h"
#include "engine/api/stream_state.h"
#include "engine/sequencer/feed.h"
#include "engine/stream/publisher.h"
#include "engine/stream/topics.h"
#include "projections/views.h"

namespace daybook::bench {
namespace {

using std::chrono::minutes;
using stream::Publisher;

constexpr std::uint32_t kPartitions = 6;
constexpr std::size_t kPieces = 10'000;
constexpr std::size_t kLiveRate = 100;

// The first events of a log, as if there were no more.
class First : public stream::Source {
public:
    First(const stream::Source& source, Position head) : source_(source), head_(head) {}
    [[nodiscard]] Position head() const override { return std::min(head_, source_.head()); }
    [[nodiscard]] Position wait_past(Position seen, Deadline deadline) const override {
        if (seen < head()) return head();
        std::this_thread::sleep_until(deadline);
        return head();
    }
    [[nodiscard]] Result<void> read(Position from, Position to, const Visit& visit) const override {
        return source_.read(from, std::min(to, head_), visit);
    }
    [[nodiscard]] Result<Hash> root(Position size) const override { return source_.root(size); }

private:
    const stream::Source& source_;
    const Position head_;
};

stream::Options options_for(const std::string& bootstrap, const std::string& prefix,
                            const stream::StateSource* state) {
    stream::Options options;
    options.bootstrap = bootstrap;
    options.prefix = prefix;
    options.partitions = kPartitions;
    options.state = state;
    return options;
}

std::vector<std::string> topics_of(const std::string& prefix, LedgerId ledger) {
    const stream::TopicSet set{prefix, ledger, 1};
    std::vector<std::string> names;
    for (const stream::Topic topic : stream::kTopics) names.push_back(set.name(topic));
    return names;
}

struct Backlog {
    double rate = 0, floor = 0, records_an_event = 0, transactions = 0, cpu = 0, floor_cpu = 0;
};
Backlog backlog(const std::filesystem::path& dir, const std::string& bootstrap, std::size_t wanted,
                const std::string& prefix) {
    LedgerOptions opening;
    opening.dir = dir;
    const auto ledger = must(Ledger::open(std::move(opening)));
    const auto whole = stream::engine_source(ledger->event_log(), ledger->engine().feed());
    const auto state = api::state_source(ledger->event_log(), ledger->views());
    const First source(*whole, wanted);
    const auto events = static_cast<std::size_t>(source.head());
    const std::vector<std::uint32_t> partitions{kPartitions, kPartitions, kPartitions, 1};
    // The term is taken and everything warm before the clock starts, as with the floor.
    const First nothing(*whole, 0);
    for (const std::string& one : {prefix, prefix + "-floor"}) {
        const auto opener = must(Publisher::start(nothing, ledger->id(), options_for(bootstrap, one, state.get())));
        while (opener->status().state != stream::State::kPublishing) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        opener->stop(after(minutes(1)));
    }
    rest();
    const double cpu = cpu_seconds();
    const auto publisher = must(Publisher::start(source, ledger->id(), options_for(bootstrap, prefix, state.get())));
    while (publisher->status().terms == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const auto begin = Steady::now();
    if (!publisher->wait_published(events, after(minutes(30)))) give_up(publisher->status().last_error);
    const double published = seconds_since(begin);
    publisher->stop(after(minutes(1)));
    const double own_cpu = cpu_seconds() - cpu;
    const auto transactions = std::max<std::size_t>(1, publisher->status().transactions);

    auto topics = topics_of(prefix, ledger->id());
    topics.pop_back();  // control
    const std::vector<RawRecord> records = read_topics(bootstrap, topics, partitions);
    rest();
    const double before = cpu_seconds();
    const double raw = publish_raw(bootstrap, prefix + "-floor", topics_of(prefix + "-floor", ledger->id()), records,
                                   transactions);
    const double floor_cpu = cpu_seconds() - before;
    must(ledger->close(after(minutes(5))));
    const auto count = static_cast<double>(records.size());
    return {per_second(events, published), per_second(events, raw), count / static_cast<double>(events),
            static_cast<double>(transactions), own_cpu / count * 1e6, floor_cpu / count * 1e6};
}

// When each position was answered, and when a consumer had it: microseconds of the steady clock, 0: not yet.
class Stopwatch {
public:
    explicit Stopwatch(std::size_t events) : answered_(events), seen_(events) {}
    void answered(Position position) { set(answered_, position); }
    void seen(Position position) { set(seen_, position); }
    [[nodiscard]] bool has(Position position) const { return seen_[position] != 0; }
    // Milliseconds of the positions from `first` on.
    [[nodiscard]] std::vector<double> delays(Position first) const {
        std::vector<double> found;
        for (std::size_t i = first; i < seen_.size(); ++i) {
            if (seen_[i] != 0 && answered_[i] != 0) {
                found.push_back(static_cast<double>(seen_[i] - answered_[i]) / 1e3);
            }
        }
        return found;
    }

private:
    static void set(std::vector<std::atomic<std::int64_t>>& in, Position position) {
        if (position < in.size()) {
            const auto now = Steady::now().time_since_epoch();
            in[position] = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
        }
    }
    std::vector<std::atomic<std::int64_t>> answered_, seen_;
};

// Reads `events` as any consumer does, until told to end.
void consume(const std::string& bootstrap, const std::string& topic, const std::atomic<bool>& ended, Stopwatch& watch) {
    std::array<char, 512> reason{};
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    for (const auto& [name, value] : std::initializer_list<std::pair<const char*, const char*>>{
             {"bootstrap.servers", bootstrap.c_str()},
             {"group.id", "bench"},
             {"isolation.level", "read_committed"},
             {"fetch.wait.max.ms", "5"}}) {
        rd_kafka_conf_set(conf, name, value, reason.data(), reason.size());
    }
    rd_kafka_t* const client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason.data(), reason.size());
    if (client == nullptr) give_up(reason.data());
    rd_kafka_topic_partition_list_t* const list = rd_kafka_topic_partition_list_new(kPartitions);
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(kPartitions); ++i) {
        rd_kafka_topic_partition_list_add(list, topic.c_str(), i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_assign(client, list);
    rd_kafka_topic_partition_list_destroy(list);
    while (!ended) {
        rd_kafka_message_t* const message = rd_kafka_consumer_poll(client, 50);
        if (message == nullptr) continue;
        rd_kafka_headers_t* headers = nullptr;
        const void* bytes = nullptr;
        std::size_t size = 0;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR &&
            rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR &&
            rd_kafka_header_get_last(headers, "ce_sequence", &bytes, &size) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            Position position = 0;
            const char* const text = static_cast<const char*>(bytes);
            std::from_chars(text, text + size, position);
            watch.seen(position);
        }
        rd_kafka_message_destroy(message);
    }
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

struct Live {
    double rate = 0, p50_ms = 0, p99_ms = 0;
};
// `rate` 0: as fast as they are answered.
Live live(const std::filesystem::path& dir, const std::string& bootstrap, std::size_t rate, std::size_t events,
          const std::string& prefix) {
    Rig rig(dir, true);
    Pieces pieces = furnish(rig, kPieces);
    Moves moves(pieces, 7);
    rig.wait_for_views();
    Ledger& ledger = rig.ledger();
    const Position first = ledger.head();
    const auto state = api::state_source(ledger.event_log(), ledger.views());
    const auto publisher = must(Publisher::start(ledger.event_log(), ledger.engine().feed(), ledger.event_log().meta(),
                                                 options_for(bootstrap, prefix, state.get())));
    if (!publisher->wait_published(first, after(minutes(10)))) give_up(publisher->status().last_error);
    Stopwatch watch(first + events);
    std::atomic<bool> ended{false};
    std::thread consumer([&] { consume(bootstrap, topics_of(prefix, ledger.id()).front(), ended, watch); });
    // It has to find the brokers first, and read what is there.
    const auto starting = Steady::now() + minutes(1);
    while (!watch.has(first - 1)) {
        if (Steady::now() > starting) give_up("the consumer does not come to the newest event");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }

    const std::size_t batch = rate == 0 ? kBatch : 1;
    const auto begin = Steady::now();
    for (std::size_t sent = 0; sent < events; sent += batch) {
        std::vector<std::string> commands;
        for (std::size_t i = 0; i < batch; ++i) commands.push_back(moves.next());
        const std::vector<std::string_view> views(commands.begin(), commands.end());
        for (const CommandAnswer& answer : ledger.submit(views, SubmitMode::kIndependent)) {
            if (!answer.accepted()) give_up("a command was refused: " + answer.code);
            watch.answered(answer.position);
        }
        if (rate != 0) {
            std::this_thread::sleep_until(begin + std::chrono::microseconds((sent + 1) * 1'000'000 / rate));
        }
    }
    const double answered = seconds_since(begin);
    if (!publisher->wait_published(first + events, after(minutes(10)))) give_up(publisher->status().last_error);
    const auto patience = Steady::now() + minutes(1);
    while (watch.delays(first).size() < events && Steady::now() < patience) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    ended = true;
    consumer.join();
    publisher->stop(after(minutes(1)));
    std::vector<double> delays = watch.delays(first);
    if (delays.size() != events) give_up("not every event became visible");
    rig.close();
    return {per_second(events, answered), percentile(delays, 0.5), percentile(delays, 0.99)};
}

}  // namespace
}  // namespace daybook::bench

int main(int argc, char** argv) {
    using namespace daybook::bench;  // NOLINT: a program of one file
    Arguments arguments(argc, argv);
    const std::filesystem::path ledger = arguments.text("--ledger");
    const std::filesystem::path dir = arguments.text("--dir");
    const std::string bootstrap = arguments.text("--bootstrap");
    const std::size_t events = arguments.number("--events", 100'000);
    const std::size_t live_events = arguments.number("--live", 1'000);
    const std::size_t full_events = arguments.number("--full", 100'000);
    const std::size_t rounds = arguments.number("--rounds", 3);
    arguments.done();
    for (std::size_t round = 0; round < rounds; ++round) {
        const std::string prefix = "bench-" + std::to_string(getpid()) + "-" + std::to_string(round);
        const Backlog behind = backlog(ledger, bootstrap, events, prefix);
        const Live calm = live(dir / ("live" + std::to_string(round)), bootstrap, kLiveRate, live_events, prefix);
        const Live full = live(dir / ("full" + std::to_string(round)), bootstrap, 0, full_events, prefix);
        report("stream", {{"rate", behind.rate},
                          {"floor", behind.floor},
                          {"ratio", behind.rate / behind.floor},
                          {"records_an_event", behind.records_an_event},
                          {"transactions", behind.transactions},
                          {"cpu_us_a_record", behind.cpu},
                          {"floor_cpu_us_a_record", behind.floor_cpu},
                          {"p50_ms", calm.p50_ms},
                          {"p99_ms", calm.p99_ms},
                          {"full_rate", full.rate},
                          {"full_p50_ms", full.p50_ms},
                          {"full_p99_ms", full.p99_ms}});
    }
    return 0;
}
