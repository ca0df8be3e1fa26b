// One command at a time from each of several clients: how long an answer takes, and how many there are.
//
//   single --dir DIR [--items N] [--events N] [--rounds R] [--clients C] [--no-views]
//
// Against the median fdatasync of the same disk (p50, p99), and against raw RocksDB with as many threads, one synced
// put of an event of the same size each (commands a second). DIR is there and empty.
#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/floors/alone.h"
#include "bench/floors/raw_rocksdb.h"
#include "bench/harness.h"
#include "bench/process.h"
#include "bench/salon.h"

namespace {

using namespace daybook;         // NOLINT: a program of one file
using namespace daybook::bench;  // NOLINT

// Where a client waits for its answer. Told without the lock held: woken under it, the client would only wait again.
class Mailbox {
public:
    void put() {
        {
            const std::lock_guard lock(mutex_);
            there_ = true;
        }
        came_.notify_one();
    }
    void take() {
        std::unique_lock lock(mutex_);
        came_.wait(lock, [&] { return std::exchange(there_, false); });
    }

private:
    std::mutex mutex_;
    std::condition_variable came_;
    bool there_ = false;
};

// One client: signs its own pieces out and in, one command at a time. The seconds that each answer took.
std::vector<double> be_client(Rig& rig, Mailbox& mailbox, const Pieces& pieces, std::size_t first, std::size_t step,
                              std::uint64_t seed, std::size_t commands) {
    Ids ids(seed);
    Pattern out = signed_out();
    Pattern in = signed_in();
    std::vector<double> latencies;
    latencies.reserve(commands);
    for (std::size_t i = 0; i < commands; ++i) {
        const std::size_t own = i / 2 % (pieces.ids.size() / step);
        const std::string obligation = ids.next();
        Pattern& pattern = i % 2 == 0 ? out : in;
        const std::string& command = pattern.with(ids.next(), pieces.ids[first + step * own].c_str(),
                                                  obligation.c_str());
        const auto sent = Steady::now();
        auto one = std::make_unique<codec::CommandBatch>();
        must(one->parse(command));
        rig.engine().submit(std::move(one), sequencer::Mode::kIndependent, [&](std::vector<sequencer::Answer> answers) {
            if (!answers[0].accepted()) give_up("a single command was not accepted");
            mailbox.put();
        });
        mailbox.take();
        latencies.push_back(seconds_since(sent));
    }
    return latencies;
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments(argc, argv);
    const std::filesystem::path dir = arguments.text("--dir");
    const std::size_t items = arguments.number("--items", 100'000);
    const std::size_t events = arguments.number("--events", 160'000);
    const std::size_t rounds = arguments.number("--rounds", 5);
    const std::size_t clients = arguments.number("--clients", 16);
    const bool views = !arguments.flag("--no-views");
    arguments.done();

    std::vector<Mailbox> mailboxes(clients);  // outlive the engine, which may still be telling the last of them
    Rig rig(dir / "engine", views);
    const Pieces pieces = furnish(rig, std::max(items, clients));
    RawRocksdb floor(dir / "floor", true);
    // An even number, so that every piece is back in the vault when the next round begins.
    const std::size_t each = std::max<std::size_t>(1, events / rounds / clients / 2) * 2;
    double sync_before = median_fdatasync(dir);
    for (std::size_t round = 0; round < rounds; ++round) {
        std::vector<std::vector<double>> latencies(clients);
        std::vector<std::thread> threads;
        const auto groups_before = rig.engine().stats().groups;
        const Position head_before = rig.log().head();
        const double cpu_before = cpu_seconds();
        const auto begin = Steady::now();
        for (std::size_t client = 0; client < clients; ++client) {
            threads.emplace_back([&, client] {
                latencies[client] = be_client(rig, mailboxes[client], pieces, client, clients,
                                              100 + round * clients + client, each);
            });
        }
        for (auto& thread : threads) thread.join();
        const double seconds = seconds_since(begin);
        const double cpu = cpu_seconds() - cpu_before;
        const double groups = static_cast<double>(rig.engine().stats().groups - groups_before);
        const double raw = floor.put_singly(rig.log(), head_before, clients);
        const double sync_after = median_fdatasync(dir);
        const double sync = (sync_before + sync_after) / 2;
        sync_before = sync_after;
        std::vector<double> all;
        for (const auto& some : latencies) all.insert(all.end(), some.begin(), some.end());
        const auto count = static_cast<double>(all.size());
        const double p50 = percentile(all, 0.5);
        const double p99 = percentile(all, 0.99);
        report("single", {{"rate", count / seconds},
                          {"floor", sync * 1e6},
                          {"ratio", p50 / sync},
                          {"ratio_p99", p99 / sync},
                          {"p50_us", p50 * 1e6},
                          {"p99_us", p99 * 1e6},
                          {"rocksdb_rate", count / raw},
                          {"ratio_to_rocksdb", raw / seconds},
                          {"cpu_us_a_command", cpu / count * 1e6},
                          {"events_a_group", count / groups}});
    }
    return 0;
}
