// Where the publisher reads events from: the log by position, woken when events become durable. An interface so that
// the publisher can be tested, and used by tools, without a sequencer.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/base/time.h"

namespace daybook::log {
class EventLog;
}
namespace daybook::sequencer {
class Feed;
}

namespace daybook::stream {

// Threads: every function may be called from any thread.
class Source {
public:
    virtual ~Source() = default;

    // The number of durable events.
    [[nodiscard]] virtual Position head() const = 0;
    // The head once it is greater than `seen`, or what it is at the deadline.
    [[nodiscard]] virtual Position wait_past(Position seen, Deadline deadline) const = 0;
    // Shows the stored events of [from, to), in order, until `visit` answers false. The bytes last for the call.
    using Visit = std::function<bool(Position position, std::string_view stored)>;
    [[nodiscard]] virtual Result<void> read(Position from, Position to, const Visit& visit) const = 0;
    // The RFC 6962 tree head of the first `size` events.
    [[nodiscard]] virtual Result<Hash> root(Position size) const = 0;
};

// The engine's own log and feed, both of which must outlive the source.
std::unique_ptr<Source> engine_source(const log::EventLog& log, const sequencer::Feed& feed);

}  // namespace daybook::stream
