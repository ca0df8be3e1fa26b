#include "projections/accounts/accounts.h"

#include <algorithm>
#include <limits>

#include "engine/base/bytes.h"
#include "projections/cursor.h"
#include "projections/store/encoding.h"
#include "projections/views.h"

namespace daybook::projections {
namespace {

std::string key_of(const custody::AccountId& account) {
    std::string key;
    key_account(key, account);
    return key;
}

tl::unexpected<Error> damaged() {
    return fail(ErrorCode::kCorrupt, "a row of the accounts is damaged: run `daybook rebuild`");
}

Result<AccountRow> take_account(std::string_view key, std::string_view value) {
    AccountSums sums;
    if (key.size() != kAccountBytes || !sums.read(value)) return damaged();
    return AccountRow{account_of_key(key.data()), static_cast<std::uint64_t>(sums.pieces), sums.insured_minor};
}

// Supply: quantity, measure and valid time of the newest move.
Result<SupplyRow> take_supply(std::string_view key, std::string_view value) {
    SupplyRow row;
    row.account = account_of_key(key.data());
    row.supply = get_be64(key.data() + kAccountBytes);
    RowReader reader(value);
    row.quantity = reader.signed_number();
    row.measure = reader.signed_number();
    row.last_at = reader.signed_number();
    if (!reader.ok() || !reader.done()) return damaged();
    return row;
}

// Pieces stand there whose registration was taken back. Of the past nobody is told so, nor of now.
bool is_origin(const custody::AccountId& account) { return account.kind == custody::AccountClass::kOrigin; }

bool moved(const PieceChange& piece) {
    return piece.before == nullptr || piece.before->account != piece.after->account;
}

}  // namespace

void AccountSums::write(std::string& out) const {
    put_number(out, static_cast<std::uint64_t>(pieces));
    put_signed(out, insured_minor);
}

bool AccountSums::read(std::string_view bytes) {
    RowReader reader(bytes);
    pieces = static_cast<std::int64_t>(reader.number());
    insured_minor = reader.signed_number();
    return reader.ok() && reader.done();
}

Result<void> AccountsFold::add(const custody::Item& item, std::int64_t sign, Store& store) {
    DAYBOOK_ASSIGN(AccountSums * sums, sums_.edit(item.account, store, [&item] { return key_of(item.account); }));
    sums->pieces += sign;
    sums->insured_minor += sign * item.insured_minor;
    return {};
}

// What the event adds in valid time, of a piece at the end of its chain.
Result<void> AccountsFold::post(const PieceChange& piece, const Step& step, Store& store) {
    const custody::Item* before = piece.before;
    const custody::Item& after = *piece.after;
    PostingRow posting{step.position(), after.id, step.event.decided.occurred_at, 0, 0, false};
    if (!moved(piece)) {
        posting.amount = after.insured_minor - before->insured_minor;
        return posting.amount == 0 ? Result<void>() : postings_.post({after.account, false}, posting, store);
    }
    if (before != nullptr) {
        posting.count = -1;
        posting.amount = -before->insured_minor;
        DAYBOOK_TRY(postings_.post({before->account, false}, posting, store));
    }
    posting.count = 1;
    posting.amount = after.insured_minor;
    return postings_.post({after.account, false}, posting, store);
}

// Of a piece whose past is told anew: what its whole chain says with the event, less what it said before.
Result<void> AccountsFold::post_retold(const PieceChange& piece, const Step& step, Store& store) {
    DAYBOOK_ASSIGN(const auto changes, retold_postings(store.folding_point(), piece.after->id, step.position()));
    for (const auto& [account, posting] : changes) DAYBOOK_TRY(postings_.post({account, false}, posting, store));
    return {};
}

Result<void> AccountsFold::post_supply(const custody::SupplyChange& change, const Step& step, Store& store) {
    group_.clear();
    key_account(group_, change.key.account);
    suffix_.clear();
    key_u64(suffix_, change.key.supply);
    value_.clear();
    put_signed(value_, change.after.quantity);
    put_signed(value_, change.after.measure);
    put_signed(value_, change.after.last_at);
    store.layer().put(Table::kSupplies, group_, suffix_, value_, step.position() + 1);
    return postings_.post({change.key.account, true},
                          {step.position(), Uuid{0, change.key.supply}, change.at, change.quantity, change.measure,
                           change.at != step.event.decided.occurred_at},
                          store);
}

// What the account holds now, summed up.
Result<void> AccountsFold::change(const PieceChange& piece, Store& store) {
    const custody::Item* before = piece.before;
    if (!moved(piece) && before->insured_minor == piece.after->insured_minor) return {};
    if (before != nullptr) DAYBOOK_TRY(add(*before, -1, store));
    return add(*piece.after, 1, store);
}

Result<void> AccountsFold::fold(const Step& step, Store& store) {
    for (const PieceChange& piece : step.pieces) {
        DAYBOOK_TRY(change(piece, store));
        DAYBOOK_TRY(piece.retold ? post_retold(piece, step, store) : post(piece, step, store));
    }
    for (const custody::SupplyChange& change : step.effects.supplies) DAYBOOK_TRY(post_supply(change, step, store));
    return postings_.close(step.position(), store);
}

namespace {

// Pages of rows that are at hand, in order of their ids.
Result<Rows<PieceRow>> page_of(const ReadPoint& point, const custody::AccountId& account, const AsKnown& at,
                               const Cursor& cursor, std::size_t rows_max) {
    DAYBOOK_ASSIGN(const auto all, held_at(point, {account, false}, at));
    auto next = all.begin();
    if (!cursor.first) {
        next = std::upper_bound(all.begin(), all.end(), Uuid::load(cursor.key.data()),
                                [](const Uuid& id, const Held& held) { return id < held.id; });
    }
    Rows<PieceRow> answer{cursor.position, {}, {}};
    for (; next != all.end(); ++next) {
        if (answer.rows.size() == rows_max) {
            Cursor more{cursor.position, {}, false};
            put_uuid(more.key, answer.rows.back().item);
            answer.next = to_text(more);
            break;
        }
        PieceRow row{ItemId(next->id), next->since, next->since_event};
        if (next->retold) {
            DAYBOOK_ASSIGN(const auto stay, stay_at(point, row.item, at));
            if (stay) row = {row.item, stay->from, stay->opened_by};
        }
        answer.rows.push_back(row);
    }
    return answer;
}

}  // namespace

Result<Rows<PieceRow>> read_account(const ReadPoint& point, const custody::AccountId& account, const Page& page) {
    DAYBOOK_ASSIGN(const Cursor cursor, cursor_of(page, point.position(), kUuidBytes));
    // As it was at the first page.
    return page_of(point, account, {std::numeric_limits<Micros>::max(), cursor.position}, cursor, page.rows_max);
}

Result<Rows<PieceRow>> read_account_at(const ReadPoint& point, const custody::AccountId& account, const AsKnown& at,
                                       const Page& page) {
    DAYBOOK_ASSIGN(Cursor cursor, cursor_of(page, point.position(), kUuidBytes));
    cursor.position = at.known;
    return page_of(point, account, at, cursor, page.rows_max);
}

Result<Rows<SupplyRow>> read_supplies_at(const ReadPoint& point, const custody::AccountId& account, const AsKnown& at) {
    DAYBOOK_ASSIGN(const auto all, held_at(point, {account, true}, at));
    Rows<SupplyRow> answer{at.known, {}, {}};
    for (const Held& held : all) answer.rows.push_back({account, held.id.low, held.count, held.amount, held.since});
    return answer;
}

Result<Rows<SupplyRow>> read_all_supplies_at(const ReadPoint& point, const AsKnown& at) {
    DAYBOOK_ASSIGN(const auto lines, lines_of(point, std::nullopt));
    Rows<SupplyRow> answer{at.known, {}, {}};
    for (const LineKey& line : lines) {
        if (!line.supplies) continue;
        DAYBOOK_ASSIGN(auto some, read_supplies_at(point, line.account, at));
        answer.rows.insert(answer.rows.end(), some.rows.begin(), some.rows.end());
    }
    return answer;
}

Result<Rows<AccountRow>> read_accounts_at(const ReadPoint& point, const AccountsQuery& query, const AsKnown& at) {
    DAYBOOK_ASSIGN(const auto lines, lines_of(point, query.kind));
    Rows<AccountRow> answer{at.known, {}, {}};
    for (const LineKey& line : lines) {
        if (line.supplies || (query.site != 0 && line.account.site != query.site)) continue;
        DAYBOOK_ASSIGN(const HeldSums sums, sums_at(point, line, at));
        if (sums.count == 0) continue;
        answer.rows.push_back({line.account, static_cast<std::uint64_t>(sums.count), sums.amount});
    }
    return answer;
}

Result<std::vector<custody::AccountId>> read_accounts_ever(const ReadPoint& point, const AccountsQuery& query) {
    DAYBOOK_ASSIGN(const auto lines, lines_of(point, query.kind));
    std::vector<custody::AccountId> accounts;
    for (const LineKey& line : lines) {
        if (!line.supplies && (query.site == 0 || line.account.site == query.site)) accounts.push_back(line.account);
    }
    return accounts;
}

Result<std::optional<AccountRow>> read_account_totals(const ReadPoint& point, const custody::AccountId& account) {
    const std::string key = key_of(account);
    std::string value;
    DAYBOOK_ASSIGN(const bool there, point.get(Table::kAccountTotals, key, {}, value));
    if (!there || is_origin(account)) return std::optional<AccountRow>();
    DAYBOOK_ASSIGN(AccountRow row, take_account(key, value));
    return std::optional<AccountRow>(row);
}

std::string page_key(const AccountRow& row) { return hex(key_of(row.account)); }

Result<Rows<AccountRow>> read_accounts(const ReadPoint& point, const AccountsQuery& query, const Page& page) {
    DAYBOOK_ASSIGN(const Cursor cursor, cursor_of(page, point.position(), kAccountBytes));
    std::string prefix;
    if (query.kind) prefix.push_back(static_cast<char>(*query.kind));
    if (query.kind && query.site != 0) key_u32(prefix, query.site);
    Rows<AccountRow> answer{point.position(), {}, {}};
    Scan scan = point.scan(Table::kAccountTotals, cursor.first ? prefix : behind(cursor.key), end_of_prefix(prefix));
    while (scan.next()) {
        DAYBOOK_ASSIGN(const AccountRow row, take_account(scan.key(), scan.value()));
        if (is_origin(row.account) || (query.site != 0 && row.account.site != query.site)) continue;
        if (answer.rows.size() == page.rows_max) {
            answer.next = to_text({cursor.position, key_of(answer.rows.back().account), false});
            break;
        }
        answer.rows.push_back(row);
    }
    DAYBOOK_TRY(scan.status());
    return answer;
}

Result<Rows<SupplyRow>> read_supplies(const ReadPoint& point, const custody::AccountId& account) {
    Rows<SupplyRow> answer{point.position(), {}, {}};
    Scan scan = point.scan_prefix(Table::kSupplies, key_of(account));
    while (scan.next()) {
        DAYBOOK_ASSIGN(SupplyRow row, take_supply(scan.key(), scan.value()));
        answer.rows.push_back(row);
    }
    DAYBOOK_TRY(scan.status());
    return answer;
}

Result<Rows<SupplyRow>> read_all_supplies(const ReadPoint& point, const Page& page) {
    DAYBOOK_ASSIGN(const Cursor cursor, cursor_of(page, point.position(), kAccountBytes + 8));
    Rows<SupplyRow> answer{point.position(), {}, {}};
    Scan scan = point.scan(Table::kSupplies, cursor.first ? std::string() : behind(cursor.key));
    while (scan.next()) {
        DAYBOOK_ASSIGN(const SupplyRow row, take_supply(scan.key(), scan.value()));
        if (answer.rows.size() == page.rows_max) {
            std::string key = key_of(answer.rows.back().account);
            key_u64(key, answer.rows.back().supply);
            answer.next = to_text({cursor.position, std::move(key), false});
            break;
        }
        answer.rows.push_back(row);
    }
    DAYBOOK_TRY(scan.status());
    return answer;
}

}  // namespace daybook::projections
