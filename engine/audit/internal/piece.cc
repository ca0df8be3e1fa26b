#include "engine/audit/internal/piece.h"

#include <algorithm>

namespace daybook::audit {
namespace {

using custody::Cell;
using custody::EventType;
using custody::EventVariant;
using custody::ObligationKind;
using custody::Owner;
using custody::OwnerKind;
using custody::State;

std::string owner_text(const Owner& owner) {
    switch (owner.kind) {
        case OwnerKind::kHouse: return "HOUSE:" + std::to_string(owner.id);
        case OwnerKind::kVendor: return "VENDOR:" + std::to_string(owner.id);
        case OwnerKind::kClient: return "CLIENT:" + std::to_string(owner.id);
        case OwnerKind::kInsurer: return "INSURER";
        case OwnerKind::kUnknown: break;
    }
    return "UNKNOWN";
}

std::string name(EventType type) { return std::string(custody::info(type).name); }

// The matrix, with the three cases in which a moving event stays, and the two halves of a receipt's discrepancy.
Cell cell_for(const Piece& piece, const Step& step) {
    const State state = piece.state();
    if (step.type == EventType::kSaleCompleted && step.code == static_cast<std::uint8_t>(custody::Handover::kLater))
        return custody::cell(EventVariant::kSaleCompletedHandoverLater, state);
    if (step.type == EventType::kSaleReturned) {
        if (state == State::kR && piece.sold_by != 0)
            return custody::cell(EventVariant::kSaleReturnedTheHouseSoldThePiece, state);
        if (piece.open_of(ObligationKind::kDelivery) != 0)
            return custody::cell(EventVariant::kSaleReturnedSoldHeld, state);
        if (state == State::kX2 && piece.sold_by == 0) return {0, custody::RefusalCode::kNotSold, false};
    }
    if (step.type == EventType::kReceiptDiscrepancyRecorded) {
        const bool is_short = step.code == static_cast<std::uint8_t>(custody::DifferenceKind::kShort);
        if (state == (is_short ? State::kR : State::kX1)) return {0, custody::info(state).error, false};
    }
    const auto lines = custody::info(step.type).lines;
    if (lines == custody::LineKind::kEngine || lines == custody::LineKind::kNone) return {};
    return custody::cell(step.type, state);
}

// Which open obligations the step ends (domain: 5.2).
class Ending {
public:
    Ending(const Piece& piece, const Step& step)
        : piece_(piece), step_(step), leg_(!step.to.empty()),
          after_(leg_ ? custody::state_of(step.to.kind).value_or(State::kX0) : piece.state()) {}

    [[nodiscard]] bool operator()(const Open& open) const {
        const auto& info = custody::info(open.kind);
        if (step_.type == EventType::kDiscrepancyResolved)
            return open.kind == ObligationKind::kDiscrepancy && open.ref == step_.named;
        if (step_.type == EventType::kObligationSettled) return open.ref.id == step_.named.id && info.one;
        if (open.kind == ObligationKind::kDiscrepancy) return open.holds && leg_ && after_ != State::kS;
        if (leg_ && info.ends_outside != 0) return !custody::contains(info.ends_outside, after_);
        if (leg_ && custody::contains(info.ends_in, after_)) return true;
        switch (open.kind) {
            case ObligationKind::kRepair: return ends_repair();
            case ObligationKind::kDelivery: return step_.type == EventType::kSaleReturned;
            case ObligationKind::kReservation:
                return step_.type == EventType::kSaleCompleted || step_.type == EventType::kReservationReleased;
            case ObligationKind::kCarnet: return step_.type == EventType::kCarnetReleased;
            case ObligationKind::kMemoIn: return step_.type == EventType::kMemoInPurchased;
            default: return false;
        }
    }

private:
    [[nodiscard]] bool ends_repair() const {
        if (piece_.owner.kind == OwnerKind::kClient) return false;
        if (step_.type == EventType::kReturnedFromWorkshop || step_.type == EventType::kRepairDeclined) return true;
        if (step_.type != EventType::kTransferReceived) return false;
        return std::any_of(piece_.open.begin(), piece_.open.end(), [](const Open& open) {
            return open.kind == ObligationKind::kTransfer &&
                   open.purpose == static_cast<std::uint8_t>(custody::TransferPurpose::kRepairReturn);
        });
    }

