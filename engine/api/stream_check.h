// What is in Kafka, compared with the ledger, as an answer.
#pragma once

#include <functional>
#include <string>

#include <daybook/ledger.h>
#include "engine/base/error.h"
#include "engine/stream/publisher.h"

namespace daybook::api {

// daybook.v1.VerifyAnswer as JSON; engine/stream/check.h says what is compared. `options` are those of the publisher,
// without a state source.
Result<std::string> check_stream(Ledger& ledger, stream::Options options,
                                 const std::function<bool(Position done, Position of)>& progress = {});

}  // namespace daybook::api
