#include "engine/api/internal/when.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "engine/api/internal/recorded.h"
#include "engine/base/limits.h"

namespace daybook::api {
namespace {

Result<Position> known_by_position(const Asked& asked, const std::string& name, const std::string& text) {
    const auto position = parse_number<Position>(text);
    if (!position) return wrong(name, text, "a position or " + std::string(kTimeWanted));
    if (*position >= asked.log.head()) {
        const Position head = asked.log.head();
        return fail(ErrorCode::kInvalid, name + ": position " + text + " is not recorded yet; " +
                                             (head == 0 ? "nothing is" : "the newest is " + std::to_string(head - 1)));
    }
    return known_with(asked.log, *position);
}

// known_at, or a parameter in its place: how many events are known, and the time where one is given.
struct KnownParam {
    std::optional<Position> position;
    std::optional<Micros> at;
};
Result<KnownParam> known_param(const Asked& asked, const std::string& name) {
    const std::string text = asked.param(name);
    if (text.empty()) return KnownParam{};
    if (const auto at = parse_time(text)) {
        DAYBOOK_ASSIGN(const KnownAt found, asked.ledger.known_at(*at));
        return KnownParam{found.position, *at};
    }
    DAYBOOK_ASSIGN(const Position position, known_by_position(asked, name, text));
    return KnownParam{position, std::nullopt};
}

// The (V, R) of a later page is that of its cursor; where they are given again, they are the same.
Result<When> when_of_page(const Asked& asked, const Bound& bound) {
    DAYBOOK_ASSIGN(const Micros valid, asked.time_param("valid_at"));
    if (!asked.param("valid_at").empty() && valid != bound.valid) {
        return fail(ErrorCode::kInvalid, "valid_at: the cursor belongs to an answer at " + format_time(bound.valid));
    }
    DAYBOOK_ASSIGN(const auto known, known_param(asked, "known_at"));
    if (known.position && *known.position != bound.known) {
        return fail(ErrorCode::kInvalid, "known_at: the cursor belongs to an answer as of position " +
                                             std::to_string(bound.known - 1));
    }
    DAYBOOK_ASSIGN(auto reading, reading_of(asked, bound.known));
    When when{std::move(reading), {bound.valid, bound.known}, known.at, true};
    when.later_page = true;
    if (bound.known > 0) {
        DAYBOOK_ASSIGN(when.recorded, recorded_at(asked.log, bound.known - 1));
    }
    return when;
}

}  // namespace

bool asks_when(const Asked& asked) { return !asked.param("valid_at").empty() || !asked.param("known_at").empty(); }

Result<When> when_of(const Asked& asked) { return when_of(asked, "known_at"); }

Result<When> when_of(const Asked& asked, const std::string& known_name) {
    DAYBOOK_ASSIGN(const auto bound, asked.bound());
    if (bound) return when_of_page(asked, *bound);
    DAYBOOK_ASSIGN(const auto known, known_param(asked, known_name));
    DAYBOOK_ASSIGN(auto reading, known.position ? reading_of(asked, *known.position) : asked.views.read());
    When when{std::move(reading), {0, 0}, known.at, known.position.has_value()};
    when.at.known = known.position ? *known.position : when.reading.position();
    if (when.at.known > 0) {
        DAYBOOK_ASSIGN(when.recorded, recorded_at(asked.log, when.at.known - 1));
    }
    if (const std::string text = asked.param("valid_at"); !text.empty()) {
        DAYBOOK_ASSIGN(when.at.valid, asked.time_param("valid_at"));
    } else {
        DAYBOOK_ASSIGN(when.at.valid, valid_now(asked, when.reading, when.at.known));
    }
    return when;
}

Result<When> when_known(const Asked& asked) {
    DAYBOOK_ASSIGN(When when, when_of(asked));
    DAYBOOK_ASSIGN(when.at.valid, when.newest());
    return when;
}

Result<Micros> When::newest() const {
    if (later_page) return at.valid;
    return reading.newest_at(recorded, at.known);
}

Result<void> When::fill_as_of(const Asked& asked, v1::AsOf& out) const {
    fill(at.valid, out.mutable_valid_at());
    const Position head = asked.log.head();
    if (!past && head > at.known) out.set_lag(head - at.known);
    DAYBOOK_TRY(asked.fill_known(at.known, out));
    if (known_at) fill(*known_at, out.mutable_known_at());
    return {};
}

Result<bool> When::is_now() const {
    if (at.known != reading.position() || at.valid < recorded) return false;
    DAYBOOK_ASSIGN(const Micros newest, reading.newest_at(at.valid, at.known));
    return newest == at.valid;
}

std::string cursor_text(const Asked& asked, const When& when, const std::string& rest) {
    return asked.cursor(when.at, rest);
}

std::string rest_of_cursor(const Asked& asked) {
    const auto bound = asked.bound();
    return bound && *bound ? (*bound)->rest : "";
}

Result<std::size_t> row_of_cursor(const Asked& asked) {
    const std::string rest = rest_of_cursor(asked);
    if (rest.empty()) return std::size_t{0};
    const auto row = parse_number<std::size_t>(rest);
    if (!row) return wrong("cursor", asked.param("cursor"), "a cursor of this question");
    return *row;
}

Result<projections::Page> page_by_key(const Asked& asked, const When& when) {
    DAYBOOK_ASSIGN(auto page, asked.page());
    if (!page.cursor.empty()) page.cursor = projections::page_behind(when.at.known, page.cursor);
    // Of one question with other rows, or none of ours, as the read models take it.
    DAYBOOK_TRY(projections::cursor_of(page, when.at.known, 0));
    return page;
}

Result<std::string> each_held(const Asked& asked, const When& when, const std::vector<custody::AccountId>& accounts,
                              std::size_t rows_max, const AddHeld& add) {
    std::string inner = rest_of_cursor(asked);
    std::size_t at = 0;
    if (!asked.param("cursor").empty()) {
        const std::size_t bang = inner.rfind('!');
        const std::string path = inner.substr(0, bang);
        while (at < accounts.size() && accounts[at].path() != path) ++at;
        if (bang == std::string::npos || at == accounts.size())
            return wrong("cursor", asked.param("cursor"), "a cursor of this question");
        inner = inner.substr(bang + 1);
    }
    std::size_t rows = 0;
    for (; at < accounts.size(); ++at, inner.clear()) {
        do {
            if (rows == rows_max) return cursor_text(asked, when, accounts[at].path() + "!" + inner);
            DAYBOOK_ASSIGN(const auto found, when.reading.account_at(accounts[at], when.at, {rows_max - rows, inner}));
            for (const auto& row : found.rows) {
                DAYBOOK_ASSIGN(const bool added, add(row.item, accounts[at]));
                rows += added ? 1U : 0U;
            }
            inner = found.next;
        } while (!inner.empty());
    }
    return std::string();
}

Result<Interval> interval_of(const Asked& asked) {
    Interval interval;
    for (const char* name : {"from", "to"}) {
        if (asked.param(name).empty()) {
            return fail(ErrorCode::kInvalid, std::string(name) + ": is missing; the question is of [from, to)");
        }
    }
    DAYBOOK_ASSIGN(interval.from, asked.time_param("from"));
    DAYBOOK_ASSIGN(interval.to, asked.time_param("to"));
    if (interval.from >= interval.to) {
        return fail(ErrorCode::kInvalid, "from, to: " + asked.param("from") + " does not lie before " +
                                             asked.param("to"));
    }
    return interval;
}

std::optional<projections::DayRow> day_at(const std::vector<projections::DayRow>& days, Micros at) {
    for (const projections::DayRow& day : days) {
        if (at >= day.from && (day.to == 0 || at < day.to)) return day;
    }
    return std::nullopt;
}

void fill_evidence(const projections::HistoryRow& row, v1::EvidenceRow& out) {
    out.set_position(row.position);
    out.set_type(static_cast<v1::EventType::Code>(row.type));
    fill(row.occurred_at, out.mutable_occurred_at());
    fill(row.recorded_at, out.mutable_recorded_at());
    out.set_late(row.late);
}

Result<void> fill_witnessed(const Asked& asked, Position position, v1::EvidenceRow& out) {
    DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(position));
    out.set_position(position);
    out.set_type(event_type_of(event));
    *out.mutable_occurred_at() = event.occurred_at();
    *out.mutable_recorded_at() = event.recorded_at();
    out.set_late(event.command().late().flag());
    *out.mutable_actor() = event.command().actor();
    *out.mutable_attest() = event.command().attest();
    out.set_note(event.command().note());
    return {};
}