    const Piece& piece_;
    const Step& step_;
    bool leg_;
    State after_;
};

class Folding {
public:
    Folding(Piece& piece, const Step& step, std::vector<Wrong>& wrong) : piece_(piece), step_(step), wrong_(wrong) {}

    void run() {
        if (step_.kind == StepKind::kAside) return end_obligations();
        if (step_.type == EventType::kItemRegistered && piece_.registered)
            return add(2, "it is registered a second time");
        if (step_.type != EventType::kItemRegistered && !piece_.registered) {
            // A correction may have taken back its registration, or given it another id.
            if (step_.type == EventType::kCorrectionDeclared) return;
            add(2, name(step_.type) + " happens to it before it is registered");
            return;
        }
        judge();
        judge_title();
        judge_seal();
        const State before = piece_.state();
        end_obligations();
        move(before);
        change_title();
        change_condition();
        reassign();
        open_obligations();
        if (std::string law = obligation_law(piece_); !law.empty()) add(5, std::move(law));
    }

private:
    void add(int invariant, std::string what) { wrong_.push_back({invariant, std::move(what)}); }
    [[nodiscard]] bool is(EventType type) const { return step_.type == type; }
    [[nodiscard]] bool leg() const { return !step_.to.empty(); }
    [[nodiscard]] bool dispatch() const {
        return is(EventType::kTransferDispatched) || is(EventType::kInboundDispatched);
    }

    void judge() {
        const Cell cell = cell_for(piece_, step_);
        const std::string at = "in " + std::string(to_string(piece_.state())) + " (" + piece_.account.path() + ")";
        if (!cell.legal()) {
            add(13, name(step_.type) + " is not legal for a piece " + at + ": " + std::string(to_string(cell.refusal)));
        } else if (cell.targets != 0 && !leg()) {
            add(1, name(step_.type) + " moves a piece, and its line has no leg");
        } else if (leg() && !custody::contains(cell.targets, custody::state_of(step_.to.kind).value_or(State::kX0))) {
            add(13, name(step_.type) + " does not move a piece " + at + " to " + step_.to.path());
        }
        const bool born = is(EventType::kItemRegistered);
        if (leg() && !born && step_.from != piece_.account) {
            add(2, "its leg leaves " + step_.from.path() + " while it is in " + piece_.account.path() +
                       ", so that it would be in two places");
        }
        const auto needs = [&](ObligationKind kind) {
            if (piece_.open_of(kind) == 0)
                add(13, name(step_.type) + " needs a " + std::string(to_string(kind)) + ", and none is open");
        };
        if (is(EventType::kSentToWorkshop)) needs(ObligationKind::kRepair);
        if (is(EventType::kRepairAuthorised) || is(EventType::kRepairDeclined)) needs(ObligationKind::kRepair);
        if (is(EventType::kReservationReleased)) needs(ObligationKind::kReservation);
        if (is(EventType::kCarnetReleased)) needs(ObligationKind::kCarnet);
        if (is(EventType::kMemoInPurchased)) needs(ObligationKind::kMemoIn);
        if (is(EventType::kQuarantineReleased) && !piece_.quarantined) add(13, "it is not in quarantine");
        if (step_.to.kind == custody::AccountClass::kTransit && leg() && dispatch() &&
            step_.to != custody::transit_account(step_.obligation))
            add(4, "it goes to " + step_.to.path() + ", which is not the account of the transfer that opens");
        if (dispatch() && piece_.open_of(ObligationKind::kTransfer) != 0)
            add(4, "it is dispatched while it is in another open transfer");
    }

    void judge_title() {
        const Owner house{OwnerKind::kHouse, step_.entity};
        if (is(EventType::kSaleCompleted) && piece_.owner != house)
            add(12, "it is sold while its title is " + owner_text(piece_.owner) + ", not " + owner_text(house));
        if (!is(EventType::kTitleTransferred)) return;
        if (step_.from_owner != piece_.owner)
            add(2, "its title leaves " + owner_text(step_.from_owner) + " while it is " + owner_text(piece_.owner));
        if (piece_.owner.kind == OwnerKind::kClient && !step_.flag)
            add(12, "its title leaves " + owner_text(piece_.owner) + " without a basis that the client has signed");
    }

    void judge_seal() {
        if (!is(EventType::kTransferReceived) || piece_.seal_excused) return;
        if (!step_.flag) add(15, "its seal was not intact, and no exception says so");
        else if (piece_.seal != 0 && step_.seal != piece_.seal)
            add(15, "its parcel came under another seal than it was packed under, and no exception says so");
    }

