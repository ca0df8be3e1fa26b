#include "engine/audit/internal/pieces.h"

#include <algorithm>
#include <cstdlib>

namespace daybook::audit {

using custody::AccountClass;
using custody::AccountId;
using custody::EventType;

Pieces::Pieces(const Gathered& gathered, const Sessions& sessions, Findings& findings, Sorter<Posting>& postings,
               Sorter<Weighing>& weighings, const projections::Reading* answers, Due& due)
    : gathered_(gathered),
      sessions_(sessions),
      findings_(findings),
      postings_(postings),
      weighings_(weighings),
      answers_(answers),
      due_(due) {
    for (const Count& count : gathered.attested) {
        counts_by_id_[count.id].push_back(&count);
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
    DAYBOOK_TRY(add_due());
    return answers_ == nullptr ? Result<void>() : judge_answers();
}

Piece Pieces::fold_at(Position known, std::vector<Posting>& story) {
    Piece piece;
    std::vector<Wrong> wrong;
    story.clear();
    for (const Step& step : events_) {
        if (step.batch_last >= known || !gathered_.corrections.effective(step.key.seq, known)) continue;
        const Piece before = piece;
        wrong.clear();
        fold(piece, step, wrong);
        report(step, wrong);
        tell(before, piece, step.key, story);
        if (known < gathered_.head) judge_continuity(before, step, known);
    }
    return piece;
}

// I6 at an earlier record time. What is known now is judged account by account.
void Pieces::judge_continuity(const Piece& before, const Step& step, Position known) {
    if (step.kind != StepKind::kEvent || step.to.empty() || step.from == account_of(before)) return;
    violated(6, step.key.seq, "as known before position " + std::to_string(known) + ", its leg leaves " +
                                  step.from.path() + " and its stay " + account_of(before).path() +
                                  ", so that their statements do not go on as they closed");
}

AccountId Pieces::account_of(const Piece& piece) {
    return piece.registered ? piece.account : custody::plain_account(AccountClass::kOrigin);
}

// What a step does to accounts: the piece leaves one for another, or has another value where it is.
void Pieces::tell(const Piece& before, const Piece& after, const Key& key, std::vector<Posting>& story) const {
    const std::uint64_t mark = piece_mark(item_);
    if (before.registered && after.registered && before.account == after.account) {
        if (before.insured != after.insured)
            story.push_back({after.account, key, 0, 0, 0, after.insured - before.insured, 0});
        return;
    }
    if (before.registered) story.push_back({before.account, key, 0, 0, -1, -before.insured, 0 - mark});
    if (after.registered) story.push_back({after.account, key, 0, 0, 1, after.insured, mark});
}

// What is told from a record time on instead of what was told before it. What both begin and end with is left out.
Result<void> Pieces::post_difference(const std::vector<Posting>& was, const std::vector<Posting>& is, Position known) {
    const auto same = [](const Posting& a, const Posting& b) {
        return a.account == b.account && a.key.at == b.key.at && a.told == b.told && a.insured == b.insured;
    };
    const auto [was_from, is_from] = std::mismatch(was.begin(), was.end(), is.begin(), is.end(), same);
    auto was_to = was.end(), is_to = is.end();
    while (was_to != was_from && is_to != is_from && same(*std::prev(was_to), *std::prev(is_to))) --was_to, --is_to;
    const auto post = [&](Posting posting, int sign) {
        posting.key = {posting.key.at, known - 1, known - 1};
        posting.told = static_cast<std::int8_t>(sign * posting.told);
        posting.insured *= sign;
        posting.mark = sign < 0 ? 0 - posting.mark : posting.mark;
        return postings_.add(posting);
    };
    for (auto it = was_from; it != was_to; ++it) DAYBOOK_TRY(post(*it, -1));
    for (auto it = is_from; it != is_to; ++it) DAYBOOK_TRY(post(*it, 1));
    return {};
}

// As an event finds the piece: at its place, by what was recorded before it, or of a corrective by its whole batch.
Piece Pieces::fold_before(const Step& event) const {
    const bool corrective = gathered_.corrections.is_corrective(event.key.seq);
    const Position known = corrective ? event.batch_last + 1 : event.key.seq;
    Piece piece;
    std::vector<Wrong> wrong;
    for (const Step& step : events_) {
        if (step.key >= event.key) break;
        if (step.key.seq < known && gathered_.corrections.effective_for(step.key.seq, known)) fold(piece, step, wrong);
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
        DAYBOOK_TRY(post(before, piece, step));
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
    return {};
}

// The two sides of a leg, and what they do to their accounts; of a piece whose past was re-told see weigh_retold().
Result<void> Pieces::post(const Piece& before, const Piece& after, const Step& step) {
    told_.clear();
    if (plain_) tell(before, after, step.key, told_);
    if (step.kind == StepKind::kEvent && !step.to.empty()) {
        const auto side = [&](const AccountId& account, std::int8_t leg, std::int8_t stay) {
            for (auto* told : {&told_, &sides_}) {
                for (Posting& posting : *told) {
                    if (posting.account != account) continue;
                    posting.leg = static_cast<std::int8_t>(posting.leg + leg);
                    posting.stay = static_cast<std::int8_t>(posting.stay + stay);
                    return;
                }
            }
            sides_.push_back({account, step.key, leg, stay, 0, 0, 0});
        };
        sides_.clear();
        side(step.from, -1, 0);
        side(step.to, 1, 0);
        side(account_of(before), 0, -1);
        side(after.account, 0, 1);
        told_.insert(told_.end(), sides_.begin(), sides_.end());
    }
    for (const Posting& posting : told_) DAYBOOK_TRY(postings_.add(posting));
    return {};
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
        case EventType::kMemoOutIssued:
            if (!step.countersigned) {
                const Piece* found = &before;
                Piece at_its_place;
                if (!plain_) found = &(at_its_place = fold_before(step));
                DAYBOOK_TRY(ask(What::kMemo, {}, static_cast<std::uint64_t>(step.value), found->insured));
            }
            return ask(What::kParty, {}, step.party, 0);
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
    std::vector<Posting> was, is;
    Position known = 0;
    for (const Step* step : recorded) {
        if (step->batch_last + 1 == known) {  // of the same batch: nothing has changed since
            DAYBOOK_TRY(weigh(before, before, *step));
            continue;
        }
        known = step->batch_last + 1;
        Piece after = fold_at(known, is);
        DAYBOOK_TRY(post_difference(was, is, known));
        was.swap(is);
        DAYBOOK_TRY(weigh(before, after, *step));
        before = std::move(after);
    }
    return {};
}

}  // namespace daybook::audit
