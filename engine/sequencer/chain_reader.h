// The chains of pieces, read from the log.
//
// Threads. For one thread; the log may be shared. Only durable events can be read.
// Limits.  limits::kChainEventsMax events to a chain.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/base/error.h"
#include "engine/codec/event_codec.h"
#include "engine/custody/past.h"
#include "engine/log/event_log.h"

namespace daybook::sequencer {

class ChainReader {
public:
    explicit ChainReader(const log::EventLog& log) : log_(log) {}

    // The events with a line for the piece, back from `last` by their links (kNoPosition: none), in order of position.
    // The result and what it refers to are good until the next read() or clear(). Cost: a block read an event.
    Result<std::vector<custody::ChainEvent>> read(const ItemId& item, Position last);
    // One event; good as long.
    Result<const codec::StoredEvent*> event(Position position);
    // Lets go of everything that was read.
    void clear();
    [[nodiscard]] const log::EventLog& log() const { return log_; }

private:
    struct Kept {
        std::string bytes;
        codec::StoredEvent event;
    };
    Result<std::shared_ptr<const Kept>> load(Position position);

    const log::EventLog& log_;
    std::vector<std::shared_ptr<const Kept>> chain_, single_;
    std::unordered_map<Position, std::shared_ptr<const Kept>> long_;  // events that many pieces share
};

// Takes events of the log into books, in their order, reading the chains that late facts and corrections ask for. For
// one thread.
class Replayer {
public:
    explicit Replayer(const log::EventLog& log) : chains_(log) {}
    // kCorrupt and kIo where a chain cannot be read; the books are then as before the event.
    Result<void> apply(custody::Books& books, const custody::Event& event, custody::Effects& effects);

private:
    Result<void> retell(const ItemId& item, Position last, const custody::Event& event, Position first);

    ChainReader chains_;
    custody::Retelling retelling_;
};

// What a CorrectionDeclared of the target takes out of the effective set and brings back, the target first; where it is
// a correction itself, what that one had taken out and brought back, and so on. Refers to what `chains` has read.
Result<std::vector<custody::PastEvent>> changes_of(ChainReader& chains, Position target);

}  // namespace daybook::sequencer
