// Goal: read models that are rebuilt, lost, damaged, foreign or cut off come back, or say what is wrong. Method: a
// ledger of a simulated salon, made once a test, and views over its log.
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "engine/cli/simulate/simulate.h"
#include "projections/runner.h"
#include "projections/views.h"
#include "tests/support/engine.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"
#include "tests/unit/projections/follower.h"

namespace daybook::projections {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kRun = 512;

// Simulated commands, without those that are wrong on purpose.
std::vector<std::string> simulated(std::uint32_t days) {
    cli::SimulateOptions options;
    options.sites = 2;
    options.items = 600;
    options.days = days;
    options.first_day = 1'771'977'600 * kSecond;
    std::vector<std::string> commands;
    cli::simulate(options, [&](std::string_view json) {
        if (json.find(cli::kWrongOnPurpose) == std::string_view::npos) commands.emplace_back(json);
    });
    return commands;
}

// The ledger's log in a directory of its own, and views of it.
class LedgerWithViews : public testing::Test {
protected:
    void fill(std::uint32_t days = 3) {
        test::FakeClock clock(1'780'000'000 * kSecond);
        test::Engine engine(dir_.path(), clock);
        const auto commands = simulated(days);
        std::size_t accepted = 0;
        for (std::size_t first = 0; first < commands.size(); first += 500) {
            const auto last = std::min(commands.size(), first + 500);
            const auto begin = commands.begin();
            const auto answers =
                engine.run({begin + static_cast<std::ptrdiff_t>(first), begin + static_cast<std::ptrdiff_t>(last)});
            for (const auto& answer : answers) accepted += answer.accepted() ? 1U : 0U;
        }
        ASSERT_GT(accepted, 3 * kRun);
    }
    void open_log() { log_ = test::must(log::EventLog::open(test::log_options(dir_.path()))); }
    Options options() const {
        Options options;
        options.dir = dir_.path();
        options.ledger = LedgerId(Uuid{1, 2});
        options.run_events = kRun;
        return options;
    }
    Result<std::unique_ptr<Views>> open_views(const Options& options) {
        books_ = std::make_unique<custody::Books>();
        return Views::open(options, *books_);
    }
    std::unique_ptr<Views> opened() {
        auto views = test::must(open_views(options()));
        test::must(views->catch_up(*log_, *books_));
        return views;
    }
    fs::path generation() const {
        for (const auto& entry : fs::directory_iterator(dir_ / "views")) {
            if (entry.is_directory()) return entry.path();
        }
        return {};
    }
    std::size_t generations() const {
        std::size_t count = 0;
        for (const auto& entry : fs::directory_iterator(dir_ / "views")) count += entry.is_directory() ? 1U : 0U;
        return count;
    }

    const test::TempDir dir_;
    std::unique_ptr<log::EventLog> log_;
    std::unique_ptr<custody::Books> books_;
};

TEST_F(LedgerWithViews, ComeBackToTheByteWhenTheyAreDeleted) {
    fill();
    open_log();
    auto views = opened();
    EXPECT_EQ(views->position(), log_->head());
    const auto first = digests_of(*views);
    views.reset();
    fs::remove_all(dir_ / "views");
    EXPECT_EQ(digests_of(*opened()), first);
    // And when they are only opened again, the newest run and the rest.
    views = test::must(open_views(options()));
    EXPECT_EQ(views->folded() % kRun, 0U);
    EXPECT_GT(views->folded(), 0U);
    EXPECT_LT(views->folded(), log_->head());
    test::must(views->catch_up(*log_, *books_));
    EXPECT_EQ(digests_of(*views), first);
}

TEST_F(LedgerWithViews, ARebuildTakesThePlaceOfTheOld) {
    fill();
    open_log();
    auto views = opened();
    const auto first = digests_of(*views);
    Position most = 0;
    test::must(views->rebuild(*log_, [&](Position done, Position of) {
        EXPECT_LE(done, of);
        most = std::max(most, done);
        return true;
    }));
    EXPECT_EQ(digests_of(*views), first);
    EXPECT_TRUE(test::wait_until([this] { return generations() == 1; }));
    EXPECT_EQ(generation().filename(), "gen-000002");
    views.reset();
    views = opened();
    EXPECT_EQ(digests_of(*views), first);
}

TEST_F(LedgerWithViews, AnInterruptedRebuildLeavesNothing) {
    fill();
    open_log();
    auto views = opened();
    const auto first = digests_of(*views);
    const auto stopped = views->rebuild(*log_, [](Position, Position) { return false; });
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ErrorCode::kStopped);
    EXPECT_EQ(digests_of(*views), first);
    EXPECT_EQ(generations(), 1U);
    views.reset();
    // As a crash in the middle leaves it.
    fs::copy(generation(), dir_ / "views" / "gen-000002", fs::copy_options::recursive);
    fs::create_directories(dir_ / "views" / "check");
    views = opened();
    EXPECT_EQ(generations(), 1U);
    EXPECT_EQ(digests_of(*views), first);
}

TEST_F(LedgerWithViews, AreRebuiltWhileTheyAreFolded) {
    fill();
    open_log();
    auto views = test::must(open_views(options()));
    custody::Books& books = *books_;
    // Folds the log a second time over, slowly, as a runner does, while another thread rebuilds.
    std::atomic<bool> done{false};
    std::thread folding([&] {
        codec::StoredEvent stored;
        custody::Effects effects;
        auto cursor = log_->scan(0);
        while (test::must(cursor.next())) {
            test::must(codec::decode_event(cursor.bytes(), stored));
            custody::apply(books, stored.event(), effects);
            views->fold(stored.event(), effects);
            if (books.next % kRun == 0) views->settle(custody::save_book(books));
            if (books.next % 50 == 0) views->publish();
        }
        views->publish();
        done = true;
    });
    int rebuilds = 0;
    while (!done) {
        test::must(views->rebuild(*log_));
        ++rebuilds;
    }
    folding.join();
    EXPECT_GT(rebuilds, 0);
    const auto digests = digests_of(*views);
    views.reset();
    fs::remove_all(dir_ / "views");
    EXPECT_EQ(digests, digests_of(*opened()));
}

TEST_F(LedgerWithViews, VerifyComparesWithAFreshFold) {
    fill();
    open_log();
    auto views = opened();
    auto checks = test::must(views->verify(*log_));
    ASSERT_EQ(checks.size(), 8U);
    for (const ViewCheck& check : checks) {
        EXPECT_EQ(check.difference, "") << check.view;
        EXPECT_GT(check.rows, 0U) << check.view;
    }
    EXPECT_EQ(generations(), 1U);

    // Views of a longer walk than the log: what is too much is named. The last event is folded twice into the stock.
    views.reset();
    fs::remove_all(dir_ / "views");
    views = test::must(open_views(options()));
    codec::StoredEvent stored;
    custody::Effects effects;
    auto cursor = log_->scan(0);
    bool bent = false;
    while (test::must(cursor.next())) {
        test::must(codec::decode_event(cursor.bytes(), stored));
        custody::apply(*books_, stored.event(), effects);
        if (!bent && stored.command.type == custody::EventType::kSignedOut && books_->next > 700) {
            effects.items.front().after.insured_minor += 1;
            bent = true;
        }
        views->fold(stored.event(), effects);
        if (books_->next % kRun == 0) views->settle(custody::save_book(*books_));
    }
    views->publish();
    ASSERT_TRUE(bent);
    checks = test::must(views->verify(*log_));
    std::set<std::string> different;
    for (const ViewCheck& check : checks) {
        if (!check.difference.empty()) different.insert(check.view);
    }
    EXPECT_TRUE(different.contains("accounts"));
    EXPECT_TRUE(different.contains("stock"));
    EXPECT_FALSE(different.contains("history"));
}

TEST_F(LedgerWithViews, ForeignNewerAndDamagedOnesAreToldApart) {
    fill();
    open_log();
    opened().reset();

    Options other = options();
    other.ledger = LedgerId(Uuid{3, 4});
    auto answer = open_views(other);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::kForeign);
    EXPECT_NE(answer.error().message.find("delete views/"), std::string::npos);

