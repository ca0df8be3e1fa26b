// Reading the whole log with full verification, as `daybook verify` and a careful start do.
//
//   replay --ledger DIR --dir DIR [--rounds R]     of a ledger made by prepare; --dir is there and empty
//
// Against reading the same bytes from raw RocksDB, blocks of the same size, uncompressed, and SHA-256 of each event.
#include <filesystem>

#include "bench/floors/raw_rocksdb.h"
#include "bench/harness.h"
#include "bench/process.h"
#include "engine/log/event_log.h"
#include "engine/sequencer/unique_ids.h"

int main(int argc, char** argv) {
    using namespace daybook;         // NOLINT: a program of one file
    using namespace daybook::bench;  // NOLINT
    Arguments arguments(argc, argv);
    log::Options options;
    options.dir = arguments.text("--ledger");
    options.ids_of = sequencer::unique_ids_of;
    const std::filesystem::path dir = arguments.text("--dir");
    const std::size_t rounds = arguments.number("--rounds", 3);
    arguments.done();

    const auto log = must(log::EventLog::open(options));
    RawRocksdb floor(dir / "floor", false);
    floor.write(*log, 0, log->head());
    floor.flush();
    for (std::size_t round = 0; round < rounds; ++round) {
        rest();
        const double raw = floor.read_and_hash();
        rest();
        const auto begin = Steady::now();
        const log::VerifyReport found = must(log->verify());
        const double verified = seconds_since(begin);
        if (found.damage) give_up(found.damage->message);
        const auto events = static_cast<std::size_t>(found.events);
        report("replay", {{"rate", per_second(events, verified)},
                          {"floor", per_second(events, raw)},
                          {"ratio", raw / verified},
                          {"mb_a_second", per_second(found.event_bytes, verified) / 1e6}});
    }
    must(log->close());
    return 0;
}
