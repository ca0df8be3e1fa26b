// The life of a document: every event that carries its number, and those that end what these opened.
#include <algorithm>
#include <map>
#include <set>

#include "engine/api/internal/open.h"
#include "engine/api/internal/scans.h"
#include "engine/api/internal/when.h"
#include "engine/base/limits.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::api {
namespace {

constexpr std::size_t kFollowedPiecesMax = 1'000;  // of one document
constexpr std::size_t kFollowedEventsMax = 1'000;  // of one piece, behind the event that opened the obligation

// An event of the life, and how it belongs to it.
struct Part {
    std::string as;       // how the number stands in it
    std::string follows;  // the obligation by which it belongs to it
};
using Life = std::map<Position, Part>;

bool belongs(const std::string& obligation, const std::string& opened) {
    return obligation == opened || obligation.starts_with(opened + ":");
}

// Whether an event has to do with an obligation: ends it, for some piece, or carries it on.
bool concerns(const v1::Event& event, const std::string& opened) {
    return belongs(event.command().obligation_id(), opened) ||
           std::any_of(event.closes().begin(), event.closes().end(),
                       [&](const v1::Closed& closed) { return belongs(closed.obligation(), opened); });
}

// The events of one piece behind the one that opened the obligation, by valid time, that have to do with it: up to the
// one that counts and ends it for the piece; and all of those that do not count.
Result<void> follow(const Asked& asked, const When& when, const ItemId& item, const v1::Event& opening,
                    const std::string& opened, Life& life) {
    DAYBOOK_ASSIGN(auto history, when.reading.history(item, {limits::kPageRowsMax, {}}, false, when.at.known));
    const Micros from = time_of(opening.occurred_at());
    std::stable_sort(history.rows.begin(), history.rows.end(),
                     [](const auto& a, const auto& b) { return a.occurred_at < b.occurred_at; });
    DAYBOOK_ASSIGN(const bool opening_counts, when.reading.is_effective(opening.position(), when.at.known));
    std::size_t looked = 0;
    bool ended = false;
    for (const auto& row : history.rows) {
        if (row.occurred_at < from || row.position == opening.position() || (ended && row.effective)) continue;
        if (++looked > kFollowedEventsMax) break;
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(row.position));
        const bool extends = event.command().has_memo_extended() || event.command().has_handed_over();
        const bool carries_on = extends && !ended && (opening_counts || !row.effective);  // it names no obligation
        if (!carries_on && !concerns(event, opened)) continue;
        Part& part = life[row.position];
        if (part.follows.empty()) part.follows = opened;
        const bool ends = std::any_of(event.closes().begin(), event.closes().end(), [&](const v1::Closed& closed) {
            const bool its = !closed.has_line() || closed.line() == row.line;
            return its && belongs(closed.obligation(), opened);
        });
        ended = ended || (ends && row.effective);
    }
    return {};
}

Result<void> follow_all(const Asked& asked, const When& when, Life& life) {
    std::vector<Position> carriers;
    for (const auto& [position, part] : life) carriers.push_back(position);
    std::size_t pieces = 0;
    for (const Position position : carriers) {
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(position));
        const std::string& opened = event.command().obligation_id();
        if (opened.empty()) continue;
        for (const ItemId& item : items_of(event)) {
            if (++pieces > kFollowedPiecesMax) return {};
            DAYBOOK_TRY(follow(asked, when, item, event, opened, life));
        }
    }
    return {};
}

void fill_event(const v1::Event& event, Position position, const Part& part, v1::DocumentEvent& out) {
    const v1::Command& command = event.command();
    out.set_position(position);
    out.set_type(static_cast<v1::EventType::Code>(static_cast<int>(command.payload_case()) - 100));
    *out.mutable_occurred_at() = event.occurred_at();
    *out.mutable_recorded_at() = event.recorded_at();
    out.set_as(part.as);
    out.set_follows(part.follows);
    for (const ItemId& item : items_of(event)) out.add_items(item.text());
    out.set_site(command.site());
    out.set_by(command.actor().principal());
}

// As known at R. A cursor has, beside (V, R), the position to go on from.
Result<std::string> document(const Asked& asked) {
    std::string number = asked.question.path[1];
    for (std::size_t i = 2; i < asked.question.path.size(); ++i) number += "/" + asked.question.path[i];
    DAYBOOK_ASSIGN(const auto page, asked.page());
    DAYBOOK_ASSIGN(const When when, when_known(asked));
    DAYBOOK_ASSIGN(const Position from, row_of_cursor(asked));
    DAYBOOK_ASSIGN(auto found, when.reading.number(number, 0, when.at.known, limits::kPageRowsMax));
    if (found.empty()) return fail(ErrorCode::kNotFound, "no event carries the number '" + number + "'");
    Life life;
    for (const auto& row : found) {
        std::string& as = life[row.position].as;
        as += (as.empty() ? "" : ", ") + std::string(codec::to_string(row.kind));
    }
    life.erase(life.lower_bound(when.at.known), life.end());
    DAYBOOK_TRY(follow_all(asked, when, life));
    v1::DocumentAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    message.set_number(number);
    for (auto at = life.lower_bound(from); at != life.end(); ++at) {
        if (static_cast<std::size_t>(message.rows_size()) == page.rows_max) {
            message.set_next(cursor_text(asked, when, std::to_string(at->first)));
            break;
        }
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(at->first));
        v1::DocumentEvent& row = *message.add_rows();
        fill_event(event, at->first, at->second, row);
        DAYBOOK_ASSIGN(const Position correction, when.reading.corrected_by(at->first, when.at.known));
        if (correction != kNoPosition) row.set_corrected_by(correction);
    }
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {{"documents/**", "known_at rows cursor", document}};

}  // namespace

Family document_questions() { return kQuestions; }

}  // namespace daybook::api
