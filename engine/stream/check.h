// Compares what is in Kafka with the ledger: events in number, order, content and headers, the log against the tree,
// custody and stock against the read models, and each of their records against its id, its partition and the
// position in its header.
//
// Purpose.   An operator's or auditor's answer to "is it all there, and is it right?", without trusting the publisher:
//            the topics are read as any read_committed consumer reads them, up to where they end when it begins. It
//            writes nothing, and may run beside a publisher: of events that are published meanwhile it only asks that
//            they come after all others, and each once.
// Threads.   One; librdkafka's own beside it. May take minutes.
// Failure.   What is wrong is in the report; an Error only where the comparison could not be made.
// Limits.    Memory: of each key of custody and stock, its text and 24 bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/stream/publisher.h"
#include "engine/stream/source.h"

namespace daybook::stream {

struct CheckRow {
    std::string what;           // "events/3", "custody" …
    std::uint64_t checked = 0;  // records
    bool ok = true;
    bool not_compared = false;  // nor claimed to be right: not `ok`, and the message says why
    // What is wrong first; else what else is to be said: the digest of a partition of events, which is the SHA-256 over
    // each record's id, key and value, each with its length before it, or that retention has cut the topic short: what
    // is gone from the beginning although it is younger than Options::retention_ms is lost, and wrong.
    std::string message{};
    std::optional<Position> position{};  // of what is wrong
};

struct CheckReport {
    Position next = 0;  // every position below was to be there
    std::vector<CheckRow> rows;
    // Everything was compared, and is right.
    [[nodiscard]] bool ok() const {
        for (const CheckRow& row : rows) {
            if (!row.ok) return false;
        }
        return true;
    }
};

// `options` are those of the publisher; options.state nullptr: custody and stock are left out. `progress`: positions
// that were compared, of so many; false ends it with kStopped.
Result<CheckReport> check(const Source& source, LedgerId ledger, const Options& options,
                          const std::function<bool(Position done, Position of)>& progress = {});

}  // namespace daybook::stream
