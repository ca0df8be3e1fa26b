// Late entries, corrections, counts, documents, and a day in numbers.
#include "engine/cli/ask.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::cli {
namespace {

std::string number_text(std::uint64_t number) { return number == 0 ? "" : std::to_string(number); }
std::string signed_text(std::int64_t number) { return number == 0 ? "" : std::to_string(number); }

template <class Texts>
std::string some(const Texts& texts) {
    if (texts.empty()) return "";
    return texts[0] + (texts.size() > 1 ? " and " + std::to_string(texts.size() - 1) + " more" : "");
}

std::string late_rows_text(const v1::LateAnswer& answer) {
    Table table({">position", "event", "occurred", "recorded", ">delay", ">by", ">approved", "reason", "item",
                 "supersedes", ">corrected by", "what counts", ">counts passed", ">days passed"});
    for (const auto& row : answer.rows()) {
        std::string supersedes;
        if (row.has_target_position()) supersedes = "event " + std::to_string(row.target_position());
        for (const std::uint64_t position : row.replacements()) supersedes += ", by " + std::to_string(position);
        std::string stands = row.has_target_position() && row.stands().empty() ? "nothing" : "";
        for (const std::uint64_t position : row.stands())
            stands += (stands.empty() ? "" : ", ") + std::to_string(position);
        table.add({std::to_string(row.position()), v1::EventType::Code_Name(row.type()), time_text(row.occurred_at()),
                   time_text(row.recorded_at()), late_text(row.delay_minutes()), number_text(row.by()),
                   number_text(row.approved_by()), row.reason(), some(row.items()), supersedes,
                   number_text(row.corrected_by()), stands,
                   count_text(static_cast<std::uint64_t>(row.counts_passed_size())),
                   count_text(static_cast<std::uint64_t>(row.days_passed_size()))});
    }
    return table.text() + as_of_text(answer.as_of()) + more_text(answer.next());
}

constexpr const char* kRecheck = "RECHECK: what is known now of before its cut is not what was counted";

// "3, 1 different, 1 not counted".
std::string supplies_text(const v1::CountRow& row) {
    std::string text = number_text(row.supplies());
    if (row.supplies_different() != 0) text += ", " + std::to_string(row.supplies_different()) + " different";
    if (row.supplies_not_counted() != 0) text += ", " + std::to_string(row.supplies_not_counted()) + " not counted";
    return text;
}

std::string counts_text(const v1::CountsAnswer& answer) {
    Table table({"count", "kind", "opened", "ended", ">min", ">by", ">and", ">expected", ">matched", ">missing",
                 ">misplaced", ">unexpected", ">moved", ">open", "supplies", "remark"});
    for (const auto& row : answer.rows()) {
        std::string remark = row.recheck() ? kRecheck : "";
        if (!row.has_ended_by()) remark = "open";
        if (!row.abandoned_because().empty()) remark = "abandoned: " + row.abandoned_because();
        table.add({row.count(), v1::CountOpened::Kind_Name(row.kind()), time_text(row.opened_at()),
                   time_text(row.ended_at()), signed_text(row.minutes()), number_text(row.counter()),
                   number_text(row.second_counter()), count_text(row.expected()), count_text(row.matched()),
                   count_text(row.missing()), count_text(row.misplaced()), count_text(row.unexpected()),
                   count_text(row.moved()), count_text(row.discrepancies_open()), supplies_text(row), remark});
    }
    return table.text() + as_of_text(answer.as_of()) + more_text(answer.next());
}

std::string sheet_text(const v1::CountSheetAnswer& answer) {
    Table table({"account", "item", "model", "seen", "found"});
    for (const auto& row : answer.rows())
        table.add({row.account(), row.item(), row.model(), row.seen() ? "yes" : "", row.found()});
    Table supplies({"account", ">supply", "sku", ">at the cut", ">moved", ">expected", ">counted", "unit",
                    ">difference", ">tolerance", "found"});
    for (const auto& row : answer.supplies()) {
        const bool told = row.found() != "UNEXPECTED" && !answer.blind();
        supplies.add({row.account(), std::to_string(row.supply()), row.sku(), told ? std::to_string(row.at_cut()) : "",
                      signed_text(row.moved()), told ? std::to_string(row.expected()) : "",
                      row.has_counted() ? std::to_string(row.counted()) : "", row.unit(),
                      signed_text(row.difference()), signed_text(row.tolerance()), row.found()});
    }
    return v1::CountOpened::Kind_Name(answer.kind()) + " count " + answer.count() + ", cut at " +
           time_text(answer.cut_at()) + (answer.open() ? ", open" : "") + (answer.blind() ? ", blind" : "") + "\n" +
           (answer.recheck() ? std::string(kRecheck) + "\n" : "") +
           (answer.rows().empty() && !answer.supplies().empty() ? std::string() : table.text()) +
           (answer.supplies().empty() ? std::string() : supplies.text()) + as_of_text(answer.as_of()) +
           more_text(answer.next());
}

std::string document_text(const v1::DocumentAnswer& answer) {
    Table table({">position", "occurred", "event", "as", ">site", ">by", "item", "follows", ">corrected by"});
    for (const auto& row : answer.rows()) {
        table.add({std::to_string(row.position()), time_text(row.occurred_at()), v1::EventType::Code_Name(row.type()),
                   row.as(), number_text(row.site()), number_text(row.by()), some(row.items()), row.follows(),
                   row.has_corrected_by() ? std::to_string(row.corrected_by()) : ""});
    }
    return answer.number() + "\n" + table.text() + as_of_text(answer.as_of()) + more_text(answer.next());
}

std::string reconciliation_text(const v1::ReconciliationAnswer& answer) {
    Table table({"account", ">opening", ">received", ">returned", ">transfers in", ">moved in", ">sold",
                 ">transfers out", ">memo out", ">workshop", ">moved out", ">adjusted", ">expected", ">counted",
                 ">difference", "count", "open discrepancies"});
    for (const auto& row : answer.rows()) {
        table.add({row.account(), std::to_string(row.opening()), signed_text(row.received()),
                   signed_text(row.returned()), signed_text(row.transfers_in()), signed_text(row.moved_in()),
                   signed_text(row.sold()), signed_text(row.transfers_out()), signed_text(row.memo_out()),
                   signed_text(row.workshop()), signed_text(row.moved_out()), signed_text(row.adjusted()),
                   std::to_string(row.expected()), row.has_counted() ? std::to_string(row.counted()) : "",
                   signed_text(row.difference()), row.recheck() ? "RECHECK" : "", some(row.discrepancies())});
    }
    std::string text = "site " + std::to_string(answer.site()) + ", from " +
                       (answer.has_from() ? time_text(answer.from()) : "the beginning") + " to " +
                       (answer.has_to() ? time_text(answer.to()) : "now") + "\n" + table.text();
    if (answer.supplies_size() != 0) {
        Table supplies({"account", ">supply", "sku", ">opening", ">received", ">issued", ">scrapped", ">adjusted",
                        ">expected", ">counted", ">difference", "remark"});
        for (const auto& row : answer.supplies()) {
            const std::string differs = row.different() ? "DIFFERENT" : "";
            const std::string again = row.recheck() ? "RECHECK" : "";
            supplies.add({row.account(), std::to_string(row.supply()), row.sku(), std::to_string(row.opening()),
                          signed_text(row.received()), signed_text(row.issued()), signed_text(row.scrapped()),
                          signed_text(row.adjusted()), std::to_string(row.expected()),
                          row.has_counted() ? std::to_string(row.counted()) : "", signed_text(row.difference()),
                          differs + (differs.empty() || again.empty() ? "" : ", ") + again});
        }
        text += supplies.text();
    }
    if (answer.late_entries() != 0)
        text += std::to_string(answer.late_entries()) +
                " late entries and corrections were recorded for earlier days\n";
    return text + as_of_text(answer.as_of());
}

int late(const Common& common, const AskOptions& options) {
    return ask<v1::LateAnswer>(common, "late", options, late_rows_text);
}
int corrections(const Common& common, const AskOptions& options) {
    return ask<v1::LateAnswer>(common, "corrections", options, late_rows_text);
}
int counts(const Common& common, const AskOptions& options) {
    if (!options.subject.empty()) {
        return ask<v1::CountSheetAnswer>(common, "counts/" + encode_path(options.subject), options, sheet_text);
    }
    return ask<v1::CountsAnswer>(common, "counts", options, counts_text);
}
int document(const Common& common, const AskOptions& options) {
    return ask<v1::DocumentAnswer>(common, "documents/" + encode_path(options.subject), options, document_text);
}
std::string counted_text(const v1::CountedAnswer& answer) {
    Table table({"account", "item", "model", "inside since", "counted", ">days ago", "overdue", "count", "remark"});
    for (const auto& row : answer.rows()) {
        table.add({row.account(), row.item(), row.model(), time_text(row.inside_since()),
                   row.has_last() ? time_text(row.last().counted_at()) : "never", std::to_string(row.age_days()),
                   row.overdue() ? "yes" : "", row.last().count(), row.last().recheck() ? "RECHECK" : ""});
    }
    return table.text() + when_text(answer.as_of()) + more_text(answer.next());
}
int counted(const Common& common, const AskOptions& options) {
    const std::string account = options.subject.empty() ? "" : "/" + encode_path(options.subject);
    return ask<v1::CountedAnswer>(common, "counted" + account, options, counted_text);
}

int reconcile(const Common& common, const AskOptions& options) {
    return ask<v1::ReconciliationAnswer>(common, "reconciliation/" + encode_path(options.subject), options,
                                         reconciliation_text);
}

const ParamOption kFrom = {"--from", "from", "from this position, or time of recording (RFC 3339), on"};
const ParamOption kTo = {"--to", "to", "before this position, or time of recording"};
const ParamOption kSite = {"--site", "site", "only this site"};

const QuestionCommand kCommands[] = {
    {"reconcile",
     "a site's business day in numbers: opening, in, out, expected, counted",
     {"site", "the number of the site"},
     {{"--at", "at", "the business day that holds this time (RFC 3339; default: the open one)"}, kKnownAt},
     false,
     reconcile},
    {"counts",
     "counts of a site and what they found; with the id of one: its sheet",
     {"count", "the count's UUID", false},
     {{"--site", "site", "the site (needed where no count is named)"},
      {"--known-at", "known_at", "of a site: as it was known at this time or position; a sheet is told as it is now"}},
     true,
     counts},
    {"counted",
     "when each piece was counted last: of an account, a site or all",
     {"path", "the account's path", false},
     {kSite,
      {"--days", "days", "overdue is what was not counted for so long (default: the policy in force)"},
      {"--overdue", "overdue", "only those", ParamOption::Takes::kNothing},
      kValidAt,
      kKnownAt},
     true,
     counted},
    {"late", "late entries and corrections, and what they passed", {}, {kFrom, kTo, kSite, kKnownAt}, true, late},
    {"corrections",
     "events that were superseded, and what stands in their place",
     {},
     {kFrom, kTo, kSite, kKnownAt},
     true,
     corrections},
    {"document",
     "the life of a memo, invoice, carnet, parcel, repair …, by its number",
     {"number", "the number, as it stands on the paper"},
     {kKnownAt},
     true,
     document},
};

}  // namespace

std::span<const QuestionCommand> register_commands() { return kCommands; }

}  // namespace daybook::cli
