// I8: whether an event carries the signatures that the domain asks for (§5.6, §6).
#pragma once

#include <string>

#include "engine/audit/internal/rules.h"

namespace daybook::audit {

// Empty: it does. Else who is missing. `at`: its valid time; `position`: its own, at which roles are asked for.
std::string missing_signature(const custody::Command& command, Micros at, Position position, const Rules& rules);

}  // namespace daybook::audit
