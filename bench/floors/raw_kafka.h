// The floor of publishing: librdkafka alone, with records that are there already.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace daybook::bench {

// A record as it lies in a topic.
struct RawRecord {
    std::uint32_t topic = 0;  // index of the topics that were given
    std::int32_t partition = 0;
    std::string key, value;
    std::vector<std::pair<std::string, std::string>> headers;
    bool has_value = true;
};

// Every committed record of the topics, partition by partition.
std::vector<RawRecord> read_topics(const std::string& bootstrap, const std::vector<std::string>& topics,
                                   const std::vector<std::uint32_t>& partitions);

// Writes the records to `topics`, in as many transactions of equal size, each flushed, then with a record of `control`
// (the last of the topics), flushed and committed: what a publisher must do at least. With the publisher's settings of
// the client. The seconds that it took, from the first begin to the last commit; init and the first contact before.
double publish_raw(const std::string& bootstrap, const std::string& transactional_id,
                   const std::vector<std::string>& topics, const std::vector<RawRecord>& records,
                   std::size_t transactions);

}  // namespace daybook::bench
