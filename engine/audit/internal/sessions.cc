#include "engine/audit/internal/sessions.h"

#include <algorithm>

namespace daybook::audit {
namespace {

// Empty: the count was a closing one of the site, attested between the session's opening and its closing.
std::string closing_fault(const Gathered& gathered, SiteId site, const SessionEvent& closing, const Key* opened) {
    const auto it = gathered.counts.find(closing.closing_count);
    if (it == gathered.counts.end()) return "the session is closed on a count that is not there";
    const Count& count = it->second;
    if (count.kind != custody::CountKind::kClosing || count.site != site)
        return "the session is closed on a count that is no closing count of site " + std::to_string(site);
    const auto within = [&](const Count& attested) {
        return attested.id == count.id && gathered.corrections.effective(attested.attested, gathered.head) &&
               attested.attested_at <= closing.key.at && (opened == nullptr || attested.attested_at >= opened->at);
    };
    const bool attested = std::any_of(gathered.attested.begin(), gathered.attested.end(), within);
    return attested ? "" : "the session is closed on a count that was not attested within it";
}

}  // namespace

Sessions::Sessions(const Gathered& gathered, Findings& findings) {
    for (const auto& [site, all] : gathered.sessions) {
        auto& events = by_site_[site];
        for (const SessionEvent& event : all) {
            if (gathered.corrections.effective(event.key.seq, gathered.head)) events.push_back(event);
        }
        std::sort(events.begin(), events.end(),
                  [](const SessionEvent& a, const SessionEvent& b) { return a.key < b.key; });
        bool open = false;
        const Key* opened = nullptr;
        for (const SessionEvent& event : events) {
            const Position at = event.key.seq;
            findings.checked(14, at);
            const std::string where = "the vault of site " + std::to_string(site);
            if (event.opens == open)
                findings.violated(14, at, where + (open ? " is opened while open" : " is closed while shut"));
            if (!event.opens) {
                std::string fault = closing_fault(gathered, site, event, opened);
                if (!fault.empty()) findings.violated(14, at, std::move(fault));
            }
            open = event.opens;
            opened = event.opens ? &event.key : nullptr;
        }
    }
}

bool Sessions::open(SiteId site, const Key& at) const {
    const auto it = by_site_.find(site);
    if (it == by_site_.end()) return false;
    const auto after = std::upper_bound(it->second.begin(), it->second.end(), at,
                                        [](const Key& key, const SessionEvent& event) { return key < event.key; });
    return after != it->second.begin() && std::prev(after)->opens;
}

}  // namespace daybook::audit
