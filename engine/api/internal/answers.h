// Answers of the sequencer in the form in which clients get them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <daybook/ledger.h>
#include "engine/base/error.h"
#include "engine/sequencer/sequencer.h"

namespace daybook::api {

// `command`: which of an atomic batch is at fault, from 0.
CommandAnswer to_answer(const Error& error, std::optional<std::size_t> command = std::nullopt);
CommandAnswer to_answer(const sequencer::Answer& answer);

// The line of JSON of one command, or of an atomic batch as a whole.
std::string one_json(const std::vector<CommandAnswer>& answers);
// {"answers": [ … ]}
std::string many_json(const std::vector<CommandAnswer>& answers);

}  // namespace daybook::api
