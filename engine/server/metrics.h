// What /metrics shows, in the Prometheus text format. Threads: any.
#pragma once

#include <memory>
#include <string>

#include <daybook/ledger.h>
#include "engine/server/door.h"

namespace daybook::server {

class Metrics {
public:
    Metrics();
    ~Metrics();

    // One request answered.
    void count(std::string_view route, int status);
    // Reads the gauges and writes everything.
    std::string text(Ledger& ledger, const std::vector<api::Streaming>& streams);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace daybook::server
