#include "engine/api/internal/answers.h"

#include <utility>

#include "engine/codec/answer.h"

namespace daybook {

struct CommandAnswer::Refused {
    std::shared_ptr<const custody::Refusal> refusal;  // null: an error of the engine
    std::shared_ptr<const Error> error;
    std::optional<std::size_t> command;               // of an atomic batch: the one at fault
};

std::string CommandAnswer::json() const {
    if (!refused) return codec::answer_json(codec::Receipt{position, batch_last, recorded_at, repeated});
    return refused->refusal ? codec::answer_json(*refused->refusal, refused->command)
                            : codec::answer_json(*refused->error, refused->command);
}

}  // namespace daybook

namespace daybook::api {

namespace {

CommandAnswer refused(std::string_view code, CommandAnswer::Refused why) {
    CommandAnswer answer;
    answer.code = code;
    answer.refused = std::make_shared<const CommandAnswer::Refused>(std::move(why));
    return answer;
}

}  // namespace

CommandAnswer to_answer(const Error& error, std::optional<std::size_t> command) {
    return refused(to_string(error.code), {nullptr, std::make_shared<const Error>(error), command});
}

CommandAnswer to_answer(const sequencer::Answer& answer) {
    if (answer.refusal) {
        return refused(codec::code_name(answer.refusal->code), {answer.refusal, nullptr, answer.at_fault});
    }
    if (answer.error) return refused(to_string(answer.error->code), {nullptr, answer.error, answer.at_fault});
    CommandAnswer out;
    out.position = answer.position;
    out.batch_last = answer.batch_last;
    out.recorded_at = answer.recorded_at;
    out.repeated = answer.repeated;
    return out;
}

std::string one_json(const std::vector<CommandAnswer>& answers) {
    CommandAnswer whole = answers.front();
    if (whole.accepted()) whole.batch_last = answers.back().batch_last;
    return whole.json();
}

std::string many_json(const std::vector<CommandAnswer>& answers) {
    std::string out = R"({"answers":[)";
    for (const CommandAnswer& answer : answers) {
        if (out.back() != '[') out += ',';
        out += answer.json();
    }
    return out += "]}";
}

}  // namespace daybook::api
