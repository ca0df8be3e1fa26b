// Commands from their encoded form (daybook.v1.Command, schemas/daybook/v1/command.proto) to custody::Command, with
// every check of E_SCHEMA that needs no state.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/custody/command.h"

namespace daybook::codec {

// Commands and the bytes that they point into.
//
// Ownership: every string_view of a Command, its `bytes` among them, points into storage of the batch, which moves
// with the batch and dies with it. Threads: one at a time. Limits: those of a command; how many commands and bytes a
// batch may have together is for check_batch() and check_atomic_batch().
class CommandBatch {
public:
    CommandBatch();
    ~CommandBatch();
    CommandBatch(CommandBatch&&) noexcept;
    CommandBatch& operator=(CommandBatch&&) noexcept;

    // Checks one encoded command and adds it. The batch keeps a copy of the bytes, verbatim. On an error (kInvalid) the
    // batch is as it was; the message names the field, what is wrong and what would be right:
    // "lines[3].item: 'abc' is no UUID; write it as 8-4-4-4-12 lower-case hexadecimal".
    Result<void> parse(std::string_view encoded);

    [[nodiscard]] const std::vector<custody::Command>& commands() const { return commands_; }
    [[nodiscard]] const custody::Command& operator[](std::size_t index) const { return commands_[index]; }
    [[nodiscard]] std::size_t size() const { return commands_.size(); }
    [[nodiscard]] bool empty() const { return commands_.empty(); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }  // of all encoded commands

    // Gives up the commands, keeps the memory.
    void clear();

private:
    struct Storage;
    std::vector<custody::Command> commands_;
    std::unique_ptr<Storage> storage_;
    std::size_t bytes_ = 0;
};

// The bounds of a batch of independent commands: limits::kBatchCommandsMax and kBatchBytesMax.
Result<void> check_batch(const CommandBatch& batch);
// The bounds of an atomic batch, and that declarations of correction come before all else (domain: 5.5).
Result<void> check_atomic_batch(const CommandBatch& batch);

}  // namespace daybook::codec
