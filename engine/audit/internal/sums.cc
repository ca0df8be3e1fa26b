#include "engine/audit/internal/sums.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "engine/audit/internal/statements.h"

namespace daybook::audit {
namespace {

using custody::AccountClass;
using custody::AccountId;

// One account at a time, in the order of valid time.
class Accounts {
public:
    Accounts(const Gathered& gathered, const projections::Reading* answers, Findings& findings)
        : findings_(findings), statements_(gathered, answers, findings) {}

    Result<void> take(const Posting& posting) {
        if (!now_ || now_->account != posting.account) {
            DAYBOOK_TRY(end());
            statements_.begin(posting.account);
            legs_ = stays_ = 0;
            said_ = false;
            const bool transit = posting.account.kind == AccountClass::kTransit;
            findings_.checked(transit ? 4 : 6, posting.key.seq);
        } else if (now_->key != posting.key) {
            judge();
        }
        now_ = posting;
        legs_ += posting.leg;
        stays_ += posting.stay;
        statements_.take(posting);
        return {};
    }
    Result<void> end() {
        judge();
        return statements_.end();
    }

private:
    // What the account has after all postings of one key. ORIGIN owes what was registered.
    void judge() {
        if (!now_ || said_ || now_->account.kind == AccountClass::kOrigin) return;
        if (legs_ == stays_ && legs_ >= 0) return;
        said_ = true;
        const bool transit = now_->account.kind == AccountClass::kTransit;
        findings_.violated(transit ? 4 : 6, now_->key.seq,
                           "account " + now_->account.path() + ": by its legs it holds " + std::to_string(legs_) +
                               " pieces at " + format_time(now_->key.at) + ", by its pieces " + std::to_string(stays_));
    }

    Findings& findings_;
    Statements statements_;
    std::optional<Posting> now_;
    std::int64_t legs_ = 0, stays_ = 0;
    bool said_ = false;  // what follows from the first difference is not said again
};

class Limits {
public:
    Limits(const Rules& rules, Findings& findings) : rules_(rules), findings_(findings) {}

    void take(const Weighing& one) {
        using What = Weighing::What;
        if (group_ && (one.position != group_->position || one.what != group_->what || one.party != group_->party ||
                       one.account != group_->account))
            end();
        switch (one.what) {
            case What::kChange: {
                std::int64_t& sum = accounts_[one.account];
                sum += one.minor;
                if (sum == 0) accounts_.erase(one.account);
                if (one.minor > 0) list_if_over(one);
                return;
            }
            case What::kPartyChange: {
                std::int64_t& sum = parties_[one.party];
                sum += one.minor;
                if (sum == 0) parties_.erase(one.party);
                return;
            }
            case What::kAccount:
            case What::kParty:
            case What::kParcel:
            case What::kCarrier:
            case What::kMemo:
                if (!group_) group_ = one, sum_ = 0;
                sum_ += one.minor;
                return;
        }
    }
    // A question's records are together: judges it. The listing of its holder is no news then.
    void end() {
        if (!group_) return;
        const Weighing one = *group_;
        group_.reset();
        using What = Weighing::What;
        switch (one.what) {
            case What::kAccount:
                return judge(one, one.account.path(), value_of(accounts_, one.account),
                             rules_.account_limit(one.account, one.at, one.position));
            case What::kParty: {
                const std::string key = "limit.memo_party." + std::to_string(one.party);
                return judge(one, key, value_of(parties_, one.party),
                             rules_.money(key, one.site, one.at, one.position));
            }
            case What::kParcel:
                return judge(one, "limit.parcel", sum_,
                             rules_.money("limit.parcel", one.site, one.at, one.position));
            case What::kCarrier: {
                const std::string key = "limit.carrier." + std::to_string(one.party);
                return judge(one, key, sum_, rules_.money(key, one.site, one.at, one.position));
            }
            case What::kMemo: return judge_memo(one);
            case What::kChange:
            case What::kPartyChange: return;
        }
    }

private:
    // I8: above a value a VM signs, by the paper or by the books, whichever is more. `party` has the paper's.
    void judge_memo(const Weighing& one) {
        const auto bound = rules_.money("sign.memo_value", one.site, one.at, one.position);
        const std::int64_t worth = std::max(sum_, static_cast<std::int64_t>(one.party));
        if (!bound || worth <= *bound) return;
        findings_.violated(8, one.position, "a memo of " + std::to_string(worth) +
                                                " minor units is signed by a VM above " + std::to_string(*bound) +
                                                ", which it is not");
    }

