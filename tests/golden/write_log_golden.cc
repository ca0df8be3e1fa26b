// Writes a ledger directory for log_golden_test: write_log_golden DIRECTORY, once for each format that is released.
// Prints the root that the test is to expect.
#include <filesystem>
#include <iostream>

#include "tests/support/log_model.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace fs = std::filesystem;
using namespace daybook;  // NOLINT: a program of one file

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    constexpr Position kFiled = 600;  // events in sorted files, with nine runs of ids
    const test::TempDir dir;
    const log::Options options = test::options_for(dir.path());
    auto log = test::make_log(options);
    bool written = true;
    for (Position at = 0; at < kFiled; at += 60) written = written && log->append(test::group_of(at, 60));
    written = written && test::wait_until([&] {
        if (!log->close()) return false;
        log = test::open_log(options);
        return log->recovery().ids_rebuilt == kFiled % 64;
    });
    written = written && log->append(test::group_of(kFiled, 30)) && log->append(test::group_of(kFiled + 30, 4));
    if (!written) return 1;
    // What RocksDB writes for people, or writes anew, and what belongs to a running process stays out.
    fs::create_directories(argv[1]);
    for (const auto& entry : fs::directory_iterator(dir / "ledger")) {
        const std::string name = entry.path().filename().string();
        const bool needed = name.ends_with(".sst") || name.ends_with(".log") || name.starts_with("MANIFEST") ||
                            name == "CURRENT" || name == "DURABLE";
        if (needed) fs::copy(entry.path(), fs::path(argv[1]) / name);
    }
    std::cout << hex(log->root(log->head()).value()) << "\n";
    return 0;
}
