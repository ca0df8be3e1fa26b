// What decide() has before it: the command, resolved once against the books, for all checks to look at.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/custody/command.h"
#include "engine/custody/decide.h"
#include "engine/custody/refusal.h"
#include "engine/custody/state.h"

namespace daybook::custody {

// A line of the command, resolved.
struct LineCase {
    const Item* item = nullptr;           // nullptr: not registered, or a line of a supply
    AccountId from;                       // as named, else the holder; supplies: the account debited
    AccountId to;                         // as named, else what follows from the event; empty: none is known
    const Account* to_account = nullptr;  // what the books know of `to`
    Cell cell;                            // of the matrix, with its variants
    bool leg = false;                     // the line asks for a leg: it moves something, or would if it were legal

    [[nodiscard]] State state() const { return item == nullptr ? State::kX0 : item->state(); }
    // Where the piece is when the event has happened.
    [[nodiscard]] State after() const { return leg ? state_of(to.kind).value_or(State::kX0) : state(); }
};

// One line of an event, judged by itself when its piece's chain is folded (internal/folder.h).
struct Part {
    std::uint32_t line = 0;                // of the command
    const LineFacts* recorded = nullptr;   // its leg, where the event is in the log; nullptr: it is to be worked out
    Micros at = 0;                         // valid time of the event
};

// Ownership: refers to its arguments, which outlive it. Items and accounts are pointers into the books.
class Case {
public:
    Case(const Books& all, const Command& asked, const Context& known) : Case(all, all, asked, known) {}
    // A late fact: its pieces with their obligations, parcels and documents as they were at its place in their chains.
    Case(const Books& late_pieces, const Books& all, const Command& asked, const Context& known);
    // A line of an event in the books of its piece alone. What concerns anything else is not asked again.
    Case(const Books& piece, const Command& asked, const Context& known, const Part& of);
    Case(const Case&) = delete;
    Case& operator=(const Case&) = delete;

    const Books& books;
    const Books& pieces;              // items, obligations, parcels and documents: nearly always the books themselves
    const Command& command;
    const Context& context;
    const EventInfo& event;
    const Site* site;                 // what the books know of the command's site; nullptr: nothing yet
    Micros at;                        // occurred_at, as sent or as stamped
    std::span<const LineCase> lines;  // of pieces and supplies; none of a CountScanned, whose lines are evidence
    std::uint32_t first = 0;          // lines[0] is this line of the command
    bool part = false;                // one line of an event, within its piece's chain

    template <class P>
    [[nodiscard]] const P& payload() const {
        return std::get<P>(command.payload);
    }
    [[nodiscard]] bool is(EventType type) const { return command.type == type; }
    // "An event without item lines has its own conditions in the place of structure to seal."
    [[nodiscard]] bool has_item_lines() const {
        return event.lines == LineKind::kMove ||
               ((event.lines == LineKind::kItem || event.lines == LineKind::kItemOptional) && !lines.empty());
    }
    // The obligation that holds the piece where it is (SIGNOUT, TRANSFER, WORKSHOP, DISCREPANCY; in M its MEMO_OUT).
    [[nodiscard]] const Obligation* holding(const Item& item) const;
    [[nodiscard]] const Obligation* obligation(std::uint32_t slot) const {
        return slot == 0 ? nullptr : &pieces.obligations[slot];
    }
    // The transfer that a piece in T is in; nullptr elsewhere.
    [[nodiscard]] const Obligation* transfer(const LineCase& line) const {
        return line.state() == State::kT ? obligation(line.item->hold) : nullptr;
    }
    // CountAttested: the open count it names, and its five lists, made when first asked for.
    [[nodiscard]] const Count* count() const;
    [[nodiscard]] CountLists& lists() const;
    // The outside account of a TransferDispatched that goes to none of our sites: its state.
    [[nodiscard]] std::optional<State> dispatched_to() const;

private:
    void resolve(const Line& line, LineCase& out) const;
    void resolve(const LineFacts& recorded, LineCase& out) const;
    [[nodiscard]] Micros stamp() const;

    std::array<LineCase, 2> few_{};  // most commands have one line: no allocation for them
    std::vector<LineCase> many_;
    mutable std::unique_ptr<CountLists> lists_;
};

// ---- targets.cc ----
// Where a line goes that names no account: what follows from the event, or empty where the event leaves it open.
AccountId default_target(const Case& c, const Item* item);
// Events that leave it open: their lines must name an account.
bool must_name_target(const Case& c);
// The matrix' cell of an event for a piece, variants included. `item` nullptr: X0.
Cell cell_of(const Command& command, const Item* item);
// The SITE/{site}/SUPPLY side of a SupplyMoved's line.
const AccountId& supply_account(const Case& c, const LineCase& line);

// ---- refusals.cc ----
// A refusal that concerns no piece.
Refusal refuse(RefusalCode code, std::string message);
// A refusal on a line: with what the books know of its piece. `message` is what comes after "Piece {id}" and its
// whereabouts; refuse_line() puts both before it.
Refusal refuse_line(const Case& c, std::size_t line, RefusalCode code, std::string message);
// With what blocks: the obligation's id, event, document and end.
Refusal blocked_by(Refusal refusal, const Obligation& obligation);
// "SIGNOUT 0192… opened by event 41, due 2026-03-02T10:00:00Z".
std::string describe(const Obligation& obligation);
std::string describe(const Owner& owner);
std::string money_text(std::int64_t minor, std::uint32_t currency);
// The text of an obligation's name, as clients write it.
std::string ref_text(const ObligationRef& ref);
std::string_view kind_name(DifferenceKind kind);
std::string_view doc_name(DocType type);

// ---- policies.cc ----
// Whether a PolicySet has a known key, a value of its type, and a scope that the key allows; else what is wrong.
std::optional<std::string> policy_fault(const Books& books, const PolicySet& policy);
// Whether a text names a limit: limit.parcel, limit.carrier.{n}, limit.memo_party.{n}, limit.overnight or an account.
bool names_limit(std::string_view limit);
// The value in force, else `otherwise`.
std::int64_t policy_number(const Books& books, std::string_view key, SiteId site, Micros at, std::int64_t otherwise);
std::optional<std::int64_t> policy_money(const Books& books, std::string_view key, SiteId site, Micros at);
// The currency in which insured values are summed.
std::uint32_t currency_of(const Books& books, Micros at);
inline constexpr std::int64_t kFutureToleranceSeconds = 120;
inline constexpr std::int64_t kLateAfterSeconds = 900;
inline constexpr std::int64_t kCustodianAgeSeconds = 1800;
inline constexpr std::int64_t kDiscountThousandths = 100;

// ---- counts.cc ----
// The five lists of an open count as of now, each sorted by item id.
CountLists count_lists(const Books& books, const Count& count);

}  // namespace daybook::custody
