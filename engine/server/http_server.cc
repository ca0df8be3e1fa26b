#include "engine/server/http_server.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <condition_variable>
#include <cstdio>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/base/limits.h"

// Coroutines and GCC 12: every awaited value is a statement of its own with a name, arguments of co_await are names or
// calls, and no lambda is a coroutine. Other shapes are miscompiled (destroyed twice, or never resumed).

namespace daybook::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Socket = beast::tcp_stream;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kLinger{5};
constexpr std::size_t kLingerBytesMax = 128u << 20;
constexpr std::chrono::seconds kHeartbeat{10};  // a silent stream says that it lives

// The connections that are open, so that a stop can reach them. Shared with each connection.
class Connections {
public:
    struct Entry {
        std::shared_ptr<Socket> socket;
        std::shared_ptr<asio::steady_timer> timer;  // a stream waits on it
        bool idle = true;                           // between requests: may be cut at once
    };
    using Handle = std::list<Entry>::iterator;

    std::optional<Handle> add(Entry entry) {
        const std::lock_guard lock(mutex_);
        if (entries_.size() >= limits::kHttpConnectionsMax) return std::nullopt;
        return entries_.insert(entries_.end(), std::move(entry));
    }
    void remove(Handle handle) {
        const std::lock_guard lock(mutex_);
        entries_.erase(handle);
    }
    void set_idle(Handle handle, bool idle) {
        const std::lock_guard lock(mutex_);
        handle->idle = idle;
    }
    [[nodiscard]] std::size_t count() const {
        const std::lock_guard lock(mutex_);
        return entries_.size();
    }
    void wake() {
        const std::lock_guard lock(mutex_);
        for (auto& entry : entries_) {
            asio::post(entry.timer->get_executor(), [timer = entry.timer] { timer->cancel(); });
        }
    }
    void cut(bool busy_ones_too) {
        const std::lock_guard lock(mutex_);
        for (auto& entry : entries_) {
            if (!entry.idle && !busy_ones_too) continue;
            asio::post(entry.socket->get_executor(), [socket = entry.socket] { socket->cancel(); });
        }
    }

private:
    mutable std::mutex mutex_;
    std::list<Entry> entries_;
};

// A browser names the page that a request comes from. Only pages of this machine may ask: any other page could write
// into a ledger that its reader happens to run, also by a name that it makes point here.
bool from_here(std::string_view authority) {
    const std::size_t scheme = authority.find("://");
    if (scheme != std::string_view::npos) authority.remove_prefix(scheme + 3);
    if (!authority.starts_with('[')) authority = authority.substr(0, authority.find(':'));
    return authority == "127.0.0.1" || authority == "localhost" || authority.starts_with("[::1]");
}

HttpRequest from_beast(http::request<http::string_body>&& message) {
    HttpRequest request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    request.content_type = std::string(message[http::field::content_type]);
    request.last_event_id = std::string(message["Last-Event-ID"]);
    request.body = std::move(message.body());
    return request;
}

http::response<http::string_body> to_beast(HttpResponse&& response, unsigned version, bool keep_alive) {
    http::response<http::string_body> message(static_cast<http::status>(response.status), version);
    message.set(http::field::server, "daybook");
    message.set(http::field::content_type, response.content_type);
    message.keep_alive(keep_alive);
    message.body() = std::move(response.body);
    message.prepare_payload();
    return message;
}

HttpResponse problem(int status, std::string_view code, std::string_view detail) {
    HttpResponse response;
    response.status = status;
    response.content_type = "application/problem+json";
    response.body = R"({"type":"about:blank","title":")" + std::string(code) + R"(","status":)" +
                    std::to_string(status) + R"(,"error":{"code":")" + std::string(code) + R"(","message":")" +
                    std::string(detail) + "\"}}";
    return response;
}

}  // namespace

class HttpServer::Impl {
public:
    Impl(const Options& options, HttpHandler handler)
        : handler_(std::move(handler)), answers_(options.answer_threads), acceptor_(network_), options_(options) {}

