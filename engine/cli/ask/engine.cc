// The engine itself: its read models, and how far they are.
#include "engine/cli/ask.h"

namespace daybook::cli {
namespace {

std::string digest_text(const v1::DigestAnswer& answer) {
    Table table({"read model", ">rows", "digest"});
    for (const auto& row : answer.rows()) table.add({row.view(), std::to_string(row.rows()), row.digest()});
    return table.text() + as_of_text(answer.as_of());
}

std::string status_text(const v1::StatusAnswer& answer) {
    Table table({"what", "value"});
    table.add({"ledger", answer.ledger()});
    table.add({"events", std::to_string(answer.events())});
    table.add({"behind (read models)", std::to_string(answer.as_of().lag())});
    table.add({"takes commands", answer.accepting() ? "yes" : "no: " + answer.stopped_because()});
    if (answer.has_published()) {
        table.add({"in Kafka", std::to_string(answer.published())});
        table.add({"behind (Kafka)", std::to_string(answer.publish_lag())});
    }
    return table.text();
}

int digests(const Common& common, const AskOptions& options) {
    return ask<v1::DigestAnswer>(common, "digest", options, digest_text);
}
int status(const Common& common, const AskOptions& options) {
    return ask<v1::StatusAnswer>(common, "status", options, status_text);
}

const QuestionCommand kCommands[] = {
    {"digest", "each read model's digest", {}, {}, false, digests},
    {"status", "how far log, read models and publication are", {}, {}, false, status},
};

}  // namespace

std::span<const QuestionCommand> engine_commands() { return kCommands; }

int digest(const Common& common) { return digests(common, {}); }

}  // namespace daybook::cli
