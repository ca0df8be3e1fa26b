// Ids as text, written where the caller wants them: no string in between.
#pragma once

#include <cstddef>

#include "engine/base/ids.h"

namespace daybook {

inline constexpr std::size_t kUuidChars = 36;

// Writes Uuid::text() into memory for kUuidChars; the end of what was written.
char* write_text(const Uuid& id, char* out);

}  // namespace daybook
