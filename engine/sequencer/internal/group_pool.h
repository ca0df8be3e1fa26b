// Commit groups whose memory is used again.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "engine/sequencer/feed.h"

namespace daybook::sequencer {

// Threads: any. Groups may outlive the pool; they are then freed.
class GroupPool {
public:
    GroupPool() : kept_(std::make_shared<Kept>()) {}

    std::shared_ptr<CommittedGroup> take() {
        std::unique_ptr<CommittedGroup> group;
        {
            const std::lock_guard lock(kept_->mutex);
            if (!kept_->groups.empty()) {
                group = std::move(kept_->groups.back());
                kept_->groups.pop_back();
            }
        }
        if (!group) group = std::make_unique<CommittedGroup>();
        // Back into the pool when the last holder lets go, whoever that is.
        return {group.release(), [kept = std::weak_ptr<Kept>(kept_)](CommittedGroup* raw) { give_back(kept, raw); }};
    }

private:
    // One decided, one written, one with the read models, one between them; more only while the read models lag.
    static constexpr std::size_t kGroupsKept = 4;

    struct Kept {
        std::mutex mutex;
        std::vector<std::unique_ptr<CommittedGroup>> groups;
    };
    static void give_back(const std::weak_ptr<Kept>& pool, CommittedGroup* raw) {
        std::unique_ptr<CommittedGroup> group(raw);
        group->clear();
        // A group that grew far over its target is not worth keeping.
        if (group->log.bytes.capacity() > 2 * limits::kGroupBytesTarget) return;
        const auto kept = pool.lock();
        if (!kept) return;
        const std::lock_guard lock(kept->mutex);
        if (kept->groups.size() < kGroupsKept) kept->groups.push_back(std::move(group));
    }

    std::shared_ptr<Kept> kept_;
};

}  // namespace daybook::sequencer
