// Hashes a group into the tree on a thread of its own, while the log writer waits for the disk with the same group.
//
// Of the time that a group of 1,000 events takes, its hashes are about a quarter and the wait for the sync a half; side
// by side they cost nothing more (engine/adr/0005). Small groups are hashed in place: waking a thread costs as much.
// Threads: begin() and finish() are the log writer's, in turn.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/ledger/merkle.h"
#include "engine/log/event_log.h"

namespace daybook::log::internal {

struct Grown {
    Edge edge;
    std::vector<Edge::FullTile> tiles;  // that became full
};

class TreeWorker {
public:
    TreeWorker();
    ~TreeWorker();
    // Both must live, unchanged, until finish().
    void begin(const Group& group, const Edge& edge);
    [[nodiscard]] Grown finish();

private:
    struct Task {
        const Group* group = nullptr;
        const Edge* edge = nullptr;
    };
    Grown grow(const Task& task);
    void run();

    std::vector<Hash> leaves_;  // of whoever hashes
    Task task_;                 // what was begun
    std::mutex mutex_;
    std::condition_variable changed_;
    bool given_ = false;           // guarded: task_ is for the thread
    bool stopping_ = false;        // guarded
    std::optional<Grown> done_;    // guarded
    std::thread thread_;
};

}  // namespace daybook::log::internal
