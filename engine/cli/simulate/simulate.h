// A believable stream of commands: the days of a few salons, from the opening stock to the closing counts.
//
// Deterministic: equal options give equal bytes. Written as it goes, in memory proportional to sites and pieces, so it
// scales to tens of millions of commands. About one command in fifty is wrong on purpose; its note is
// "wrong on purpose: E_…" with the code of the refusal that is expected.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "engine/base/time.h"

namespace daybook::cli {

struct SimulateOptions {
    std::uint32_t sites = 2;
    std::uint64_t items = 3'000;  // pieces in all, opening stock and later deliveries together
    std::uint32_t days = 5;
    std::uint64_t seed = 1;
    Micros first_day = 0;  // midnight UTC of the first day
};

// What begins the note of a command that is wrong on purpose; the code follows.
inline constexpr std::string_view kWrongOnPurpose = "wrong on purpose: ";

// One command as a JSON object, without a line end. The view is good during the call.
using CommandSink = std::function<void(std::string_view json)>;

void simulate(const SimulateOptions& options, const CommandSink& sink);

}  // namespace daybook::cli
