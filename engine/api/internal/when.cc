#include "engine/api/internal/when.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "engine/api/internal/recorded.h"
#include "engine/base/limits.h"

namespace daybook::api {
namespace {

constexpr std::chrono::milliseconds kWaitForViews{5'000};

struct CursorParts {
    Micros valid = 0;
    Position known = 0;
    std::string rest;
};

std::optional<CursorParts> parse_cursor(const std::string& text) {
    const std::size_t first = text.find('.');
    const std::size_t second = first == std::string::npos ? first : text.find('.', first + 1);
    if (second == std::string::npos) return std::nullopt;
    const auto valid = parse_number<Micros>(std::string_view(text).substr(0, first));
    const auto known = parse_number<Position>(std::string_view(text).substr(first + 1, second - first - 1));
    if (!valid || !known) return std::nullopt;
    return CursorParts{*valid, *known, text.substr(second + 1)};
}

tl::unexpected<Error> no_cursor(const std::string& text) {
    return fail(ErrorCode::kInvalid, "'" + text + "' is no cursor of this question: take `next` of the page before");
}

// The views once they reflect so many events.
Result<projections::Reading> reading_of(const Asked& asked, Position known) {
    if (!asked.views.wait_for(known, after(kWaitForViews))) {
        if (const auto failure = asked.views.failure()) return tl::unexpected(*failure);
        return fail(ErrorCode::kTimeout, "the read models reflect " + std::to_string(asked.views.position()) +
                                             " events yet, and the answer needs " + std::to_string(known));
    }
    return asked.views.read();
}

Result<Position> known_by_position(const Asked& asked, const std::string& text) {
    const auto position = parse_number<Position>(text);
    if (!position) return wrong("known_at", text, "a position or an RFC 3339 time, as in 2026-03-02T09:30:00Z");
    if (*position >= asked.log.head()) {
        return fail(ErrorCode::kInvalid, "known_at: position " + text + " is not recorded yet; the newest is " +
                                             std::to_string(asked.log.head()) + " - 1");
    }
    return known_with(asked.log, *position);
}

}  // namespace

bool asks_when(const Asked& asked) {
    return !asked.param("valid_at").empty() || !asked.param("known_at").empty() ||
           parse_cursor(asked.param("cursor")).has_value();
}

Result<When> when_of(const Asked& asked) { return when_of(asked, "known_at"); }

Result<When> when_of(const Asked& asked, const std::string& known_param) {
    if (const std::string cursor = asked.param("cursor"); !cursor.empty()) {
        const auto parts = parse_cursor(cursor);
        if (!parts || parts->known > asked.log.head()) return no_cursor(cursor);
        DAYBOOK_ASSIGN(auto reading, reading_of(asked, parts->known));
        return When{std::move(reading), {parts->valid, parts->known}, std::nullopt, true};
    }
    const std::string known_text = asked.param(known_param);
    std::optional<Position> known;
    std::optional<Micros> known_at;
    if (const auto at = parse_time(known_text)) {
        DAYBOOK_ASSIGN(const KnownAt found, asked.ledger.known_at(*at));
        known = found.position;
        known_at = *at;
    } else if (!known_text.empty()) {
        DAYBOOK_ASSIGN(known, known_by_position(asked, known_text));
    }
    DAYBOOK_ASSIGN(auto reading, known ? reading_of(asked, *known) : asked.views.read());
    When when{std::move(reading), {0, 0}, known_at, known.has_value()};
    when.at.known = known ? *known : when.reading.position();
    if (const std::string text = asked.param("valid_at"); !text.empty()) {
        DAYBOOK_ASSIGN(when.at.valid, asked.time_param("valid_at"));
    } else {
        DAYBOOK_ASSIGN(when.at.valid, when.reading.newest_at(asked.context.now, when.at.known));
    }
    return when;
}

Result<Micros> When::end_of_open_day() const {
    return past ? reading.newest_at(0, at.known) : Result<Micros>(at.valid);
}

Result<void> When::fill_as_of(const Asked& asked, v1::AsOf& out) const {
    fill(at.valid, out.mutable_valid_at());
    if (known_at) fill(*known_at, out.mutable_known_at());
    const Position head = asked.log.head();
    if (!past && head > at.known) out.set_lag(head - at.known);
    if (at.known == 0) return {};
    out.set_position(at.known - 1);
    DAYBOOK_ASSIGN(const Micros last, recorded_at(asked.log, at.known - 1));
    fill(last, out.mutable_recorded_at());
    if (known_at) return {};
    // Later submissions are recorded later; the one of the last event may go on behind it.
    if (at.known < head) {
        DAYBOOK_ASSIGN(const Micros next, recorded_at(asked.log, at.known));
        if (next == last) return {};
    }
    fill(last, out.mutable_known_at());
    return {};
}

std::string cursor_text(const When& when, const std::string& rest) {
    if (rest.empty()) return {};
    return std::to_string(when.at.valid) + "." + std::to_string(when.at.known) + "." + rest;
}

std::string rest_of_cursor(const Asked& asked) {
    const auto parts = parse_cursor(asked.param("cursor"));
    return parts ? parts->rest : "";
}

Result<std::size_t> row_of_cursor(const Asked& asked) {
    const std::string rest = rest_of_cursor(asked);
    if (rest.empty()) return std::size_t{0};
    const auto row = parse_number<std::size_t>(rest);
    if (!row) return wrong("cursor", asked.param("cursor"), "a cursor of this question");
    return *row;
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
            if (rows == rows_max) return cursor_text(when, accounts[at].path() + "!" + inner);
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
