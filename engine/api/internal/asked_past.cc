#include "engine/api/internal/asked_past.h"

#include "engine/base/limits.h"
#include "engine/base/time.h"
#include "engine/codec/json.h"
#include "engine/codec/obligation_text.h"
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

Result<audit::DuePage> AskedPast::due(Position newest, std::optional<Micros> valid, const std::string& cursor) {
    const std::string at = valid ? "&valid_at=" + format_time(*valid) : "";
    return due_page("due?" + kAllRows + "known_at=" + std::to_string(newest) + at +
                    (cursor.empty() ? "" : "&cursor=" + cursor));
}

Result<audit::DuePage> AskedPast::due_now(const std::string& cursor) {
    return due_page("due?" + kAllRows + (cursor.empty() ? "" : "cursor=" + cursor));
}

Result<audit::DuePage> AskedPast::due_page(const std::string& question) const {
    DAYBOOK_ASSIGN(const std::string json, ask_(question));
    v1::DueAnswer message;
    DAYBOOK_TRY(codec::from_json(json, message));
    audit::DuePage page{message.as_of().position(), {}, message.next()};
    page.rows.reserve(static_cast<std::size_t>(message.rows_size()));
    for (const v1::ObligationRow& row : message.rows()) {
        const auto ref = codec::parse_obligation(row.obligation());
        if (!ref) return fail(ErrorCode::kCorrupt, "the answer names the obligation '" + row.obligation() + "'");
        const auto kind = static_cast<custody::ObligationKind>(row.kind());
        page.rows.push_back({*ref, kind, row.opened_by(), row.lines() == 0 ? 0 : row.open_lines()});
    }
    return page;
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

Result<audit::HeldList> AskedPast::held(const std::string& by, const custody::AccountId& account, Position newest) {
    const std::string ever = "from=1970-01-01T00:00:00Z&to=9999-12-31T00:00:00Z&" + kAllRows;
    const std::string question = by.empty() ? "held/" + account.path() + "?" : "held?" + by + "&";
    DAYBOOK_ASSIGN(const auto held, ask<v1::HeldAnswer>(question + ever, newest));
    audit::HeldList list{held.as_of().position(), held.next().empty(), {}};
    for (const auto& row : held.rows()) {
        if (!by.empty() && row.account() != account.path()) continue;
        list.rows.insert({row.item(), row.opened_by(), row.has_closed_by() ? row.closed_by() : kNoPosition});
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
