#include "engine/sequencer/refused_log.h"

#include <pthread.h>

#include <array>
#include <charconv>
#include <fstream>
#include <system_error>
#include <utility>

#include "engine/base/limits.h"

namespace daybook::sequencer {
namespace {

constexpr std::size_t kFields = 10;

std::filesystem::path file(const std::filesystem::path& dir) { return dir / "refused.log"; }
std::filesystem::path older_file(const std::filesystem::path& dir) { return dir / "refused.1.log"; }

template <class Number>
bool read_number(std::string_view text, Number& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

// Tabs part the fields: number, time, code, event type, event id, principal, role, site, piece, message.
std::string line_of(const RefusedCommand& refused) {
    std::string message = refused.message;
    for (char& c : message) {
        if (c == '\t' || c == '\n' || c == '\r') c = ' ';
    }
    std::string line = std::to_string(refused.number);
    line += '\t' + format_time(refused.at);
    line += '\t' + std::string(custody::to_string(refused.code));
    line += '\t' + std::string(custody::to_string(refused.type));
    line += '\t' + refused.event_id.text();
    line += '\t' + std::to_string(refused.principal);
    line += '\t' + (refused.role ? std::string(custody::to_string(*refused.role)) : std::string());
    line += '\t' + std::to_string(refused.site);
    line += '\t' + (refused.item.empty() ? std::string() : refused.item.text());
    return line + '\t' + message;
}

std::optional<RefusedCommand> read_line(std::string_view line) {
    std::array<std::string_view, kFields> fields;
    for (std::size_t i = 0; i < kFields; ++i) {
        const std::size_t end = i + 1 < kFields ? line.find('\t') : line.size();
        if (end == std::string_view::npos) return std::nullopt;
        fields[i] = line.substr(0, end);
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    RefusedCommand out;
    const auto at = parse_time(fields[1]);
    const auto code = custody::parse_refusal_code(fields[2]);
    const auto type = custody::parse_event_type(fields[3]);
    const auto event_id = EventId::parse(fields[4]);
    out.role = custody::parse_role(fields[6]);
    const auto item = ItemId::parse(fields[8]);
    const bool numbers = read_number(fields[0], out.number) && read_number(fields[5], out.principal) &&
                         read_number(fields[7], out.site);
    if (!numbers || !at || !code || !type || !event_id || (!item && !fields[8].empty())) return std::nullopt;
    out.at = *at;
    out.code = *code;
    out.type = *type;
    out.event_id = *event_id;
    if (item) out.item = *item;
    out.message = fields[9];
    return out;
}

Result<std::unique_ptr<RefusedLog>> RefusedLog::open(const std::filesystem::path& dir) {
    auto log = std::unique_ptr<RefusedLog>(new RefusedLog(dir));
    log->load();
    log->writer_ = std::thread([raw = log.get()] { raw->write_loop(); });
    return log;
}

void RefusedLog::load() {
    for (const auto& path : {older_file(dir_), file(dir_)}) {
        std::ifstream in(path);
        for (std::string line; std::getline(in, line);) {
            auto entry = read_line(line);
            if (!entry) continue;
            next_ = std::max(next_, entry->number + 1);
            kept_.push_back(std::move(*entry));
            if (kept_.size() > limits::kRefusedKeptMax) kept_.pop_front();
        }
    }
    std::error_code none;
    const auto size = std::filesystem::file_size(file(dir_), none);
    file_bytes_ = none ? 0 : size;
    std::ifstream last(file(dir_), std::ios::binary | std::ios::ate);
    if (file_bytes_ > 0 && last.seekg(-1, std::ios::end) && last.get() != '\n') unwritten_ = "\n";  // torn
}

RefusedLog::~RefusedLog() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wakes_.notify_all();
    if (writer_.joinable()) writer_.join();
}

void RefusedLog::add(const custody::Command& command, const custody::Refusal& refusal, Micros at) {
    RefusedCommand entry;
    entry.at = at;
    entry.code = refusal.code;
    entry.type = command.type;
    entry.event_id = command.event_id;
    entry.principal = command.actor.principal;
    if (command.actor.role != custody::Role{}) entry.role = command.actor.role;
    entry.site = command.site;
    entry.item = refusal.item;
    entry.message = refusal.message;
    {
        const std::lock_guard lock(mutex_);
        entry.number = next_++;
        if (unwritten_.size() > limits::kRefusedFileBytesMax) return;  // faster than the disk: its number is the trace
        unwritten_ += line_of(entry) + '\n';
        kept_.push_back(std::move(entry));
        if (kept_.size() > limits::kRefusedKeptMax) kept_.pop_front();
    }
    wakes_.notify_one();
}

std::vector<RefusedCommand> RefusedLog::newest(std::uint64_t before, std::size_t rows_max) const {
    const std::lock_guard lock(mutex_);
    std::vector<RefusedCommand> rows;
    for (auto entry = kept_.rbegin(); entry != kept_.rend() && rows.size() < rows_max; ++entry) {
        if (entry->number < before) rows.push_back(*entry);
    }
    return rows;
}

std::optional<Error> RefusedLog::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

void RefusedLog::write_loop() {
    pthread_setname_np(pthread_self(), "seq-refused");
    std::unique_lock lock(mutex_);
    for (;;) {
        wakes_.wait(lock, [this] { return stopping_ || !unwritten_.empty(); });
        if (unwritten_.empty()) return;
        const std::string lines = std::exchange(unwritten_, {});
        lock.unlock();
        const auto written = write(lines);
        lock.lock();
        failure_ = written ? std::nullopt : std::optional(written.error());
    }
}

Result<void> RefusedLog::write(const std::string& lines) {
    if (file_bytes_ + lines.size() > limits::kRefusedFileBytesMax && file_bytes_ > 0) {
        std::error_code error;
        std::filesystem::rename(file(dir_), older_file(dir_), error);
        if (error)
            return fail(ErrorCode::kIo, "cannot put " + file(dir_).string() + " by: " + error.message());
        file_bytes_ = 0;
    }
    std::ofstream out(file(dir_), std::ios::app | std::ios::binary);
    out << lines << std::flush;
    if (!out) return fail(ErrorCode::kIo, "cannot write " + file(dir_).string());
    file_bytes_ += lines.size();
    return {};
}

}  // namespace daybook::sequencer
