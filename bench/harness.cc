#include "bench/harness.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace daybook::bench {

double seconds_since(Steady::time_point begin) { return std::chrono::duration<double>(Steady::now() - begin).count(); }
double per_second(std::size_t count, double seconds) { return static_cast<double>(count) / seconds; }

void give_up(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::_Exit(1);  // threads of the engine may be at work: nothing is torn down under them
}

std::size_t Arguments::number(const std::string& name, std::size_t otherwise) {
    const auto at = std::find(words_.begin(), words_.end(), name);
    if (at == words_.end()) return otherwise;
    if (at + 1 == words_.end()) give_up(name + " needs a number");
    char* end = nullptr;
    const std::size_t value = std::strtoull((at + 1)->c_str(), &end, 10);
    if (*end != '\0' || value == 0) give_up(name + " needs a number above 0, not " + *(at + 1));
    words_.erase(at, at + 2);
    return value;
}

std::string Arguments::text(const std::string& name) {
    const auto at = std::find(words_.begin(), words_.end(), name);
    if (at == words_.end() || at + 1 == words_.end()) give_up(name + " is missing");
    std::string value = *(at + 1);
    words_.erase(at, at + 2);
    return value;
}

bool Arguments::flag(const std::string& name) { return std::erase(words_, name) != 0; }

void Arguments::done() const {
    if (!words_.empty()) give_up("unknown argument " + words_.front());
}

void report(std::string_view name, std::initializer_list<std::pair<std::string_view, double>> figures) {
    std::string line = "{\"name\": \"" + std::string(name) + "\"";
    for (const auto& [key, value] : figures) {
        char text[32];
        std::snprintf(text, sizeof(text), "%.6g", value);
        line += ", \"" + std::string(key) + "\": " + text;
    }
    std::printf("%s}\n", line.c_str());
    std::fflush(stdout);
}

double percentile(std::vector<double>& values, double part) {
    const auto at = static_cast<std::ptrdiff_t>(static_cast<double>(values.size() - 1) * part);
    std::nth_element(values.begin(), values.begin() + at, values.end());
    return values[static_cast<std::size_t>(at)];
}

std::size_t disk_bytes(const std::filesystem::path& dir) {
    std::size_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) {
        struct stat info {};
        if (::lstat(entry.path().c_str(), &info) != 0) continue;  // gone meanwhile
        if (S_ISREG(info.st_mode)) bytes += static_cast<std::size_t>(info.st_blocks) * 512;
    }
    return bytes;
}

std::size_t resident_bytes() {
    std::FILE* file = std::fopen("/proc/self/statm", "r");
    if (file == nullptr) give_up("there is no /proc/self/statm");
    unsigned long size = 0;
    unsigned long resident = 0;
    if (std::fscanf(file, "%lu %lu", &size, &resident) != 2) give_up("/proc/self/statm is not as expected");
    std::fclose(file);
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace daybook::bench
