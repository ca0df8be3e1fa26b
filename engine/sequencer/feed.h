// The committed feed: durable events, in order of position, to whoever goes on from them.
//
// Purpose.   Two ways to follow the log. The one projections runner takes whole commit groups, with the commands and
//            effects still in memory, so that a live view never decodes or applies an event a second time. Everybody
//            else (Kafka publisher, live feeds, readers that want "at least position P") waits for the head to pass a
//            position and reads the log itself. Nothing is sent to a follower that could be lost on the way: whoever
//            is behind has the log.
// Ownership. A group is shared between the feed and the runner. Its memory goes back to a small pool when the last
//            of them lets it go; it may outlive the feed.
// Threads.   publish() is for the log writer; next() for one runner; the rest for any thread.
// Limits.    limits::kFeedEventsMax events wait for the runner. Then publish() waits for room, the sequencer's queue
//            fills up behind the log writer, and clients are told E_OVERLOADED. Memory never grows with a lag.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/base/limits.h"
#include "engine/base/time.h"
#include "engine/codec/command_codec.h"
#include "engine/custody/effects.h"
#include "engine/custody/event.h"
#include "engine/log/event_log.h"

namespace daybook::sequencer {

// One event of a committed group, and what it changed.
struct CommittedEvent {
    const custody::Command* command = nullptr;  // in CommittedGroup::batches
    custody::Decided decided;
    custody::Effects effects;
    Position position = 0;
    Position batch_last = 0;
    Micros recorded_at = 0;

    [[nodiscard]] custody::Event event() const { return {*command, decided, position, batch_last, recorded_at}; }
};

// One durable commit group. Everything in it is constant once it is published.
struct CommittedGroup {
    log::Group log;  // first position, encoded events back to back, their ends, their unique ids

    // events()[i] has the position log.first + i. The vector is kept at its greatest length so that the buffers inside
    // are allocated once; `count` of them are of this group.
    std::vector<CommittedEvent> slots;
    std::size_t count = 0;

    // What `command` of the events points into.
    std::vector<std::shared_ptr<const codec::CommandBatch>> batches;

    // For every run boundary in (first, end]: the position, a multiple of limits::kRunEvents, and custody::save_book of
    // the state that the events before it make. At most one unless runs are shortened for a test.
    std::vector<std::pair<Position, std::string>> books;

    [[nodiscard]] Position first() const { return log.first; }
    [[nodiscard]] Position end() const { return log.first + count; }
    [[nodiscard]] const CommittedEvent& operator[](std::size_t index) const { return slots[index]; }
    // The encoded event, as it is stored and hashed.
    [[nodiscard]] std::string_view bytes(std::size_t index) const {
        const std::size_t from = index == 0 ? 0 : log.ends[index - 1];
        return std::string_view(log.bytes).substr(from, log.ends[index] - from);
    }

    // Gives up the contents, keeps the memory.
    void clear();
};

class Feed {
public:
    // kNone: nobody calls next(), so that groups are let go when they are published. For tools and tests.
    enum class Runner : std::uint8_t { kOne, kNone };

    Feed(Position head, Runner runner, std::size_t events_max = limits::kFeedEventsMax);
    ~Feed();
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;

    // The number of durable events, which is the next position.
    [[nodiscard]] Position head() const;

    // The head, once it is greater than `seen`; or what it is at the deadline or when the feed is closed.
    [[nodiscard]] Position wait_past(Position seen, Deadline deadline) const;

    // The next group for the runner, in order and without a gap; nullptr at the deadline, or when the feed is closed
    // and all groups have been taken.
    [[nodiscard]] std::shared_ptr<const CommittedGroup> next(Deadline deadline);

    // True when no group will come any more and all have been taken.
    [[nodiscard]] bool finished() const;

    // The runner will take no more groups: those that wait are dropped, and the log writer waits for it no longer.
    // Read models are then behind until they are opened again; the ledger itself goes on.
    void abandon();

    // ---- The sequencer's side ----

    // The head has moved: what is before it can be read from the log.
    void announce(Position head);
    // Waits for room and queues the group for the runner. Its end was announced. Groups without events are dropped.
    void publish(std::shared_ptr<const CommittedGroup> group);
    // No more groups will come. Wakes everybody.
    void close();

    // Events in groups that wait for the runner; limits::kFeedEventsMax at most, but for one group that overruns.
    [[nodiscard]] std::size_t waiting() const;

private:
    const Runner runner_;
    const std::size_t events_max_;

    mutable std::mutex mutex_;
    mutable std::condition_variable head_moved_;  // wait_past
    std::condition_variable group_came_;          // next
    std::condition_variable room_came_;           // publish
    Position head_;
    std::deque<std::shared_ptr<const CommittedGroup>> groups_;
    std::size_t waiting_ = 0;
    bool closed_ = false;
    bool abandoned_ = false;
};

}  // namespace daybook::sequencer
