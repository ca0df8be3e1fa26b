#include "engine/api/internal/recorded.h"

#include <string>

#include "engine/base/limits.h"
#include "engine/codec/event_codec.h"

namespace daybook::api {
namespace {

struct Heads {
    const log::EventLog& log;
    std::string bytes;

    Result<codec::EventHead> at(Position position) {
        DAYBOOK_ASSIGN(bytes, log.read(position));
        return codec::read_event_head(bytes);
    }
};

}  // namespace

Result<Position> recorded_up_to(const log::EventLog& log, Micros at, Position end) {
    Heads heads{log, {}};
    Position low = 0, high = end;  // all before `low` are, none from `high` on
    while (low < high) {
        const Position middle = low + (high - low) / 2;
        DAYBOOK_ASSIGN(const auto head, heads.at(middle));
        if (head.recorded_at <= at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

Result<Micros> recorded_at(const log::EventLog& log, Position position) {
    Heads heads{log, {}};
    DAYBOOK_ASSIGN(const auto head, heads.at(position));
    return head.recorded_at;
}

Result<Position> known_with(const log::EventLog& log, Position position) {
    Heads heads{log, {}};
    DAYBOOK_ASSIGN(const auto asked, heads.at(position));
    const Position last = asked.batch_last;
    if (last == position) return position + 1;
    Position low = position < limits::kAtomicBatchCommandsMax ? 0 : position - limits::kAtomicBatchCommandsMax;
    Position high = position;  // the first event of the batch is in [low, high]
    while (low < high) {
        const Position middle = low + (high - low) / 2;
        DAYBOOK_ASSIGN(const auto head, heads.at(middle));
        if (head.batch_last == last) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return high;
}

}  // namespace daybook::api
