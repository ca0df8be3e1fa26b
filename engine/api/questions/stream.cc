// What goes to Kafka: how the publishers stand, and where a consumer may begin.
#include "engine/api/internal/asked.h"
#include "engine/api/internal/state_messages.h"

namespace daybook::api {
namespace {

Result<std::string> status(const Asked& asked) {
    v1::StreamAnswer message;
    DAYBOOK_TRY(asked.as_of(asked.log.head(), asked.context.now, message));
    for (const Streaming& one : asked.status.streams) {
        const stream::Status& status = one.status;
        v1::StreamStatus& row = *message.add_rows();
        row.set_generation(one.generation);
        row.set_topics(one.topics);
        row.set_state(std::string(stream::to_string(status.state)));
        row.set_step(status.step);
        if (status.next) row.set_next(*status.next);
        row.set_lag_events(status.lag_events);
        row.set_lag_micros(status.lag);
        row.set_term(status.epoch);
        row.set_fenced(status.fenced);
        row.set_last_error(status.last_error);
        if (status.last_error_at != 0) fill(status.last_error_at, row.mutable_last_error_at());
        if (status.last_commit_at != 0) fill(status.last_commit_at, row.mutable_last_commit_at());
        row.set_terms(status.terms);
        row.set_transactions(status.transactions);
        row.set_records(status.records);
        row.set_bytes(status.bytes);
        row.set_repaired(status.repaired);
        row.set_given_up(status.given_up);
    }
    return codec::to_json(message);
}

// A page is of one position, and a later page of a later one: each row says its own. A page without rows is the last:
// whoever takes the position of the first row for that of the beginning must not have gone past another one.
Result<std::string> custody(const Asked& asked) {
    DAYBOOK_ASSIGN(const std::size_t rows, asked.rows());
    DAYBOOK_ASSIGN(const auto reading, asked.views.read());
    v1::SnapshotAnswer message;
    std::string cursor(asked.param("cursor"));
    do {
        DAYBOOK_ASSIGN(const auto found, reading.search({}, {rows, cursor}));
        DAYBOOK_TRY(asked.as_of(found.position, asked.context.now, message));
        for (const auto& one : found.rows) {
            DAYBOOK_ASSIGN(const auto item, reading.item(one.item));
            if (!item.row || item.row->state == custody::State::kZ || item.row->state == custody::State::kX0) continue;
            DAYBOOK_TRY(fill_custody(reading, *item.row, asked.context.currency, *message.add_custody()));
        }
        cursor = found.next;
    } while (message.custody_size() == 0 && !cursor.empty());
    message.set_next(cursor);
    return codec::to_json(message);
}

Result<std::string> stock(const Asked& asked) {
    const projections::Reading& reading = asked.reading();
    v1::SnapshotAnswer message;
    asked.as_of(message);
    DAYBOOK_TRY(each_stock(reading, std::nullopt, asked.context.currency, [&](const v1::Stock& stock, bool empty) {
        if (empty) return Result<void>();
        v1::Stock& row = *message.add_stock();
        row = stock;
        row.set_as_of(reading.position() - 1);
        return Result<void>();
    }));
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {{"stream", "", status},
                                       {"stream/snapshot/custody", "rows cursor", custody},
                                       {"stream/snapshot/stock", "", stock, About::kNow}};

}  // namespace

Family stream_questions() { return kQuestions; }

}  // namespace daybook::api
