// The part of E_SCHEMA that no schema can say: what the fields of one command mean together. Needs no state.
#pragma once

#include "engine/codec/internal/check.h"
#include "engine/custody/command.h"

namespace daybook::codec {

// True where the command, already checked against the schema, is well-formed. Cost: O(lines log lines).
bool check_rules(const custody::Command& command, Fault& fault);

// "signed_out" for SignedOut: the field of its payload.
std::string_view payload_name(custody::EventType type);

}  // namespace daybook::codec
