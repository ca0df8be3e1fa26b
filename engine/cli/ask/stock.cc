// Stock: by model and site, and by account.
#include "engine/cli/ask.h"

namespace daybook::cli {
namespace {

std::string stock_text(const v1::StockAnswer& answer) {
    Table table({"model", ">site", ">available", ">reserved", ">quarantined", ">damaged", ">disputed", ">carnet",
                 ">hold", ">packed", ">in transit to", ">on memo", ">in repair", ">insured"});
    for (const auto& row : answer.rows()) {
        table.add({row.model(), std::to_string(row.site()), count_text(row.available()), count_text(row.reserved()),
                   count_text(row.quarantined()), count_text(row.damaged()), count_text(row.disputed()),
                   count_text(row.carnet()), count_text(row.hold()), count_text(row.packed()),
                   count_text(row.in_transit_to()), count_text(row.on_memo()), count_text(row.in_repair()),
                   money_text(row.insured())});
    }
    return table.text() + when_text(answer.as_of()) + more_text(answer.next());
}

std::string account_text(const v1::AccountAnswer& answer) {
    Table table({"item", "model", "since", "owner", ">insured"});
    for (const auto& row : answer.items()) {
        table.add(
            {row.item(), row.model(), time_text(row.since()), owner_text(row.owner()), money_text(row.insured())});
    }
    Table supplies({">supply", ">quantity", ">measure"});
    for (const auto& row : answer.supplies()) {
        supplies.add({std::to_string(row.supply()), std::to_string(row.quantity()), std::to_string(row.measure())});
    }
    std::string text = answer.account() + ": " + std::to_string(answer.pieces()) + " pieces, insured " +
                       money_text(answer.insured()) + "\n";
    if (!table.empty()) text += table.text();
    if (!supplies.empty()) text += supplies.text();
    return text + when_text(answer.as_of()) + more_text(answer.next());
}

std::string accounts_text(const v1::AccountsAnswer& answer) {
    Table table({"account", ">pieces", ">insured"});
    for (const auto& row : answer.rows())
        table.add({row.account(), std::to_string(row.pieces()), money_text(row.insured())});
    return table.text() + as_of_text(answer.as_of()) + more_text(answer.next());
}

int stock(const Common& common, const AskOptions& options) {
    return ask<v1::StockAnswer>(common, "stock", options, stock_text);
}
int account(const Common& common, const AskOptions& options) {
    if (options.subject.empty()) return ask<v1::AccountsAnswer>(common, "accounts", options, accounts_text);
    return ask<v1::AccountAnswer>(common, "accounts/" + encode_path(options.subject), options, account_text);
}

const QuestionCommand kCommands[] = {
    {"stock",
     "pieces by model and site",
     {},
     {{"--site", "site", "only this site"}, {"--model", "model", "only this model"}, kValidAt, kKnownAt},
     true,
     stock},
    {"account",
     "what is in an account; without one: the accounts that hold something",
     {"path", "the account's path, as in SITE/1/VAULT/B001", false},
     {{"--site", "site", "only accounts of this site"},
      kValidAt,
      kKnownAt},
     true,
     account},
};

}  // namespace

std::span<const QuestionCommand> stock_commands() { return kCommands; }

}  // namespace daybook::cli