    const fs::path current = dir_ / "views" / "CURRENT";
    std::string text;
    std::getline(std::ifstream(current), text, '\0');
    const auto write = [&](const std::string& bytes) { std::ofstream(current, std::ios::trunc) << bytes; };
    write("daybook-views " + std::to_string(kFormatVersion + 1) + "\nsomething else\n");
    answer = open_views(options());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::kNewerFormat);
    const std::vector<std::string> damaged{"", "daybook-views", "daybook-views x\n", text.substr(0, text.size() / 2),
                                           "daybook-views " + std::to_string(kFormatVersion) + "\nledger\n"};
    for (const std::string& bytes : damaged) {
        write(bytes);
        answer = open_views(options());
        ASSERT_FALSE(answer) << bytes;
        EXPECT_EQ(answer.error().code, ErrorCode::kCorrupt) << bytes;
        EXPECT_NE(answer.error().message.find("daybook rebuild"), std::string::npos);
    }
    // Nothing was harmed by asking.
    write(text);
    EXPECT_TRUE(open_views(options()));
}

TEST_F(LedgerWithViews, ARebuildHelpsWhereOpeningFails) {
    fill();
    open_log();
    const auto first = digests_of(*opened());
    // Every settled file is cut in half.
    std::size_t cut = 0;
    for (const auto& entry : fs::directory_iterator(generation())) {
        if (entry.path().extension() != ".sst") continue;
        fs::resize_file(entry.path(), fs::file_size(entry.path()) / 2);
        ++cut;
    }
    ASSERT_GT(cut, 0U);
    auto answer = open_views(options());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::kCorrupt) << answer.error().message;
    EXPECT_NE(answer.error().message.find("daybook rebuild"), std::string::npos) << answer.error().message;

    Options again = options();
    again.start_over = true;
    auto views = test::must(open_views(again));
    EXPECT_EQ(views->folded(), 0U);
    test::must(views->catch_up(*log_, *books_));
    EXPECT_EQ(digests_of(*views), first);
    EXPECT_EQ(generations(), 1U);
    views.reset();
    EXPECT_EQ(digests_of(*opened()), first);
}

