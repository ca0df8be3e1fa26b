// What is particular to a type of event and about something else than a piece: sessions, counts, accounts, parties,
// roles, policies, requests, supplies.
#include <algorithm>
#include <limits>

#include "engine/custody/internal/applier.h"

namespace daybook::custody {
namespace {

// Nearly always at the end: only what a correction brings back has an earlier position than others.
template <class Entry>
void insert_by_position(std::vector<Entry>& entries, Entry entry) {
    const auto after = std::find_if(entries.rbegin(), entries.rend(),
                                    [&](const Entry& other) { return other.by <= entry.by; });
    entries.insert(after.base(), std::move(entry));
}

// Where it goes among those in order of time, then of position.
template <class Entry>
std::size_t index_by_time(const std::vector<Entry>& entries, const Entry& entry) {
    const auto after = std::find_if(entries.rbegin(), entries.rend(), [&](const Entry& other) {
        return std::pair(other.at, other.by) <= std::pair(entry.at, entry.by);
    });
    return static_cast<std::size_t>(after.base() - entries.begin());
}

}  // namespace

PolicyValue keep_texts(Names& names, const PolicyValue& value) {
    const auto kept = [&names](std::string_view text) { return names.text(names.add(text)); };
    if (const auto* text = std::get_if<std::string_view>(&value)) return kept(*text);
    if (const auto* rules = std::get_if<std::vector<DocRule>>(&value)) {
        std::vector<DocRule> own = *rules;
        for (DocRule& rule : own) {
            rule.from = kept(rule.from);
            rule.to = kept(rule.to);
            rule.when = kept(rule.when);
        }
        return own;
    }
    return value;
}

void Applier::rest() {
    switch (command_.type) {
        case EventType::kLedgerCreated: return create_ledger();
        case EventType::kPolicySet: return set_policy();
        case EventType::kRoleGranted: return set_role(payload<RoleGranted>(), true);
        case EventType::kRoleRevoked: return set_role(payload<RoleRevoked>(), false);
        case EventType::kPartyRegistered: {
            const auto& party = payload<PartyRegistered>();
            insert_by_position(books_.parties.edit(party.party),
                               Party{party.kind, std::string(party.country), event_.position});
            return;
        }
        case EventType::kSupplyRegistered: {
            const auto& supply = payload<SupplyRegistered>();
            books_.supplies.edit(supply.supply) = {std::string(supply.sku), std::string(supply.unit),
                                                   supply.reorder_point, supply.reorder_quantity, event_.position};
            return;
        }
        case EventType::kAccountOpened: return open_account();
        case EventType::kAccountClosed: return close_account();
        case EventType::kCustodianChanged: {
            const auto& changed = payload<CustodianChanged>();
            Account& account = books_.accounts.edit(changed.account);
            const Custody custody{at(), event_.position, changed.new_custodian};
            const std::size_t index = index_by_time(account.custodians, custody);
            account.custodians.insert(account.custodians.begin() + static_cast<std::ptrdiff_t>(index), custody);
            return settle_custodian(account);
        }
        case EventType::kVaultOpened: return open_session();
        case EventType::kVaultClosed: return close_session();
        case EventType::kDayClosed: {
            const DayEnd end{at(), event_.position, payload<DayClosed>().closing_count};
            const auto& days = books_.days.of(command_.site);
            books_.days.insert(command_.site, index_by_time(days, end), end);
            out_.days.push_back({command_.site, end, true});
            return;
        }
        case EventType::kCountOpened: return open_count();
        case EventType::kCountAttested: return attest_count();
        case EventType::kCountAbandoned: return end_count(payload<CountAbandoned>().count);
        case EventType::kTransferRequested: {
            const auto& request = payload<TransferRequested>();
            books_.requests.edit(request.request) = {false, command_.site, request.purpose, event_.position};
            return;
        }
        case EventType::kTransferApproved:
            books_.requests.edit(payload<TransferApproved>().request).approved = true;
            return;
        case EventType::kTransferRejected: {
            const ObligationId& id = payload<TransferRejected>().request;
            books_.rejected.edit(id) = {*books_.requests.find(id), event_.position};
            return books_.requests.erase(id);
        }
        case EventType::kTransferPacked: {
            const ObligationId request = payload<TransferPacked>().request;
            if (!request.empty()) books_.requests.erase(request);
            return;
        }
        case EventType::kLimitOverrideApproved: {
            const auto& lifted = payload<LimitOverrideApproved>();
            insert_by_position(books_.overrides.edit(std::string(lifted.limit)),
                               Override{lifted.allowed.minor, at(), lifted.until, event_.position});
            return;
        }
        case EventType::kExceptionRaised:
            books_.exceptions.edit(payload<ExceptionRaised>().exception) = event_.position;
            return;
        case EventType::kExceptionCleared: {
            const ObligationId& id = payload<ExceptionCleared>().exception;
            books_.cleared.edit(id) = {*books_.exceptions.find(id), event_.position};
            return books_.exceptions.erase(id);
        }
        default: return;
    }
}

void Applier::create_ledger() {
    DAYBOOK_ASSERT(event_.position == 0);
    const auto& created = payload<LedgerCreated>();
    books_.entity = created.entity;
    books_.currency = created.currency;
    for (const Grant& grant : created.grants) {
        // They hold at every valid time.
        set_role({grant, std::numeric_limits<Micros>::min(), 0}, true);
    }
}

void Applier::set_role(const RoleChange& change, bool granted) {
    const Micros from = change.from == 0 ? at() : change.from;
    insert_by_position(
        books_.roles.edit(change.grant.principal),
        RoleInterval{change.grant.role, change.grant.site, granted, {from, change.to}, event_.position});
}

void Applier::set_policy() {
    const auto& set = payload<PolicySet>();
    auto& entries = books_.policies.edit({set.site, books_.names.add(set.key)});
    const Micros from = set.from == 0 ? at() : set.from;
    const auto after = std::find_if(entries.begin(), entries.end(), [&](const PolicyEntry& entry) {
        return std::pair(entry.from, entry.by) > std::pair(from, event_.position);
    });
    entries.insert(after, {from, event_.position, keep_texts(books_.names, set.value)});
}

void Applier::open_account() {
    const auto& opened = payload<AccountOpened>();
    Account& account = books_.accounts.edit(opened.account);
    // Nearly always the last. Of a correcting batch openings and closings find each other at its end.
    const auto before = std::find_if(account.opened.rbegin(), account.opened.rend(),
                                     [&](const OpenTime& open) { return open.from <= at(); });
    OpenTime open;
    open.from = at();
    open.opened_by = event_.position;
    open.opened_place = place();
    if (opened.insured_limit) open.insured_limit_minor = opened.insured_limit->minor;
    open.capacity = opened.capacity;
    open.sellable = opened.sellable;
    open.night_empty = opened.night_empty;
    account.opened.insert(before.base(), open);
    if (account.opened.back().opened_by != event_.position) return;
    books_.site_accounts.edit(opened.account.site).insert(opened.account);
    settle_account(account);
    if (opened.night_empty) books_.sites.edit(opened.account.site).night_empty.push_back(opened.account);
}

void Applier::close_account() {
    const AccountId& closed = payload<AccountClosed>().account;
    Account& account = books_.accounts.edit(closed);
    const auto open = std::find_if(account.opened.rbegin(), account.opened.rend(), [&](const OpenTime& one) {
        return one.opened_by != kNoPosition && one.from <= at() && one.to == 0;
    });
    OpenTime* ends = open == account.opened.rend() ? nullptr : &*open;
    if (ends == nullptr) {
        // It has come back, and its opening comes back after it, with a later declaration of the batch.
        const auto before = std::find_if(account.opened.rbegin(), account.opened.rend(),
                                         [&](const OpenTime& one) { return one.from <= at(); });
        ends = &*account.opened.insert(before.base(), OpenTime{});
        ends->from = at();
    }
    ends->to = at();
    ends->closed_by = event_.position;
    ends->closed_place = place();
    if (account.night_empty) std::erase(books_.sites.edit(closed.site).night_empty, closed);
}

// ---- Sessions ----

void Applier::open_session() {
    const auto& sessions = books_.sessions.of(command_.site);
    // One that stands in the place of another keeps what lies in the session.
    const auto void_one = std::find_if(sessions.begin(), sessions.end(), [&](const Session& other) {
        return other.is_void() && other.obligation == command_.obligation;
    });
    auto index = static_cast<std::size_t>(void_one - sessions.begin());
    if (void_one == sessions.end()) {
        const auto before = std::find_if(sessions.rbegin(), sessions.rend(),
                                         [&](const Session& other) { return other.open.from <= at(); });
        index = static_cast<std::size_t>(before.base() - sessions.begin());
        books_.sessions.insert(command_.site, index, Session{});
    }
    Session& session = books_.sessions.edit(command_.site, index);
    session.obligation = command_.obligation;
    session.open.from = at();
    session.opened_by = event_.position;
    session.opened_place = place();
    session.opener = command_.actor.principal;
    Site& site = books_.sites.edit(command_.site);
    site.newest_session_at = std::max(site.newest_session_at, at());
    if (decided_.correcting.declaration == kNoPosition) return;
    auto& all = books_.sessions.edit_all(command_.site);
    std::stable_sort(all.begin(), all.end(),
                     [](const Session& a, const Session& b) { return a.open.from < b.open.from; });
}

void Applier::close_session() {
    Site& site = books_.sites.edit(command_.site);
    const Session* open = books_.unclosed_session(command_.site, at());
    DAYBOOK_ASSERT(open != nullptr);
    Session& session = books_.sessions.edit(command_.site, books_.index_of(command_.site, *open));
    session.open.to = at();
    session.closed_by = event_.position;
    session.closed_place = place();
    session.closing_count = payload<VaultClosed>().closing_count;
    site.newest_session_at = std::max(site.newest_session_at, at());
}

// ---- Counts ----

void Applier::open_count() {
    const auto& opened = payload<CountOpened>();
    Count& count = books_.counts.edit(command_.obligation);
    count.kind = opened.kind;
    count.site = command_.site;
    count.counter = command_.actor.principal;
    count.accounts = opened.accounts;
    count.cut = event_.position;
    count.opened_at = at();
    books_.sites.edit(command_.site).counts.push_back(command_.obligation);
}

void Applier::sightings() {
    Count& count = books_.counts.edit(payload<CountScanned>().count);
    DAYBOOK_ASSERT(count.site != 0);
    count.scans.push_back(event_.position);
    for (const Line& line : command_.lines) {
        if (line.item.empty()) continue;  // a quantity of a supply: evidence, kept in the log
        const AccountId& where = line.to.empty() ? command_.to : line.to;
        DAYBOOK_ASSERT(!where.empty());
        ++count.sightings[{line.item, where}];
    }
}

void Applier::attest_count() {
    const ObligationId id = payload<CountAttested>().count;
    const Count& count = *books_.counts.find(id);
    for (const AccountId& counted : count.accounts) {
        Account& account = books_.accounts.edit(counted);
        const auto before = std::find_if(account.counts.rbegin(), account.counts.rend(),
                                         [&](const auto& other) { return other.opened_at <= count.opened_at; });
        account.counts.insert(before.base(), {id, count.opened_at, at(), event_.position});
        if (account.counts.size() > kCountsOfAccount) {
            account.counts.erase(account.counts.begin());
            account.older_counts = true;
        }
        settle_counts(account);
    }
    if (count.kind == CountKind::kClosing)
        books_.closing_counts.insert(count.site, books_.closing_counts.of(count.site).size(),
                                     {id, at(), event_.position});
    end_count(id);
}

void settle_account(Account& account) {
    const OpenTime last = account.opened.empty() ? OpenTime{} : account.opened.back();
    account.insured_limit_minor = last.insured_limit_minor;
    account.capacity = last.capacity;
    account.sellable = last.sellable;
    account.night_empty = last.night_empty;
    settle_custodian(account);
}

void settle_custodian(Account& account) {
    const bool named = !account.custodians.empty() && !account.opened.empty() &&
                       account.custodians.back().at >= account.opened.back().from;
    account.custodian = named ? account.custodians.back().custodian : 0;
}

void Applier::end_count(const ObligationId& id) { keep_ended(books_, id, event_.position); }

// ---- Supplies ----

// What comes from an account lessens it; a COUNT_ADJUST may be of a negative quantity.
void Applier::supply_legs() {
    DAYBOOK_ASSERT(command_.lines.size() == decided_.lines.size());
    for (std::size_t i = 0; i < command_.lines.size(); ++i) {
        const Line& line = command_.lines[i];
        post_supply(decided_.lines[i].from, line.supply, -line.quantity, -line.measure);
        post_supply(decided_.lines[i].to, line.supply, line.quantity, line.measure);
    }
}

void Applier::post_supply(const AccountId& account, SupplyId supply, std::int64_t quantity, std::int64_t measure) {
    DAYBOOK_ASSERT(!account.empty() && supply != 0);
    const SupplyKey key{account, supply};
    SupplyBalance& balance = books_.balances.edit(key);
    balance.quantity += quantity;
    balance.measure += measure;
    balance.last_at = std::max(balance.last_at, at());
    if (account.kind == AccountClass::kSiteSupply) {
        const auto& legs = books_.supply_legs.of(key);
        const SupplyLeg leg{at(), event_.position, quantity, measure};
        books_.supply_legs.insert(key, index_by_time(legs, leg), leg);
    }
    out_.supplies.push_back({key, quantity, measure, balance, at()});
}

}  // namespace daybook::custody
