// How long opening a ledger takes: after a clean stop, and after kill -9 in the middle of appending.
//
//   start --ledger DIR [--rounds R] [--dies-after N]     of a ledger made by prepare
//
// Every open is in a process of its own. A killed process had appended N events, so that runs are unsettled and
// the write-ahead log is full, and had batches in flight. Files are read from the page cache. There is no floor: the
// ratios are to the goals, 2 s and 10 s.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "bench/harness.h"
#include "bench/process.h"
#include "bench/salon.h"

#include <daybook/ledger.h>

namespace {

using namespace daybook;         // NOLINT: a program of one file
using namespace daybook::bench;  // NOLINT

constexpr double kGoalClean = 2;
constexpr double kGoalKilled = 10;

// The seconds of an open; then a clean stop.
double open_and_close(const std::filesystem::path& dir) {
    const auto begin = Steady::now();
    const auto ledger = must(Ledger::open({.dir = dir}));
    const double seconds = seconds_since(begin);
    must(ledger->close(after(std::chrono::minutes(10))));
    return seconds;
}

// Signs out and in pieces that are in the vault, and dies while batches are in flight. Never returns.
[[noreturn]] void append_and_die(const std::filesystem::path& dir, std::size_t events, std::uint64_t seed) {
    Rig rig(must(Ledger::open({.dir = dir})));
    Pieces pieces = pieces_in_vault(rig);
    Moves moves(pieces, seed);
    Batcher batcher(rig);
    for (std::size_t i = 0; i < events; ++i) batcher.add(moves.next());
    ::raise(SIGKILL);
    std::abort();
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments(argc, argv);
    const std::filesystem::path dir = arguments.text("--ledger");
    const std::size_t rounds = arguments.number("--rounds", 5);
    const std::size_t dies_after = arguments.number("--dies-after", 200'000);
    arguments.done();

    static_cast<void>(in_child([&] { return open_and_close(dir); }));
    for (std::size_t round = 0; round < rounds; ++round) {
        const double clean = in_child([&] { return open_and_close(dir); });
        die_in_child([&] { append_and_die(dir, dies_after, 1'000 + round); });
        const double killed = in_child([&] { return open_and_close(dir); });
        const double events = in_child([&] { return static_cast<double>(must(Ledger::open({.dir = dir}))->head()); });
        report("start", {{"rate", clean},
                         {"floor", kGoalClean},
                         {"ratio", clean / kGoalClean},
                         {"killed_s", killed},
                         {"ratio_killed", killed / kGoalKilled},
                         {"events", events}});
    }
    return 0;
}
