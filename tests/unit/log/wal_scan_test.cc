// The scan of raw WAL bytes, on files put together here fragment by fragment.
#include "engine/log/internal/wal_scan.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace daybook::log::internal {
namespace {

constexpr std::size_t kBlock = 32768;

// Records as RocksDB writes them.
std::string wal_of(const std::vector<std::size_t>& sizes) {
    std::string out;
    for (std::size_t n = 0; n < sizes.size(); ++n) {
        std::size_t left = sizes[n];
        bool first = true;
        do {
            const std::size_t room = kBlock - out.size() % kBlock;
            if (room < 7) {
                out.append(room, '\0');
                continue;
            }
            const std::size_t part = std::min(left, room - 7);
            left -= part;
            const int type = first ? (left == 0 ? 1 : 2) : (left == 0 ? 4 : 3);
            std::string body(1, static_cast<char>(type));
            body.append(part, static_cast<char>('a' + n));
            const std::uint32_t crc = crc32c(body);
            const std::uint32_t masked = (crc >> 15 | crc << 17) + 0xa282ead8U;
            for (int i = 0; i < 4; ++i) out.push_back(static_cast<char>(masked >> (8 * i)));
            out.push_back(static_cast<char>(part));
            out.push_back(static_cast<char>(part >> 8));
            out += body;
            first = false;
        } while (left > 0);
    }
    return out;
}

TEST(WalScanTest, ChecksumIsCrc32c) {
    EXPECT_EQ(crc32c("123456789"), 0xe3069283U);  // the check value of the Castagnoli polynomial
    EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);  // RFC 3720 B.4
}

TEST(WalScanTest, FindsNothingWrongWithWholeRecords) {
    EXPECT_FALSE(scan_wal("").has_value());
    EXPECT_FALSE(scan_wal(wal_of({1, 100, 32761, 5, 32755, 32754, 200'000, 0, 3})).has_value());
}

TEST(WalScanTest, ATornLastRecordHasNothingBehind) {
    for (const std::size_t last : {50UL, 100'000UL}) {
        const std::string before = wal_of({10, 60'000});
        const std::string whole = wal_of({10, 60'000, last});
        for (std::size_t size = before.size() + 1; size < whole.size(); size += last < 100 ? 1 : 997) {
            const auto damage = scan_wal(whole.substr(0, size));
            ASSERT_TRUE(damage.has_value()) << size;
            EXPECT_EQ(damage->offset, before.size());
            EXPECT_FALSE(damage->record_behind) << size;
        }
        // Pages that reached the disk in another order: the middle is missing, the end is there.
        std::string hole = whole;
        const std::size_t at = before.size() + 20;
        hole.replace(at, 20, 20, '\0');
        EXPECT_FALSE(scan_wal(hole)->record_behind);
    }
}

TEST(WalScanTest, ADamagedRecordInTheMiddleHasOthersBehind) {
    const std::string before = wal_of({10, 40'000});
    const std::string whole = wal_of({10, 40'000, 300, 20});
    const std::size_t end = wal_of({10, 40'000, 300}).size();
    for (std::size_t at = before.size(); at < end; ++at) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 4);
        const auto damage = scan_wal(damaged);
        ASSERT_TRUE(damage.has_value()) << at;
        EXPECT_EQ(damage->offset, before.size());
        EXPECT_TRUE(damage->record_behind) << at;
    }
}

TEST(WalScanTest, ALaterFileIsBehindToo) {
    const test::TempDir dir;
    const std::string torn = wal_of({10, 300}).substr(0, 200);
    std::ofstream(dir / "000007.log", std::ios::binary) << wal_of({5});
    std::ofstream(dir / "000009.log", std::ios::binary) << torn;
    std::ofstream(dir / "000010.log", std::ios::binary) << "";
    std::ofstream(dir / "LOG", std::ios::binary) << "not a WAL";
    auto damage = scan_wal_files(dir.path());
    ASSERT_TRUE(damage.has_value() && damage->has_value());
    EXPECT_EQ((*damage)->file, "000009.log");
    EXPECT_EQ((*damage)->offset, wal_of({10}).size());
    EXPECT_FALSE((*damage)->record_behind);
    std::ofstream(dir / "000010.log", std::ios::binary) << wal_of({9});
    EXPECT_TRUE((*scan_wal_files(dir.path()))->record_behind);
}

}  // namespace
}  // namespace daybook::log::internal
