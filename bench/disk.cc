// Bytes on disk an event: the ledger, and the ledger with its read models, against the events' own bytes.
//
//   disk --ledger DIR     of a ledger made by prepare; opened and closed once more first, so that all is settled
#include <filesystem>

#include "bench/harness.h"
#include "engine/log/event_log.h"

#include <daybook/ledger.h>

int main(int argc, char** argv) {
    using namespace daybook;         // NOLINT: a program of one file
    using namespace daybook::bench;  // NOLINT
    Arguments arguments(argc, argv);
    const std::filesystem::path dir = arguments.text("--ledger");
    arguments.done();

    double own = 0;
    double events = 0;
    {
        const auto ledger = must(Ledger::open({.dir = dir}));
        log::Cursor cursor = ledger->event_log().scan(0);
        while (must(cursor.next())) {
            own += static_cast<double>(cursor.bytes().size());
            events += 1;
        }
    }
    const auto stored = static_cast<double>(disk_bytes(dir / "ledger"));
    const auto views = static_cast<double>(disk_bytes(dir / "views"));
    report("disk", {{"rate", stored / events},
                    {"floor", own / events},
                    {"ratio", stored / own},
                    {"rate_with_views", (stored + views) / events},
                    {"ratio_with_views", (stored + views) / own},
                    {"events", events}});
    return 0;
}
