// What auditors list: who may do what, which limits are how full, what was counted when, what a range holds.
#include "engine/cli/ask.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::cli {
namespace {

std::string authority_text(const v1::AuthorityAnswer& answer) {
    Table table({"role", ">site", "what", "from", "to", ">by event", "holds"});
    for (const auto& row : answer.rows()) {
        table.add({v1::Role::Code_Name(row.role()), row.site() == 0 ? "all" : std::to_string(row.site()),
                   row.granted() ? "granted" : "revoked", time_text(row.from()), time_text(row.to()),
                   std::to_string(row.source()), row.holds() ? "yes" : ""});
    }
    return "principal " + std::to_string(answer.principal()) + " at " + time_text(answer.as_of().valid_at()) + "\n" +
           table.text() + as_of_text(answer.as_of());
}

std::string limits_text(const v1::LimitsAnswer& answer) {
    Table table({"limit", ">allowed", ">used", ">left", ">pieces", ">lifted to", "until", "dearest"});
    for (const auto& row : answer.rows()) {
        v1::Money left = row.allowed();
        left.set_minor(row.headroom_minor());
        table.add({row.limit(), money_text(row.allowed()), money_text(row.used()), money_text(left),
                   count_text(row.pieces()), row.has_override_to() ? money_text(row.override_to()) : "",
                   time_text(row.override_until()), row.top_size() == 0 ? "" : row.top(0).item()});
    }
    return table.text() + as_of_text(answer.as_of());
}

std::string coverage_text(const v1::CoverageAnswer& answer) {
    Table table({"account", ">pieces", ">insured", "counted", ">days ago", "overdue", "count", "remark"});
    for (const auto& row : answer.rows()) {
        table.add({row.account(), std::to_string(row.pieces()), money_text(row.insured()),
                   row.has_counted_at() ? time_text(row.counted_at()) : "never",
                   row.has_counted_at() ? std::to_string(row.age_days()) : "", row.overdue() ? "yes" : "",
                   row.count(), row.recheck() ? "RECHECK" : ""});
    }
    return table.text() + as_of_text(answer.as_of());
}

std::string range_text(const v1::RangeAnswer& answer) {
    Table table({"what", "value"});
    table.add({"positions", std::to_string(answer.from()) + " up to, not including, " + std::to_string(answer.to())});
    table.add({"events", std::to_string(answer.events())});
    table.add({"bytes, as exported in protobuf", std::to_string(answer.bytes())});
    table.add({"SHA-256 of these bytes", answer.sha256()});
    table.add({"Merkle root before the end", answer.root()});
    return table.text() + as_of_text(answer.as_of());
}

std::string checkpoint_text(const v1::CheckpointAnswer& answer) { return answer.text(); }

std::string refused_text(const v1::RefusedAnswer& answer) {
    Table table({">number", "at", "code", "event", ">principal", "role", ">site", "because"});
    for (const auto& row : answer.rows()) {
        table.add({std::to_string(row.number()), time_text(row.at()), v1::ErrorCode::Code_Name(row.code()),
                   v1::EventType::Code_Name(row.type()), std::to_string(row.principal()),
                   row.role() == v1::Role::UNSPECIFIED ? "" : v1::Role::Code_Name(row.role()),
                   std::to_string(row.site()), row.message()});
    }
    std::string text = table.text() + as_of_text(answer.as_of()) + more_text(answer.next());
    if (!answer.not_written_because().empty()) text += "not written: " + answer.not_written_because() + "\n";
    return text;
}

int authority(const Common& common, const AskOptions& options) {
    return ask<v1::AuthorityAnswer>(common, "authority/" + encode_path(options.subject), options, authority_text);
}
int limits(const Common& common, const AskOptions& options) {
    return ask<v1::LimitsAnswer>(common, "limits", options, limits_text);
}
int coverage(const Common& common, const AskOptions& options) {
    return ask<v1::CoverageAnswer>(common, "coverage", options, coverage_text);
}
int refused(const Common& common, const AskOptions& options) {
    return ask<v1::RefusedAnswer>(common, "refused", options, refused_text);
}
int checkpoint(const Common& common, const AskOptions& options) {
    return ask<v1::CheckpointAnswer>(common, "checkpoint", options, checkpoint_text);
}
int range(const Common& common, const AskOptions& options) {
    return ask<v1::RangeAnswer>(common, "range", options, range_text);
}

const QuestionCommand kCommands[] = {
    {"authority",
     "the roles of a principal, and by which events",
     {"principal", "the number of the principal"},
     {{"--at", "at", "which of them hold at this valid time (RFC 3339; default: now)"},
      {"--valid-at", "valid_at", "the same"},
      kKnownAt},
     false,
     authority},
    {"limits",
     "limits of a site and how far each is used",
     {},
     {{"--site", "site", "the site (needed)"}},
     false,
     limits},
    {"coverage",
     "when each account of a site was counted last",
     {},
     {{"--site", "site", "the site (needed)"}},
     false,
     coverage},
    {"refused", "commands that the rules refused, the newest first", {}, {}, true, refused},
    {"range",
     "digest of a range of the log, as `export --format protobuf` writes it",
     {},
     {{"--from", "from", "first position, or a time of recording (RFC 3339)"},
      {"--to", "to", "position to stop before, or a time of recording"}},
     false,
     range},
    {"checkpoint",
     "the text that is signed for a CheckpointSealed",
     {},
     {{"--size", "size", "over so many events (default: all)"}},
     false,
     checkpoint},
};

}  // namespace

std::span<const QuestionCommand> audit_commands() { return kCommands; }

}  // namespace daybook::cli
