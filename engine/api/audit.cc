#include "engine/api/audit.h"

#include "engine/api/internal/asked_past.h"
#include "engine/api/internal/recorded.h"
#include "engine/base/limits.h"
#include "engine/codec/json.h"
#include "engine/log/event_log.h"
#include "projections/views.h"
#include "schemas/daybook/v1/audit.pb.h"
#include "schemas/daybook/v1/view.pb.h"

namespace daybook::api {
namespace {

void add(const std::vector<audit::Remark>& remarks, google::protobuf::RepeatedPtrField<v1::AuditRemark>& out) {
    for (const auto& remark : remarks) {
        auto& added = *out.Add();
        if (remark.event != kNoPosition) added.set_event(remark.event);
        added.set_what(remark.what);
    }
}

// I17: each row of the comparison is something checked, and what is not as it should be a violation by its position.
Result<void> judge_delivery(const CheckDelivery& delivery, audit::Report& report) {
    constexpr int kDelivery = 17;
    audit::Finding& finding = report.findings[kDelivery - 1];
    if (!delivery) return {};
    const auto compared = delivery();
    if (!compared) {
        finding.not_checked = "what is in Kafka could not be compared: " + compared.error().message;
        return {};
    }
    v1::VerifyAnswer answer;
    DAYBOOK_TRY(codec::from_json(*compared, answer));
    finding.not_checked.clear();
    for (const v1::VerifyRow& row : answer.rows()) {
        finding.checked += row.checked();
        const Position event = row.has_position() ? row.position() : kNoPosition;
        const bool concerns = event == kNoPosition || (report.from <= event && event < report.to);
        if (row.not_checked()) finding.not_checked = row.what() + " could not be compared: " + row.message();
        if (row.ok() || row.not_checked() || !concerns) continue;
        ++finding.violated;
        if (finding.violations.size() < limits::kAuditRemarksMax)
            finding.violations.push_back({event, row.what() + ": " + row.message()});
    }
    return {};
}

}  // namespace

Result<Audited> audit(Ledger& ledger, const audit::Options& options, const audit::Progress& progress,
                      const CheckDelivery& delivery, const AskForPast& ask) {
    audit::Options whole = options;  // nothing ends inside an atomic batch
    if (options.to != 0 && options.to < ledger.event_log().head()) {
        DAYBOOK_ASSIGN(whole.to, known_with(ledger.event_log(), options.to - 1));
    }
    AskedPast past(ask ? ask : [&ledger](const std::string& question) { return ledger.ask(question); });
    whole.past = &past;
    DAYBOOK_ASSIGN(auto report, audit::run(ledger.event_log(), &ledger.views(), whole, progress));
    DAYBOOK_TRY(judge_delivery(delivery, report));
    v1::AuditAnswer answer;
    if (report.to > 0) answer.mutable_as_of()->set_position(report.to - 1);
    answer.set_from(report.from);
    answer.set_to(report.to);
    for (const auto& finding : report.findings) {
        auto& row = *answer.add_rows();
        row.set_number(static_cast<std::uint32_t>(finding.number));
        row.set_name(std::string(finding.name));
        row.set_checked(finding.checked);
        row.set_unit(std::string(finding.unit));
        row.set_violated(finding.violated);
        add(finding.violations, *row.mutable_violations());
        row.set_listed(finding.listed);
        add(finding.list, *row.mutable_list());
        row.set_not_checked(finding.not_checked);
    }
    answer.set_ok(report.sound());
    return Audited{report.sound(), codec::to_json(answer)};
}

}  // namespace daybook::api
