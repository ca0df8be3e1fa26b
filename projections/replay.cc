#include "projections/replay.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/assert.h"
#include "engine/codec/event_codec.h"
#include "engine/custody/decide.h"
#include "engine/sequencer/chain_reader.h"

namespace daybook::projections {
namespace {

constexpr Position kProgressEvents = 8192;  // between two calls of progress, at most
// How many events ahead of their folding memory is asked for.
constexpr std::size_t kSoon = 8;
constexpr std::size_t kLater = 16;

// Portions between the two threads; one ends at the event that reaches one of these.
constexpr std::size_t kPortions = 4;
constexpr std::size_t kPortionEvents = 512;
constexpr std::size_t kPortionBytes = 1u << 20;

// Some events of the log one after the other, decoded and applied, on their way to be folded.
struct Portion {
    std::string bytes;  // what the events' views point into
    std::vector<std::size_t> ends;
    std::vector<codec::StoredEvent> events;
    std::vector<custody::Effects> effects;
    std::size_t count = 0;
    std::optional<std::string> book;  // where the portion ends with a run: the books there
};

// Reads, decodes and applies on a thread of its own, a few portions ahead of the folding, which takes about twice as
// long: on two cores a rebuild is done when the folding is.
class Reader {
public:
    Reader(const log::EventLog& log, Position from, Position to, custody::Books& books, std::uint64_t run_events)
        : cursor_(log.scan(from, to)),
          replayer_(log),
          books_(books),
          run_events_(run_events),
          thread_([this] { run(); }) {
        pthread_setname_np(thread_.native_handle(), "views-read");
    }
    ~Reader() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    // The next portion; nullptr at the end.
    Result<std::unique_ptr<Portion>> next() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !ready_.empty() || ended_; });
        if (!ready_.empty()) {
            auto portion = std::move(ready_.front());
            ready_.pop_front();
            return portion;
        }
        if (!outcome_) return tl::unexpected(outcome_.error());
        return nullptr;
    }
    // Its memory is used again.
    void give_back(std::unique_ptr<Portion> portion) {
        {
            const std::lock_guard lock(mutex_);
            free_.push_back(std::move(portion));
        }
        changed_.notify_all();
    }

private:
    void run() {
        Result<void> outcome;
        try {
            outcome = read_all();
        } catch (const std::exception& exception) {
            outcome = fail(ErrorCode::kInternal, std::string("views-read: ") + exception.what());
        }
        {
            const std::lock_guard lock(mutex_);
            outcome_ = std::move(outcome);
            ended_ = true;
        }
        changed_.notify_all();
    }

    Result<void> read_all() {
        for (std::size_t i = 0; i < kPortions; ++i) free_.push_back(std::make_unique<Portion>());
        for (bool more = true; more;) {
            std::unique_ptr<Portion> portion;
            {
                std::unique_lock lock(mutex_);
                changed_.wait(lock, [this] { return !free_.empty() || stopping_; });
                if (stopping_) return {};
                portion = std::move(free_.back());
                free_.pop_back();
            }
            DAYBOOK_ASSIGN(more, fill(*portion));
            if (portion->count == 0) continue;
            {
                const std::lock_guard lock(mutex_);
                ready_.push_back(std::move(portion));
            }
            changed_.notify_all();
        }
        return {};
    }

    // False at the end of the log.
    Result<bool> fill(Portion& portion) {
        portion.bytes.clear();
        portion.ends.clear();
        portion.book.reset();
        portion.count = 0;
        bool more = true;
        Position last = 0;
        while (portion.ends.size() < kPortionEvents && portion.bytes.size() < kPortionBytes) {
            DAYBOOK_ASSIGN(more, cursor_.next());
            if (!more) break;
            portion.bytes.append(cursor_.bytes());
            portion.ends.push_back(portion.bytes.size());
            last = cursor_.position();
            if ((last + 1) % run_events_ == 0) break;
        }
        portion.count = portion.ends.size();
        if (portion.events.size() < portion.count) {
            portion.events.resize(portion.count);
            portion.effects.resize(portion.count);
        }
        for (std::size_t i = 0; i < portion.count; ++i) {
            const std::size_t begin = i == 0 ? 0 : portion.ends[i - 1];
            const auto bytes = std::string_view(portion.bytes).substr(begin, portion.ends[i] - begin);
            const auto decoded = codec::decode_event(bytes, portion.events[i]);
            if (!decoded) {
                return tl::unexpected(decoded.error().in("event " + std::to_string(last + 1 - portion.count + i)));
            }
        }
        for (std::size_t i = 0; i < portion.count; ++i) {
            custody::bring_near(books_, i, portion.count, [&](std::size_t at) -> const custody::Command& {
                return portion.events[at].command;
            });
            DAYBOOK_TRY(replayer_.apply(books_, portion.events[i].event(), portion.effects[i]));
        }
        if (portion.count > 0 && (last + 1) % run_events_ == 0) portion.book = custody::save_book(books_);
        return more;
    }

    log::Cursor cursor_;
    sequencer::Replayer replayer_;
    custody::Books& books_;
    const std::uint64_t run_events_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::unique_ptr<Portion>> free_;   // guarded
    std::deque<std::unique_ptr<Portion>> ready_;   // guarded
    bool ended_ = false;                           // guarded
    bool stopping_ = false;                        // guarded
    Result<void> outcome_;                         // guarded
    std::thread thread_;
};

}  // namespace

Result<void> replay(const log::EventLog& log, Position to, custody::Books& books, Glossary& glossary,
                    Generation& generation, const Progress& progress) {
    const std::uint64_t run_events = generation.store().run_events();
    const Position progress_events = std::min<Position>(kProgressEvents, run_events);
    Reader reader(log, generation.store().folded(), to, books, run_events);
    for (;;) {
        DAYBOOK_ASSIGN(auto portion, reader.next());
        if (portion == nullptr) break;
        for (std::size_t i = 0; i < portion->count; ++i) {
            if (i + kLater < portion->count) generation.ask_for(portion->events[i + kLater].event(), &Layer::near);
            if (i + kSoon < portion->count) generation.ask_for(portion->events[i + kSoon].event(), &Layer::touch);
            const custody::Event event = portion->events[i].event();
            generation.fold(glossary.learn(event, portion->effects[i]));
            const Position folded = event.position + 1;
            if (folded % run_events == 0) {
                DAYBOOK_ASSERT(portion->book && i + 1 == portion->count);
                generation.settle(std::move(*portion->book));
                if (const auto failure = generation.store().failure()) return tl::unexpected(*failure);
            }
            if (progress && folded % progress_events == 0 && !progress(folded, to)) {
                return fail(ErrorCode::kStopped, "stopped at event " + std::to_string(folded));
            }
        }
        reader.give_back(std::move(portion));
    }
    generation.publish();
    if (const auto failure = generation.store().failure()) return tl::unexpected(*failure);
    return {};
}

}  // namespace daybook::projections
