#include "engine/api/internal/asked_past.h"

#include "engine/base/limits.h"
#include "engine/codec/json.h"
#include "schemas/daybook/v1/report.pb.h"
#include "schemas/daybook/v1/view.pb.h"

namespace daybook::api {
namespace {

using audit::Listed;

const std::string kAllRows = "rows=" + std::to_string(limits::kPageRowsMax) + "&";

template <class Message>
Listed listed(const Message& message) {
    return {message.as_of().position(), message.next().empty(), {}};
}

std::string since(Position opening) { return " since event " + std::to_string(opening); }

}  // namespace

template <class Message>
Result<Message> AskedPast::ask(const std::string& question, Position newest) const {
    DAYBOOK_ASSIGN(const std::string json, ask_(question + "known_at=" + std::to_string(newest)));
    Message message;
    DAYBOOK_TRY(codec::from_json(json, message));
    return message;
}

Result<Listed> AskedPast::open_counts(Position newest) {
    DAYBOOK_ASSIGN(const auto due, ask<v1::DueAnswer>("due?kind=COUNT&" + kAllRows, newest));
    Listed list = listed(due);
    for (const auto& row : due.rows()) list.rows.insert(row.obligation() + since(row.opened_by()));
    return list;
}

Result<Listed> AskedPast::open_sessions(Position newest) {
    DAYBOOK_ASSIGN(const auto due, ask<v1::DueAnswer>("due?kind=VAULT_SESSION&" + kAllRows, newest));
    Listed list = listed(due);
    for (const auto& row : due.rows()) list.rows.insert("site " + std::to_string(row.site()) + since(row.opened_by()));
    return list;
}

Result<Listed> AskedPast::counts(SiteId site, std::size_t rows, Position newest) {
    DAYBOOK_ASSIGN(const auto counts, ask<v1::CountsAnswer>("counts?site=" + std::to_string(site) + "&rows=" +
                                                                std::to_string(rows) + "&",
                                                            newest));
    Listed list = listed(counts);
    list.whole = true;  // so many were wanted
    for (const auto& row : counts.rows()) {
        const std::string end = row.has_ended_by() ? " ended by event " + std::to_string(row.ended_by()) : " open";
        list.rows.insert(row.count() + end);
    }
    return list;
}

Result<Listed> AskedPast::held(const std::string& by, const custody::AccountId& account, Position newest) {
    const std::string ever = "from=1970-01-01T00:00:00Z&to=9999-12-31T00:00:00Z&" + kAllRows;
    const std::string question = by.empty() ? "held/" + account.path() + "?" : "held?" + by + "&";
    DAYBOOK_ASSIGN(const auto held, ask<v1::HeldAnswer>(question + ever, newest));
    Listed list = listed(held);
    for (const auto& row : held.rows()) {
        if (!by.empty() && row.account() != account.path()) continue;
        const std::string to = row.has_closed_by() ? "event " + std::to_string(row.closed_by()) : "now";
        list.rows.insert(row.item() + " from event " + std::to_string(row.opened_by()) + " to " + to);
    }
    return list;
}

Result<Listed> AskedPast::expected(SiteId site, Position newest) {
    DAYBOOK_ASSIGN(const auto day,
                   ask<v1::ReconciliationAnswer>("reconciliation/" + std::to_string(site) + "?", newest));
    Listed list{day.as_of().position(), true, {}};
    for (const auto& row : day.rows()) {
        if (row.expected() != 0) list.rows.insert(row.account() + " with " + std::to_string(row.expected()));
    }
    return list;
}

Result<Listed> AskedPast::contents(SiteId site, Position newest) {
    DAYBOOK_ASSIGN(const auto accounts,
                   ask<v1::AccountsAnswer>("accounts?site=" + std::to_string(site) + "&" + kAllRows, newest));
    Listed list = listed(accounts);
    for (const auto& row : accounts.rows()) {
        if (row.account().starts_with("SITE/") && row.pieces() != 0)
            list.rows.insert(row.account() + " with " + std::to_string(row.pieces()));
    }
    return list;
}

}  // namespace daybook::api
