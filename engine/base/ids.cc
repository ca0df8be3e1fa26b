#include "engine/base/ids.h"

#include <array>
#include <bit>

#include "engine/base/uuid_text.h"

namespace daybook {
namespace {

constexpr std::uint64_t kEach = 0x0101010101010101ULL;  // 1 in each of eight bytes

std::uint64_t load_little(const char* bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, 8);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

std::uint64_t big_endian(std::uint64_t word) {
    if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
    return word;
}

// Eight hexadecimal digits, lower-case, at once: each byte of `text` becomes its value, and whatever is no such digit
// leaves a bit in `bad`. No byte carries into the next: the greatest sum met is 15 + 9 + 0x57.
inline __attribute__((always_inline)) std::uint64_t eight_digits(std::uint64_t text, std::uint64_t& bad) {
    const std::uint64_t letter = text >> 6 & kEach;                  // 1 where the byte may be a letter
    const std::uint64_t value = (text & 0x0f * kEach) + 9 * letter;  // '0' … '9' → 0 … 9, 'a' … 'f' → 10 … 15
    const std::uint64_t over_nine = (value + 6 * kEach) >> 4 & kEach;  // 1 where the value is 10 or more
    bad |= (value + 0x30 * kEach + 0x27 * letter) ^ text;              // not '0' + value, or 'a' + value - 10
    bad |= (value & 0x10 * kEach) | (over_nine ^ letter);
    const std::uint64_t pairs = (value << 4 | value >> 8) & 0x00ff00ff00ff00ffULL;
    const std::uint64_t fours = (pairs << 8 | pairs >> 16) & 0x0000ffff0000ffffULL;
    return (fours << 16 | fours >> 32) & 0xffffffffULL;
}

// The two digits of each byte.
constexpr auto kHexPairs = [] {
    std::array<std::array<char, 2>, 256> pairs{};
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (std::size_t byte = 0; byte < pairs.size(); ++byte) pairs[byte] = {kDigits[byte >> 4], kDigits[byte & 15]};
    return pairs;
}();

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) {
    if (text.size() != kUuidChars || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
        return std::nullopt;
    const char* const at = text.data();
    // 8-4-4-4-12, read as four times eight digits.
    const std::uint64_t second = load_little(at + 9) & 0xffffffffULL;
    const std::uint64_t third = load_little(at + 19) & 0xffffffffULL;
    std::uint64_t bad = 0;
    const std::uint64_t a = eight_digits(load_little(at), bad);
    const std::uint64_t b = eight_digits(second | (load_little(at + 10) & 0xffffffff00000000ULL), bad);
    const std::uint64_t c = eight_digits(third | (load_little(at + 20) & 0xffffffff00000000ULL), bad);
    const std::uint64_t d = eight_digits(load_little(at + 28), bad);
    if (bad != 0) return std::nullopt;
    return Uuid{a << 32 | b, c << 32 | d};
}

std::string Uuid::text() const {
    std::array<char, kUuidChars> out;
    write_text(*this, out.data());
    return {out.data(), out.size()};
}

char* write_text(const Uuid& id, char* out) {
    for (int byte = 0; byte < 16; ++byte) {
        if (byte == 4 || byte == 6 || byte == 8 || byte == 10) *out++ = '-';
        const std::uint64_t word = byte < 8 ? id.high : id.low;
        std::memcpy(out, kHexPairs[word >> (56 - 8 * (byte % 8)) & 0xff].data(), 2);
        out += 2;
    }
    return out;
}

// Two instructions a word; a loop over the bytes, sixty, was a sixth of folding the read models.
void Uuid::store(char* out) const {
    const std::uint64_t words[] = {big_endian(high), big_endian(low)};
    std::memcpy(out, words, sizeof words);
}

Uuid Uuid::load(const char* bytes) {
    std::uint64_t words[2];
    std::memcpy(words, bytes, sizeof words);
    return {big_endian(words[0]), big_endian(words[1])};
}

}  // namespace daybook
