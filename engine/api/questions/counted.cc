// Pieces and the last count that matched each (A11), so that what nobody counts is seen (I18).
#include <algorithm>
#include <map>

#include "engine/api/internal/rules_at.h"
#include "engine/api/internal/sightings.h"
#include "engine/api/internal/when.h"
#include "engine/base/limits.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::api {
namespace {

using custody::AccountId;

constexpr std::int64_t kCoverageDays = 30;  // the default of count.coverage_days

bool is_inside(const AccountId& account) {
    const auto state = custody::state_of(account.kind);
    return state && custody::info(*state).inside;
}

class Counted {
public:
    Counted(const Asked& asked, const When& when, std::size_t rows_max)
        : asked_(asked), when_(when), counts_(asked, when), rows_max_(rows_max) {}

    Result<void> fill_rows(v1::CountedAnswer& message) {
        DAYBOOK_ASSIGN(only_overdue_, asked_.flag_param("overdue", false));
        DAYBOOK_ASSIGN(site_, asked_.site());
        DAYBOOK_TRY(find_accounts());
        DAYBOOK_TRY(find_days());
        DAYBOOK_ASSIGN(const std::string next,
                       each_held(asked_, when_, accounts_, rows_max_,
                                 [&](const ItemId& item, const AccountId& account) {
                                     return add(item, account, message);
                                 }));
        message.set_next(next);
        return {};
    }

private:
    // That which the path names, or all of the site, or of the house, that hold pieces then.
    Result<void> find_accounts() {
        std::string path;
        for (std::size_t i = 1; i < asked_.question.path.size(); ++i)
            path += (i == 1 ? "" : "/") + asked_.question.path[i];
        if (!path.empty()) {
            const auto account = AccountId::parse(path);
            if (!account) return wrong("account", path, "an account's path, as in SITE/1/VAULT/A-03");
            accounts_ = {*account};
            return {};
        }
        DAYBOOK_ASSIGN(const auto found, when_.reading.accounts_at({std::nullopt, site_}, when_.at));
        for (const auto& row : found.rows) {
            if (row.pieces != 0 && is_inside(row.account)) accounts_.push_back(row.account);
        }
        std::sort(accounts_.begin(), accounts_.end());
        return {};
    }
    // The policy of a site is the one in force at (V, R).
    Result<void> find_days() {
        if (!asked_.param("days").empty()) {
            DAYBOOK_ASSIGN(days_, asked_.number_param<std::uint32_t>("days", 0, 36'500));
            return {};
        }
        RulesAt rules(when_.at.known);
        DAYBOOK_TRY(rules.read(asked_, "count.coverage_days", {}));
        for (const AccountId& account : accounts_) {
            const auto* policy = rules.books.policy("count.coverage_days", account.site, when_.at.valid);
            const auto* days = policy == nullptr ? nullptr : std::get_if<std::int64_t>(policy);
            by_site_[account.site] = days == nullptr ? kCoverageDays : *days;
        }
        return {};
    }
    [[nodiscard]] std::int64_t days_of(SiteId site) const { return days_ ? *days_ : by_site_.at(site); }
    Result<bool> add(const ItemId& item, const AccountId& account, v1::CountedAnswer& message) {
        DAYBOOK_ASSIGN(const auto chain, when_.reading.chain(item, when_.at));
        if (chain.stays.empty()) return false;
        v1::CountedRow row;
        row.set_item(item.text());
        row.set_account(account.path());
        fill(chain.stays.back().from, row.mutable_since());
        DAYBOOK_ASSIGN(auto last, counts_.last_of_all(item, chain, when_.at.valid));
        if (last) *row.mutable_last() = std::move(*last);
        Micros since = 0;
        for (auto stay = chain.stays.rbegin(); stay != chain.stays.rend() && is_inside(stay->account); ++stay)
            since = stay->from;
        if (since != 0) {
            fill(since, row.mutable_inside_since());
            const auto& counted = row.last().counted_at();
            const Micros seen = row.has_last() ? counted.seconds() * kSecond + counted.nanos() / 1000 : 0;
            const Micros age = when_.at.valid - std::max(since, seen);
            row.set_age_days(std::max<Micros>(0, age) / kDay);
            row.set_overdue(age > days_of(account.site) * kDay);
        }
        if (only_overdue_ && !row.overdue()) return false;
        DAYBOOK_ASSIGN(const std::string model, model_at(asked_, chain, when_.at.valid));
        row.set_model(model);
        *message.add_rows() = std::move(row);
        return true;
    }

    const Asked& asked_;
    const When& when_;
    Sightings counts_;
    const std::size_t rows_max_;
    bool only_overdue_ = false;
    SiteId site_ = 0;
    std::vector<AccountId> accounts_;
    std::optional<std::uint32_t> days_;
    std::map<SiteId, std::int64_t> by_site_;
};

Result<std::string> counted(const Asked& asked) {
    DAYBOOK_ASSIGN(const auto page, asked.page());
    DAYBOOK_ASSIGN(const When when, when_of(asked));
    v1::CountedAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    DAYBOOK_TRY(Counted(asked, when, page.rows_max).fill_rows(message));
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {
    {"counted", "site days overdue valid_at known_at rows cursor", counted},
    {"counted/**", "days overdue valid_at known_at rows cursor", counted},
};

}  // namespace

Family counted_questions() { return kQuestions; }

}  // namespace daybook::api
