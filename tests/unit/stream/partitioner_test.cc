// The numbers are those of org.apache.kafka.common.utils.Utils (kafka-clients 4.3.1): murmur2, and toPositive(murmur2)
// modulo 6 and 12.
#include "engine/stream/partitioner.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace daybook::stream {
namespace {

struct Vector {
    std::string_view key;
    std::int32_t hash;
    std::uint32_t of_6, of_12;
};
constexpr Vector kVectors[]{
    {"", 275646681, 3, 9},
    {"a", -1563381124, 4, 4},
    {"ab", 316155434, 2, 2},
    {"abc", 479470107, 3, 3},
    {"21", -973932308, 0, 0},
    {"foobar", -790332482, 0, 6},
    {"a-little-bit-long-string", -985981536, 2, 8},
    {"a-little-bit-longer-string", -1486304829, 5, 11},
    {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971, 5, 5},
    {"0190b5f0-7a3e-7c11-8d2f-000000000001", -745091722, 4, 10},
    {"site:1", -329238647, 3, 9},
    {"account:SITE/1/VAULT/A-03", 58628802, 0, 6},
    {"\u00e9t\u00e9", -2101193575, 1, 1},
};

TEST(PartitionerTest, HashesAndPlacesKeysAsJavaDoes) {
    for (const Vector& vector : kVectors) {
        EXPECT_EQ(murmur2(vector.key), vector.hash) << vector.key;
        EXPECT_EQ(partition_of(vector.key, 6), vector.of_6) << vector.key;
        EXPECT_EQ(partition_of(vector.key, 12), vector.of_12) << vector.key;
    }
}

TEST(PartitionerTest, UsesEveryPartition) {
    std::set<std::uint32_t> used;
    for (int i = 0; i < 1000; ++i) used.insert(partition_of("item-" + std::to_string(i), 12));
    EXPECT_EQ(used.size(), 12U);
}

}  // namespace
}  // namespace daybook::stream
