// The events of a piece that count, in the order in which they happened to it.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "engine/api/internal/asked.h"
#include "engine/custody/chain.h"

namespace daybook::api {

// As custody::key_of, of a stored event.
custody::ChainKey key_of(const v1::Event& event);

// Reads each event once, during one answer. Refers to its arguments.
class InOrder {
public:
    InOrder(const Asked& asked, const projections::Reading& reading, Position known)
        : asked_(asked), reading_(reading), known_(known) {}

    // Those of the wanted types that count at `known`, by their keys. Good while this lives. Cost: the piece's history,
    // and a read from the log for each of them.
    using Wanted = std::function<bool(custody::EventType)>;
    Result<std::vector<const v1::Event*>> events(const ItemId& item, const Wanted& wanted);

private:
    const Asked& asked_;
    const projections::Reading& reading_;
    const Position known_;
    std::map<Position, v1::Event> read_;
};

}  // namespace daybook::api
