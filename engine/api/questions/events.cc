// Recorded events, as they are in the log.
#include <algorithm>

#include "engine/api/internal/asked.h"

namespace daybook::api {
namespace {

Result<std::string> event(const Asked& asked) {
    const auto position = parse_number<Position>(asked.question.path[1]);
    if (!position) return wrong("position", asked.question.path[1], "a position");
    DAYBOOK_ASSIGN(const std::string bytes, asked.log.read(*position));
    return codec::event_to_json(bytes);
}

Result<std::string> events(const Asked& asked) {
    v1::EventsAnswer message;
    const Position head = asked.log.head();
    DAYBOOK_TRY(asked.as_of(head, asked.context.now, message));
    DAYBOOK_ASSIGN(const auto from, asked.number_param<Position>("from", 0, kNoPosition - 1));
    DAYBOOK_ASSIGN(const auto page, asked.page());
    auto cursor = asked.log.scan(from, std::min(head, from + page.rows_max));
    Position reached = from;
    for (;;) {
        DAYBOOK_ASSIGN(const bool more, cursor.next());
        if (!more) break;
        reached = cursor.position() + 1;
        const std::string_view bytes = cursor.bytes();
        if (!message.add_events()->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
            return fail(ErrorCode::kCorrupt,
                        "position " + std::to_string(cursor.position()) + ": the bytes are no event");
        }
    }
    if (reached < head) message.set_next(std::to_string(reached));
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {{"events", "from rows", events}, {"events/*", "", event}};

}  // namespace

Family event_questions() { return kQuestions; }

}  // namespace daybook::api
