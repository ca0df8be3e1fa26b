// FORMAT.md's worked example, read out of the document and decoded with the code that reads ledgers.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "engine/crypto/digest.h"
#include "engine/log/internal/block.h"
#include "engine/log/internal/durable.h"
#include "engine/log/internal/id_index.h"
#include "engine/log/internal/rocks.h"

namespace daybook::log::internal {
namespace {

// The lines of the document's block ```hex NAME, without comments, each as bytes.
std::vector<std::string> example(const std::string& name) {
    std::ifstream in(DAYBOOK_SOURCE_DIR "/engine/log/FORMAT.md");
    std::vector<std::string> lines;
    std::string line;
    while (std::getline(in, line) && line != "```hex " + name) {}
    while (std::getline(in, line) && line != "```") {
        if (line.starts_with("#")) continue;
        std::string bytes;
        std::string digits;
        for (const char c : line) {
            if (c != ' ') digits.push_back(c);
        }
        for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
            bytes.push_back(static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16)));
        }
        lines.push_back(bytes);
    }
    EXPECT_FALSE(lines.empty()) << "FORMAT.md has no example " << name;
    return lines;
}

template <std::size_t N>
std::string text(const std::array<char, N>& bytes) {
    return {bytes.data(), N};
}

std::string joined(const std::vector<std::string>& lines, std::size_t from) {
    std::string all;
    for (std::size_t i = from; i < lines.size(); ++i) all += lines[i];
    return all;
}

const LedgerId kExampleId{Uuid{0x0190a0a0a0a07000, 0x8000000000000001}};

TEST(FormatTest, TheExampleBlockDecodesAndEncodes) {
    const auto lines = example("log");
    EXPECT_EQ(lines[0], text(position_key(256)));
    const std::string block = joined(lines, 1);
    auto reader = BlockReader::open(block);
    ASSERT_TRUE(reader.has_value()) << reader.error().message;
    EXPECT_EQ(reader->header().events, 3U);
    EXPECT_EQ(reader->header().group_place, 0U);
    EXPECT_EQ(reader->header().group_events, 3U);
    EXPECT_EQ(reader->header().group_recorded_at, 1'700'000'000'000'000);
    std::string again;
    put_block_header(again, reader->header());
    for (const std::string& expected : {std::string("a"), std::string("bc"), std::string(130, 'd')}) {
        const auto event = reader->next();
        ASSERT_TRUE(event.has_value()) << event.error().message;
        EXPECT_EQ(*event, expected);
        put_event(again, *event);
    }
    EXPECT_EQ(hex(again), hex(block));
}

TEST(FormatTest, TheExampleLeafIsTheEventsHash) {
    EXPECT_EQ(hex(example("leaf")[0]), hex(leaf_hash("a")));
}

TEST(FormatTest, TheExampleKeysAreThoseWritten) {
    const auto lines = example("keys");
    ASSERT_EQ(lines.size(), 5U);
    EXPECT_EQ(lines[0], text(tile_key({1, 2})));
    EXPECT_EQ(lines[1], text(id_key({kEventIdKind, kExampleId})));
    EXPECT_EQ(lines[2], text(position_key(257)));
    EXPECT_EQ(lines[3], text(run_marker_key(262'144)));
    EXPECT_EQ(lines[4], run_marker_value({0, 262'144, 300'000}));
    const auto marker = parse_run_marker(lines[3], lines[4]);
    ASSERT_TRUE(marker.has_value());
    EXPECT_EQ(marker->end, 262'144U);
    EXPECT_EQ(marker->ids, 300'000U);
}

TEST(FormatTest, TheExampleMarkDecodesAndEncodes) {
    const std::string slot = joined(example("durable"), 0);
    EXPECT_EQ(hex(encode_mark({7, 259, kExampleId})), hex(slot));
    const auto mark = decode_mark(slot);
    ASSERT_TRUE(mark.has_value());
    EXPECT_EQ(mark->head, 259U);
}

}  // namespace
}  // namespace daybook::log::internal
