// The own conditions of events without item lines, and of the checks that close the list: obligation id, sessions
// and accounts.
#include <algorithm>
#include <limits>

#include "engine/custody/internal/checks.h"

namespace daybook::custody {
namespace {

Refusal about(const AccountId& id, Refusal refusal) {
    refusal.account = id;
    return refusal;
}

bool open_at(const Account* account, Micros at) {
    return account != nullptr && std::any_of(account->opened.rbegin(), account->opened.rend(),
                                             [&](const Interval& open) { return open.contains(at); });
}

Fault check_cross_site(const Case& c, const AccountId& id) {
    if (id.site == c.command.site) return std::nullopt;
    return about(
        id, refuse(RefusalCode::kCrossSite, id.path() + " does not belong to the event's site, " +
                                                std::to_string(c.command.site) + "; send one event for each site"));
}

Fault check_account_open(const Case& c, const AccountId& id) {
    if (Fault fault = check_cross_site(c, id)) return fault;
    if (open_at(c.books.accounts.find(id), c.at)) return std::nullopt;
    return about(id, refuse(RefusalCode::kUnknownAccount,
                            id.path() + " is not open at " + format_time(c.at) + "; open it first (AccountOpened)"));
}

Refusal not_open(const std::string& what, const ObligationRef& ref) {
    Refusal refusal = refuse(RefusalCode::kNoObligation, what + " " + ref_text(ref) + " is not open");
    refusal.obligation = ref;
    return refusal;
}

// A count is open between its CountOpened and its attestation, at its own site.
Fault check_count_is_open(const Case& c, const ObligationId& id) {
    const Count* count = c.books.counts.find(id);
    if (count != nullptr && count->site == c.command.site && count->opened_at <= c.at) return std::nullopt;
    Refusal refusal = not_open("Count", {id, {}, {}});
    if (count == nullptr && is_corrective(c)) {
        refusal.message +=
            "; correctives come in the order of their declarations, so where a count is told again declare the "
            "correction of its CountOpened first, then of its scans (CountScanned), then of its end";
    } else if (count == nullptr) {
        refusal.message += "; open one first (CountOpened)";
    } else if (count->site != c.command.site) {
        refusal.message +=
            " at site " + std::to_string(c.command.site) + ", but at site " + std::to_string(count->site);
    } else {
        refusal.message += " at " + format_time(c.at) + ": it was opened at " + format_time(count->opened_at);
    }
    return refusal;
}

Fault check_request_is_open(const Case& c, const ObligationId& id) {
    const Request* request = c.books.requests.find(id);
    if (request != nullptr && !request->approved) return std::nullopt;
    Refusal refusal = not_open("Transfer request", {id, {}, {}});
    refusal.message +=
        request != nullptr ? ": it is approved already" : ": it was never made, was rejected, or is packed";
    if (request != nullptr) refusal.event = request->by;
    return refusal;
}

Fault check_count_opened(const Case& c) {
    const auto& accounts = c.payload<CountOpened>().accounts;
    for (const AccountId& id : accounts) {
        if (Fault fault = check_account_open(c, id)) return fault;
    }
    if (c.site == nullptr) return std::nullopt;
    for (const ObligationId& open : c.site->counts) {
        const Count& count = *c.books.counts.find(open);
        if (count.counter != c.command.actor.principal) continue;
        for (const AccountId& id : accounts) {
            if (std::find(count.accounts.begin(), count.accounts.end(), id) == count.accounts.end()) continue;
            Refusal refusal = refuse(RefusalCode::kCountOpen,
                                     "Principal " + std::to_string(count.counter) + " has a count of " + id.path() +
                                         " open, " + open.text() + " since " + format_time(count.opened_at) +
                                         "; attest or abandon it first (CountAttested, CountAbandoned)");
            refusal.account = id;
            refusal.event = count.cut;
            refusal.obligation = ObligationRef{open, {}, {}};
            return refusal;
        }
    }
    return std::nullopt;
}

bool same_ids(std::vector<ItemId> sent, const std::vector<ItemId>& made) {
    std::sort(sent.begin(), sent.end());
    return sent == made;
}

Fault check_count_attested(const Case& c) {
    const auto& payload = c.payload<CountAttested>();
    if (Fault fault = check_count_is_open(c, payload.count)) return fault;
    if (!payload.lists) return std::nullopt;
    const CountLists& made = c.lists();
    struct Pair {
        const char* name;
        const std::vector<ItemId>& sent;
        const std::vector<ItemId>& made;
    };
    const Pair pairs[] = {{"matched", payload.lists->matched, made.matched},
                          {"missing", payload.lists->missing, made.missing},
                          {"moved", payload.lists->moved, made.moved},
                          {"misplaced", payload.lists->misplaced, made.misplaced},
                          {"unexpected", payload.lists->unexpected, made.unexpected}};
    for (const Pair& pair : pairs) {
        if (same_ids(pair.sent, pair.made)) continue;
        Refusal refusal =
            refuse(RefusalCode::kCountMismatch,
                   "Count " + payload.count.text() + ": the list of " + pair.name + " pieces sent has " +
                       std::to_string(pair.sent.size()) + " and is not that of the books, which has " +
                       std::to_string(pair.made.size()) + "; leave the lists out, or read the count again");
        refusal.obligation = ObligationRef{payload.count, {}, {}};
        return refusal;
    }
    return std::nullopt;
}

Fault check_night_empty(const Case& c) {
    if (c.site == nullptr || is_corrective(c)) return std::nullopt;  // what is there now says nothing of then
    const auto& excepted = c.payload<VaultClosed>().exceptions;
    for (const AccountId& id : c.site->night_empty) {
        const Account* account = c.books.accounts.find(id);
        if (account == nullptr || account->pieces == 0 ||
            std::find(excepted.begin(), excepted.end(), id) != excepted.end())
            continue;
        return about(id,
                     refuse(RefusalCode::kNightNotEmpty, id.path() + " still holds " + std::to_string(account->pieces) +
                                                             " piece(s) and is to be empty at night; sign them in "
                                                             "(SignedIn), or list the account in exceptions"));
    }
    return std::nullopt;
}

// A discrepancy about no piece, or one of a piece that the command does not name.
Fault check_discrepancy_resolved(const Case& c) {
    const ObligationRef& ref = c.payload<DiscrepancyResolved>().discrepancy;
    const Obligation* discrepancy = c.books.find_open(ref);
    if (discrepancy == nullptr || discrepancy->kind != ObligationKind::kDiscrepancy || discrepancy->opened_at > c.at)
        return not_open("DISCREPANCY", ref);
    if (!discrepancy->by_declared_missing) return std::nullopt;
    Refusal refusal = blocked_by(
        refuse(RefusalCode::kMissing,
               "Piece " + discrepancy->item.text() +
                   " is declared missing; that ends when it is recovered (ItemRecovered) or lost (LossDeclared)"),
        *discrepancy);
    refusal.item = discrepancy->item;
    return refusal;
}

Fault check_supply_accounts(const Case& c) {
    for (std::size_t i = 0; i < c.lines.size(); ++i) {
        const LineCase& line = c.lines[i];
        const auto kind = c.payload<SupplyMoved>().kind;
        const AccountId& shelf = supply_account(c, line);
        const AccountId& other = shelf == line.from ? line.to : line.from;
        const bool other_fits = kind == SupplyMove::kReceived
                                    ? state_of(other.kind) == State::kX1 || other.kind == AccountClass::kOrigin
                                : kind == SupplyMove::kCountAdjust ? other.kind == AccountClass::kAdjust
                                                                   : other.kind == AccountClass::kConsumed;
        if (shelf.kind != AccountClass::kSiteSupply || !other_fits) {
            Refusal refusal = refuse_line(
                c, i, RefusalCode::kWrongTarget,
                line.from.path() + " to " + line.to.path() +
                    " is no way of supplies: RECEIVED goes from EXT/SUPPLIER, EXT/ENTITY or ORIGIN to "
                    "SITE/{site}/SUPPLY, ISSUED and SCRAPPED from there to CONSUMED, COUNT_ADJUST from ADJUST");
            return about(shelf.kind != AccountClass::kSiteSupply ? shelf : other, std::move(refusal));
        }
        if (Fault fault = check_account_open(c, shelf)) {
            fault->line = static_cast<int>(i);
            return fault;
        }
    }
    return std::nullopt;
}

Fault check_exception(const Case& c) {
    if (!c.is(EventType::kExceptionCleared)) return std::nullopt;
    const ObligationId& id = c.payload<ExceptionCleared>().exception;
    return c.books.exceptions.find(id) != nullptr ? std::nullopt : Fault(not_open("Exception", {id, {}, {}}));
}

// When the site's vault was last opened, as of a valid time.
Micros last_opening(const std::vector<Session>& sessions, Micros at) {
    const auto last = std::find_if(sessions.rbegin(), sessions.rend(), [at](const Session& session) {
        return !session.is_void() && session.open.from <= at;
    });
    return last == sessions.rend() ? std::numeric_limits<Micros>::min() : last->open.from;
}

Fault check_closing_count(const Case& c, const ObligationId& id) {
    const AttestedCount* count = attested_closing(c.books, c.command.site, id);
    const bool attested = count != nullptr && count->at <= c.at &&
                          count->at >= last_opening(c.books.sessions.of(c.command.site), c.at);
    if (attested) return std::nullopt;
    Refusal refusal = refuse(RefusalCode::kNoClosingCount,
                             "Count " + id.text() + " is no CLOSING count of site " + std::to_string(c.command.site) +
                                 " attested since its vault was last opened; count first (CountOpened, CountAttested)");
    refusal.obligation = ObligationRef{id, {}, {}};
    return refusal;
}

// "A piece count is required" whenever a custodian changes, and not an old one.
Fault check_custodian_count(const Case& c) {
    const auto& payload = c.payload<CustodianChanged>();
    const Account& account = *c.books.accounts.find(payload.account);
    const auto age = policy_number(c.books, "count.custodian_age", c.command.site, c.at, kCustodianAgeSeconds);
    // The newest as of the event.
    const CountOfAccount* newest = nullptr;
    for (const CountOfAccount& count : account.counts) {
        if (count.attested_at <= c.at && (newest == nullptr || newest->attested_at <= count.attested_at))
            newest = &count;
    }
    const Micros since = newest == nullptr ? 0 : c.at - newest->attested_at;
    const bool counted = newest != nullptr && newest->id == payload.count && (since + kSecond - 1) / kSecond <= age;
    if (counted) return std::nullopt;
    Refusal refusal =
        refuse(RefusalCode::kNoClosingCount, "Count " + payload.count.text() + " is not the newest count of " +
                                                 payload.account.path() + ", attested at most " + std::to_string(age) +
                                                 " s before; count it first (CountOpened, CountAttested)");
    refusal.obligation = ObligationRef{payload.count, {}, {}};
    return about(payload.account, std::move(refusal));
}

// Openings and closings of a vault alternate in valid time. So an opening is legal only behind all of them: in a
// session the vault is open, and between two the next opening would find it so.
Fault check_vault_closed_before(const Case& c) {
    if (c.site == nullptr || is_corrective(c)) return std::nullopt;  // with its declaration
    const auto& days = c.books.days.of(c.command.site);
    for (auto end = days.rbegin(); end != days.rend() && end->at >= c.at; ++end) {
        const DayEnd& day = *end;
        const AttestedCount* count = attested_closing(c.books, c.command.site, day.closing_count);
        if (count == nullptr || count->at >= c.at) continue;
        Refusal refusal = refuse(RefusalCode::kCorrectionConflict,
                                 "The day closed at " + format_time(day.at) + " (event " + std::to_string(day.by) +
                                     ") rests on count " + day.closing_count.text() + ", attested at " +
                                     format_time(count->at) +
                                     ", which would not be after the last opening of the vault any more; correct "
                                     "DayClosed first");
        refusal.event = day.by;
        refusal.conflicts.push_back({{}, day.by, RefusalCode::kNoClosingCount});
        return refusal;
    }
    const auto& sessions = c.books.sessions.of(c.command.site);
    const auto next = std::find_if(sessions.begin(), sessions.end(), [&](const Session& session) {
        return c.at < session.open.from || session.open.contains(c.at);
    });
    if (next == sessions.end()) return std::nullopt;
    const std::string vault = "The vault of site " + std::to_string(c.command.site);
    const std::string opened = format_time(next->open.from) + " (event " + std::to_string(next->opened_by) + ")";
    Refusal refusal;
    if (next->open.contains(c.at)) {
        refusal = refuse(RefusalCode::kSessionOpen,
                         vault + " is open since " + opened + "; close it first (VaultClosed)");
    } else {
        refusal = refuse(RefusalCode::kCorrectionConflict,
                         vault + " was opened later, at " + opened +
                             ", which would find it open already; send an occurred_at behind its last session, or "
                             "none");
        refusal.conflicts.push_back({{}, next->opened_by, RefusalCode::kSessionOpen});
    }
    refusal.event = next->opened_by;
    refusal.since = next->open.from;
    refusal.obligation = ObligationRef{next->obligation, {}, {}};
    return refusal;
}

// The session is the last one, and no leg on the vault lies behind the closing.
Fault check_session_ends(const Case& c) {
    if (c.books.sessions.of(c.command.site).empty()) return std::nullopt;
    const Session* session = c.books.session(c.command.site, c.at);
    const std::string vault = "the vault of site " + std::to_string(c.command.site);
    if (is_corrective(c)) {  // the rest with its declaration
        if (c.books.unclosed_session(c.command.site, c.at) != nullptr) return std::nullopt;
        return refuse(RefusalCode::kVaultClosed, "There is nothing to close: " + vault + " was not open at " +
                                                     format_time(c.at) +
                                                     "; name the corrective of its opening before this one");
    }
    if (session != nullptr && session->open.to != 0) {
        Refusal refusal = refuse(RefusalCode::kCorrectionConflict,
                                 "The session of " + vault + " since " + format_time(session->open.from) +
                                     " was closed at " + format_time(session->open.to) +
                                     ", and that VaultClosed would find it closed already; it ends once");
        refusal.event = session->opened_by;
        refusal.since = session->open.from;
        refusal.obligation = ObligationRef{session->obligation, {}, {}};
        return refusal;
    }
    if (session == nullptr || session->legs == 0 || c.at >= session->last_leg.at) return std::nullopt;
    Refusal refusal = refuse(RefusalCode::kCorrectionConflict,
                             "A leg on " + vault + " lies at " + format_time(session->last_leg.at) + " (event " +
                                 std::to_string(session->last_leg.by) +
                                 "), which would be outside every session; close the vault then or later, or correct "
                                 "what moved the piece");
    refusal.event = session->last_leg.by;
    refusal.since = session->last_leg.at;
    refusal.conflicts.push_back({{}, session->last_leg.by, RefusalCode::kVaultClosed});
    return refusal;
}

// As with a vault: an account is open already, or a later opening would find it so.
Fault check_account_not_open(const Case& c) {
    if (is_corrective(c)) return std::nullopt;  // with its declaration
    const AccountId& id = c.payload<AccountOpened>().account;
    const Account* account = c.books.accounts.find(id);
    if (account == nullptr || account->opened.empty()) return std::nullopt;
    const auto& opened = account->opened;
    const auto next = std::find_if(opened.begin(), opened.end(),
                                   [&](const Interval& open) { return open.to == 0 || c.at < open.to; });
    if (next == opened.end()) return std::nullopt;
    const bool is_open = next->contains(c.at) || next->to == 0;  // one that is open now ends first
    Refusal refusal = about(
        id, refuse(is_open ? RefusalCode::kAccountExists : RefusalCode::kCorrectionConflict,
                   id.path() + (is_open ? " is open since " : " was opened later, at ") + format_time(next->from) +
                       (is_open ? "; it is opened once, and again when it was closed (AccountClosed)"
                                : ", which would find it open already; send an occurred_at behind its last closing, or "
                                  "none")));
    refusal.event = next->opened_by;
    if (!is_open) refusal.conflicts.push_back({{}, next->opened_by, RefusalCode::kAccountExists});
    refusal.since = next->from;
    return refusal;
}

Fault check_account_empty(const Case& c) {
    if (is_corrective(c)) return std::nullopt;  // with its declaration
    const AccountId& id = c.payload<AccountClosed>().account;
    const Account& account = *c.books.accounts.find(id);
    const bool supplies =
        id.kind == AccountClass::kSiteSupply &&
        std::any_of(c.books.balances.all().begin(), c.books.balances.all().end(), [&](const auto& entry) {
            return entry.first.account == id && (entry.second.quantity != 0 || entry.second.measure != 0);
        });
    if (account.pieces == 0 && !supplies && c.at < account.last_leg_at) {
        Refusal refusal = refuse(RefusalCode::kCorrectionConflict,
                                 "A leg on " + id.path() + " lies at " + format_time(account.last_leg_at) +
                                     ", when it would be closed; close it then or later, or correct what moved the "
                                     "piece");
        refusal.since = account.last_leg_at;
        return about(id, std::move(refusal));
    }
    if (account.pieces == 0 && !supplies) return std::nullopt;
    return about(id, refuse(RefusalCode::kAccountNotEmpty,
                            id.path() + " still holds " +
                                (supplies ? std::string("supplies") : std::to_string(account.pieces) + " piece(s)") +
                                "; empty it first (Relocated, SignedIn, SupplyMoved)"));
}

}  // namespace

Refusal id_used(const ObligationId& id) {
    Refusal refusal = refuse(RefusalCode::kObligationExists,
                             "The id " + id.text() + " was used before; an obligation's id is used once and for ever");
    refusal.obligation = ObligationRef{id, {}, {}};
    return refusal;
}

const AttestedCount* attested_closing(const Books& books, SiteId site, const ObligationId& id) {
    const auto& counts = books.closing_counts.of(site);
    const auto found = std::find_if(counts.rbegin(), counts.rend(),
                                    [&](const AttestedCount& count) { return count.id == id; });
    return found == counts.rend() ? nullptr : &*found;
}

Fault check_own_conditions(const Case& c) {
    switch (c.command.type) {
        case EventType::kAccountOpened: return check_cross_site(c, c.payload<AccountOpened>().account);
        case EventType::kAccountClosed: return check_account_open(c, c.payload<AccountClosed>().account);
        case EventType::kCustodianChanged: return check_account_open(c, c.payload<CustodianChanged>().account);
        case EventType::kVaultClosed: return check_night_empty(c);
        case EventType::kCountOpened: return check_count_opened(c);
        case EventType::kCountScanned: return check_count_is_open(c, c.payload<CountScanned>().count);
        case EventType::kCountAttested: return check_count_attested(c);
        case EventType::kCountAbandoned: return check_count_is_open(c, c.payload<CountAbandoned>().count);
        case EventType::kDiscrepancyResolved: return check_discrepancy_resolved(c);
        case EventType::kTransferApproved: return check_request_is_open(c, c.payload<TransferApproved>().request);
        case EventType::kTransferRejected: return check_request_is_open(c, c.payload<TransferRejected>().request);
        case EventType::kExceptionCleared: return check_exception(c);
        case EventType::kSupplyMoved: return check_supply_accounts(c);
        default: return std::nullopt;
    }
}

Fault check_obligation_id(const Case& c) {
    if (c.is(EventType::kTransferRequested)) {
        const ObligationId& id = c.payload<TransferRequested>().request;
        if (c.context.obligation_used || c.books.requests.find(id) != nullptr) return id_used(id);
    }
    if (c.is(EventType::kExceptionRaised)) {
        const ObligationId& id = c.payload<ExceptionRaised>().exception;
        if (c.context.obligation_used || c.books.exceptions.find(id) != nullptr) return id_used(id);
    }
    return c.event.opens != 0 && !c.command.obligation.empty() && c.context.obligation_used
               ? Fault(id_used(c.command.obligation))
               : std::nullopt;
}

Fault check_sessions_and_accounts(const Case& c) {
    if (Fault fault = check_late_accounts(c)) return fault;
    switch (c.command.type) {
        case EventType::kVaultOpened: return check_vault_closed_before(c);
        case EventType::kVaultClosed: {
            if (Fault fault = check_session_ends(c)) return fault;
            return check_closing_count(c, c.payload<VaultClosed>().closing_count);
        }
        case EventType::kDayClosed: return check_closing_count(c, c.payload<DayClosed>().closing_count);
        case EventType::kCustodianChanged: return check_custodian_count(c);
        case EventType::kAccountOpened: return check_account_not_open(c);
        case EventType::kAccountClosed: return check_account_empty(c);
        default: return std::nullopt;
    }
}

}  // namespace daybook::custody
