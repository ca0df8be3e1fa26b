// `daybook serve`: the engine and its publisher on a data directory, behind the HTTP door, until a signal comes.
#include <pthread.h>
#include <signal.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "engine/api/stream_check.h"
#include "engine/api/stream_state.h"
#include "engine/cli/commands.h"
#include "engine/cli/link.h"
#include "engine/cli/progress.h"
#include "engine/cli/stream_options.h"
#include "engine/log/event_log.h"
#include "engine/sequencer/sequencer.h"
#include "engine/server/door.h"
#include "engine/stream/publisher.h"

namespace daybook::cli {
namespace {

constexpr std::chrono::milliseconds kDoorGrace{1'500};  // of limits::kStopTimeout
constexpr std::chrono::milliseconds kPublisherGrace{1'500};

// The publishers of a ledger, one for each generation of topics.
class Publishers {
public:
    explicit Publishers(Ledger& ledger)
        : ledger_(ledger), state_(api::state_source(ledger.event_log(), ledger.views())) {}

    Result<void> start(const std::vector<stream::Options>& all) {
        for (stream::Options options : all) {
            options.state = state_.get();
            options.say = [generation = options.generation](stream::Options::Severity severity,
                                                            std::string_view text) {
                using Severity = stream::Options::Severity;
                const auto level = severity == Severity::kError     ? spdlog::level::err
                                   : severity == Severity::kWarning ? spdlog::level::warn
                                                                    : spdlog::level::info;
                spdlog::log(level, "stream v{}: {}", generation, text);
            };
            DAYBOOK_ASSIGN(auto publisher,
                           stream::Publisher::start(ledger_.event_log(), ledger_.engine().feed(),
                                                    ledger_.event_log().meta(), options));
            running_.push_back({std::move(options), std::move(publisher)});
        }
        return {};
    }

    [[nodiscard]] std::vector<api::Streaming> status() const {
        std::vector<api::Streaming> all;
        for (const Running& one : running_) {
            all.push_back({one.options.generation, one.options.prefix + "." + ledger_.id().text(),
                           one.publisher->status()});
        }
        return all;
    }

    [[nodiscard]] Result<std::string> check(const server::StreamCheckAsked& asked) const {
        if (running_.empty()) return fail(ErrorCode::kNotFound, "nothing is published: serve with --kafka");
        std::vector<stream::Options> meant;
        for (const Running& one : running_) {
            const auto& which = asked.generations;
            if (!which.empty() && std::ranges::find(which, one.options.generation) == which.end()) continue;
            DAYBOOK_TRY(check_is_meant(asked, one.options));
            meant.push_back(one.options);
        }
        for (const std::uint32_t generation : asked.generations) {
            const auto is_it = [&](const stream::Options& one) { return one.generation == generation; };
            if (std::ranges::any_of(meant, is_it)) continue;
            return fail(ErrorCode::kNotFound, "generation " + std::to_string(generation) + " is not published here");
        }
        return api::check_stream(ledger_, std::move(meant));
    }

    void stop(Deadline deadline) {
        for (const Running& one : running_) one.publisher->stop(deadline);
    }

private:
    // The server compares what it publishes, and says so where something else is asked about.
    static Result<void> check_is_meant(const server::StreamCheckAsked& asked, const stream::Options& own) {
        const auto differs = [](const std::string& what, const std::string& own_text, const std::string& asked_text) {
            return fail(ErrorCode::kInvalid, "the server of this directory publishes with " + what + " " + own_text +
                                                 ", not " + asked_text + ": leave it out, or stop the server");
        };
        if (!asked.bootstrap.empty() && asked.bootstrap != own.bootstrap) {
            return differs("--kafka", own.bootstrap, asked.bootstrap);
        }
        if (!asked.prefix.empty() && asked.prefix != own.prefix) return differs("--prefix", own.prefix, asked.prefix);
        if (asked.partitions != 0 && own.partitions != 0 && asked.partitions != own.partitions) {
            return differs("--partitions", std::to_string(own.partitions), std::to_string(asked.partitions));
        }
        const std::string value = own.format == stream::ValueFormat::kJson       ? "json"
                                  : own.format == stream::ValueFormat::kProtobuf ? "protobuf"
                                                                                 : "confluent";
        if (!asked.value.empty() && asked.value != value) return differs("--value", value, asked.value);
        return {};
    }

    struct Running {
        stream::Options options;
        std::unique_ptr<stream::Publisher> publisher;
    };
    Ledger& ledger_;
    std::unique_ptr<stream::StateSource> state_;
    std::vector<Running> running_;
};

// Written beside and renamed, so that nobody reads half of it.
Result<void> write_serving_file(const std::filesystem::path& dir, std::uint16_t port) {
    const auto path = serving_file(dir);
    const auto beside = path.string() + ".new";
    std::ofstream file(beside, std::ios::trunc);
    file << "{\"port\":" << port << ",\"pid\":" << getpid() << "}\n";
    file.close();
    std::error_code error;
    if (file) std::filesystem::rename(beside, path, error);
    if (!file || error) return fail(ErrorCode::kIo, "cannot write " + path.string());
    return {};
}

// SIGTERM and SIGINT are taken here and nowhere else; they must be blocked before any thread starts.
sigset_t block_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signal(SIGPIPE, SIG_IGN);  // a reader that left is a failed write, not the end
    return set;
}

// Returns when a signal has come or the engine has stopped by itself.
void wait_for_end(const sigset_t& signals, const Ledger& ledger) {
    const timespec moment{0, 200'000'000};
    while (sigtimedwait(&signals, nullptr, &moment) < 0 && !ledger.failure()) {
    }
}

}  // namespace

int serve(const Common& common, ServeOptions options) {
    const sigset_t signals = block_signals();
    spdlog::set_default_logger(spdlog::stderr_color_mt("daybook"));
    const auto publishing = stream_options(options.stream);
    if (!publishing) return failed(common, publishing.error());
    if (options.port == 0) {
        const auto port = configured_port(options.stream.config);
        if (!port) return failed(common, port.error());
        options.port = *port;
    }

    Progress progress;
    LedgerOptions opening;
    opening.dir = common.dir;
    opening.progress = [&](std::string_view what, Position done, Position of) {
        progress.show(what, done, of);
        return true;
    };
    auto ledger = Ledger::open(std::move(opening));
    progress.clear();
    if (!ledger) return failed(common, ledger.error());
    const OpenReport& report = (*ledger)->report();
    if (!report.recovery.empty()) spdlog::warn("recovery: {}", report.recovery);

    Publishers publishers(**ledger);
    if (const auto started = publishers.start(*publishing); !started) return failed(common, started.error());
    server::HttpServer::Options http;
    http.port = options.port;
    auto door = server::Door::open(**ledger, http,
                                   {[&] { return publishers.status(); },
                                    [&](const server::StreamCheckAsked& asked) { return publishers.check(asked); }});
    if (!door) return failed(common, door.error());
    if (const auto written = write_serving_file(common.dir, (*door)->port()); !written)
        return failed(common, written.error());
    spdlog::info("ledger {} with {} events, on http://127.0.0.1:{}", (*ledger)->id().text(), (*ledger)->head(),
                 (*door)->port());

    wait_for_end(signals, **ledger);

    spdlog::info("stopping");
    const auto deadline = after(limits::kStopTimeout);
    std::error_code ignored;
    std::filesystem::remove(serving_file(common.dir), ignored);
    const auto failure = (*ledger)->failure();
    (*door)->close(kDoorGrace);
    publishers.stop(std::min(deadline, after(kPublisherGrace)));
    door->reset();
    const auto closed = (*ledger)->close(deadline);
    if (failure) return failed(common, *failure);
    if (!closed) return failed(common, closed.error());
    spdlog::info("stopped");
    return kExitWell;
}

}  // namespace daybook::cli
