// The publishers' options, from the command line and a TOML file. engine/stream/README.md lists the file's keys.
#pragma once

#include <vector>

#include "engine/base/error.h"
#include "engine/cli/commands.h"
#include "engine/stream/publisher.h"

namespace daybook::cli {

// One for each generation that is published; none where no broker is named. kInvalid: names what is wrong and where.
// Secrets that the file refers to, by a file or a variable of the environment, are read here and never shown.
Result<std::vector<stream::Options>> stream_options(const StreamFlags& flags);

// The file's [http] port; 0 where it says none, or there is no file.
Result<std::uint16_t> configured_port(const std::string& config);

}  // namespace daybook::cli
