#include "engine/stream/internal/settings.h"

namespace daybook::stream {

kafka::Settings client_settings(const Options& options) {
    kafka::Settings settings{{"bootstrap.servers", options.bootstrap},
                             {"client.id", "daybook"},
                             {"socket.nagle.disable", "true"},
                             {"reconnect.backoff.max.ms", "2000"}};
    settings.insert(settings.end(), options.client.begin(), options.client.end());
    return settings;
}

kafka::Settings lone_reader(const kafka::Settings& common) {
    kafka::Settings settings = common;
    settings.insert(settings.end(), {{"isolation.level", "read_committed"},
                                     {"enable.partition.eof", "true"},
                                     {"check.crcs", "true"},
                                     {"auto.offset.reset", "error"},
                                     {"queued.min.messages", "2000"},
                                     {"queued.max.messages.kbytes", "8192"},
                                     {"fetch.wait.max.ms", "20"}});
    return settings;
}

}  // namespace daybook::stream
