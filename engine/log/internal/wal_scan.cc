#include "engine/log/internal/wal_scan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <vector>

namespace daybook::log::internal {
namespace {

constexpr std::size_t kWalBlockBytes = 32768;
constexpr std::size_t kFragmentHeaderBytes = 7;

enum FragmentType : unsigned char { kZero = 0, kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

std::uint32_t get_le32(const char* bytes) {
    std::uint32_t value = 0;
    for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}

// RocksDB stores a CRC rotated and shifted, so that the CRC of bytes that hold CRCs stays meaningful.
std::uint32_t unmask(std::uint32_t masked) {
    const std::uint32_t rotated = masked - 0xa282ead8U;
    return rotated >> 17 | rotated << 15;
}

// The type of the whole fragment at `offset`, and where it ends; nothing if none is there.
struct Fragment {
    unsigned char type = kZero;
    std::size_t end = 0;
};
std::optional<Fragment> fragment_at(std::string_view bytes, std::size_t offset) {
    const std::size_t block_end = std::min((offset / kWalBlockBytes + 1) * kWalBlockBytes, bytes.size());
    if (block_end - offset < kFragmentHeaderBytes) return std::nullopt;
    const char* header = bytes.data() + offset;
    const std::size_t length =
        static_cast<unsigned char>(header[4]) | std::size_t{static_cast<unsigned char>(header[5])} << 8;
    const auto type = static_cast<unsigned char>(header[6]);
    if (type < kFull || type > kLast) return std::nullopt;
    if (length > block_end - offset - kFragmentHeaderBytes) return std::nullopt;
    if (crc32c(bytes.substr(offset + 6, 1 + length)) != unmask(get_le32(header))) return std::nullopt;
    return Fragment{type, offset + kFragmentHeaderBytes + length};
}

// Whether a record begins anywhere at or behind `offset`. The damage may have hit a length, so every byte is tried.
bool record_begins_behind(std::string_view bytes, std::size_t offset) {
    while (offset < bytes.size()) {
        const auto fragment = fragment_at(bytes, offset);
        if (!fragment) {
            ++offset;
        } else if (fragment->type == kFull || fragment->type == kFirst) {
            return true;
        } else {
            offset = fragment->end;  // the rest of the record that is damaged
        }
    }
    return false;
}

std::optional<std::uint64_t> wal_number(const std::filesystem::path& path) {
    if (path.extension() != ".log") return std::nullopt;
    const std::string stem = path.stem().string();
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(stem.data(), stem.data() + stem.size(), number);
    if (error != std::errc() || end != stem.data() + stem.size()) return std::nullopt;
    return number;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
    static const auto table = [] {
        std::array<std::uint32_t, 256> entries{};
        for (std::uint32_t i = 0; i < 256; ++i) {
            std::uint32_t crc = i;
            for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78U : 0);
            entries[i] = crc;
        }
        return entries;
    }();
    std::uint32_t crc = ~std::uint32_t{0};
    for (const char byte : bytes) crc = crc >> 8 ^ table[(crc ^ static_cast<unsigned char>(byte)) & 0xff];
    return ~crc;
}

std::optional<WalFileDamage> scan_wal(std::string_view bytes) {
    std::size_t offset = 0;
    std::size_t record = 0;  // where the record began that the fragment at `offset` continues
    bool inside = false;     // a record has begun and not ended
    while (offset < bytes.size()) {
        const std::size_t in_block = kWalBlockBytes - offset % kWalBlockBytes;
        if (in_block < kFragmentHeaderBytes && bytes.size() - offset >= in_block) {
            offset += in_block;  // too little room for a header: left empty by the writer
            continue;
        }
        const auto fragment = fragment_at(bytes, offset);
        const bool begins = fragment && (fragment->type == kFull || fragment->type == kFirst);
        if (!fragment || begins == inside) {
            // Not whole, a continuation of nothing, or a record within another one. In the last case what follows is a
            // later record.
            return WalFileDamage{inside ? record : offset, record_begins_behind(bytes, offset)};
        }
        if (begins) record = offset;
        inside = fragment->type == kFirst || fragment->type == kMiddle;
        offset = fragment->end;
    }
    if (inside) return WalFileDamage{record, false};
    return std::nullopt;
}

Result<std::optional<WalDamage>> scan_wal_files(const std::filesystem::path& directory) {
    std::vector<std::pair<std::uint64_t, std::filesystem::path>> files;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
        if (const auto number = wal_number(entry.path())) files.emplace_back(*number, entry.path());
    }
    if (error) return fail(ErrorCode::kIo, "cannot list " + directory.string() + ": " + error.message());
    std::sort(files.begin(), files.end());
    std::optional<WalDamage> damage;
    for (const auto& [number, path] : files) {
        std::ifstream in(path, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
        if (!in) return fail(ErrorCode::kIo, "cannot read " + path.string());
        if (damage) {
            damage->record_behind = damage->record_behind || record_begins_behind(bytes, 0);
        } else if (const auto found = scan_wal(bytes)) {
            damage = {path.filename().string(), found->offset, found->record_behind};
        }
    }
    return damage;
}

}  // namespace daybook::log::internal
