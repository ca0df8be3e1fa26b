// Floors that need no ledger: what the disk, the hash and the generated parser cost by themselves.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace daybook::bench {

// The median seconds of an fdatasync of 500 bytes appended to a file in `dir`.
double median_fdatasync(const std::filesystem::path& dir);

// The seconds that SHA-256 of each of the texts takes, one after the other, in memory.
double hash_each(const std::vector<std::string>& texts);

// The seconds that protobuf's generated parser takes for the encoded commands (daybook.v1.Command), into one message
// that is used again. Nothing is checked but the encoding.
double parse_each(const std::vector<std::string>& commands);

}  // namespace daybook::bench
