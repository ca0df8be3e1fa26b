#include "engine/server/door.h"

#include <algorithm>
#include <atomic>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <sstream>
#include <thread>

#include "engine/api/audit.h"
#include "engine/api/verify.h"
#include "engine/base/limits.h"
#include "engine/codec/answer.h"
#include "engine/codec/json.h"
#include "engine/log/event_log.h"
#include "engine/sequencer/sequencer.h"
#include "engine/server/metrics.h"
#include "projections/views.h"

namespace daybook::server {
namespace {

constexpr std::size_t kFeedPartBytesMax = 256u << 10;  // of a live feed, at a time
constexpr std::size_t kFramesBytesMax = 8u << 20;      // of one page of frames

// The HTTP status of an error code; a refusal by the rules of custody is 422: well-formed, and not to be done.
int status_of(std::string_view code) {
    if (code == "E_SCHEMA") return 400;
    if (code == "E_NOT_AUTHORISED") return 403;
    if (code == "E_NOT_FOUND" || code == "E_NO_LEDGER") return 404;
    if (code == "E_EVENT_ID_CONFLICT" || code == "E_STALE_VERSION" || code == "E_IN_USE") return 409;
    if (code == "E_OVERLOADED") return 429;
    if (code == "E_STOPPED" || code == "E_UNAVAILABLE") return 503;
    if (code == "E_TIMEOUT") return 504;
    if (code == "E_CORRUPT" || code == "E_IO" || code == "E_DISK_FULL" || code == "E_INTERNAL") return 500;
    return 422;
}

// A problem document of RFC 9457, with the ledger's code and, where there is one, the whole refusal.
HttpResponse problem(std::string_view code, std::string_view error_json) {
    HttpResponse response;
    response.status = status_of(code);
    response.content_type = "application/problem+json";
    response.body = R"({"type":"about:blank","title":")" + std::string(code) + R"(","status":)" +
                    std::to_string(response.status) + "," + std::string(error_json.substr(1));
    return response;
}

HttpResponse plain(std::string body) {
    HttpResponse response;
    response.body = std::move(body);
    return response;
}

// "E_ALREADY_OUT" of {"error":{"code":"E_ALREADY_OUT", …}}; empty where the answer is no error.
std::string_view code_in(std::string_view json) {
    constexpr std::string_view kError = R"({"error":{"code":")";
    if (!json.starts_with(kError)) return {};
    json.remove_prefix(kError.size());
    return json.substr(0, json.find('"'));
}

}  // namespace

class Door::Impl {
public:
    Impl(Ledger& ledger, Publication publication)
        : ledger_(ledger),
          publication_(std::move(publication)),
          questions_(ledger, system_clock(), [this] { return engine_status(); }) {}

    Result<void> open(const HttpServer::Options& options) {
        DAYBOOK_ASSIGN(http_,
                       HttpServer::start(options, [this](const HttpRequest& request) { return handle(request); }));
        bell_ = std::thread([this] { ring(); });
        return {};
    }

    void close(std::chrono::milliseconds wait) {
        if (closing_.exchange(true)) return;
        http_->stop(wait);
        bell_.join();
    }

    [[nodiscard]] std::uint16_t port() const { return http_->port(); }

private:
    HttpResponse handle(const HttpRequest& request) {
        std::string route = "other";
        HttpResponse response = dispatch(request, route);
        metrics_.count(route, response.status);
        return response;
    }

