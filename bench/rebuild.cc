// Building all read models anew from the log, as `daybook rebuild` does.
//
//   rebuild --ledger DIR [--rounds R]     of a ledger made by prepare
//
// Against replay with full verification of the same log. Beside them, what no rebuild can do without: decoding the
// events and applying them to the books.
#include "bench/harness.h"
#include "bench/process.h"
#include "engine/codec/event_codec.h"
#include "engine/log/event_log.h"
#include "engine/sequencer/chain_reader.h"
#include "projections/views.h"

#include <daybook/ledger.h>

namespace {

using namespace daybook;         // NOLINT: a program of one file
using namespace daybook::bench;  // NOLINT

double decode_and_apply(const log::EventLog& log) {
    const auto begin = Steady::now();
    custody::Books books;
    custody::Effects effects;
    sequencer::Replayer replayer(log);
    codec::StoredEvent stored;
    log::Cursor cursor = log.scan(0);
    while (must(cursor.next())) {
        must(codec::decode_event(cursor.bytes(), stored));
        must(replayer.apply(books, stored.event(), effects));
    }
    return seconds_since(begin);
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments(argc, argv);
    const std::string dir = arguments.text("--ledger");
    const std::size_t rounds = arguments.number("--rounds", 3);
    arguments.done();

    const auto ledger = must(Ledger::open({.dir = dir}));
    const auto events = static_cast<std::size_t>(ledger->head());
    for (std::size_t round = 0; round < rounds; ++round) {
        rest();
        auto begin = Steady::now();
        const log::VerifyReport found = must(ledger->event_log().verify());
        const double verified = seconds_since(begin);
        if (found.damage) give_up(found.damage->message);
        const double applied = decode_and_apply(ledger->event_log());
        rest();
        begin = Steady::now();
        must(ledger->views().rebuild(ledger->event_log()));
        const double rebuilt = seconds_since(begin);
        report("rebuild", {{"rate", per_second(events, rebuilt)},
                           {"floor", per_second(events, verified)},
                           {"ratio", verified / rebuilt},
                           {"decode_and_apply", per_second(events, applied)},
                           {"ratio_to_decode_and_apply", applied / rebuilt}});
    }
    must(ledger->close());
    return 0;
}
