// Obligations: what is open, and due when.
#include "engine/cli/ask.h"

namespace daybook::cli {
namespace {

std::string due_text(const v1::DueAnswer& answer) {
    Table table({"kind", ">site", "due", ">overdue", "with", ">open", "document", "obligation"});
    for (const auto& row : answer.rows()) {
        std::string with = row.responsible() != 0 ? "principal " + std::to_string(row.responsible()) : "";
        if (row.party() != 0) with += (with.empty() ? "party " : ", party ") + std::to_string(row.party());
        table.add({v1::ObligationKind::Code_Name(row.kind()), std::to_string(row.site()), time_text(row.due_at()),
                   late_text(row.overdue_minutes()), with, std::to_string(row.open_lines()), row.document(),
                   row.obligation()});
    }
    return table.text() + when_text(answer.as_of()) + more_text(answer.next());
}

int due(const Common& common, const AskOptions& options) {
    return ask<v1::DueAnswer>(common, "due", options, due_text);
}

const QuestionCommand kCommands[] = {
    {"due",
     "open obligations, overdue first",
     {},
     {{"--site", "site", "only this site"},
      {"--kind", "kind", "only this kind, as in SIGNOUT"},
      {"--before", "before", "only those due before this time (RFC 3339)"},
      kValidAt,
      kKnownAt},
     true,
     due},
};

}  // namespace

std::span<const QuestionCommand> obligation_commands() { return kCommands; }

}  // namespace daybook::cli
