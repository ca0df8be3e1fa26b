// Encoded commands to checked ones: what a client's thread or a connection does before the queue.
//
//   parse [--events N] [--rounds R]
//
// Against protobuf's generated parser on the same bytes, which checks nothing but the encoding.
#include <string>
#include <vector>

#include "bench/floors/alone.h"
#include "bench/harness.h"
#include "bench/salon.h"
#include "engine/codec/command_codec.h"

int main(int argc, char** argv) {
    using namespace daybook;         // NOLINT: a program of one file
    using namespace daybook::bench;  // NOLINT
    Arguments arguments(argc, argv);
    const std::size_t events = arguments.number("--events", 500'000);
    const std::size_t rounds = arguments.number("--rounds", 5);
    arguments.done();

    const std::vector<std::string> commands = sign_outs(events);
    for (std::size_t round = 0; round < rounds; ++round) {
        const double generated = parse_each(commands);
        codec::CommandBatch batch;
        const auto begin = Steady::now();
        for (const std::string& command : commands) {
            if (batch.size() == kBatch) batch.clear();
            must(batch.parse(command));
        }
        const double checked = seconds_since(begin);
        report("parse", {{"rate", per_second(events, checked)},
                         {"floor", per_second(events, generated)},
                         {"ratio", generated / checked}});
    }
    return 0;
}