    void end_obligations() {
        const Ending ends(piece_, step_);
        const auto kept = std::stable_partition(piece_.open.begin(), piece_.open.end(),
                                                [&](const Open& open) { return !ends(open); });
        const bool named = is(EventType::kDiscrepancyResolved) || is(EventType::kObligationSettled);
        if (named && step_.kind == StepKind::kEvent && kept == piece_.open.end())
            add(13, name(step_.type) + " names an obligation that is not open on it");
        for (auto open = kept; open != piece_.open.end(); ++open) {
            if (open->kind == ObligationKind::kDiscrepancy && open->holds && is(EventType::kDiscrepancyResolved))
                add(13, "the discrepancy of a DeclaredMissing ends by ItemRecovered or LossDeclared alone");
        }
        piece_.open.erase(kept, piece_.open.end());
    }

    void move(State before) {
        if (!leg()) return;
        if (is(EventType::kItemRegistered)) {
            piece_.registered = true;
            piece_.insured = step_.value;
            piece_.diamond = step_.diamond;
        }
        piece_.account = step_.to;
        const State after = piece_.state();
        if (after != State::kK && after != State::kT) {
            piece_.seal = 0;
            piece_.seal_excused = false;
        }
        if (is(EventType::kTransferPacked)) piece_.seal = step_.seal;
        if (is(EventType::kTransferVoided)) piece_.seal_excused = false;
        if (is(EventType::kMemoOutIssued)) piece_.memo_party = step_.party;
        else if (is(EventType::kTransferDispatched)) piece_.memo_party = step_.owner.id;
        else if (!is(EventType::kTransferDelivered) || after != State::kM || before != State::kT) piece_.memo_party = 0;
    }

    void change_title() {
        const Owner house{OwnerKind::kHouse, step_.entity};
        const auto pass = [&](Owner owner, EntityId sold_by = 0) {
            piece_.owner = owner;
            piece_.sold_by = sold_by;
        };
        switch (step_.type) {
            case EventType::kItemRegistered: return pass(step_.owner);
            case EventType::kGoodsReceived:
                if (step_.flag) pass(house);
                return;
            case EventType::kMemoInPurchased:
            case EventType::kSaleReturned: return pass(house);
            case EventType::kTitleTransferred: return pass(step_.owner);
            case EventType::kSaleCompleted: return pass({OwnerKind::kClient, step_.party}, step_.entity);
            case EventType::kLossDeclared:
                if (step_.flag) pass({OwnerKind::kInsurer, 0});
                return;
            default: return;
        }
    }

    void change_condition() {
        switch (step_.type) {
            case EventType::kItemAmended:
                if (step_.code == static_cast<std::uint8_t>(custody::AmendedField::kInsured))
                    piece_.insured = step_.value;
                return;
            case EventType::kQuarantineSet: piece_.quarantined = true; return;
            case EventType::kQuarantineReleased: piece_.quarantined = false; return;
            case EventType::kTransferExceptionRecorded: piece_.seal_excused = true; return;
            case EventType::kRepairOpened:
                piece_.weight_in = step_.weight;
                piece_.weight_added = piece_.weight_removed = 0;
                return;
            case EventType::kRepairWorkRecorded:
                piece_.weight_added += step_.value;
                piece_.weight_removed += step_.weight;
                return;
            default: return;
        }
    }

    void open(ObligationKind kind, const custody::ObligationRef& ref, bool holds = false) {
        if (ref.id.empty()) return;
        if (custody::info(kind).one && piece_.open_of(kind) != 0)
            add(5, "a second " + std::string(to_string(kind)) + " is opened on it");
        piece_.open.push_back({kind, ref, holds, step_.code, step_.together, step_.key.seq});
    }

    // One of several pieces that is handed on, or whose memo is extended, goes on in an obligation of its own.
    void reassign() {
        const bool handed_over = is(EventType::kHandedOver);
        if (!handed_over && !is(EventType::kMemoExtended)) return;
        for (Open& open : piece_.open) {
            if (open.kind != (handed_over ? ObligationKind::kSignout : ObligationKind::kMemoOut) || !open.together)
                continue;
            open.ref.item = step_.item;
            open.together = false;
        }
    }

