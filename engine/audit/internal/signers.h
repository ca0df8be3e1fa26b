// I8: whether an event carries the signatures that the domain asks for (§5.4 to §5.6, §6).
#pragma once

#include <optional>
#include <string>

#include "engine/audit/internal/rules.h"

namespace daybook::audit {

// Which event is judged: at its valid time, by what was recorded before it.
struct Signed {
    const custody::Command& command;
    Micros at = 0;
    Position position = 0;
    const Rules& rules;
};

// By the who column of §6. Empty: it does. Else who is missing. `manager`: a VM signs beside them.
std::string missing_signature(const Signed& event, bool manager = false);

// What comes with lateness, by anybody who signs, also for something else.
bool signed_by_headquarters(const Signed& event);
bool approved_by_manager(const Signed& event);  // the VM in late.approver

// The site whose roles or policies an event changes; else its own.
SiteId site_concerned(const custody::Command& command);
// By somebody who is VM or HQ at that site.
bool signed_for_site(const Signed& event, SiteId site);

}  // namespace daybook::audit
