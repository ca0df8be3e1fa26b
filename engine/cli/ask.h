// What the questions of the program share: how one is put and shown, and how values read in tables. The files of
// engine/cli/ask/ hold the questions, a family each; every one is a row of a table of subcommands.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/cli/commands.h"
#include "engine/cli/table.h"
#include "engine/codec/json.h"
#include "schemas/daybook/v1/view.pb.h"

namespace daybook::cli {

// What was given with a question.
struct AskOptions {
    std::string subject;                                      // what it is about: an item, an account
    std::vector<std::pair<std::string, std::string>> params;  // of the question; empty values are left out
};

// An option of a question that is one of its parameters.
struct ParamOption {
    enum class Takes : std::uint8_t { kValue, kNothing };  // kNothing: a flag, which sets the parameter to "true"
    const char* flag;   // "--newest-first"
    const char* param;  // "newest_first"
    const char* help;
    Takes takes = Takes::kValue;
};

// Of questions about the past.
inline constexpr ParamOption kValidAt{"--valid-at", "valid_at", "as it was at this time, as in 2026-03-02T09:30:00Z"};
inline constexpr ParamOption kKnownAt{"--known-at", "known_at", "as it was known at this time or position"};

struct Subject {
    const char* name = nullptr;  // nullptr: the question is about the ledger as a whole
    const char* help = "";
    bool required = true;
};

// A subcommand that asks a question.
struct QuestionCommand {
    const char* name;
    const char* help;
    Subject subject;
    std::vector<ParamOption> params;  // beside --at-least
    bool paged;                       // --rows, --cursor
    int (*run)(const Common& common, const AskOptions& options);
};

// ---- engine/cli/ask/, a file a family ----
std::span<const QuestionCommand> piece_commands();
std::span<const QuestionCommand> custody_commands();
std::span<const QuestionCommand> stock_commands();
std::span<const QuestionCommand> obligation_commands();
std::span<const QuestionCommand> board_commands();
std::span<const QuestionCommand> work_commands();
std::span<const QuestionCommand> audit_commands();
std::span<const QuestionCommand> register_commands();
std::span<const QuestionCommand> engine_commands();

// ---- For those files ----

// Puts the question. The answer as JSON; nothing where it could not be had, which has been said.
std::optional<std::string> ask_json(const Common& common, std::string question, const AskOptions& options);

// Puts the question, and shows the answer: as it is, or by `show`.
template <class Answer, class Show>
int ask(const Common& common, std::string question, const AskOptions& options, Show show) {
    const auto json = ask_json(common, std::move(question), options);
    if (!json) return kExitFailed;
    if (common.json) {
        std::printf("%s\n", json->c_str());
        return written(common);
    }
    Answer answer;
    if (const auto parsed = codec::from_json(*json, answer); !parsed) return failed(common, parsed.error());
    const std::string text = show(answer);
    std::fputs(text.c_str(), stdout);
    return written(common);
}

// Of a path below /v1, percent-encoded; slashes stay.
std::string encode_path(const std::string& path);

// ---- Values in tables ----

std::string time_text(const google::protobuf::Timestamp& at);  // "2026-03-02 09:30:00", of UTC
std::string money_text(const v1::Money& money);
std::string count_text(std::uint64_t count);      // 0 is left blank
std::string late_text(std::int64_t minutes);      // "5 h"; what is not late is blank
std::string owner_text(const v1::Owner& owner);   // "CLIENT:44"
std::string as_of_text(const v1::AsOf& as_of);
std::string when_text(const v1::AsOf& as_of);     // the same with (V, R), of an answer about the past
std::string more_text(const std::string& cursor);

}  // namespace daybook::cli
