// Fixed-width big-endian integers (their byte order is their numeric order, which keys rely on), and hexadecimal.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace daybook {

using Hash = std::array<unsigned char, 32>;  // SHA-256

inline void put_be64(char* out, std::uint64_t value) {
    for (int i = 0; i < 8; ++i) out[i] = static_cast<char>(value >> (56 - 8 * i));
}
inline std::uint64_t get_be64(const char* bytes) {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}
inline void put_be32(char* out, std::uint32_t value) {
    for (int i = 0; i < 4; ++i) out[i] = static_cast<char>(value >> (24 - 8 * i));
}
inline std::uint32_t get_be32(const char* bytes) {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}
inline void append_be64(std::string& out, std::uint64_t value) {
    char bytes[8];
    put_be64(bytes, value);
    out.append(bytes, 8);
}

std::string hex(std::span<const unsigned char> bytes);
inline std::string hex(std::string_view bytes) {
    return hex(std::span(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

}  // namespace daybook
