// The rows that the read models answer with. Values, in the domain's types; engine/api gives them their JSON form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/ids.h"
#include "engine/base/time.h"
#include "engine/codec/papers.h"
#include "engine/custody/account.h"
#include "engine/custody/command.h"
#include "engine/custody/effects.h"
#include "engine/custody/state.h"
#include "schemas/state_machine.gen.h"

namespace daybook::projections {

// Which page of a long answer. The cursor is that of the page before ("": the first page); it is bound to the position
// of the first page, so that what happens meanwhile shifts no rows.
struct Page {
    std::size_t rows_max = 100;  // 1 … limits::kPageRowsMax
    std::string cursor;
};

// One answer, or one page of it. It reflects exactly the events before `position`.
template <class Row>
struct Rows {
    Position position = 0;
    std::vector<Row> rows;
    std::string next;  // cursor of the next page; empty: this was the last
};
template <class Row>
struct One {
    Position position = 0;
    std::optional<Row> row;  // nullopt: there is none
};

struct OpenObligation {
    custody::ObligationKind kind{};
    custody::ObligationRef ref;
    friend bool operator==(const OpenObligation&, const OpenObligation&) = default;
};

// Where a piece is, and all that is known of it.
struct ItemRow {
    ItemId item;
    custody::State state{};
    custody::AccountId account;  // the holder
    custody::Owner owner;        // title
    Micros since = 0;            // valid time at which it came there
    Position since_event = 0;    // the event that put it there
    Position last_event = 0;     // its newest event …
    Micros last_at = 0;          // … and its valid time
    std::uint32_t version = 0;
    std::uint8_t flags = 0;  // custody::ItemFlag. RESERVED, SOLD_HELD, CARNET_BOUND and DISPUTED follow from `open`
    custody::Verdict verdict{};
    std::vector<OpenObligation> open;  // that name the piece
    std::string model, collection, category, metal, stone;
    std::int64_t insured_minor = 0, retail_minor = 0;  // in the entity's currency
    std::int64_t gross_mg = 0;
    SiteId put_by = 0;     // the site whose event put it there
    EntityId sold_by = 0;  // 0: not sold by the house

