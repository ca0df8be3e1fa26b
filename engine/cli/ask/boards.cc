// Boards of what is open: sign-outs, transfers, memos, repairs, reservations, deadlines.
#include "engine/cli/ask.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::cli {
namespace {

std::string number_text(std::uint64_t number) { return number == 0 ? "" : std::to_string(number); }

std::string joined(const google::protobuf::RepeatedPtrField<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
    return all;
}

std::string out_text(const v1::OutAnswer& answer) {
    Table table({"item", "model", ">person", "purpose", "account", "out", "due", ">late", ">insured"});
    for (const auto& row : answer.rows()) {
        table.add({row.item(), row.model(), number_text(row.holder()), v1::SignedOut::Purpose_Name(row.purpose()),
                   row.account(), time_text(row.out_at()), time_text(row.due_at()), late_text(row.overdue_minutes()),
                   money_text(row.insured())});
    }
    return table.text() + as_of_text(answer.as_of()) + more_text(answer.next());
}

std::string transit_text(const v1::TransitAnswer& answer) {
    Table table({"transfer", "from", "to", "purpose", ">carrier", "parcels", "seals", "sent", "expected", ">late",
                 ">pieces", ">insured", ">exceptions", "papers missing"});
    for (const auto& row : answer.rows()) {
        google::protobuf::RepeatedPtrField<std::string> missing;
        for (const int type : row.docs_missing()) {
            *missing.Add() = v1::DocType::Code_Name(static_cast<v1::DocType::Code>(type));
        }
        table.add({row.transfer(), row.inbound() ? "outside" : "site " + std::to_string(row.from_site()),
                   row.to_site() != 0 ? "site " + std::to_string(row.to_site()) : row.to_account(),
                   v1::TransferPurpose::Code_Name(row.purpose()), number_text(row.carrier()), joined(row.parcels()),
                   joined(row.seals()), time_text(row.sent_at()), time_text(row.eta()),
                   late_text(row.overdue_minutes()),
                   std::to_string(row.open_lines()) + " of " + std::to_string(row.lines()), money_text(row.insured()),
                   count_text(row.exceptions()), joined(missing)});
    }
    return table.text() + as_of_text(answer.as_of()) + more_text(answer.next());
}

std::string memos_text(const v1::MemosAnswer& answer) {
    Table table({"memo", "way", ">party", ">site", "issued", "due", ">late", ">days", "bucket", ">alert", ">pieces",
                 ">insured"});
    for (const auto& row : answer.rows()) {
        table.add({row.memo(), row.incoming() ? "in" : "out", number_text(row.party()), std::to_string(row.site()),
                   time_text(row.issued_at()), time_text(row.due_at()), late_text(row.overdue_minutes()),
                   std::to_string(row.age_days()), row.bucket(), count_text(row.alert_days()),
                   std::to_string(row.open_lines()) + " of " + std::to_string(row.lines()), money_text(row.insured())});
    }
    Table buckets({"days", "way", ">memos", ">pieces"});
    for (const auto& row : answer.buckets()) {
        buckets.add({row.bucket(), row.incoming() ? "in" : "out", std::to_string(row.memos()),
                     std::to_string(row.pieces())});
    }
    return table.text() + buckets.text() + as_of_text(answer.as_of()) + more_text(answer.next());
}

std::string repairs_text(const v1::RepairsAnswer& answer) {
    Table table({"repair", "item", "model", ">client", "stage", "waiting for", "account", "opened", "promised",
                 ">late"});
    for (const auto& row : answer.rows()) {
        table.add({row.number(), row.item(), row.model(), number_text(row.client()), row.stage(), row.waiting_for(),
                   row.account(), time_text(row.opened_at()), time_text(row.promised_at()),
                   late_text(row.overdue_minutes())});
    }
    return table.text() + as_of_text(answer.as_of()) + more_text(answer.next());
}

std::string reservations_text(const v1::ReservationsAnswer& answer) {
    Table table({"until", ">late", "item", "model", ">party", "what", "order", "appointment", "where it is"});
    for (const auto& row : answer.rows()) {
        table.add({time_text(row.until()), late_text(row.overdue_minutes()), row.item(), row.model(),
                   number_text(row.party()), v1::ObligationKind::Code_Name(row.kind()), row.document(),
                   time_text(row.appointment_at()), row.account()});
    }
    return table.text() + as_of_text(answer.as_of()) + more_text(answer.next());
}

std::string deadlines_text(const v1::DeadlinesAnswer& answer) {
    Table table({"at", ">late", "what", ">site", ">party", "document", ">pieces", "obligation", "item"});
    for (const auto& row : answer.rows()) {
        table.add({time_text(row.at()), late_text(row.overdue_minutes()), row.what(), std::to_string(row.site()),
                   number_text(row.party()), row.document(), std::to_string(row.open_lines()), row.obligation(),
                   row.item()});
    }
    return table.text() + as_of_text(answer.as_of()) + more_text(answer.next());
}

int out(const Common& common, const AskOptions& options) {
    return ask<v1::OutAnswer>(common, "out", options, out_text);
}
int transit(const Common& common, const AskOptions& options) {
    return ask<v1::TransitAnswer>(common, "transit", options, transit_text);
}
int memos(const Common& common, const AskOptions& options) {
    return ask<v1::MemosAnswer>(common, "memos", options, memos_text);
}
int repairs(const Common& common, const AskOptions& options) {
    return ask<v1::RepairsAnswer>(common, "repairs", options, repairs_text);
}
int reservations(const Common& common, const AskOptions& options) {
    return ask<v1::ReservationsAnswer>(common, "reservations", options, reservations_text);
}
int deadlines(const Common& common, const AskOptions& options) {
    return ask<v1::DeadlinesAnswer>(common, "deadlines", options, deadlines_text);
}

const ParamOption kSite = {"--site", "site", "only this site"};
const ParamOption kWay = {"--way", "way", "only this way: in or out"};
const ParamOption kBefore = {"--before", "before", "only those before this time (RFC 3339)"};
const ParamOption kParty = {"--party", "party", "only this party"};

const QuestionCommand kCommands[] = {
    {"out",
     "pieces that are signed out, overdue first",
     {},
     {kSite, {"--person", "person", "only what this principal has"}},
     true,
     out},
    {"transit", "transfers on their way, in and out", {}, {kSite, kWay}, true, transit},
    {"memos", "memos that run, with their age", {}, {kSite, kParty, kWay}, true, memos},
    {"repairs", "repairs: how far each is, and for whom it waits", {}, {kSite}, true, repairs},
    {"reservations",
     "pieces held for somebody, and where to pick them",
     {},
     {kSite, kParty, kBefore},
     true,
     reservations},
    {"deadlines",
     "what has to be done by when for somebody else, and papers that run out",
     {},
     {kSite, kBefore},
     true,
     deadlines},
};

}  // namespace

std::span<const QuestionCommand> board_commands() { return kCommands; }

}  // namespace daybook::cli
