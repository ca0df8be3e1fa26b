// I14: the sessions of the vaults in valid time, as they stand at the head.
#pragma once

#include <map>
#include <vector>

#include "engine/audit/internal/scan.h"

namespace daybook::audit {

class Sessions {
public:
    // Judges that openings and closings alternate, and that each closing names a count that was attested since.
    Sessions(const Gathered& gathered, Findings& findings);
    // Whether the vault of a site is open at that place in valid time.
    [[nodiscard]] bool open(SiteId site, const Key& at) const;

private:
    std::map<SiteId, std::vector<SessionEvent>> by_site_;  // effective ones, in order
};

}  // namespace daybook::audit
