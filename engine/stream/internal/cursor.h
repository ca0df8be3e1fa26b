// Judges what is found in Kafka at the start of a term against the ledger. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/codec/stream_codec.h"
#include "engine/stream/records.h"

namespace daybook::stream {

// What the topics end with.
struct Found {
    std::optional<codec::ControlRecord> control;     // nullopt: the control topic is empty
    std::vector<std::optional<RecordPlace>> places;  // of the last record of each partition of events
    std::vector<bool> emptied;                       // of each: it holds nothing, but once did (retention)
    std::optional<Position> log_next;                // behind the last frame of the log topic
    bool log_emptied = false;
    std::vector<Topic> untouched;                    // of custody and stock: nothing was ever written to them
    std::string offsets;                             // of the control topic, for people
};

// Where publishing goes on.
struct Cursor {
    Position next = 0;
    std::uint64_t epoch = 0;                         // that was found; the new term's is one more
    std::vector<std::optional<RecordPlace>> floors;  // records at or before these are there already
    Position log_floor = 0;                          // and frames of the log below this
    std::uint64_t torn = 0;                          // partitions in which a torn commit had left records behind `next`
    bool state_lost = false;                         // events are there without state: all of it has to be written
    std::vector<Topic> untouched;                    // of custody and stock, as they were found
};

// kForeign with a sentence for a person where publishing must not go on:
//   the control record is another ledger's, of another number of partitions or of values of another format than
//   `value`; Kafka holds positions that the ledger
//   does not have (it was put back to an older state, or is not the ledger that was published).
// kNotFound where less is there than had been committed: records without a cursor; a cursor below `known`, which is
// what this process saw committed before. Doubtful at first, since a cluster that has just come back may not show all
// of it yet: read again, and only then believed.
Result<Cursor> judge(const Found& found, LedgerId ledger, Position head, std::uint32_t partitions,
                     std::string_view value, std::optional<Position> known);

// The last events below the cursor must be in their partitions (unless retention emptied them): `records` are what
// they become, of each partition the last. kNotFound, as above: the topic has lost records or was made anew.
Result<void> check_last(const Found& found, const std::vector<Record>& records);

}  // namespace daybook::stream
