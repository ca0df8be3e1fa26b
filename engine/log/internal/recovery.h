// What open() does before it lets RocksDB write: looks at the ledger without changing it, and decides whether it may be
// opened. FORMAT.md §7 is the rule, in words.
//
// RocksDB's own recovery writes: it flushes what it found, starts new files and deletes old ones. So a ledger that
// is not what it was must be recognised before, from a read-only open.
#pragma once

#include <string>

#include "engine/log/internal/durable.h"
#include "engine/log/internal/rocks.h"

namespace daybook::log::internal {

// The end of the log, from its last block.
struct LogEnd {
    Position head = 0;
    Position group_first = 0;  // of the last commit group
    Micros recorded_at = 0;
};
// kCorrupt if the last block is damaged or its commit group is not complete.
Result<LogEnd> read_end(const Database& database);

// kCorrupt for missing or malformed entries; kNewerFormat for a format behind kFormatVersion.
Result<Meta> read_meta(const Database& database);
Result<Micros> read_clock(const Database& database);

struct Assessment {
    Meta meta;
    LogEnd end;
    DurableMark mark;
    bool cut_tail = false;  // the WAL ends in a torn record that nobody can have been told of
    std::string note;
};
// `path` is the ledger's directory. Changes nothing in it.
Result<Assessment> assess(const Options& options, const std::string& path);

}  // namespace daybook::log::internal
