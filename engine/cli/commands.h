// The subcommands of the program, each from its options to an exit code.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/cli/simulate/simulate.h"

namespace daybook::cli {

// 0: all well. 1: done, but a command was refused, or what was checked is not sound. 2: it could not be done, or what
// was to be checked only in part.
// 64: the arguments are wrong (sysexits.h).
inline constexpr int kExitWell = 0, kExitRefused = 1, kExitFailed = 2, kExitUsage = 64;

struct Common {
    std::filesystem::path dir;  // the data directory
    bool json = false;          // for programs
};

int init(const Common& common, const std::string& ledger_id);
int submit(const Common& common, const std::string& file, std::size_t batch);

// Shows the read models' digests.
int digest(const Common& common);
int verify(const Common& common);

// What is audited: events [from, to).
struct AuditAsked {
    Position from = 0, to = kNoPosition;
    std::string scratch;  // where files may be put; empty: the system's place
    std::string keys;     // text of public keys (audit::read_keys)
};
int audit(const Common& common, const AuditAsked& asked, const std::string& keys_file);
int rebuild(const Common& common);
int export_events(const Common& common, Position from, Position to, const std::string& format);

// What is said of Kafka on the command line; a TOML file says it where this does not.
struct StreamFlags {
    std::string kafka;   // bootstrap servers; empty: nothing is published
    std::string prefix;  // of the topics; empty: daybook
    std::vector<std::uint32_t> generations;  // of topics; empty: the first
    std::uint32_t partitions = 0;
    std::string value;   // of the records: json (where empty), protobuf or confluent
    std::string config;  // the file
};
struct ServeOptions {
    std::uint16_t port = 0;
    StreamFlags stream;
};
int serve(const Common& common, ServeOptions options);

int stream_status(const Common& common);
int stream_check(const Common& common, const StreamFlags& flags);
int stream_snapshot(const Common& common, const std::string& what);

int run_simulate(const SimulateOptions& options);

// kExitWell when everything printed has reached standard output.
int written(const Common& common);
// Says on standard error what could not be done.
int failed(const Common& common, const Error& error);

}  // namespace daybook::cli
