// What has to be ordered: models below their target at a site, supplies below their reorder point.
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "engine/api/internal/asked.h"
#include "engine/base/limits.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::api {
namespace {

using projections::StockRow;

// ---- Models ----

using Targets = std::map<std::pair<std::string, SiteId>, std::int64_t>;  // pieces, by model and site

Result<Targets> targets_in_force(const Asked& asked) {
    constexpr std::string_view kPrefix = "stock.target.";
    Targets targets;
    DAYBOOK_TRY(asked.look([&](const custody::Books& books, Micros now) {
        for (const auto& [key, entries] : books.policies.all()) {
            const std::string_view name = books.names.text(key.name);
            if (key.site == 0 || !name.starts_with(kPrefix)) continue;
            const custody::PolicyValue* value = books.policy(name, key.site, now);
            const auto* target = value == nullptr ? nullptr : std::get_if<std::int64_t>(value);
            if (target != nullptr) targets[{std::string(name.substr(kPrefix.size())), key.site}] = *target;
        }
    }));
    return targets;
}

// The house's own pieces of a model, by site.
Result<std::vector<StockRow>> stock_of(const projections::Reading& reading, const std::string& model) {
    projections::StockQuery query;
    query.model = model;
    query.own_only = true;
    DAYBOOK_ASSIGN(auto found, reading.stock(query, {limits::kPageRowsMax, {}}));
    return std::move(found.rows);
}

// What counts towards a target: what is there and can be sold or will be, and what is on the way.
std::int64_t counted_in(const StockRow& row) {
    return static_cast<std::int64_t>(row.available + row.hold + row.in_transit_to);
}

void fill_replenish(const std::vector<StockRow>& stock, const Targets& targets, const std::string& model, SiteId site,
                    std::int64_t target, v1::ReplenishAnswer& message) {
    StockRow here;
    for (const StockRow& row : stock) {
        if (row.site == site) here = row;
    }
    const std::int64_t missing = target - counted_in(here);
    if (missing <= 0) return;
    v1::ReplenishRow& out = *message.add_rows();
    out.set_model(model);
    out.set_site(site);
    out.set_target(target);
    out.set_on_hand(here.on_hand());
    out.set_available(here.available);
    out.set_damaged(here.damaged);
    out.set_disputed(here.disputed);
    out.set_packed(here.packed);
    out.set_in_transit_to(here.in_transit_to);
    out.set_missing(missing);
    for (const StockRow& row : stock) {
        if (row.site == site || row.site == 0 || row.available == 0) continue;
        const auto own = targets.find({model, row.site});
        const std::int64_t over = counted_in(row) - (own == targets.end() ? 0 : own->second);
        if (over <= 0) continue;
        v1::Surplus& surplus = *out.add_suggest_from();
        surplus.set_site(row.site);
        surplus.set_available(row.available);
        surplus.set_over_target(std::min(over, static_cast<std::int64_t>(row.available)));
    }
    std::stable_sort(out.mutable_suggest_from()->begin(), out.mutable_suggest_from()->end(),
                     [](const auto& a, const auto& b) { return a.over_target() > b.over_target(); });
}

Result<std::string> replenish(const Asked& asked) {
    DAYBOOK_ASSIGN(const SiteId site, asked.site());
    const std::string model = asked.param("model");
    DAYBOOK_ASSIGN(const Targets targets, targets_in_force(asked));
    const projections::Reading& reading = asked.reading();
    v1::ReplenishAnswer message;
    asked.as_of(message);
    std::vector<StockRow> stock;
    std::string stock_model;
    for (const auto& [key, target] : targets) {
        if ((site != 0 && key.second != site) || (!model.empty() && key.first != model)) continue;
        if (stock_model != key.first) {
            DAYBOOK_ASSIGN(stock, stock_of(reading, key.first));
            stock_model = key.first;
        }
        fill_replenish(stock, targets, key.first, key.second, target, message);
    }
    std::stable_sort(message.mutable_rows()->begin(), message.mutable_rows()->end(),
                     [](const auto& a, const auto& b) { return a.missing() > b.missing(); });
    return codec::to_json(message);
}

// ---- Supplies ----

Result<std::string> supplies(const Asked& asked) {
    DAYBOOK_ASSIGN(const SiteId site, asked.site());
    DAYBOOK_ASSIGN(const bool all, asked.flag_param("all", false));
    std::map<SupplyId, custody::Supply> known;
    DAYBOOK_TRY(asked.look([&](const custody::Books& books, Micros) {
        known.insert(books.supplies.all().begin(), books.supplies.all().end());
    }));
    const projections::Reading& reading = asked.reading();
    v1::SuppliesAnswer message;
    asked.as_of(message);
    projections::Page page{limits::kPageRowsMax, {}};
    do {
        DAYBOOK_ASSIGN(const auto found, reading.all_supplies(page));
        for (const auto& row : found.rows) {
            const auto supply = known.find(row.supply);
            const bool shelf = row.account.kind == custody::AccountClass::kSiteSupply;
            if (!shelf || supply == known.end() || (site != 0 && row.account.site != site)) continue;
            const bool below = row.quantity < supply->second.reorder_point;
            if (!below && !all) continue;
            v1::SupplyLevel& out = *message.add_rows();
            out.set_supply(row.supply);
            out.set_sku(supply->second.sku);
            out.set_unit(supply->second.unit);
            out.set_site(row.account.site);
            out.set_on_hand(row.quantity);
            out.set_reorder_point(supply->second.reorder_point);
            out.set_reorder_quantity(supply->second.reorder_quantity);
            out.set_below(below);
        }
        page.cursor = found.next;
    } while (!page.cursor.empty());
    std::stable_sort(message.mutable_rows()->begin(), message.mutable_rows()->end(),
                     [](const auto& a, const auto& b) { return a.below() && !b.below(); });
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {{"replenish", "site model", replenish, About::kNow},
                                       {"supplies", "site all", supplies, About::kNow}};

}  // namespace

Family replenish_questions() { return kQuestions; }

}  // namespace daybook::api
