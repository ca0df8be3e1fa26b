// What the workloads share: arguments, measuring, one JSON object a round on standard output. bench/run takes the
// median of the rounds.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/error.h"

namespace daybook::bench {

using Steady = std::chrono::steady_clock;
double seconds_since(Steady::time_point begin);
double per_second(std::size_t count, double seconds);

// A benchmark that cannot go on has no figure: it says why and ends with 1.
[[noreturn]] void give_up(const std::string& why);
template <class T>
T must(Result<T> result) {
    if (!result) give_up(result.error().message);
    return std::move(*result);
}
inline void must(const Result<void>& result) {
    if (!result) give_up(result.error().message);
}

// --name VALUE and --name, in any order; what the workload does not ask for is an error of done().
class Arguments {
public:
    Arguments(int argc, char** argv) : words_(argv + 1, argv + argc) {}
    std::size_t number(const std::string& name, std::size_t otherwise);
    std::string text(const std::string& name);  // must be there
    bool flag(const std::string& name);
    void done() const;

private:
    std::vector<std::string> words_;
};

// {"name": NAME, "rate": …}: one line, out at once.
void report(std::string_view name, std::initializer_list<std::pair<std::string_view, double>> figures);

// The value below which `part` of the values lie; orders them anew.
double percentile(std::vector<double>& values, double part);

// Bytes that the disk gives to the files below `dir`, which may be more or less than their lengths.
std::size_t disk_bytes(const std::filesystem::path& dir);
// Bytes of memory that this process has resident.
std::size_t resident_bytes();

}  // namespace daybook::bench
