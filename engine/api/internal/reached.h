// What a correction reaches: the events that leave the effective set, or come back to it, when it is recorded.
#pragma once

#include <set>
#include <vector>

#include "engine/api/internal/asked.h"

namespace daybook::api {

// Of a correction its target; of a correction of a correction what that one had put in place and leaves, and what it
// had reached itself and comes back. None is a declaration. The correction's own correctives are left out.
Result<std::vector<v1::Event>> reached_by(const Asked& asked, const v1::Event& declaration);

// The correction's own correctives, behind what is there.
Result<void> add_correctives(const Asked& asked, const v1::Event& declaration, std::vector<v1::Event>& events);

// What counts, as known before a position, in the place of an event that is no declaration: itself; else what the
// correctives of its correction left, or, of a corrective that went with its declaration, what that one's target left.
Result<std::vector<Position>> standing_for(const Asked& asked, const projections::Reading& reading, Position event,
                                           Position known);

// The sites of these events, and of the correction and its correctives.
Result<std::set<SiteId>> sites_of(const Asked& asked, const v1::Event& declaration);

// Where an event stands, by the text of its id; nullopt: nowhere.
Result<std::optional<Position>> position_of(const Asked& asked, const std::string& event_id);

}  // namespace daybook::api
