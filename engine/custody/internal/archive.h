// Internal to the module: values as bytes and back. A struct has one function fields(archive, value), which names its
// members in order; Writer and Reader both go through it, so that the two directions cannot drift apart.
//
// Format: unsigned integers and enums as LEB128 varints, signed ones zigzag before that, UUIDs as 16 bytes, texts and
// lists with their length before them, an optional with a byte before it. Nothing is aligned, nothing is named.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "engine/base/ids.h"
#include "engine/custody/state.h"

namespace daybook::custody {

// T is U, const or not: a Writer's values are const.
template <class T, class U>
concept Like = std::same_as<std::remove_const_t<T>, U>;

// The number after the last value of an enum that a table is indexed by; others may hold anything.
template <class E>
inline constexpr std::uint64_t kEnumEnd = 256;
template <>
inline constexpr std::uint64_t kEnumEnd<AccountClass> = kAccountClassCount;
template <>
inline constexpr std::uint64_t kEnumEnd<ObligationKind> = kObligationKindCount + 1;
template <>
inline constexpr std::uint64_t kEnumEnd<Role> = kRoleCount + 1;

class Writer {
public:
    explicit Writer(std::string& out) : out_(out) {}
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer() { flush(); }

    template <class... T>
    void operator()(const T&... values) {
        (put(values), ...);
    }

private:
    // Bytes are gathered here first: a string's own bookkeeping for each of a piece's thirty numbers cost more than the
    // numbers (2,200 instructions a piece, now 1,600).
    char* room(std::size_t size) {
        if (used_ + size > sizeof gathered_) flush();
        return gathered_ + used_;
    }
    void flush() {
        out_.append(gathered_, used_);
        used_ = 0;
    }
    void put_varint(std::uint64_t value) {
        char* at = room(10);
        if (value < 0x80) {  // most of a piece's
            *at = static_cast<char>(value);
            ++used_;
            return;
        }
        for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
        *at++ = static_cast<char>(value);
        used_ = static_cast<std::size_t>(at - gathered_);
    }
    template <class T>
    void put(const T& value) {
        if constexpr (std::is_enum_v<T>) {
            put_varint(static_cast<std::uint64_t>(value));
        } else if constexpr (std::is_same_v<T, bool> || std::is_unsigned_v<T>) {
            put_varint(value);
        } else if constexpr (std::is_signed_v<T>) {
            const auto wide = static_cast<std::int64_t>(value);
            put_varint(static_cast<std::uint64_t>(wide) << 1 ^ static_cast<std::uint64_t>(wide >> 63));
        } else if constexpr (std::is_base_of_v<Uuid, T>) {
            value.store(room(16));
            used_ += 16;
        } else {
            fields(*this, value);
        }
    }
    void put(const std::string_view& text) {
        put_varint(text.size());
        if (text.size() > sizeof gathered_ / 2) {
            flush();
            out_.append(text);
            return;
        }
        std::memcpy(room(text.size()), text.data(), text.size());
        used_ += text.size();
    }
    void put(const std::string& text) { put(std::string_view(text)); }
    template <class T>
    void put(const std::optional<T>& value) {
        put(value.has_value());
        if (value) put(*value);
    }
    template <class T>
    void put(const std::vector<T>& values) {
        put_varint(values.size());
        for (const T& value : values) put(value);
    }
    template <class Key, class T>
    void put(const std::map<Key, T>& values) {
        put_varint(values.size());
        for (const auto& [key, value] : values) {
            put(key);
            put(value);
        }
    }

    std::string& out_;
    char gathered_[256];
    std::size_t used_ = 0;
};

// Reads what a Writer wrote. On bytes that no Writer wrote it is failed() from there on, and gives zeros.
class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    template <class... T>
    void operator()(T&... values) {
        (get(values), ...);
    }
    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] std::size_t left() const { return bytes_.size(); }
    // Whether everything was read, and was right.
    [[nodiscard]] bool done() const { return !failed_ && bytes_.empty(); }
    void fail() {
        failed_ = true;
        bytes_ = {};
    }

    // How many entries follow; every entry takes a byte at least, so that a wrong number cannot ask for much memory.
    std::size_t count() {
        const std::uint64_t count = get_varint();
        if (count > bytes_.size()) fail();
        return failed_ ? 0 : static_cast<std::size_t>(count);
    }

private:
    std::uint64_t get_varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(bytes_.front());
            bytes_.remove_prefix(1);
            value |= std::uint64_t{byte & 0x7fU} << shift;
            if (byte < 0x80) return value;
        }
        fail();
        return 0;
    }
    template <class T>
    void get(T& value) {
        if constexpr (std::is_enum_v<T>) {
            const std::uint64_t number = get_varint();
            if (number >= kEnumEnd<T>) return fail();
            value = static_cast<T>(number);
        } else if constexpr (std::is_same_v<T, bool> || std::is_unsigned_v<T>) {
            const std::uint64_t number = get_varint();
            if (number > std::numeric_limits<T>::max()) return fail();
            value = static_cast<T>(number);
        } else if constexpr (std::is_signed_v<T>) {
            const std::uint64_t number = get_varint();
            const auto wide = static_cast<std::int64_t>(number >> 1 ^ (~(number & 1) + 1));
            if (wide < std::numeric_limits<T>::min() || wide > std::numeric_limits<T>::max()) return fail();
            value = static_cast<T>(wide);
        } else if constexpr (std::is_base_of_v<Uuid, T>) {
            if (bytes_.size() < 16) return fail();
            static_cast<Uuid&>(value) = Uuid::load(bytes_.data());
            bytes_.remove_prefix(16);
        } else {
            fields(*this, value);
        }
    }
    void get(std::string_view& text) {
        const std::size_t size = count();
        text = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
    }
    void get(std::string& text) {
        std::string_view view;
        get(view);
        text = view;
    }
    template <class T>
    void get(std::optional<T>& value) {
        bool there = false;
        get(there);
        value.reset();
        if (there) get(value.emplace());
    }
    template <class T>
    void get(std::vector<T>& values) {
        values.resize(count());
        for (T& value : values) get(value);
        if (failed_) values.clear();
    }
    template <class Key, class T>
    void get(std::map<Key, T>& values) {
        for (std::size_t left = count(); left != 0; --left) {
            Key key{};
            get(key);
            get(values[key]);
        }
    }

    std::string_view bytes_;
    bool failed_ = false;
};

}  // namespace daybook::custody
