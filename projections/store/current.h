// views/CURRENT: which generation of the read models counts, and whose they are. A text file of four lines, replaced as
// a whole, so that a crash leaves the old one or the new one:
//
//   daybook-views 2                                 what it is, and the format
//   ledger 018f3c1e-0000-7000-8000-000000000001     the ledger they belong to
//   run-events 262144                               positions to a run
//   generation gen-000001                           the directory beside this file
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "engine/base/error.h"

namespace daybook::projections {

struct Current {
    std::uint32_t format = 0;
    std::string ledger;
    std::uint64_t run_events = 0;
    std::uint64_t generation = 0;

    // What the runs of a generation carry, so that a directory put in another's place is told.
    [[nodiscard]] std::string identity() const;
};

std::string generation_name(std::uint64_t number);

// nullopt: there is none. kCorrupt where it is not as above; of a newer format only the first line is looked at.
Result<std::optional<Current>> read_current(const std::filesystem::path& views);
Result<void> write_current(const std::filesystem::path& views, const Current& current);

// Deletes what is in views/ beside CURRENT and the generations named: what an interrupted rebuild left.
void remove_others(const std::filesystem::path& views, std::uint64_t keep, std::uint64_t keep_too);
// The greatest number that a directory in views/ has; 0: none.
std::uint64_t greatest_generation(const std::filesystem::path& views);

}  // namespace daybook::projections
