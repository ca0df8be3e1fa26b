// Events from the log into read models: at start, for a rebuild, and to check them.
#pragma once

#include "engine/base/error.h"
#include "engine/custody/state.h"
#include "engine/log/event_log.h"
#include "projections/generation.h"
#include "projections/glossary.h"
#include "projections/views.h"

namespace daybook::projections {

// Folds [where the generation is, to) into it; `books` and `glossary` stand at the same position and move with it. Ends
// with publish(). kStopped where progress says so; the generation's failure.
Result<void> replay(const log::EventLog& log, Position to, custody::Books& books, Glossary& glossary,
                    Generation& generation, const Progress& progress);

}  // namespace daybook::projections
