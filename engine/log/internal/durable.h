// ledger/DURABLE: how far the log was acknowledged, remembered outside of it. FORMAT.md §6.
//
// A damaged last record of the write-ahead log looks the same whether it was torn by a crash before its sync, and may
// be cut off, or had been synced, acknowledged and then damaged, and must not be. This file tells them apart: it is
// written behind the acknowledgements, at most limits::kDurableMarkerLag later, and at close.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/log/internal/rocks.h"

namespace rocksdb {
class FSRandomRWFile;
}

namespace daybook::log::internal {

struct DurableMark {
    std::uint64_t counter = 0;  // of writes; the mark with the greater one holds
    Position head = 0;          // every position below it was acknowledged
    LedgerId ledger;
};

// Two slots, written in turn, each in a disk sector of its own: a torn write leaves the other one.
inline constexpr std::size_t kDurableSlotBytes = 48;
inline constexpr std::size_t kDurableSlotOffset = 512;
std::string encode_mark(const DurableMark& mark);
std::optional<DurableMark> decode_mark(std::string_view slot);

// kCorrupt if the file is missing or neither slot is whole.
Result<DurableMark> read_durable(const Options& options, const std::string& path);

class DurableFile {
public:
    // Makes the file with a first mark, synced.
    static Result<void> create(const Options& options, const std::string& path, const DurableMark& mark);
    // `last` is what read_durable() found; the next mark follows on it.
    static Result<std::unique_ptr<DurableFile>> open(const Options& options, const std::string& path,
                                                     const DurableMark& last);
    ~DurableFile();
    // Synced when it returns. For one thread at a time.
    Result<void> write(Position head);

private:
    DurableFile() = default;
    std::unique_ptr<rocksdb::FSRandomRWFile> file_;
    DurableMark last_;
};

}  // namespace daybook::log::internal
