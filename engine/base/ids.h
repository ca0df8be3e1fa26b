// The identifiers of the ledger, each a type of its own so that one cannot be taken for another.
#pragma once

#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace daybook {

// A position in the log: 0, 1, 2, … without gaps.
using Position = std::uint64_t;
inline constexpr Position kNoPosition = ~Position{0};

using Principal = std::uint64_t;  // a person or a device that acts; opaque
using PartyId = std::uint64_t;    // a client, vendor, carrier, workshop; opaque
using EntityId = std::uint32_t;   // a legal entity
using SiteId = std::uint32_t;     // a salon or boutique; 0 stands for "every site" in grants and policies
using SupplyId = std::uint64_t;   // a class of supplies

// 128 bits, kept as two words in big-endian order so that comparing words compares bytes.
struct Uuid {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    friend constexpr auto operator<=>(const Uuid&, const Uuid&) = default;
    [[nodiscard]] constexpr bool empty() const { return high == 0 && low == 0; }

    // Lower-case 8-4-4-4-12 of RFC 9562, and nothing else, so that one id has one spelling.
    static std::optional<Uuid> parse(std::string_view text);
    [[nodiscard]] std::string text() const;

    // 16 bytes, big-endian.
    void store(char* out) const;
    static Uuid load(const char* bytes);
};

template <class Tag>
struct Id : Uuid {
    constexpr Id() = default;
    constexpr explicit Id(Uuid uuid) : Uuid(uuid) {}
    static std::optional<Id> parse(std::string_view text) {
        const auto uuid = Uuid::parse(text);
        return uuid ? std::optional<Id>(Id(*uuid)) : std::nullopt;
    }
    friend constexpr auto operator<=>(const Id&, const Id&) = default;
};

using EventId = Id<struct EventTag>;
using ItemId = Id<struct ItemTag>;
using ObligationId = Id<struct ObligationTag>;
using LedgerId = Id<struct LedgerTag>;

// Mixes all 128 bits: client-chosen ids (UUIDv7) have equal high halves.
struct UuidHash {
    std::size_t operator()(const Uuid& id) const {
        std::uint64_t x = id.high * 0x9e3779b97f4a7c15ULL ^ id.low;
        x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93ULL;
        return static_cast<std::size_t>(x ^ (x >> 29));
    }
};

}  // namespace daybook
