// What of a stored event may occur once in the whole log, read past everything else.
#pragma once

#include <string_view>

#include "engine/base/error.h"
#include "engine/base/ids.h"

namespace daybook::codec {

// The same as decode_event() gives, for a fraction of its time, because lines, accounts and payloads are passed over.
struct EventUniques {
    EventId event;
    ObligationId obligation;  // that the event opens; empty: none, or a corrective keeps that of its target
    std::string_view epc;     // of a registered piece; empty: none, or it was its target's already
};
// kCorrupt, kNewerFormat as decode_event(), but for what lies in the parts that are passed over.
Result<EventUniques> read_event_uniques(std::string_view stored);

}  // namespace daybook::codec
