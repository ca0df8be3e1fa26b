#include "engine/stream/source.h"

#include "engine/log/event_log.h"
#include "engine/sequencer/feed.h"

namespace daybook::stream {
namespace {

class EngineSource : public Source {
public:
    EngineSource(const log::EventLog& log, const sequencer::Feed& feed) : log_(log), feed_(feed) {}

    [[nodiscard]] Position head() const override { return feed_.head(); }
    [[nodiscard]] Position wait_past(Position seen, Deadline deadline) const override {
        return feed_.wait_past(seen, deadline);
    }
    [[nodiscard]] Result<void> read(Position from, Position to, const Visit& visit) const override {
        log::Cursor cursor = log_.scan(from, to);
        while (true) {
            DAYBOOK_ASSIGN(const bool more, cursor.next());
            if (!more || !visit(cursor.position(), cursor.bytes())) return {};
        }
    }
    [[nodiscard]] Result<Hash> root(Position size) const override { return log_.root(size); }

private:
    const log::EventLog& log_;
    const sequencer::Feed& feed_;
};

}  // namespace

std::unique_ptr<Source> engine_source(const log::EventLog& log, const sequencer::Feed& feed) {
    return std::make_unique<EngineSource>(log, feed);
}

}  // namespace daybook::stream
