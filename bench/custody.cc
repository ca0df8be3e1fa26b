// Where a piece is now, asked in process while events are appended as fast as they go.
//
//   custody --dir DIR [--items N] [--events N] [--rounds R]
//
// One thread asks for pieces at random, one question after the other, for as long as a round of `append` takes. There
// is no floor: the ratio is p99 to the goal of 20 microseconds. DIR is there and empty.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "bench/harness.h"
#include "bench/salon.h"
#include "projections/views.h"

namespace {

using namespace daybook;         // NOLINT: a program of one file
using namespace daybook::bench;  // NOLINT

constexpr double kGoal = 20e-6;

std::vector<double> ask(Rig& rig, const std::vector<ItemId>& pieces, std::uint64_t seed,
                        const std::atomic<bool>& enough) {
    std::mt19937_64 random(seed);
    std::vector<double> took;
    while (!enough.load(std::memory_order_relaxed)) {
        const ItemId& piece = pieces[random() % pieces.size()];
        const auto begin = Steady::now();
        const auto answer = must(rig.views().item(piece));
        took.push_back(seconds_since(begin));
        if (!answer.row || answer.row->item != piece) give_up("the wrong piece was answered");
    }
    return took;
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments(argc, argv);
    const std::filesystem::path dir = arguments.text("--dir");
    const std::size_t items = arguments.number("--items", 1'000'000);
    const std::size_t events = arguments.number("--events", 2'500'000);
    const std::size_t rounds = arguments.number("--rounds", 5);
    arguments.done();

    Rig rig(dir / "engine", true);
    Pieces pieces = furnish(rig, items);
    std::vector<ItemId> ids;
    ids.reserve(items);
    for (const std::string& id : pieces.ids) ids.push_back(*ItemId::parse(id));
    Moves moves(pieces, 2);
    for (std::size_t round = 0; round < rounds; ++round) {
        std::vector<std::string> commands(std::max<std::size_t>(kBatch, events / rounds));
        for (std::string& command : commands) command = moves.next();
        std::atomic<bool> enough{false};
        std::vector<double> took;
        std::thread asker([&] { took = ask(rig, ids, 7 + round, enough); });
        const auto begin = Steady::now();
        Batcher batcher(rig);
        for (const std::string& command : commands) batcher.add(command);
        batcher.flush();
        rig.drain();
        const double seconds = seconds_since(begin);
        enough.store(true);
        asker.join();
        rig.wait_for_views();
        const auto count = took.size();
        const double p50 = percentile(took, 0.5);
        const double p99 = percentile(took, 0.99);
        report("custody", {{"rate", p99 * 1e6},
                           {"floor", kGoal * 1e6},
                           {"ratio", p99 / kGoal},
                           {"p50_us", p50 * 1e6},
                           {"p999_us", percentile(took, 0.999) * 1e6},
                           {"questions_a_second", per_second(count, seconds)},
                           {"events_a_second", per_second(commands.size(), seconds)}});
    }
    return 0;
}
