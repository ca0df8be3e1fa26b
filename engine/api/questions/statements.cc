// Accounts over time: what one held, its statement, and the trial balance, each at (valid time, record time).
#include <algorithm>
#include <map>

#include "engine/api/internal/when.h"
#include "engine/base/bytes.h"
#include "engine/base/limits.h"
#include "engine/crypto/digest.h"

namespace daybook::api {
namespace {

using projections::AsKnown;
using projections::PieceRow;

Result<custody::AccountId> account_of_path(const Asked& asked) {
    std::string path;
    for (std::size_t i = 1; i < asked.question.path.size(); ++i) path += (i == 1 ? "" : "/") + asked.question.path[i];
    const auto account = custody::AccountId::parse(path);
    if (!account) return wrong("account", path, "an account's path, as in SITE/1/VAULT/A-03");
    return *account;
}

// Every page of what an account held.
Result<std::vector<PieceRow>> all_pieces(const projections::Reading& reading, const custody::AccountId& account,
                                         const AsKnown& at) {
    std::vector<PieceRow> all;
    projections::Page page{limits::kPageRowsMax, {}};
    do {
        DAYBOOK_ASSIGN(auto found, reading.account_at(account, at, page));
        all.insert(all.end(), found.rows.begin(), found.rows.end());
        page.cursor = std::move(found.next);
    } while (!page.cursor.empty());
    return all;
}

// ---- What it held ----

// The pieces that were in the account some time in the interval, in order of their ids.
Result<std::vector<ItemId>> pieces_within(const When& when, const custody::AccountId& account,
                                          const Interval& interval) {
    std::vector<ItemId> items;
    DAYBOOK_ASSIGN(const auto there, all_pieces(when.reading, account, {interval.from, when.at.known}));
    for (const PieceRow& row : there) items.push_back(row.item);
    DAYBOOK_ASSIGN(const auto postings,
                   when.reading.postings(account, interval.from + 1, interval.to, when.at.known));
    for (const auto& posting : postings) {
        if (posting.count > 0) items.emplace_back(posting.id);
    }
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    return items;
}

Result<std::string> held(const Asked& asked) {
    DAYBOOK_ASSIGN(const custody::AccountId account, account_of_path(asked));
    DAYBOOK_ASSIGN(const Interval interval, interval_of(asked));
    DAYBOOK_ASSIGN(auto page, asked.page());
    DAYBOOK_ASSIGN(When when, when_of(asked));
    when.at.valid = interval.to - 1;
    DAYBOOK_ASSIGN(const auto items, pieces_within(when, account, interval));
    DAYBOOK_ASSIGN(std::size_t next, row_of_cursor(asked));
    v1::HeldAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    message.set_account(account.path());
    message.set_holder(holder_text(account));
    fill(interval.from, message.mutable_from());
    fill(interval.to, message.mutable_to());
    // A piece's stays are never parted by a page, which may overrun for that.
    for (; next < items.size() && message.rows_size() < static_cast<int>(page.rows_max); ++next) {
        DAYBOOK_ASSIGN(const auto chain, when.reading.chain(items[next], {interval.to - 1, when.at.known}));
        std::string model;
        for (const auto& stay : chain.stays) {
            if (stay.account != account || (stay.to && *stay.to <= interval.from)) continue;
            if (model.empty()) {
                DAYBOOK_ASSIGN(model, model_at(asked, chain, when.at.valid));
            }
            v1::HeldRow& row = *message.add_rows();
            row.set_item(items[next].text());
            row.set_model(model);
            fill(stay.from, row.mutable_from());
            if (stay.to) fill(*stay.to, row.mutable_to());
            if (stay.opened_by != kNoPosition) row.set_opened_by(stay.opened_by);
            if (stay.closed_by != kNoPosition) row.set_closed_by(stay.closed_by);
            asked.money(stay.insured_minor, *row.mutable_insured());
        }
    }
    if (next < items.size()) message.set_next(cursor_text(when, std::to_string(next)));
    return codec::to_json(message);
}

// ---- Statement ----

Result<void> fill_side(const Asked& asked, const When& when, const custody::AccountId& account, Micros valid,
                       v1::StatementSide& out) {
    const AsKnown at{valid, when.at.known};
    DAYBOOK_ASSIGN(const auto pieces, all_pieces(when.reading, account, at));
    DAYBOOK_ASSIGN(const auto totals, when.reading.account_totals_at(account, at));
    DAYBOOK_ASSIGN(const auto supplies, when.reading.supplies_at(account, at));
    Sha256 digest;
    for (const PieceRow& row : pieces) digest.update(row.item.text()).update("\n");
    out.set_pieces(totals.pieces);
    asked.money(totals.insured_minor, *out.mutable_insured());
    out.set_digest(hex(digest.finish()));
    for (const auto& row : supplies.rows) fill(row, *out.add_supplies());
    return {};
}

// What came and went: postings of one valid time that say nothing together are left out, as where a correction took
// back what another event had said.
std::vector<projections::PostingRow> net(const std::vector<projections::PostingRow>& postings) {
    std::map<std::pair<Micros, Uuid>, projections::PostingRow> sums;
    for (const auto& posting : postings) {
        const auto [sum, is_new] = sums.try_emplace({posting.at, posting.id}, posting);
        if (is_new) continue;
        sum->second.count += posting.count;
        sum->second.amount += posting.amount;
        sum->second.position = posting.position;
    }
    std::vector<projections::PostingRow> lines;
    for (const auto& [key, sum] : sums) {
        if (sum.count != 0 || sum.amount != 0) lines.push_back(sum);
    }
    return lines;
}

// The interval of the question: given, or the business day of the account's site that contains `at`.
Result<Interval> interval_or_day(const Asked& asked, const custody::AccountId& account) {
    if (asked.param("at").empty()) return interval_of(asked);
    DAYBOOK_ASSIGN(const Micros at, asked.time_param("at"));
    DAYBOOK_ASSIGN(const auto days, asked.views.days(account.site));
    for (const auto& day : days.rows) {
        if (day.from > at || (day.to != 0 && day.to <= at)) continue;
        return Interval{day.from, day.to != 0 ? day.to : asked.context.now + 1};
    }
    return fail(ErrorCode::kNotFound, "at: no business day of site " + std::to_string(account.site) + " contains " +
                                          asked.param("at"));
}

Result<std::string> statement(const Asked& asked) {
    DAYBOOK_ASSIGN(const custody::AccountId account, account_of_path(asked));
    DAYBOOK_ASSIGN(const Interval interval, interval_or_day(asked, account));
    DAYBOOK_ASSIGN(const auto page, asked.page());
    DAYBOOK_ASSIGN(When when, when_of(asked));
    when.at.valid = interval.to - 1;
    v1::StatementAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    message.set_account(account.path());
    fill(interval.from, message.mutable_from());
    fill(interval.to, message.mutable_to());
    DAYBOOK_TRY(fill_side(asked, when, account, interval.from - 1, *message.mutable_opening()));
    DAYBOOK_TRY(fill_side(asked, when, account, interval.to - 1, *message.mutable_closing()));
    DAYBOOK_ASSIGN(const auto postings, when.reading.postings(account, interval.from, interval.to, when.at.known));
    const auto lines = net(postings);
    for (const auto& line : lines) {
        if (line.count > 0) message.set_came(message.came() + 1);
        if (line.count < 0) message.set_went(message.went() + 1);
    }
    DAYBOOK_ASSIGN(std::size_t next, row_of_cursor(asked));
    for (; next < lines.size() && message.lines_size() < static_cast<int>(page.rows_max); ++next) {
        v1::StatementLine& row = *message.add_lines();
        fill(lines[next].at, row.mutable_at());
        row.set_item(lines[next].id.text());
        row.set_pieces(static_cast<std::int32_t>(lines[next].count));
        asked.money(lines[next].amount, *row.mutable_insured());
        row.set_position(lines[next].position);
        DAYBOOK_ASSIGN(const v1::Event event, asked.event_at(lines[next].position));
        row.set_type(event_type_of(event));
        DAYBOOK_ASSIGN(const auto chain, when.reading.chain(ItemId(lines[next].id), {lines[next].at, when.at.known}));
        DAYBOOK_ASSIGN(const std::string model, model_at(asked, chain, lines[next].at));
        row.set_model(model);
    }
    if (next < lines.size()) message.set_next(cursor_text(when, std::to_string(next)));
    return codec::to_json(message);
}

// ---- Trial balance ----

Result<std::string> trial_balance(const Asked& asked) {
    DAYBOOK_ASSIGN(const When when, when_of(asked));
    struct Sums {
        std::uint64_t pieces = 0;
        std::int64_t insured_minor = 0;
        std::map<SupplyId, std::pair<std::int64_t, std::int64_t>> supplies;
    };
    std::map<custody::AccountClass, Sums> classes;
    DAYBOOK_ASSIGN(const auto accounts, when.reading.accounts_at({}, when.at));
    for (const auto& row : accounts.rows) {
        Sums& sums = classes[row.account.kind];
        sums.pieces += row.pieces;
        sums.insured_minor += row.insured_minor;
    }
    DAYBOOK_ASSIGN(const auto supplies, when.reading.all_supplies_at(when.at));
    for (const auto& row : supplies.rows) {
        auto& sum = classes[row.account.kind].supplies[row.supply];
        sum.first += row.quantity;
        sum.second += row.measure;
    }
    v1::TrialAnswer message;
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    for (const auto& [kind, sums] : classes) {
        v1::TrialRow& row = *message.add_rows();
        row.set_account_class(std::string(to_string(kind)));
        row.set_pieces(sums.pieces);
        asked.money(sums.insured_minor, *row.mutable_insured());
        message.set_pieces(message.pieces() + sums.pieces);
        for (const auto& [supply, sum] : sums.supplies) {
            v1::SupplyRow& out = *row.add_supplies();
            out.set_supply(supply);
            out.set_quantity(sum.first);
            out.set_measure(sum.second);
        }
    }
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {
    {"held/**", "from to known_at rows cursor", held},
    {"statements/**", "from to at known_at rows cursor", statement},
    {"trial-balance", "valid_at known_at", trial_balance},
};

}  // namespace

Family statement_questions() { return kQuestions; }

}  // namespace daybook::api
