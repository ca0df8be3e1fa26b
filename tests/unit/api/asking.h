// A ledger with the days of two salons, of which as many as wanted have been submitted, and its questions.
#pragma once

#include <gtest/gtest.h>

#include <daybook/ledger.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/questions.h"
#include "engine/cli/simulate/simulate.h"
#include "engine/codec/json.h"
#include "tests/support/engine.h"
#include "tests/support/temp_dir.h"

namespace daybook::test {

// Simulated commands, without those that are wrong on purpose.
inline std::vector<std::string> simulated(std::uint64_t seed) {
    cli::SimulateOptions options;
    options.sites = 2;
    options.items = 60;
    options.days = 3;
    options.seed = seed;
    options.first_day = 1'771'977'600 * kSecond;
    std::vector<std::string> commands;
    cli::simulate(options, [&](std::string_view json) {
        if (json.find(cli::kWrongOnPurpose) == std::string_view::npos) commands.emplace_back(json);
    });
    return commands;
}

class Asking : public testing::Test {
protected:
    void SetUp() override {
        must(log::EventLog::create(log_options(dir_.path()), LedgerId(Uuid{1, 2}), clock_.now()));
        open();
        commands_ = simulated(7);
    }
    void open() {
        ledger_.reset();
        ledger_ = must(Ledger::open({.dir = dir_.path(), .clock = &clock_}));
    }
    // As after a crash: nothing of the read models that was in memory only is there, nor they themselves.
    void lose_views() {
        ledger_.reset();
        std::filesystem::remove_all(dir_ / "views");
        open();
    }
    void submit(std::size_t end) {
        for (; next_ < std::min(end, commands_.size()); next_ += 50) {
            const std::size_t last = std::min({end, commands_.size(), next_ + 50});
            std::string json = R"({"commands":[)";
            for (std::size_t i = next_; i < last; ++i) json += (i == next_ ? "" : ",") + commands_[i];
            static_cast<void>(ledger_->submit_json(json + "]}"));
            clock_.move(kSecond);
        }
        ASSERT_TRUE(ledger_->wait_for(ledger_->head(), after(std::chrono::seconds(60))));
    }
    Result<std::string> ask(const std::string& question) {
        const api::Questions questions(*ledger_, clock_, [] { return api::EngineStatus{}; });
        return questions.answer(api::Question::parse(question));
    }
    template <class Message>
    Message asked(const std::string& question) {
        Message message;
        const auto json = ask(question);
        EXPECT_TRUE(json) << question << ": " << json.error().message;
        if (json) must(codec::from_json(*json, message));
        return message;
    }

    const TempDir dir_;
    const Micros begin_ = 1'780'000'000 * kSecond;
    FakeClock clock_{begin_};
    std::unique_ptr<Ledger> ledger_;
    std::vector<std::string> commands_;
    std::size_t next_ = 0;
};

}  // namespace daybook::test
