// The commands that were refused: a security log beside the ledger, for who tried what. It is no part of the truth: it
// is written behind the answers, bounded, and may be deleted at any time.
//
// Threads.   One of its own, "seq-refused", which writes. Every function is for any thread; add() waits for no disk.
// Failure.   What cannot be written is kept in memory all the same; failure() says why.
// Limits.    limits::kRefusedKeptMax entries in memory, limits::kRefusedFileBytesMax bytes in each of two files. What
//            comes faster than it can be written is dropped, which the numbers of the entries show.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/custody/command.h"
#include "engine/custody/refusal.h"

namespace daybook::sequencer {

struct RefusedCommand {
    std::uint64_t number = 0;  // counts up from 1, also over restarts
    Micros at = 0;             // record time that its event would have had
    custody::RefusalCode code{};
    custody::EventType type{};
    EventId event_id;
    Principal principal = 0;
    std::optional<custody::Role> role;
    SiteId site = 0;
    ItemId item;          // that it was refused for; empty: none
    std::string message;  // for a person

    friend bool operator==(const RefusedCommand&, const RefusedCommand&) = default;
};

// One line of the file, without its end; nullopt: it is none.
std::string line_of(const RefusedCommand& refused);
std::optional<RefusedCommand> read_line(std::string_view line);

class RefusedLog {
public:
    // Goes on with what lies in `dir` (refused.log, and refused.1.log, which is older). A line that is none is skipped.
    static Result<std::unique_ptr<RefusedLog>> open(const std::filesystem::path& dir);
    RefusedLog(const RefusedLog&) = delete;
    RefusedLog& operator=(const RefusedLog&) = delete;
    // Writes what waits.
    ~RefusedLog();

    void add(const custody::Command& command, const custody::Refusal& refusal, Micros at);

    // The newest with numbers below `before`, the newest first.
    [[nodiscard]] std::vector<RefusedCommand> newest(std::uint64_t before, std::size_t rows_max) const;
    [[nodiscard]] std::optional<Error> failure() const;

private:
    explicit RefusedLog(std::filesystem::path dir) : dir_(std::move(dir)) {}
    void load();
    void write_loop();
    Result<void> write(const std::string& lines);

    const std::filesystem::path dir_;

    mutable std::mutex mutex_;
    std::condition_variable wakes_;
    std::deque<RefusedCommand> kept_;  // the oldest first
    std::string unwritten_;
    std::uint64_t next_ = 1;
    std::optional<Error> failure_;
    bool stopping_ = false;

    std::uint64_t file_bytes_ = 0;  // the writing thread's
    std::thread writer_;
};

}  // namespace daybook::sequencer
