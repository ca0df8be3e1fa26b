// The engine without its read models: a log in a directory of the test's own, books replayed from it, and the
// sequencer.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/time.h"
#include "engine/codec/event_codec.h"
#include "engine/custody/decide.h"
#include "engine/log/event_log.h"
#include "engine/sequencer/chain_reader.h"
#include "engine/sequencer/sequencer.h"
#include "engine/sequencer/unique_ids.h"
#include "tests/support/commands.h"

namespace daybook::test {

// A clock that stands still until it is told otherwise. Any thread.
class FakeClock : public Clock {
public:
    explicit FakeClock(Micros at = 1'772'000'000 * kSecond) : at_(at) {}
    [[nodiscard]] Micros now() const override { return at_; }
    void set(Micros at) { at_ = at; }
    void move(Micros by) { at_ += by; }

private:
    std::atomic<Micros> at_;
};

template <class T>
T must(Result<T> result) {
    if (result) return std::move(*result);
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::abort();
}
inline void must(Result<void> result) {
    if (result) return;
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::abort();
}

inline log::Options log_options(const std::filesystem::path& dir) {
    log::Options options;
    options.dir = dir;
    options.ids_of = sequencer::unique_ids_of;
    return options;
}

// The books that the whole log makes.
inline std::unique_ptr<custody::Books> replay(const log::EventLog& log) {
    auto books = std::make_unique<custody::Books>();
    codec::StoredEvent event;
    custody::Effects effects;
    sequencer::Replayer replayer(log);
    auto cursor = log.scan(0);
    while (must(cursor.next())) {
        must(codec::decode_event(cursor.bytes(), event));
        must(replayer.apply(*books, event.event(), effects));
    }
    return books;
}

class Engine {
public:
    Engine(std::filesystem::path dir, const Clock& clock, sequencer::Options options = without_runner(),
           log::Options log = {})
        : dir_(std::move(dir)), clock_(clock), options_(options), log_options_(std::move(log)) {
        log_options_.dir = dir_;
        log_options_.ids_of = sequencer::unique_ids_of;
        if (!std::filesystem::exists(dir_ / "ledger")) {
            must(log::EventLog::create(log_options_, LedgerId(Uuid{1, 2}), clock_.now()));
        }
        open();
    }
    ~Engine() { close(); }

    static sequencer::Options without_runner() {
        sequencer::Options options;
        options.runner = sequencer::Feed::Runner::kNone;
        return options;
    }

    void open() {
        log_ = must(log::EventLog::open(log_options_));
        sequencer_ = must(sequencer::Sequencer::start(*log_, replay(*log_), clock_, options_));
    }
    void close() {
        if (sequencer_) static_cast<void>(sequencer_->stop());
        sequencer_.reset();
        if (log_) static_cast<void>(log_->close());
        log_.reset();
    }
    void reopen() {
        close();
        open();
    }

    std::future<std::vector<sequencer::Answer>> send(const std::vector<std::string>& commands,
                                                     sequencer::Mode mode = sequencer::Mode::kIndependent) {
        auto promise = std::make_shared<std::promise<std::vector<sequencer::Answer>>>();
        auto future = promise->get_future();
        sequencer_->submit(batch_of(commands), mode, [promise](std::vector<sequencer::Answer> answers) {
            promise->set_value(std::move(answers));
        });
        return future;
    }
    // Sends and waits; no answer within the limit ends the program, so that no test hangs.
    std::vector<sequencer::Answer> run(const std::vector<std::string>& commands,
                                       sequencer::Mode mode = sequencer::Mode::kIndependent) {
        return get(send(commands, mode));
    }
    static std::vector<sequencer::Answer> get(std::future<std::vector<sequencer::Answer>> future) {
        if (future.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
            std::fprintf(stderr, "no answer within a minute\n");
            std::abort();
        }
        return future.get();
    }

    log::EventLog& log() { return *log_; }
    sequencer::Sequencer& sequencer() { return *sequencer_; }

private:
    const std::filesystem::path dir_;
    const Clock& clock_;
    const sequencer::Options options_;
    log::Options log_options_;
    std::unique_ptr<log::EventLog> log_;
    std::unique_ptr<sequencer::Sequencer> sequencer_;
};

}  // namespace daybook::test
