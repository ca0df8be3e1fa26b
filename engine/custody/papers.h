// The documents that a lane asks for (policy docs.required).
#pragma once

#include <vector>

#include "engine/custody/command.h"
#include "engine/custody/state.h"

namespace daybook::custody {

// The types of documents that docs.required, as it is in force at valid time `at`, asks for a piece on the way of a
// TransferDispatched or of a MemoOutIssued for trade, and that the command does not name and the piece has not
// attached and valid then; in the order of the policy, each once. Of other commands there are none.
std::vector<DocType> missing_documents(const Books& books, const Command& command, const Item& item, Micros at);

}  // namespace daybook::custody
