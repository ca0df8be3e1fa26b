// Does appending slow down as the log grows? One ledger, and a timed window of appends at each size.
//
//   scale --dir DIR [--items N] [--window N] --sizes N,N,…     sizes in events, ascending; DIR is there and empty
//
// The rate at a size is that of the window of appends which ends there, in five rounds; the floor is the rate of the
// first window, and each round has raw RocksDB's rate beside it, because a disk changes too.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/appending.h"

namespace {

using namespace daybook;         // NOLINT: a program of one file
using namespace daybook::bench;  // NOLINT

std::vector<std::size_t> sizes_of(const std::string& text) {
    std::vector<std::size_t> sizes;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find(',', at), text.size());
        sizes.push_back(std::stoull(text.substr(at, end - at)));
        at = end + 1;
    }
    return sizes;
}

constexpr std::size_t kRounds = 5;

// Commands in portions, so that a hundred million of them need not be held.
void fill(Rig& rig, Moves& moves, std::size_t events) {
    Batcher batcher(rig);
    for (std::size_t i = 0; i < events; ++i) batcher.add(moves.next());
    batcher.flush();
    rig.drain();
    rig.wait_for_views();
}

double median_rate(const std::vector<Round>& rounds) {
    std::vector<double> rates;
    for (const Round& round : rounds) rates.push_back(per_second(round.events, round.answered));
    return percentile(rates, 0.5);
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments(argc, argv);
    const std::filesystem::path dir = arguments.text("--dir");
    const std::size_t items = arguments.number("--items", 1'000'000);
    const std::size_t window = arguments.number("--window", 1'000'000);
    const std::vector<std::size_t> sizes = sizes_of(arguments.text("--sizes"));
    arguments.done();

    Rig rig(dir / "engine", true);
    Pieces pieces = furnish(rig, items);
    RawRocksdb floor(dir / "floor", true);
    Moves moves(pieces, 2);
    const Position base = rig.log().head();
    double first = 0;
    for (const std::size_t size : sizes) {
        const auto there = static_cast<std::size_t>(rig.log().head() - base);
        if (size < there + window) give_up("--sizes must ascend by more than --window");
        fill(rig, moves, size - there - window);
        std::vector<Round> rounds;
        for (std::size_t round = 0; round < kRounds; ++round) {
            std::vector<std::string> commands(window / kRounds);
            for (std::string& command : commands) command = moves.next();
            rounds.push_back(append_round(rig, floor, commands));
        }
        if (first == 0) first = median_rate(rounds);
        for (const Round& round : rounds) {
            const double rate = per_second(round.events, round.answered);
            report("scale", {{"rate", rate},
                             {"floor", first},
                             {"ratio", rate / first},
                             {"rate_with_views", per_second(round.events, round.caught_up)},
                             {"raw_rocksdb", per_second(round.events, round.floor)},
                             {"cpu_us_an_event", round.cpu / static_cast<double>(round.events) * 1e6},
                             {"events", static_cast<double>(size)}});
        }
    }
    return 0;
}
