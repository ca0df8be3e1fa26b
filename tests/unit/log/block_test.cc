// Blocks: what is put in comes out, and no bytes whatever make the reader read beyond them.
#include "engine/log/internal/block.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace daybook::log::internal {
namespace {

std::string block_of(const std::vector<std::string>& events) {
    std::string block;
    const auto count = static_cast<std::uint32_t>(events.size());
    put_block_header(block, {count, 7, count + 9, -5});
    for (const std::string& event : events) put_event(block, event);
    return block;
}

TEST(BlockTest, HasNoEventsOfNothing) {
    EXPECT_FALSE(BlockReader::open("").has_value());
    EXPECT_FALSE(BlockReader::open(std::string(kBlockHeaderBytes - 1, '\1')).has_value());
    EXPECT_FALSE(BlockReader::open(block_of({})).has_value());
}

RC_GTEST_PROP(BlockProperty, EventsComeBackAsTheyWere, ()) {
    const auto events = *rc::gen::nonEmpty<std::vector<std::string>>();
    const std::string block = block_of(events);
    std::size_t framed = kBlockHeaderBytes;
    for (const std::string& event : events) framed += framed_bytes(event.size());
    RC_ASSERT(block.size() == framed);
    auto reader = BlockReader::open(block);
    RC_ASSERT(reader.has_value());
    RC_ASSERT(reader->header().group_place == 7U);
    RC_ASSERT(reader->header().group_events == events.size() + 9);
    RC_ASSERT(reader->header().group_recorded_at == -5);
    for (const std::string& event : events) RC_ASSERT(reader->next().value() == event);
    RC_ASSERT(reader->left() == 0U);
}

TEST(BlockTest, LengthsOfEverySizeAreFramed) {
    for (const std::size_t size : {0UL, 1UL, 127UL, 128UL, 16'383UL, 16'384UL, 2'097'151UL, 2'097'152UL}) {
        const std::string event(size, 'e');
        const std::string block = block_of({event, "x"});
        auto reader = BlockReader::open(block);
        ASSERT_TRUE(reader.has_value());
        EXPECT_EQ(reader->next().value(), event);
        EXPECT_EQ(reader->next().value(), "x");
    }
}

// Truncated or damaged, a block is an error or other events, never a read outside of it (the sanitizer presets see
// that).
TEST(BlockTest, DamageNeverLeadsOutOfTheBlock) {
    const std::string block = block_of({"one", std::string(200, 'b'), "three"});
    const auto read_all = [](const std::string& bytes) {
        auto reader = BlockReader::open(bytes);
        if (!reader) return false;
        while (reader->left() > 0) {
            if (!reader->next()) return false;
        }
        return true;
    };
    EXPECT_TRUE(read_all(block));
    for (std::size_t size = 0; size < block.size(); ++size) EXPECT_FALSE(read_all(block.substr(0, size))) << size;
    EXPECT_FALSE(read_all(block + "x"));
    for (std::size_t at = 0; at < block.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string damaged = block;
            damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
            static_cast<void>(read_all(damaged));
        }
    }
}

}  // namespace
}  // namespace daybook::log::internal
