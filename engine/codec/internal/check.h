// The part of E_SCHEMA that the schema itself can say: every rule of rules.proto, at any depth.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/time.h"
#include "engine/codec/internal/tables.h"

namespace daybook::codec {

// What is wrong with a field, for a person: "lines[3].item" and "'abc' is no UUID; write it as …".
struct Fault {
    std::string path;
    std::string text;

    // Goes one level up: the path begins at the field that holds the message.
    void within(std::string_view outer) { path = path.empty() ? std::string(outer) : std::string(outer) + "." + path; }
    [[nodiscard]] Error error() const {
        return {ErrorCode::kInvalid, path.empty() ? "the command " + text : path + ": " + text};
    }
};

// True where `bytes` are a message of that table and every rule holds. Cost: linear in the bytes; allocates only for
// the fault.
bool check_message(const MessageTable& table, std::string_view bytes, Fault& fault);

// The parts of it, for the JSON form.
bool valid_utf8(std::string_view text);
// Instants a message may hold: 1970-01-01T00:00:00.000001Z … 9999-12-31T23:59:59.999999Z. 0 stands for "none" inside.
inline constexpr Micros kTimeMin = 1;
inline constexpr Micros kTimeMax = 253'402'300'799'999'999;

// A value as it is shown in a message: quoted, cut to a readable length, control characters replaced.
std::string quoted(std::string_view text);

// "give a UUID, as in …": what a missing field wants.
std::string wanted(const FieldTable& field);

}  // namespace daybook::codec
