// What the auditor keeps of one line of an event: all that a piece's fold needs, as a plain value that can be spilled.
#pragma once

#include <compare>
#include <cstdint>

#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/custody/command.h"

namespace daybook::audit {

// Where an event stands in valid time: by occurred_at, then by place (a corrective that has its target's time takes its
// target's place), then by position.
struct Key {
    Micros at = 0;
    Position place = 0;
    Position seq = 0;  // the event's position
    friend constexpr auto operator<=>(const Key&, const Key&) = default;
};

enum class StepKind : std::uint8_t {
    kEvent,   // a line, of the command or of the engine
    kAside,   // no line, but it closes an obligation of the piece (a DiscrepancyResolved without lines)
    kSeen,    // a sighting: `to` is where
    kListed,  // on a list of a CountAttested: `code` says which
};

struct Step {
    ItemId item;
    Key key;
    Position batch_last = 0;
    custody::EventType type{};
    StepKind kind{};
    std::uint8_t code = 0;     // verdict, handover, purpose, kind of difference, field amended, list: by type
    bool flag = false;         // bought, seal intact, title to the insurer, signed basis, warranty text: by type
    bool together = false;     // the event names other pieces too
    bool diamond = false;      // ItemRegistered: its chief stone is one
    bool countersigned = false;  // MemoOutIssued: a VM signs it too
    SiteId site = 0;
    EntityId entity = 0;
    custody::AccountId from, to;  // of the stored leg; `to` empty: nothing moves
    ObligationId obligation;      // that the event opens; of kSeen and kListed: the count
    custody::Owner owner, from_owner;
    std::uint64_t party = 0;      // buyer, memo party, carrier (TransferDispatched, whose memo party is in `owner`)
    std::int64_t value = 0;       // insured value, or weight added
    std::int64_t weight = 0;      // gross weight, or weight removed
    std::uint64_t seal = 0;       // a hash of it; 0: none
    custody::ObligationRef named; // DiscrepancyResolved, ObligationSettled
    std::uint64_t closes = 0;     // what the stored event closes for the line: see closed_mark()

    friend bool operator<(const Step& a, const Step& b) {
        if (const auto by_item = a.item <=> b.item; by_item != 0) return by_item < 0;
        if (const auto by_key = a.key <=> b.key; by_key != 0) return by_key < 0;
        return a.kind < b.kind;
    }
};

// The mark of a set of closed obligations is the sum of these. The piece is left out: of which piece's share of an
// obligation it is follows from the line.
inline std::uint64_t closed_mark(custody::ObligationKind kind, const ObligationId& id) {
    return UuidHash{}(id) * 2654435761U + static_cast<std::uint64_t>(kind);
}

// A quantity that came into an account (or left it: negative).
struct SupplyStep {
    custody::AccountId account;
    SupplyId supply = 0;
    Key key;
    Position batch_last = 0;
    std::int64_t quantity = 0, measure = 0;

    friend bool operator<(const SupplyStep& a, const SupplyStep& b) {
        if (const auto by = a.account <=> b.account; by != 0) return by < 0;
        if (a.supply != b.supply) return a.supply < b.supply;
        return a.key < b.key;
    }
};

// For sums over pieces, which two different sets of pieces do not share by accident.
inline std::uint64_t piece_mark(const ItemId& item) { return UuidHash{}(item); }

// What a DayClosed (key.seq) says of the account: a number of pieces in `insured`, or in `mark` 8 bytes of a digest,
// whose number is in `insured`.
enum class Figure : std::uint8_t { kNone, kOpening, kCameIn, kWentOut, kClosing, kDigest };

// What a line of an event does to an account from a valid time on. `leg` and `stay` are of what is known now: one side
// of a leg as the event has it, and as the piece's fold has it. The rest counts at any record time behind key.seq: of a
// piece whose past was re-told, what that event made of it.
struct Posting {
    custody::AccountId account;
    Key key;
    std::int8_t leg = 0;
    std::int8_t stay = 0;
    std::int8_t told = 0;      // a piece that came (1) or went (-1)
    std::int64_t insured = 0;  // its value, or by how much it was revalued
    std::uint64_t mark = 0;    // told * piece_mark()
    Figure figure = Figure::kNone;

    friend bool operator<(const Posting& a, const Posting& b) {
        if (const auto by = a.account <=> b.account; by != 0) return by < 0;
        return a.key < b.key;
    }
};

// A change of what a holder has, or a question whether it has too much, at an event's own position. kMemo: what a piece
// of a memo that no VM has signed is worth.
struct Weighing {
    enum class What : std::uint8_t { kChange, kPartyChange, kAccount, kParty, kParcel, kCarrier, kMemo };
    Position position = 0;
    What what{};
    custody::AccountId account;   // kChange, kAccount
    std::uint64_t party = 0;      // kPartyChange, kParty, kCarrier; of kMemo the paper's value
    std::int64_t minor = 0;
    Micros at = 0;                // the event's valid time
    SiteId site = 0;

    friend bool operator<(const Weighing& a, const Weighing& b) {
        if (a.position != b.position) return a.position < b.position;
        if (a.what != b.what) return a.what < b.what;
        if (const auto by = a.account <=> b.account; by != 0) return by < 0;
        return a.party < b.party;
    }
};

}  // namespace daybook::audit
