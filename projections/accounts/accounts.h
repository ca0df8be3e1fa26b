// The accounts view: which pieces and supplies an account holds, how many and worth what, now and at any (V, R).
#pragma once

#include <optional>
#include <string>

#include "engine/base/error.h"
#include "projections/accounts/postings.h"
#include "projections/counters.h"
#include "projections/history/chain.h"
#include "projections/glossary.h"
#include "projections/rows.h"
#include "projections/store/store.h"

namespace daybook::projections {

struct AccountsQuery;

// Pieces of an account and the sum of their insured values.
struct AccountSums {
    std::int64_t pieces = 0;
    std::int64_t insured_minor = 0;
    [[nodiscard]] bool empty() const { return pieces == 0 && insured_minor == 0; }
    void write(std::string& out) const;
    bool read(std::string_view bytes);
};

class AccountsFold {
public:
    Result<void> fold(const Step& step, Store& store);
    void flush(Store& store) { sums_.flush(store); }
    void forget() { sums_.forget(); }
    // At a run boundary, before the run is settled.
    void settle(Store& store) { postings_.settle(store); }

private:
    Result<void> add(const custody::Item& item, std::int64_t sign, Store& store);
    Result<void> change(const PieceChange& piece, Store& store);
    Result<void> post(const PieceChange& piece, const Step& step, Store& store);
    Result<void> post_retold(const PieceChange& piece, const Step& step, Store& store);
    Result<void> post_supply(const custody::SupplyChange& change, const Step& step, Store& store);

    Counters<custody::AccountId, AccountSums, custody::AccountHash> sums_{Table::kAccountTotals};
    PostingFold postings_;
    std::string group_, suffix_, value_;
};

// Pieces in order of their ids, exactly as they were at the position of the first page.
Result<Rows<PieceRow>> read_account(const ReadPoint& point, const custody::AccountId& account, const Page& page);
Result<std::optional<AccountRow>> read_account_totals(const ReadPoint& point, const custody::AccountId& account);
Result<Rows<AccountRow>> read_accounts(const ReadPoint& point, const AccountsQuery& query, const Page& page);
Result<Rows<SupplyRow>> read_supplies(const ReadPoint& point, const custody::AccountId& account);
Result<Rows<SupplyRow>> read_all_supplies(const ReadPoint& point, const Page& page);

// The same at (V, R). at.known is not behind the point.
Result<Rows<PieceRow>> read_account_at(const ReadPoint& point, const custody::AccountId& account, const AsKnown& at,
                                       const Page& page);
Result<Rows<SupplyRow>> read_supplies_at(const ReadPoint& point, const custody::AccountId& account, const AsKnown& at);
// In order of accounts, then supplies.
Result<Rows<SupplyRow>> read_all_supplies_at(const ReadPoint& point, const AsKnown& at);
// Accounts that hold pieces then, in order of their keys.
Result<Rows<AccountRow>> read_accounts_at(const ReadPoint& point, const AccountsQuery& query, const AsKnown& at);
// Accounts that ever had a posting of a piece, in order of their keys.
Result<std::vector<custody::AccountId>> read_accounts_ever(const ReadPoint& point, const AccountsQuery& query);

}  // namespace daybook::projections
