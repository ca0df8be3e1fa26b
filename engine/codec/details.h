// Fields of a command that custody does not decide by, for those who look at them afterwards: weights in repairs, the
// warranty text of a sale or memo, the figures of a day.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/ids.h"
#include "engine/custody/account.h"
#include "schemas/state_machine.gen.h"

namespace daybook::codec {

struct Details {
    std::int64_t gross_mg = 0;      // RepairOpened, ReturnedFromWorkshop
    std::int64_t added_mg = 0;      // RepairWorkRecorded: metal and parts that came in …
    std::int64_t removed_mg = 0;    // … and that went out
    std::string_view warranty;      // SaleCompleted, MemoOutIssued: the System of Warranties text
};

// Of an encoded command that was checked once. Views point into `command`. Fields of other types than those named keep
// their defaults.
Details read_details(custody::EventType type, std::string_view command);

// What a DayClosed says of an account: pieces, and SHA-256 over the ids of those that it closes with, in order, each
// with a newline behind it. `digest` has 32 bytes, or none.
struct DayFigures {
    custody::AccountId account;
    std::int64_t opening = 0, came_in = 0, went_out = 0, closing = 0;
    std::string_view digest;
};
std::vector<DayFigures> read_day_figures(std::string_view command);

}  // namespace daybook::codec
