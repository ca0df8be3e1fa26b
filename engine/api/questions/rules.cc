// The rules in force: who may do what, which limits are how full, what was counted when. Asked of the books.
#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "engine/api/internal/open.h"
#include "engine/api/internal/rules_at.h"
#include "engine/api/internal/scans.h"
#include "engine/api/internal/when.h"
#include "engine/base/limits.h"
#include "engine/codec/event_codec.h"
#include "schemas/daybook/v1/report.pb.h"

namespace daybook::api {
namespace {

using custody::AccountClass;
using custody::Books;

// ---- Authority ----

void add_roles(const Books& books, const std::vector<custody::RoleInterval>& roles, Principal who, Micros at,
               v1::AuthorityAnswer& message) {
    for (const custody::RoleInterval& role : roles) {
        v1::AuthorityRow& out = *message.add_rows();
        out.set_role(static_cast<v1::Role::Code>(role.role));
        out.set_site(role.site);
        out.set_granted(role.granted);
        if (role.when.from > 0) fill(role.when.from, out.mutable_from());
        if (role.when.to != 0) fill(role.when.to, out.mutable_to());
        out.set_source(role.by);
        out.set_holds(books.holds_role(who, role.role, role.site, at));
    }
}

// What an event says of the roles of a principal.
Result<void> take_roles(const Asked& asked, Position position, Principal who,
                        std::vector<custody::RoleInterval>& roles) {
    codec::StoredEvent stored;
    DAYBOOK_ASSIGN(const std::string bytes, asked.log.read(position));
    DAYBOOK_TRY(codec::decode_event(bytes, stored));
    const auto add = [&](const custody::RoleChange& change, bool granted, Micros otherwise) {
        if (change.grant.principal != who) return;
        const Micros from = change.from == 0 ? otherwise : change.from;
        roles.push_back({change.grant.role, change.grant.site, granted, {from, change.to}, position});
    };
    const auto& payload = stored.command.payload;
    if (const auto* granted = std::get_if<custody::RoleGranted>(&payload))
        add(*granted, true, stored.decided.occurred_at);
    if (const auto* revoked = std::get_if<custody::RoleRevoked>(&payload))
        add(*revoked, false, stored.decided.occurred_at);
    if (const auto* created = std::get_if<custody::LedgerCreated>(&payload)) {
        for (const auto& grant : created->grants) add({grant, 0, 0}, true, std::numeric_limits<Micros>::min());
    }
    return {};
}

// As it was known: the events that counted then, those that were corrected since among them.
Result<std::string> authority_known(const Asked& asked, Principal who, Micros asked_at) {
    std::set<Position> events;
    DAYBOOK_ASSIGN(const auto seen, asked.look([&](const Books& books, Micros) {
        const auto* roles = books.roles.find(who);
        if (roles == nullptr) return;
        for (const custody::RoleInterval& role : *roles) events.insert(role.by);
    }));
    // What the books have forgotten stands in a register that is as far as they were.
    DAYBOOK_TRY(reading_of(asked, seen.position));
    DAYBOOK_ASSIGN(When when, when_of(asked));
    if (asked_at != 0) when.at.valid = asked_at;
    DAYBOOK_TRY(add_forgotten(asked, when.reading, when.at.known, events));
    std::vector<custody::RoleInterval> roles;
    for (const Position event : events) {
        if (event >= when.at.known) continue;
        DAYBOOK_ASSIGN(const bool counts, when.reading.is_effective(event, when.at.known));
        if (counts) DAYBOOK_TRY(take_roles(asked, event, who, roles));
    }
    if (roles.empty()) {
        return fail(ErrorCode::kNotFound,
                    "no role was ever granted to principal " + std::to_string(who) + ", as known then");
    }
    Books books;
    books.roles.edit(who) = roles;
    v1::AuthorityAnswer message;
    message.set_principal(who);
    add_roles(books, roles, who, when.at.valid, message);
    DAYBOOK_TRY(when.fill_as_of(asked, *message.mutable_as_of()));
    return codec::to_json(message);
}

Result<std::string> authority(const Asked& asked) {
    const auto who = parse_number<Principal>(asked.question.path[1]);
    if (!who) return wrong("principal", asked.question.path[1], "the number of a principal");
    if (!asked.param("at").empty() && !asked.param("valid_at").empty())
        return fail(ErrorCode::kInvalid, "at, valid_at: two names of one parameter; give one");
    DAYBOOK_ASSIGN(const Micros asked_at, asked.time_param(asked.param("at").empty() ? "valid_at" : "at"));
    if (!asked.param("known_at").empty()) return authority_known(asked, *who, asked_at);
    v1::AuthorityAnswer message;
    message.set_principal(*who);
    bool known = false;
    DAYBOOK_ASSIGN(const auto seen, asked.look([&](const Books& books, Micros now) {
        const Micros at = asked_at != 0 ? asked_at : now;
        const auto* roles = books.roles.find(*who);
        known = roles != nullptr;
        if (!known) return;
        add_roles(books, *roles, *who, at, message);
    }));
    if (!known) return fail(ErrorCode::kNotFound, "no role was ever granted to principal " + std::to_string(*who));
    DAYBOOK_TRY(asked.as_of(seen.position, asked_at != 0 ? asked_at : seen.at, message));
    return codec::to_json(message);
}

// ---- Limits ----

void add_limit(const Asked& asked, const Books& books, Micros now, const std::string& name, std::int64_t allowed,
               std::int64_t used, std::uint64_t pieces, v1::LimitsAnswer& message) {
    v1::LimitRow& out = *message.add_rows();
    out.set_limit(name);
    asked.money(allowed, *out.mutable_allowed());
    asked.money(used, *out.mutable_used());
    out.set_headroom_minor(allowed - used);
    out.set_pieces(pieces);
    const auto* overrides = books.overrides.find(name);
    if (overrides == nullptr) return;
    for (const custody::Override& lifted : *overrides) {
        if (lifted.from > now || lifted.until <= now) continue;
        asked.money(lifted.allowed_minor, *out.mutable_override_to());
        fill(lifted.until, out.mutable_override_until());
    }
}

// The dearest pieces of some.
class Dearest {
public:
    void add(const ItemId& item, std::int64_t insured_minor) { pieces_.emplace_back(-insured_minor, item); }
    void fill(const Asked& asked, v1::LimitRow& out) {
        constexpr std::size_t kTop = 5;
        const auto end = pieces_.begin() + static_cast<std::ptrdiff_t>(std::min(pieces_.size(), kTop));
        std::partial_sort(pieces_.begin(), end, pieces_.end());
        for (auto piece = pieces_.begin(); piece != end; ++piece) {
            v1::LimitItem& item = *out.add_top();
            item.set_item(piece->second.text());
            asked.money(-piece->first, *item.mutable_insured());
        }
    }

private:
    std::vector<std::pair<std::int64_t, ItemId>> pieces_;
};

template <class Visit>
void each_piece(const Books& books, const custody::Account* account, Visit&& visit) {
    for (std::uint32_t at = account == nullptr ? 0 : account->first; at != 0; at = books.items.next(at)) {
        visit(books.items[at]);
    }
}

// What stands against a limit that a policy sets. Of one that is judged dispatch by dispatch nothing does.
struct Used {
    std::int64_t insured_minor = 0;
    std::uint64_t pieces = 0;
    Dearest dearest;
};

constexpr std::string_view kMemoParty = "limit.memo_party.";

// The fullest parcel of those that wait.
void fill_parcel(const Books& books, SiteId site, Used& used) {
    const custody::Account* pack = books.accounts.find(custody::site_account(AccountClass::kSitePack, site));
    std::uint32_t fullest = 0;
    each_piece(books, pack, [&](const custody::Item& piece) {
        if (piece.parcel == 0 || books.parcels[piece.parcel].insured_minor <= used.insured_minor) return;
        fullest = piece.parcel;
        used.insured_minor = books.parcels[fullest].insured_minor;
        used.pieces = books.parcels[fullest].pieces;
    });
    if (fullest == 0) return;
    each_piece(books, pack, [&](const custody::Item& piece) {
        if (piece.parcel == fullest) used.dearest.add(piece.id, piece.insured_minor);
    });
}

// The dearest pieces of a party's memos are not in the books by party: fill_memo_pieces() finds them.
Used used_of(const Books& books, std::string_view key, SiteId site) {
    Used used;
    if (key.starts_with(kMemoParty)) {
        const auto party = parse_number<PartyId>(key.substr(kMemoParty.size()));
        const custody::PartySum* sum = party ? books.memo_sums.find(*party) : nullptr;
        if (sum != nullptr) used.insured_minor = sum->insured_minor;
        if (sum != nullptr) used.pieces = sum->pieces;
        return used;
    }
    if (key == "limit.parcel") fill_parcel(books, site, used);
    const auto* accounts = books.site_accounts.find(site);
    if (key != "limit.overnight" || accounts == nullptr) return used;
    for (const custody::AccountId& id : *accounts) {
        const custody::Account* account = books.accounts.find(id);
        if (account == nullptr) continue;
        used.insured_minor += account->insured_minor;
        used.pieces += account->pieces;
        each_piece(books, account,
                   [&](const custody::Item& piece) { used.dearest.add(piece.id, piece.insured_minor); });
    }
    return used;
}

// Of the memos that are out, as the read models have them.
Result<void> fill_memo_pieces(const Asked& asked, v1::LimitsAnswer& message) {
    std::map<PartyId, v1::LimitRow*> wanted;
    for (auto& row : *message.mutable_rows()) {
        const std::string_view key = row.limit();
        if (!key.starts_with(kMemoParty) || row.pieces() == 0) continue;
        if (const auto party = parse_number<PartyId>(key.substr(kMemoParty.size()))) wanted[*party] = &row;
    }
    if (wanted.empty()) return {};
    projections::DueQuery query;
    query.kinds = custody::bit(custody::ObligationKind::kMemoOut);
    query.wanted = [&](const custody::Obligation& memo) { return wanted.contains(memo.party); };
    projections::Page page;
    page.rows_max = limits::kPageRowsMax;
    std::map<PartyId, Dearest> dearest;
    DAYBOOK_ASSIGN(const auto reading, asked.views.read());
    do {
        DAYBOOK_ASSIGN(const auto found, reading.due(query, page));
        for (const auto& memo : found.rows) {
            DAYBOOK_ASSIGN(const auto pieces, pieces_of(asked, reading, memo));
            for (const auto& piece : pieces) dearest[memo.obligation.party].add(piece.item, piece.insured_minor);
        }
        page.cursor = found.next;
    } while (!page.cursor.empty());
    for (const auto& [party, row] : wanted) dearest[party].fill(asked, *row);
    return {};
}

Result<std::string> limits_in_use(const Asked& asked) {
    DAYBOOK_ASSIGN(const SiteId site, asked.site());
    if (site == 0) return wrong("site", asked.param("site"), "the number of the site whose limits are asked for");
    v1::LimitsAnswer message;
    DAYBOOK_ASSIGN(const auto seen, asked.look([&](const Books& books, Micros now) {
        if (const auto* accounts = books.site_accounts.find(site)) {
            for (const custody::AccountId& id : *accounts) {
                const custody::Account* account = books.accounts.find(id);
                if (account == nullptr || !account->insured_limit_minor) continue;
                add_limit(asked, books, now, id.path(), *account->insured_limit_minor, account->insured_minor,
                          account->pieces, message);
                Dearest dearest;
                each_piece(books, account,
                           [&](const custody::Item& piece) { dearest.add(piece.id, piece.insured_minor); });
                dearest.fill(asked, *message.mutable_rows()->rbegin());
            }
        }
        std::vector<std::string> keys;
        for (const auto& [key, entries] : books.policies.all()) {
            const std::string_view name = books.names.text(key.name);
            if (name.starts_with("limit.") && (key.site == 0 || key.site == site)) keys.emplace_back(name);
        }
        std::sort(keys.begin(), keys.end());
        keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
        for (const std::string& key : keys) {
            const custody::PolicyValue* value = books.policy(key, site, now);
            const auto* allowed = value == nullptr ? nullptr : std::get_if<custody::Money>(value);
            if (allowed == nullptr) continue;
            Used used = used_of(books, key, site);
            add_limit(asked, books, now, key, allowed->minor, used.insured_minor, used.pieces, message);
            used.dearest.fill(asked, *message.mutable_rows()->rbegin());
        }
    }));
    DAYBOOK_TRY(fill_memo_pieces(asked, message));
    DAYBOOK_TRY(asked.as_of(seen.position, seen.at, message));
    std::stable_sort(message.mutable_rows()->begin(), message.mutable_rows()->end(),
                     [](const auto& a, const auto& b) { return a.headroom_minor() < b.headroom_minor(); });
    return codec::to_json(message);
}

// ---- Coverage ----

constexpr std::int64_t kCoverageDays = 30;  // the default of count.coverage_days

Result<std::string> coverage(const Asked& asked) {
    DAYBOOK_ASSIGN(const SiteId site, asked.site());
    if (site == 0) return wrong("site", asked.param("site"), "the number of the site whose counts are asked for");
    v1::CoverageAnswer message;
    std::int64_t days = kCoverageDays;
    Micros asked_at = 0;
    DAYBOOK_ASSIGN(const auto seen, asked.look([&](const Books& books, Micros now) {
        const custody::PolicyValue* policy = books.policy("count.coverage_days", site, now);
        const auto* set = policy == nullptr ? nullptr : std::get_if<std::int64_t>(policy);
        days = set == nullptr ? kCoverageDays : *set;
        asked_at = now;
        const auto* accounts = books.site_accounts.find(site);
        if (accounts == nullptr) return;
        for (const custody::AccountId& id : *accounts) {
            const custody::Account* account = books.accounts.find(id);
            const bool holds = account != nullptr && account->pieces != 0;
            if (!holds && (account == nullptr || account->counted_by.empty())) continue;
            v1::CoverageRow& out = *message.add_rows();
            out.set_account(id.path());
            out.set_pieces(account->pieces);
            asked.money(account->insured_minor, *out.mutable_insured());
            out.set_overdue(holds && account->counted_by.empty());
            if (account->counted_by.empty()) continue;
            out.set_count(account->counted_by.text());
        }
    }));
    DAYBOOK_TRY(asked.as_of(seen.position, seen.at, message));
    // The books know when a count was attested; its cut, as of which it is true, stands in the read models.
    DAYBOOK_ASSIGN(const auto reading, reading_of(asked, seen.position));
    for (auto& row : *message.mutable_rows()) {
        const auto account = custody::AccountId::parse(row.account());
        if (!account || row.count().empty()) continue;
        DAYBOOK_ASSIGN(const auto counts, reading.counts(*account, seen.position));
        for (const auto& count : counts) {
            if (count.count.text() != row.count()) continue;
            DAYBOOK_ASSIGN(const bool stands, reading.is_effective(count.position, seen.position));
            if (!stands) continue;
            fill(count.opened_at, row.mutable_counted_at());
            row.set_age_days(std::max<Micros>(0, asked_at - count.opened_at) / kDay);  // whole days, rounded down
            row.set_overdue(row.pieces() != 0 && asked_at - count.opened_at > days * kDay);
        }
        DAYBOOK_ASSIGN(const bool recheck, is_to_be_rechecked(reading, *account, row.count(), seen.position));
        row.set_recheck(recheck);
    }
    std::stable_sort(message.mutable_rows()->begin(), message.mutable_rows()->end(), [](const auto& a, const auto& b) {
        return std::pair(a.has_counted_at(), -a.age_days()) < std::pair(b.has_counted_at(), -b.age_days());
    });
    return codec::to_json(message);
}

constexpr QuestionInfo kQuestions[] = {
    {"authority/*", "at valid_at known_at", authority},
    {"limits", "site", limits_in_use},
    {"coverage", "site", coverage},
};

}  // namespace

Family rule_questions() { return kQuestions; }

}  // namespace daybook::api
