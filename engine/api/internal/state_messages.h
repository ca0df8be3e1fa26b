// Rows of the read models as the messages in which they go to Kafka (schemas/daybook/v1/stream.proto).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/base/error.h"
#include "projections/views.h"
#include "schemas/daybook/v1/stream.pb.h"

namespace daybook::api {

// `row` is of that reading.
Result<void> fill_custody(const projections::Reading& reading, const projections::ItemRow& row, std::uint32_t currency,
                          v1::Custody& out);

// Each model at each site, of one model or of all, also where nothing is left. Without as_of.
using OnStock = std::function<Result<void>(const v1::Stock& stock, bool empty)>;
Result<void> each_stock(const projections::Reading& reading, std::optional<std::string> model, std::uint32_t currency,
                        const OnStock& visit);

}  // namespace daybook::api