TEST_F(LedgerWithViews, ADamagedBlockIsAnErrorAndNeverAnotherAnswer) {
    fill();
    open_log();
    opened().reset();
    // One byte in the middle of each file that holds rows, one file at a time.
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(generation())) {
        if (entry.path().extension() == ".sst") files.push_back(entry.path());
    }
    std::size_t told = 0;
    std::vector<std::string> sound = digests_of(*opened());
    for (const fs::path& file : files) {
        if (!fs::exists(file)) continue;  // compacted away meanwhile
        std::string bytes;
        {
            std::ifstream in(file, std::ios::binary);
            bytes.assign(std::istreambuf_iterator<char>(in), {});
        }
        const std::string kept = bytes;
        bytes[bytes.size() / 3] = static_cast<char>(bytes[bytes.size() / 3] ^ 0x40);
        std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
        auto views = open_views(options());
        if (!views) {
            EXPECT_EQ(views.error().code, ErrorCode::kCorrupt) << views.error().message;
            ++told;
        } else {
            const auto caught_up = (*views)->catch_up(*log_, *books_);
            const auto digests = (*views)->digest();
            if (!caught_up || !digests) {
                EXPECT_EQ((!caught_up ? caught_up.error() : digests.error()).code, ErrorCode::kCorrupt);
                ++told;
            } else {
                EXPECT_EQ(digests_of(**views), sound) << file;  // a byte that says nothing, or a file no longer used
            }
        }
        std::ofstream(file, std::ios::binary | std::ios::trunc) << kept;
    }
    EXPECT_GT(told, 0U);
}

TEST_F(LedgerWithViews, ARunThatCannotBeWrittenFailsTheViewsAlone) {
    fill();
    open_log();
    auto views = test::must(open_views(options()));
    // Where runs are written there is a file in the way.
    fs::remove_all(generation() / "staging");
    std::ofstream(generation() / "staging") << "in the way";
    const auto caught_up = views->catch_up(*log_, *books_);
    ASSERT_FALSE(caught_up);
    ASSERT_TRUE(views->failure());
    const auto answer = views->stock({}, {});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().message, views->failure()->message);
    views.reset();
    EXPECT_EQ(opened()->position(), log_->head());
}

TEST_F(LedgerWithViews, ViewsAheadOfTheLogAreForeign) {
    fill();
    open_log();
    opened().reset();
    const test::TempDir empty;
    test::must(log::EventLog::create(test::log_options(empty.path()), LedgerId(Uuid{1, 2}), 1));
    auto log = test::must(log::EventLog::open(test::log_options(empty.path())));
    auto views = test::must(open_views(options()));
    const auto caught_up = views->catch_up(*log, *books_);
    ASSERT_FALSE(caught_up);
    EXPECT_EQ(caught_up.error().code, ErrorCode::kForeign);
}

TEST_F(LedgerWithViews, TheRunnerFollowsTheSequencer) {
    test::FakeClock clock(1'780'000'000 * kSecond);
    test::must(log::EventLog::create(test::log_options(dir_.path()), LedgerId(Uuid{1, 2}), clock.now()));
    open_log();
    auto views = opened();
    sequencer::Options engine_options;
    engine_options.run_events = kRun;
    auto engine = test::must(sequencer::Sequencer::start(*log_, std::move(books_), clock, engine_options));
    auto runner = Runner::start(*views, engine->feed());

    const auto commands = simulated(3);
    Position last = kNoPosition;
    for (std::size_t first = 0; first < commands.size(); first += 100) {
        const auto end = std::min(commands.size(), first + 100);
        const auto begin = commands.begin();
        std::promise<std::vector<sequencer::Answer>> promise;
        auto future = promise.get_future();
        engine->submit(
            test::batch_of({begin + static_cast<std::ptrdiff_t>(first), begin + static_cast<std::ptrdiff_t>(end)}),
            sequencer::Mode::kIndependent,
            [&promise](std::vector<sequencer::Answer> answers) { promise.set_value(std::move(answers)); });
        for (const auto& answer : future.get()) {
            if (answer.accepted()) last = answer.position;
        }
    }
    ASSERT_NE(last, kNoPosition);
    ASSERT_TRUE(views->wait_for(last + 1, after(std::chrono::seconds(60))));
    EXPECT_EQ(runner->lag(), 0U);
    EXPECT_EQ(views->position(), log_->head());
    EXPECT_GE(views->settled(), log_->head() - log_->head() % kRun - kRun);
    const auto live = digests_of(*views);
    for (const ViewCheck& check : test::must(views->verify(*log_))) EXPECT_EQ(check.difference, "") << check.view;

    test::must(engine->stop());
    test::must(runner->stop());
    runner.reset();
    engine.reset();
    views.reset();
    EXPECT_EQ(digests_of(*opened()), live);
    fs::remove_all(dir_ / "views");
    EXPECT_EQ(digests_of(*opened()), live);
}

}  // namespace
}  // namespace daybook::projections
