// A small HTTP/1.1 server on loopback: connections, bounds and times, and nothing about ledgers.
//
// Threads.   `network_threads` run the connections and never block; requests are answered on `answer_threads` of their
//            own, where an answer may wait for a disk. Each connection is on one strand.
// Limits.    limits.h: connections, body bytes, seconds a request may take to arrive and an answer to be taken. A
//            connection too many is answered 503 and closed; a body too long 413; a slow sender is cut off.
// Failure.   An exception out of a handler is answered 500 and does not end the server.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/error.h"

namespace daybook::server {

struct HttpRequest {
    std::string method;  // "GET"
    std::string target;  // as sent: path and query, still percent-encoded
    std::string body;
    std::string content_type;
    std::string last_event_id;  // of a server-sent events client that comes again
};

struct HttpResponse {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    // For a stream that goes on until the client leaves or the server stops: asked on an answer thread for the next
    // part; an empty one means that there is nothing now, and it is asked again after wake() or a while.
    std::function<std::string()> next_part;
};

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

class HttpServer {
public:
    struct Options {
        std::uint16_t port = 0;  // 0: the system picks one
        std::size_t network_threads = 1;
        std::size_t answer_threads = 16;
    };
    // Listens on 127.0.0.1. kUnavailable where the port is taken. `handler` is called on any answer thread.
    static Result<std::unique_ptr<HttpServer>> start(const Options& options, HttpHandler handler);
    ~HttpServer();

    [[nodiscard]] std::uint16_t port() const;
    // Streams may have more to send. Any thread; cheap.
    void wake();
    // Takes no more requests, lets the present ones be answered until the deadline, then cuts. Once.
    void stop(std::chrono::milliseconds wait);

private:
    class Impl;
    explicit HttpServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace daybook::server
