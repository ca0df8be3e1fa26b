#include "engine/server/http_client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <optional>

namespace daybook::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr std::uint64_t kAnswerBytesMax = 256u << 20;

}  // namespace

class HttpClient::Impl {
public:
    explicit Impl(std::uint16_t port) : port_(port) {}

    Result<HttpAnswer> send(std::string_view method, std::string_view target, std::string_view body,
                            std::chrono::milliseconds wait) {
        const bool reused = stream_.has_value();
        auto answer = try_send(method, target, body, wait);
        // A kept connection may have been closed by the other side meanwhile; whether the request was seen is then
        // unknown, which does no harm: questions change nothing and commands are idempotent.
        if (!answer && reused && answer.error().code == ErrorCode::kUnavailable)
            answer = try_send(method, target, body, wait);
        return answer;
    }

private:
    Result<HttpAnswer> try_send(std::string_view method, std::string_view target, std::string_view body,
                                std::chrono::milliseconds wait) {
        beast::error_code error;
        if (!stream_) {
            stream_.emplace(context_);
            stream_->expires_after(wait);
            run(
                [&](auto done) {
                    stream_->async_connect(tcp::endpoint(asio::ip::address_v4::loopback(), port_), done);
                },
                error);
            if (error) return lost("cannot reach the server on 127.0.0.1:" + std::to_string(port_), error);
        }
        http::request<http::string_body> request;
        request.method_string({method.data(), method.size()});
        request.target({target.data(), target.size()});
        request.set(http::field::host, "127.0.0.1");
        request.set(http::field::content_type, "application/json");
        request.body() = std::string(body);
        request.prepare_payload();
        http::response_parser<http::string_body> parser;
        parser.body_limit(kAnswerBytesMax);
        stream_->expires_after(wait);
        run(
            [&](auto done) {
                http::async_write(*stream_, request, [done](beast::error_code e, std::size_t) mutable { done(e); });
            },
            error);
        if (error) return lost("the server went away", error);
        run(
            [&](auto done) {
                http::async_read(*stream_, buffer_, parser,
                                 [done](beast::error_code e, std::size_t) mutable { done(e); });
            },
            error);
        if (error == beast::error::timeout) {
            stream_.reset();
            return fail(ErrorCode::kTimeout,
                        "the server did not answer within " + std::to_string(wait.count()) + " ms");
        }
        if (error) return lost("the server went away", error);
        HttpAnswer answer{static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
        if (!parser.keep_alive()) stream_.reset();
        return answer;
    }

    // Runs one asynchronous operation to its end: only those have the stream's time limit.
    template <class Start>
    void run(Start start, beast::error_code& error) {
        context_.restart();
        start([&error](beast::error_code e) { error = e; });
        context_.run();
    }

    tl::unexpected<Error> lost(std::string_view what, const beast::error_code& error) {
        stream_.reset();
        buffer_.clear();
        return fail(ErrorCode::kUnavailable, std::string(what) + ": " + error.message());
    }

    std::uint16_t port_;
    asio::io_context context_;
    std::optional<beast::tcp_stream> stream_;
    beast::flat_buffer buffer_;
};

HttpClient::HttpClient(std::uint16_t port) : impl_(std::make_unique<Impl>(port)) {}
HttpClient::~HttpClient() = default;

Result<HttpAnswer> HttpClient::send(std::string_view method, std::string_view target, std::string_view body,
                                    std::chrono::milliseconds wait) {
    return impl_->send(method, target, body, wait);
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
            c == '_' || c == '~') {
            out += c;
        } else {
            out += '%';
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        }
    }
    return out;
}

}  // namespace daybook::server
