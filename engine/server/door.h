// The HTTP door of a ledger, on loopback. PROTOCOL.md beside this file is its contract: routes, bodies, status codes.
//
// Ownership. Borrows the ledger, which outlives it. Threads: its own (http_server.h), and one that tells live feeds of
// new events. Failure: an answer with a code; never an exception.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <daybook/ledger.h>
#include "engine/api/questions.h"
#include "engine/base/error.h"
#include "engine/server/http_server.h"

namespace daybook::server {

// What is compared. Where something is not said, it is as it is published.
struct StreamCheckAsked {
    std::vector<std::uint32_t> generations;  // empty: all that are published
    std::string bootstrap, prefix, value;
    std::uint32_t partitions = 0;
};

// The publishers to Kafka that run beside the door. Called on its threads.
struct Publication {
    std::function<std::vector<api::Streaming>()> status;  // for /v1/status, /v1/stream and /metrics
    // Compares what is in Kafka with the ledger, as api::check_stream; takes long. kNotFound: no such generation.
    // kInvalid: another cluster or other topics are meant than those that are published to.
    std::function<Result<std::string>(const StreamCheckAsked& asked)> check;
};

class Door {
public:
    static Result<std::unique_ptr<Door>> open(Ledger& ledger, const HttpServer::Options& options,
                                              Publication publication);
    ~Door();

    [[nodiscard]] std::uint16_t port() const;
    // Answers what it has taken until the deadline, then closes. Once.
    void close(std::chrono::milliseconds wait);

private:
    class Impl;
    explicit Door(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace daybook::server
