#include "projections/compare.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/crypto/digest.h"

namespace daybook::projections {
namespace {

void hash_part(Sha256& digest, std::string_view letter, std::string_view bytes) {
    char size[4];
    put_be32(size, static_cast<std::uint32_t>(letter.size() + bytes.size()));
    digest.update({size, sizeof size}).update(letter).update(bytes);
}

// "history row 68 01 8f …": the table's letter and the key, for a person who looks for it.
std::string row_name(const TableInfo& table, std::string_view key) {
    return std::string(to_string(table.view)) + " row " + table.letter + ":" + hex(key);
}

// Steps both; the first difference of the table, if there is one.
Result<std::string> first_difference(const TableInfo& table, const ReadPoint& present, const ReadPoint& folded,
                                     std::uint64_t& rows) {
    Scan left = present.scan(table.table);
    Scan right = folded.scan(table.table);
    while (true) {
        const bool has_left = left.next();
        const bool has_right = right.next();
        DAYBOOK_TRY(left.status());
        DAYBOOK_TRY(right.status());
        if (!has_left && !has_right) return std::string();
        if (!has_right || (has_left && left.key() < right.key())) {
            return row_name(table, left.key()) + " is there, but does not follow from the log";
        }
        if (!has_left || right.key() < left.key()) return row_name(table, right.key()) + " is missing";
        if (left.value() != right.value()) return row_name(table, left.key()) + " is not what follows from the log";
        ++rows;
    }
}

}  // namespace

Result<std::vector<Digest>> digest_views(const ReadPoint& point, const Progress& progress) {
    std::vector<Digest> all;
    Sha256 sha256;
    for (std::size_t i = 0; i < kViewCount; ++i) {
        const auto view = static_cast<View>(i);
        Digest digest{std::string(to_string(view)), point.position(), {}, 0};
        sha256.reset();
        for (const TableInfo& table : kTables) {
            if (table.view != view) continue;
            Scan scan = point.scan(table.table);
            while (scan.next()) {
                hash_part(sha256, {&table.letter, 1}, scan.key());
                hash_part(sha256, {}, scan.value());
                ++digest.rows;
            }
            DAYBOOK_TRY(scan.status());
        }
        digest.sha256 = sha256.finish();
        all.push_back(std::move(digest));
        if (progress && !progress(i + 1, kViewCount)) return fail(ErrorCode::kStopped, "stopped");
    }
    return all;
}

Result<std::vector<ViewCheck>> compare_views(const ReadPoint& present, const ReadPoint& folded) {
    std::vector<ViewCheck> checks;
    for (const TableInfo& table : kTables) {
        if (checks.empty() || checks.back().view != to_string(table.view)) {
            checks.push_back({std::string(to_string(table.view)), 0, {}});
        }
        ViewCheck& check = checks.back();
        if (!check.difference.empty()) continue;
        DAYBOOK_ASSIGN(check.difference, first_difference(table, present, folded, check.rows));
    }
    return checks;
}

}  // namespace daybook::projections
