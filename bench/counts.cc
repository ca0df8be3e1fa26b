// Counts of a vault: events of 10,000 lines, which are most of what a house of many salons writes.
//
//   counts --dir DIR [--items N] [--counts N] [--rounds R]
//
// Each count opens, sees every piece in events of 10,000 lines (limits::kLinesMax), and is attested, which makes its
// five lists. Against raw RocksDB with the same bytes, blocks, groups and syncs. DIR is there and empty.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/appending.h"
#include "engine/base/limits.h"

int main(int argc, char** argv) {
    using namespace daybook;         // NOLINT: a program of one file
    using namespace daybook::bench;  // NOLINT
    Arguments arguments(argc, argv);
    const std::filesystem::path dir = arguments.text("--dir");
    const std::size_t items = arguments.number("--items", 50'000);
    const std::size_t counts = arguments.number("--counts", 10);
    const std::size_t rounds = arguments.number("--rounds", 5);
    arguments.done();

    Rig rig(dir / "engine", true);
    const Pieces pieces = furnish(rig, items);
    RawRocksdb floor(dir / "floor", true);
    Ids ids(2);
    for (std::size_t round = 0; round < rounds; ++round) {
        std::vector<std::string> commands;
        std::size_t lines = 0;
        for (std::size_t count = 0; count < counts; ++count) {
            const std::string name = ids.next();
            commands.push_back(count_opened().with(ids.next(), "", name.c_str()));
            for (std::size_t from = 0; from < items; from += limits::kLinesMax) {
                const std::size_t to = std::min(items, from + limits::kLinesMax);
                Pattern scanned = count_scanned({pieces.ids.data() + from, to - from});
                commands.push_back(scanned.with(ids.next(), "", name.c_str()));
                lines += to - from;
            }
            commands.push_back(count_attested().with(ids.next(), "", name.c_str()));
        }
        const Round found = append_round(rig, floor, commands);
        const auto seen = static_cast<double>(lines);
        report("counts", {{"rate", seen / found.answered},
                          {"floor", seen / found.floor},
                          {"ratio", found.floor / found.answered},
                          {"rate_with_views", seen / found.caught_up},
                          {"ratio_with_views", found.floor / found.caught_up},
                          {"cpu_us_a_line", found.cpu / seen * 1e6},
                          {"events", static_cast<double>(found.events)}});
    }
    return 0;
}
