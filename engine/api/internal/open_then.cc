#include "engine/api/internal/open_then.h"

#include <map>
#include <set>
#include <utility>

#include "engine/api/internal/rules_at.h"
#include "engine/codec/event_codec.h"

namespace daybook::api {
namespace {

using custody::ObligationRef;
using projections::ObligationRow;

// What one event says of counts and sessions.
struct Said {
    Position position = 0;
    Micros at = 0;
    SiteId site = 0;
    Principal by = 0;
    std::optional<std::pair<ObligationRef, custody::ObligationKind>> opens;
    std::set<ObligationRef> closes;
};

Result<Said> read_said(const Asked& asked, Position position) {
    DAYBOOK_ASSIGN(const std::string bytes, asked.log.read(position));
    codec::StoredEvent event;
    DAYBOOK_TRY(codec::decode_event(bytes, event));
    Said said{position, event.decided.occurred_at, event.command.site, event.command.actor.principal, {}, {}};
    const custody::EventType type = event.command.type;
    const bool count = type == custody::EventType::kCountOpened, session = type == custody::EventType::kVaultOpened;
    if (count || session) {
        const auto kind = count ? custody::ObligationKind::kCount : custody::ObligationKind::kVaultSession;
        said.opens.emplace(ObligationRef{event.command.obligation, {}, {}}, kind);
    }
    for (const custody::Closed& closed : event.decided.closes) {
        if (closed.line == custody::Closed::kWholeEvent) said.closes.insert(closed.obligation);
    }
    return said;
}

bool open_by_its_row(const ObligationRow& row, const When& when) {
    const custody::Obligation& it = row.obligation;
    if (it.opened_by >= when.at.known || it.opened_at > when.at.valid) return false;
    return row.open || row.closed_by >= when.at.known || row.closed_at > when.at.valid;
}

// Only these two can be told anew: what else is no piece's is not corrected, and the rest is told by pieces' chains.
bool can_be_told_anew(const std::optional<ObligationRow>& row) {
    return !row || is_of_an_event(row->obligation.kind);
}

// Of one that was told anew since R: by the events that counted then.
struct Told {
    std::optional<ObligationRow> now;
    std::vector<Said> events;
};
std::optional<ObligationRow> open_by_its_events(const ObligationRef& ref, const Told& told, const When& when) {
    const Said* opening = nullptr;
    for (const Said& said : told.events) {
        if (said.at > when.at.valid) continue;
        if (said.closes.contains(ref)) return std::nullopt;
        if (said.opens && said.opens->first == ref) opening = &said;
    }
    if (opening == nullptr) return std::nullopt;
    ObligationRow row = told.now.value_or(ObligationRow{});
    row.obligation.ref = ref;
    row.obligation.kind = opening->opens->second;
    row.obligation.site = opening->site;
    row.obligation.opened_by = opening->position;
    row.obligation.opened_at = opening->at;
    row.obligation.responsible = opening->by;
    return ObligationRow{row.obligation, true, kNoPosition, 0};
}

}  // namespace

bool is_of_an_event(custody::ObligationKind kind) {
    return kind == custody::ObligationKind::kCount || kind == custody::ObligationKind::kVaultSession;
}

Result<std::vector<ObligationRow>> open_then(const Asked& asked, const When& when, std::vector<ObligationRow> rows) {
    std::set<Position> corrected;
    DAYBOOK_TRY(add_forgotten(asked, when.reading, when.at.known, corrected));
    std::map<ObligationRef, Told> anew;
    std::map<Position, Said> events;
    for (const Position position : corrected) {
        DAYBOOK_ASSIGN(Said said, read_said(asked, position));
        if (said.opens) anew[said.opens->first];
        for (const ObligationRef& ref : said.closes) anew[ref];
        events.emplace(position, std::move(said));
    }
    for (auto& [ref, told] : anew) {
        DAYBOOK_ASSIGN(auto found, when.reading.obligation(ref));
        told.now = std::move(found.row);
        if (!told.now || !can_be_told_anew(told.now)) continue;
        for (const Position position : {told.now->obligation.opened_by, told.now->closed_by}) {
            if (position == kNoPosition || events.contains(position)) continue;
            DAYBOOK_ASSIGN(Said said, read_said(asked, position));
            events.emplace(position, std::move(said));
        }
    }
    std::erase_if(anew, [](const auto& one) { return !can_be_told_anew(one.second.now); });
    for (const auto& [position, said] : events) {
        if (position >= when.at.known) continue;
        DAYBOOK_ASSIGN(const bool counted, when.reading.is_effective(position, when.at.known));
        if (!counted) continue;
        for (auto& [ref, told] : anew) {
            if (said.closes.contains(ref) || (said.opens && said.opens->first == ref)) told.events.push_back(said);
        }
    }
    std::map<ObligationRef, ObligationRow> open;
    for (auto& row : rows) {
        const ObligationRef ref = row.obligation.ref;
        if (anew.contains(ref) || !open_by_its_row(row, when)) continue;
        // What was taken back before R keeps its row, which says when it would have ended.
        DAYBOOK_ASSIGN(const bool counted, when.reading.is_effective(row.obligation.opened_by, when.at.known));
        if (counted) open.try_emplace(ref, ObligationRow{row.obligation, true, kNoPosition, 0});
    }
    for (const auto& [ref, told] : anew) {
        if (auto row = open_by_its_events(ref, told, when)) open.try_emplace(ref, std::move(*row));
    }
    std::vector<ObligationRow> found;
    for (auto& [ref, row] : open) found.push_back(std::move(row));
    return found;
}

}  // namespace daybook::api
