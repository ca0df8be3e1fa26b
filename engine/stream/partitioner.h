// Which partition a key belongs to: murmur2 as Kafka's Java clients compute it, so that records of the same key from
// Kafka Streams, ksqlDB or any Java producer lie in the partition of the same number. librdkafka's own default (CRC32)
// would not.
#pragma once

#include <cstdint>
#include <string_view>

namespace daybook::stream {

// MurmurHash2, 32 bits, seed 0x9747b28c: org.apache.kafka.common.utils.Utils.murmur2.
std::int32_t murmur2(std::string_view key);

// What Java's default partitioner answers for a record with a key. `partitions` is not 0.
std::uint32_t partition_of(std::string_view key, std::uint32_t partitions);

}  // namespace daybook::stream
