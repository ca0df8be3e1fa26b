#include "engine/log/internal/upgrade.h"

#include <rocksdb/write_batch.h>

#include <algorithm>

#include "engine/base/bytes.h"

namespace daybook::log::internal {

std::span<const UpgradeStep> upgrade_steps() { return {}; }

Result<std::uint32_t> upgrade(const Database& database, std::uint32_t format, std::uint32_t target,
                              std::span<const UpgradeStep> steps) {
    while (format < target) {
        const auto step = std::find_if(steps.begin(), steps.end(),
                                       [&](const UpgradeStep& candidate) { return candidate.from == format; });
        const std::string what = "upgrading the ledger from format " + std::to_string(format);
        if (step == steps.end()) return fail(ErrorCode::kInternal, what + ": there is no such step");
        rocksdb::WriteBatch batch;
        const Result<void> applied = step->apply(database, batch);
        if (!applied) return tl::unexpected(applied.error().in(what));
        char number[4];
        put_be32(number, format + 1);
        const rocksdb::Slice value(number, sizeof number);
        DAYBOOK_TRY(check(batch.Put(database.family(Family::kMeta), slice(kMetaFormat), value), what));
        rocksdb::WriteOptions synced;
        synced.sync = true;
        DAYBOOK_TRY(check(database.db().Write(synced, &batch), what));
        ++format;
    }
    return format;
}

}  // namespace daybook::log::internal