    [[nodiscard]] bool has_open(custody::ObligationKind kind) const {
        for (const OpenObligation& one : open) {
            if (one.kind == kind) return true;
        }
        return false;
    }
};

// (valid time, record time) of a question: what was so at `valid`, as the events before position `known` tell.
struct AsKnown {
    Micros valid = 0;
    Position known = 0;
};

// One event of a piece's history. Actors and documents are read from the log at `position`.
struct HistoryRow {
    Position position = 0;
    custody::EventType type{};
    Micros occurred_at = 0;
    Micros recorded_at = 0;
    std::uint32_t line = 0;      // of the event's lines (custody::Decided::lines); kNoLine: it has none for the piece
    bool late = false;           // flagged so by the client
    bool retold = false;         // a late fact or a correction: it changed what was known of the piece's past
    custody::AccountId to;       // where the event moved the piece; empty: nowhere
    Position corrected_by = kNoPosition;  // the declaration by which it does not count (projections::corrected_by)
    bool effective = true;                // counts: see domain 5.5
    static constexpr std::uint32_t kNoLine = custody::ItemChange::kNoLine;
};

// A stay of a piece in an account: [from, to).
struct StayRow {
    custody::AccountId account;
    Micros from = 0;
    std::optional<Micros> to;            // nullopt: it is there still, at V
    Position opened_by = kNoPosition;    // the effective event that put it there …
    Position closed_by = kNoPosition;    // … and the one that took it away
    std::int64_t insured_minor = 0;      // its insured value at the end of the stay, or at V
    friend bool operator==(const StayRow&, const StayRow&) = default;
};
// The custody of a piece at (V, R): its stays, the first at its registration, without gaps; and its events known at R,
// in order of position.
struct ChainRows {
    std::vector<StayRow> stays;
    std::vector<HistoryRow> events;
};

// Where two beliefs about a piece differ: in [from, to) it was held to be in `was`, and now in `now` (either may be
// empty: not registered), because of the events `because`, in order of position: what was recorded since and moved it,
// and the declarations since by which a move does not count any more, or counts again.
struct DifferenceRow {
    Micros from = 0;
    std::optional<Micros> to;  // nullopt: up to V
    custody::AccountId was, now;
    std::vector<Position> because;
};

// A piece in an account.
struct PieceRow {
    ItemId item;
    Micros since = 0;  // valid time
    Position since_event = 0;
    friend bool operator==(const PieceRow&, const PieceRow&) = default;
};
// An account that holds pieces.
struct AccountRow {
    custody::AccountId account;
    std::uint64_t pieces = 0;
    std::int64_t insured_minor = 0;  // Σ insured of its pieces
};
struct SupplyRow {
    custody::AccountId account;
    SupplyId supply = 0;
    std::int64_t quantity = 0, measure = 0;
    Micros last_at = 0;  // valid time of the newest move
};
// An attested count that looked into an account.
struct CountRow {
    Position position = 0;  // of its CountAttested, which holds what it found
    Micros opened_at = 0;   // valid time
    ObligationId count;
};

// What an event added to an account from a valid time on: a piece that came or went, or more or less of a supply.
struct PostingRow {
    Position position = 0;
    Uuid id;                  // the piece; of a supply {0, its number}
    Micros at = 0;            // valid time
    std::int64_t count = 0;   // 1 came, -1 went, 0 revalued; of a supply the quantity
    std::int64_t amount = 0;  // insured value in minor units; of a supply the measure
    bool retold = false;      // of a late fact or a correction
};

struct ObligationRow {
    custody::Obligation obligation;  // as it is now, or as it was when it closed
    bool open = false;
    Position closed_by = kNoPosition;
    Micros closed_at = 0;  // valid time
};

// Which pieces a stock row counts. Own stock is what the house has title to; the rest is kept apart.
enum class StockOwner : std::uint8_t { kHouse = 1, kMemoIn, kClient, kOther };

// Pieces of one model at one site, each in exactly one column.
struct StockRow {
    SiteId site = 0;  // 0: in transit to an outside account
    std::string model;
    StockOwner owner = StockOwner::kHouse;
    // In vault, on display or with a person, in the first of these that fits; else available.
    std::uint64_t available = 0, reserved = 0, quarantined = 0, damaged = 0, disputed = 0, carnet = 0;
    std::uint64_t hold = 0;  // waiting for inspection
    std::uint64_t packed = 0;
    std::uint64_t in_transit_to = 0;           // on the way to this site
    std::uint64_t on_memo = 0, in_repair = 0;  // sent there by this site
    std::int64_t insured_minor = 0;            // of all of them

    [[nodiscard]] std::uint64_t on_hand() const {
        return available + reserved + quarantined + damaged + disputed + carnet + hold + packed;
    }
};

enum class DayEntryKind : std::uint8_t { kSale = 1, kCredit, kReceipt, kDispatch };
struct DayEntryRow {
    DayEntryKind kind{};
    Position position = 0;
    custody::EventType type{};
    Micros occurred_at = 0;
    std::uint64_t pieces = 0;
    custody::Money amount, tax;  // sale: price and tax; credit: the refund
    std::string document;        // invoice or credit note
    PartyId party = 0;
};
// A business day of a site: [from, to), from the DayClosed before it to its own.
struct DayRow {
    SiteId site = 0;
    std::uint64_t number = 0;          // 1: the site's first
    Micros from = 0;                   // 0: since ever
    Micros to = 0;                     // 0: not closed yet
    Position closed_by = kNoPosition;  // its DayClosed
};

struct FoundRow {
    ItemId item;
    std::string model, collection, category, metal, stone;
};

// Lists of events that are looked for by what they are.
enum class Register : std::uint8_t {
    kLate = 1,     // flagged late, or behind an event of one of its pieces
    kCorrections,  // CorrectionDeclared
    kCounts,       // CountAttested and CountAbandoned, by site
};
struct RegisterRow {
    Position position = 0;
    SiteId site = 0;  // of the event
    friend bool operator==(const RegisterRow&, const RegisterRow&) = default;
};
// An event that carries a number, and as what.
struct NumberRow {
    Position position = 0;
    codec::PaperKind kind{};
    friend bool operator==(const NumberRow&, const NumberRow&) = default;
};

// The contents of one read model as one hash: equal contents give equal digests, on any machine.
struct Digest {
    std::string view;
    Position position = 0;  // it reflects the events before this one
    Hash sha256{};          // over every row in order of its key, each as 4-byte length, key, 4-byte length, value
    std::uint64_t rows = 0;
};

}  // namespace daybook::projections
