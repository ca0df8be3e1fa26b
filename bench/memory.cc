// Resident memory a piece: what registering N pieces adds to a running engine, and what a start with them takes.
//
//   memory --dir DIR [--items N]     DIR is there and empty
//
// "rate" is bytes a piece of an engine that has just been opened on a ledger with the pieces, above one opened on an
// empty ledger; the floor is the piece's own entry in the books. "running" is the growth of
// the engine while it registered them, which holds unsettled runs and buffers of a fixed size as well.
#include <malloc.h>

#include <filesystem>

#include "bench/harness.h"
#include "bench/process.h"
#include "bench/salon.h"
#include "engine/custody/state.h"

namespace {

using namespace daybook;         // NOLINT: a program of one file
using namespace daybook::bench;  // NOLINT

double resident() {
    ::malloc_trim(0);  // what is freed is not held
    return static_cast<double>(resident_bytes());
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments(argc, argv);
    const std::filesystem::path dir = arguments.text("--dir");
    const std::size_t items = arguments.number("--items", 1'000'000);
    arguments.done();

    const auto pieces = static_cast<double>(items);
    const double running = in_child([&] {
        Rig rig(dir / "full", true);
        const double before = resident();
        {
            // The pieces' ids are the client's.
            const Pieces registered = register_pieces(rig, items);
        }
        rig.wait_for_views();
        const double after = resident();
        rig.close();
        return after - before;
    });
    const auto opened = [&](const char* ledger) {
        return in_child([&] {
            const auto open = must(Ledger::open({.dir = dir / ledger}));
            return resident();
        });
    };
    // In a child as well: RocksDB's threads that the parent has started are none in a child, which would wait for them.
    in_child([&] {
        must(Ledger::create(dir / "empty"));
        return 0.0;
    });
    const double empty = opened("empty");
    const double full = opened("full");
    constexpr double floor = sizeof(custody::Item);
    report("memory", {{"rate", (full - empty) / pieces},
                      {"floor", floor},
                      {"ratio", (full - empty) / pieces / floor},
                      {"running", running / pieces},
                      {"empty_mb", empty / 1e6}});
    return 0;
}
