#include "engine/api/internal/reached.h"

namespace daybook::api {
namespace {

// Each step goes to a declaration that counts, or back from one that does not, so this ends.
Result<void> add_standing(const Asked& asked, const projections::Reading& reading, Position event, Position known,
                          std::vector<Position>& standing) {
    DAYBOOK_ASSIGN(const Position by, reading.corrected_by(event, known));
    if (by == kNoPosition) {
        standing.push_back(event);
        return {};
    }
    DAYBOOK_ASSIGN(const v1::Event declaration, asked.event_at(by));
    if (declaration.correcting().target() != event) {
        DAYBOOK_ASSIGN(const v1::Event corrective, asked.event_at(event));
        DAYBOOK_ASSIGN(const v1::Event first, asked.event_at(corrective.correcting().declaration()));
        return add_standing(asked, reading, first.correcting().target(), known, standing);
    }
    for (const std::string& corrective : declaration.command().correction_declared().correctives()) {
        DAYBOOK_ASSIGN(const auto position, position_of(asked, corrective));
        if (position) DAYBOOK_TRY(add_standing(asked, reading, *position, known, standing));
    }
    return {};
}

}  // namespace

Result<void> add_correctives(const Asked& asked, const v1::Event& declaration, std::vector<v1::Event>& events) {
    for (const std::string& corrective : declaration.command().correction_declared().correctives()) {
        DAYBOOK_ASSIGN(const auto position, position_of(asked, corrective));
        if (!position) continue;
        DAYBOOK_ASSIGN(events.emplace_back(), asked.event_at(*position));
    }
    return {};
}

Result<std::vector<Position>> standing_for(const Asked& asked, const projections::Reading& reading, Position event,
                                           Position known) {
    std::vector<Position> standing;
    DAYBOOK_TRY(add_standing(asked, reading, event, known, standing));
    return standing;
}

Result<std::optional<Position>> position_of(const Asked& asked, const std::string& event_id) {
    const auto id = EventId::parse(event_id);
    if (!id) return std::optional<Position>();
    return asked.log.find_id({log::kEventIdKind, *id});
}

Result<std::vector<v1::Event>> reached_by(const Asked& asked, const v1::Event& declaration) {
    std::vector<v1::Event> events;
    DAYBOOK_ASSIGN(v1::Event target, asked.event_at(declaration.correcting().target()));
    while (target.command().has_correction_declared()) {
        DAYBOOK_TRY(add_correctives(asked, target, events));
        DAYBOOK_ASSIGN(target, asked.event_at(target.correcting().target()));
    }
    events.push_back(std::move(target));
    return events;
}

Result<std::set<SiteId>> sites_of(const Asked& asked, const v1::Event& declaration) {
    DAYBOOK_ASSIGN(auto events, reached_by(asked, declaration));
    DAYBOOK_TRY(add_correctives(asked, declaration, events));
    std::set<SiteId> sites{declaration.command().site()};
    for (const v1::Event& event : events) sites.insert(event.command().site());
    return sites;
}

}  // namespace daybook::api
