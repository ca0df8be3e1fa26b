// Custody at (valid time, record time): chains, what was believed, who held what; statements and the trial balance.
#include "engine/cli/ask.h"

namespace daybook::cli {
namespace {

constexpr ParamOption kFrom{"--from", "from", "from this time on"};
constexpr ParamOption kTo{"--to", "to", "up to this time, which is not included"};

std::string position_text(bool is_set, std::uint64_t position) { return is_set ? std::to_string(position) : ""; }

std::string sighting_text(const std::string& title, const v1::Sighting& seen) {
    return title + ": " + time_text(seen.counted_at()) + ", count " + seen.count() + " of " + seen.account() +
           " (position " + std::to_string(seen.attested_by()) + (seen.recheck() ? "; RECHECK" : "") + ")\n";
}

Table stays_table() { return Table({"from", "to", "holder", "account", ">opened by", ">closed by", ">insured"}); }
void add_stay(Table& table, const v1::StayRow& row) {
    table.add({time_text(row.from()), time_text(row.to()), row.holder(), row.account(),
               position_text(row.has_opened_by(), row.opened_by()), position_text(row.has_closed_by(), row.closed_by()),
               money_text(row.insured())});
}

std::string chain_text(const v1::ChainAnswer& answer) {
    Table table = stays_table();
    for (const auto& row : answer.rows()) add_stay(table, row);
    std::string text = table.text();
    if (answer.has_last_count()) text += sighting_text("last counted", answer.last_count());
    return text + when_text(answer.as_of());
}

std::string signers_text(const v1::EvidenceRow& event) {
    std::string by = std::to_string(event.actor().principal());
    for (const auto& signer : event.attest()) by += " + " + std::to_string(signer.principal());
    return by;
}

std::string believed_text(const v1::BelievedAnswer& answer) {
    std::string text;
    for (const auto& [title, as_of, rows] : {std::tuple("was believed", &answer.was_as_of(), &answer.was()),
                                             std::tuple("is believed", &answer.as_of(), &answer.now())}) {
        Table table = stays_table();
        for (const auto& row : *rows) add_stay(table, row);
        text += std::string(title) + " " + when_text(*as_of) + table.text();
    }
    if (answer.rows().empty()) return text + "no difference\n";
    Table table({"from", "to", "was", "now", ">because of", "event", "occurred", "recorded", "by"});
    for (const auto& row : answer.rows()) {
        std::vector<std::string> cells{time_text(row.from()), time_text(row.to()), row.was(), row.now()};
        for (const auto& event : row.because()) {
            cells.insert(cells.end(), {std::to_string(event.position()), v1::EventType::Code_Name(event.type()),
                                       time_text(event.occurred_at()), time_text(event.recorded_at()),
                                       signers_text(event)});
            table.add(std::move(cells));
            cells.assign(4, "");
        }
    }
    return text + "differences\n" + table.text();
}

std::string holder_answer_text(const v1::HolderAnswer& answer) {
    Table table({"what", "value"});
    table.add({"holder", answer.stay().holder()});
    table.add({"account", answer.stay().account()});
    table.add({"from", time_text(answer.stay().from())});
    table.add({"to", time_text(answer.stay().to())});
    if (answer.has_obligation()) {
        table.add({"under", v1::ObligationKind::Code_Name(answer.obligation().kind()) + " " +
                                answer.obligation().obligation()});
    }
    if (answer.has_opened()) {
        table.add({"put there by", v1::EventType::Code_Name(answer.opened().type()) + " (position " +
                                       std::to_string(answer.opened().position()) + "), signed by " +
                                       signers_text(answer.opened())});
    }
    std::string text = table.text();
    if (answer.has_counted_before()) text += sighting_text("counted before", answer.counted_before());
    if (answer.has_counted_after()) text += sighting_text("counted after", answer.counted_after());
    if (!answer.has_counted_before() && !answer.has_counted_after()) text += "not counted in this stay\n";
    return text + when_text(answer.as_of());
}

std::string held_text(const v1::HeldAnswer& answer) {
    Table table({"item", "model", "account", "from", "to", ">opened by", ">closed by", ">insured"});
    for (const auto& row : answer.rows()) {
        table.add({row.item(), row.model(), row.account().empty() ? answer.account() : row.account(),
                   time_text(row.from()), time_text(row.to()), position_text(row.has_opened_by(), row.opened_by()),
                   position_text(row.has_closed_by(), row.closed_by()), money_text(row.insured())});
    }
    return answer.holder() + "\n" + table.text() + when_text(answer.as_of()) + more_text(answer.next());
}

std::string side_text(const std::string& title, const v1::StatementSide& side) {
    std::string text = title + ": " + std::to_string(side.pieces()) + " pieces, insured " + money_text(side.insured()) +
                       ", digest " + side.digest().substr(0, 16) + "\n";
    for (const auto& row : side.supplies()) {
        text += "  supply " + std::to_string(row.supply()) + ": " + std::to_string(row.quantity()) + ", measure " +
                std::to_string(row.measure()) + "\n";
    }
    return text;
}

std::string signed_text(std::int64_t number) { return (number > 0 ? "+" : "") + std::to_string(number); }

std::string statement_text(const v1::StatementAnswer& answer) {
    Table table({"at", "item", "model", ">came", ">insured", "event", ">position"});
    for (const auto& row : answer.lines()) {
        const std::string event = v1::EventType::Code_Name(row.type());
        const std::string position = std::to_string(row.position());
        if (row.supply() != 0) {
            const std::string measure = row.measure() == 0 ? "" : ", measure " + signed_text(row.measure());
            table.add({time_text(row.at()), "supply " + std::to_string(row.supply()), "",
                       signed_text(row.quantity()) + measure, "", event, position});
        } else {
            table.add({time_text(row.at()), row.item(), row.model(), row.pieces() == 0 ? "" : signed_text(row.pieces()),
                       money_text(row.insured()), event, position});
        }
    }
    std::string text = answer.account() + " from " + time_text(answer.from()) + " to " + time_text(answer.to()) + "\n";
    text += side_text("opening", answer.opening()) + table.text();
    text += "pieces that came " + std::to_string(answer.came()) + ", that went " + std::to_string(answer.went()) + "\n";
    return text + side_text("closing", answer.closing()) + when_text(answer.as_of()) + more_text(answer.next());
}

std::string trial_text(const v1::TrialAnswer& answer) {
    Table table({"class", ">pieces", ">insured", ">supplies"});
    for (const auto& row : answer.rows()) {
        std::string supplies;
        for (const auto& supply : row.supplies()) {
            supplies += (supplies.empty() ? "" : ", ") + std::to_string(supply.supply()) + ": " +
                        std::to_string(supply.quantity());
        }
        table.add({row.account_class(), std::to_string(row.pieces()), money_text(row.insured()), supplies});
    }
    Table verdicts({"", "invariant", ">checked", "", "result"});
    for (const auto& row : answer.verdicts()) {
        const bool looked = row.not_checked().empty();
        const std::string result = !looked             ? "not checked: " + row.not_checked()
                                   : row.violated() == 0 ? "holds"
                                                         : std::to_string(row.violated()) + " VIOLATED";
        verdicts.add({"I" + std::to_string(row.number()), row.name(), looked ? std::to_string(row.checked()) : "",
                      looked ? row.unit() : "", result});
    }
    std::string text = table.text() + std::to_string(answer.pieces()) + " pieces in all\n\n" + verdicts.text();
    for (const auto& row : answer.verdicts()) {
        const std::string name = "I" + std::to_string(row.number()) + ": ";
        for (const std::string& what : row.violations()) text += name + what + "\n";
    }
    return text + when_text(answer.as_of());
}

int chain(const Common& common, const AskOptions& options) {
    return ask<v1::ChainAnswer>(common, "items/" + encode_path(options.subject) + "/chain", options, chain_text);
}
int believed(const Common& common, const AskOptions& options) {
    return ask<v1::BelievedAnswer>(common, "items/" + encode_path(options.subject) + "/believed", options,
                                   believed_text);
}
int holder(const Common& common, const AskOptions& options) {
    return ask<v1::HolderAnswer>(common, "items/" + encode_path(options.subject) + "/holder", options,
                                 holder_answer_text);
}
int held(const Common& common, const AskOptions& options) {
    const std::string account = options.subject.empty() ? "" : "/" + encode_path(options.subject);
    return ask<v1::HeldAnswer>(common, "held" + account, options, held_text);
}
int statement(const Common& common, const AskOptions& options) {
    return ask<v1::StatementAnswer>(common, "statements/" + encode_path(options.subject), options, statement_text);
}
int trial_balance(const Common& common, const AskOptions& options) {
    return ask<v1::TrialAnswer>(common, "trial-balance", options, trial_text);
}

const QuestionCommand kCommands[] = {
    {"chain", "who held a piece, from its registration on", {"id", "the piece's UUID"}, {kValidAt, kKnownAt}, false,
     chain},
    {"believed",
     "what was believed of a piece then and then, and why it differs",
     {"id", "the piece's UUID"},
     {kKnownAt,
      {"--and-at", "and_at", "and as it was known at this time or position; left out: now"},
      kValidAt,
      kFrom,
      kTo},
     false,
     believed},
    {"holder", "who held a piece at a moment", {"id", "the piece's UUID"}, {kValidAt, kKnownAt}, false, holder},
    {"held",
     "what an account, a person, a party or a parcel held within a time",
     {"path", "the account's path: a case, a memo, a workshop", false},
     {{"--person", "person", "instead: a person, at all sites"},
      {"--party", "party", "instead: a party, with all its memos"},
      {"--parcel", "parcel", "instead: a parcel, from its packing to its arrival"},
      kFrom,
      kTo,
      kKnownAt},
     true,
     held},
    {"statement",
     "what came to an account and went, between its opening and closing",
     {"path", "the account's path"},
     {kFrom, kTo, {"--at", "at", "instead: the business day that contains this time"}, kKnownAt},
     true,
     statement},
    {"trial-balance",
     "pieces and supplies by class of account, and whether the invariants hold there",
     {},
     {{"--check", "check", "hold every piece against the accounts", ParamOption::Takes::kNothing},
      kValidAt,
      kKnownAt},
     false,
     trial_balance},
};

}  // namespace

std::span<const QuestionCommand> custody_commands() { return kCommands; }

}  // namespace daybook::cli
