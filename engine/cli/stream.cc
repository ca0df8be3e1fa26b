// `daybook stream`: how publishing stands, whether what is in Kafka is right, and where a consumer may begin.
#include <cstdio>
#include <utility>

#include "engine/cli/ask.h"
#include "engine/cli/link.h"
#include "engine/cli/progress.h"
#include "engine/cli/stream_options.h"
#include "engine/codec/json.h"
#include "schemas/daybook/v1/stream.pb.h"

namespace daybook::cli {
namespace {

constexpr const char* kSnapshotRows = "1000";

std::string seconds_text(std::int64_t micros) {
    const std::int64_t tenths = micros / (kSecond / 10);
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string status_text(const v1::StreamAnswer& answer) {
    if (answer.rows_size() == 0) return "nothing is published: serve with --kafka\n";
    std::string text;
    for (const v1::StreamStatus& row : answer.rows()) {
        Table table({"what", "value"});
        table.add({"topics", row.topics() + ".*.v" + std::to_string(row.generation())});
        table.add({"state", row.state() + (row.step().empty() ? "" : ": " + row.step())});
        table.add({"in Kafka", row.has_next() ? std::to_string(row.next()) + " events" : "not known yet"});
        table.add({"behind", std::to_string(row.lag_events()) + " events, " + seconds_text(row.lag_micros())});
        table.add({"term", std::to_string(row.term()) + (row.fenced() ? ", fenced by another publisher" : "")});
        table.add({"since the start", std::to_string(row.records()) + " records in " +
                                          std::to_string(row.transactions()) + " transactions"});
        table.add({"last commit", time_text(row.last_commit_at())});
        if (!row.last_error().empty()) {
            table.add({"last error", time_text(row.last_error_at()) + " " + row.last_error()});
        }
        text += table.text();
    }
    return text;
}

// What all rows together say, and the exit code that says the same.
std::pair<std::string, int> check_result(const v1::VerifyAnswer& answer) {
    if (answer.ok()) return {"Kafka holds what the ledger holds", kExitWell};
    std::string left_out;
    for (const v1::VerifyRow& row : answer.rows()) {
        if (!row.ok() && !row.not_checked()) return {"KAFKA AND THE LEDGER DIFFER", kExitRefused};
        if (!row.ok()) left_out += (left_out.empty() ? "" : ", ") + row.what();
    }
    return {"the rest is what the ledger holds; NOT COMPARED: " + left_out, kExitFailed};
}

// The rows of a snapshot, a JSON object a line.
template <class Rows>
void print_rows(const Rows& rows) {
    for (const auto& row : rows) std::printf("%s\n", codec::to_json(row).c_str());
}

}  // namespace

int stream_status(const Common& common) {
    return ask<v1::StreamAnswer>(common, "stream", {}, status_text);
}

int stream_check(const Common& common, const StreamFlags& flags) {
    const auto options = stream_options(flags);
    if (!options) return failed(common, options.error());
    Progress progress;
    const auto show = [&](std::string_view what, Position done, Position of) { progress.show(what, done, of); };
    auto link = Link::open(common.dir, show);
    if (!link) return failed(common, link.error());
    server::StreamCheckAsked asked{flags.generations, flags.kafka, flags.prefix, flags.value, flags.partitions};
    if (!flags.config.empty() && !options->empty()) {
        asked.bootstrap = options->front().bootstrap;
        asked.prefix = options->front().prefix;
    }
    const auto json = (*link)->check_stream(asked, *options, show);
    progress.clear();
    if (!json) return failed(common, json.error());
    v1::VerifyAnswer answer;
    if (const auto parsed = codec::from_json(*json, answer); !parsed) return failed(common, parsed.error());
    const auto [result, exit_code] = check_result(answer);
    if (common.json) {
        std::printf("%s\n", json->c_str());
    } else {
        Table table({"topic", ">records", "result"});
        for (const auto& row : answer.rows()) {
            const std::string where = row.has_position() ? "at position " + std::to_string(row.position()) + ": " : "";
            std::string says = row.message().empty() ? "as the ledger" : row.message();
            if (!row.ok()) says = row.not_checked() ? "not compared: " + row.message() : where + row.message();
            table.add({row.what(), std::to_string(row.checked()), says});
        }
        std::fputs(table.text().c_str(), stdout);
        std::printf("%s%s\n", as_of_text(answer.as_of()).c_str(), result.c_str());
    }
    return exit_code == kExitWell ? written(common) : exit_code;
}

int stream_snapshot(const Common& common, const std::string& what) {
    AskOptions page;
    if (what == "custody") page.params = {{"rows", kSnapshotRows}, {"cursor", ""}};
    do {
        const auto json = ask_json(common, "stream/snapshot/" + what, page);
        if (!json) return kExitFailed;
        v1::SnapshotAnswer answer;
        if (const auto parsed = codec::from_json(*json, answer); !parsed) return failed(common, parsed.error());
        print_rows(answer.custody());
        print_rows(answer.stock());
        if (page.params.size() < 2) break;
        page.params[1].second = answer.next();
    } while (!page.params[1].second.empty());
    return written(common);
}

}  // namespace daybook::cli
