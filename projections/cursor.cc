#include "projections/cursor.h"

#include <charconv>

#include "engine/base/bytes.h"
#include "engine/base/limits.h"

namespace daybook::projections {
namespace {

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

}  // namespace

std::string page_behind(Position position, std::string_view page_key) {
    return std::to_string(position) + "-" + std::string(page_key);
}

std::string to_text(const Cursor& cursor) { return std::to_string(cursor.position) + "-" + hex(cursor.key); }

Result<Cursor> cursor_of(const Page& page, Position position, std::size_t key_bytes) {
    if (page.rows_max == 0 || page.rows_max > limits::kPageRowsMax) {
        return fail(ErrorCode::kInvalid, "a page has 1 to " + std::to_string(limits::kPageRowsMax) + " rows");
    }
    if (page.cursor.empty()) return Cursor{position, {}, true};
    Cursor cursor{0, {}, false};
    const char* end = page.cursor.data() + page.cursor.size();
    const auto number = std::from_chars(page.cursor.data(), end, cursor.position);
    const std::string_view rest(number.ptr, static_cast<std::size_t>(end - number.ptr));
    bool good = number.ec == std::errc() && !rest.empty() && rest[0] == '-' && rest.size() % 2 == 1;
    for (std::size_t i = 1; good && i < rest.size(); i += 2) {
        const int high = digit(rest[i]);
        const int low = digit(rest[i + 1]);
        good = high >= 0 && low >= 0;
        cursor.key.push_back(static_cast<char>(high * 16 + low));
    }
    if (!good || cursor.key.empty() || (key_bytes != 0 && cursor.key.size() != key_bytes)) {
        return fail(ErrorCode::kInvalid,
                    "'" + page.cursor + "' is no cursor of this question: take `next` of the page before");
    }
    if (cursor.position > position) {
        return fail(ErrorCode::kInvalid, "the cursor stands at position " + std::to_string(cursor.position) +
                                             ", which these views have not reached");
    }
    return cursor;
}

}  // namespace daybook::projections