    void open_obligations() {
        const custody::ObligationRef whole{step_.obligation, {}, {}};
        const custody::ObligationRef own{step_.obligation, {}, step_.item};
        switch (step_.type) {
            case EventType::kSignedOut: return open(ObligationKind::kSignout, whole);
            case EventType::kTransferDispatched:
            case EventType::kInboundDispatched: return open(ObligationKind::kTransfer, whole);
            case EventType::kMemoOutIssued: return open(ObligationKind::kMemoOut, whole);
            case EventType::kSentToWorkshop: return open(ObligationKind::kWorkshop, whole);
            case EventType::kTransferDelivered:
                if (piece_.state() == State::kM) open(ObligationKind::kMemoOut, whole);
                if (piece_.state() == State::kW) open(ObligationKind::kWorkshop, whole);
                return;
            case EventType::kRepairOpened: return open(ObligationKind::kRepair, whole);
            case EventType::kReservationPlaced: return open(ObligationKind::kReservation, whole);
            case EventType::kCarnetBound: return open(ObligationKind::kCarnet, whole);
            case EventType::kMemoInReceived: return open(ObligationKind::kMemoIn, whole);
            case EventType::kSaleCompleted:
                if (!leg()) open(ObligationKind::kDelivery, whole);
                return;
            case EventType::kDeclaredMissing: return open(ObligationKind::kDiscrepancy, own, true);
            case EventType::kDiscrepancyOpened:
            case EventType::kTransferExceptionRecorded:
            case EventType::kReceiptDiscrepancyRecorded:
                return open(ObligationKind::kDiscrepancy, step_.together ? own : whole);
            case EventType::kCountAttested:
                return open(ObligationKind::kDiscrepancy,
                            {step_.obligation, static_cast<custody::DifferenceKind>(step_.code), step_.item});
            default: return;
        }
    }

    Piece& piece_;
    const Step& step_;
    std::vector<Wrong>& wrong_;
};

}  // namespace

std::size_t Piece::open_of(ObligationKind kind) const {
    return static_cast<std::size_t>(
        std::count_if(open.begin(), open.end(), [kind](const Open& one) { return one.kind == kind; }));
}

std::string obligation_law(const Piece& piece) {
    if (!piece.registered) return {};
    const State state = piece.state();
    const ObligationKind wanted = custody::info(state).held_by;
    const auto holding = [&](ObligationKind kind) {
        if (kind != ObligationKind::kDiscrepancy) return piece.open_of(kind);
        return static_cast<std::size_t>(
            std::count_if(piece.open.begin(), piece.open.end(), [](const Open& open) { return open.holds; }));
    };
    for (const ObligationKind kind : {ObligationKind::kSignout, ObligationKind::kTransfer, ObligationKind::kMemoOut,
                                      ObligationKind::kWorkshop, ObligationKind::kDiscrepancy}) {
        const bool owed_still = kind == ObligationKind::kMemoOut && state == State::kT;  // on the way back
        const std::size_t open = holding(kind);
        const std::size_t right = kind == wanted ? 1 : owed_still ? std::min<std::size_t>(open, 1) : 0;
        if (open == right) continue;
        return "it is in " + std::string(to_string(state)) + " (" + piece.account.path() + ") with " +
               std::to_string(open) + " open " + std::string(to_string(kind)) + ", where there should be " +
               std::to_string(right);
    }
    if (state == State::kT) {
        const auto transfer = std::find_if(piece.open.begin(), piece.open.end(), [](const Open& open) {
            return open.kind == ObligationKind::kTransfer;
        });
        if (piece.account != custody::transit_account(transfer->ref.id))
            return "it is in " + piece.account.path() + ", but its transfer is " + transfer->ref.id.text();
    }
    return {};
}

std::uint64_t closes_of(const Piece& piece, const Step& step) {
    const Ending ends(piece, step);
    std::uint64_t mark = 0;
    for (const Open& open : piece.open) {
        if (ends(open)) mark += closed_mark(open.kind, open.ref.id);
    }
    return mark;
}

void fold(Piece& piece, const Step& step, std::vector<Wrong>& wrong) {
    Folding(piece, step, wrong).run();
    if (piece.open_of(ObligationKind::kMemoIn) != 0 && piece.owner.kind != OwnerKind::kVendor)
        wrong.push_back({12, "a MEMO_IN is open on it while its title is " + owner_text(piece.owner)});
}

}  // namespace daybook::audit
