// What is in Kafka, compared with the ledger, as an answer.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <daybook/ledger.h>
#include "engine/base/error.h"
#include "engine/stream/publisher.h"

namespace daybook::api {

// daybook.v1.VerifyAnswer as JSON; engine/stream/check.h says what is compared. `options` are those of the publishers,
// one for each generation of topics, without a state source. Of several, each row says which: "v2 events/0".
Result<std::string> check_stream(Ledger& ledger, std::vector<stream::Options> options,
                                 const std::function<bool(Position done, Position of)>& progress = {});

}  // namespace daybook::api
