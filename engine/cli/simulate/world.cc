#include "engine/cli/simulate/world.h"

namespace daybook::cli {
namespace {

// The 48-bit time field of a UUIDv7: a fixed instant, so that ids depend on the seed alone.
constexpr std::uint64_t kIdMillis = 1'767'225'600'000;  // 2026-01-01

Uuid make_uuid(std::uint64_t seed, std::uint64_t stream, std::uint64_t count) {
    Chance chance(seed * 0x9e3779b97f4a7c15ULL + stream * 0xd6e8feb86659fd93ULL + count);
    const std::uint64_t mixed = chance.bits();
    Uuid id;
    id.high = (kIdMillis + count / 4096) << 16 | 0x7000 | (count & 0xfff);
    id.low = 0x8000'0000'0000'0000ULL | stream << 60 | (mixed >> 4);
    return id;
}

}  // namespace

World::World(const SimulateOptions& simulate_options, const CommandSink& sink)
    : options(simulate_options), chance(simulate_options.seed), pieces(simulate_options.items), sink_(sink) {}

std::string World::new_id() { return make_uuid(options.seed, 0, ids_++).text(); }
std::string World::item_id(Piece piece) const { return make_uuid(options.seed, 1, piece).text(); }

Draft::Draft(World& world, SiteId site, Micros at, Signer actor)
    : world_(world), site_(site), at_(at), actor_(actor), id_(world.new_id()) {}

Draft& Draft::sign(Signer signer) {
    signers_.push_back(signer);
    return *this;
}
Draft& Draft::line(std::string_view item) {
    JsonText(lines_).open('{').field("item", item).close('}');
    return *this;
}
Draft& Draft::supply(SupplyId supply, std::int64_t quantity) {
    JsonText(lines_).open('{').field("supply", supply).field("quantity", quantity).close('}');
    return *this;
}
Draft& Draft::from(std::string_view path) {
    from_ = path;
    return *this;
}
Draft& Draft::to(std::string_view path) {
    to_ = path;
    return *this;
}
Draft& Draft::opens(std::string_view obligation) {
    obligation_ = obligation;
    return *this;
}
Draft& Draft::wrong(std::string_view code) {
    ++world_.wrong;
    note_ = std::string(kWrongOnPurpose) + std::string(code);
    return *this;
}
Draft& Draft::expect_version(Piece piece, std::uint32_t version) {
    JsonText(expect_).open('{').field("item", world_.item_id(piece)).field("version", version).close('}');
    return *this;
}
Draft& Draft::late() {
    late_ = true;
    return *this;
}
Draft& Draft::event_id(std::string_view id) {
    id_ = id;
    return *this;
}

std::string Draft::envelope() const {
    std::string json;
    JsonText text(json);
    text.open('{').field("event_id", id_).field("occurred_at", format_time(at_)).field("entity", kEntity);
    if (site_ != 0) text.field("site", site_);
    text.open("actor", '{').field("principal", actor_.principal).field("role", actor_.role).close('}');
    if (!signers_.empty()) {
        text.open("attest", '[');
        for (const auto& signer : signers_) {
            text.open('{').field("principal", signer.principal);
            if (*signer.role != '\0') text.field("role", signer.role);
            text.field("method", "BADGE").close('}');
        }
        text.close(']');
    }
    if (!obligation_.empty()) text.field("obligation_id", obligation_);
    if (!lines_.empty()) {
        text.open("lines", '[');
        json += lines_;
        text.close(']');
    }
    if (!from_.empty()) text.field("from", from_);
    if (!to_.empty()) text.field("to", to_);
    if (!note_.empty()) text.field("note", note_);
    if (!expect_.empty()) {
        text.open("expect", '[');
        json += expect_;
        text.close(']');
    }
    if (late_) text.open("late", '{').field("flag", true).field("reason", "history is loaded").close('}');
    return json;
}

void money(JsonText& text, std::string_view name, std::uint64_t euros) {
    text.open(name, '{').field("minor", euros * 100).field("currency", "EUR").close('}');
}

std::string site_path(SiteId site, std::string_view rest) {
    return "SITE/" + std::to_string(site) + "/" + std::string(rest);
}

}  // namespace daybook::cli
