// The read models as the publisher to Kafka sees them: pieces and stock as of one position, encoded.
#pragma once

#include <memory>

#include "engine/stream/state_source.h"

namespace daybook::log {
class EventLog;
}
namespace daybook::projections {
class Views;
}

namespace daybook::api {

// Both outlive it.
std::unique_ptr<stream::StateSource> state_source(const log::EventLog& log, const projections::Views& views);

}  // namespace daybook::api
