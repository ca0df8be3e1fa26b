// One question that is being answered: its parameters, and what the answers of all questions have in common. The files
// of engine/api/questions/ answer them, a family of questions each.
#pragma once

#include <charconv>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <daybook/ledger.h>
#include "engine/api/questions.h"
#include "engine/api/row_messages.h"
#include "engine/base/error.h"
#include "engine/base/time.h"
#include "engine/codec/json.h"
#include "engine/log/event_log.h"
#include "engine/sequencer/sequencer.h"
#include "engine/stream/publisher.h"
#include "projections/views.h"
#include "schemas/daybook/v1/event.pb.h"
#include "schemas/daybook/v1/view.pb.h"

namespace daybook::api {

// A cursor: the (V, R) of the first page, and where the answer goes on.
struct Bound {
    Micros valid = 0;
    Position known = 0;
    std::string rest;
};

// For one thread, during one answer. Refers to its arguments.
class Asked {
public:
    Asked(Ledger& ledger, const Clock& clock, const Question& question, const EngineStatus& status);

    Ledger& ledger;
    const log::EventLog& log;
    const projections::Views& views;
    const Question& question;
    const EngineStatus& status;
    RowContext context;  // `now`: the clock's; of a question about now (About::kNow) its V

    // ---- Cursors: "check.V.R.rest", where `check` is of the question and of its parameters ----

    // The question's own; nullopt where it has none. kInvalid where it is no cursor, or not one of this question with
    // these parameters: of those only rows may change from page to page.
    [[nodiscard]] Result<std::optional<Bound>> bound() const;
    // That of the next page; "" for "": there is none.
    [[nodiscard]] std::string cursor(const projections::AsKnown& at, const std::string& rest) const;
    // The same of an answer about now.
    [[nodiscard]] std::string next(const std::string& rest) const;

    // ---- Now ----

    // For a question about now, before it is answered: takes the read models as they are, V (the greatest of the clock
    // and of what has occurred, as they know it), and what as_of says of both. Where nothing tells the past, a later
    // page is answered only while the read models stand where they stood for the first one: kInvalid.
    Result<void> stand_at_now();
    // What all of an answer about now is read from.
    [[nodiscard]] const projections::Reading& reading() const { return *reading_; }

    // ---- Parameters: empty or 0 where not given; what is no value of its kind is kInvalid and named ----

    [[nodiscard]] std::string param(const std::string& name) const;
    template <class Number>
    [[nodiscard]] Result<Number> number_param(const std::string& name, Number otherwise, Number most) const;
    [[nodiscard]] Result<bool> flag_param(const std::string& name, bool otherwise) const;
    [[nodiscard]] Result<Micros> time_param(const std::string& name) const;
    [[nodiscard]] Result<SiteId> site() const { return number_param<SiteId>("site", 0, ~SiteId{0}); }
    [[nodiscard]] Result<std::size_t> rows() const;
    [[nodiscard]] Result<projections::Page> page() const;  // rows, and the rest of the cursor
    // A position; or a time, which stands for the first position that was recorded then or later. 0 where not given.
    [[nodiscard]] Result<Position> position_param(const std::string& name) const;
    // The piece that the path names at `part`.
    [[nodiscard]] Result<ItemId> item_of_path(std::size_t part) const;

    // ---- Answers ----

    // Of a question about now.
    template <class Message>
    void as_of(Message& message) const {
        *message.mutable_as_of() = as_of_;
    }
    // Of one that the log answers, or the engine's books: the events before `position`, which are durable.
    template <class Message>
    Result<void> as_of(Position position, Micros valid, Message& message) const {
        return fill_as_of(position, valid, *message.mutable_as_of());
    }
    // What as_of says of the record time of the events before `known`, which are durable.
    Result<void> fill_known(Position known, v1::AsOf& out) const;
    void money(std::int64_t minor, v1::Money& out) const;
    [[nodiscard]] Result<v1::Event> event_at(Position position) const;
    // The next event of a scan; false at its end.
    [[nodiscard]] Result<bool> next_event(log::Cursor& cursor, v1::Event& event) const;
    // Shows the engine's books to `look`, while nothing is decided; what it has seen is durable when this returns.
    [[nodiscard]] Result<sequencer::Observed> look(
        const std::function<void(const custody::Books&, Micros now)>& look) const;

private:
    [[nodiscard]] std::string check() const;
    [[nodiscard]] Result<void> fill_as_of(Position position, Micros valid, v1::AsOf& out) const;

    std::optional<projections::Reading> reading_;  // of a question about now
    v1::AsOf as_of_;
};

// The read models once they reflect so many events; waits for them.
Result<projections::Reading> reading_of(const Asked& asked, Position known);
// The valid time of an answer that is given none: the greatest of the clock, or the record time of the newest event
// that is known, and what has occurred, as known before `known`: nothing that counts then lies behind it.
Result<Micros> valid_now(const Asked& asked, const projections::Reading& reading, Position known);

// Of a parameter: what it should be.
inline constexpr std::string_view kTimeWanted =
    "an RFC 3339 time up to the year 9999, as in 2026-03-02T09:30:00Z, with at most 6 digits after the second";

// "site: 'x' is not a number".
tl::unexpected<Error> wrong(const std::string& name, const std::string& value, std::string_view right);

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

template <class Number>
Result<Number> Asked::number_param(const std::string& name, Number otherwise, Number most) const {
    const std::string text = param(name);
    if (text.empty()) return otherwise;
    const auto value = parse_number<Number>(text);
    if (!value || *value > most) return wrong(name, text, "a number from 0 to " + std::to_string(most));
    return *value;
}

// A page of rows of an answer about now, each added by `add`.
template <class Message, class Page, class Add>
std::string page_json(const Asked& asked, Message& message, const Page& found, Add add) {
    for (const auto& row : found.rows) add(row);
    message.set_next(asked.next(found.next));
    return codec::to_json(message);
}

// Whether the answer is of the read models as they are when the question comes; else of a (V, R) that it gives or
// takes (when.h), of the log, or of the engine's books.
enum class About : std::uint8_t { kItself, kNow };

// A question: its path, of which "*" is any one part and "**" all that follow; the parameters that it takes beside
// at_least and wait_ms; and how it is answered.
struct QuestionInfo {
    std::string_view path;
    std::string_view params;  // parted by spaces
    Result<std::string> (*answer)(const Asked&);
    About about = About::kItself;
};
using Family = std::span<const QuestionInfo>;

// ---- engine/api/questions/, a file a family ----
Family item_questions();
Family search_questions();
Family next_questions();
Family custody_questions();
Family statement_questions();
Family stock_questions();
Family account_questions();
Family obligation_questions();
Family board_questions();
Family claim_questions();
Family replenish_questions();
Family desk_questions();
Family since_questions();
Family rule_questions();
Family refused_questions();
Family register_questions();
Family count_sheet_questions();
Family counted_questions();
Family document_questions();
Family reconciliation_questions();
Family day_questions();
Family event_questions();
Family engine_questions();
Family stream_questions();

}  // namespace daybook::api
