// Durable append of 1-line events through the whole engine, against raw RocksDB in the same run.
//
//   batches --dir DIR [--items N] [--events N] [--rounds R] [--ascending] [--no-views]
//
// A piece is signed out or in, at random among N; batches of 1,000, 8 in flight, encoded beforehand. The floor is raw
// RocksDB, default options, writing the same bytes as blocks of the same size in the same groups and syncs.
// --ascending: event and obligation ids grow, as time-ordered UUIDs do; otherwise they are random.
// --no-views leaves the read models out: what the sequencer and the log alone can do. DIR is there and empty.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/appending.h"

int main(int argc, char** argv) {
    using namespace daybook::bench;  // NOLINT: a program of one file
    Arguments arguments(argc, argv);
    const std::filesystem::path dir = arguments.text("--dir");
    const std::size_t items = arguments.number("--items", 1'000'000);
    const std::size_t events = arguments.number("--events", 5'000'000);
    const std::size_t rounds = arguments.number("--rounds", 5);
    const bool ascending = arguments.flag("--ascending");
    const bool views = !arguments.flag("--no-views");
    arguments.done();

    Rig rig(dir / "engine", views);
    Pieces pieces = furnish(rig, items);
    RawRocksdb floor(dir / "floor", true);
    Moves moves(pieces, 2, ascending ? Ids::Order::kAscending : Ids::Order::kRandom);
    for (std::size_t round = 0; round < rounds; ++round) {
        std::vector<std::string> commands(std::max<std::size_t>(1, events / rounds));
        for (std::string& command : commands) command = moves.next();
        report_round(ascending ? "append-ascending" : "append", append_round(rig, floor, commands));
    }
    return 0;
}
