// One timed round of appending, as append, append_mixed, counts and scale do it: commands that were encoded before the
// clock starts go through the engine, and then the events that came of them through raw RocksDB.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bench/floors/raw_rocksdb.h"
#include "bench/harness.h"
#include "bench/salon.h"

namespace daybook::bench {

struct Round {
    std::size_t commands = 0;
    std::size_t events = 0;   // that came of them; the others were refused, where the rig allows that
    std::size_t groups = 0;   // commit groups, which are syncs
    double answered = 0;      // seconds until the last answer
    double caught_up = 0;     // … until the read models had them too; the same where there are none
    double cpu = 0;           // processor seconds of the whole process until then, clients included
    double floor = 0;         // seconds of raw RocksDB for the same bytes, blocks, groups and syncs
};

// Sends the commands in order, in batches of kBatch, kInFlight of them waiting for their answers.
Round append_round(Rig& rig, RawRocksdb& floor, const std::vector<std::string>& commands);

// The fields that such a round has in common.
void report_round(std::string_view name, const Round& round);

}  // namespace daybook::bench
