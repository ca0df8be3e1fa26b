// Every bound in the system, in one place, with what it bounds. A full queue or an over-long input is answered at
// once with an error that names the limit; nothing waits for room without a deadline.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace daybook::limits {

// A command.
inline constexpr std::size_t kLinesMax = 10'000;
inline constexpr std::size_t kAttestationsMax = 16;
inline constexpr std::size_t kDocsMax = 64;
inline constexpr std::size_t kNoteBytesMax = 1024;
inline constexpr std::size_t kDocNumberBytesMax = 64;
inline constexpr std::size_t kPathBytesMax = 128;           // an account's path
inline constexpr std::size_t kTextBytesMax = 256;           // any other text field
inline constexpr std::size_t kListMax = 1'000;              // any repeated field without a bound of its own
inline constexpr std::size_t kCommandBytesMax = 2u << 20;   // encoded protobuf
inline constexpr std::size_t kJsonLineBytesMax = 8u << 20;  // one command as JSON

// A batch.
inline constexpr std::size_t kAtomicBatchCommandsMax = 1'000;
inline constexpr std::size_t kAtomicBatchBytesMax = 4u << 20;
inline constexpr std::size_t kBatchCommandsMax = 10'000;  // independent commands in one submission
inline constexpr std::size_t kBatchBytesMax = 16u << 20;

// The log.
inline constexpr std::size_t kBlockBytesMax = 32u << 10;  // a larger event stands in a block alone
inline constexpr std::size_t kEventBytesMax = 4u << 20;
inline constexpr std::size_t kGroupBytesTarget = 4u << 20;  // a commit group is closed when it reaches this …
inline constexpr std::size_t kGroupEventsMax = 16'384;      // … or this, and may overrun by one batch

// Queues.
inline constexpr std::size_t kCommandQueueCommandsMax = 65'536;  // waiting for the sequencer; full: E_OVERLOADED
inline constexpr std::size_t kCommandQueueBytesMax = 64u << 20;
inline constexpr std::size_t kGroupsInFlightMax = 2;                // one being decided while one is synced
inline constexpr std::size_t kFeedEventsMax = 131'072;              // committed, waiting for the read models
inline constexpr std::uint64_t kRunEvents = 262'144;                // positions to a sorted run of ids or views
inline constexpr std::size_t kEventIdsMax = 65'536;                 // unique ids that one event may bring in
inline constexpr std::size_t kIdFilterBytesMax = 512u << 20;        // 2 bytes a settled id: 256 million ids
inline constexpr std::chrono::milliseconds kDurableMarkerLag{100};  // how far ledger/DURABLE may lag an acknowledgement

// Late facts and corrections, whose pieces' chains are read from the log beside the deciding thread.
inline constexpr std::size_t kHistorySubmissionsMax = 256;        // waiting for that; more: E_OVERLOADED
inline constexpr std::chrono::milliseconds kHistoryLook{100};     // between two looks whether the engine stops
inline constexpr std::size_t kHistoryAttemptsMax = 16;            // a piece that changes all the while: E_OVERLOADED
inline constexpr std::size_t kChainEventsMax = 262'144;           // of one piece

// The publisher to Kafka. Prepared records wait in pieces: at most kStreamPiecesWaitingMax, each closed when it reaches
// a target at the end of an atomic batch, or at four times the target inside one.
inline constexpr std::size_t kStreamPieceRecordsTarget = 512;
inline constexpr std::size_t kStreamPieceBytesTarget = 512u << 10;
inline constexpr std::size_t kStreamPiecesWaitingMax = 32;
inline constexpr std::size_t kTransactionRecordsTarget = 8'192;  // a transaction ends at the batch that reaches this …
inline constexpr std::size_t kTransactionBytesTarget = 8u << 20;  // … or this
inline constexpr std::size_t kStreamStockKnownMax = 262'144;   // rows of stock whose last published content is known …
inline constexpr std::size_t kStreamPiecesKnownMax = 524'288;  // … and pieces
inline constexpr std::size_t kStreamThreadsLeftMax = 8;       // threads left behind in librdkafka; then it is refused
inline constexpr std::size_t kKafkaValueBytesMax = 7u << 20;  // a longer value is left out of its record
inline constexpr std::size_t kKafkaBatchBytesMax = 8u << 20;  // max.message.bytes of the topics

// The read models.
inline constexpr std::size_t kViewRunsUnsettledMax = 1;          // runs that wait to be written, before folding waits
inline constexpr std::uint32_t kViewPublishEvents = 512;         // readers see events at most so many at a time
inline constexpr std::size_t kViewChunkBytesMax = 8u << 10;      // of a stored list (a history, an account's legs)
inline constexpr std::uint64_t kViewSegmentPostingsMin = 512;    // of an account, before its contents are written down
inline constexpr std::uint64_t kViewSnapshotRowsUsual = 16'384;  // of a snapshot; larger ones are made less often
inline constexpr std::size_t kViewSnapshotPartRows = 4'096;      // of a snapshot, in one stored row
inline constexpr std::size_t kViewPoolBytesMax = 256u << 20;     // memory of a settled run, kept for the next one
inline constexpr std::uint64_t kViewSwitchEventsMax = 16'384;    // folded by a rebuild while it takes the place

// The auditor.
inline constexpr std::size_t kAuditMemoryBytes = 128u << 20;     // of each heap of records, before it is spilled
inline constexpr std::size_t kAuditRemarksMax = 100;             // violations of one invariant that are named

// The log of refused commands.
inline constexpr std::size_t kRefusedKeptMax = 10'000;            // entries in memory, which can be asked for
inline constexpr std::size_t kRefusedFileBytesMax = 8u << 20;     // of each of two files

// Questions that read the log.
inline constexpr std::uint64_t kScanEventsMax = 100'000;      // looked at for one answer, which says where to go on
inline constexpr std::uint64_t kRangeEventsMax = 10'000'000;  // of a range whose digest is asked for

// The HTTP door.
inline constexpr std::size_t kHttpBodyBytesMax = 16u << 20;
inline constexpr std::size_t kHttpConnectionsMax = 256;
inline constexpr std::chrono::seconds kHttpTimeout{30};
inline constexpr std::chrono::seconds kStopTimeout{5};
inline constexpr std::size_t kPageRowsMax = 10'000;

static_assert(kAtomicBatchBytesMax >= kCommandBytesMax);
static_assert(kEventBytesMax >= kCommandBytesMax);
static_assert(kCommandQueueBytesMax >= kBatchBytesMax);
static_assert(kGroupEventsMax < kRunEvents);
static_assert(kKafkaBatchBytesMax > kKafkaValueBytesMax);
static_assert(kStreamPieceRecordsTarget * kStreamPiecesWaitingMax >= kTransactionRecordsTarget);

}  // namespace daybook::limits