    HttpResponse dispatch(const HttpRequest& request, std::string& route) {
        const auto url = boost::urls::parse_origin_form(request.target);
        if (!url)
            return failed({ErrorCode::kInvalid, "the request target is no path with a query, as in /v1/stock?site=1"});
        api::Question question;
        for (const auto segment : url->segments()) question.path.emplace_back(segment);
        for (const auto param : url->params()) question.params[std::string(param.key)] = std::string(param.value);
        const auto is = [&](std::initializer_list<std::string_view> path) {
            return std::equal(path.begin(), path.end(), question.path.begin(), question.path.end());
        };
        const bool get = request.method == "GET";
        const bool post = request.method == "POST";
        if (is({"healthz"})) return named(route, "healthz"), get ? health() : wrong_method("GET");
        if (is({"metrics"})) return named(route, "metrics"), get ? metrics() : wrong_method("GET");
        if (is({"v1", "audit"})) {
            return named(route, "audit"), post ? audit(question, request.body) : wrong_method("POST");
        }
        if (is({"v1", "commands"})) return named(route, "commands"), post ? commands(request) : wrong_method("POST");
        if (is({"v1", "feed"})) return named(route, "feed"), get ? feed(request, question) : wrong_method("GET");
        if (is({"v1", "frames"})) return named(route, "frames"), get ? frames(question) : wrong_method("GET");
        if (is({"v1", "rebuild"})) return named(route, "rebuild"), post ? rebuild() : wrong_method("POST");
        if (is({"v1", "stream", "check"})) {
            return named(route, "stream"), post ? check_stream(question) : wrong_method("POST");
        }
        if (is({"v1", "verify"})) return named(route, "verify"), post ? verify() : wrong_method("POST");
        if (question.path.size() < 2 || question.path[0] != "v1") {
            return failed({ErrorCode::kNotFound,
                           "nothing is at " + request.target + "; PROTOCOL.md lists the routes, all below /v1"});
        }
        question.path.erase(question.path.begin());
        named(route, question.path[0]);
        if (!get) return wrong_method("GET");
        auto answer = questions_.answer(question);
        return answer ? plain(std::move(*answer)) : failed(answer.error());
    }

    static void named(std::string& route, std::string_view name) { route = name; }

    static HttpResponse failed(const Error& error) { return problem(to_string(error.code), codec::answer_json(error)); }
    static HttpResponse wrong_method(std::string_view right) {
        HttpResponse response = failed({ErrorCode::kInvalid, "this is asked with " + std::string(right)});
        response.status = 405;
        return response;
    }

    HttpResponse health() {
        if (const auto failure = ledger_.failure()) return failed({ErrorCode::kStopped, failure->message});
        if (closing_) return failed({ErrorCode::kStopped, "the server is stopping"});
        return plain(R"({"ok":true})");
    }

    HttpResponse metrics() {
        HttpResponse response = plain(metrics_.text(ledger_, publication_.status()));
        response.content_type = "text/plain; version=0.0.4; charset=utf-8";
        return response;
    }

    HttpResponse commands(const HttpRequest& request) {
        std::string answer = ledger_.submit_json(request.body);
        const std::string_view code = code_in(answer);
        return code.empty() ? plain(std::move(answer)) : problem(code, answer);
    }

    HttpResponse rebuild() {
        if (auto built = ledger_.views().rebuild(ledger_.event_log()); !built) return failed(built.error());
        auto digests = questions_.answer({{"digest"}, {}});
        return digests ? plain(std::move(*digests)) : failed(digests.error());
    }

    HttpResponse verify() {
        auto report = api::verify(ledger_);
        return report ? plain(std::move(report->json)) : failed(report.error());
    }

    HttpResponse check_stream(const api::Question& question) {
        StreamCheckAsked asked;
        const auto text = [&](const char* name) {
            const auto it = question.params.find(name);
            return it == question.params.end() ? std::string() : it->second;
        };
        std::istringstream generations(text("generation"));
        for (std::string one; std::getline(generations, one, ',');) {
            std::uint32_t& generation = asked.generations.emplace_back();
            const auto [end, error] = std::from_chars(one.data(), one.data() + one.size(), generation);
            if (error != std::errc{} || end != one.data() + one.size()) {
                return failed({ErrorCode::kInvalid, "generation: a number or several, as in generation=1,2"});
            }
        }
        std::erase(asked.generations, 0U);  // all, as none is
        asked.bootstrap = text("bootstrap");
        asked.prefix = text("prefix");
        asked.value = text("value");
        const auto partitions = position_param(question, "partitions", 0);
        if (!partitions) return failed({ErrorCode::kInvalid, "partitions: a number, as in partitions=12"});
        asked.partitions = static_cast<std::uint32_t>(*partitions);
        auto report = publication_.check(asked);
        return report ? plain(std::move(*report)) : failed(report.error());
    }

