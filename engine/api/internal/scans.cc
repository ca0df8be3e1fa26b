#include "engine/api/internal/scans.h"

#include <algorithm>

#include "engine/api/internal/in_order.h"

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

Result<std::optional<v1::Event>> opening_at(const Asked& asked, const projections::Reading& reading,
                                            const std::string& count, Position known) {
    // It is the first nearly always, and a count may have ten thousand scans.
    constexpr std::size_t kAtOnce = 64;
    for (Position from = 0;;) {
        DAYBOOK_ASSIGN(const auto rows, reading.number(count, from, known, kAtOnce));
        if (rows.empty()) return std::optional<v1::Event>();
        for (const auto& row : rows) {
            if (row.kind != codec::PaperKind::kCount || row.position >= known) continue;
            DAYBOOK_ASSIGN(const bool counts, reading.is_effective(row.position, known));
            if (!counts) continue;
            DAYBOOK_ASSIGN(v1::Event event, asked.event_at(row.position));
            if (event.command().has_count_opened()) return std::optional(std::move(event));
        }
        from = rows.back().position + 1;
    }
}

Result<void> read_scans(const Asked& asked, const projections::Reading& reading, const v1::Event& opening, Position end,
                        Position known, SeenByAccount& accounts, SuppliesSeen* supplies) {
    const std::string& id = opening.command().obligation_id();
    for (const std::string& path : opening.command().count_opened().accounts())
        accounts[path] = {id, time_of(opening.occurred_at()), {}};
    DAYBOOK_ASSIGN(const auto rows, reading.number(id, opening.position() + 1, end, ~std::size_t{0}));
    for (const auto& row : rows) {
        if (row.kind != codec::PaperKind::kCount || row.position >= end) continue;
        DAYBOOK_ASSIGN(const bool counts, reading.is_effective(row.position, known));
        if (!counts) continue;
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(row.position));
        const v1::Command& command = event.command();
        if (!command.has_count_scanned()) continue;
        for (const v1::Line& line : command.lines()) {
            if (line.item().empty() && supplies != nullptr) add_supply(event, line, *supplies);
            const auto at = accounts.find(line.to().empty() ? command.to() : line.to());
            if (at != accounts.end() && at->second.count == id && !line.item().empty())
                at->second.items.insert(line.item());
        }
    }
    return {};
}

Result<bool> is_to_be_rechecked(const projections::Reading& reading, const v1::Event& opening, Position attested,
                                Position known) {
    const auto id = ObligationId::parse(opening.command().obligation_id());
    if (!id) return false;
    const projections::CountRow row{attested, time_of(opening.occurred_at()), *id};
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