    template <class Map, class Of>
    static std::int64_t value_of(const Map& map, const Of& of) {
        const auto it = map.find(of);
        return it == map.end() ? 0 : it->second;
    }
    void judge(const Weighing& one, const std::string& limit, std::int64_t sum, std::optional<std::int64_t> allowed) {
        findings_.checked(16, one.position);
        if (!allowed || sum <= *allowed || rules_.overridden(limit, sum, one.at, one.position)) return;
        findings_.violated(16, one.position, "the limit " + limit + " allows " + std::to_string(*allowed) +
                                                 " minor units, and its holder has " + std::to_string(sum) +
                                                 " after it, which no override covers");
    }
    // A sum that is over its limit from another cause than an event that fills the holder.
    void list_if_over(const Weighing& one) {
        const auto allowed = rules_.account_limit(one.account, one.at, one.position);
        const std::int64_t sum = value_of(accounts_, one.account);
        if (!allowed || sum <= *allowed || rules_.overridden(one.account.path(), sum, one.at, one.position)) return;
        findings_.listed(16, one.position, "account " + one.account.path() + " holds " + std::to_string(sum) +
                                               " minor units after it, over its limit of " + std::to_string(*allowed));
    }

    const Rules& rules_;
    Findings& findings_;
    std::unordered_map<AccountId, std::int64_t, custody::AccountHash> accounts_;
    std::unordered_map<std::uint64_t, std::int64_t> parties_;
    std::optional<Weighing> group_;
    std::int64_t sum_ = 0;
};

}  // namespace

Result<void> judge_accounts(Gathered& gathered, const projections::Reading* answers, Findings& findings,
                            const std::function<Result<void>()>& step) {
    Accounts accounts(gathered, answers, findings);
    const auto take = [&](const Posting& posting) -> Result<void> {
        DAYBOOK_TRY(step());
        return accounts.take(posting);
    };
    DAYBOOK_TRY(gathered.postings.each(take));
    return accounts.end();
}

Result<void> judge_limits(Sorter<Weighing>& weighings, const Rules& rules, Findings& findings) {
    Limits limits(rules, findings);
    DAYBOOK_TRY(weighings.each([&](const Weighing& one) -> Result<void> {
        limits.take(one);
        return {};
    }));
    limits.end();
    return {};
}

Result<void> judge_supplies(Gathered& gathered, const projections::Reading* answers, Findings& findings) {
    Statements statements(gathered, answers, findings);
    std::optional<AccountId> asked;  // the account and supply of the step before
    SupplyId supply = 0;
    std::optional<SupplyStep> last;
    std::int64_t quantity = 0, measure = 0;
    bool said = false;
    const auto judge = [&] {
        if (!last || said || (quantity >= 0 && measure >= 0)) return;
        said = true;
        findings.violated(3, last->key.seq,
                          "account " + last->account.path() + " has " + std::to_string(quantity) + " of supply " +
                              std::to_string(last->supply) + " (measure " + std::to_string(measure) + ") at " +
                              format_time(last->key.at));
    };
    const auto take = [&](const SupplyStep& step) -> Result<void> {
        if (asked != step.account || supply != step.supply) {
            if (asked) DAYBOOK_TRY(statements.end_supply(supply));
            statements.begin(step.account);
            asked = step.account;
            supply = step.supply;
        }
        statements.take(step);
        if (!gathered.corrections.effective(step.key.seq, gathered.head)) return {};
        const bool same = last && last->account == step.account && last->supply == step.supply;
        if (!same || last->key != step.key) judge();
        if (!same) {
            quantity = measure = 0;
            said = false;
        }
        last = step;
        quantity += step.quantity;
        measure += step.measure;
        return {};
    };
    DAYBOOK_TRY(gathered.supplies.each(take));
    judge();
    return asked ? statements.end_supply(supply) : Result<void>();
}

}  // namespace daybook::audit
