// Reads the raw files of RocksDB's write-ahead log, after RocksDB has found one of them damaged, to answer one
// question: is there any record behind the damage?
//
// The log writer syncs each record before it writes the next. So a record behind the damaged one proves that the
// damaged one had been synced, and may have been acknowledged. The format is RocksDB's own (its wiki, "Write Ahead Log
// File Format"): blocks of 32 KiB, in each of them fragments of a 7-byte header (masked CRC-32C, length, type) and
// their bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace daybook::log::internal {

struct WalDamage {
    std::string file;          // the name of the first damaged file
    std::uint64_t offset = 0;  // of the first fragment in it that is not whole
    bool record_behind = false;  // a later record begins behind it, in this file or a later one
};

// One file's bytes, in its order.
struct WalFileDamage {
    std::uint64_t offset = 0;
    bool record_behind = false;
};
std::optional<WalFileDamage> scan_wal(std::string_view bytes);

// All WAL files in the directory, in the order of their numbers. Nothing: no damage that this scan can see.
Result<std::optional<WalDamage>> scan_wal_files(const std::filesystem::path& directory);

// CRC-32C (Castagnoli), as RocksDB uses it.
std::uint32_t crc32c(std::string_view bytes);

}  // namespace daybook::log::internal
