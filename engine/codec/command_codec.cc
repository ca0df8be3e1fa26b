#include "engine/codec/command_codec.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "engine/base/assert.h"
#include "engine/base/limits.h"
#include "engine/codec/internal/check.h"
#include "engine/codec/internal/fill.h"
#include "engine/codec/internal/rules.h"
#include "engine/codec/internal/tables.h"

namespace daybook::codec {

// Bytes that never move: chunks, the newest of which is filled up.
struct CommandBatch::Storage {
    static constexpr std::size_t kChunkBytes = 4096;

    struct Chunk {
        std::unique_ptr<char[]> bytes;
        std::size_t size = 0;
    };
    std::vector<Chunk> chunks;
    std::size_t used = 0;  // of the newest chunk

    // Room for `size` bytes, which keep() makes part of the batch.
    char* room(std::size_t size) {
        if (chunks.empty() || chunks.back().size - used < size) {
            const std::size_t last =
                chunks.empty() ? kChunkBytes / 2 : std::min<std::size_t>(chunks.back().size, 512u << 10);
            const std::size_t bytes = std::max(size, 2 * last);
            chunks.push_back({std::make_unique_for_overwrite<char[]>(bytes), bytes});
            used = 0;
        }
        return chunks.back().bytes.get() + used;
    }
    void keep(std::size_t size) { used += size; }
    void clear() {
        if (chunks.size() > 1) {
            std::swap(chunks.front(), chunks.back());  // the last is the largest
            chunks.resize(1);
        }
        used = 0;
    }
    [[nodiscard]] std::size_t bytes() const { return chunks.empty() ? 0 : chunks.front().size; }  // after clear()
};

namespace {

// The memory of batches that have gone is kept for later ones: batches are made by one thread and go on another, and
// giving a thousand commands back to the allocator, some hundred kilobytes in one piece, costs page faults each time.
constexpr std::size_t kBatchesKept = 32;
constexpr std::size_t kBytesKept = 1u << 20;     // of a batch's bytes
constexpr std::size_t kCommandsKept = 2'048;     // of its commands

// Any thread.
template <class T>
class Spares {
public:
    // Never destroyed: a batch may go while the program ends.
    static Spares& all() {
        static auto* spares = new Spares;
        return *spares;
    }
    std::optional<T> take() {
        const std::lock_guard lock(mutex_);
        if (kept_.empty()) return std::nullopt;
        std::optional<T> spare(std::move(kept_.back()));
        kept_.pop_back();
        return spare;
    }
    void give(T spare) {
        const std::lock_guard lock(mutex_);
        if (kept_.size() < kBatchesKept) kept_.push_back(std::move(spare));
    }

private:
    std::mutex mutex_;
    std::vector<T> kept_;
};

}  // namespace

CommandBatch::CommandBatch() {
    if (auto commands = Spares<std::vector<custody::Command>>::all().take()) commands_ = std::move(*commands);
    if (auto storage = Spares<std::unique_ptr<Storage>>::all().take()) storage_ = std::move(*storage);
    if (storage_ == nullptr) storage_ = std::make_unique<Storage>();
}
CommandBatch::~CommandBatch() {
    commands_.clear();
    if (commands_.capacity() != 0 && commands_.capacity() <= kCommandsKept) {
        Spares<std::vector<custody::Command>>::all().give(std::move(commands_));
    }
    if (storage_ == nullptr) return;  // the batch was moved away
    storage_->clear();
    if (storage_->bytes() <= kBytesKept) Spares<std::unique_ptr<Storage>>::all().give(std::move(storage_));
}
CommandBatch::CommandBatch(CommandBatch&&) noexcept = default;
CommandBatch& CommandBatch::operator=(CommandBatch&&) noexcept = default;

Result<void> CommandBatch::parse(std::string_view encoded) {
    if (storage_ == nullptr) storage_ = std::make_unique<Storage>();  // the batch was moved away
    if (encoded.size() > limits::kCommandBytesMax) {
        return fail(ErrorCode::kInvalid, "the command has " + std::to_string(encoded.size()) + " bytes; the limit is " +
                                             std::to_string(limits::kCommandBytesMax));
    }
    Fault fault;
    if (!check_message(command_table(), encoded, fault)) return tl::unexpected(fault.error());

    char* const room = storage_->room(encoded.size());
    if (!encoded.empty()) std::memcpy(room, encoded.data(), encoded.size());
    custody::Command& command = commands_.emplace_back();
    switch (fill_command(std::string_view(room, encoded.size()), command)) {
        case Filled::kOk:
            if (check_rules(command, fault)) {
                storage_->keep(encoded.size());
                bytes_ += encoded.size();
                return {};
            }
            break;
        case Filled::kNewer:
            fault = {"schema_version", "is of a later version of Daybook; this one knows version 1"};
            break;
        case Filled::kCorrupt:
            // The schema's check has passed, so that only this can be wanting.
            fault = {"payload", "missing; say what happened: one of signed_out, signed_in, …"};
            break;
    }
    commands_.pop_back();
    return tl::unexpected(fault.error());
}

void CommandBatch::clear() {
    commands_.clear();
    bytes_ = 0;
    if (storage_ != nullptr) storage_->clear();
}

namespace {

Result<void> check_bounds(const CommandBatch& batch, std::size_t commands_max, std::size_t bytes_max) {
    if (batch.size() > commands_max) {
        return fail(ErrorCode::kInvalid, "the batch has " + std::to_string(batch.size()) + " commands; the limit is " +
                                             std::to_string(commands_max));
    }
    if (batch.bytes() > bytes_max) {
        return fail(ErrorCode::kInvalid, "the batch has " + std::to_string(batch.bytes()) + " bytes; the limit is " +
                                             std::to_string(bytes_max));
    }
    if (batch.empty()) return fail(ErrorCode::kInvalid, "the batch has no commands; send at least one");
    return {};
}

// The correctives of all declarations in the batch, in the order in which they are declared.
std::vector<EventId> declared_correctives(const CommandBatch& batch) {
    std::vector<EventId> ids;
    for (const auto& command : batch.commands()) {
        const auto* declared = std::get_if<custody::CorrectionDeclared>(&command.payload);
        if (declared != nullptr) ids.insert(ids.end(), declared->correctives.begin(), declared->correctives.end());
    }
    return ids;
}

}  // namespace

Result<void> check_batch(const CommandBatch& batch) {
    return check_bounds(batch, limits::kBatchCommandsMax, limits::kBatchBytesMax);
}

Result<void> check_atomic_batch(const CommandBatch& batch) {
    DAYBOOK_TRY(check_bounds(batch, limits::kAtomicBatchCommandsMax, limits::kAtomicBatchBytesMax));
    const auto is_declaration = [](const custody::Command& command) {
        return command.type == custody::EventType::kCorrectionDeclared;
    };
    const auto& commands = batch.commands();
    const auto declarations = std::count_if(commands.begin(), commands.end(), is_declaration);
    if (declarations == 0) return {};
    const auto first = static_cast<std::size_t>(declarations);
    for (std::size_t i = 0; i < first; ++i) {
        if (!is_declaration(commands[i])) {
            return fail(ErrorCode::kInvalid, "commands[" + std::to_string(i) +
                                                 "]: stands before a correction_declared; the declarations come first");
        }
    }
    const auto correctives = declared_correctives(batch);
    if (correctives.size() != commands.size() - first) {
        return fail(ErrorCode::kInvalid, "the batch has " + std::to_string(commands.size() - first) +
                                             " events beside its declarations, which name " +
                                             std::to_string(correctives.size()) +
                                             " correctives; it holds those and nothing else");
    }
    for (std::size_t i = 0; i < correctives.size(); ++i) {
        if (commands[first + i].event_id != correctives[i]) {
            return fail(ErrorCode::kInvalid, "commands[" + std::to_string(first + i) + "].event_id: '" +
                                                 commands[first + i].event_id.text() +
                                                 "' is not the corrective declared in this place, '" +
                                                 correctives[i].text() + "'");
        }
    }
    return {};
}

}  // namespace daybook::codec
