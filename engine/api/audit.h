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

// Runs while the ledger takes commands. An Error only where it could not go on; where the published stream cannot be
// read, I17 says why it was not checked. A `to` inside an atomic batch is as before the batch. `delivery` may be null:
// then nothing is known of a broker.
Result<Audited> audit(Ledger& ledger, const audit::Options& options, const audit::Progress& progress = {},
                      const CheckDelivery& delivery = {});

}  // namespace daybook::api
