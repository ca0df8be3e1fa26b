// kill -9 at random moments under load: everything acknowledged is there, nothing twice, positions dense, batches
// whole, the log sound and the views equal to the fold. The seed is printed; DAYBOOK_SEED gives it again. 20 rounds, or
// 200 with DAYBOOK_LONG=1.
#include <daybook/ledger.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/codec/command_codec.h"
#include "engine/codec/event_codec.h"
#include "engine/log/event_log.h"
#include "projections/views.h"
#include "tests/support/temp_dir.h"

namespace daybook {
namespace {

// Small, so that runs of ids and views are settled many times while the child is being killed.
constexpr std::uint64_t kRunEvents = 500;

using Acknowledged = std::map<Position, std::string>;

// The child, killed after a time or a number of acknowledgements, whichever comes first.
class Child {
public:
    Child(const std::string& dir, std::uint64_t seed, std::size_t clients) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        const std::string words[] = {DAYBOOK_CRASH_CHILD, dir, std::to_string(seed), std::to_string(clients),
                                     std::to_string(kRunEvents)};
        std::vector<char*> argv;
        for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
        argv.push_back(nullptr);
        child_ = ::fork();
        if (child_ == 0) {
            // Only what is safe between fork and exec.
            ::dup2(ends[1], STDOUT_FILENO);
            ::execv(argv[0], argv.data());
            ::_exit(127);
        }
        ::close(ends[1]);
        pipe_ = ends[0];
    }
    ~Child() { ::close(pipe_); }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    // Reads until the moment has come, kills, reads the rest. False when the child ended before by itself.
    bool kill_after(std::size_t lines, std::chrono::microseconds more) {
        bool alive = true;
        while (alive && lines_ < lines) alive = read_some(std::chrono::seconds(60));
        const auto until = std::chrono::steady_clock::now() + more;
        while (alive && std::chrono::steady_clock::now() < until) {
            alive = read_some(
                std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()));
        }
        ::kill(child_, SIGKILL);
        while (read_some(std::chrono::seconds(60))) {
        }
        int status = 0;
        ::waitpid(child_, &status, 0);
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    }

    // Whole lines only: the last one may be cut.
    void add_to(Acknowledged& acknowledged) const {
        for (std::size_t from = 0, end = 0; (end = text_.find('\n', from)) != std::string::npos; from = end + 1) {
            const std::size_t space = text_.find(' ', from);
            const Position position = std::stoull(text_.substr(from, space - from));
            const std::string id = text_.substr(space + 1, end - space - 1);
            const auto [it, fresh] = acknowledged.emplace(position, id);
            EXPECT_EQ(it->second, id) << "position " << position << " was acknowledged twice, for two events";
        }
    }

private:
    bool read_some(std::chrono::milliseconds wait) {
        pollfd poll{pipe_, POLLIN, 0};
        const int ready = ::poll(&poll, 1, static_cast<int>(std::max<std::int64_t>(0, wait.count())));
        if (ready == 0) return true;
        char buffer[1 << 16];
        const auto size = ::read(pipe_, buffer, sizeof(buffer));
        if (size <= 0) return false;
        text_.append(buffer, static_cast<std::size_t>(size));
        lines_ += static_cast<std::size_t>(std::count(buffer, buffer + size, '\n'));
        return true;
    }

    pid_t child_ = -1;
    int pipe_ = -1;
    std::string text_;
    std::size_t lines_ = 0;
};

// Every event once, at its place, in whole batches; and every acknowledged one among them.
void check_events(Ledger& ledger, const Acknowledged& acknowledged) {
    std::set<EventId> ids;
    Position expected = 0;
    Position batch_last = 0;
    Micros recorded_at = 0;
    codec::StoredEvent event;
    const auto reached = ledger.events(0, kNoPosition, [&](Position position, std::string_view bytes) {
        const auto decoded = codec::decode_event(bytes, event);
        EXPECT_TRUE(decoded) << decoded.error().message;
        if (!decoded) return false;
        EXPECT_EQ(position, expected++);
        EXPECT_EQ(event.position, position);
        EXPECT_TRUE(ids.insert(event.command.event_id).second) << "event " << event.command.event_id.text() << " twice";
        EXPECT_GE(event.recorded_at, recorded_at);
        recorded_at = event.recorded_at;
        if (position > 0 && position <= batch_last) {
            EXPECT_EQ(event.batch_last, batch_last) << "a batch within a batch at " << position;
        }
        batch_last = event.batch_last;
        const auto known = acknowledged.find(position);
        if (known != acknowledged.end()) {
            EXPECT_EQ(known->second, event.command.event_id.text()) << "position " << position;
        }
        return true;
    });
    ASSERT_TRUE(reached) << reached.error().message;
    EXPECT_EQ(*reached, ledger.head());
    EXPECT_EQ(batch_last + 1, ledger.head()) << "the log ends inside an atomic batch";
    ASSERT_FALSE(acknowledged.empty());
    EXPECT_LT(acknowledged.rbegin()->first, ledger.head()) << "an acknowledged event is gone";
}

