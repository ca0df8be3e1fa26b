// The way to a ledger: its directory, or the process that serves it. Commands of the program do not know which.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <daybook/ledger.h>
#include "engine/base/error.h"
#include "engine/cli/commands.h"
#include "engine/server/door.h"
#include "engine/stream/publisher.h"

namespace daybook::cli {

using ShowProgress = std::function<void(std::string_view what, Position done, Position of)>;

// A command that is well-formed JSON of the right shape, in both forms.
struct ParsedCommand {
    std::string json;
    std::string encoded;
};

class Link {
public:
    virtual ~Link() = default;

    // Opens the directory; where another process holds it and serves, that process.
    static Result<std::unique_ptr<Link>> open(const std::filesystem::path& dir, const ShowProgress& show);

    // A question as api::Question::parse takes it, with values percent-encoded. The answer as JSON.
    virtual Result<std::string> ask(std::string_view question) = 0;

    // One line of JSON a command, in order; called once, possibly on another thread or within the call.
    using Done = std::function<void(std::vector<std::string>)>;
    virtual void submit(std::vector<ParsedCommand> commands, SubmitMode mode, Done done) = 0;

    // Stored events in order; the visitor returns false to end.
    using Visit = std::function<bool(Position, std::string_view event)>;
    virtual Result<void> events(Position from, Position to, const Visit& visit) = 0;

    // As JSON: VerifyAnswer, DigestAnswer.
    virtual Result<std::string> verify(const ShowProgress& show) = 0;
    virtual Result<std::string> rebuild(const ShowProgress& show) = 0;
    // As JSON: AuditAnswer. A process that serves puts its files where it will.
    virtual Result<std::string> audit(const AuditAsked& asked, const ShowProgress& show) = 0;

    // Compares what is in Kafka with the ledger (api/stream_check.h). A process that serves uses its own publishers'
    // options, and refuses where `asked` means others; the directory itself needs `options`.
    virtual Result<std::string> check_stream(const server::StreamCheckAsked& asked,
                                             const std::vector<stream::Options>& options,
                                             const ShowProgress& show) = 0;

    // Finishes what was taken. Nothing may follow.
    virtual Result<void> close() = 0;
};

// Where a serving process says how it is reached: dir/"serving.json", {"port": …, "pid": …}.
std::filesystem::path serving_file(const std::filesystem::path& dir);

// The JSON of an error: {"error": {"code": …, "message": …}}.
std::string error_json(const Error& error);

}  // namespace daybook::cli
