#include "bench/floors/alone.h"

#include <fcntl.h>
#include <unistd.h>

#include "bench/harness.h"
#include "engine/crypto/digest.h"
#include "schemas/daybook/v1/command.pb.h"

namespace daybook::bench {

double median_fdatasync(const std::filesystem::path& dir) {
    const int file = ::open((dir / "fdatasync").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) give_up("no file for fdatasync");
    const std::string bytes(500, 'x');
    std::vector<double> seconds;
    const auto end = Steady::now() + std::chrono::seconds(1);
    while (seconds.size() < 20 || (seconds.size() < 1'000 && Steady::now() < end)) {
        const auto begin = Steady::now();
        if (::write(file, bytes.data(), bytes.size()) < 0 || ::fdatasync(file) != 0) give_up("fdatasync failed");
        seconds.push_back(seconds_since(begin));
    }
    ::close(file);
    return percentile(seconds, 0.5);
}

double hash_each(const std::vector<std::string>& texts) {
    const auto begin = Steady::now();
    for (const std::string& text : texts) static_cast<void>(sha256(text));  // of another library: not left out
    return seconds_since(begin);
}

double parse_each(const std::vector<std::string>& commands) {
    v1::Command message;
    const auto begin = Steady::now();
    for (const std::string& command : commands) {
        if (!message.ParseFromString(command)) give_up("the floor cannot parse a command");
    }
    return seconds_since(begin);
}

}  // namespace daybook::bench
