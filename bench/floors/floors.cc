// The floors by themselves, to see what a machine gives before anything of Daybook runs on it.
//
//   floors --dir DIR [--events N] [--rounds R]     DIR is there and empty
//
// One object a round: fdatasync a second, SHA-256 of commands a second, commands a second through protobuf's generated
// parser. bench/run measures raw RocksDB beside each workload, with the workload's own bytes.
#include <filesystem>
#include <string>
#include <vector>

#include "bench/floors/alone.h"
#include "bench/harness.h"
#include "bench/salon.h"

int main(int argc, char** argv) {
    using namespace daybook::bench;  // NOLINT: a program of one file
    Arguments arguments(argc, argv);
    const std::filesystem::path dir = arguments.text("--dir");
    const std::size_t events = arguments.number("--events", 500'000);
    const std::size_t rounds = arguments.number("--rounds", 5);
    arguments.done();

    const std::vector<std::string> commands = sign_outs(events);
    for (std::size_t round = 0; round < rounds; ++round) {
        report("floors", {{"fdatasync_us", median_fdatasync(dir) * 1e6},
                          {"sha256_a_second", per_second(events, hash_each(commands))},
                          {"protobuf_a_second", per_second(events, parse_each(commands))}});
    }
    return 0;
}
