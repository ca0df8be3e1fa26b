#include "engine/audit/internal/pieces.h"

#include <algorithm>
#include <cstdlib>

namespace daybook::audit {

using custody::AccountClass;
using custody::AccountId;
using custody::EventType;

Pieces::Pieces(const Gathered& gathered, const Sessions& sessions, Findings& findings, Sorter<Posting>& postings,
               Sorter<Weighing>& weighings, const projections::Reading* answers)
    : gathered_(gathered),
      sessions_(sessions),
      findings_(findings),
      postings_(postings),
      weighings_(weighings),
      answers_(answers) {
    for (const auto& [id, count] : gathered.counts) {
        if (count.attested == kNoPosition) continue;
        for (const AccountId& account : count.accounts) counts_[account].push_back(&count);
    }
    for (auto& [account, counts] : counts_) {
        std::sort(counts.begin(), counts.end(), [](const Count* a, const Count* b) { return a->cut < b->cut; });
    }
}

Result<void> Pieces::take(const Step& step) {
    if (step.item != item_) DAYBOOK_TRY(end());
    item_ = step.item;
    auto& list = step.kind == StepKind::kSeen ? seen_ : step.kind == StepKind::kListed ? listed_ : events_;
    list.push_back(step);
    return {};
}

Result<void> Pieces::end() {
    if (events_.empty() && seen_.empty() && listed_.empty()) return {};
    DAYBOOK_TRY(judge());
    for (auto* list : {&events_, &seen_, &listed_}) list->clear();
    stays_.clear();
    said_.clear();
    last_matched_ = inside_since_ = 0;
    return {};
}

void Pieces::violated(int invariant, Position event, const std::string& what) {
    if (!said_.emplace(event, std::to_string(invariant) + what).second) return;
    findings_.violated(invariant, event, "piece " + item_.text() + ": " + what);
}

void Pieces::report(const Step& step, const std::vector<Wrong>& wrong) {
    for (const Wrong& one : wrong) violated(one.invariant, step.key.seq, one.what);
}

// Its events came in the order of valid time, and none was corrected: what holds now held at every record time.
bool Pieces::is_plain() const {
    Position last = 0;
    for (const Step& step : events_) {
        if (step.key.seq < last || gathered_.corrections.touched(step.key.seq)) return false;
        last = step.key.seq;
    }
    return true;
}

Result<void> Pieces::judge() {
    plain_ = is_plain();
    DAYBOOK_TRY(fold_now());
    if (!plain_) DAYBOOK_TRY(weigh_retold());
    judge_counts();
    judge_coverage();
    return answers_ == nullptr ? Result<void>() : judge_answers();
}

Piece Pieces::fold_at(Position known) {
    Piece piece;
    std::vector<Wrong> wrong;
    for (const Step& step : events_) {
        if (step.batch_last >= known || !gathered_.corrections.effective(step.key.seq, known)) continue;
        wrong.clear();
        fold(piece, step, wrong);
        report(step, wrong);
    }
    return piece;
}

Result<void> Pieces::fold_now() {
    Piece piece;
    std::vector<Wrong> wrong;
    if (!events_.empty()) {
        findings_.checked(2, events_.front().key.seq);
        findings_.checked(13, events_.front().key.seq);
    }
    for (const Step& step : events_) {
        if (!gathered_.corrections.effective(step.key.seq, gathered_.head)) continue;
        const Piece before = piece;
        wrong.clear();
        fold(piece, step, wrong);
        report(step, wrong);
        findings_.checked(5, step.key.seq);
        DAYBOOK_TRY(judge_step(before, piece, step));
        if (plain_) DAYBOOK_TRY(weigh(before, piece, step));
    }
    now_ = std::move(piece);
    return {};
}

Result<void> Pieces::judge_step(const Piece& before, const Piece& after, const Step& step) {
    const Position event = step.key.seq;
    if (plain_ && step.kind == StepKind::kEvent && step.type != EventType::kCountAttested &&
        step.type != EventType::kCorrectionDeclared && closes_of(before, step) != step.closes) {
        violated(5, event, "it does not close what it says that it closes");
    }
    if (step.type == EventType::kSaleCompleted || step.type == EventType::kTitleTransferred ||
        step.type == EventType::kMemoInReceived || step.type == EventType::kMemoInPurchased)
        findings_.checked(12, event);
    if (step.type == EventType::kTransferReceived) findings_.checked(15, event);
    judge_papers(before, step);
    const bool inside = custody::info(after.state()).inside;
    if (!inside) inside_since_ = 0;
    else if (inside_since_ == 0) inside_since_ = step.key.at;
    if (step.kind != StepKind::kEvent || step.to.empty()) return {};

    for (const AccountId& account : {step.from, step.to}) {
        if (account.kind != AccountClass::kSiteVault && account.kind != AccountClass::kSiteCom) continue;
        findings_.checked(14, event);
        if (!sessions_.open(account.site, step.key))
            violated(14, event, "it moves from or to " + account.path() + " while that vault is shut");
    }
    if (after.registered && (stays_.empty() || stays_.back().account != after.account)) {
        if (!stays_.empty()) stays_.back().to = step.key;
        stays_.push_back({after.account, step.key, {0, kNoPosition, kNoPosition}});
    }
    const AccountId was = before.registered ? before.account : custody::plain_account(AccountClass::kOrigin);
    DAYBOOK_TRY(postings_.add({step.from, step.key, -1, 0}));
    DAYBOOK_TRY(postings_.add({step.to, step.key, 1, 0}));
    DAYBOOK_TRY(postings_.add({was, step.key, 0, -1}));
    return postings_.add({after.account, step.key, 0, 1});
}

// I19 and I20.
void Pieces::judge_papers(const Piece& piece, const Step& step) {
    const Position event = step.key.seq;
    if (step.type == EventType::kReturnedFromWorkshop && piece.weight_in != 0 && step.weight != 0) {
        findings_.checked(19, event);
        const std::int64_t should = piece.weight_in + piece.weight_added - piece.weight_removed;
        const std::int64_t tolerance = gathered_.rules.number("repair.weight_tolerance", step.site, step.key.at,
                                                              event, 50);
        if (std::abs(should - step.weight) > tolerance) {
            violated(19, event, "it came back from repair with " + std::to_string(step.weight) + " mg, where " +
                                    std::to_string(piece.weight_in) + " + " + std::to_string(piece.weight_added) +
                                    " - " + std::to_string(piece.weight_removed) + " = " + std::to_string(should) +
                                    " mg are due, within " + std::to_string(tolerance));
        }
    }
    if (!piece.diamond) return;
    const auto kind = gathered_.rules.party(step.party);
    const bool to_trade = kind == custody::PartyKind::kVendor || kind == custody::PartyKind::kEntity;
    const bool memo = step.type == EventType::kMemoOutIssued &&
                      step.code == static_cast<std::uint8_t>(custody::MemoPurpose::kTrade);
    if (memo || (step.type == EventType::kSaleCompleted && to_trade)) {
        findings_.checked(20, event);
        if (!step.flag) violated(20, event, "a diamond piece goes to the trade without a System of Warranties text");
    }
    if (step.type == EventType::kMemoInReceived || (step.type == EventType::kGoodsReceived && step.flag)) {
        findings_.checked(20, event);
        if (step.code == 0)
            findings_.listed(20, event, "piece " + item_.text() +
                                            ": a diamond piece came in without a System of Warranties document");
    }
}

// ---- I16: what each holder has, event by event as recorded ----

Result<void> Pieces::weigh(const Piece& before, const Piece& after, const Step& step) {
    const Position at = step.key.seq;
    const auto change = [&](Weighing::What what, const AccountId& account, std::uint64_t party, std::int64_t minor) {
        return minor == 0 ? Result<void>()
                          : weighings_.add({at, what, account, party, minor, step.key.at, step.site});
    };
    using What = Weighing::What;
    if (before.account != after.account || before.insured != after.insured) {
        if (before.registered) DAYBOOK_TRY(change(What::kChange, before.account, 0, -before.insured));
        if (after.registered) DAYBOOK_TRY(change(What::kChange, after.account, 0, after.insured));
    }
    if (before.memo_party != after.memo_party || before.insured != after.insured) {
        if (before.memo_party != 0) DAYBOOK_TRY(change(What::kPartyChange, {}, before.memo_party, -before.insured));
        if (after.memo_party != 0) DAYBOOK_TRY(change(What::kPartyChange, {}, after.memo_party, after.insured));
    }
    const auto ask = [&](What what, const AccountId& account, std::uint64_t party, std::int64_t minor) {
        return weighings_.add({at, what, account, party, minor, step.key.at, step.site});
    };
    switch (step.type) {
        case EventType::kSignedOut:
        case EventType::kHandedOver: return ask(What::kAccount, step.to, 0, 0);
        case EventType::kTransferPacked: return ask(What::kParcel, {}, 0, after.insured);
        case EventType::kMemoOutIssued: return ask(What::kParty, {}, step.party, 0);
        case EventType::kTransferDispatched:
            if (step.owner.id != 0) DAYBOOK_TRY(ask(What::kParty, {}, step.owner.id, 0));
            return step.party == 0 ? Result<void>() : ask(What::kCarrier, {}, step.party, after.insured);
        default: return {};
    }
}

// A piece whose past was re-told: as it stood after each of its events, whatever the event was about.
Result<void> Pieces::weigh_retold() {
    std::vector<const Step*> recorded;
    recorded.reserve(events_.size());
    for (const Step& step : events_) recorded.push_back(&step);
    std::sort(recorded.begin(), recorded.end(), [](const Step* a, const Step* b) { return a->key.seq < b->key.seq; });
    Piece before;
    Position known = 0;
    for (const Step* step : recorded) {
        if (step->batch_last + 1 == known) {  // of the same batch: nothing has changed since
            DAYBOOK_TRY(weigh(before, before, *step));
            continue;
        }
        known = step->batch_last + 1;
        Piece after = fold_at(known);
        DAYBOOK_TRY(weigh(before, after, *step));
        before = std::move(after);
    }
    return {};
}

}  // namespace daybook::audit
