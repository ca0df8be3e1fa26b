// Pieces: where one is, what happened to it, and which there are.
#include "engine/cli/ask.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::cli {
namespace {

// The names of event types, some to a row.
void add_wrapped(Table& table, std::string title, const google::protobuf::RepeatedField<int>& events) {
    constexpr std::size_t kWidth = 90;
    std::string line;
    for (const int event : events) {
        const std::string& name = v1::EventType::Code_Name(static_cast<v1::EventType::Code>(event));
        if (!line.empty() && line.size() + name.size() > kWidth)
            table.add({std::exchange(title, ""), std::exchange(line, "")});
        line += (line.empty() ? "" : " ") + name;
    }
    if (!line.empty()) table.add({title, line});
}

std::string item_text(const v1::ItemAnswer& answer) {
    const v1::ItemRow& row = answer.item();
    Table table({"what", "value"});
    table.add({"item", row.item()});
    table.add({"state", v1::State::Code_Name(row.state())});
    table.add({"account", row.account()});
    table.add({"holder", row.holder()});
    table.add({"since", time_text(row.since()) + " (position " + std::to_string(row.since_event()) + ")"});
    table.add({"owner", owner_text(row.owner())});
    std::string flags;
    for (const int flag : row.flags()) {
        flags += (flags.empty() ? "" : " ") + v1::ItemFlag::Code_Name(static_cast<v1::ItemFlag::Code>(flag));
    }
    table.add({"flags", flags});
    for (const auto& open : row.obligations()) {
        std::string text = v1::ObligationKind::Code_Name(open.kind()) + " " + open.obligation();
        if (open.has_due_at()) text += ", due " + time_text(open.due_at());
        if (open.overdue_minutes() > 0) text += ", overdue " + late_text(open.overdue_minutes());
        table.add({"open", text});
    }
    table.add({"model", row.model() + (row.collection().empty() ? "" : ", " + row.collection())});
    table.add({"kind", row.category() + " " + row.metal() + " " + row.stone()});
    table.add({"insured", money_text(row.insured())});
    table.add({"version", std::to_string(row.version())});
    add_wrapped(table, "legal next", row.legal_next());
    return table.text() + when_text(answer.as_of());
}

// One line for each way, with what it needs or what blocks.
std::string next_text(const v1::NextAnswer& answer) {
    Table can({"can be done now", "how", "to", "signed by", "ends"});
    Table cannot({"cannot", "how", "because"});
    for (const auto& row : answer.rows()) {
        const std::string& type = v1::EventType::Code_Name(row.type());
        if (!row.legal()) {
            const std::string& code = v1::ErrorCode::Code_Name(row.refusal().code());
            cannot.add({type, row.way(), code + ": " + row.refusal().message()});
            continue;
        }
        std::string to = row.to_class();
        if (row.targets_size() == 1) to = row.targets(0);
        if (row.targets_size() > 1) to += " (" + std::to_string(row.targets_size()) + " accounts)";
        std::string ends;
        for (const auto& closed : row.closes())
            ends += (ends.empty() ? "" : ", ") + v1::ObligationKind::Code_Name(closed.kind());
        std::string signers = row.signers();
        for (const int document : row.documents())
            signers += ", with " + v1::DocType::Code_Name(static_cast<v1::DocType::Code>(document));
        can.add({type, row.way(), to, signers, ends});
    }
    return answer.item() + " is in state " + v1::State::Code_Name(answer.state()) +
           (answer.account().empty() ? "" : ", " + answer.account()) + "\n" + can.text() + cannot.text() +
           as_of_text(answer.as_of());
}

std::string history_text(const v1::HistoryAnswer& answer) {
    Table table({">position", "occurred", "event", "from", "to", "by", "recorded", "late", ">corrected by"});
    for (const auto& row : answer.rows()) {
        std::string by = std::to_string(row.actor().principal());
        for (const auto& signer : row.attest()) by += " + " + std::to_string(signer.principal());
        table.add({std::to_string(row.position()), time_text(row.occurred_at()), v1::EventType::Code_Name(row.type()),
                   row.from(), row.to(), by, time_text(row.recorded_at()), row.late() ? "late" : "",
                   row.has_corrected_by() ? std::to_string(row.corrected_by()) : ""});
    }
    return table.text() + as_of_text(answer.as_of()) + more_text(answer.next());
}

std::string search_text(const v1::SearchAnswer& answer) {
    Table table({"item", "model", "collection", "category", "metal", "stone", "state", "account", "available",
                 ">retail"});
    for (const auto& row : answer.rows()) {
        table.add({row.item(), row.model(), row.collection(), row.category(), row.metal(), row.stone(),
                   v1::State::Code_Name(row.state()), row.account(), row.available() ? "yes" : "",
                   row.has_retail() ? money_text(row.retail()) : ""});
    }
    return table.text() + as_of_text(answer.as_of()) + more_text(answer.next());
}

int item(const Common& common, const AskOptions& options) {
    return ask<v1::ItemAnswer>(common, "items/" + encode_path(options.subject), options, item_text);
}
int next(const Common& common, const AskOptions& options) {
    return ask<v1::NextAnswer>(common, "items/" + encode_path(options.subject) + "/next", options, next_text);
}
int history(const Common& common, const AskOptions& options) {
    return ask<v1::HistoryAnswer>(common, "items/" + encode_path(options.subject) + "/history", options, history_text);
}
int search(const Common& common, const AskOptions& options) {
    return ask<v1::SearchAnswer>(common, "items", options, search_text);
}

const QuestionCommand kCommands[] = {
    {"item", "where a piece is, or was", {"id", "the piece's UUID"}, {kValidAt, kKnownAt}, false, item},
    {"next",
     "what can be done with a piece now, and if not, why not",
     {"id", "the piece's UUID"},
     {{"--type", "type", "only this type of event, as in SignedOut"},
      {"--site", "site", "at this site (default: where the piece is)"}},
     false,
     next},
    {"history",
     "the events of a piece",
     {"id", "the piece's UUID"},
     {{"--newest-first", "newest_first", "last events first", ParamOption::Takes::kNothing},
      kKnownAt},
     true,
     history},
    {"search",
     "pieces by their attributes",
     {},
     {{"--model", "model", "only these"},
      {"--collection", "collection", "only these"},
      {"--category", "category", "only these"},
      {"--metal", "metal", "only these"},
      {"--stone", "stone", "only these"},
      {"--text", "text", "only these: the beginning of the model or collection"},
      {"--epc", "epc", "only this"},
      {"--number", "number", "by the number of a label or paper: serial, repair, memo, carnet …"},
      {"--site", "site", "only at this site"},
      {"--available", "available", "only what can be sold now", ParamOption::Takes::kNothing},
      {"--retail-from", "retail_from", "retail value of this or more, in minor units"},
      {"--retail-to", "retail_to", "retail value of this or less, in minor units"}},
     true,
     search},
};

}  // namespace

std::span<const QuestionCommand> piece_commands() { return kCommands; }

}  // namespace daybook::cli
