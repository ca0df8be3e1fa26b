#include "engine/audit/internal/due.h"

#include <algorithm>
#include <map>

#include "engine/codec/event_codec.h"
#include "engine/codec/obligation_text.h"

namespace daybook::audit {
namespace {

using custody::ObligationKind;

// A page of what was due is looked for among all pieces, with the chains of those that have gone on since: of a long
// log so many lines of events together. What is beyond is not asked for.
constexpr std::uint64_t kLinesRead = 2'000'000;

std::string text_of(const custody::ObligationRef& ref) {
    std::string text;
    codec::append_obligation_text(ref, text);
    return text;
}

}  // namespace

Result<void> Due::choose(const std::vector<Position>& times) {
    pages_ = std::max<std::uint64_t>(kLinesRead / std::max<std::uint64_t>(gathered_.steps.size(), 1), 1);
    // The newest first: few pieces have gone on since.
    for (auto newest = times.rbegin(); newest != times.rend(); ++newest) moments_.push_back({*newest, std::nullopt});
    for (auto newest = times.rbegin(); newest != times.rend(); ++newest) {
        DAYBOOK_ASSIGN(const std::string bytes, log_.read(*newest / 2));
        DAYBOOK_ASSIGN(const auto middle, codec::read_event_head(bytes));
        moments_.push_back({*newest, middle.occurred_at});
    }
    if (moments_.size() > pages_) moments_.resize(pages_);
    const Position head = gathered_.head;
    if (head > 0 && head == log_.head()) moments_.push_back({head - 1, std::nullopt, true});
    judged_.resize(moments_.size());
    return {};
}

bool Due::counts(const Moment& moment, const Key& key) const {
    return moment.knows(key) && gathered_.corrections.effective(key.seq, moment.newest + 1);
}

// ---- By the events ----

Result<void> Due::add(std::size_t moment, const Open& open) {
    return obligations_.add({moment, open.opened_by, open.ref, open.kind, 0, 1});
}

Result<void> Due::add_right(std::size_t moment, Position opened_by, const ObligationId& id, ObligationKind kind) {
    return obligations_.add({moment, opened_by, {id, {}, {}}, kind, 0, 1});
}

Result<void> Due::add_counts(std::size_t moment) {
    std::map<ObligationId, Position> open;
    for (const bool opening : {true, false}) {
        for (const CountTurn& turn : gathered_.count_turns) {
            if (turn.opens != opening || !counts(moments_[moment], turn.key)) continue;
            if (opening) open[turn.count] = turn.key.seq;
            else open.erase(turn.count);
        }
    }
    for (const auto& [count, by] : open) DAYBOOK_TRY(add_right(moment, by, count, ObligationKind::kCount));
    return {};
}

Result<void> Due::add_sessions(std::size_t moment) {
    for (const auto& [site, turns] : gathered_.sessions) {
        const SessionEvent* last = nullptr;
        for (const SessionEvent& turn : turns) {
            if (counts(moments_[moment], turn.key) && (last == nullptr || last->key < turn.key)) last = &turn;
        }
        if (last != nullptr && last->opens)
            DAYBOOK_TRY(add_right(moment, last->key.seq, last->session, ObligationKind::kVaultSession));
    }
    return {};
}

Result<void> Due::add_differences() {
    std::vector<DifferenceTurn> turns;  // of one
    const auto end = [&]() -> Result<void> {
        for (std::size_t i = 0; i < moments_.size() && !turns.empty(); ++i) {
            const DifferenceTurn* last = nullptr;
            for (const DifferenceTurn& turn : turns) {
                if (counts(moments_[i], turn.key)) last = &turn;
            }
            if (last != nullptr && last->opens)
                DAYBOOK_TRY(add_right(i, last->key.seq, last->difference, ObligationKind::kDiscrepancy));
        }
        turns.clear();
        return {};
    };
    const auto take = [&](const DifferenceTurn& turn) -> Result<void> {
        if (!turns.empty() && turns.back().difference != turn.difference) DAYBOOK_TRY(end());
        turns.push_back(turn);
        return {};
    };
    DAYBOOK_TRY(gathered_.differences.each(take));
    return end();
}

// ---- By the answers ----

Result<void> Due::ask(std::size_t at, Past& past) {
    const Moment& moment = moments_[at];
    const auto wrong = [&](const std::string& how) {
        findings_.violated(10, moment.newest, what(moment) + ", is answered " + how);
    };
    std::string cursor;
    do {
        if (!moment.now && pages_-- == 0) {
            pages_ = 0;
            return {};
        }
        const auto page = moment.now ? past.due_now(cursor) : past.due(moment.newest, moment.valid, cursor);
        if (!page) {
            judged_[at].asked = false;
            wrong("with an error: " + page.error().message);
            return {};
        }
        if (page->newest != moment.newest) {
            judged_[at].asked = false;
            if (!moment.now) wrong("as known at " + std::to_string(page->newest));
            return {};  // now is later already
        }
        if (!judged_[at].asked) findings_.checked(10, moment.newest);
        judged_[at].asked = true;
        for (const DueRow& row : page->rows) {
            DAYBOOK_TRY(obligations_.add(
                {at, row.opened_by, row.ref, row.kind, std::max<std::uint64_t>(row.pieces, 1), 0}));
        }
        cursor = page->next;
    } while (!cursor.empty());
    judged_[at].whole = true;
    return {};
}

// ---- Both ----

std::string Due::what(const Moment& moment) const {
    if (moment.now) return "what is open, now that position " + std::to_string(moment.newest) + " is the newest";
    return "what is open, as known at position " + std::to_string(moment.newest) +
           (moment.valid ? " of " + format_time(*moment.valid) : "");
}

void Due::compare(const Owed& owed) {
    Judged& judged = judged_[owed.moment];
    if (!judged.asked || owed.told == owed.right || (owed.told == 0 && !judged.whole)) return;
    if (judged.differing++ != 0) return;
    judged.first = std::string(to_string(owed.kind)) + " " + text_of(owed.ref) + ", which event " +
                   std::to_string(owed.opened_by) + " opened, ";
    if (owed.told == 0) judged.first += "is left out";
    else if (owed.right == 0) judged.first += "is answered to be open, and is not";
    else
        judged.first += "is answered to be open for " + std::to_string(owed.told) + " pieces, and is for " +
                        std::to_string(owed.right);
}

void Due::report(std::size_t at) {
    const Judged& judged = judged_[at];
    if (judged.differing == 0) return;
    const std::string more =
        judged.differing == 1 ? "" : ", and " + std::to_string(judged.differing - 1) + " more differ";
    findings_.violated(10, moments_[at].newest,
                       what(moments_[at]) + ", is answered otherwise than the events known then tell: " +
                           judged.first + more);
}

Result<void> Due::judge(Past& past, const std::function<Result<void>()>& step) {
    DAYBOOK_TRY(add_differences());
    for (std::size_t i = 0; i < moments_.size(); ++i) {
        DAYBOOK_TRY(add_counts(i));
        DAYBOOK_TRY(add_sessions(i));
        DAYBOOK_TRY(ask(i, past));
        DAYBOOK_TRY(step());
    }
    std::optional<Owed> sum;
    DAYBOOK_TRY(obligations_.each([&](const Owed& owed) -> Result<void> {
        if (sum && sum->key() == owed.key()) {
            sum->told += owed.told;
            sum->right += owed.right;
            return {};
        }
        if (sum) compare(*sum);
        sum = owed;
        return {};
    }));
    if (sum) compare(*sum);
    for (std::size_t i = 0; i < moments_.size(); ++i) report(i);
    return {};
}

}  // namespace daybook::audit
