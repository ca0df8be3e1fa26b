#include "engine/cli/simulate/salon.h"

#include <algorithm>
#include <array>

namespace daybook::cli {
namespace {

constexpr std::array<std::string_view, 10> kCategories = {"RING",   "NECKLACE", "BRACELET", "EARRINGS",    "PENDANT",
                                                          "BROOCH", "WATCH",    "RING",     "LOOSE_STONE", "WATCH"};
constexpr std::array<std::string_view, 5> kCollections = {"Aurora", "Corona", "Delta", "Lyra", "Orion"};
constexpr std::array<std::string_view, 4> kMetals = {"PLATINUM", "GOLD_18K", "STEEL", "TITANIUM"};
constexpr std::array<std::string_view, 4> kStones = {"DIAMOND", "RUBY", "SAPPHIRE", "EMERALD"};
constexpr std::size_t kLinesPerReceipt = 50;
constexpr std::uint64_t kSuppliesAtStart = 500;

std::string three_digits(std::uint64_t n) {
    std::string text = std::to_string(n);
    return std::string(text.size() < 3 ? 3 - text.size() : 0, '0') + text;
}

}  // namespace

Salon::Salon(World& world, SiteId site) : world_(world), site_(site) {
    const std::uint64_t share = world.options.items / world.options.sites + 1;
    bins_ = static_cast<std::uint32_t>(share / kPiecesPerBin + 1);
}

Micros Salon::tick(std::uint64_t seconds_max) {
    now_ += 1'000 + static_cast<Micros>(world_.chance.below(seconds_max * 1'000'000 + 1));
    return now_;
}

std::string Salon::bin(Piece piece) const {
    if (world_.pieces[piece].place == Place::kCom) return path("COM/B001");
    return path("VAULT/B" + three_digits(piece % bins_ + 1));
}

void Salon::put(Piece piece, Place place) {
    auto& moved = world_.pieces[piece];
    if (moved.place != Place::kUnborn && moved.site == site_) {
        auto& list = at(moved.place);
        list[moved.slot] = list.back();
        world_.pieces[list.back()].slot = moved.slot;
        list.pop_back();
    }
    moved.site = site_;
    moved.place = place;
    moved.slot = static_cast<std::uint32_t>(at(place).size());
    at(place).push_back(piece);
}

bool Salon::pick(Place place, Piece& out) {
    const auto& list = at(place);
    if (list.empty()) return false;
    out = list[world_.chance.below(list.size())];
    return true;
}

std::vector<Piece> Salon::pick_some(Place place, std::uint64_t count_max) {
    std::vector<Piece> picked;
    const std::uint64_t count = std::min<std::uint64_t>(world_.chance.between(1, count_max), at(place).size());
    for (std::uint64_t i = 0; i < count; ++i) {
        Piece piece = 0;
        if (pick(place, piece) && std::find(picked.begin(), picked.end(), piece) == picked.end())
            picked.push_back(piece);
    }
    return picked;
}

void Salon::set_up(Micros at) {
    now_ = at;
    const auto account = [&](const std::string& path, auto write) {
        Draft(world_, site_, tick(0), {kHq, "HQ"}).send("account_opened", [&](JsonText& text) {
            text.field("account", path);
            write(text);
        });
    };
    const auto plain = [](JsonText&) {};
    for (std::uint32_t b = 1; b <= bins_; ++b) account(path("VAULT/B" + three_digits(b)), plain);
    account(path("COM/B001"), plain);
    account(path("HOLD"), [](JsonText& text) { text.field("sellable", false); });
    account(path("PACK"), plain);
    account(path("SUPPLY"), plain);
    account(path("WORKSHOP-INT"), plain);
    for (std::uint32_t c = 1; c <= kCases; ++c) {
        account(path("DISPLAY/C" + std::to_string(c)), [](JsonText& text) { text.field("night_empty", true); });
    }
    account(path("DISPLAY/TINY"), [](JsonText& text) {
        money(text, "insured_limit", 100);
        text.field("night_empty", true);
    });
    for (std::uint32_t a = 0; a < kAssociates; ++a) {
        account(path("PERSON/" + std::to_string(associate(a).principal)), plain);
    }
    Draft(world_, site_, tick(0), oc()).send("supply_registered", [&](JsonText& text) {
        text.field("supply", site_ * 10ULL + 1).field("sku", "BOX-RING").field("unit", "piece");
        text.field("reorder_point", 50).field("reorder_quantity", 200);
    });
}

void Salon::open(std::uint32_t day) {
    day_ = day;
    now_ = std::max(now_, world_.options.first_day + day * kDay + (day == 0 ? 6 * kHour : 8 * kHour));
    Piece piece = 0;
    if (day > 0 && pick(Place::kVault, piece)) {
        draft(oc())
            .sign(associate(0))
            .piece(piece)
            .to(path("DISPLAY/C1"))
            .opens(world_.new_id())
            .wrong("E_VAULT_CLOSED")
            .send("signed_out", [](JsonText& text) { text.field("purpose", "DISPLAY"); });
    }
    draft(oc()).sign(sec()).opens(world_.new_id()).send("vault_opened", [&](JsonText& text) {
        text.field("alarm_off_at", format_time(now_ - kMinute)).field("time_lock_ok", true);
        text.field("entrance_log", "line " + std::to_string(day + 1));
    });
}

void Salon::receive_goods(Piece first, Piece last, bool bought) {
    auto& chance = world_.chance;
    for (Piece piece = first; piece < last; ++piece) {
        auto& made = world_.pieces[piece];
        made.insured = static_cast<std::uint32_t>(chance.between(15, 1'800) * 100);
        const std::uint64_t vendor = kVendor + chance.below(kVendors);
        const std::uint64_t model = chance.below(200);
        Draft(world_, site_, tick(0), bought ? oc() : Signer{kHq, "HQ"})
            .piece(piece)
            .to("EXT/SUPPLIER/" + std::to_string(vendor))
            .send("item_registered", [&](JsonText& text) {
                text.field("epc", "urn:epc:id:sgtin:4012345.012345." + std::to_string(world_.options.seed) + "-" +
                                      std::to_string(piece));
                text.field("origin", bought ? "SUPPLIER" : "OPENING");
                text.open("owner", '{')
                    .field("kind", bought ? "VENDOR" : "HOUSE")
                    .field("id", bought ? vendor : kEntity)
                    .close('}');
                text.field("category", kCategories[model % kCategories.size()]);
                text.field("collection", kCollections[model % kCollections.size()]);
                text.field("model", "M-" + three_digits(model));
                text.field("serial", "S" + std::to_string(piece));
                text.field("metal", kMetals[model % kMetals.size()]);
                text.field("gross_mg", chance.between(2'000, 120'000));
                text.open("stones", '[').open('{').field("type", kStones[model % kStones.size()]);
                text.field("carat_thousandths", chance.between(100, 6'000)).close('}').close(']');
                money(text, "cost", made.insured / 2);
                money(text, "insured", made.insured);
                money(text, "retail", made.insured * 2ULL);
            });
        put(piece, Place::kHold);
        if (piece % 997 == 5) {
            Draft(world_, site_, tick(0), {kHq, "HQ"})
                .piece(piece)
                .to("EXT/SUPPLIER/501")
                .wrong("E_DUPLICATE_ITEM")
                .send("item_registered", [&](JsonText& text) {
                    text.field("origin", "OPENING");
                    text.open("owner", '{').field("kind", "HOUSE").field("id", kEntity).close('}');
                });
        }
    }
    for (Piece begin = first; begin < last; begin += kLinesPerReceipt) {
        Draft received = draft(oc());
        received.sign(witness()).to(path("HOLD"));
        const Piece end = std::min<Piece>(last, begin + kLinesPerReceipt);
        std::vector<Piece> some;
        for (Piece piece = begin; piece < end; ++piece) {
            received.piece(piece);
            some.push_back(piece);
        }
        received.send("goods_received", [&](JsonText& text) {
            if (bought) text.field("bought", true).field("purchase_order", "PO-" + std::to_string(begin));
            text.field("waybill", "WB-" + std::to_string(begin)).field("seal_intact", true);
        });
        inspect(some, "IN");
        put_away(some);
    }
}

void Salon::inspect(const std::vector<Piece>& pieces, const char* phase) {
    Draft inspected = Draft(world_, site_, tick(60), qa());
    for (const Piece piece : pieces) inspected.piece(piece);
    inspected.send("inspection_recorded", [&](JsonText& text) {
        text.field("phase", phase).field("verdict", "PASS");
        text.open("checklist", '{').field("id", "QA-1").field("version", 3).close('}');
    });
}

void Salon::put_away(const std::vector<Piece>& pieces) {
    // One event a bin, as a coordinator walks from bin to bin.
    std::vector<std::pair<std::string, Piece>> by_bin;
    for (const Piece piece : pieces) {
        put(piece, Place::kVault);
        by_bin.emplace_back(bin(piece), piece);
    }
    std::sort(by_bin.begin(), by_bin.end());
    for (std::size_t i = 0; i < by_bin.size();) {
        Draft away = draft(oc());
        away.to(by_bin[i].first);
        const std::string here = by_bin[i].first;
        for (; i < by_bin.size() && by_bin[i].first == here; ++i) away.piece(by_bin[i].second);
        away.send("put_away");
    }
}

void Salon::load_opening_stock(Piece first, Piece last) { receive_goods(first, last, false); }

void Salon::deliver(Piece first, Piece last) {
    if (first < last) receive_goods(first, last, true);
}

void Salon::receive_parcels() {
    while (!parcels.empty() && parcels.front().arrives_day <= day_) {
        const SimulatedParcel parcel = parcels.front();
        parcels.pop_front();
        std::vector<Piece> here = parcel.pieces;
        if (parcel.one_short && here.size() > 1) {
            const Piece lost = here.back();
            here.pop_back();
            const std::string discrepancy = world_.new_id();
            draft(oc())
                .sign(witness())
                .piece(lost)
                .opens(discrepancy)
                .send("transfer_exception_recorded", [](JsonText& text) { text.field("kind", "SHORT"); });
            put(lost, Place::kTransit);
            stuck_.push_back(lost);
            discrepancies_.push_back({discrepancy, lost, day_});
        }
        Draft received = draft(oc());
        received.sign(witness()).to(path("HOLD"));
        for (const Piece piece : here) received.piece(piece);
        received.send("transfer_received",
                      [&](JsonText& text) { text.field("seal", parcel.seal).field("seal_intact", true); });
        for (const Piece piece : here) put(piece, Place::kHold);
        inspect(here, "IN");
        put_away(here);
    }
}

std::string Salon::count(const char* kind) {
    const std::string id = world_.new_id();
    std::vector<std::vector<Piece>> by_bin(bins_ + 1);  // the last is COM
    for (const Place place : {Place::kVault, Place::kQuarantine, Place::kReserved, Place::kSoldLater}) {
        for (const Piece piece : at(place)) by_bin[piece % bins_].push_back(piece);
    }
    by_bin[bins_] = at(Place::kCom);
    draft(oc()).opens(id).send("count_opened", [&](JsonText& text) {
        text.field("kind", kind).open("accounts", '[');
        for (std::uint32_t b = 1; b <= bins_; ++b) text.text(path("VAULT/B" + three_digits(b)));
        text.text(path("COM/B001")).close(']').field("blind", true);
    });
    for (std::uint32_t b = 0; b <= bins_; ++b) {
        auto& pieces = by_bin[b];
        if (pieces.empty()) continue;
        std::sort(pieces.begin(), pieces.end());
        Draft scanned = draft(world_.chance.one_in(2) ? oc() : any_associate());
        scanned.opens(id).to(b == bins_ ? path("COM/B001") : path("VAULT/B" + three_digits(b + 1)));
        std::size_t seen = 0;
        for (const Piece piece : pieces) {
            if (world_.chance.one_in(3'000) && pieces.size() > 1 && seen + 1 < pieces.size()) {  // overlooked
                discrepancies_.push_back({id + ":MISSING:" + world_.item_id(piece), piece, day_});
                continue;
            }
            scanned.piece(piece);
            ++seen;
        }
        scanned.send("count_scanned", [](JsonText& text) { text.field("method", "RFID"); });
    }
    draft(oc()).sign(witness()).opens(id).send("count_attested");
    return id;
}

void Salon::morning_count() { count("OPENING"); }

void Salon::sign_in(const std::vector<Piece>& pieces, Signer returner) {
    std::vector<std::pair<std::string, Piece>> by_bin;
    for (const Piece piece : pieces) {
        put(piece, Place::kVault);
        by_bin.emplace_back(bin(piece), piece);
    }
    std::sort(by_bin.begin(), by_bin.end());
    for (std::size_t i = 0; i < by_bin.size();) {
        Draft in = draft(oc());
        const std::string here = by_bin[i].first;
        in.sign(returner).to(here);
        for (; i < by_bin.size() && by_bin[i].first == here; ++i) in.piece(by_bin[i].second);
        in.send("signed_in", [](JsonText& text) { text.field("condition_ok", true); });
    }
}

void Salon::close(bool last_day) {
    now_ = std::max(now_, world_.options.first_day + day_ * kDay + 17 * kHour + 30 * kMinute);
    const std::vector<Piece> shown = at(Place::kDisplay);
    if (!shown.empty()) sign_in(shown, any_associate());
    // Most of what people have comes back; a little stays out overnight, and is overdue by the morning.
    const std::vector<Piece> with_people = at(Place::kPerson);
    std::vector<Piece> back;
    for (std::size_t i = 0; i < with_people.size(); ++i) {
        if (last_day ? i >= 3 : !world_.chance.one_in(20)) back.push_back(with_people[i]);
    }
    if (!back.empty()) sign_in(back, any_associate());
    const std::string counted = count("CLOSING");
    draft(oc()).sign(sec()).send("vault_closed", [&](JsonText& text) {
        text.field("closing_count", counted).field("alarm_set_at", format_time(now_ + kMinute));
    });
    draft(oc()).sign(vm()).send("day_closed", [&](JsonText& text) {
        text.field("closing_count", counted);
        text.field("business_day", format_time(world_.options.first_day + day_ * kDay).substr(0, 10));
    });
}

}  // namespace daybook::cli
