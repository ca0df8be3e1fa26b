// Paths of accounts, written where the caller wants them: no string in between.
#pragma once

#include <cstddef>

#include "engine/custody/account.h"

namespace daybook::custody {

// The longest path: SITE/4294967295/WORKSHOP-INT and the like, or TRANSIT and a UUID, with room to spare.
inline constexpr std::size_t kAccountPathMax = 80;

// Writes AccountId::path() into memory for kAccountPathMax; the end of what was written.
char* write_path(const AccountId& id, char* out);

}  // namespace daybook::custody
