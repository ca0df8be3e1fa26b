#include "engine/cli/link.h"

#include <charconv>
#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>

#include "engine/api/audit.h"
#include "engine/api/questions.h"
#include "engine/api/stream_check.h"
#include "engine/api/verify.h"
#include "engine/base/bytes.h"
#include "engine/codec/answer.h"
#include "engine/codec/event_codec.h"
#include "engine/codec/json.h"
#include "engine/server/http_client.h"
#include "projections/views.h"
#include "schemas/daybook/v1/answer.pb.h"

namespace daybook::cli {
namespace {

constexpr std::chrono::hours kLongWait{12};  // verify, rebuild
constexpr std::chrono::seconds kOverloadPatience{60};
constexpr std::chrono::milliseconds kOverloadPause{20};

// The directory itself.
class DirectoryLink final : public Link {
public:
    explicit DirectoryLink(std::filesystem::path dir, std::unique_ptr<Ledger> ledger)
        : dir_(std::move(dir)), ledger_(std::move(ledger)) {}

    Result<std::string> ask(std::string_view question) override {
        return ledger_->ask(question);
    }

    void submit(std::vector<ParsedCommand> commands, SubmitMode mode, Done done) override {
        std::vector<std::string_view> encoded;
        encoded.reserve(commands.size());
        for (const auto& command : commands) encoded.push_back(command.encoded);
        ledger_->submit(encoded, mode, [done = std::move(done)](const std::vector<CommandAnswer>& answers) {
            std::vector<std::string> lines;
            lines.reserve(answers.size());
            for (const auto& answer : answers) lines.push_back(answer.json());
            done(std::move(lines));
        });
    }

    Result<void> events(Position from, Position to, const Visit& visit) override {
        DAYBOOK_TRY(ledger_->events(from, to, visit));
        return {};
    }

    Result<std::string> verify(const ShowProgress& show) override {
        DAYBOOK_ASSIGN(auto verified, api::verify(*ledger_, [&](std::string_view what, Position done, Position of) {
                           show(what, done, of);
                           return true;
                       }));
        return std::move(verified.json);
    }

    Result<std::string> rebuild(const ShowProgress& show) override {
        DAYBOOK_TRY(ledger_->views().rebuild(ledger_->event_log(), [&](Position done, Position of) {
            show("rebuilding", done, of);
            return true;
        }));
        return ask("digest");
    }

    Result<std::string> check_stream(const server::StreamCheckAsked&, const std::vector<stream::Options>& options,
                                     const ShowProgress& show) override {
        if (options.empty()) {
            return fail(ErrorCode::kInvalid, "no Kafka broker is named: give --kafka host:port, or a --config");
        }
        return api::check_stream(*ledger_, options, [&](Position done, Position of) {
            show("comparing with Kafka", done, of);
            return true;
        });
    }

    Result<std::string> audit(const AuditAsked& asked, const ShowProgress& show) override {
        audit::Options options;
        options.from = asked.from;
        options.to = asked.to;
        options.scratch = asked.scratch;
        DAYBOOK_ASSIGN(options.keys, audit::read_keys(asked.keys));
        DAYBOOK_ASSIGN(auto audited,
                       api::audit(*ledger_, options, [&](std::string_view what, Position done, Position of) {
                           show(what, done, of);
                           return true;
                       }));
        return std::move(audited.json);
    }

    Result<void> close() override { return ledger_->close(after(std::chrono::hours(1))); }

private:
    std::filesystem::path dir_;
    std::unique_ptr<Ledger> ledger_;
};

// A process that serves the directory.
class ServerLink final : public Link {
public:
    explicit ServerLink(std::uint16_t port) : http_(port) {}

    Result<std::string> ask(std::string_view question) override {
        return checked(http_.send("GET", "/v1/" + std::string(question), ""));
    }

    void submit(std::vector<ParsedCommand> commands, SubmitMode mode, Done done) override {
        std::string body = mode == SubmitMode::kAtomic ? R"({"atomic":true,"commands":[)" : R"({"commands":[)";
        for (std::size_t i = 0; i < commands.size(); ++i) body += (i == 0 ? "" : ",") + commands[i].json;
        body += "]}";
        done(lines(post(body), commands.size(), mode));
    }

    Result<void> events(Position from, Position to, const Visit& visit) override {
        for (Position next = from; next < to;) {
            DAYBOOK_ASSIGN(const std::string frames,
                           checked(http_.send(
                               "GET", "/v1/frames?from=" + std::to_string(next) + "&to=" + std::to_string(to), "")));
            if (frames.empty()) break;
            DAYBOOK_ASSIGN(const bool more, visit_frames(frames, next, visit));
            if (!more) break;
        }
        return {};
    }

    Result<std::string> verify(const ShowProgress&) override {
        return checked(http_.send("POST", "/v1/verify", "", kLongWait));
    }
    Result<std::string> rebuild(const ShowProgress&) override {
        return checked(http_.send("POST", "/v1/rebuild", "", kLongWait));
    }
    Result<std::string> check_stream(const server::StreamCheckAsked& asked, const std::vector<stream::Options>&,
                                     const ShowProgress&) override {
        std::string generations;
        for (const std::uint32_t one : asked.generations) {
            generations += (generations.empty() ? "" : ",") + std::to_string(one);
        }
        std::string target = "/v1/stream/check?partitions=" + std::to_string(asked.partitions);
        const std::pair<const char*, const std::string&> texts[] = {{"generation", generations},
                                                                    {"bootstrap", asked.bootstrap},
                                                                    {"prefix", asked.prefix},
                                                                    {"value", asked.value}};
        for (const auto& [name, text] : texts) {
            if (!text.empty()) target += std::string("&") + name + "=" + server::percent_encode(text);
        }
        return checked(http_.send("POST", target, "", kLongWait));
    }

