// What the fields of one payload mean together. See rules.h.
#pragma once

#include "engine/codec/internal/check.h"
#include "engine/custody/command.h"

namespace daybook::codec {

bool check_payload(const custody::Command& command, Fault& fault);

// The value's type and scope that a policy's key asks for (domain: 8.5).
bool check_policy(const custody::PolicySet& policy, Fault& fault);

}  // namespace daybook::codec
