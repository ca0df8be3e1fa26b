// `daybook submit`: JSON lines in, one line of JSON a command out, in the same order.
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>

#include "engine/base/limits.h"
#include "engine/cli/commands.h"
#include "engine/cli/line_reader.h"
#include "engine/cli/link.h"
#include "engine/cli/progress.h"
#include "engine/codec/json.h"

namespace daybook::cli {
namespace {

constexpr std::size_t kChunksInFlight = 8;

// Answers that will be printed together: those of one submission, and of malformed lines among its commands.
struct Chunk {
    std::vector<std::string> answers;  // one a command
    std::vector<std::size_t> places;   // of the submitted commands among them
    std::vector<ParsedCommand> commands;
    std::size_t bytes = 0;
    bool done = false;
};

class Submitting {
public:
    Submitting(Link& link, std::size_t batch, bool out_is_quiet) : link_(link), batch_(batch), quiet_(out_is_quiet) {
        fresh();
    }

    // One line: a command, or {"commands": […]}, or {"atomic": true, "commands": […]}.
    void line(const LineReader::Line& line) {
        if (line.too_long) {
            return malformed(line.number, "longer than " + std::to_string(limits::kJsonLineBytesMax) +
                                              " bytes; send the command in parts");
        }
        if (line.text.find_first_not_of(" \t") == std::string::npos) return;  // an empty line is no command
        auto submission = codec::submission_from_json(line.text, limits::kJsonLineBytesMax);
        if (!submission) return malformed(line.number, submission.error().message);
        if (submission->atomic) return atomic(line, *submission);
        for (auto& command : submission->commands) {
            if (!command) {
                malformed(line.number, command.error().message);
            } else {
                add(submission->single ? line.text : json_of(*command), std::move(*command));
            }
        }
    }

    // Waits for what is on its way and prints it.
    void finish() {
        send(SubmitMode::kIndependent);
        std::unique_lock lock(mutex_);
        while (!chunks_.empty()) {
            came_.wait(lock, [&] { return chunks_.front()->done; });
            print(lock);
        }
    }

    [[nodiscard]] std::uint64_t answered() const { return answered_; }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }

private:
    static std::string json_of(const std::string& encoded) {
        auto json = codec::command_to_json(encoded);
        return json ? std::move(*json) : "";
    }

    void fresh() {
        filling_ = std::make_shared<Chunk>();
        filling_->answers.reserve(batch_);
    }

    void malformed(std::uint64_t number, const std::string& message) {
        filling_->answers.push_back(
            error_json({ErrorCode::kInvalid, "line " + std::to_string(number) + ": " + message}));
        if (filling_->answers.size() >= batch_) send(SubmitMode::kIndependent);
    }

    void add(std::string json, std::string encoded) {
        if (filling_->bytes + encoded.size() > limits::kBatchBytesMax) send(SubmitMode::kIndependent);
        filling_->bytes += encoded.size();
        filling_->places.push_back(filling_->answers.size());
        filling_->answers.emplace_back();
        filling_->commands.push_back({std::move(json), std::move(encoded)});
        if (filling_->answers.size() >= batch_) send(SubmitMode::kIndependent);
    }

    void atomic(const LineReader::Line& line, codec::Submission& submission) {
        send(SubmitMode::kIndependent);
        for (auto& command : submission.commands) {
            if (command) continue;
            for (std::size_t i = 0; i < submission.commands.size(); ++i)
                malformed(line.number, command.error().message);
            return;
        }
        for (auto& command : submission.commands) {
            filling_->places.push_back(filling_->answers.size());
            filling_->answers.emplace_back();
            filling_->commands.push_back({json_of(*command), std::move(*command)});
        }
        send(SubmitMode::kAtomic);
    }

    void send(SubmitMode mode) {
        if (filling_->answers.empty()) return;
        const std::shared_ptr<Chunk> chunk = std::exchange(filling_, nullptr);
        fresh();
        std::unique_lock lock(mutex_);
        while (chunks_.size() >= kChunksInFlight) {
            came_.wait(lock, [&] { return chunks_.front()->done; });
            print(lock);
        }
        chunks_.push_back(chunk);
        if (chunk->commands.empty()) {
            chunk->done = true;
            return;
        }
        lock.unlock();
        link_.submit(std::move(chunk->commands), mode, [this, chunk](std::vector<std::string> answers) {
            const std::lock_guard guard(mutex_);
            for (std::size_t i = 0; i < answers.size(); ++i) chunk->answers[chunk->places[i]] = std::move(answers[i]);
            chunk->done = true;
            came_.notify_all();
        });
    }

    // Prints the chunks that are done, from the front.
    void print(std::unique_lock<std::mutex>& lock) {
        while (!chunks_.empty() && chunks_.front()->done) {
            const std::shared_ptr<Chunk> chunk = chunks_.front();
            chunks_.pop_front();
            lock.unlock();
            for (const auto& answer : chunk->answers) {
                refused_ += answer.starts_with(R"({"error")") ? 1U : 0U;
                if (quiet_) continue;
                std::fwrite(answer.data(), 1, answer.size(), stdout);
                std::fputc('\n', stdout);
            }
            answered_ += chunk->answers.size();
            std::fflush(stdout);
            lock.lock();
        }
    }

    Link& link_;
    const std::size_t batch_;
    const bool quiet_;
    std::shared_ptr<Chunk> filling_;
    std::mutex mutex_;
    std::condition_variable came_;
    std::deque<std::shared_ptr<Chunk>> chunks_;  // sent, in order
    std::uint64_t answered_ = 0, refused_ = 0;
};

}  // namespace

int submit(const Common& common, const std::string& file, std::size_t batch) {
    std::FILE* const in = file.empty() || file == "-" ? stdin : std::fopen(file.c_str(), "rb");
    if (in == nullptr) return failed(common, {ErrorCode::kIo, "cannot read " + file});
    Progress progress;
    auto link = Link::open(common.dir,
                           [&](std::string_view what, Position done, Position of) { progress.show(what, done, of); });
    if (!link) return failed(common, link.error());
    Submitting submitting(**link, batch, false);
    LineReader reader(in, limits::kJsonLineBytesMax);
    LineReader::Line line;
    while (reader.next(line)) {
        submitting.line(line);
        progress.show("submitting", line.number, 0);
    }
    submitting.finish();
    progress.clear();
    const bool unread = reader.failed();
    if (in != stdin) std::fclose(in);
    if (auto closed = (*link)->close(); !closed) return failed(common, closed.error());
    if (unread)
        return failed(common, {ErrorCode::kIo, "reading stopped before the end; what was read has been answered"});
    return submitting.refused() > 0 ? kExitRefused : kExitWell;
}

}  // namespace daybook::cli
