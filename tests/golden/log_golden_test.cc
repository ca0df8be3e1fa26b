// The ledger directories under tests/golden/log-v*, written by the first release of each format: every later version
// reads them, finds the same events, ids and roots, and goes on writing.
//
// write_log_golden writes a new one; what was released is never written again.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/log_model.h"
#include "tests/support/temp_dir.h"

namespace daybook::log {
namespace {

namespace fs = std::filesystem;

constexpr Position kHead = 634;  // of which 34 are in the write-ahead log, as kill -9 leaves them

fs::path copy_of(const std::string& golden, const test::TempDir& dir) {
    fs::copy(fs::path(DAYBOOK_SOURCE_DIR) / "tests/golden" / golden, dir / "ledger", fs::copy_options::recursive);
    return dir.path();
}

TEST(LogGoldenTest, FormatOneStaysReadable) {
    const test::TempDir dir;
    const Options options = test::options_for(copy_of("log-v1", dir));
    auto log = test::open_log(options);
    ASSERT_NE(log, nullptr);
    EXPECT_EQ(log->meta().ledger, test::kTestLedger);
    EXPECT_EQ(log->meta().format, kFormatVersion);
    EXPECT_EQ(log->meta().created_at, test::kTestStart);
    EXPECT_EQ(log->last_recorded_at(), test::kTestStart + static_cast<Micros>(kHead));
    EXPECT_FALSE(log->recovery().tail_cut);
    EXPECT_LT(log->recovery().ids_rebuilt, kHead) << "its runs were read";
    test::expect_sound(*log, kHead);
    EXPECT_EQ(hex(log->root(kHead).value()), "d52a6c3e27299ad2a12bfef8d0536eb949b5c07856e88ac0de4a7b4afad6f7ba");
    ASSERT_TRUE(log->append(test::group_of(kHead, 300)).has_value());
    ASSERT_TRUE(log->close().has_value());
    log = test::open_log(options);
    test::expect_sound(*log, kHead + 300);
}

}  // namespace
}  // namespace daybook::log
