// For the tests of the read models: events kept for use again, views that follow them as in the engine, and what must
// be answered, worked out from the books and the events alone, a plain way.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/custody/decide.h"
#include "projections/views.h"
#include "tests/unit/custody/walk.h"

namespace daybook::projections {

// An event with all its parts. Texts are those of the walk, which are literals.
struct KeptEvent {
    custody::Command command;
    custody::Decided decided;
    Position position = 0;
    Position batch_last = 0;
    Micros recorded_at = 0;

    explicit KeptEvent(const custody::Event& event)
        : command(event.command),
          position(event.position),
          batch_last(event.batch_last),
          recorded_at(event.recorded_at) {
        decided.occurred_at = event.decided.occurred_at;
        decided.lines = event.decided.lines;
        decided.closes = event.decided.closes;
        if (event.decided.count_lists) {
            decided.count_lists = std::make_unique<custody::CountLists>(*event.decided.count_lists);
        }
    }
    [[nodiscard]] custody::Event event() const { return {command, decided, position, batch_last, recorded_at}; }
};

// The events of a random walk of so many steps, in atomic batches of up to `batch_max`.
inline std::deque<KeptEvent> walked(std::uint64_t seed, int steps, std::uint64_t batch_max = 1) {
    std::deque<KeptEvent> events;
    custody::Script script(false);
    script.watch = [&events](const custody::Event& event) { events.emplace_back(event); };
    // The salons are opened by a Script's constructor, before anybody can watch: so they are taken from another one.
    custody::LedgerCreated created;
    created.entity = 9;
    created.currency = 'E' << 16 | 'U' << 8 | 'R';
    script.apply({custody::EventType::kLedgerCreated, created});
    for (const SiteId site : {SiteId{1}, SiteId{2}}) {
        const std::string path = "SITE/" + std::to_string(site);
        for (const char* account : {"/VAULT/A", "/VAULT/B", "/COM/C", "/HOLD", "/DISPLAY/D1", "/DISPLAY/D2", "/WINDOW",
                                    "/PERSON/71", "/PERSON/72", "/PACK", "/WORKSHOP-INT", "/SUPPLY"}) {
            custody::AccountOpened opened;
            opened.account = custody::at(path + account);
            script.apply_at(site, {custody::EventType::kAccountOpened, opened});
        }
    }
    custody::Walk walk(seed);
    for (int i = 0; i < steps; ++i) walk.step(script);

    std::mt19937_64 random(seed + 1);
    for (std::size_t first = 0; first < events.size();) {
        const std::size_t last = std::min(events.size() - 1, first + random() % batch_max);
        for (; first <= last; ++first) events[first].batch_last = last;
    }
    return events;
}

// Views and books that are kept together, as by the engine that owns them.
class Follower {
public:
    Follower(std::filesystem::path dir, std::uint64_t run_events, std::uint32_t publish_events = 512) {
        options_.dir = std::move(dir);
        options_.ledger = LedgerId(Uuid{1, 2});
        options_.run_events = run_events;
        options_.publish_events = publish_events;
        reopen();
    }
    // Drops what is in memory, as a crash does.
    void reopen() {
        views_.reset();
        books_ = std::make_unique<custody::Books>();
        auto opened = Views::open(options_, *books_);
        ASSERT_TRUE(opened) << opened.error().message;
        views_ = std::move(*opened);
    }
    void take(const KeptEvent& kept) {
        custody::apply(*books_, kept.event(), effects_);
        views_->fold(kept.event(), effects_);
        if (books_->next % options_.run_events == 0) views_->settle(custody::save_book(*books_));
    }
    // Everything from where it stands to `end`.
    void follow(const std::deque<KeptEvent>& events, std::size_t end) {
        while (views_->folded() < end) take(events[views_->folded()]);
        views_->publish();
    }
    [[nodiscard]] Views& views() { return *views_; }
    [[nodiscard]] const custody::Books& books() const { return *books_; }
    [[nodiscard]] const Options& options() const { return options_; }

private:
    Options options_;
    std::unique_ptr<custody::Books> books_;
    std::unique_ptr<Views> views_;
    custody::Effects effects_;
};

inline std::vector<std::string> digests_of(const Views& views) {
    std::vector<std::string> all;
    const auto digests = views.digest();
    EXPECT_TRUE(digests) << digests.error().message;
    if (!digests) return all;
    for (const Digest& one : *digests) {
        all.push_back(one.view + " " + std::to_string(one.position) + " " + std::to_string(one.rows) + " " +
                      hex(one.sha256));
    }
    return all;
}

// Every page of an answer together.
template <class Ask>
auto all_pages(Ask ask, std::size_t rows_max = 7) {
    Page page{rows_max, {}};
    auto first = ask(page);
    EXPECT_TRUE(first) << first.error().message;
    auto rows = first->rows;
    for (std::string next = first->next; !next.empty();) {
        auto more = ask(Page{rows_max, next});
        EXPECT_TRUE(more) << more.error().message;
        if (!more) break;
        EXPECT_FALSE(more->rows.empty()) << "a cursor that leads to nothing";
        EXPECT_EQ(more->position, first->position);
        rows.insert(rows.end(), more->rows.begin(), more->rows.end());
        next = more->next;
    }
    return rows;
}

}  // namespace daybook::projections
