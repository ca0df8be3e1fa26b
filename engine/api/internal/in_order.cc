#include "engine/api/internal/in_order.h"

#include <algorithm>
#include <limits>

namespace daybook::api {

custody::ChainKey key_of(const v1::Event& event) {
    const auto& at = event.occurred_at();
    const Position place = event.correcting().has_place() ? event.correcting().place() : event.position();
    return {at.seconds() * kSecond + at.nanos() / 1000, place, event.position()};
}

Result<std::vector<const v1::Event*>> InOrder::events(const ItemId& item, const Wanted& wanted) {
    DAYBOOK_ASSIGN(const auto chain, reading_.chain(item, {std::numeric_limits<Micros>::max(), known_}));
    std::vector<const v1::Event*> found;
    for (const auto& row : chain.events) {
        if (!row.effective || !wanted(row.type)) continue;
        auto event = read_.find(row.position);
        if (event == read_.end()) {
            DAYBOOK_ASSIGN(v1::Event stored, asked_.event_at(row.position));
            event = read_.emplace(row.position, std::move(stored)).first;
        }
        found.push_back(&event->second);
    }
    std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) { return key_of(*a) < key_of(*b); });
    return found;
}

}  // namespace daybook::api
