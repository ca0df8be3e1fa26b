// Internal to the module: how apply() takes one event into the books. apply.cc has what every event does (legs,
// closings, versions), apply_opening.cc the obligations that it opens or re-assigns, apply_piece.cc what is particular
// to a type and about a piece, apply_rest.cc what is about anything else, apply_past.cc what changes the past of
// pieces, apply_correction.cc what a correction undoes beside.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <variant>

#include "engine/base/assert.h"
#include "engine/custody/decide.h"
#include "engine/custody/past.h"

namespace daybook::custody {

// An account that is remembered as long as pieces are in it: one that is not opened, about which nothing else is known.
// So its legs, which nobody asks for, are not noted.
inline bool is_known_for_its_pieces_only(const Account& account) {
    return account.opened.empty() && account.fence == 0 && account.counted_by.empty() && account.custodian == 0;
}

// Of an account in the books of single pieces, of which no opening is known.
inline OpenTime open_always() {
    OpenTime open;
    open.from = std::numeric_limits<Micros>::min();
    return open;
}

// The slot in a piece that names its obligation of a kind; SIGNOUT, TRANSFER and WORKSHOP share one. Not for the
// DISCREPANCY of a piece that is not missing: those stand in Books::disputes.
inline std::uint32_t& obligation_slot(Item& item, ObligationKind kind) {
    switch (kind) {
        case ObligationKind::kSignout:
        case ObligationKind::kTransfer:
        case ObligationKind::kWorkshop:
        case ObligationKind::kDiscrepancy: return item.hold;
        case ObligationKind::kMemoOut: return item.memo_out;
        case ObligationKind::kRepair: return item.repair;
        case ObligationKind::kDelivery: return item.delivery;
        case ObligationKind::kReservation: return item.reservation;
        case ObligationKind::kCarnet: return item.carnet;
        case ObligationKind::kMemoIn: return item.memo_in;
        case ObligationKind::kCount:
        case ObligationKind::kVaultSession: break;
    }
    DAYBOOK_UNREACHABLE();
}

// Takes the piece in a slot out of its account's list and sums, or into those of the account that it names, and notes
// the leg if there is one.
void leave_account(Books& books, std::uint32_t slot, const KeyOfLeg& leg);
void enter_account(Books& books, std::uint32_t slot, const KeyOfLeg& leg);
void note_account_leg(Account& account, const KeyOfLeg& leg);
// Into the interval in which it lies now.
void add_end_legs(OpenTime& open, const KeyOfLeg& leg);
// The party whose memo sum the piece counts in, being in M or on its way there; 0: none.
PartyId memo_party(const Books& books, const Item& item);
void add_to_memo_sum(Books& books, PartyId party, const Item& item);
void take_from_memo_sum(Books& books, PartyId party, const Item& item);

// ---- The legs that the counts of a site need, and the counts that have ended (counts.cc) ----
void keep_leg(Books& books, SiteId site, const CountMove& move);
// The legs that an event made: a correction has taken it back, or brought it back.
void change_legs(Books& books, SiteId site, Position event, const std::function<void(CountMove&)>& change);
// A count that was open has ended.
void keep_ended(Books& books, const ObligationId& id, Position by);
// One that has ended is open again.
void reopen_count(Books& books, const ObligationId& id);
// An open one never was.
void drop_count(Books& books, const ObligationId& id);
// What follows from the attested counts of an account.
void settle_counts(Account& account);
// Who answers for an account now; with that, what it is as it was opened last.
void settle_custodian(Account& account);
void settle_account(Account& account);
// A count that has ended, if it is one, was not attested: its accounts and its site do not know of it.
void forget_attestation(Books& books, const ObligationId& id);

// The same value with its texts as views of Names.
PolicyValue keep_texts(Names& names, const PolicyValue& value);

// One event on its way into the books. Lives as long as the call of apply(); refers to its arguments.
class Applier {
public:
    Applier(Books& books, const Event& event, Effects& out, const Retelling* retelling = nullptr)
        : Applier(books, event, event.decided, out) {
        retelling_ = retelling;
    }
    // Of an event of which `event` holds the line of one piece alone, and `whole` all lines, into that piece's books.
    Applier(Books& books, const Event& event, const Decided& whole, Effects& out)
        : books_(books),
          event_(event),
          command_(event.command),
          decided_(event.decided),
          whole_(whole),
          out_(out) {}
    void run();
    void run_part();

private:
    template <class T>
    [[nodiscard]] const T& payload() const {
        const T* found = std::get_if<T>(&command_.payload);
        DAYBOOK_ASSERT(found != nullptr);
        return *found;
    }
    [[nodiscard]] Micros at() const { return decided_.occurred_at; }
    // Among what happened at the same time.
    [[nodiscard]] Position place() const {
        const Position place = decided_.correcting.place;
        return place == kNoPosition ? event_.position : place;
    }

