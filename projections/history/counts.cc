#include "projections/history/counts.h"

#include <variant>

#include "projections/store/encoding.h"

namespace daybook::projections {
namespace {

std::string group_of(const custody::AccountId& account) {
    std::string group;
    key_account(group, account);
    group.push_back(0);
    return group;
}

}  // namespace

// Row of a count: valid time of its opening, and its accounts.
Result<void> CountsFold::fold(const Step& step, Store& store) {
    const custody::Command& command = step.event.command;
    key_.clear();
    value_.clear();
    if (const auto* opened = std::get_if<custody::CountOpened>(&command.payload)) {
        put_uuid(key_, command.obligation);
        put_signed(value_, step.event.decided.occurred_at);
        for (const custody::AccountId& account : opened->accounts) key_account(value_, account);
        store.layer().put(Table::kOpenCounts, key_, {}, value_, step.position() + 1);
        return {};
    }
    const auto* attested = std::get_if<custody::CountAttested>(&command.payload);
    if (attested == nullptr) return {};
    put_uuid(key_, attested->count);
    std::string row;
    DAYBOOK_ASSIGN(const bool there, store.latest(Table::kOpenCounts, key_, row));
    if (!there) return {};
    RowReader reader(row);
    put_signed(value_, reader.signed_number());
    put_uuid(value_, attested->count);
    while (!reader.done()) {
        const std::string_view account = reader.take(kAccountBytes);
        if (!reader.ok()) return fail(ErrorCode::kCorrupt, "a count in the history view is damaged");
        store.layer().append(Table::kCounts, group_of(account_of_key(account.data())), value_, step.position());
    }
    return {};
}

Result<std::vector<CountRow>> read_counts(const ReadPoint& point, const custody::AccountId& account, Position known) {
    std::vector<CountRow> rows;
    Result<void> good;
    DAYBOOK_TRY(point.each(Table::kCounts, group_of(account), 0, known, [&](Position position, std::string_view bytes) {
        RowReader reader(bytes);
        CountRow row;
        row.position = position;
        row.opened_at = reader.signed_number();
        row.count = ObligationId(reader.uuid());
        if (!reader.ok()) good = fail(ErrorCode::kCorrupt, "a count of an account is damaged: run `daybook rebuild`");
        rows.push_back(row);
    }));
    if (!good) return tl::unexpected(std::move(good).error());
    return rows;
}

}  // namespace daybook::projections