    Result<void> listen() {
        beast::error_code error;
        const tcp::endpoint here(asio::ip::address_v4::loopback(), options_.port);
        acceptor_.open(here.protocol(), error);
        if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
        if (!error) acceptor_.bind(here, error);
        if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
        if (error) {
            return fail(ErrorCode::kUnavailable,
                        "cannot listen on 127.0.0.1:" + std::to_string(options_.port) + ": " + error.message());
        }
        port_ = acceptor_.local_endpoint().port();
        asio::co_spawn(network_, accept(), [](const std::exception_ptr&) {});
        for (std::size_t i = 0; i < options_.network_threads; ++i) {
            threads_.emplace_back([this] { network_.run(); });
        }
        return {};
    }

    void stop(std::chrono::milliseconds wait) {
        if (stopping_.exchange(true)) return;
        const auto until = std::chrono::steady_clock::now() + wait;
        asio::post(network_, [this] {
            beast::error_code ignored;
            acceptor_.close(ignored);
        });
        connections_.cut(false);
        connections_.wake();
        while (connections_.count() > 0 && std::chrono::steady_clock::now() < until) {
            std::unique_lock lock(gone_mutex_);
            gone_.wait_for(lock, std::chrono::milliseconds(50));
        }
        connections_.cut(true);
        for (int i = 0; i < 20 && connections_.count() > 0; ++i) {
            std::unique_lock lock(gone_mutex_);
            gone_.wait_for(lock, std::chrono::milliseconds(10));
        }
        answers_.join();
        network_.stop();
        for (auto& thread : threads_) thread.join();
    }

    void wake() { connections_.wake(); }
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    asio::awaitable<void> accept() {
        while (!stopping_) {
            auto strand = asio::make_strand(network_);
            auto [error, socket] = co_await acceptor_.async_accept(strand, kTuple);
            if (error == asio::error::operation_aborted || stopping_) co_return;
            if (error) continue;
            auto stream = std::make_shared<Socket>(std::move(socket));
            asio::co_spawn(strand, serve(stream), [](const std::exception_ptr&) {});
        }
    }

    asio::awaitable<void> serve(std::shared_ptr<Socket> stream) {
        auto timer = std::make_shared<asio::steady_timer>(stream->get_executor());
        const auto handle = connections_.add({stream, timer, true});
        if (!handle) {
            auto refusal =
                to_beast(problem(503, "E_OVERLOADED", "too many connections: close one and try again"), 11, false);
            stream->expires_after(limits::kHttpTimeout);
            const auto written = co_await http::async_write(*stream, refusal, kTuple);
            static_cast<void>(written);
            co_return;
        }
        try {
            co_await converse(*stream, *timer, *handle);
        } catch (const std::exception&) {
            // The connection is lost; there is nobody to tell.
        }
        beast::error_code ignored;
        stream->socket().shutdown(tcp::socket::shutdown_send, ignored);
        connections_.remove(*handle);
        gone_.notify_all();
    }

    asio::awaitable<void> converse(Socket& stream, asio::steady_timer& timer, Connections::Handle handle) {
        beast::flat_buffer buffer;
        bool keep_alive = true;
        while (keep_alive && !stopping_) {
            http::request_parser<http::string_body> parser;
            parser.body_limit(limits::kHttpBodyBytesMax);
            stream.expires_after(limits::kHttpTimeout);
            auto [error, bytes] = co_await http::async_read(stream, buffer, parser, kTuple);
            static_cast<void>(bytes);
            if (error == http::error::body_limit) {
                auto refusal = to_beast(problem(413, "E_SCHEMA",
                                                "the body is longer than " + std::to_string(limits::kHttpBodyBytesMax) +
                                                    " bytes: send less at once"),
                                        11, false);
                auto written = co_await http::async_write(stream, refusal, kTuple);
                static_cast<void>(written);
                co_await linger(stream);
                co_return;
            }
            if (error) co_return;
            connections_.set_idle(handle, false);
            const std::string_view host = parser.get()[http::field::host];
            const std::string_view origin = parser.get()[http::field::origin];
            if ((!host.empty() && !from_here(host)) || (!origin.empty() && !from_here(origin))) {
                auto refusal =
                    to_beast(problem(403, "E_NOT_AUTHORISED", "this door is for callers on this machine"), 11, false);
                auto written = co_await http::async_write(stream, refusal, kTuple);
                static_cast<void>(written);
                co_return;
            }
            const unsigned version = parser.get().version();
            keep_alive = parser.get().keep_alive();
            HttpRequest request = from_beast(parser.release());
            stream.expires_never();
            HttpResponse response;
            auto answering = asio::co_spawn(answers_, answer(std::move(request)), asio::use_awaitable);
            response = co_await std::move(answering);
            if (response.next_part) {
                co_await send_stream(stream, timer, std::move(response));
                co_return;
            }
            auto message = to_beast(std::move(response), version, keep_alive && !stopping_);
            stream.expires_after(limits::kHttpTimeout);
            auto [write_error, written] = co_await http::async_write(stream, message, kTuple);
            static_cast<void>(written);
            if (write_error) co_return;
            connections_.set_idle(handle, true);
        }
    }

