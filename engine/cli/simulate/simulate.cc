#include "engine/cli/simulate/simulate.h"

#include <algorithm>
#include <vector>

#include "engine/cli/simulate/salon.h"

namespace daybook::cli {
namespace {

// Of the pieces one in ten comes by later deliveries; of the stock about one in five moves in a day.
constexpr std::uint64_t kDeliveredLater = 10;
constexpr std::uint64_t kMovementsMin = 60, kMovementsMax = 600;

void grant(JsonText& text, Principal principal, std::string_view role, SiteId site) {
    text.open('{').field("principal", principal).field("role", role);
    if (site != 0) text.field("site", site);
    text.close('}');
}

// What comes before the first salon opens: the ledger, its policies, its parties. History, so flagged late.
void begin(World& world, Micros at) {
    Draft(world, 0, at, {kTimer, "SYS"}).late().send("ledger_created", [&](JsonText& text) {
        text.field("entity", kEntity).field("currency", "EUR").open("grants", '[');
        grant(text, kHq, "HQ", 0);
        grant(text, kAccountant, "ACC", 0);
        grant(text, kTimer, "SYS", 0);
        grant(text, kIntegration, "INT", 0);
        for (SiteId site = 1; site <= world.options.sites; ++site) {
            const Principal staff = site * 1'000ULL;
            std::uint64_t n = 0;
            for (const auto* role : {"OC", "VM", "SEC", "SM", "QA", "WK", "LG"}) grant(text, staff + ++n, role, site);
            for (std::uint32_t a = 0; a < kAssociates; ++a) grant(text, staff + 11 + a, "SA", site);
        }
        text.close(']');
    });
    const auto policy = [&](std::string_view key, auto write) {
        Draft(world, 0, at, {kHq, "HQ"}).late().send("policy_set", [&](JsonText& text) {
            text.field("key", key).open("value", '{');
            write(text);
            text.close('}').field("from", format_time(at));
        });
    };
    // The sample's days lie in the past: what is older than a quarter of an hour would have to be flagged one by one.
    policy("time.late_after", [](JsonText& text) { text.field("number", 3'650 * kDay / kSecond); });
    policy("sign.memo_value", [](JsonText& text) { money(text, "money", 50'000); });
    const auto party = [&](PartyId id, std::string_view kind) {
        Draft(world, 0, at, {kIntegration, "INT"}).send("party_registered", [&](JsonText& text) {
            text.field("party", id).field("kind", kind).field("country", "CH");
        });
    };
    for (std::uint32_t v = 0; v < kVendors; ++v) party(kVendor + v, "VENDOR");
    party(kCarrier, "CARRIER");
    party(kWorkshopParty, "WORKSHOP");
    for (std::uint32_t c = 0; c <= kClients; ++c) party(kFirstClient + c, "CLIENT");
}

}  // namespace

void simulate(const SimulateOptions& options, const CommandSink& sink) {
    World world(options, sink);
    const Micros start = options.first_day + 5 * kHour;
    begin(world, start);
    std::vector<Salon> salons;
    salons.reserve(options.sites);
    for (SiteId site = 1; site <= options.sites; ++site) salons.emplace_back(world, site).set_up(start);

    const auto later = static_cast<Piece>(options.days > 1 ? options.items / kDeliveredLater : 0);
    const auto opening = static_cast<Piece>(options.items) - later;
    const std::uint32_t batches = options.sites * std::max(options.days - 1, 1U);
    const auto movements = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(options.items / options.sites / 5, kMovementsMin, kMovementsMax));
    // [0, count) cut into `parts`; where part n begins.
    const auto cut = [](std::uint64_t count, std::uint64_t n, std::uint64_t parts) {
        return static_cast<Piece>(count * n / parts);
    };

    for (std::uint32_t day = 0; day < options.days; ++day) {
        for (auto& salon : salons) salon.open(day);
        for (auto& salon : salons) {
            const std::uint32_t n = salon.site() - 1;
            if (day == 0) {
                salon.load_opening_stock(cut(opening, n, options.sites), cut(opening, n + 1, options.sites));
            } else {
                salon.morning_count();
                salon.receive_parcels();
                const std::uint32_t batch = (day - 1) * options.sites + n;
                salon.deliver(opening + cut(later, batch, batches), opening + cut(later, batch + 1, batches));
            }
        }
        // The salons' days run side by side, an hour or so at a time.
        for (std::uint32_t part = 0; part < 8; ++part) {
            for (auto& salon : salons) salon.work(cut(movements, part + 1, 8) - cut(movements, part, 8), salons);
        }
        for (auto& salon : salons) salon.close(day + 1 == options.days);
    }
}

}  // namespace daybook::cli
