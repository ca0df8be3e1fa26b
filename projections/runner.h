// The thread that keeps the read models behind the committed feed.
//
// Ownership. Borrows the views and the feed, which outlive it; it is the views' folding thread while it lives.
// Threads.   Its own is "views-fold". Every function is for any thread.
// Failure.   When the views fail, it abandons the feed: the ledger goes on, questions get the views' error.
#pragma once

#include <memory>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/sequencer/feed.h"
#include "projections/views.h"

namespace daybook::projections {

class Runner {
public:
    // `views` have caught up with the feed's first group: views.folded() is the head that the feed began with.
    static std::unique_ptr<Runner> start(Views& views, sequencer::Feed& feed);
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;
    // Stops if stop() was not called.
    ~Runner();

    // Durable events that answers do not reflect yet.
    [[nodiscard]] Position lag() const;
    // Ends the thread after the group it is in. When the feed is closed first, everything in it has been folded.
    Result<void> stop();

private:
    class Impl;
    explicit Runner(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace daybook::projections
