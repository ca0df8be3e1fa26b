// Fields of a command that custody does not decide by, for those who look at them afterwards: weights in repairs, the
// warranty text of a sale or memo, what a checkpoint commits to.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/ids.h"
#include "schemas/state_machine.gen.h"

namespace daybook::codec {

struct Details {
    std::int64_t gross_mg = 0;      // RepairOpened, ReturnedFromWorkshop
    std::int64_t added_mg = 0;      // RepairWorkRecorded: metal and parts that came in …
    std::int64_t removed_mg = 0;    // … and that went out
    std::string_view warranty;      // SaleCompleted, MemoOutIssued: the System of Warranties text
    Position checkpoint_last = 0;   // CheckpointSealed: the tree over 0 … last …
    std::string_view checkpoint_root;  // … has this root, of 32 bytes
};

// Of an encoded command that was checked once. Views point into `command`. Fields of other types than those named keep
// their defaults.
Details read_details(custody::EventType type, std::string_view command);

}  // namespace daybook::codec
