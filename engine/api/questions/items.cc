// Pieces: where one is, what happened to it, and which there are.
#include <vector>

#include "engine/api/internal/pieces_at.h"
#include "engine/api/internal/when.h"
#include "engine/custody/next.h"

namespace daybook::api {
namespace {

// How long a piece's answer waits for the deciding thread, to say which events are legal.
constexpr std::chrono::milliseconds kWaitForLegal{50};

// The events that the engine would take for the piece now, as `next` tells them in full. Left out where the books know
// more of it than the answer says, or the engine has stopped or does not come to it: where the piece is, is told then
// as well.
void fill_legal_next(const Asked& asked, const projections::ItemRow& row, v1::ItemRow& out) {
    std::vector<custody::EventType> legal;
    custody::NextQuestion question;
    question.item = row.item;
    static_cast<void>(asked.ledger.engine().inspect([&](const custody::Books& books, Micros now) {
        const custody::Item* item = books.items.find(row.item);
        if (item == nullptr || item->last != row.last_event) return;
        question.now = now;
        legal = custody::legal_events(books, question);
    }, after(kWaitForLegal)));
    for (const auto type : legal) out.add_legal_next(static_cast<v1::EventType::Code>(type));
}

// At (V, R): by its chain.
Result<std::string> item_at(const Asked& asked, const ItemId& id, const When& when) {
    DAYBOOK_ASSIGN(const auto piece, PiecesAt(asked, when).piece(id));
    if (!piece) return fail(ErrorCode::kNotFound, "no piece has the id " + id.text() + " at that time, as known then");
    const RowContext context{asked.context.currency, when.at.valid};
    v1::ItemAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    fill(item_row(*piece), context, *message.mutable_item());
    message.mutable_item()->clear_obligations();
    for (const auto& obligation : piece->obligations)
        fill_obligation(obligation, context, *message.mutable_item()->add_obligations());
    return codec::to_json(message);
}

Result<std::string> item(const Asked& asked) {
    DAYBOOK_ASSIGN(const ItemId id, asked.item_of_path(1));
    DAYBOOK_ASSIGN(const When when, when_of(asked));
    if (asks_when(asked)) return item_at(asked, id, when);
    DAYBOOK_ASSIGN(const auto found, when.reading.item(id));
    if (!found.row) return fail(ErrorCode::kNotFound, "no piece has the id " + id.text());
    if (found.row->state == custody::State::kX0) {
        return fail(ErrorCode::kNotFound,
                    "no piece has the id " + id.text() + " any more: its registration was taken back");
    }
    v1::ItemAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    const RowContext context{asked.context.currency, when.at.valid};
    fill(*found.row, context, *message.mutable_item());
    DAYBOOK_TRY(fill_open(when.reading, *found.row, context, OpenLines::kTold, *message.mutable_item()));
    fill_legal_next(asked, *found.row, *message.mutable_item());
    return codec::to_json(message);
}

Result<std::string> history(const Asked& asked) {
    DAYBOOK_ASSIGN(const ItemId id, asked.item_of_path(1));
    DAYBOOK_ASSIGN(const auto page, asked.page());
    DAYBOOK_ASSIGN(const bool newest_first, asked.flag_param("newest_first", false));
    DAYBOOK_ASSIGN(const When when, when_known(asked));
    DAYBOOK_ASSIGN(const auto found, when.reading.history(id, page, newest_first, when.at.known));
    if (found.rows.empty() && page.cursor.empty()) {
        return fail(ErrorCode::kNotFound, "no piece has the id " + id.text() + (when.past ? ", as known then" : ""));
    }
    v1::HistoryAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    message.set_item(id.text());
    for (const auto& row : found.rows) {
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(row.position));
        fill(row, event, *message.add_rows());
    }
    message.set_next(cursor_text(asked, when, found.next));
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {
    {"items/*", "valid_at known_at", item},
    {"items/*/history", "known_at rows cursor newest_first", history},
};

}  // namespace

Family item_questions() { return kQuestions; }

}  // namespace daybook::api