    HttpResponse audit(const api::Question& question, std::string_view keys) {
        const auto from = position_param(question, "from", 0);
        const auto to = position_param(question, "to", kNoPosition);
        if (!from || !to) return failed({ErrorCode::kInvalid, "from, to: positions, as in from=0&to=100"});
        audit::Options options;
        options.from = *from;
        options.to = *to;
        auto given = audit::read_keys(keys);
        if (!given) return failed(given.error());
        options.keys = std::move(*given);
        api::CheckDelivery delivery;
        if (publication_.check) delivery = [this] { return publication_.check({}); };
        auto report = api::audit(ledger_, options, {}, delivery);
        return report ? plain(std::move(report->json)) : failed(report.error());
    }

    static std::optional<Position> position_param(const api::Question& question, const std::string& name,
                                                  Position otherwise) {
        const auto it = question.params.find(name);
        if (it == question.params.end()) return otherwise;
        Position value = 0;
        const auto [end, error] = std::from_chars(it->second.data(), it->second.data() + it->second.size(), value);
        if (error != std::errc{} || end != it->second.data() + it->second.size()) return std::nullopt;
        return value;
    }

    // Stored events as they are hashed, each with its length as a varint before it.
    HttpResponse frames(const api::Question& question) {
        const auto from = position_param(question, "from", 0);
        const auto to = position_param(question, "to", kNoPosition);
        if (!from || !to) return failed({ErrorCode::kInvalid, "from, to: positions, as in from=0&to=100"});
        HttpResponse response;
        response.content_type = "application/x-protobuf-frames";
        const auto reached = ledger_.events(*from, *to, [&](Position, std::string_view event) {
            for (std::size_t size = event.size();; size >>= 7) {
                response.body += static_cast<char>(size < 128 ? size : (size & 127) | 128);
                if (size < 128) break;
            }
            response.body += event;
            return response.body.size() < kFramesBytesMax;
        });
        return reached ? response : failed(reached.error());
    }

    HttpResponse feed(const HttpRequest& request, const api::Question& question) {
        auto from = position_param(question, "from", ledger_.head());
        if (!request.last_event_id.empty()) {  // a client that comes again goes on behind what it has
            from = position_param({{}, {{"from", request.last_event_id}}}, "from", 0);
            if (from) ++*from;
        }
        if (!from) return failed({ErrorCode::kInvalid, "from: a position, as in /v1/feed?from=0"});
        HttpResponse response;
        response.content_type = "text/event-stream";
        response.next_part = [this, next = *from]() mutable {
            std::string part;
            const auto read = ledger_.events(next, kNoPosition, [&](Position position, std::string_view event) {
                next = position + 1;
                const auto json = codec::event_to_json(event);
                part += "id: " + std::to_string(position) +
                        "\ndata: " + (json ? *json : codec::answer_json(json.error())) + "\n\n";
                return part.size() < kFeedPartBytesMax;
            });
            return read ? part : "event: error\ndata: " + codec::answer_json(read.error()) + "\n\n";
        };
        return response;
    }

    // Tells the live feeds when there are new events.
    void ring() {
        Position seen = ledger_.head();
        while (!closing_) {
            const Position head = ledger_.engine().feed().wait_past(seen, after(std::chrono::milliseconds(200)));
            if (head != seen) http_->wake();
            seen = head;
        }
    }

    api::EngineStatus engine_status() {
        api::EngineStatus status;
        const auto failure = ledger_.failure();
        status.accepting = !failure && !closing_;
        status.stopped_because = failure ? failure->message : "";
        status.queued = ledger_.engine().stats().queued_commands;
        status.streams = publication_.status();
        return status;
    }

    Ledger& ledger_;
    const Publication publication_;
    api::Questions questions_;
    Metrics metrics_;
    std::atomic<bool> closing_{false};
    std::unique_ptr<HttpServer> http_;
    std::thread bell_;
};

Door::Door(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Door::~Door() { impl_->close(std::chrono::milliseconds(0)); }

Result<std::unique_ptr<Door>> Door::open(Ledger& ledger, const HttpServer::Options& options,
                                         Publication publication) {
    auto impl = std::make_unique<Impl>(ledger, std::move(publication));
    DAYBOOK_TRY(impl->open(options));
    return std::unique_ptr<Door>(new Door(std::move(impl)));
}

std::uint16_t Door::port() const { return impl_->port(); }
void Door::close(std::chrono::milliseconds wait) { impl_->close(wait); }

}  // namespace daybook::server
