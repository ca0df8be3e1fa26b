#include "engine/api/internal/scans.h"

#include <algorithm>

#include "engine/api/internal/in_order.h"
#include "engine/base/limits.h"

namespace daybook::api {

namespace {

void add_supply(const v1::Event& scan, const v1::Line& line, SuppliesSeen& supplies) {
    const auto account = custody::AccountId::parse(line.to().empty() ? scan.command().to() : line.to());
    if (!account) return;
    const custody::ChainKey key = key_of(scan);
    SupplySeen& seen = supplies[{*account, line.supply()}];
    if (key < seen.key) return;
    if (seen.key < key) seen = {key, 0, 0};
    seen.quantity += line.quantity();
    seen.measure += line.measure();
}

}  // namespace

Result<void> read_scans(const Asked& asked, const projections::Reading& reading,
                        const projections::ObligationRow& count, const std::string& id, Position known,
                        SeenByAccount& accounts, SuppliesSeen* supplies) {
    const Position from = count.obligation.opened_by;
    const Position end = count.open ? asked.log.head() : count.closed_by;
    auto cursor = asked.log.scan(from, std::min(end, from + limits::kScanEventsMax));
    v1::Event event;
    for (;;) {
        DAYBOOK_ASSIGN(const bool more, asked.next_event(cursor, event));
        if (!more) return {};
        const v1::Command& command = event.command();
        if (command.obligation_id() != id) continue;
        if (command.has_count_opened()) {
            for (const std::string& path : command.count_opened().accounts())
                accounts[path] = {id, time_of(event.occurred_at()), {}};
        }
        if (!command.has_count_scanned()) continue;
        DAYBOOK_ASSIGN(const bool counts, reading.is_effective(event.position(), known));
        if (!counts) continue;
        for (const v1::Line& line : command.lines()) {
            if (line.item().empty() && supplies != nullptr) add_supply(event, line, *supplies);
            const auto at = accounts.find(line.to().empty() ? command.to() : line.to());
            if (at != accounts.end() && at->second.count == id && !line.item().empty())
                at->second.items.insert(line.item());
        }
    }
}

Result<bool> is_to_be_rechecked(const projections::Reading& reading, const v1::Event& opening,
                                const projections::ObligationRow& count, Position known) {
    const projections::CountRow row{count.closed_by, time_of(opening.occurred_at()), count.obligation.ref.id};
    for (const std::string& path : opening.command().count_opened().accounts()) {
        const auto account = custody::AccountId::parse(path);
        if (!account) continue;
        DAYBOOK_ASSIGN(const bool again, reading.is_to_be_rechecked(*account, row, known));
        if (again) return true;
    }
    return false;
}

Result<bool> is_to_be_rechecked(const projections::Reading& reading, const custody::AccountId& account,
                                const std::string& count, Position known) {
    DAYBOOK_ASSIGN(const auto counts, reading.counts(account, known));
    for (auto row = counts.rbegin(); row != counts.rend(); ++row) {
        if (row->count.text() != count) continue;
        DAYBOOK_ASSIGN(const bool counts_still, reading.is_effective(row->position, known));
        if (counts_still) return reading.is_to_be_rechecked(account, *row, known);
    }
    return false;
}

}  // namespace daybook::api
