// Events as they are stored, hashed and published: daybook.v1.Event (schemas/daybook/v1/event.proto), whose first
// field is the client's command, byte for byte.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/custody/event.h"

namespace daybook::codec {

// Adds the stored form of an event to `out`, without a length before it. The command's `bytes` are taken verbatim.
// Never fails. The result is never encoded again: it is what is hashed.
void append_event(const custody::Event& event, std::string& out);

// A decoded event with its parts. Views of `command` point into the bytes that were decoded, which must outlive it.
// Meant to be used again for the next event, so that its buffers are allocated once.
struct StoredEvent {
    custody::Command command;
    custody::Decided decided;
    Position position = 0;
    Position batch_last = 0;
    Micros recorded_at = 0;

    [[nodiscard]] custody::Event event() const { return {command, decided, position, batch_last, recorded_at}; }
};

// Takes stored bytes apart. They come from this engine and their hash was or can be checked, so that only what would
// be unsafe or unknown is checked again: kCorrupt where the bytes are no event, kNewerFormat where they hold a field
// or value that this version of Daybook does not know. On an error `out` is unspecified.
Result<void> decode_event(std::string_view stored, StoredEvent& out);

// What can be had without taking the command apart.
struct EventHead {
    std::string_view command;  // verbatim, as sent
    Position position = 0;
    Position batch_last = 0;
    Micros recorded_at = 0;
    Micros occurred_at = 0;
};
Result<EventHead> read_event_head(std::string_view stored);

}  // namespace daybook::codec
