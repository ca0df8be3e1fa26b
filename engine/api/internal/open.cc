#include "engine/api/internal/open.h"

#include <algorithm>

namespace daybook::api {

std::vector<ItemId> items_of(const v1::Event& event) {
    std::vector<ItemId> items;
    const auto add = [&](const std::string& text) {
        if (const auto id = ItemId::parse(text)) items.push_back(*id);
    };
    const int own = event.command().lines_size();
    for (const v1::Line& line : event.command().lines()) add(line.item());
    for (int i = own; i < event.lines_size(); ++i) add(event.lines(i).item());  // written by the engine
    return items;
}

Result<std::vector<projections::ItemRow>> pieces_of(const Asked& asked, const projections::Reading& reading,
                                                    const projections::ObligationRow& row) {
    const custody::ObligationRef& ref = row.obligation.ref;
    std::vector<ItemId> items;
    if (!ref.item.empty()) {
        items.push_back(ref.item);
    } else if (!row.obligation.item.empty()) {
        items.push_back(row.obligation.item);
    } else {
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(row.obligation.opened_by));
        items = items_of(event);
    }
    DAYBOOK_ASSIGN(auto found, reading.items(items));
    std::erase_if(found.rows, [&](const projections::ItemRow& piece) {
        return std::none_of(piece.open.begin(), piece.open.end(),
                            [&](const projections::OpenObligation& one) { return one.ref == ref; });
    });
    return std::move(found.rows);
}

}  // namespace daybook::api
