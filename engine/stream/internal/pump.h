// Prepares records ahead of the transaction that carries them: reads the log, encodes, and hands over pieces.
//
// Purpose.   While one transaction is being committed, which is mostly waiting, the next one is encoded here.
// Threads.   Owns one thread. take() and stop() are for the publisher's; stop() for any.
// Failure.   A log that cannot be read, or bytes that are no event, end the pump; take() then answers the error.
// Limits.    limits::kStreamPiecesWaitingMax pieces wait; then the pump waits, and holds nothing of the log meanwhile.
//            What was last written of limits::kStreamPiecesKnownMax pieces is known, and not written again.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "engine/base/time.h"
#include "engine/stream/internal/known_pieces.h"
#include "engine/stream/internal/state_records.h"
#include "engine/stream/records.h"
#include "engine/stream/source.h"
#include "engine/stream/state_source.h"

namespace daybook::stream {

// What is in Kafka already, from the tails that a torn commit left.
struct Floors {
    // One for each partition of events: records at or before it.
    std::vector<std::optional<RecordPlace>> events;
    Position log = 0;  // frames of positions below
};

struct Piece {
    Records records;        // of every topic but stock and control
    std::size_t bytes = 0;        // of keys and values
    std::vector<std::string> models;  // whose stock may be another than before; each once
    Position next = 0;      // the position after its last event
    // A transaction may end behind it: its last event ends an atomic batch. A piece that does not is followed by more.
    bool boundary = false;
    Hash root{};  // tree head of the first `next` events
    bool ends_all_state = false;  // the last one of Pump::Begin::kAllState
};

class Pump {
public:
    // kAllState: the state of every piece and model comes before the events, for topics that hold none of it.
    enum class Begin : std::uint8_t { kEvents, kAllState };

    // `source` and `state` outlive the pump, or stop() is called before they go. `state` nullptr: no records of state.
    // What `floors` has is published already and left out. The state of a piece is written where it is another than
    // this pump has written last: what it gives must be committed, or the pump be given up.
    Pump(const Source& source, const StateSource* state, RecordMaker maker, Position from, Floors floors,
         Begin begin = Begin::kEvents);
    ~Pump();
    Pump(const Pump&) = delete;
    Pump& operator=(const Pump&) = delete;

    // The next piece. nullopt at the deadline; at once, if the pump has nothing more in the making and `wait_for_new`
    // is not set. kStopped once stopped.
    enum class When : std::uint8_t { kInTheMaking, kAny };
    Result<std::optional<Piece>> take(When when, Deadline deadline);
    // The records of a piece that are not needed any more; their memory is used for the next ones.
    void give_back(Records records);

    // Ends the thread and joins it. Idempotent.
    void stop();

private:
    void run();
    // Waits for room; false: the pump is to stop.
    bool hand_over(Piece piece, Position head);
    // No records, in memory that was given back if there is any.
    Records spare();
    Result<void> give_all_state();
    // Fills a piece with events of [next_, head); stops at its size or at the head.
    Result<Piece> make_piece(Position head);
    // Adds the events of [next_, head) until the piece is full.
    Result<void> add_events(Position head, Piece& piece);
    Result<void> add_event(Position position, std::string_view stored, Piece& piece);
    Result<void> add_frame(Piece& piece);
    Result<void> add_state(Piece& piece);
    // Adds the record of a piece's state, but where the same has been written. Takes its value.
    void add_custody(const StateReading& reading, const ItemId& item, PieceState& state, Piece& piece);
    Result<std::unique_ptr<StateReading>> read_state(Position at_least);
    bool published_already(const Record& record) const;

    const Source& source_;
    const StateSource* const state_;
    RecordMaker maker_;
    const StateRecords state_records_;
    Position next_;
    const Floors floors_;
    const Begin begin_;

    KnownPieces written_;  // what this pump has written last of each piece

    // Of the piece that is being made:
    std::string frame_;
    // Pieces that were touched, in the order of the events, and the record of the event; kNoRecord where it is not in
    // this piece.
    static constexpr std::size_t kNoRecord = ~std::size_t{0};
    struct Touch {
        ItemId item;
        std::size_t record = kNoRecord;
    };
    std::vector<Touch> touched_;
    // Of each piece the newest with a record, if there is one; in the order of their ids.
    void keep_newest_touches();
    PieceState read_;  // the state read last, kept for its memory
    // What events closed for pieces without a line in them, and the record of the event.
    struct ClosedBy {
        custody::ObligationRef obligation;
        std::size_t record = kNoRecord;
    };
    std::vector<ClosedBy> closed_;
    std::vector<ItemId> renamed_;  // may have been of another model before

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Piece> pieces_;
    std::vector<Records> spare_;  // none while there is nothing to publish
    bool idle_ = false;  // at the head of the log
    bool stopping_ = false;
    std::optional<Error> failure_;
    std::once_flag joined_;
    std::thread thread_;
};

}  // namespace daybook::stream
