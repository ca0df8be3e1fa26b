// Reads the last committed record of partitions: the cursor, and what was published last.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/time.h"
#include "engine/stream/internal/kafka.h"

namespace daybook::stream {

struct TailRecord {
    std::string value;
    std::string id;  // header ce_id; empty where there is none
};

struct Tail {
    std::string topic;
    std::uint32_t partition = 0;
    bool ends_only = false;  // its last record is not asked for
    // Filled by read_tails():
    std::int64_t low = 0;            // the first offset that is still there
    std::int64_t high = 0;           // behind the last offset that a transaction has decided
    std::int64_t end = 0;            // behind the last offset of all; more than `high`: a transaction is open
    std::optional<TailRecord> last{};  // nullopt: no committed record
};

// The two consumers that tails are read with: the isolation level is a setting of the whole client.
struct Readers {
    kafka::Client committed;
    kafka::Client all;  // read_uncommitted
    // `common` are the settings of every client. kInvalid as for Client::make().
    static Result<Readers> make(const kafka::Settings& common);
};

// Reads the tails named by topic and partition, all at once. kUnavailable: try again.
Result<void> read_tails(const Readers& readers, std::vector<Tail>& tails, Deadline deadline);

}  // namespace daybook::stream
