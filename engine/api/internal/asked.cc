#include "engine/api/internal/asked.h"

#include <limits>

#include "engine/base/limits.h"

namespace daybook::api {
namespace {

constexpr std::size_t kRowsDefault = 100;

// Such a cursor taken apart; nullopt: it is another.
std::optional<std::pair<Micros, std::string_view>> moment_of(std::string_view cursor) {
    const std::size_t end = cursor.find_first_not_of("0123456789");
    if (end == std::string_view::npos || cursor[end] != '@') return std::nullopt;
    const auto at = parse_number<Micros>(cursor.substr(0, end));
    if (!at) return std::nullopt;
    return std::pair(*at, cursor.substr(end + 1));
}

}  // namespace

tl::unexpected<Error> wrong(const std::string& name, const std::string& value, std::string_view right) {
    return fail(ErrorCode::kInvalid, name + ": '" + value + "' is not " + std::string(right));
}

Asked::Asked(Ledger& ledger_in, const Clock& clock, const Question& question_in, const EngineStatus& status_in)
    : ledger(ledger_in),
      log(ledger_in.event_log()),
      views(ledger_in.views()),
      question(question_in),
      status(status_in),
      context{views.currency(), clock.now()} {
    if (const auto first_page = moment_of(param("cursor"))) context.now = first_page->first;
}

std::string Asked::param(const std::string& name) const {
    const auto it = question.params.find(name);
    return it == question.params.end() ? "" : it->second;
}

Result<bool> Asked::flag_param(const std::string& name, bool otherwise) const {
    const std::string text = param(name);
    if (text.empty()) return otherwise;
    if (text != "true" && text != "false") return wrong(name, text, "true or false");
    return text == "true";
}

Result<Micros> Asked::time_param(const std::string& name) const {
    const std::string text = param(name);
    if (text.empty()) return Micros{0};
    const auto at = parse_time(text);
    if (!at) return wrong(name, text, "an RFC 3339 time, as in 2026-03-02T09:30:00Z");
    return *at;
}

Result<projections::Page> Asked::page() const {
    projections::Page page;
    DAYBOOK_ASSIGN(page.rows_max,
                   number_param<std::size_t>("rows", kRowsDefault, std::numeric_limits<std::size_t>::max()));
    if (page.rows_max == 0 || page.rows_max > limits::kPageRowsMax) {
        return wrong("rows", param("rows"), "a number from 1 to " + std::to_string(limits::kPageRowsMax));
    }
    const std::string cursor = param("cursor");
    const auto bound = moment_of(cursor);
    page.cursor = bound ? std::string(bound->second) : cursor;
    return page;
}

std::string Asked::next(const std::string& rest) const {
    return rest.empty() ? rest : std::to_string(context.now) + '@' + rest;
}

Result<ItemId> Asked::item_of_path(std::size_t part) const {
    const auto id = ItemId::parse(question.path[part]);
    if (!id) return wrong("item", question.path[part], "a UUID, 8-4-4-4-12 lower-case hexadecimal");
    return *id;
}

void Asked::money(std::int64_t minor, v1::Money& out) const {
    out.set_minor(minor);
    for (int shift = 16; shift >= 0; shift -= 8) {
        if (context.currency != 0)
            out.mutable_currency()->push_back(static_cast<char>(context.currency >> shift & 0xff));
    }
}

Result<v1::Event> Asked::event_at(Position position) const {
    DAYBOOK_ASSIGN(const std::string bytes, log.read(position));
    v1::Event event;
    if (!event.ParseFromString(bytes)) {
        return fail(ErrorCode::kCorrupt, "position " + std::to_string(position) + ": the bytes are no event");
    }
    return event;
}

Result<bool> Asked::next_event(log::Cursor& cursor, v1::Event& event) const {
    DAYBOOK_ASSIGN(const bool more, cursor.next());
    if (!more) return false;
    const std::string_view bytes = cursor.bytes();
    if (event.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return true;
    return fail(ErrorCode::kCorrupt, "position " + std::to_string(cursor.position()) + ": the bytes are no event");
}

Result<Position> Asked::position_param(const std::string& name) const {
    const std::string text = param(name);
    if (text.empty()) return Position{0};
    if (const auto position = parse_number<Position>(text)) return *position;
    const auto at = parse_time(text);
    if (!at) return wrong(name, text, "a position, or an RFC 3339 time, as in 2026-03-02T09:30:00Z");
    // Record time never goes back along the positions.
    Position from = 0;
    Position to = log.head();
    while (from < to) {
        const Position middle = from + (to - from) / 2;
        DAYBOOK_ASSIGN(const v1::Event event, event_at(middle));
        const auto& recorded = event.recorded_at();
        if (recorded.seconds() * kSecond + recorded.nanos() / 1000 < *at) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

Result<sequencer::Observed> Asked::look(const std::function<void(const custody::Books&, Micros now)>& look) const {
    DAYBOOK_ASSIGN(const auto seen, ledger.engine().inspect(look));
    if (ledger.wait_durable(seen.position, after(limits::kStopTimeout))) return seen;
    return fail(ErrorCode::kTimeout, "what was recorded up to now is not durable yet");
}

void Asked::fill_as_of(Position position, v1::AsOf& out) const {
    if (position > 0) out.set_position(position - 1);
    fill(context.now, out.mutable_valid_at());
    const Position head = log.head();
    out.set_lag(head > position ? head - position : 0);
}

}  // namespace daybook::api
