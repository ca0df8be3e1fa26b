// init, verify, rebuild, export, simulate.
#include <cstdio>

#include "engine/cli/commands.h"
#include "engine/cli/link.h"
#include "engine/cli/progress.h"
#include "engine/cli/table.h"
#include "engine/codec/json.h"
#include "schemas/daybook/v1/view.pb.h"

namespace daybook::cli {

int failed(const Common& common, const Error& error) {
    std::fflush(stdout);
    if (common.json) {
        std::fprintf(stderr, "%s\n", error_json(error).c_str());
    } else {
        std::fprintf(stderr, "daybook: %s: %s\n", std::string(to_string(error.code)).c_str(), error.message.c_str());
    }
    return kExitFailed;
}

int written(const Common& common) {
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return kExitWell;
    return failed(common, {ErrorCode::kIo, "standard output cannot be written"});
}

int init(const Common& common, const std::string& ledger_id) {
    std::optional<LedgerId> id;
    if (!ledger_id.empty()) {
        id = LedgerId::parse(ledger_id);
        if (!id)
            return failed(common, {ErrorCode::kInvalid,
                                   "--ledger: '" + ledger_id + "' is no UUID, 8-4-4-4-12 lower-case hexadecimal"});
    }
    const auto made = Ledger::create(common.dir, id);
    if (!made) return failed(common, made.error());
    if (common.json) {
        std::printf("{\"ledger\":\"%s\"}\n", made->text().c_str());
    } else {
        std::printf("ledger %s in %s; its first command must be a LedgerCreated\n", made->text().c_str(),
                    common.dir.c_str());
    }
    return kExitWell;
}

int verify(const Common& common) {
    Progress progress;
    const auto show = [&](std::string_view what, Position done, Position of) { progress.show(what, done, of); };
    auto link = Link::open(common.dir, show);
    if (!link) return failed(common, link.error());
    const auto json = (*link)->verify(show);
    progress.clear();
    if (!json) return failed(common, json.error());
    v1::VerifyAnswer answer;
    if (const auto parsed = codec::from_json(*json, answer); !parsed) return failed(common, parsed.error());
    if (common.json) {
        std::printf("%s\n", json->c_str());
    } else {
        Table table({"checked", ">how many", "result"});
        for (const auto& row : answer.rows()) {
            const std::string where = row.has_position() ? "at position " + std::to_string(row.position()) + ": " : "";
            table.add({row.what(), std::to_string(row.checked()), row.ok() ? "sound" : where + row.message()});
        }
        std::fputs(table.text().c_str(), stdout);
        std::printf("Merkle root %s\n%s\n", answer.root().c_str(), answer.ok() ? "everything is sound" : "NOT SOUND");
    }
    return answer.ok() ? kExitWell : kExitRefused;
}

int rebuild(const Common& common) {
    Progress progress;
    const auto show = [&](std::string_view what, Position done, Position of) { progress.show(what, done, of); };
    auto link = Link::open(common.dir, show);
    if (!link && link.error().code == ErrorCode::kCorrupt) {  // damaged read models: begin anew
        LedgerOptions options;
        options.dir = common.dir;
        options.rebuild_views = true;
        auto ledger = Ledger::open(std::move(options));
        if (!ledger) return failed(common, ledger.error());
        if (auto closed = (*ledger)->close(); !closed) return failed(common, closed.error());
        return digest(common);
    }
    if (!link) return failed(common, link.error());
    const auto json = (*link)->rebuild(show);
    progress.clear();
    if (!json) return failed(common, json.error());
    if (auto closed = (*link)->close(); !closed) return failed(common, closed.error());
    link->reset();
    return digest(common);
}

int export_events(const Common& common, Position from, Position to, const std::string& format) {
    Progress progress;
    auto link = Link::open(common.dir,
                           [&](std::string_view what, Position done, Position of) { progress.show(what, done, of); });
    progress.clear();
    if (!link) return failed(common, link.error());
    std::optional<Error> wrong;
    const auto visited = (*link)->events(from, to, [&](Position position, std::string_view event) {
        if (format == "protobuf") {
            for (std::size_t size = event.size();; size >>= 7) {
                std::fputc(static_cast<int>(size < 128 ? size : (size & 127) | 128), stdout);
                if (size < 128) break;
            }
            std::fwrite(event.data(), 1, event.size(), stdout);
        } else {
            const auto json = codec::event_to_json(event);
            if (!json) {
                wrong = json.error().in("position " + std::to_string(position));
                return false;
            }
            std::fwrite(json->data(), 1, json->size(), stdout);
            std::fputc('\n', stdout);
        }
        return std::ferror(stdout) == 0;
    });
    if (!visited) return failed(common, visited.error());
    if (wrong) return failed(common, *wrong);
    if (std::fflush(stdout) != 0) return failed(common, {ErrorCode::kIo, "standard output cannot be written"});
    return kExitWell;
}

int run_simulate(const SimulateOptions& options) {
    std::string buffer;
    constexpr std::size_t kBuffer = 1u << 20;
    bool broken = false;
    const auto flush = [&] {
        if (!broken && std::fwrite(buffer.data(), 1, buffer.size(), stdout) != buffer.size()) broken = true;
        buffer.clear();
    };
    simulate(options, [&](std::string_view line) {
        buffer += line;
        buffer += '\n';
        if (buffer.size() >= kBuffer) flush();
    });
    flush();
    return broken || std::fflush(stdout) != 0 ? failed({}, {ErrorCode::kIo, "standard output cannot be written"})
                                              : kExitWell;
}

}  // namespace daybook::cli
