#include "engine/audit/internal/answers.h"

#include <algorithm>
#include <map>

#include "engine/codec/event_codec.h"

namespace daybook::audit {
namespace {

constexpr std::size_t kHoldersAsked = 4;  // memos, and accounts of persons, at each of them
constexpr std::size_t kRowsAsked = 200;   // counts of a site: the newest
// A party's memos are looked for among all obligations, and a reconciliation of the past folds the chains of all
// pieces: of a long log so many lines of events, all questions of a kind together.
constexpr std::uint64_t kLinesRead = 20'000'000;

// Evenly spread, the last one among them.
template <class All, class Use>
void spread(const All& all, std::size_t most, Use&& use) {
    const std::size_t count = std::min(all.size(), most);
    for (std::size_t i = 0; i < count; ++i) use(all[(i + 1) * all.size() / count - 1]);
}

Listed as_text(const HeldList& held) {
    Listed list{held.newest, held.whole, {}};
    for (const Held& row : held.rows) {
        const std::string to = row.to == kNoPosition ? "now" : "event " + std::to_string(row.to);
        list.rows.insert(row.item + " from event " + std::to_string(row.from) + " to " + to);
    }
    return list;
}

}  // namespace

// Each the last event of its batch.
Result<std::vector<Position>> Answers::record_times(Position from, Position to, std::size_t most) const {
    std::set<Position> times;
    std::vector<Position> corrected;
    for (const Position declaration : gathered_.declarations) {
        if (declaration > from && declaration < to) corrected.push_back(declaration - 1);
    }
    const std::size_t others = (most + 3) / 4;
    spread(corrected, most - others, [&](Position at) { times.insert(at); });
    for (std::size_t i = 0; i < others && to > from; ++i) {
        const Position position = to - 1 - (to - 1 - from) * i / others;
        DAYBOOK_ASSIGN(const std::string bytes, log_.read(position));
        DAYBOOK_ASSIGN(const auto head, codec::read_event_head(bytes));
        if (head.batch_last < to) times.insert(head.batch_last);
    }
    return std::vector<Position>(times.begin(), times.end());
}

template <class List>
List Answers::checked(const std::string& what, const Result<List>& answer) {
    findings_.checked(10, newest_);
    const std::string asked = what + ", asked for as known at position " + std::to_string(newest_) + ", is answered ";
    if (!answer) {
        findings_.violated(10, newest_, asked + "with an error: " + answer.error().message);
        return {newest_, false, {}};
    }
    if (answer->newest != newest_)
        findings_.violated(10, newest_, asked + "as known at " + std::to_string(answer->newest));
    return *answer;
}

void Answers::compare(const std::string& what, const Listed& told, const Rows& right) {
    if (told.rows == right || !told.whole) return;
    std::string text = what + ", as known at position " + std::to_string(newest_) +
                       ", is answered otherwise than the events known then tell:";
    for (const std::string& row : told.rows) {
        if (!right.contains(row)) text += " answered is " + row + ";";
    }
    for (const std::string& row : right) {
        if (!told.rows.contains(row)) text += " left out is " + row + ";";
    }
    text.pop_back();
    findings_.violated(10, newest_, text);
}

bool Answers::counts(Position event) const {
    return event <= newest_ && gathered_.corrections.effective(event, newest_ + 1);
}

// ---- Counts ----

void Answers::judge_counts() {
    for (const SiteId site : gathered_.sites) judge_counts_of(site);
    const std::string what = "which counts are open";
    const Listed told = checked(what, past_.open_counts(newest_));
    Rows right;
    std::map<ObligationId, Position> open;
    for (const CountTurn& turn : gathered_.count_turns) {
        if (counts(turn.key.seq) && turn.opens) open[turn.count] = turn.key.seq;
    }
    for (const CountTurn& turn : gathered_.count_turns) {
        if (counts(turn.key.seq) && !turn.opens) open.erase(turn.count);
    }
    for (const auto& [count, by] : open) right.insert(count.text() + " since event " + std::to_string(by));
    compare(what, told, right);
}

void Answers::judge_counts_of(SiteId site) {
    const std::string what = "what was counted at site " + std::to_string(site);
    Listed told = checked(what, past_.counts(site, kRowsAsked, newest_));
    Rows right;
    std::set<ObligationId> open;
    for (const CountTurn& turn : gathered_.count_turns) {
        if (turn.site == site && turn.opens && counts(turn.key.seq)) open.insert(turn.count);
    }
    std::vector<const CountTurn*> ends;
    for (const CountTurn& turn : gathered_.count_turns) {
        if (turn.site != site || turn.opens || !counts(turn.key.seq)) continue;
        open.erase(turn.count);
        ends.push_back(&turn);
    }
    for (const ObligationId& count : open) right.insert(count.text() + " open");
    std::sort(ends.begin(), ends.end(), [](const auto* a, const auto* b) { return b->key < a->key; });
    for (const CountTurn* end : ends) {
        if (right.size() == kRowsAsked) break;
        right.insert(end->count.text() + " ended by event " + std::to_string(end->key.seq));
    }
    told.whole = told.whole && open.size() < kRowsAsked;  // of open ones any may come first
    compare(what, told, right);
}

// ---- Sessions of the vaults ----

void Answers::judge_sessions() {
    const std::string what = "which vaults are open";
    const Listed told = checked(what, past_.open_sessions(newest_));
    Rows right;
    for (const auto& [site, turns] : gathered_.sessions) {
        const SessionEvent* last = nullptr;
        for (const SessionEvent& turn : turns) {
            if (counts(turn.key.seq) && (last == nullptr || last->key < turn.key)) last = &turn;
        }
        if (last != nullptr && last->opens)
            right.insert("site " + std::to_string(site) + " since event " + std::to_string(last->key.seq));
    }
    compare(what, told, right);
}

// ---- What was held ----

// Of a person or a party what the account itself is answered to have held, as far as that was theirs: two parties may
// have memos of one number. What was opened behind `kept` is not known here.
void Answers::judge_held(const std::string& by, const custody::AccountId& account,
                         const std::function<bool(Position opening)>& theirs, Position kept) {
    const std::string what = "what " + by + " held in " + account.path();
    HeldList told = checked(what, past_.held(by, account, newest_));
    HeldList right = checked("what " + account.path() + " held", past_.held("", account, newest_));
    std::erase_if(right.rows, [&](const Held& row) { return !theirs(row.from); });
    std::erase_if(told.rows, [&](const Held& row) { return row.from > kept; });
    told.whole = told.whole && right.whole;
    compare(what, as_text(told), as_text(right).rows);
}

void Answers::judge_holders() {
    std::vector<const Memo*> corrected, others, asked;
    for (const Memo& memo : gathered_.memos) {
        if (memo.position <= newest_)
            (gathered_.corrections.touched(memo.position) ? corrected : others).push_back(&memo);
    }
    const auto ask_for = [&](const Memo* memo) { asked.push_back(memo); };
    spread(corrected, kHoldersAsked, ask_for);  // these tell most
    spread(others, kHoldersAsked - asked.size(), ask_for);
    const Position kept = gathered_.memos.size() < kMemosKept ? kNoPosition : gathered_.memos.back().position;
    for (const Memo* memo : asked) {
        std::set<Position> its;
        for (const Memo& other : gathered_.memos) {
            if (other.account == memo->account && other.party == memo->party && counts(other.position))
                its.insert(other.position);
        }
        judge_held("party=" + std::to_string(memo->party), memo->account,
                   [&](Position opening) { return its.contains(opening); }, kept);
    }
    const std::vector<custody::AccountId> persons(gathered_.persons.begin(), gathered_.persons.end());
    spread(persons, kHoldersAsked, [&](const custody::AccountId& account) {
        judge_held("person=" + std::to_string(account.number()), account, [](Position) { return true; });
    });
}

// ---- A day's reconciliation ----

// What the open day expects in each account is what it holds.
void Answers::judge_reconciliation(SiteId site) {
    const std::string what = "what site " + std::to_string(site) + " should hold";
    Listed told = checked(what, past_.expected(site, newest_));
    const Listed right = checked("what site " + std::to_string(site) + " holds", past_.contents(site, newest_));
    told.whole = told.whole && right.whole;
    compare(what, told, right.rows);
}

// ----

void Answers::judge_at(Position newest, bool reconciled) {
    newest_ = newest;
    judge_sessions();
    judge_counts();
    judge_holders();
    if (!reconciled) return;
    for (const SiteId site : gathered_.sites) judge_reconciliation(site);
}

Result<void> Answers::choose(Position from, Position to) {
    const std::uint64_t lines = std::max<std::uint64_t>(gathered_.steps.size(), 1);
    const std::uint64_t most = std::clamp<std::uint64_t>(kLinesRead / lines, 2, kTimesAsked);
    DAYBOOK_ASSIGN(times_, record_times(from, to, most));
    return {};
}

Result<void> Answers::judge(const std::function<Result<void>()>& step) {
    const std::uint64_t lines = std::max<std::uint64_t>(gathered_.steps.size(), 1);
    const std::uint64_t of_sites = lines * std::max<std::uint64_t>(gathered_.sites.size(), 1);
    std::uint64_t reconciled = std::max<std::uint64_t>(kLinesRead / of_sites, 1);
    for (const Position time : times_) {
        judge_at(time, reconciled > 0);
        reconciled -= reconciled > 0 ? 1 : 0;
        DAYBOOK_TRY(step());
    }
    return {};
}

}  // namespace daybook::audit
