#include "engine/log/internal/tree_worker.h"

#include <pthread.h>

#include <string_view>

#include "engine/crypto/digest.h"

namespace daybook::log::internal {
namespace {

constexpr std::size_t kWorthWakingBytes = 32 << 10;  // 20 µs of hashing

}  // namespace

const TreeHash& tree_hash() {
    static const TreeHash hash{&leaf_hash, &interior_hash, sha256({})};
    return hash;
}

TreeWorker::TreeWorker() {
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "daybook-tree");
}

TreeWorker::~TreeWorker() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void TreeWorker::begin(const Group& group, const Edge& edge) {
    task_ = {&group, &edge};
    if (group.bytes.size() < kWorthWakingBytes) return;
    {
        const std::lock_guard lock(mutex_);
        given_ = true;
    }
    changed_.notify_all();
}

Grown TreeWorker::finish() {
    std::unique_lock lock(mutex_);
    if (!given_ && !done_) {
        lock.unlock();
        return grow(task_);
    }
    changed_.wait(lock, [this] { return done_.has_value(); });
    Grown grown = std::move(*done_);
    done_.reset();
    return grown;
}

Grown TreeWorker::grow(const Task& task) {
    const Group& group = *task.group;
    leaves_.resize(group.ends.size());
    const std::string_view bytes = group.bytes;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < group.ends.size(); ++i) {
        leaves_[i] = leaf_hash(bytes.substr(begin, group.ends[i] - begin));
        begin = group.ends[i];
    }
    Grown grown{*task.edge, {}};
    grown.tiles = grown.edge.grow(leaves_, tree_hash());
    return grown;
}

void TreeWorker::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stopping_ || given_; });
        if (stopping_) return;
        const Task task = task_;
        lock.unlock();
        Grown grown = grow(task);
        lock.lock();
        done_ = std::move(grown);
        given_ = false;
        changed_.notify_all();
    }
}

}  // namespace daybook::log::internal
