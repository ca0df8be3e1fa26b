// The engine itself: its read models, and how far they are.
#include "engine/api/internal/asked.h"

namespace daybook::api {
namespace {

Result<std::string> digest(const Asked& asked) {
    DAYBOOK_ASSIGN(const auto digests, asked.views.digest());
    v1::DigestAnswer message;
    DAYBOOK_TRY(asked.as_of(digests.empty() ? 0 : digests.front().position, asked.context.now, message));
    for (const auto& row : digests) fill(row, *message.add_rows());
    return codec::to_json(message);
}

Result<std::string> status(const Asked& asked) {
    const EngineStatus& engine = asked.status;
    v1::StatusAnswer message;
    message.set_ledger(asked.log.meta().ledger.text());
    DAYBOOK_TRY(asked.as_of(asked.views.position(), asked.context.now, message));
    const Position head = asked.log.head();
    message.set_events(head);
    message.set_queued(engine.queued);
    message.set_accepting(engine.accepting);
    message.set_stopped_because(engine.stopped_because);
    if (!engine.streams.empty()) {
        const Position published = engine.streams.front().status.next.value_or(0);
        message.set_published(published);
        message.set_publish_lag(head > published ? head - published : 0);
    }
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {{"digest", "", digest}, {"status", "", status}};

}  // namespace

Family engine_questions() { return kQuestions; }

}  // namespace daybook::api
