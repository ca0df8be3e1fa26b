// Raw RocksDB with the engine's own bytes: the floor of appending and of reading, in the same run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "bench/floors/alone.h"
#include "engine/base/ids.h"
#include "engine/log/event_log.h"

namespace rocksdb {
class DB;
}

namespace daybook::bench {

// Raw RocksDB: default options, one synced WriteBatch for each group that the engine made, its events in blocks of the
// size that the engine uses. Nothing is hashed, indexed or checked.
class RawRocksdb {
public:
    // Compression is RocksDB's default, or none so that what is read is what was written.
    RawRocksdb(const std::filesystem::path& dir, bool compressed);
    RawRocksdb(const RawRocksdb&) = delete;
    RawRocksdb& operator=(const RawRocksdb&) = delete;
    ~RawRocksdb();

    // The seconds that writing the events [from, to) takes; reading them from the engine's log is not counted.
    double write(const log::EventLog& log, Position from, Position to);
    // The seconds that writing the same events takes from `threads` threads, one synced put of an event each: what
    // RocksDB's own grouping makes of single commands.
    double put_singly(const log::EventLog& log, Position from, std::size_t threads);
    // Puts everything into sorted files.
    void flush();
    // The seconds that reading all blocks in order, and SHA-256 of each event in them, takes.
    double read_and_hash() const;

private:
    std::unique_ptr<rocksdb::DB> db_;
    std::vector<std::uint32_t> sizes_;  // of the events, in order
};

}  // namespace daybook::bench
