// The JSON form of commands, events, answers and rows: the protobuf JSON mapping with the schemas' own snake_case
// names. 64-bit integers are written as strings and read as strings or numbers; instants are RFC 3339; bytes are
// base64; fields that are not set are left out. Stricter than the mapping asks where leniency would hide a mistake: an
// unknown field, a field twice, a sub-microsecond time, invalid UTF-8 or anything after the object is an error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace google::protobuf {
class MessageLite;
}

namespace daybook::codec {

// One command as a JSON object → encoded (daybook.v1.Command). Checks JSON and types only, the rest is for
// CommandBatch::parse. Errors are kInvalid and name the field: "signed_out.due_at: …". Input over
// limits::kJsonLineBytesMax is refused without being looked at.
Result<std::string> command_from_json(std::string_view json);

// What a client submits at once: one command, or {"commands": [ … ]}, or {"atomic": true, "commands": [ … ]}.
struct Submission {
    bool atomic = false;
    bool single = false;                        // a bare command: answered by a bare answer
    std::vector<Result<std::string>> commands;  // encoded; a malformed one does not hide the others
};
// An Error where the whole is no JSON or no submission. `bytes_max`: of the JSON.
Result<Submission> submission_from_json(std::string_view json, std::size_t bytes_max);

// Any message of daybook.v1 as one line of JSON, in the order of the schema.
std::string to_json(const google::protobuf::MessageLite& message);
void append_json(const google::protobuf::MessageLite& message, std::string& out);

// The same from encoded bytes, without a message object. kCorrupt where the bytes are not of that message.
Result<std::string> command_to_json(std::string_view encoded);
Result<std::string> event_to_json(std::string_view stored);
Result<void> append_event_json(std::string_view stored, std::string& out);  // an Error: `out` is as it was

// Any message of daybook.v1 from JSON: for tests, and for a client that reads answers.
Result<void> from_json(std::string_view json, google::protobuf::MessageLite& message);

}  // namespace daybook::codec
