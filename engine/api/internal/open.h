// Open obligations and the pieces that they still name.
#pragma once

#include <vector>

#include "engine/api/internal/asked.h"
#include "engine/base/error.h"
#include "projections/rows.h"
#include "projections/views.h"

namespace daybook::api {

// The pieces that an open obligation still names, in the order of its opening event; those of the whole event's own
// (a count, a session) are none. Reads the opening event.
Result<std::vector<projections::ItemRow>> pieces_of(const Asked& asked, const projections::Reading& reading,
                                                    const projections::ObligationRow& row);

// The items of an event's lines, those of the command first.
std::vector<ItemId> items_of(const v1::Event& event);

}  // namespace daybook::api