    // Reads what the other side is still sending, so that closing does not take the answer away from it; bounded.
    static asio::awaitable<void> linger(Socket& stream) {
        beast::error_code ignored;
        stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
        stream.expires_after(kLinger);
        std::vector<char> dropped(64u << 10);
        for (std::size_t bytes = 0; bytes < kLingerBytesMax;) {
            const auto buffer = asio::buffer(dropped);
            auto [error, count] = co_await stream.async_read_some(buffer, kTuple);
            if (error) co_return;
            bytes += count;
        }
    }

    asio::awaitable<HttpResponse> answer(HttpRequest request) {
        HttpResponse response;
        try {
            response = handler_(request);
        } catch (const std::exception& bug) {
            response = problem(500, "E_INTERNAL", "this is a bug; see the server's log");
            std::fprintf(stderr, "daybook: %s %s: %s\n", request.method.c_str(), request.target.c_str(), bug.what());
        }
        co_return response;
    }

    // `next` is the stream's own, which waits for this: it keeps what it has reached from part to part.
    static asio::awaitable<std::string> part(std::function<std::string()>* next) { co_return (*next)(); }

    // Chunked by hand: the parts are whole chunks, and the stream has no end but the client's or the server's.
    asio::awaitable<void> send_stream(Socket& stream, asio::steady_timer& timer, HttpResponse response) {
        std::string bytes = "HTTP/1.1 " + std::to_string(response.status) +
                            " OK\r\nServer: daybook\r\nContent-Type: " + response.content_type +
                            "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n";
        auto last_sent = std::chrono::steady_clock::now();
        while (!stopping_) {
            if (bytes.empty()) {
                auto asking = asio::co_spawn(answers_, part(&response.next_part), asio::use_awaitable);
                bytes = co_await std::move(asking);
            }
            if (bytes.empty()) {
                if (std::chrono::steady_clock::now() - last_sent < kHeartbeat) {
                    timer.expires_after(std::chrono::seconds(1));
                    const auto waited = co_await timer.async_wait(kTuple);
                    static_cast<void>(waited);
                    continue;
                }
                bytes = ": still here\n\n";
            }
            stream.expires_after(limits::kHttpTimeout);
            const auto buffer = asio::buffer(bytes);
            auto [error, written] = co_await asio::async_write(stream, buffer, kTuple);
            static_cast<void>(written);
            if (error) co_return;
            bytes.clear();
            last_sent = std::chrono::steady_clock::now();
        }
    }

    HttpHandler handler_;
    asio::io_context network_;
    asio::thread_pool answers_;
    tcp::acceptor acceptor_;
    Options options_;
    Connections connections_;
    std::uint16_t port_ = 0;
    std::atomic<bool> stopping_{false};
    std::mutex gone_mutex_;
    std::condition_variable gone_;
    std::vector<std::thread> threads_;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { stop(std::chrono::milliseconds(0)); }

Result<std::unique_ptr<HttpServer>> HttpServer::start(const Options& options, HttpHandler handler) {
    auto impl = std::make_unique<Impl>(options, std::move(handler));
    DAYBOOK_TRY(impl->listen());
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

std::uint16_t HttpServer::port() const { return impl_->port(); }
void HttpServer::wake() { impl_->wake(); }
void HttpServer::stop(std::chrono::milliseconds wait) { impl_->stop(wait); }

}  // namespace daybook::server
