// audit: what was checked of each invariant, and what violates it.
#include <cstdio>
#include <fstream>
#include <sstream>

#include "engine/cli/commands.h"
#include "engine/cli/link.h"
#include "engine/cli/progress.h"
#include "engine/cli/table.h"
#include "engine/codec/json.h"
#include "schemas/daybook/v1/audit.pb.h"

namespace daybook::cli {
namespace {

constexpr int kRemarksShown = 10;  // of one invariant; --json has more

std::string result_of(const v1::AuditRow& row) {
    if (!row.not_checked().empty()) return "not checked: " + row.not_checked();
    std::string result = row.violated() == 0 ? "holds" : std::to_string(row.violated()) + " VIOLATED";
    if (row.listed() != 0) result += ", " + std::to_string(row.listed()) + " listed";
    return result;
}

void print_remarks(const v1::AuditRow& row, const google::protobuf::RepeatedPtrField<v1::AuditRemark>& remarks,
                   std::uint64_t all, const char* what) {
    if (remarks.empty()) return;
    std::printf("\nI%u %s: %s\n", row.number(), row.name().c_str(), what);
    int shown = 0;
    for (const auto& remark : remarks) {
        if (shown++ == kRemarksShown) break;
        const std::string at = remark.has_event() ? "event " + std::to_string(remark.event()) + ": " : "";
        std::printf("  %s%s\n", at.c_str(), remark.what().c_str());
    }
    if (all > kRemarksShown) std::printf("  … %llu in all\n", static_cast<unsigned long long>(all));
}

}  // namespace

int audit(const Common& common, const AuditAsked& given, const std::string& keys_file) {
    AuditAsked asked = given;
    if (!keys_file.empty()) {
        std::ifstream file(keys_file);
        std::ostringstream text;
        text << file.rdbuf();
        if (!file) return failed(common, {ErrorCode::kIo, "--keys: " + keys_file + " cannot be read"});
        asked.keys = text.str();
    }
    Progress progress;
    const auto show = [&](std::string_view what, Position done, Position of) { progress.show(what, done, of); };
    auto link = Link::open(common.dir, show);
    if (!link) return failed(common, link.error());
    const auto json = (*link)->audit(asked, show);
    progress.clear();
    if (!json) return failed(common, json.error());
    v1::AuditAnswer answer;
    if (const auto parsed = codec::from_json(*json, answer); !parsed) return failed(common, parsed.error());
    if (common.json) {
        std::printf("%s\n", json->c_str());
    } else {
        Table table({"", "invariant", ">checked", "", "result"});
        for (const auto& row : answer.rows()) {
            const bool looked = row.not_checked().empty();
            table.add({"I" + std::to_string(row.number()), row.name(), looked ? std::to_string(row.checked()) : "",
                       looked ? row.unit() : "", result_of(row)});
        }
        std::fputs(table.text().c_str(), stdout);
        for (const auto& row : answer.rows()) {
            print_remarks(row, row.violations(), row.violated(), "violated");
            print_remarks(row, row.list(), row.listed(), "listed");
        }
        std::printf("\nevents %llu to %llu: %s\n", static_cast<unsigned long long>(answer.from()),
                    static_cast<unsigned long long>(answer.to()),
                    answer.ok() ? "every invariant that was checked holds" : "NOT SOUND");
    }
    const int exit_code = written(common);
    if (exit_code != kExitWell) return exit_code;
    return answer.ok() ? kExitWell : kExitRefused;
}

}  // namespace daybook::cli
