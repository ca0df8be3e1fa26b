#include "projections/store/current.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <sstream>
#include <system_error>

#include "projections/views.h"

namespace daybook::projections {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFile = "CURRENT";
constexpr std::string_view kMagic = "daybook-views";
constexpr std::string_view kPrefix = "gen-";

tl::unexpected<Error> os_error(const std::string& what) {
    const int number = errno;
    const std::string message = what + ": " + std::generic_category().message(number);
    if (number == ENOSPC) return fail(ErrorCode::kDiskFull, message);
    if (number == EACCES || number == EPERM || number == EROFS) return fail(ErrorCode::kNotWritable, message);
    return fail(ErrorCode::kIo, message);
}

Result<void> sync_path(const fs::path& path, int flags) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
    if (fd < 0) return os_error("open " + path.string());
    const int synced = ::fsync(fd);
    const int kept = errno;
    ::close(fd);
    errno = kept;
    if (synced != 0) return os_error("sync " + path.string());
    return {};
}

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::uint64_t> number_of_generation(const std::string& name) {
    if (!name.starts_with(kPrefix)) return std::nullopt;
    return number_of(std::string_view(name).substr(kPrefix.size()));
}

}  // namespace

std::string Current::identity() const {
    return std::to_string(format) + " " + ledger + " " + std::to_string(run_events);
}

std::string generation_name(std::uint64_t number) {
    std::string digits = std::to_string(number);
    if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
    return std::string(kPrefix) + digits;
}

Result<std::optional<Current>> read_current(const fs::path& views) {
    const fs::path path = views / kFile;
    std::error_code error;
    if (!fs::exists(path, error) && !error) return std::optional<Current>();
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(ErrorCode::kNotWritable, "cannot read " + path.string());
    std::string magic, format, word_ledger, ledger, word_runs, runs, word_generation, generation;
    file >> magic >> format >> word_ledger >> ledger >> word_runs >> runs >> word_generation >> generation;
    const auto damaged = [&path] {
        return fail(ErrorCode::kCorrupt, path.string() + " is damaged: run `daybook rebuild`, or delete views/");
    };
    const auto format_number = number_of(format);
    if (magic != kMagic || !format_number) return damaged();
    Current current;
    current.format = static_cast<std::uint32_t>(*format_number);
    if (current.format > kFormatVersion) return std::optional<Current>(current);
    const auto run_events = number_of(runs);
    const auto number = number_of_generation(generation);
    if (word_ledger != "ledger" || word_runs != "run-events" || word_generation != "generation") return damaged();
    if (!run_events || !number) return damaged();
    current.ledger = ledger;
    current.run_events = *run_events;
    current.generation = *number;
    return std::optional<Current>(current);
}

Result<void> write_current(const fs::path& views, const Current& current) {
    const fs::path path = views / (std::string(kFile) + ".new");
    {
        std::ofstream file(path, std::ios::binary | std::ios::trunc);
        file << kMagic << ' ' << current.format << "\nledger " << current.ledger << "\nrun-events "
             << current.run_events << "\ngeneration " << generation_name(current.generation) << '\n';
        file.flush();
        if (!file) return os_error("write " + path.string());
    }
    DAYBOOK_TRY(sync_path(path, O_RDONLY));
    std::error_code error;
    fs::rename(path, views / kFile, error);
    if (error) return fail(ErrorCode::kIo, "cannot replace " + (views / kFile).string() + ": " + error.message());
    return sync_path(views, O_RDONLY | O_DIRECTORY);
}

void remove_others(const fs::path& views, std::uint64_t keep, std::uint64_t keep_too) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(views, ignored)) {
        const std::string name = entry.path().filename().string();
        const bool kept = name == kFile || name == generation_name(keep) || name == generation_name(keep_too);
        if (!kept) fs::remove_all(entry.path(), ignored);
    }
}

std::uint64_t greatest_generation(const fs::path& views) {
    std::uint64_t greatest = 0;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(views, ignored)) {
        greatest = std::max(greatest, number_of_generation(entry.path().filename().string()).value_or(0));
    }
    return greatest;
}

}  // namespace daybook::projections
