// Goal: kill -9 at any moment leaves the views at a run boundary, from where they come to the same rows. Method: this
// program runs itself as a child that opens the views and folds a walk; the parent kills it at random moments, again
// and again over the same directory, and compares with a fold that nobody disturbed.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <string>
#include <thread>

#include "tests/support/temp_dir.h"
#include "tests/unit/projections/follower.h"

extern char** environ;  // NOLINT: POSIX wants it declared here

namespace daybook::projections {
namespace {

constexpr std::uint64_t kRun = 40;
constexpr std::uint64_t kSeed = 21;
constexpr int kSteps = 1500;
constexpr int kKills = 12;

// Folds to the end; the exit code says whether it stood where it may.
int fold_as_child(const std::string& dir) {
    const auto events = walked(kSeed, kSteps, 4);
    Follower follower(dir, kRun, 1);
    const bool right = !testing::Test::HasFailure() && follower.views().folded() % kRun == 0 &&
                       follower.books().next == follower.views().folded();
    if (!right) return 2;
    follower.follow(events, events.size());
    return 0;
}

pid_t start_child(const std::string& dir) {
    std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
    std::string flag = "--fold";
    std::string where = dir;
    char* arguments[] = {self.data(), flag.data(), where.data(), nullptr};
    pid_t child = 0;
    EXPECT_EQ(::posix_spawn(&child, self.c_str(), nullptr, nullptr, arguments, environ), 0);
    return child;
}

TEST(Kill, LeavesTheViewsAtARunBoundary) {
    const auto events = walked(kSeed, kSteps, 4);
    const test::TempDir straight_dir;
    Follower straight(straight_dir.path(), 100'000);
    straight.follow(events, events.size());

    const test::TempDir dir;
    std::mt19937_64 random(kSeed);
    int killed = 0;
    for (int i = 0; i < kKills; ++i) {
        const pid_t child = start_child(dir.path().string());
        ASSERT_GT(child, 0);
        // A random moment, not a wait for something: any is as good as any other.
        std::this_thread::sleep_for(std::chrono::milliseconds(30 + random() % 400));
        ::kill(child, SIGKILL);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << "the child ended with " << WEXITSTATUS(status);
        if (WIFSIGNALED(status)) ++killed;
    }
    EXPECT_GT(killed, 0);
    Follower follower(dir.path(), kRun);
    ASSERT_EQ(follower.views().folded() % kRun, 0U);
    follower.follow(events, events.size());
    // Chunks of lists end with their runs, so the two are compared at the same run length, in a third directory.
    const test::TempDir again;
    Follower undisturbed(again.path(), kRun);
    undisturbed.follow(events, events.size());
    EXPECT_EQ(digests_of(follower.views()), digests_of(undisturbed.views()));
    EXPECT_EQ(custody::save_book(follower.books()), custody::save_book(straight.books()));
    EXPECT_EQ(custody::saved_items(follower.books()), custody::saved_items(straight.books()));
}

}  // namespace
}  // namespace daybook::projections

int main(int argc, char** argv) {
    if (argc == 3 && std::string(argv[1]) == "--fold") return daybook::projections::fold_as_child(argv[2]);
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
