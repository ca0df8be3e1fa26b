// The ways in which an event can be meant: for each, the payload that is refused the least.
#pragma once

#include <string_view>
#include <vector>

#include "engine/custody/command.h"
#include "engine/custody/state.h"

namespace daybook::custody {

struct Way {
    std::string_view name;  // for people; empty: the only one
    Payload payload;
    AccountId to;           // empty: what follows from the event, or whichever open account takes the piece
    StateSet among = 0xffff;  // where it is to be named: in accounts of these states only
};

// Of an event with lines of pieces. `item` nullptr: it is not registered.
std::vector<Way> ways_of(EventType type, const Books& books, const Item* item);

}  // namespace daybook::custody
