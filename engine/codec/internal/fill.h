// From the encoded command to custody::Command. Trusts its input as far as meaning goes, never as far as memory goes:
// the bytes were checked on their way in, or are stored ones. Shared by both ways.
#pragma once

#include <string_view>

#include "engine/custody/command.h"

namespace daybook::codec {

enum class Filled {
    kOk,
    kCorrupt,  // not a command: damaged, without payload, an id that is none …
    kNewer,    // a schema version, event type or enum value that this version of Daybook does not know
};

// Overwrites all of `out` but keeps its buffers. Views point into `bytes`.
Filled fill_command(std::string_view bytes, custody::Command& out);

// The schema version that this build writes and reads.
inline constexpr std::uint64_t kSchemaVersion = 1;
// A payload's field number is this much over the number of its event type.
inline constexpr std::uint32_t kPayloadNumberBase = 100;

// Of types that name in obligation_id what they close or belong to, not what they open.
bool names_obligation(custody::EventType type);

}  // namespace daybook::codec
