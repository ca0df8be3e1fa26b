// The desk's work: what to order, what to inspect, what was sold, what happened since a moment.
#include "engine/cli/ask.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::cli {
namespace {

std::string number_text(std::uint64_t number) { return number == 0 ? "" : std::to_string(number); }

std::string first_of(const google::protobuf::RepeatedPtrField<std::string>& texts) {
    if (texts.empty()) return "";
    return texts[0] + (texts.size() > 1 ? " and " + std::to_string(texts.size() - 1) + " more" : "");
}

std::string replenish_text(const v1::ReplenishAnswer& answer) {
    Table table({"model", ">site", ">target", ">on hand", ">available", ">on the way", ">missing", "surplus at"});
    for (const auto& row : answer.rows()) {
        std::string surplus;
        for (const auto& from : row.suggest_from()) {
            surplus += (surplus.empty() ? "site " : ", site ") + std::to_string(from.site()) + ": " +
                       std::to_string(from.over_target());
        }
        table.add({row.model(), std::to_string(row.site()), std::to_string(row.target()), count_text(row.on_hand()),
                   count_text(row.available()), count_text(row.in_transit_to()), std::to_string(row.missing()),
                   surplus});
    }
    return table.text() + as_of_text(answer.as_of());
}

std::string supplies_text(const v1::SuppliesAnswer& answer) {
    Table table({">supply", "sku", "unit", ">site", ">on hand", ">reorder at", ">order", "below"});
    for (const auto& row : answer.rows()) {
        table.add({std::to_string(row.supply()), row.sku(), row.unit(), std::to_string(row.site()),
                   std::to_string(row.on_hand()), std::to_string(row.reorder_point()),
                   std::to_string(row.reorder_quantity()), row.below() ? "yes" : ""});
    }
    return table.text() + as_of_text(answer.as_of());
}

std::string inspections_text(const v1::InspectionsAnswer& answer) {
    Table table({"item", "model", "account", "since", "phase", "verdict", ">by", "owner", "quarantined"});
    for (const auto& row : answer.rows()) {
        table.add({row.item(), row.model(), row.account(), time_text(row.since()),
                   row.phase() == 0 ? "" : v1::InspectionRecorded::Phase_Name(row.phase()),
                   row.verdict() == v1::Verdict::UNSPECIFIED ? "waits" : v1::Verdict::Code_Name(row.verdict()),
                   number_text(row.inspector()), owner_text(row.owner()), row.quarantined() ? "yes" : ""});
    }
    return table.text() + as_of_text(answer.as_of()) + more_text(answer.next());
}

std::string sales_text(const v1::SalesAnswer& answer) {
    Table table({"at", "what", "number", ">amount", ">pieces", ">party", "item", "missing"});
    for (const auto& row : answer.rows()) {
        std::string missing;
        for (const std::string& one : row.missing()) missing += (missing.empty() ? "" : ", ") + one;
        table.add({time_text(row.occurred_at()), row.credit() ? "credit" : row.later() ? "sale, for later" : "sale",
                   row.number(), money_text(row.amount()), std::to_string(row.items_size()), number_text(row.party()),
                   first_of(row.items()), missing});
    }
    Table totals({"total", ">entries", ">pieces", ">amount"});
    for (const auto& row : answer.totals()) {
        totals.add({row.credit() ? "credits" : "sales", std::to_string(row.entries()), std::to_string(row.pieces()),
                    money_text(row.amount())});
    }
    return table.text() + totals.text() + as_of_text(answer.as_of()) + more_text(answer.next());
}

std::string since_text(const v1::SinceAnswer& answer) {
    Table exceptions({">position", "occurred", "recorded", "what", "why", ">by", "item"});
    for (const auto& row : answer.exceptions()) {
        exceptions.add({std::to_string(row.position()), time_text(row.occurred_at()), time_text(row.recorded_at()),
                        v1::EventType::Code_Name(row.type()), row.why(), number_text(row.by()),
                        first_of(row.items())});
    }
    Table table({"event", ">times", ">pieces", ">first", ">last"});
    for (const auto& row : answer.rows()) {
        table.add({v1::EventType::Code_Name(row.type()), std::to_string(row.events()), count_text(row.pieces()),
                   std::to_string(row.first()), std::to_string(row.last())});
    }
    std::string text = exceptions.empty() ? "nothing out of the ordinary\n" : exceptions.text();
    text += table.text() + as_of_text(answer.as_of());
    return answer.next().empty() ? text : text + "more: --from " + answer.next() + "\n";
}

std::string changes_text(const v1::ChangesAnswer& answer) {
    Table table({"item", "model", "state", "account", "since", ">last event"});
    for (const auto& row : answer.items()) {
        table.add({row.item(), row.model(), v1::State::Code_Name(row.state()), row.account(), time_text(row.since()),
                   std::to_string(row.last_event())});
    }
    return table.text() + as_of_text(answer.as_of()) + "next time: --token " + answer.token() +
           (answer.more() ? " (there is more already)\n" : "\n");
}

int replenish(const Common& common, const AskOptions& options) {
    return ask<v1::ReplenishAnswer>(common, "replenish", options, replenish_text);
}
int supplies(const Common& common, const AskOptions& options) {
    return ask<v1::SuppliesAnswer>(common, "supplies", options, supplies_text);
}
int inspections(const Common& common, const AskOptions& options) {
    return ask<v1::InspectionsAnswer>(common, "inspections", options, inspections_text);
}
int sales(const Common& common, const AskOptions& options) {
    return ask<v1::SalesAnswer>(common, "sales/" + encode_path(options.subject), options, sales_text);
}
int since(const Common& common, const AskOptions& options) {
    return ask<v1::SinceAnswer>(common, "since", options, since_text);
}
int changes(const Common& common, const AskOptions& options) {
    return ask<v1::ChangesAnswer>(common, "changes", options, changes_text);
}

const ParamOption kSite = {"--site", "site", "only this site"};

const QuestionCommand kCommands[] = {
    {"since",
     "what happened since a moment, the exceptions first",
     {},
     {{"--from", "from", "a position, or a time of recording (RFC 3339); default: the beginning"},
      kSite,
      {"--rows", "rows", "exceptions at most (1 to 10,000; default 100)"}},
     false,
     since},
    {"sales",
     "sales and credits of a site's day, with the papers that are missing",
     {"site", "the number of the site"},
     {{"--at", "at", "the business day that holds this time (RFC 3339; default: now)"}, kKnownAt},
     true,
     sales},
    {"inspections",
     "pieces in hold that wait for a verdict, or failed",
     {},
     {kSite, kValidAt, kKnownAt},
     true,
     inspections},
    {"replenish",
     "models below their target at a site, and where there are too many",
     {},
     {kSite, {"--model", "model", "only this model"}},
     false,
     replenish},
    {"supplies",
     "supplies below their reorder point",
     {},
     {kSite, {"--all", "all", "the others too", ParamOption::Takes::kNothing}},
     false,
     supplies},
    {"changes",
     "pieces that changed since a token, as they are now",
     {},
     {{"--token", "token", "from the answer of the last time (default: everything)"},
      {"--rows", "rows", "pieces at most (1 to 10,000; default 100)"}},
     false,
     changes},
};

}  // namespace

std::span<const QuestionCommand> work_commands() { return kCommands; }

}  // namespace daybook::cli
