#include "engine/audit/internal/findings.h"

#include <algorithm>

namespace daybook::audit {

bool Report::sound() const {
    return std::all_of(findings.begin(), findings.end(), [](const Finding& one) { return one.violated == 0; });
}

std::vector<Finding> Findings::take() {
    const auto by_event = [](const Remark& a, const Remark& b) { return a.event < b.event; };
    for (Finding& finding : all_) {
        std::stable_sort(finding.violations.begin(), finding.violations.end(), by_event);
        std::stable_sort(finding.list.begin(), finding.list.end(), by_event);
    }
    return std::move(all_);
}

}  // namespace daybook::audit
