#include "engine/api/internal/trial.h"

#include <algorithm>
#include <unordered_map>

#include "engine/api/internal/pieces_at.h"

namespace daybook::api {
namespace {

using custody::AccountClass;
using custody::AccountId;
using custody::ObligationKind;
using custody::State;

constexpr int kNamedMax = 10;

class Verdict {
public:
    Verdict(int number, std::string_view name, std::string_view unit, v1::TrialAnswer& message)
        : out_(*message.add_verdicts()) {
        out_.set_number(static_cast<std::uint32_t>(number));
        out_.set_name(std::string(name));
        out_.set_unit(std::string(unit));
    }
    void checked() { out_.set_checked(out_.checked() + 1); }
    void violated(std::string what) {
        out_.set_violated(out_.violated() + 1);
        if (out_.violations_size() < kNamedMax) out_.add_violations(std::move(what));
    }
    void not_checked() { out_.set_not_checked("it takes every piece; ask with check=true"); }

private:
    v1::TrialVerdict& out_;
};

struct Sums {
    std::int64_t pieces = 0, insured_minor = 0;
};
using SumsByAccount = std::unordered_map<AccountId, Sums, custody::AccountHash>;

std::size_t open_of(const projections::ItemRow& row, ObligationKind kind) {
    return static_cast<std::size_t>(
        std::count_if(row.open.begin(), row.open.end(), [kind](const auto& one) { return one.kind == kind; }));
}

// I5: what is open on the piece agrees with where it is. Empty: it does. Of its discrepancies any may be the one that
// holds it while it is missing.
std::string obligation_fault(const projections::ItemRow& row) {
    const ObligationKind wanted = custody::info(row.state).held_by;
    for (const ObligationKind kind : {ObligationKind::kSignout, ObligationKind::kTransfer, ObligationKind::kMemoOut,
                                      ObligationKind::kWorkshop}) {
        const std::size_t open = open_of(row, kind);
        const bool owed_still = kind == ObligationKind::kMemoOut && row.state == State::kT && open <= 1;
        if (open == (kind == wanted ? 1U : 0U) || owed_still) continue;
        return "is in " + row.account.path() + " with " + std::to_string(open) + " open " +
               std::string(to_string(kind));
    }
    if (wanted == ObligationKind::kDiscrepancy && open_of(row, wanted) == 0)
        return "is in " + row.account.path() + " without an open DISCREPANCY";
    return {};
}

}  // namespace

Result<void> fill_verdicts(const Asked& asked, const When& when, const std::vector<projections::AccountRow>& accounts,
                           const std::vector<projections::SupplyRow>& supplies, bool pieces, v1::TrialAnswer& message) {
    Verdict one_place(2, "One place", "pieces", message);
    Verdict no_negative(3, "No negative", "supplies of accounts", message);
    Verdict transit(4, "Transit clears", "pieces in transit", message);
    Verdict obligations(5, "Obligation law", "pieces", message);
    Verdict continuity(6, "Continuity", "accounts", message);
    Verdict title(12, "Title law", "pieces", message);
    for (const auto& row : supplies) {
        if (!row.account.must_be_opened()) continue;
        no_negative.checked();
        if (row.quantity < 0 || row.measure < 0) {
            no_negative.violated(row.account.path() + " has " + std::to_string(row.quantity) + " of supply " +
                                 std::to_string(row.supply) + " (measure " + std::to_string(row.measure) + ")");
        }
    }
    const auto is_sound = [&message] {
        return std::all_of(message.verdicts().begin(), message.verdicts().end(),
                           [](const v1::TrialVerdict& verdict) { return verdict.violated() == 0; });
    };
    if (!pieces) {
        for (Verdict* verdict : {&one_place, &transit, &obligations, &continuity, &title}) verdict->not_checked();
        message.set_ok(is_sound());
        return {};
    }
    SumsByAccount told;
    const auto take = [&](const projections::ItemRow& row) -> Result<void> {
        if (row.state == State::kX0) return {};  // its registration was taken back
        const std::string piece = "piece " + row.item.text() + " ";
        message.set_registered(message.registered() + 1);
        one_place.checked();
        Sums& sums = told[row.account];
        ++sums.pieces;
        sums.insured_minor += row.insured_minor;
        obligations.checked();
        if (std::string fault = obligation_fault(row); !fault.empty()) obligations.violated(piece + fault);
        if (row.state == State::kT) {
            transit.checked();
            const bool own = std::any_of(row.open.begin(), row.open.end(), [&](const auto& one) {
                return one.kind == ObligationKind::kTransfer && custody::transit_account(one.ref.id) == row.account;
            });
            if (!own) transit.violated(piece + "is in " + row.account.path() + ", which is of no transfer of its own");
        }
        if (row.has_open(ObligationKind::kMemoIn)) {
            title.checked();
            if (row.owner.kind != custody::OwnerKind::kVendor)
                title.violated(piece + "has an open MEMO_IN, and its title is no vendor's");
        }
        return {};
    };
    DAYBOOK_TRY(PiecesAt(asked, when).each(
        take, [&](const custody::PieceState& piece) { return take(item_row(piece)); }));
    std::int64_t balances = 0;
    const auto compare = [&](const AccountId& account, const Sums& by_postings) {
        const Sums by_pieces = told.count(account) == 1 ? told.at(account) : Sums{};
        continuity.checked();
        balances += by_postings.pieces;
        if (by_pieces.pieces == by_postings.pieces && by_pieces.insured_minor == by_postings.insured_minor) return;
        continuity.violated(account.path() + " holds " + std::to_string(by_postings.pieces) + " pieces worth " +
                            std::to_string(by_postings.insured_minor) + " minor units by its postings, and " +
                            std::to_string(by_pieces.pieces) + " worth " + std::to_string(by_pieces.insured_minor) +
                            " by its pieces");
    };
    for (const auto& row : accounts) {
        compare(row.account, {static_cast<std::int64_t>(row.pieces), row.insured_minor});
        told.erase(row.account);
    }
    for (const auto& [account, sums] : told) compare(account, {});
    if (balances != static_cast<std::int64_t>(message.registered())) {
        one_place.violated("the accounts hold " + std::to_string(balances) + " pieces, and " +
                           std::to_string(message.registered()) + " are registered");
    }
    message.set_ok(is_sound());
    return {};
}

}  // namespace daybook::api
