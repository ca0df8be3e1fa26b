// The protobuf wire format, read and written by hand: https://protobuf.dev/programming-guides/encoding.
//
// The hot paths do without message objects: a command is checked and taken apart where it lies, and an event is put
// together around the command's own bytes. Tests hold both against the generated code.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/time.h"

namespace daybook::codec {

enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// Reads the fields of one message in the order in which they stand. Never reads outside `bytes`.
class WireReader {
public:
    explicit WireReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    // Goes to the next field; false at the end, and where the bytes are no field (then damaged() is true).
    bool next() {
        if (at_ == end_) return false;
        std::uint64_t tag = 0;
        if (!varint(tag) || tag >> 3 == 0 || tag >> 32 != 0) return damage();
        number_ = static_cast<std::uint32_t>(tag >> 3);
        switch (tag & 7) {
            case 0: type_ = WireType::kVarint; return varint(value_) || damage();
            case 1: type_ = WireType::kFixed64; return fixed(8) || damage();
            case 2: {
                type_ = WireType::kBytes;
                if (!varint(value_) || value_ > static_cast<std::size_t>(end_ - at_)) return damage();
                bytes_ = std::string_view(at_, value_);
                at_ += value_;
                return true;
            }
            case 5: type_ = WireType::kFixed32; return fixed(4) || damage();
            default: return damage();
        }
    }

    [[nodiscard]] bool damaged() const { return damaged_; }
    [[nodiscard]] const char* at() const { return at_; }  // behind the field
    [[nodiscard]] std::uint32_t number() const { return number_; }
    [[nodiscard]] WireType type() const { return type_; }
    [[nodiscard]] std::uint64_t value() const { return value_; }  // of kVarint, as it stands on the wire
    [[nodiscard]] std::string_view bytes() const {                // of kBytes; empty for any other type
        return type_ == WireType::kBytes ? bytes_ : std::string_view{};
    }
    // Of kVarint, for a field that is no varint 0: a stored message whose field has another type reads as its default.
    [[nodiscard]] std::uint64_t number_value() const { return type_ == WireType::kVarint ? value_ : 0; }
    [[nodiscard]] std::int64_t signed_value() const { return static_cast<std::int64_t>(number_value()); }

    // Reads one varint of a packed list.
    bool varint(std::uint64_t& out) {
        if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) {  // nearly all are of one byte
            out = static_cast<unsigned char>(*at_++);
            return true;
        }
        return long_varint(out);
    }
    [[nodiscard]] bool at_end() const { return at_ == end_; }

private:
    bool damage() {
        damaged_ = true;
        at_ = end_;
        return false;
    }
    bool long_varint(std::uint64_t& out) {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
            const auto byte = static_cast<unsigned char>(*at_++);
            value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if (byte < 0x80) {
                out = value;
                return shift != 63 || byte < 2;
            }
        }
        return false;
    }
    bool fixed(std::ptrdiff_t size) {
        if (end_ - at_ < size) return false;
        at_ += size;
        return true;
    }

    const char* at_;
    const char* end_;
    std::uint64_t value_ = 0;
    std::string_view bytes_;
    std::uint32_t number_ = 0;
    WireType type_ = WireType::kVarint;
    bool damaged_ = false;
};

constexpr std::uint64_t zigzag(std::int64_t value) {
    return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

constexpr std::size_t varint_size(std::uint64_t value) {
    return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

inline void append_varint(std::string& out, std::uint64_t value) {
    char bytes[10];
    std::size_t size = 0;
    while (value >= 0x80) {
        bytes[size++] = static_cast<char>(value | 0x80);
        value >>= 7;
    }
    bytes[size++] = static_cast<char>(value);
    out.append(bytes, size);
}
inline void append_tag(std::string& out, std::uint32_t number, WireType type) {
    append_varint(out, static_cast<std::uint64_t>(number) << 3 | static_cast<std::uint64_t>(type));
}
inline void append_number(std::string& out, std::uint32_t number, std::uint64_t value) {
    append_tag(out, number, WireType::kVarint);
    append_varint(out, value);
}
inline void append_bytes(std::string& out, std::uint32_t number, std::string_view bytes) {
    append_tag(out, number, WireType::kBytes);
    append_varint(out, bytes.size());
    out.append(bytes);
}

// A nested message (or packed list) whose length is not known yet: leaves one byte for it and makes room where that
// does not do. It ends with the object.
class Nested {
public:
    Nested(std::string& out, std::uint32_t number) : out_(out) {
        append_tag(out, number, WireType::kBytes);
        begin_ = out.size();
        out.push_back('\0');
    }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;
    ~Nested() {
        const std::size_t size = out_.size() - begin_ - 1;
        if (size < 0x80) {
            out_[begin_] = static_cast<char>(size);
            return;
        }
        std::string length;
        append_varint(length, size);
        out_.replace(begin_, 1, length);
    }

private:
    std::string& out_;
    std::size_t begin_ = 0;
};

// google.protobuf.Timestamp. Seconds are rounded down, so that the nanoseconds are never negative.
struct WireTime {
    std::int64_t seconds = 0;
    std::int64_t nanos = 0;
};
constexpr WireTime wire_time(Micros at) {
    const Micros rest = (at % kSecond + kSecond) % kSecond;
    return {(at - rest) / kSecond, rest * 1000};
}
inline void append_time(std::string& out, std::uint32_t number, Micros at) {
    const WireTime time = wire_time(at);
    const auto seconds = static_cast<std::uint64_t>(time.seconds);
    const auto nanos = static_cast<std::uint64_t>(time.nanos);
    append_tag(out, number, WireType::kBytes);
    append_varint(out, (seconds == 0 ? 0 : 1 + varint_size(seconds)) + (nanos == 0 ? 0 : 1 + varint_size(nanos)));
    if (seconds != 0) append_number(out, 1, seconds);
    if (nanos != 0) append_number(out, 2, nanos);
}
// Anything finer than a microsecond is dropped. The caller has checked the range, or trusts the bytes.
inline Micros read_time(std::string_view bytes) {
    std::int64_t seconds = 0;
    std::int64_t nanos = 0;
    for (WireReader field(bytes); field.next();) {
        if (field.number() == 1) seconds = field.signed_value();
        if (field.number() == 2) nanos = field.signed_value();
    }
    // A damaged value cannot overflow: it becomes another instant, which the hash of the event tells.
    return static_cast<Micros>(static_cast<std::uint64_t>(seconds) * static_cast<std::uint64_t>(kSecond) +
                               static_cast<std::uint64_t>(nanos / 1000));
}

}  // namespace daybook::codec
