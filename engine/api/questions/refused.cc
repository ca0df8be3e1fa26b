// The commands that were refused, for whoever looks after security.
#include "engine/api/internal/asked.h"
#include "engine/codec/answer.h"
#include "engine/sequencer/refused_log.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::api {
namespace {

constexpr std::uint64_t kFromTheNewest = ~std::uint64_t{0};

Result<std::string> refused(const Asked& asked) {
    DAYBOOK_ASSIGN(const std::size_t rows, asked.rows());
    DAYBOOK_ASSIGN(const auto before, asked.number_param<std::uint64_t>("cursor", kFromTheNewest, kFromTheNewest));
    const sequencer::RefusedLog& log = asked.ledger.refused_log();
    const Position head = asked.log.head();
    const auto found = log.newest(before, rows);
    v1::RefusedAnswer message;
    DAYBOOK_TRY(asked.as_of(head, asked.context.now, message));
    for (const sequencer::RefusedCommand& entry : found) {
        v1::RefusedRow& out = *message.add_rows();
        out.set_number(entry.number);
        fill(entry.at, out.mutable_at());
        custody::Refusal refusal;
        refusal.code = entry.code;
        v1::Refusal told;
        codec::to_proto(refusal, told);
        out.set_code(told.code());
        out.set_type(static_cast<v1::EventType::Code>(entry.type));
        out.set_event_id(entry.event_id.text());
        out.set_principal(entry.principal);
        if (entry.role) out.set_role(static_cast<v1::Role::Code>(*entry.role));
        out.set_site(entry.site);
        if (!entry.item.empty()) out.set_item(entry.item.text());
        out.set_message(entry.message);
    }
    if (found.size() == rows && !log.newest(found.back().number, 1).empty())
        message.set_next(std::to_string(found.back().number));
    if (const auto failure = log.failure()) message.set_not_written_because(failure->message);
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {{"refused", "rows cursor", refused}};

}  // namespace

Family refused_questions() { return kQuestions; }

}  // namespace daybook::api
