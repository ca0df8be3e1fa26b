// Makes the ledger that replay, rebuild and disk read: N pieces put away, then 1-line events, stopped cleanly.
//
//   prepare --ledger DIR [--items N] [--events N]     DIR must not be there yet
#include <cstdint>

#include "bench/harness.h"
#include "bench/salon.h"

int main(int argc, char** argv) {
    using namespace daybook::bench;  // NOLINT: a program of one file
    Arguments arguments(argc, argv);
    const std::string dir = arguments.text("--ledger");
    const std::size_t items = arguments.number("--items", 1'000'000);
    const std::size_t events = arguments.number("--events", 3'000'000);
    arguments.done();

    Rig rig(dir, true);
    Pieces pieces = furnish(rig, items);
    Moves moves(pieces, 2);
    Batcher batcher(rig);
    for (std::size_t i = 0; i < events; ++i) batcher.add(moves.next());
    batcher.flush();
    rig.drain();
    rig.wait_for_views();
    rig.close();
    return 0;
}