// Some of what is there, sent again: the first answers, and nothing new.
void check_repeats(Ledger& ledger, const Acknowledged& acknowledged, std::mt19937_64& random) {
    const Position head = ledger.head();
    for (int i = 0; i < 50; ++i) {
        auto known = acknowledged.lower_bound(random() % head);
        if (known == acknowledged.end()) known = std::prev(known);
        const auto stored = ledger.event_log().read(known->first);
        ASSERT_TRUE(stored);
        const auto event = codec::read_event_head(*stored);
        ASSERT_TRUE(event);
        const std::string_view command[] = {event->command};
        const auto answer = ledger.submit(command, SubmitMode::kIndependent)[0];
        EXPECT_EQ(answer.position, known->first) << answer.json();
        EXPECT_EQ(answer.recorded_at, event->recorded_at);
        EXPECT_TRUE(answer.repeated);
    }
    EXPECT_EQ(ledger.head(), head);
}

void check_ledger(const std::string& dir, const Acknowledged& acknowledged, std::mt19937_64& random) {
    LedgerOptions options;
    options.dir = dir;
    options.run_events = kRunEvents;
    auto ledger = Ledger::open(options);
    ASSERT_TRUE(ledger) << ledger.error().message;
    check_events(**ledger, acknowledged);
    check_repeats(**ledger, acknowledged, random);

    const auto report = (*ledger)->event_log().verify();
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_FALSE(report->damage) << report->damage->message;
    EXPECT_EQ(report->events, (*ledger)->head());
    const auto root = (*ledger)->root((*ledger)->head());
    ASSERT_TRUE(root);
    EXPECT_EQ(report->root, *root);

    ASSERT_TRUE((*ledger)->wait_for((*ledger)->head(), after(std::chrono::seconds(60))));
    const auto views = (*ledger)->views().verify((*ledger)->event_log());
    ASSERT_TRUE(views) << views.error().message;
    EXPECT_FALSE(views->empty());
    for (const auto& view : *views) EXPECT_EQ(view.difference, "") << view.view;
    const auto closed = (*ledger)->close();
    EXPECT_TRUE(closed) << closed.error().message;
}

TEST(CrashTest, KilledUnderLoadNothingAcknowledgedIsLostAndNothingIsDoubled) {
    const char* given = std::getenv("DAYBOOK_SEED");
    const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    const char* all = std::getenv("DAYBOOK_LONG");
    const int rounds = all != nullptr && std::string_view(all) == "1" ? 200 : 20;
    std::printf("DAYBOOK_SEED=%llu\n", static_cast<unsigned long long>(seed));
    std::mt19937_64 random(seed);

    std::unique_ptr<test::TempDir> dir;
    Acknowledged acknowledged;
    for (int round = 0; round < rounds; ++round) {
        // A ledger lives through ten deaths, so that recoveries are recovered from.
        if (round % 10 == 0) {
            dir = std::make_unique<test::TempDir>();
            acknowledged.clear();
            ASSERT_TRUE(Ledger::create(dir->path()));
        }
        const std::size_t clients = 1 + random() % 8;
        const std::size_t lines = random() % 2 == 0 ? random() % 20 : random() % 3000;
        const auto more = std::chrono::microseconds(random() % 30'000);
        SCOPED_TRACE("round " + std::to_string(round) + ": " + std::to_string(clients) + " clients, killed " +
                     std::to_string(more.count()) + " us after " + std::to_string(lines) + " acknowledgements");
        {
            Child child(dir->path(), random(), clients);
            ASSERT_TRUE(child.kill_after(std::max<std::size_t>(lines, 1), more)) << "the child ended by itself";
            child.add_to(acknowledged);
        }
        check_ledger(dir->path(), acknowledged, random);
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace daybook
