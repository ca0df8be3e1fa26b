#include "engine/audit/internal/statements.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>

#include "engine/crypto/digest.h"

namespace daybook::audit {
namespace {

using custody::AccountClass;

constexpr std::size_t kDaysAsked = 64;     // ends of days at which an account is asked for …
constexpr std::size_t kContentsAsked = 4;  // … and of these, with all that it holds

constexpr Micros kWhenever = std::numeric_limits<Micros>::max();

int invariant_of(const custody::AccountId& account) { return account.kind == AccountClass::kTransit ? 4 : 6; }

// Of the postings of an interval, in the order of valid time: those of one instant and piece that say nothing together
// are left out.
std::pair<std::int64_t, std::int64_t> came_and_went(const std::vector<projections::PostingRow>& lines) {
    std::int64_t in = 0, out = 0;
    std::map<Uuid, std::int64_t> sums;
    for (auto line = lines.begin(); line != lines.end();) {
        sums.clear();
        for (const Micros at = line->at; line != lines.end() && line->at == at; ++line) sums[line->id] += line->count;
        for (const auto& [piece, sum] : sums) (sum > 0 ? in : out) += std::abs(sum);
    }
    return {in, out};
}

std::string as_known(Position known) { return ", as known before position " + std::to_string(known) + ","; }

}  // namespace

// The days of the site, evenly spread where there are many, and the moment behind all events.
void Statements::plan(SiteId site) {
    const auto days = gathered_.days.find(site);
    if (site != 0 && days != gathered_.days.end()) {
        bool left_out = false;  // corrected since, or told late: the next one may have been the first behind it
        for (const Day& day : days->second) {
            const bool counts = gathered_.corrections.effective(day.closed_by, gathered_.head);
            const bool in_order = days_.empty() || days_.back().end <= day.end;
            if (!counts || !in_order) {
                left_out = true;
                continue;
            }
            if (day.known > gathered_.head) continue;
            days_.push_back(day);
            days_.back().follows = !left_out;
            left_out = false;
        }
    }
    if (gathered_.reported.count(site) == 1) reported_.resize(days_.size());
    if (answers_ == nullptr) return;
    const auto spread = [](std::size_t all, std::size_t most, auto&& use) {
        const std::size_t count = std::min(all, most);
        for (std::size_t i = 0; i < count; ++i) use((i + 1) * all / count - 1);
    };
    spread(days_.size(), kDaysAsked, [this](std::size_t at) {
        const Day& day = days_[at];
        cuts_.push_back({day.end, day.known, day.closed_by, false, {}, {}});
    });
    spread(cuts_.size(), kContentsAsked, [this](std::size_t at) { cuts_[at].contents = true; });
    if (gathered_.whole) cuts_.push_back({kWhenever, gathered_.head, kNoPosition, false, {}, {}});
}

void Statements::begin(const custody::AccountId& account) {
    account_ = account;
    ahead_ = 0;
    now_ = {};
    days_.clear();
    reported_.clear();
    cuts_.clear();
    // ORIGIN owes what was registered, and what others answer for it is not asked.
    if (account.kind != AccountClass::kOrigin) plan(account.site);
}

// ---- What a DayClosed says ----

void Statements::take_figure(const Posting& posting) {
    const auto day = std::find_if(days_.begin(), days_.end(),
                                  [&](const Day& one) { return one.closed_by == posting.key.seq; });
    if (day == days_.end() || reported_.empty()) return;
    Reported& reported = reported_[static_cast<std::size_t>(day - days_.begin())];
    reported.said = true;
    switch (posting.figure) {
        case Figure::kOpening: reported.opening = posting.insured; return;
        case Figure::kCameIn: reported.came_in = posting.insured; return;
        case Figure::kWentOut: reported.went_out = posting.insured; return;
        case Figure::kClosing: reported.closing = posting.insured; return;
        case Figure::kDigest:
            if (!reported.digest) reported.digest.emplace();
            std::memcpy(reported.digest->data() + posting.insured * 8, &posting.mark, 8);
            return;
        case Figure::kNone: return;
    }
}

// The days that end behind it in valid time, and were closed when it was known.
void Statements::take_day(const Posting& posting) {
    const auto ends = std::upper_bound(days_.begin(), days_.end(), posting.key.at,
                                       [](Micros at, const Day& day) { return at < day.end; });
    const auto knew = std::upper_bound(days_.begin(), days_.end(), posting.key.seq,
                                       [](Position seq, const Day& day) { return seq < day.closed_by; });
    const auto first = static_cast<std::size_t>(std::max(ends, knew) - days_.begin());
    if (first < reported_.size()) reported_[first].closed += posting.told;
    const auto next = std::max(static_cast<std::size_t>(ends - days_.begin()) + 1,
                               static_cast<std::size_t>(knew - days_.begin()));
    if (next < reported_.size()) reported_[next].opened += posting.told;
}

Result<void> Statements::judge_reported() {
    std::int64_t opened = 0, closed = 0;
    for (std::size_t i = 0; i < reported_.size(); ++i) {
        Reported& one = reported_[i];
        one.opened = opened += one.opened;
        one.closed = closed += one.closed;
        if (one.said) DAYBOOK_TRY(judge_reported(days_[i], i == 0 ? nullptr : &days_[i - 1], one));
    }
    return {};
}

Result<void> Statements::judge_reported(const Day& day, const Day* before, const Reported& reported) {
    findings_.checked(6, day.closed_by);
    const auto wrong = [&](const std::string& what) {
        findings_.violated(6, day.closed_by, "account " + account_.path() + ": " + what);
    };
    const auto number = [](std::int64_t value) { return std::to_string(value); };
    if (reported.opening + reported.came_in - reported.went_out != reported.closing) {
        wrong("the day opens with " + number(reported.opening) + ", takes in " + number(reported.came_in) + ", gives " +
              number(reported.went_out) + " and does not close with that, but with " + number(reported.closing));
    }
    if (day.follows && reported.opening != reported.opened) {
        wrong("the day opens with " + number(reported.opening) + " pieces, where the day before it closes with " +
              number(reported.opened));
    }
    if (reported.closing != reported.closed) {
        wrong("the day closes with " + number(reported.closing) + " pieces, where the events before it leave " +
              number(reported.closed));
    }
    if (answers_ == nullptr) return {};
    const Micros from = before == nullptr ? std::numeric_limits<Micros>::min() : before->end;
    DAYBOOK_ASSIGN(const auto lines, answers_->postings(account_, from, day.end, day.known));
    const auto [in, out] = came_and_went(lines);
    if (day.follows && (reported.came_in != in || reported.went_out != out)) {
        wrong("the day takes in " + number(reported.came_in) + " and gives " + number(reported.went_out) +
              ", where its events bring " + number(in) + " and take " + number(out));
    }
    if (!reported.digest) return {};
    Sha256 digest;
    DAYBOOK_TRY(each_piece({day.end - 1, day.known},
                           [&](const ItemId& item) { digest.update(item.text()).update("\n"); }));
    if (digest.finish() != *reported.digest) wrong("the day closes with other pieces than its digest says");
    return {};
}

template <class Take>
Result<void> Statements::each_piece(const projections::AsKnown& at, Take&& take) {
    projections::Page page{limits::kPageRowsMax, {}};
    do {
        DAYBOOK_ASSIGN(const auto rows, answers_->account_at(account_, at, page));
        for (const auto& row : rows.rows) take(row.item);
        page.cursor = rows.next;
    } while (!page.cursor.empty());
    return {};
}

// ---- What the read models answer ----

void Statements::take(const Posting& posting) {
    if (posting.figure != Figure::kNone) return take_figure(posting);
    if (!reported_.empty()) take_day(posting);
    if (posting.told == 0 && posting.insured == 0) return;
    const auto add = [&](Sums& sums) {
        sums.count += posting.told;
        sums.amount += posting.insured;
        sums.mark += posting.mark;
    };
    for (; ahead_ < cuts_.size() && cuts_[ahead_].end <= posting.key.at; ++ahead_) cuts_[ahead_].now = now_;
    add(now_);
    for (std::size_t i = ahead_; i < cuts_.size(); ++i) {
        if (posting.key.seq < cuts_[i].known) add(cuts_[i].reported);
    }
}

void Statements::take(const SupplyStep& step) {
    const auto add = [&](Sums& sums, Position known) {
        if (step.batch_last >= known || !gathered_.corrections.effective(step.key.seq, known)) return;
        sums.count += step.quantity;
        sums.amount += step.measure;
    };
    for (; ahead_ < cuts_.size() && cuts_[ahead_].end <= step.key.at; ++ahead_) cuts_[ahead_].now = now_;
    add(now_, gathered_.head);
    for (std::size_t i = ahead_; i < cuts_.size(); ++i) add(cuts_[i].reported, cuts_[i].known);
}

void Statements::violated(int invariant, const Cut& cut, Position known, const std::string& what) {
    const std::string when = cut.closed_by == kNoPosition ? "at the end" : "at " + format_time(cut.end);
    findings_.violated(invariant, cut.closed_by,
                       "account " + account_.path() + " " + when + as_known(known) + " " + what);
}

Result<void> Statements::judge(const Cut& cut, Position known, const Sums& told) {
    const projections::AsKnown at{cut.end - 1, known};
    DAYBOOK_ASSIGN(const auto answer, answers_->account_totals_at(account_, at));
    if (static_cast<std::int64_t>(answer.pieces) != told.count) {
        violated(invariant_of(account_), cut, known,
                 "is answered to hold " + std::to_string(answer.pieces) + " pieces, where the events leave " +
                     std::to_string(told.count));
    }
    if (answer.insured_minor != told.amount) {
        violated(10, cut, known,
                 "is answered to be worth " + std::to_string(answer.insured_minor) +
                     " minor units, where the events leave " + std::to_string(told.amount));
    }
    if (!cut.contents) return {};
    std::uint64_t mark = 0;
    DAYBOOK_TRY(each_piece(at, [&](const ItemId& item) { mark += piece_mark(item); }));
    findings_.checked(10, cut.closed_by);
    if (mark != told.mark) violated(10, cut, known, "is answered to hold other pieces than the events leave there");
    return {};
}

// opening + in - out = closing, between two ends of days.
Result<void> Statements::judge_flow(const Cut& opening, const Cut& closing, Position known) {
    DAYBOOK_ASSIGN(const auto was, answers_->account_totals_at(account_, {opening.end - 1, known}));
    DAYBOOK_ASSIGN(const auto is, answers_->account_totals_at(account_, {closing.end - 1, known}));
    DAYBOOK_ASSIGN(const auto lines, answers_->postings(account_, opening.end, closing.end, known));
    const auto [in, out] = came_and_went(lines);
    const auto had = static_cast<std::int64_t>(was.pieces), has = static_cast<std::int64_t>(is.pieces);
    if (had + in - out == has) return {};
    violated(invariant_of(account_), closing, known,
             "is answered to open with " + std::to_string(had) + ", to take in " + std::to_string(in) + ", to give " +
                 std::to_string(out) + " and to close with " + std::to_string(has));
    return {};
}

Result<void> Statements::end() {
    for (; ahead_ < cuts_.size(); ++ahead_) cuts_[ahead_].now = now_;
    DAYBOOK_TRY(judge_reported());
    const Cut* before = nullptr;
    for (const Cut& cut : cuts_) {
        findings_.checked(invariant_of(account_), cut.closed_by);
        DAYBOOK_TRY(judge(cut, cut.known, cut.reported));
        if (before != nullptr) DAYBOOK_TRY(judge_flow(*before, cut, cut.known));
        if (cut.known != gathered_.head && gathered_.whole) {
            DAYBOOK_TRY(judge(cut, gathered_.head, cut.now));
            if (before != nullptr) DAYBOOK_TRY(judge_flow(*before, cut, gathered_.head));
        }
        before = &cut;
    }
    begin(custody::plain_account(AccountClass::kOrigin));
    return {};
}

Result<void> Statements::end_supply(SupplyId supply) {
    for (; ahead_ < cuts_.size(); ++ahead_) cuts_[ahead_].now = now_;
    const auto judge_at = [&](const Cut& cut, Position known, const Sums& told) -> Result<void> {
        DAYBOOK_ASSIGN(const auto answer, answers_->supplies_at(account_, {cut.end - 1, known}));
        Sums has;
        for (const auto& row : answer.rows) {
            if (row.supply == supply) has = {row.quantity, row.measure, 0};
        }
        if (has.count != told.count || has.amount != told.amount) {
            violated(6, cut, known, "is answered to hold " + std::to_string(has.count) + " of supply " +
                                        std::to_string(supply) + " (measure " + std::to_string(has.amount) +
                                        "), where the events leave " + std::to_string(told.count) + " (" +
                                        std::to_string(told.amount) + ")");
        }
        return {};
    };
    for (const Cut& cut : cuts_) {
        findings_.checked(6, cut.closed_by);
        DAYBOOK_TRY(judge_at(cut, cut.known, cut.reported));
        if (cut.known != gathered_.head && gathered_.whole) DAYBOOK_TRY(judge_at(cut, gathered_.head, cut.now));
    }
    cuts_.clear();
    return {};
}

}  // namespace daybook::audit
