// I7 and I18: the lists of a count, made again piece by piece from the books at its cut and the legs since
// (domain: 6.4).
#include <algorithm>

#include "engine/audit/internal/pieces.h"

namespace daybook::audit {
namespace {

using custody::AccountId;

constexpr std::int64_t kCoverageDays = 30;

constexpr int kNone = -1, kMatched = 0, kMissing = 1, kMoved = 2, kMisplaced = 3, kUnexpected = 4;

std::string list_name(int list) {
    static constexpr std::string_view kNames[] = {"matched", "missing", "moved", "misplaced", "unexpected"};
    return list == kNone ? "on no list" : std::string(kNames[static_cast<std::size_t>(list)]);
}

bool in_scope(const Count& count, const AccountId& account) {
    return std::binary_search(count.accounts.begin(), count.accounts.end(), account);
}

}  // namespace

// Where the books have the piece at (V = the count's opening, R = its cut).
AccountId Pieces::book(const Count& count) const {
    AccountId account;
    for (const Step& step : events_) {
        if (step.key.at > count.opened_at) break;
        if (step.kind != StepKind::kEvent || step.to.empty() || step.key.seq >= count.cut) continue;
        if (gathered_.corrections.effective(step.key.seq, count.cut)) account = step.to;
    }
    return account;
}

// The list that the piece belongs on.
int Pieces::list_of(const Count& count) const {
    const AccountId booked = book(count);
    const auto seen_if = [&](auto&& holds) {
        return std::any_of(seen_.begin(), seen_.end(), [&](const Step& seen) {
            return seen.obligation == count.id && seen.key.seq < count.attested &&
                   gathered_.corrections.effective(seen.key.seq, count.attested_known) && holds(seen.to);
        });
    };
    const auto moved_if = [&](auto&& holds) {
        return std::any_of(events_.begin(), events_.end(), [&](const Step& step) {
            return step.kind == StepKind::kEvent && !step.to.empty() && step.key.seq > count.cut &&
                   step.key.seq < count.attested &&
                   gathered_.corrections.effective(step.key.seq, count.attested_known) && holds(step);
        });
    };
    const bool expected = !booked.empty() && in_scope(count, booked);
    if (!seen_if([](const AccountId&) { return true; })) {
        if (!expected) return kNone;
        const bool moved =
            moved_if([&](const Step& step) { return in_scope(count, step.from) || in_scope(count, step.to); });
        return moved ? kMoved : kMissing;
    }
    if (expected && seen_if([&](const AccountId& at) { return at == booked; })) return kMatched;
    if (moved_if([&](const Step& step) { return seen_if([&](const AccountId& at) { return at == step.to; }); }))
        return kMoved;
    const bool seen_in_scope = seen_if([&](const AccountId& at) { return in_scope(count, at); });
    return seen_in_scope && booked.site == count.site ? kMisplaced : kUnexpected;
}

// The counts that concern the piece: that expected it, that saw it, or that list it.
std::vector<const Count*> Pieces::counts_of_piece() const {
    std::vector<const Count*> found;
    const auto of_account = [&](const AccountId& account) -> const std::vector<const Count*>* {
        const auto it = counts_.find(account);
        return it == counts_.end() ? nullptr : &it->second;
    };
    if (plain_) {
        for (const Stay& stay : stays_) {
            const auto* counts = of_account(stay.account);
            if (counts == nullptr) continue;
            const auto first = std::upper_bound(counts->begin(), counts->end(), stay.from.seq,
                                                [](Position seq, const Count* count) { return seq < count->cut; });
            for (auto it = first; it != counts->end(); ++it) {
                const bool left = stay.to.seq != kNoPosition && (*it)->cut > stay.to.seq;
                if (left && (*it)->opened_at >= stay.to.at) break;
                found.push_back(*it);
            }
        }
    } else {
        for (const Step& step : events_) {
            if (const auto* counts = of_account(step.to)) found.insert(found.end(), counts->begin(), counts->end());
        }
    }
    for (const auto* evidence : {&seen_, &listed_}) {
        for (const Step& step : *evidence) {
            const auto it = counts_by_id_.find(step.obligation);
            if (it != counts_by_id_.end()) found.insert(found.end(), it->second.begin(), it->second.end());
        }
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

void Pieces::judge_count(const Count& count) {
    int listed = kNone;
    int times = 0;
    for (const Step& step : listed_) {
        if (step.key.seq != count.attested) continue;
        listed = step.code;
        ++times;
    }
    const int right = list_of(count);
    if (right == kNone && times == 0) return;
    findings_.checked(7, count.attested);
    if (times > 1) return violated(7, count.attested, "it stands on " + std::to_string(times) + " lists of the count");
    if (listed != right) {
        return violated(7, count.attested,
                        "the count has it " + list_name(listed) + ", where it is " + list_name(right));
    }
    if (right == kMatched && gathered_.corrections.effective(count.attested, gathered_.head))
        last_matched_ = std::max(last_matched_, count.opened_at);
    if (right != kMissing && right != kMisplaced && right != kUnexpected) return;
    const auto by_seq = [](const Step& step, Position seq) { return step.key.seq == seq; };
    const bool registered = std::any_of(events_.begin(), events_.end(), [&](const Step& step) {
        return step.type == custody::EventType::kItemRegistered && step.key.seq < count.attested;
    });
    const bool has_line = std::any_of(events_.begin(), events_.end(),
                                      [&](const Step& step) { return by_seq(step, count.attested); });
    if (registered && !has_line)
        violated(7, count.attested, "it is " + list_name(right) + ", and the count opened no discrepancy for it");
    if (!registered && has_line)
        violated(7, count.attested, "it is not registered, and the count opened a discrepancy for it");
}

void Pieces::judge_counts() {
    if (gathered_.attested.empty()) return;
    for (const Count* count : counts_of_piece()) judge_count(*count);
}

// I18. What nobody has counted for too long is listed.
void Pieces::judge_coverage() {
    if (inside_since_ == 0) return;
    findings_.checked(18, kNoPosition);
    const Micros now = gathered_.newest;
    const std::int64_t days =
        gathered_.rules.number("count.coverage_days", now_.account.site, now, gathered_.head, kCoverageDays);
    if (now - std::max(last_matched_, inside_since_) <= days * kDay) return;
    const std::string last = last_matched_ == 0 ? "in no count" : "last in a count of " + format_time(last_matched_);
    findings_.listed(18, kNoPosition, "piece " + item_.text() + " in " + now_.account.path() + " was matched " + last +
                                          "; it is inside since " + format_time(inside_since_));
}

}  // namespace daybook::audit
