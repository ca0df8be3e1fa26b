// Bringing an older ledger to the format of this version, when it is opened.
#pragma once

#include <cstdint>
#include <span>

#include "engine/base/error.h"
#include "engine/log/internal/rocks.h"

namespace rocksdb {
class WriteBatch;
}

namespace daybook::log::internal {

// Brings format `from` to `from + 1`. Its changes and the new format number are one synced write, so that a crash
// leaves either format whole. Later versions never change a step that was released.
struct UpgradeStep {
    std::uint32_t from = 0;
    Result<void> (*apply)(const Database& database, rocksdb::WriteBatch& batch) = nullptr;
};

// The steps of this version: none yet, for format 1 is the first.
std::span<const UpgradeStep> upgrade_steps();

// Applies the steps from `format` on; the format reached. kInternal if one is missing.
Result<std::uint32_t> upgrade(const Database& database, std::uint32_t format, std::uint32_t target,
                              std::span<const UpgradeStep> steps);

}  // namespace daybook::log::internal
