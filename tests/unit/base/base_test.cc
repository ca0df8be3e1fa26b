// Errors, bytes and assertions.
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "engine/base/assert.h"
#include "engine/base/bytes.h"
#include "engine/base/error.h"

namespace daybook {
namespace {

Result<int> half(int value) {
    if (value % 2 != 0) return fail(ErrorCode::kInvalid, "odd");
    return value / 2;
}
Result<void> check_even(int value) {
    DAYBOOK_TRY(half(value));
    return {};
}
Result<std::unique_ptr<int>> quarter(int value) {
    DAYBOOK_ASSIGN(const int once, half(value));
    DAYBOOK_ASSIGN(const int twice, half(once));
    return std::make_unique<int>(twice);
}

TEST(ResultTest, CarriesAValueOrTheErrorUpwards) {
    EXPECT_EQ(**quarter(8), 2);
    EXPECT_EQ(quarter(6).error().code, ErrorCode::kInvalid);
    EXPECT_TRUE(check_even(2));
    EXPECT_EQ(check_even(3).error().message, "odd");
    EXPECT_EQ(check_even(3).error().in("reading line 7").message, "reading line 7: odd");
}

TEST(ErrorTest, EveryCodeHasANameOfItsOwn) {
    std::set<std::string_view> names;
    for (int code = 1; code <= static_cast<int>(ErrorCode::kInternal); ++code) {
        const std::string_view name = to_string(static_cast<ErrorCode>(code));
        EXPECT_TRUE(name.starts_with("E_"));
        EXPECT_TRUE(names.insert(name).second) << name;
    }
}

TEST(BytesTest, KeysSortLikeNumbers) {
    std::string smaller;
    std::string greater;
    append_be64(smaller, 0x00000000000000ffULL);
    append_be64(greater, 0x0000000000000100ULL);
    EXPECT_LT(smaller, greater);
    EXPECT_EQ(get_be64(greater.data()), 256U);
    char four[4];
    put_be32(four, 0xdeadbeefU);
    EXPECT_EQ(get_be32(four), 0xdeadbeefU);
    EXPECT_EQ(hex(std::string_view(four, 4)), "deadbeef");
    EXPECT_EQ(hex(std::string_view()), "");
}

TEST(AssertDeathTest, NamesWhatIsNotTrueAndWhere) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const int one = 1;
    DAYBOOK_ASSERT(one == 1);
    EXPECT_DEATH(DAYBOOK_ASSERT(one == 2), "assertion failed: one == 2 .*base_test.cc");
}

}  // namespace
}  // namespace daybook
