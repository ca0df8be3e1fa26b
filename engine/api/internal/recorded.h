// Positions in the log by record time and by atomic batch.
#pragma once

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/log/event_log.h"

namespace daybook::api {

// How many of the first `end` events, which are durable, were recorded at or before a time: a search by halves.
Result<Position> recorded_up_to(const log::EventLog& log, Micros at, Position end);
// The record time of a durable event.
Result<Micros> recorded_at(const log::EventLog& log, Position position);
// How many events are known to whoever knows the durable event at `position`: up to and including it, but of an atomic
// batch none before the last.
Result<Position> known_with(const log::EventLog& log, Position position);

}  // namespace daybook::api
