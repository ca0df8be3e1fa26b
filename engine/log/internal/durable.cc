#include "engine/log/internal/durable.h"

#include <rocksdb/file_system.h>

#include <cstring>

#include "engine/base/bytes.h"
#include "engine/crypto/digest.h"

namespace daybook::log::internal {
namespace {

constexpr std::string_view kMagic = "DAYBOOK\x01";
constexpr std::size_t kSumOffset = 40;
static_assert(kSumOffset + 8 == kDurableSlotBytes);

rocksdb::FileSystem& file_system(const Options& options) {
    return options.file_system != nullptr ? *options.file_system : *rocksdb::FileSystem::Default();
}

rocksdb::IOStatus write_mark(rocksdb::FSRandomRWFile& file, const DurableMark& mark) {
    const rocksdb::IOOptions io;
    const std::string slot = encode_mark(mark);
    rocksdb::IOStatus status = file.Write(mark.counter % 2 * kDurableSlotOffset, slot, io, nullptr);
    if (status.ok()) status = file.Sync(io, nullptr);
    return status;
}

}  // namespace

std::string encode_mark(const DurableMark& mark) {
    std::string slot(kMagic);
    append_be64(slot, mark.counter);
    append_be64(slot, mark.head);
    slot.resize(kSumOffset);
    mark.ledger.store(slot.data() + 24);
    const Hash sum = sha256(slot);
    slot.append(reinterpret_cast<const char*>(sum.data()), kDurableSlotBytes - kSumOffset);
    return slot;
}

std::optional<DurableMark> decode_mark(std::string_view slot) {
    if (slot.size() != kDurableSlotBytes || !slot.starts_with(kMagic)) return std::nullopt;
    const Hash sum = sha256(slot.substr(0, kSumOffset));
    if (std::memcmp(sum.data(), slot.data() + kSumOffset, kDurableSlotBytes - kSumOffset) != 0) return std::nullopt;
    return DurableMark{get_be64(slot.data() + 8), get_be64(slot.data() + 16), LedgerId(Uuid::load(slot.data() + 24))};
}

Result<DurableMark> read_durable(const Options& options, const std::string& path) {
    std::unique_ptr<rocksdb::FSRandomAccessFile> file;
    DAYBOOK_TRY(check(file_system(options).NewRandomAccessFile(path, rocksdb::FileOptions(), &file, nullptr),
                      "the ledger's record of what was acknowledged (" + path + ") cannot be read"));
    std::optional<DurableMark> newest;
    for (std::size_t slot = 0; slot < 2; ++slot) {
        char buffer[kDurableSlotBytes];
        rocksdb::Slice bytes;
        DAYBOOK_TRY(check(file->Read(slot * kDurableSlotOffset, sizeof buffer, rocksdb::IOOptions(), &bytes, buffer,
                                     nullptr), "reading " + path));
        const auto mark = decode_mark(view(bytes));
        if (mark && (!newest || mark->counter > newest->counter)) newest = mark;
    }
    if (!newest) {
        return fail(ErrorCode::kCorrupt, "the ledger's record of what was acknowledged (" + path +
                                             ") is damaged: without it a damaged end of the log could go unnoticed");
    }
    return *newest;
}

Result<void> DurableFile::create(const Options& options, const std::string& path, const DurableMark& mark) {
    // FSRandomRWFile opens existing files only.
    std::unique_ptr<rocksdb::FSWritableFile> file;
    const rocksdb::IOOptions io;
    const std::string what = "writing " + path;
    DAYBOOK_TRY(check(file_system(options).NewWritableFile(path, rocksdb::FileOptions(), &file, nullptr), what));
    std::string bytes(2 * kDurableSlotOffset, '\0');
    bytes.replace(mark.counter % 2 * kDurableSlotOffset, kDurableSlotBytes, encode_mark(mark));
    DAYBOOK_TRY(check(file->Append(bytes, io, nullptr), what));
    DAYBOOK_TRY(check(file->Sync(io, nullptr), what));
    return check(file->Close(io, nullptr), what);
}

Result<std::unique_ptr<DurableFile>> DurableFile::open(const Options& options, const std::string& path,
                                                       const DurableMark& last) {
    std::unique_ptr<DurableFile> durable(new DurableFile);
    durable->last_ = last;
    DAYBOOK_TRY(check(file_system(options).NewRandomRWFile(path, rocksdb::FileOptions(), &durable->file_, nullptr),
                      "opening " + path));
    return durable;
}

DurableFile::~DurableFile() = default;

Result<void> DurableFile::write(Position head) {
    DurableMark next = last_;
    ++next.counter;
    next.head = head;
    DAYBOOK_TRY(check(write_mark(*file_, next), "remembering that positions below " + std::to_string(head) +
                                                    " are acknowledged (DURABLE)"));
    last_ = next;
    return {};
}

}  // namespace daybook::log::internal
