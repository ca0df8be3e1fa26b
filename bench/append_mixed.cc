// What `daybook simulate` makes, in its proportions: deliveries, openings, sign-outs, counts, transfers, memos, sales,
// and one command in fifty that is refused.
//
//   append_mixed --dir DIR [--sites N] [--items N] [--days N] [--rounds R]
//
// Every round is the same stream into a ledger of its own, so that rounds can be compared; it is made and encoded
// before the clock starts. Against raw RocksDB with the bytes of the accepted events. DIR is there and empty.
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "bench/appending.h"
#include "engine/cli/simulate/simulate.h"
#include "engine/codec/json.h"

namespace {

using namespace daybook;         // NOLINT: a program of one file
using namespace daybook::bench;  // NOLINT

constexpr Micros kFirstDay = 1'767'225'600 * kSecond;  // 2026-01-01, so that every run is the same

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments(argc, argv);
    const std::filesystem::path dir = arguments.text("--dir");
    cli::SimulateOptions options;
    options.sites = static_cast<std::uint32_t>(arguments.number("--sites", 40));
    options.items = arguments.number("--items", 200'000);
    options.days = static_cast<std::uint32_t>(arguments.number("--days", 10));
    const std::size_t rounds = arguments.number("--rounds", 5);
    arguments.done();
    options.first_day = kFirstDay;

    std::vector<std::string> commands;
    cli::simulate(options, [&](std::string_view json) { commands.push_back(must(codec::command_from_json(json))); });
    for (std::size_t round = 0; round < rounds; ++round) {
        {
            Rig rig(dir / "engine", true, Rig::Refusals::kCounted);
            RawRocksdb floor(dir / "floor", true);
            report_round("append-mixed", append_round(rig, floor, commands));
            rig.close();
        }
        std::filesystem::remove_all(dir / "engine");
        std::filesystem::remove_all(dir / "floor");
    }
    return 0;
}
