#include "engine/base/ids.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace daybook {
namespace {

constexpr std::string_view kText = "01890a5d-ac96-774b-bcce-b302099a8057";

TEST(UuidTest, TextAndWordsSayTheSame) {
    const auto id = Uuid::parse(kText);
    ASSERT_TRUE(id);
    EXPECT_EQ(id->high, 0x01890a5dac96774bULL);
    EXPECT_EQ(id->low, 0xbcceb302099a8057ULL);
    EXPECT_EQ(id->text(), kText);
}

TEST(UuidTest, HasOneSpelling) {
    for (const std::string_view bad :
         {"", "01890a5d", "01890A5D-ac96-774b-bcce-b302099a8057", "01890a5dac96774bbcceb302099a8057",
          "01890a5d-ac96-774b-bcce-b302099a805", "01890a5d-ac96-774b-bcce-b302099a80570",
          "01890a5d-ac96-774b-bcce-b302099a805g", "01890a5d-ac96-774b-bcceb-302099a8057",
          "{1890a5d-ac96-774b-bcce-b302099a805}"}) {
        EXPECT_FALSE(Uuid::parse(bad)) << bad;
    }
}

// Eight digits are read at once: every byte in every place is taken exactly where it is a digit, with its value.
TEST(UuidTest, TakesExactlyTheDigits) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (std::size_t place = 0; place < kText.size(); ++place) {
        for (int byte = 0; byte < 256; ++byte) {
            std::string text(kText);
            text[place] = static_cast<char>(byte);
            const bool dash = place == 8 || place == 13 || place == 18 || place == 23;
            const bool good =
                dash ? byte == '-' : byte != 0 && kDigits.find(static_cast<char>(byte)) != std::string_view::npos;
            const auto id = Uuid::parse(text);
            ASSERT_EQ(id.has_value(), good) << "byte " << byte << " at " << place;
            if (good) {
                ASSERT_EQ(id->text(), text);
            }
        }
    }
}

TEST(UuidTest, BytesAreBigEndianAndSortLikeTheIds) {
    const Uuid id = *Uuid::parse(kText);
    std::array<char, 16> bytes{};
    id.store(bytes.data());
    EXPECT_EQ(static_cast<unsigned char>(bytes[0]), 0x01);
    EXPECT_EQ(static_cast<unsigned char>(bytes[15]), 0x57);
    EXPECT_EQ(Uuid::load(bytes.data()), id);
    EXPECT_LT((Uuid{1, 0}), (Uuid{1, 1}));
    EXPECT_LT((Uuid{0, ~0ULL}), (Uuid{1, 0}));
}

TEST(UuidTest, HashSpreadsIdsOfOneMoment) {
    std::set<std::size_t> low_bits;
    for (std::uint64_t i = 0; i < 1024; ++i) low_bits.insert(UuidHash{}(Uuid{0x01890a5dac96774bULL, i}) & 1023);
    EXPECT_GT(low_bits.size(), 512U);
}

TEST(IdTest, KindsDoNotMix) {
    static_assert(!std::is_convertible_v<ItemId, EventId>);
    EXPECT_TRUE(ItemId().empty());
    EXPECT_FALSE(ItemId::parse(kText)->empty());
    EXPECT_FALSE(ItemId::parse("x"));
}

}  // namespace
}  // namespace daybook
