#include "engine/api/internal/supply_counts.h"

#include <algorithm>
#include <limits>
#include <set>
#include <variant>

#include "engine/api/internal/in_order.h"

namespace daybook::api {
namespace {

using custody::AccountId;
using custody::SupplyKey;
using projections::AsKnown;

constexpr Micros kWhenever = std::numeric_limits<Micros>::max();

// Of a correction, whether what it takes out or brings back lies behind a scan.
Result<bool> is_behind(const Asked& asked, Position position, const custody::ChainKey& scan) {
    DAYBOOK_ASSIGN(v1::Event event, asked.event_at(position));
    while (event.command().has_correction_declared()) {
        DAYBOOK_ASSIGN(event, asked.event_at(event.correcting().target()));
    }
    return scan < key_of(event);
}

// The events of a count in whose light its supplies stand.
class SupplyCounting {
public:
    SupplyCounting(const Asked& asked, const projections::Reading& reading, const v1::Event& opening,
                   const v1::Event* end, const SuppliesSeen& seen, RuleEvents& rules)
        : asked_(asked), reading_(reading), seen_(seen), rules_(rules),
          cut_{time_of(opening.occurred_at()), opening.position()},
          end_{end == nullptr ? kWhenever : time_of(end->occurred_at()),
               end == nullptr ? reading.position() : end->position()} {
        for (const std::string& path : opening.command().count_opened().accounts()) {
            if (const auto account = AccountId::parse(path)) scope_.insert(*account);
        }
    }

    Result<std::vector<SupplyCounted>> rows(SiteId site) {
        for (const AccountId& account : scope_) {
            if (account.kind == custody::AccountClass::kSiteSupply) DAYBOOK_TRY(add_books(account));
        }
        for (const auto& [key, seen] : seen_) DAYBOOK_TRY(add_seen(key, seen));
        std::erase_if(rows_, [](const auto& entry) {
            const SupplyCounted& row = entry.second;
            return !row.counted && row.at_cut == 0 && row.expected == 0 && row.expected_measure == 0;
        });
        std::vector<SupplyCounted> rows;
        if (rows_.empty()) return rows;
        RulesAt rules(end_.known);
        DAYBOOK_TRY(rules.read(rules_));
        for (auto& [key, row] : rows_) {
            if (const custody::Supply* supply = rules.books.supplies.find(key.supply)) {
                row.sku = supply->sku;
                row.unit = supply->unit;
            }
            const Micros at = end_.valid == kWhenever ? asked_.context.now : end_.valid;
            row.tolerance = rules.tolerance(row.sku, site, at);
            rows.push_back(std::move(row));
        }
        return rows;
    }

private:
    SupplyCounted& row_of(const SupplyKey& key) {
        SupplyCounted& row = rows_[key];
        row.key = key;
        row.in_scope = scope_.contains(key.account);
        return row;
    }

    // As far as nothing was counted, the end says what there should have been.
    Result<void> add_books(const AccountId& account) {
        DAYBOOK_ASSIGN(const auto at_cut, reading_.supplies_at(account, cut_));
        for (const auto& held : at_cut.rows) row_of({account, held.supply}).at_cut = held.quantity;
        DAYBOOK_ASSIGN(const auto at_end, reading_.supplies_at(account, end_));
        for (const auto& held : at_end.rows) {
            SupplyCounted& row = row_of({account, held.supply});
            row.expected = held.quantity;
            row.expected_measure = held.measure;
        }
        return {};
    }

    Result<void> add_seen(const SupplyKey& key, const SupplySeen& seen) {
        SupplyCounted& row = row_of(key);
        row.counted = seen.quantity;
        row.counted_measure = seen.measure;
        DAYBOOK_ASSIGN(const auto held, held_when_seen(asked_, reading_, key, seen.key, end_.known));
        row.expected = held.quantity;
        row.expected_measure = held.measure;
        return {};
    }

    const Asked& asked_;
    const projections::Reading& reading_;
    const SuppliesSeen& seen_;
    RuleEvents& rules_;
    const AsKnown cut_, end_;
    std::set<AccountId> scope_;
    std::map<SupplyKey, SupplyCounted> rows_;
};

}  // namespace

Result<custody::SupplyBalance> held_when_seen(const Asked& asked, const projections::Reading& reading,
                                              const SupplyKey& key, const custody::ChainKey& scan, Position known) {
    custody::SupplyBalance held;
    DAYBOOK_ASSIGN(const auto there, reading.supplies_at(key.account, {scan.at, known}));
    for (const auto& row : there.rows) {
        if (row.supply == key.supply) held = {row.quantity, row.measure};
    }
    // Of what happened at the scan's own time, its place decides.
    DAYBOOK_ASSIGN(const auto same, reading.supply_postings(key.account, scan.at, scan.at + 1, known));
    for (const auto& posting : same) {
        if (posting.id.low != key.supply || posting.position < scan.position) continue;
        DAYBOOK_ASSIGN(const bool behind, is_behind(asked, posting.position, scan));
        if (!behind) continue;
        held.quantity -= posting.count;
        held.measure -= posting.amount;
    }
    return held;
}

Result<std::vector<SupplyCounted>> supplies_counted(const Asked& asked, const projections::Reading& reading,
                                                    const v1::Event& opening, const v1::Event* end,
                                                    const SuppliesSeen& seen, RuleEvents& rules) {
    return SupplyCounting(asked, reading, opening, end, seen, rules).rows(opening.command().site());
}

bool counts_supplies(const v1::Event& opening) {
    const auto& accounts = opening.command().count_opened().accounts();
    return std::any_of(accounts.begin(), accounts.end(), [](const std::string& path) {
        const auto account = AccountId::parse(path);
        return account && account->kind == custody::AccountClass::kSiteSupply;
    });
}

}  // namespace daybook::api