Result<std::string> model_at(const Asked& asked, const projections::ChainRows& chain, Micros valid) {
    std::vector<const projections::HistoryRow*> events;
    for (const auto& event : chain.events) {
        const bool tells = event.type == custody::EventType::kItemRegistered ||
                           event.type == custody::EventType::kItemAmended;
        if (tells && event.effective && event.occurred_at <= valid) events.push_back(&event);
    }
    std::stable_sort(events.begin(), events.end(),
                     [](const auto* a, const auto* b) { return a->occurred_at > b->occurred_at; });
    std::string model;
    for (const auto* event : events) {
        DAYBOOK_ASSIGN(const v1::Event stored, asked.event_at(event->position));
        const v1::Command& command = stored.command();
        if (command.has_item_registered()) return command.item_registered().model();
        if (command.item_amended().field() == v1::ItemAmended::MODEL) return command.item_amended().new_value().text();
    }
    return model;
}

void fill_stay(const Asked& asked, const projections::StayRow& row, v1::StayRow& out) {
    out.set_account(row.account.path());
    out.set_holder(holder_text(row.account));
    fill(row.from, out.mutable_from());
    if (row.to) fill(*row.to, out.mutable_to());
    if (row.opened_by != kNoPosition) out.set_opened_by(row.opened_by);
    if (row.closed_by != kNoPosition) out.set_closed_by(row.closed_by);
    asked.money(row.insured_minor, *out.mutable_insured());
}

}  // namespace daybook::api
