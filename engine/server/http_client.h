// A plain HTTP client for loopback, one request after another on one connection. For the program, which asks the
// process that serves the directory. Threads: one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace daybook::server {

struct HttpAnswer {
    int status = 0;
    std::string body;
};

class HttpClient {
public:
    explicit HttpClient(std::uint16_t port);
    ~HttpClient();

    // kUnavailable where nobody answers; kTimeout where the answer takes longer than `wait`.
    Result<HttpAnswer> send(std::string_view method, std::string_view target, std::string_view body,
                            std::chrono::milliseconds wait = std::chrono::seconds(30));

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

// The unreserved characters of RFC 3986 as they are, all others as %XX.
std::string percent_encode(std::string_view text);

}  // namespace daybook::server