    [[nodiscard]] KeyOfLeg key() const { return {at(), place(), event_.position}; }

    // apply.cc
    void remember_scalars();
    void pieces();
    void attested_pieces();
    void attested_piece();
    Item& begin_line(std::uint32_t line);
    void end_line(Item& item);
    void move(Item& item, const AccountId& from, const AccountId& to);
    void note_vault_leg(const AccountId& account);
    void note_legs(SiteId site, std::uint64_t legs);
    Session* session_around(SiteId site, const KeyOfLeg& leg);
    static void add_legs(Session& session, const KeyOfLeg& first, const KeyOfLeg& last, std::uint64_t legs);
    void note_move_for_counts(const ItemId& item, const AccountId& from, const AccountId& to, const AccountId& book);
    void note_for_counts(SiteId one, SiteId other, const CountMove& move);
    void close_of_line(std::uint32_t line, Item& item);
    void close_rest();
    void close_for(Item& item, const Closed& closed);
    std::uint32_t take_dispute(Item& item, const ObligationRef& ref);
    void end_line_of(std::uint32_t obligation);
    void touch(std::uint32_t obligation);
    void note_site();
    void report_changed();

    // apply_opening.cc
    std::uint32_t open_whole();
    [[nodiscard]] Obligation plain_obligation(ObligationKind kind) const;
    [[nodiscard]] Obligation opening() const;
    [[nodiscard]] Obligation transfer_opening() const;
    [[nodiscard]] std::uint32_t pieces_named(ObligationKind kind, const Decided& by) const;
    [[nodiscard]] bool is_named(ObligationKind kind, const Item& item) const;
    std::uint32_t open(Obligation obligation);
    void open_of_line(Item& item);
    void open_discrepancy(Item& item, const ObligationRef& ref, DifferenceKind difference);
    void reassign();
    void reassign_piece(std::uint32_t line, std::uint32_t Item::*pointer);
    void set_terms(Obligation& obligation, const LineFacts& line) const;

    // apply_past.cc
    void change_past();
    void end_past();
    void finish_opening();
    void touch_lines();
    void note_late_leg(const Item& item, const LineFacts& leg);
    void retell(const std::vector<ItemId>& items);

    // apply_correction.cc
    void declare();
    void recount(const PastEvent& event);
    void take_back(const PastEvent& event);
    void take_back_supplies(const PastEvent& event);
    void take_back_count(const PastEvent& event);
    void take_back_scan(const PastEvent& event);
    void take_back_session(const PastEvent& event);
    void take_back_account(const PastEvent& event);
    void count_vault_leg(const AccountId& account, const PastEvent& event, int sign);
    void bring_back_closing(const Event& again);
    Touched& touched();
    void note_turn(const Command& command);
    void settle_turns();
    void settle_sessions(SiteId id);
    void settle_openings(const AccountId& id);
    void close_whole();
    void open_again(Obligation obligation);
    void end_again(const ObligationId& id);
    void bring_back(const PastEvent& event);

    // apply_piece.cc
    void register_piece(std::uint32_t line);
    void piece_effects(Item& item);
    void amend(Item& item);
    void set_owner(Item& item, Owner owner, EntityId sold_by = 0);
    void leave_parcel(Item& item);

    // apply_rest.cc
    void supply_legs();
    void post_supply(const AccountId& account, SupplyId supply, std::int64_t quantity, std::int64_t measure);
    void sightings();
    void rest();
    void create_ledger();
    void set_role(const RoleChange& change, bool granted);
    void set_policy();
    void open_account();
    void close_account();
    void open_session();
    void close_session();
    void open_count();
    void attest_count();
    void end_count(const ObligationId& id);

    Books& books_;
    const Event& event_;
    const Command& command_;
    const Decided& decided_;
    const Decided& whole_;             // decided_, or what it is a part of
    Effects& out_;
    const Retelling* retelling_ = nullptr;  // of an event that changes the past of its pieces
    std::size_t next_close_ = 0;       // of decided_.closes
    std::uint32_t opened_ = 0;         // the obligation that the event opens as a whole
    ObligationKind opened_kind_{};
    std::uint32_t parcel_ = 0;         // that a TransferPacked binds
    std::uint32_t slot_ = 0;           // of the present line's piece
    PartyId memo_before_ = 0;          // of the present line
    std::uint64_t vault_legs_here_ = 0;  // legs on VAULT and COM accounts of the event's site
};

}  // namespace daybook::custody
