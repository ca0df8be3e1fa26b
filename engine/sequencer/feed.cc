#include "engine/sequencer/feed.h"

#include <algorithm>

#include "engine/base/assert.h"

namespace daybook::sequencer {

void CommittedGroup::clear() {
    log.clear();
    count = 0;
    batches.clear();
    books.clear();
}

Feed::Feed(Position head, Runner runner, std::size_t events_max)
    : runner_(runner), events_max_(events_max), head_(head) {}

Feed::~Feed() = default;

Position Feed::head() const {
    const std::lock_guard lock(mutex_);
    return head_;
}

Position Feed::wait_past(Position seen, Deadline deadline) const {
    std::unique_lock lock(mutex_);
    head_moved_.wait_until(lock, deadline, [&] { return head_ > seen || closed_; });
    return head_;
}

std::shared_ptr<const CommittedGroup> Feed::next(Deadline deadline) {
    std::shared_ptr<const CommittedGroup> group;
    {
        std::unique_lock lock(mutex_);
        group_came_.wait_until(lock, deadline, [&] { return !groups_.empty() || closed_ || abandoned_; });
        if (groups_.empty()) return nullptr;
        group = std::move(groups_.front());
        groups_.pop_front();
        waiting_ -= group->count;
    }
    room_came_.notify_one();
    return group;
}

bool Feed::finished() const {
    const std::lock_guard lock(mutex_);
    return groups_.empty() && (closed_ || abandoned_);
}

void Feed::abandon() {
    std::deque<std::shared_ptr<const CommittedGroup>> dropped;  // freed outside the lock
    {
        const std::lock_guard lock(mutex_);
        abandoned_ = true;
        waiting_ = 0;
        dropped.swap(groups_);
    }
    room_came_.notify_all();
    group_came_.notify_all();
}

void Feed::announce(Position head) {
    {
        const std::lock_guard lock(mutex_);
        DAYBOOK_ASSERT(head >= head_);
        head_ = head;
    }
    head_moved_.notify_all();
}

void Feed::publish(std::shared_ptr<const CommittedGroup> group) {
    if (group->count == 0 || runner_ == Runner::kNone) return;
    {
        std::unique_lock lock(mutex_);
        // A group that is greater than the whole room goes in alone.
        room_came_.wait(lock, [&] { return abandoned_ || waiting_ == 0 || waiting_ + group->count <= events_max_; });
        if (abandoned_) return;
        waiting_ += group->count;
        groups_.push_back(std::move(group));
    }
    group_came_.notify_one();
}

void Feed::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    head_moved_.notify_all();
    group_came_.notify_all();
}

std::size_t Feed::waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_;
}

}  // namespace daybook::sequencer
