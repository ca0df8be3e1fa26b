// A simple model of custody, to hold the engine against: pieces, two salons, and the rules by which they move.
//
// It shares no code with engine/. It knows the matrix only from schemas/state_machine.json, which is the specification,
// and everything else from the domain's text: the order of the checks, guards, what opens and closes an obligation.
// It is written to be read, not to be fast: it looks everything up by name.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace daybook::model {

struct Signer {
    std::uint64_t principal = 0;
    std::string role;  // empty: an open signer
};

// One command, as the model and the generator see it.
struct Act {
    std::string event;  // "SignedOut"
    int site = 1;
    Signer actor;
    std::vector<Signer> attest;
    std::vector<std::string> pieces;
    std::string from, to;                     // paths; empty: left out
    std::string obligation;                   // that it opens, or names
    long version = -1;                        // expected, of the first piece; -1: none
    std::optional<std::int64_t> at;           // occurred_at, in microseconds; none: left out
    bool late = false;                        // with its flag and a reason
    std::uint64_t approver = 0;               // late.approver; 0: none
    std::map<std::string, std::string> more;  // fields of the payload that decide

    [[nodiscard]] std::string json(const std::string& event_id) const;
};

// "2026-02-25T06:13:20.000000Z"
std::string time_text(std::int64_t micros);

// An act that was accepted, with what is fixed from then on: its legs, and what a count found.
struct Done {
    Act act;
    std::map<std::string, std::pair<std::string, std::string>> legs;  // piece → from, to; none where nothing moved
    std::map<std::string, std::string> stayed;                        // of a type that moves: piece → where it stayed
    std::map<std::string, std::string> differences;                   // CountAttested: piece → MISSING …
};

struct Piece {
    std::string account, owner;
    std::string verdict = "NONE";
    bool quarantined = false;
    bool sold_by_house = false;
    bool seal_excused = false;
    long version = 0;
    std::map<std::string, std::string> open;  // kind → obligation, of the kinds that a piece has once
    std::set<std::string> disputes;           // other discrepancies
    std::string seal, for_party;              // of its parcel
    std::string reserved_for, sold_to;
    int origin = 0, dest = 0;  // of its transfer
    int put_by = 0;            // the site whose event put it where it is
    bool out_with_others = false;  // its sign-out names other pieces too
};

class SalonModel {
public:
    explicit SalonModel(const std::string& state_machine_json_path);

    // What the engine must answer: "" for accepted, else the code. Accepted acts are taken into the model.
    std::string submit(const Act& act);

    // ---- For History, which folds models anew for each question ----

    // The checks up to the signatures; then those at the act's own place, but for the vault's sessions and supplies
    // (admit) and these (admit_rest).
    [[nodiscard]] std::string judge_signers(const Act& act) const;
    [[nodiscard]] std::string admit(const Act& act) const;
    [[nodiscard]] std::string admit_rest(const Act& act) const;
    // Whether it asks for a leg of the piece, be it legal or not.
    [[nodiscard]] bool asks_for_leg(const Act& act, const Piece& piece) const {
        return moves(act) && !stays(act, piece);
    }
    // An event that moves pieces.
    [[nodiscard]] bool moves(const Act& act) const { return tables_->matrix.count(act.event) == 1; }
    // A vault account while its vault is closed.
    [[nodiscard]] bool shut(const std::string& account) const;
    // What the act would fix here.
    [[nodiscard]] Done done(const Act& act) const;
    // From here on only rules that hold for the whole chain are judged.
    void re_judge() { re_judging_ = true; }
    // Whether a principal has a count of an account open.
    [[nodiscard]] bool counts(std::uint64_t who, const std::string& account) const;
    // Whether what was accepted once is still legal here. Else the code.
    [[nodiscard]] std::string still_legal(const Done& done) const;
    void take(const Done& done);
    // What is of the whole log, whatever the place: versions, ids used.
    void know(const std::map<std::string, long>& versions, const std::set<std::string>& obligations);

    [[nodiscard]] const std::map<std::string, Piece>& pieces() const { return pieces_; }
    [[nodiscard]] bool vault_open(int site) const { return vault_open_.at(site); }
    [[nodiscard]] std::string state(const std::string& piece) const;  // "X0" for an unknown one
    [[nodiscard]] static std::string state_of(const std::string& account);
    [[nodiscard]] static int site_of(const std::string& account);  // 0: of none
    [[nodiscard]] long supply(int site) const { return supply_.at(site); }
    [[nodiscard]] std::set<std::string> open_obligations() const;  // of pieces

private:
    struct Row {
        std::map<std::string, std::string> error;                 // state → short name
        std::map<std::string, std::vector<std::string>> targets;  // state → states
    };

    [[nodiscard]] std::string judge_vault(const Act& act) const;
    [[nodiscard]] std::string judge_state(const Act& act, const Piece& piece) const;
    [[nodiscard]] std::string judge_structure(const Act& act, const Piece& piece) const;
    [[nodiscard]] std::string judge_com(const Act& act, const Piece& piece) const;
    [[nodiscard]] std::string judge_flags(const Act& act, const Piece& piece) const;
    [[nodiscard]] std::string judge_title(const Act& act, const Piece& piece) const;
    [[nodiscard]] bool stays(const Act& act, const Piece& piece) const;
    void take_piece(const Done& done, Piece& piece, const std::string& id);
    void move(Piece& piece, const std::string& to);

    // From the specification; all copies of a model have the same.
    struct Tables {
        std::map<std::string, Row> matrix;
        std::map<std::string, std::set<std::string>> legal;   // events that move nothing
        std::map<std::string, std::string> own_error;         // of a state
        std::map<std::string, std::string> code_of;           // short name → code
        std::map<std::string, std::vector<std::string>> who;  // event → signers, each "OC/SA" or "any"
        std::set<std::string> accounts;                       // opened
    };
    std::shared_ptr<const Tables> tables_;
    std::map<std::string, Piece> pieces_;
    std::map<int, bool> vault_open_{{1, false}, {2, false}};
    std::map<int, std::set<std::string>> closing_count_;  // attested since the opening
    std::map<std::string, Act> counts_;                  // open
    std::map<std::string, std::set<std::string>> seen_;  // count → pieces seen where they are booked
    std::map<std::string, long> versions_;               // of the whole log; empty: those of the pieces
    bool whole_log_ = false;
    bool re_judging_ = false;  // structure alone
    std::map<int, long> supply_{{1, 0}, {2, 0}};
    std::set<std::string> used_obligations_;
};

}  // namespace daybook::model
