// ledger/ANSWERED: the newest record time that a question was answered as of while nothing had been recorded at or
// after it. FORMAT.md §6.
//
// What was answered as of a record time must not change, so every later event is recorded behind it, also after a crash
// and with a clock that was set back: before such an answer leaves, its time is written here. Where something was
// recorded behind it, the log itself says so, and nothing is written.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "engine/base/error.h"
#include "engine/base/time.h"
#include "engine/log/internal/durable.h"

namespace daybook::log::internal {

class AnsweredTime {
public:
    AnsweredTime(const Options& options, std::string path) : options_(options), path_(std::move(path)) {}

    // Reads what is there; a ledger without the file never gave such an answer.
    Result<void> open(LedgerId ledger);
    // Synced when it returns. Any thread.
    Result<void> keep(Micros at);
    // 0: none.
    [[nodiscard]] Micros at() const;

private:
    const Options& options_;
    const std::string path_;
    mutable std::mutex mutex_;
    LedgerId ledger_;
    Micros at_ = 0;
    std::unique_ptr<DurableFile> file_;  // once there is one
};

}  // namespace daybook::log::internal