    Result<std::string> audit(const AuditAsked& asked, const ShowProgress&) override {
        const std::string to_text = asked.to == kNoPosition ? "" : "&to=" + std::to_string(asked.to);
        return checked(http_.send("POST", "/v1/audit?from=" + std::to_string(asked.from) + to_text, asked.keys,
                                  kLongWait));
    }
    Result<void> close() override { return {}; }

private:
    // Sends until the server's queue has room.
    Result<std::string> post(const std::string& body) {
        const auto patience = std::chrono::steady_clock::now() + kOverloadPatience;
        for (;;) {
            DAYBOOK_ASSIGN(auto answer, http_.send("POST", "/v1/commands", body));
            if (answer.status != 429 || std::chrono::steady_clock::now() > patience) return std::move(answer.body);
            std::this_thread::sleep_for(kOverloadPause);
        }
    }

    static std::vector<std::string> lines(const Result<std::string>& body, std::size_t count, SubmitMode mode) {
        if (!body) return std::vector<std::string>(count, error_json(body.error()));
        v1::Answers many;
        if (codec::from_json(*body, many) && many.answers_size() == static_cast<int>(count)) {
            std::vector<std::string> out;
            for (const auto& answer : many.answers()) out.push_back(codec::to_json(answer));
            return out;
        }
        v1::Answer one;
        const auto parsed = codec::from_json(*body, one);
        if (mode != SubmitMode::kAtomic || !parsed || one.has_error()) return std::vector<std::string>(count, *body);
        std::vector<std::string> out;
        for (std::size_t i = 0; i < count; ++i) {
            out.push_back(codec::to_json(one));
            one.set_position(one.position() + 1);
        }
        return out;
    }

    static Result<bool> visit_frames(const std::string& frames, Position& next, const Visit& visit) {
        std::size_t at = 0;
        while (at < frames.size()) {
            std::size_t size = 0;
            for (int shift = 0;; shift += 7) {
                if (at >= frames.size() || shift > 28)
                    return fail(ErrorCode::kCorrupt, "the server's frames are cut short");
                const auto byte = static_cast<unsigned char>(frames[at++]);
                size |= static_cast<std::size_t>(byte & 127) << shift;
                if (byte < 128) break;
            }
            if (size > frames.size() - at) return fail(ErrorCode::kCorrupt, "the server's frames are cut short");
            if (!visit(next, std::string_view(frames).substr(at, size))) return false;
            at += size;
            ++next;
        }
        return true;
    }

    // The body; an error document as the error that it tells of.
    static Result<std::string> checked(Result<server::HttpAnswer> answer) {
        if (!answer) return tl::unexpected(answer.error());
        if (answer->status < 400) return std::move(answer->body);
        v1::Answer told;
        const std::size_t error = answer->body.find("\"error\"");
        if (error != std::string::npos && codec::from_json("{" + answer->body.substr(error), told)) {
            const std::string name = v1::ErrorCode::Code_Name(told.error().code());
            for (int code = 1; code <= static_cast<int>(ErrorCode::kInternal); ++code) {
                if (to_string(static_cast<ErrorCode>(code)) == name)
                    return fail(static_cast<ErrorCode>(code), told.error().message());
            }
        }
        return fail(ErrorCode::kInternal,
                    "the server answered " + std::to_string(answer->status) + ": " + answer->body);
    }

    server::HttpClient http_;
};

std::optional<std::uint16_t> serving_port(const std::filesystem::path& dir) {
    std::ifstream file(serving_file(dir));
    std::ostringstream text;
    text << file.rdbuf();
    const std::string json = text.str();
    const std::size_t at = json.find("\"port\":");
    if (at == std::string::npos) return std::nullopt;
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(json.data() + at + 7, json.data() + json.size(), port);
    if (error != std::errc{} || end == json.data() + at + 7) return std::nullopt;
    return port;
}

}  // namespace

std::filesystem::path serving_file(const std::filesystem::path& dir) { return dir / "serving.json"; }

std::string error_json(const Error& error) { return codec::answer_json(error); }

Result<std::unique_ptr<Link>> Link::open(const std::filesystem::path& dir, const ShowProgress& show) {
    LedgerOptions options;
    options.dir = dir;
    options.progress = [&show](std::string_view what, Position done, Position of) {
        show(what, done, of);
        return true;
    };
    auto ledger = Ledger::open(std::move(options));
    if (ledger) return std::unique_ptr<Link>(std::make_unique<DirectoryLink>(dir, std::move(*ledger)));
    if (ledger.error().code != ErrorCode::kInUse) return tl::unexpected(ledger.error());
    const auto port = serving_port(dir);
    if (!port) return tl::unexpected(ledger.error());
    auto link = std::make_unique<ServerLink>(*port);
    if (auto answered = link->ask("status"); !answered) return tl::unexpected(ledger.error());
    return std::unique_ptr<Link>(std::move(link));
}

}  // namespace daybook::cli
