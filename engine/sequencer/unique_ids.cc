#include "engine/sequencer/unique_ids.h"

#include "engine/codec/event_uniques.h"
#include "engine/crypto/digest.h"

namespace daybook::sequencer {

log::IdKey event_key(EventId id) { return {log::kEventIdKind, id}; }
log::IdKey obligation_key(ObligationId id) { return {log::kObligationIdKind, id}; }
log::IdKey epc_key(std::string_view epc) {
    const Hash digest = sha256(epc);
    return {log::kEpcIdKind, Uuid::load(reinterpret_cast<const char*>(digest.data()))};
}

std::string_view epc_of(const custody::Command& command) {
    const auto* registered = std::get_if<custody::ItemRegistered>(&command.payload);
    return registered == nullptr ? std::string_view() : registered->epc;
}

namespace {

void append(EventId event, ObligationId obligation, std::string_view epc, Position position,
            std::vector<log::IdEntry>& out) {
    out.push_back({event_key(event), position});
    if (!obligation.empty()) out.push_back({obligation_key(obligation), position});
    if (!epc.empty()) out.push_back({epc_key(epc), position});
}

}  // namespace

void append_unique_ids(const custody::Command& command, const custody::Correcting& correcting, Position position,
                       std::vector<log::IdEntry>& out) {
    append(command.event_id, correcting.keeps_obligation ? ObligationId{} : command.obligation,
           correcting.keeps_epc ? std::string_view() : epc_of(command), position, out);
}

Result<void> unique_ids_of(std::string_view stored, Position position, std::vector<log::IdEntry>& out) {
    DAYBOOK_ASSIGN(const codec::EventUniques uniques, codec::read_event_uniques(stored));
    append(uniques.event, uniques.obligation, uniques.epc, position, out);
    return {};
}

}  // namespace daybook::sequencer
