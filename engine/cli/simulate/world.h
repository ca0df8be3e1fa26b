// What the simulated salons share: chance, pieces, parties, and how a command is written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/cli/simulate/json_text.h"
#include "engine/cli/simulate/simulate.h"

namespace daybook::cli {

// splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). Small, and the same on every
// machine, which the standard's distributions are not.
class Chance {
public:
    explicit Chance(std::uint64_t seed) : state_(seed) {}
    std::uint64_t bits() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
        return z ^ z >> 31;
    }
    std::uint64_t below(std::uint64_t bound) { return bits() % bound; }  // the bias is far below what a salon notices
    std::uint64_t between(std::uint64_t low, std::uint64_t high) { return low + below(high - low + 1); }
    bool one_in(std::uint64_t n) { return below(n) == 0; }

private:
    std::uint64_t state_;
};

// Where a simulated piece is. The lists of a salon are indexed by it.
enum class Place : std::uint8_t {
    kUnborn,
    kHold,
    kVault,
    kDisplay,
    kPerson,
    kTransit,
    kMemo,
    kWorkshop,
    kClient,
    kCom,         // a client's piece, repaired and ready
    kQuarantine,  // kQuarantine, kReserved and kSoldLater lie in the vault
    kReserved,
    kSoldLater,
    kMissing,
    kLost
};
inline constexpr std::size_t kPlaces = 15;

using Piece = std::uint32_t;

struct SimulatedPiece {
    SiteId site = 0;
    Place place = Place::kUnborn;
    std::uint32_t slot = 0;     // in its salon's list of that place
    std::uint32_t insured = 0;  // whole euros
    std::uint32_t party = 0;    // client or memo party
    std::uint32_t person = 0;   // who has it
};

inline constexpr EntityId kEntity = 1;
inline constexpr std::uint32_t kPiecesPerBin = 100;
inline constexpr std::uint32_t kCases = 8;  // showcases of a salon; one more is too small for anything
inline constexpr std::uint32_t kAssociates = 5;
// Principals of the whole house.
inline constexpr Principal kHq = 1, kAccountant = 2, kTimer = 3, kIntegration = 4;
// Parties.
inline constexpr PartyId kVendor = 501, kCarrier = 601, kWorkshopParty = 701, kFirstClient = 1'001;
inline constexpr std::uint32_t kClients = 400, kVendors = 5;

class World {
public:
    World(const SimulateOptions& options, const CommandSink& sink);

    // Ids never repeat: they are drawn from a counter, mixed with the seed, and look like UUIDv7.
    std::string new_id();
    [[nodiscard]] std::string item_id(Piece piece) const;

    void emit(const std::string& json) {
        ++sent;
        sink_(json);
    }

    const SimulateOptions& options;
    Chance chance;
    std::vector<SimulatedPiece> pieces;  // client-owned ones are added behind the house's
    std::uint64_t sent = 0, wrong = 0;   // commands so far, and how many of them on purpose wrong

private:
    const CommandSink& sink_;
    std::uint64_t ids_ = 0;
};

struct Signer {
    Principal principal = 0;
    const char* role = "";  // "" for an open signer
};

// One command being written: its envelope, then its payload, then send().
class Draft {
public:
    Draft(World& world, SiteId site, Micros at, Signer actor);

    Draft& sign(Signer signer);
    Draft& piece(Piece piece) { return line(world_.item_id(piece)); }
    Draft& line(std::string_view item);
    Draft& supply(SupplyId supply, std::int64_t quantity);
    Draft& from(std::string_view path);
    Draft& to(std::string_view path);
    Draft& opens(std::string_view obligation);
    Draft& wrong(std::string_view code);  // wrong on purpose
    Draft& expect_version(Piece piece, std::uint32_t version);
    Draft& late();                         // flagged, as history that is loaded
    Draft& event_id(std::string_view id);  // in the place of a new one
    // The payload: `write` gets the writer inside the payload's braces.
    template <class Write>
    std::string send(std::string_view type, Write write) {
        std::string json = envelope();
        JsonText text(json);
        text.open(type, '{');
        write(text);
        text.close('}').close('}');
        world_.emit(json);
        return id_;
    }
    std::string send(std::string_view type) {
        return send(type, [](JsonText&) {});
    }

private:
    std::string envelope() const;

    World& world_;
    SiteId site_;
    Micros at_;
    Signer actor_;
    std::string id_;
    std::vector<Signer> signers_;
    std::string lines_, from_, to_, obligation_, note_, expect_;
    bool late_ = false;
};

// {"minor": …, "currency": "EUR"} of whole euros.
void money(JsonText& text, std::string_view name, std::uint64_t euros);
std::string site_path(SiteId site, std::string_view rest);

}  // namespace daybook::cli
