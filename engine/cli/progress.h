// A progress bar on standard error, when that is a terminal; nothing otherwise. At most ten updates a second.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace daybook::cli {

class Progress {
public:
    Progress();
    ~Progress();  // clears the line
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // `of` 0: how much there is to do is not known.
    void show(std::string_view what, std::uint64_t done, std::uint64_t of);
    void clear();

private:
    bool terminal_ = false;
    bool shown_ = false;
    std::chrono::steady_clock::time_point next_{};
};

}  // namespace daybook::cli
