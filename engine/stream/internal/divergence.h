// Where a history that differs from the ledger's begins to differ.
#pragma once

#include <optional>

#include "engine/base/error.h"
#include "engine/base/time.h"
#include "engine/stream/internal/kafka.h"
#include "engine/stream/source.h"
#include "engine/stream/topics.h"

namespace daybook::stream {

// The first position whose event in the topic `log` is not the ledger's, or that the ledger does not have; nullopt
// where the frames tell of no difference. Halves its way: each frame has the tree head of everything up to it.
// `client` is a lone_reader().
Result<std::optional<Position>> first_difference(const kafka::Client& client, const TopicSet& topics,
                                                 const Source& source, Deadline deadline);

}  // namespace daybook::stream
