// How rows are written: integers as LEB128 variable-length numbers (signed ones zigzag first, as protobuf does), texts
// with their length before them, keys in fixed-width big-endian so that their byte order is their order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/custody/account.h"
#include "engine/custody/command.h"

namespace daybook::projections {

inline constexpr std::size_t kNumberBytesMax = 10;
// Where there is room; the end of what it wrote.
inline char* write_number(char* at, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
    *at++ = static_cast<char>(value);
    return at;
}
inline char* write_signed(char* at, std::int64_t value) {
    return write_number(at, static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
}
inline void put_number(std::string& out, std::uint64_t value) {
    if (value < 0x80) return out.push_back(static_cast<char>(value));
    char bytes[kNumberBytesMax];
    out.append(bytes, static_cast<std::size_t>(write_number(bytes, value) - bytes));
}
inline void put_signed(std::string& out, std::int64_t value) {
    put_number(out, static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
}
inline void put_text(std::string& out, std::string_view text) {
    put_number(out, text.size());
    out.append(text);
}
inline void put_uuid(std::string& out, const Uuid& id) {
    char bytes[16];
    id.store(bytes);
    out.append(bytes, 16);
}

// Reads what the functions above wrote. After the first read past the end every value is 0 and ok() is false.
class RowReader {
public:
    explicit RowReader(std::string_view bytes) : rest_(bytes) {}

    std::uint64_t number() {
        if (!rest_.empty() && static_cast<unsigned char>(rest_.front()) < 0x80) {
            const auto value = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            return value;
        }
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint8_t byte = this->byte();
            value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if ((byte & 0x80) == 0) return value;
        }
        ok_ = false;
        return 0;
    }
    std::int64_t signed_number() {
        const std::uint64_t value = number();
        return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
    }
    std::uint8_t byte() { return static_cast<std::uint8_t>(take(1).empty() ? 0 : last_[0]); }
    std::string_view text() { return take(number()); }
    std::string_view take(std::uint64_t size) {
        if (size > rest_.size()) {
            ok_ = false;
            rest_ = {};
            return {};
        }
        last_ = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return last_;
    }
    Uuid uuid() {
        const std::string_view bytes = take(16);
        return bytes.size() == 16 ? Uuid::load(bytes.data()) : Uuid{};
    }

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool done() const { return rest_.empty(); }  // all was read

private:
    std::string_view rest_, last_;
    bool ok_ = true;
};

// ---- Parts of keys ----

inline constexpr std::size_t kUuidBytes = 16;
inline constexpr std::size_t kAccountBytes = 21;
inline constexpr std::size_t kRefBytes = 33;

inline void key_u32(std::string& out, std::uint32_t value) {
    char bytes[4];
    put_be32(bytes, value);
    out.append(bytes, 4);
}
inline void key_u64(std::string& out, std::uint64_t value) { append_be64(out, value); }
// Signed, in order.
inline void key_time(std::string& out, Micros at) { append_be64(out, static_cast<std::uint64_t>(at) ^ 1ULL << 63); }
inline Micros time_of_key(const char* bytes) { return static_cast<Micros>(get_be64(bytes) ^ 1ULL << 63); }

inline void key_account(std::string& out, const custody::AccountId& account) {
    char bytes[kAccountBytes];
    bytes[0] = static_cast<char>(account.kind);
    put_be32(bytes + 1, account.site);
    account.name.store(bytes + 5);
    out.append(bytes, sizeof bytes);
}
inline custody::AccountId account_of_key(const char* bytes) {
    custody::AccountId account;
    account.named = true;
    account.kind = static_cast<custody::AccountClass>(bytes[0]);
    account.site = get_be32(bytes + 1);
    account.name = Uuid::load(bytes + 5);
    return account;
}
inline void key_ref(std::string& out, const custody::ObligationRef& ref) {
    put_uuid(out, ref.id);
    out.push_back(static_cast<char>(ref.kind));
    put_uuid(out, ref.item);
}
inline custody::ObligationRef ref_of_key(const char* bytes) {
    custody::ObligationRef ref;
    ref.id = ObligationId(Uuid::load(bytes));
    ref.kind = static_cast<custody::DifferenceKind>(bytes[16]);
    ref.item = ItemId(Uuid::load(bytes + 17));
    return ref;
}

}  // namespace daybook::projections
