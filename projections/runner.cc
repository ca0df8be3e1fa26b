#include "projections/runner.h"

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include "engine/base/assert.h"
#include "projections/thread.h"

namespace daybook::projections {
namespace {

// How long the runner sleeps at most before it looks whether it is to stop.
constexpr std::chrono::milliseconds kLook{50};
// How many events ahead memory is asked for (Views::fold).
constexpr std::size_t kSoon = 8;
constexpr std::size_t kLater = 16;

std::optional<custody::Event> ahead(const sequencer::CommittedGroup& group, std::size_t index) {
    if (index >= group.count) return std::nullopt;
    return group[index].event();
}

}  // namespace

class Runner::Impl {
public:
    Impl(Views& views, sequencer::Feed& feed) : views_(views), feed_(feed) {
        thread_ = std::thread([this] { run(); });
    }
    ~Impl() {
        stopping_ = true;
        if (thread_.joinable()) thread_.join();
    }
    [[nodiscard]] Position lag() const {
        const Position head = feed_.head();
        const Position seen = views_.position();
        return head > seen ? head - seen : 0;
    }
    Result<void> stop() {
        stopping_ = true;
        if (thread_.joinable()) thread_.join();
        if (const auto failure = views_.failure()) return tl::unexpected(*failure);
        return {};
    }

private:
    void run() {
        begin_view_thread("views-fold");
        while (!feed_.finished()) {
            const auto group = feed_.next(after(kLook));
            if (group) fold(*group);
            if (views_.failure()) break;
            // A closed feed is folded to its end; an open one is left where it is.
            if (stopping_ && !group) break;
        }
        feed_.abandon();
    }

    void fold(const sequencer::CommittedGroup& group) {
        auto book = group.books.begin();
        for (std::size_t i = 0; i < group.count; ++i) {
            const sequencer::CommittedEvent& event = group[i];
            views_.fold(event.event(), event.effects, ahead(group, i + kSoon), ahead(group, i + kLater));
            if ((event.position + 1) % views_.run_events() != 0) continue;
            DAYBOOK_ASSERT(book != group.books.end() && book->first == event.position + 1);
            views_.settle(book->second);
            ++book;
        }
        views_.publish();
    }

    Views& views_;
    sequencer::Feed& feed_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

Runner::Runner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Runner::~Runner() = default;

std::unique_ptr<Runner> Runner::start(Views& views, sequencer::Feed& feed) {
    return std::unique_ptr<Runner>(new Runner(std::make_unique<Impl>(views, feed)));
}
Position Runner::lag() const { return impl_->lag(); }
Result<void> Runner::stop() { return impl_->stop(); }

}  // namespace daybook::projections
