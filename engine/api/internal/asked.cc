#include "engine/api/internal/asked.h"

#include <algorithm>
#include <limits>

#include "engine/api/internal/recorded.h"
#include "engine/base/bytes.h"
#include "engine/base/limits.h"
#include "engine/crypto/digest.h"

namespace daybook::api {
namespace {

constexpr std::size_t kRowsDefault = 100;
constexpr std::chrono::milliseconds kWaitForViews{5'000};

constexpr std::size_t kCheckDigits = 16;

// Parameters that do not change what is asked: those of a page; and those that a cursor brings, which are compared with
// it where they are known (when.cc).
bool is_of_the_page(std::string_view param) {
    constexpr std::string_view kNames[] = {"rows", "cursor", "at_least", "wait_ms", "valid_at", "known_at"};
    return std::find(std::begin(kNames), std::end(kNames), param) != std::end(kNames);
}

// The text up to the next '.', which is taken off with it.
std::string_view take_part(std::string_view& text) {
    const std::size_t end = std::min(text.find('.'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
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
      context{views.currency(), clock.now()} {}

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
    if (!at) return wrong(name, text, kTimeWanted);
    return *at;
}

Result<std::size_t> Asked::rows() const {
    DAYBOOK_ASSIGN(const auto rows,
                   number_param<std::size_t>("rows", kRowsDefault, std::numeric_limits<std::size_t>::max()));
    if (rows == 0 || rows > limits::kPageRowsMax) {
        return wrong("rows", param("rows"), "a number from 1 to " + std::to_string(limits::kPageRowsMax));
    }
    return rows;
}

Result<projections::Page> Asked::page() const {
    projections::Page page;
    DAYBOOK_ASSIGN(page.rows_max, rows());
    DAYBOOK_ASSIGN(auto cursor, bound());
    if (cursor) page.cursor = std::move(cursor->rest);
    return page;
}

std::string Asked::check() const {
    Sha256 digest;
    for (const std::string& part : question.path) digest.update(std::to_string(part.size())).update("/").update(part);
    for (const auto& [name, value] : question.params) {
        if (value.empty() || is_of_the_page(name)) continue;
        digest.update("&").update(name).update("=").update(std::to_string(value.size())).update(":").update(value);
    }
    return hex(digest.finish()).substr(0, kCheckDigits);
}

Result<std::optional<Bound>> Asked::bound() const {
    const std::string text = param("cursor");
    if (text.empty()) return std::optional<Bound>();
    std::string_view rest = text;
    const std::string_view of = take_part(rest);
    const auto valid = parse_number<Micros>(take_part(rest));
    const auto known = parse_number<Position>(take_part(rest));
    if (of.size() != kCheckDigits || !valid || !known || *known == 0 || *known > log.head() || rest.empty()) {
        return fail(ErrorCode::kInvalid,
                    "cursor: '" + text + "' is no cursor of this question: take `next` of the page before");
    }
    if (of != check()) {
        return fail(ErrorCode::kInvalid, "cursor: it belongs to another question, or to this one with other "
                                         "parameters: from page to page only rows may change");
    }
    return std::optional<Bound>({*valid, *known, std::string(rest)});
}

std::string Asked::cursor(const projections::AsKnown& at, const std::string& rest) const {
    if (rest.empty()) return {};
    return check() + "." + std::to_string(at.valid) + "." + std::to_string(at.known) + "." + rest;
}

std::string Asked::next(const std::string& rest) const { return cursor({context.now, reading_->position()}, rest); }

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
    if (!at) return wrong(name, text, "a position or " + std::string(kTimeWanted));
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
    DAYBOOK_ASSIGN(const auto seen, ledger.engine().inspect(look, after(limits::kStopTimeout)));
    if (ledger.wait_durable(seen.position, after(limits::kStopTimeout))) return seen;
    return fail(ErrorCode::kTimeout, "what was recorded up to now is not durable yet");
}

Result<void> Asked::stand_at_now() {
    DAYBOOK_ASSIGN(const auto cursor, bound());
    DAYBOOK_ASSIGN(reading_, cursor ? reading_of(*this, cursor->known) : views.read());
    if (!cursor) {
        DAYBOOK_ASSIGN(context.now, valid_now(*this, *reading_, reading_->position()));
    } else if (cursor->known == reading_->position()) {
        context.now = cursor->valid;
    } else {
        return fail(ErrorCode::kInvalid, "cursor: the ledger has gone on from position " +
                                             std::to_string(cursor->known - 1) + " to " +
                                             std::to_string(reading_->position() - 1) +
                                             "; ask again from the first page, up to " +
                                             std::to_string(limits::kPageRowsMax) + " rows in one page");
    }
    return fill_as_of(reading_->position(), context.now, as_of_);
}

Result<void> Asked::fill_as_of(Position position, Micros valid, v1::AsOf& out) const {
    fill(valid, out.mutable_valid_at());
    const Position head = log.head();
    if (head > position) out.set_lag(head - position);
    return fill_known(position, out);
}

Result<void> Asked::fill_known(Position known, v1::AsOf& out) const {
    if (known == 0) return {};
    out.set_position(known - 1);
    DAYBOOK_ASSIGN(const Micros last, recorded_at(log, known - 1));
    fill(last, out.mutable_recorded_at());
    // Later submissions are recorded later; the one of the last event may go on behind it.
    if (known < log.head()) {
        DAYBOOK_ASSIGN(const Micros next, recorded_at(log, known));
        if (next == last) return {};
    }
    fill(last, out.mutable_known_at());
    return {};
}

Result<projections::Reading> reading_of(const Asked& asked, Position known) {
    if (!asked.views.wait_for(known, after(kWaitForViews))) {
        if (const auto failure = asked.views.failure()) return tl::unexpected(*failure);
        return fail(ErrorCode::kTimeout, "the read models reflect " + std::to_string(asked.views.position()) +
                                             " events yet, and the answer needs " + std::to_string(known));
    }
    return asked.views.read();
}

Result<Micros> valid_now(const Asked& asked, const projections::Reading& reading, Position known) {
    Micros clock = asked.context.now;
    if (known > 0) {
        DAYBOOK_ASSIGN(const Micros recorded, recorded_at(asked.log, known - 1));
        clock = std::max(clock, recorded);
    }
    return reading.newest_at(clock, known);
}

}  // namespace daybook::api
