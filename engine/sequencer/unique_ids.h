// The unique ids that an event brings into the log: its event id, the obligation it opens, the epc it registers.
#pragma once

#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "engine/custody/command.h"
#include "engine/custody/event.h"
#include "engine/log/event_log.h"

namespace daybook::sequencer {

log::IdKey event_key(EventId id);
log::IdKey obligation_key(ObligationId id);
log::IdKey epc_key(std::string_view epc);  // first 16 bytes of its SHA-256

// Of a registration its epc, else an empty text.
std::string_view epc_of(const custody::Command& command);

// What an event made from `command` brings in, added to `out`. What a corrective keeps of its target is there already.
void append_unique_ids(const custody::Command& command, const custody::Correcting& correcting, Position position,
                       std::vector<log::IdEntry>& out);

// The same from a stored event: log::IdsOf for log::Options. Any thread.
Result<void> unique_ids_of(std::string_view stored, Position position, std::vector<log::IdEntry>& out);

}  // namespace daybook::sequencer
