// What the publisher to Kafka needs of protobuf: the control record, and events cut down to one of their pieces.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/base/time.h"

namespace daybook::codec {

// daybook.v1.Control (schemas/daybook/v1/stream.proto).
struct ControlRecord {
    LedgerId ledger;
    std::uint64_t epoch = 0;
    Position next = 0;
    Hash root{};
    std::uint32_t partitions = 0;
    Micros written_at = 0;
    std::uint64_t records = 0;
    std::string publisher;
    std::string value;  // stream::to_string(ValueFormat); empty: written before that was recorded
    bool state_incomplete = false;
    std::vector<std::string> state_untouched;
    std::optional<Position> from;  // nullopt: written before that was recorded
};

std::string control_to_json(const ControlRecord& record);
// kCorrupt where it is no control record.
Result<ControlRecord> control_from_json(std::string_view json);

// daybook.v1.LogFrame, without its events.
struct LogFrame {
    LedgerId ledger;
    Position first = 0;
    Hash root_before{};
    Hash root{};
};
// Adds a stored event to the events of a frame that is being made.
void append_frame_event(std::string_view stored, std::string& events);
std::string log_frame(const LogFrame& frame, std::string_view events);
// Takes a frame apart; `event` is called with each event's bytes. kCorrupt where it is no frame.
Result<LogFrame> read_log_frame(std::string_view bytes, const std::function<void(std::string_view stored)>& event);

// Takes one event apart by its lines, so that an event of ten thousand lines does not become ten thousand records of
// ten thousand lines each. Meant to be used again for the next event. Threads: one at a time.
class EventSplitter {
public:
    enum class Form : std::uint8_t { kJson, kProtobuf };

    EventSplitter();
    ~EventSplitter();
    EventSplitter(EventSplitter&&) noexcept;
    EventSplitter& operator=(EventSplitter&&) noexcept;

    // kCorrupt where the bytes are no event.
    Result<void> load(std::string_view stored);

    // The loaded event with only these of its lines (indices into Decided::lines, increasing): of the command's lines,
    // of what the engine adds to them, of what they close, of the versions that the command expects. The lists of a
    // count are left out. Everything else is as it was. kInternal where an index is out of range.
    [[nodiscard]] Result<std::string> part(std::span<const std::uint32_t> lines, Form form);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace daybook::codec
