// The auditor (engine/audit) as a question of a ledger, with its answer as JSON.
#pragma once

#include <functional>
#include <string>

#include <daybook/ledger.h>
#include "engine/audit/audit.h"

namespace daybook::api {

struct Audited {
    bool ok = false;
    std::string json;  // daybook.v1.AuditAnswer
};

// Holds what was published against the log, for I17: as check_stream(). kNotFound: nothing is published here.
using CheckDelivery = std::function<Result<std::string>()>;

// Answers a question about the past, "counts?site=1&known_at=9", in JSON; for I10.
using AskForPast = std::function<Result<std::string>(const std::string& question)>;

// Runs while the ledger takes commands. An Error only where it could not go on; where the published stream cannot be
// read, I17 says why it was not checked. A `to` inside an atomic batch is as before the batch. `delivery` may be null:
// then nothing is known of a broker. `ask` may be null: then the ledger answers. Of the options `past` is set here.
Result<Audited> audit(Ledger& ledger, const audit::Options& options, const audit::Progress& progress = {},
                      const CheckDelivery& delivery = {}, const AskForPast& ask = {});

}  // namespace daybook::api
