// Answers to clients: daybook.v1.Answer (schemas/daybook/v1/answer.proto).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/custody/refusal.h"

namespace daybook::v1 {
class Answer;
class Refusal;
}  // namespace daybook::v1

namespace daybook::codec {

// A command was accepted: its event is durable.
struct Receipt {
    Position position = 0;    // of the command's event; of an atomic batch, its first
    Position batch_last = 0;  // the last position of the atomic batch; `position`, outside one
    Micros recorded_at = 0;
    bool repeated = false;  // known already: this is the first answer again
};

void to_proto(const Receipt& receipt, v1::Answer& out);
void to_proto(const custody::Refusal& refusal, v1::Refusal& out);
void to_proto(const Error& error, v1::Refusal& out);

// One line of JSON each: {"position": …} or {"error": {"code": "E_…", …}}. `command` names the command of an atomic
// batch that is at fault, from 0.
std::string answer_json(const Receipt& receipt);
std::string answer_json(const custody::Refusal& refusal, std::optional<std::size_t> command = std::nullopt);
std::string answer_json(const Error& error, std::optional<std::size_t> command = std::nullopt);

// "E_ALREADY_OUT" and so on: the one spelling of codes. (Errors: daybook::to_string.)
std::string_view code_name(custody::RefusalCode code);

}  // namespace daybook::codec
