// Time: what is too early, too late or behind a fence, and whether the vault was open.
#include <algorithm>

#include "engine/custody/internal/checks.h"
#include "engine/custody/past.h"

namespace daybook::custody {
namespace {

// A policy's seconds; more than a year is as good as for ever, and does not overflow.
Micros seconds(std::int64_t count) { return std::min<std::int64_t>(count, 366LL * 24 * 3600) * kSecond; }

// RoleGranted, RoleRevoked and PolicySet do not reach back.
Fault check_rule_start(const Case& c) {
    Micros from = 0;
    if (c.is(EventType::kRoleGranted)) from = c.payload<RoleGranted>().from;
    if (c.is(EventType::kRoleRevoked)) from = c.payload<RoleRevoked>().from;
    if (c.is(EventType::kPolicySet)) from = c.payload<PolicySet>().from;
    if (from == 0 || from >= c.at) return std::nullopt;
    return refuse(RefusalCode::kBackdated, "A rule cannot begin before it is made: from is " + format_time(from) +
                                               " and the event is of " + format_time(c.at) +
                                               "; let it begin then or later");
}

// A count is of what its accounts hold when it is opened: its cut is its own position, and the books that it is held
// against are those of now.
Fault check_behind_counted(const Case& c) {
    if (!c.is(EventType::kCountOpened)) return std::nullopt;
    for (const AccountId& id : c.payload<CountOpened>().accounts) {
        const Account* account = c.books.accounts.find(id);
        if (account == nullptr || c.at >= account->last_leg_at) continue;
        Refusal refusal = refuse(
            RefusalCode::kBackdated,
            "A count is of what its accounts hold when it is opened, and cannot be opened at " + format_time(c.at) +
                ": pieces have come to " + id.path() + " or gone since, the last at " +
                format_time(account->last_leg_at) + ". Open it as of then or later, or without occurred_at, and " +
                "resolve a difference of a piece that was seen before it moved as COUNT_ERROR");
        refusal.account = id;
        return refusal;
    }
    return std::nullopt;
}

// The lines that the engine will write for the differences of a count. One that the engine stamps is behind the events
// of its site; a piece that the count found may have one at another site, ahead of the clock.
Fault check_behind_differences(const Case& c) {
    if (c.command.occurred_at) return std::nullopt;
    if (c.count() == nullptr || c.count()->opened_at > c.at) return std::nullopt;  // refused later, with its own error
    const CountLists& lists = c.lists();
    for (const auto* list : {&lists.missing, &lists.misplaced, &lists.unexpected}) {
        for (const ItemId& id : *list) {
            const Item* item = c.books.items.find(id);
            if (item == nullptr || item->last_at <= c.at) continue;
            Refusal refusal = refuse(
                RefusalCode::kBackdated,
                "An attestation without a time lies behind the events of its site, and so before the newest one of "
                "piece " +
                    id.text() + ", which the count found to differ: that is at " + format_time(item->last_at) +
                    ". Send an occurred_at behind it");
            refusal.item = id;
            refusal.event = item->last;
            return refusal;
        }
    }
    return std::nullopt;
}

Fault fence_on(const Case& c, std::size_t line, const AccountId& id, const Account* account) {
    if (account == nullptr || c.at >= account->fence) return std::nullopt;
    Refusal refusal = refuse_line(c, line, RefusalCode::kCountFence,
                                  id.path() + " was counted as of " + format_time(account->fence) + " (count " +
                                      account->counted_by.text() + "), later than this event's " + format_time(c.at) +
                                      "; let a VM attest it and name him in late.approver");
    refusal.account = id;
    refusal.obligation = ObligationRef{account->counted_by, {}, {}};
    return refusal;
}

bool approved_by_manager(const Case& c) {
    const auto& attest = c.command.attest;
    return c.command.late.approver != 0 &&
           std::any_of(attest.begin(), attest.end(), [&](const Attestation& attestation) {
               return attestation.principal == c.command.late.approver && attestation.role == Role::kVm &&
                      c.books.holds_role(attestation.principal, Role::kVm, c.command.site, c.at);
           });
}

bool signed_by_headquarters(const Case& c) {
    const auto holds = [&](Principal who, std::optional<Role> role) {
        return role == Role::kHq && c.books.holds_role(who, Role::kHq, c.command.site, c.at);
    };
    if (holds(c.command.actor.principal, c.command.actor.role)) return true;
    const auto& attest = c.command.attest;
    return std::any_of(attest.begin(), attest.end(),
                       [&](const Attestation& attestation) { return holds(attestation.principal, attestation.role); });
}

bool is_vault(const AccountId& id) {
    return !id.empty() && (id.kind == AccountClass::kSiteVault || id.kind == AccountClass::kSiteCom);
}

}  // namespace

// Both tolerances are of the whole entity and in force at record time.
Fault check_future(const Case& c) {
    if (c.at <= c.context.now) return std::nullopt;
    const auto tolerance = policy_number(c.books, "time.future_tolerance", 0, c.context.now, kFutureToleranceSeconds);
    if (c.at - c.context.now <= seconds(tolerance)) return std::nullopt;
    return refuse(RefusalCode::kFutureDated, "occurred_at " + format_time(c.at) + " is more than " +
                                                 std::to_string(tolerance) + " s ahead of the ledger's clock, " +
                                                 format_time(c.context.now) +
                                                 "; correct the clock of the device, or leave occurred_at out");
}

Fault check_backdated(const Case& c) {
    const bool admitted = (c.command.late.flag && !c.command.late.reason.empty()) || is_corrective(c);
    if (c.at < c.context.now && !admitted) {
        const auto late = policy_number(c.books, "time.late_after", 0, c.context.now, kLateAfterSeconds);
        if (c.context.now - c.at > seconds(late)) {
            return refuse(RefusalCode::kBackdated, "occurred_at " + format_time(c.at) + " is more than " +
                                                       std::to_string(late) + " s before the ledger's clock, " +
                                                       format_time(c.context.now) +
                                                       "; a late fact needs late.flag and late.reason");
        }
    }
    if (Fault fault = check_rule_start(c)) return fault;
    if (c.event.lines != LineKind::kNone && c.event.lines != LineKind::kEngine) return std::nullopt;
    if (Fault fault = check_behind_counted(c)) return fault;
    return check_behind_differences(c);
}

// The approval covers the whole event.
Fault check_count_fence(const Case& c) {
    if (is_corrective(c)) return std::nullopt;  // its declaration has the VM
    for (std::size_t i = 0; i < c.lines.size(); ++i) {
        const LineCase& line = c.lines[i];
        if (!line.leg) continue;
        Fault fault;
        if (line.from.must_be_opened()) fault = fence_on(c, i, line.from, c.books.accounts.find(line.from));
        if (!fault) fault = fence_on(c, i, line.to, line.to_account);
        if (fault && !approved_by_manager(c)) return fault;
        if (fault) return std::nullopt;
    }
    return std::nullopt;
}

Fault check_period(const Case& c) {
    if (is_corrective(c)) return std::nullopt;  // HQ has signed its declaration
    if (Fault fault = check_closed_days(c, signed_by_headquarters(c))) return fault;
    const auto& days = c.books.days.of(c.command.site);
    if (days.empty() || c.at >= days.back().at || signed_by_headquarters(c)) return std::nullopt;
    const DayEnd& day = days.back();
    Refusal refusal =
        refuse(RefusalCode::kPeriodClosed, "Site " + std::to_string(c.command.site) + " has closed its books up to " +
                                               format_time(day.at) + " (event " + std::to_string(day.by) +
                                               ") and this event is of " +
                                               format_time(c.at) + "; let HQ sign it");
    refusal.event = day.by;
    return refusal;
}

// "On the accounts named in the command; if from is left out, the holder's."
Fault check_vault_session(const Case& c) {
    // Nearly always the site's own vault, and open still. A corrective may have its place among what happened at one
    // time.
    const Position place = is_corrective(c) ? c.context.past->place : kNoPosition;
    const auto& here = c.books.sessions.of(c.command.site);
    const bool open_here =
        place == kNoPosition && !here.empty() && !here.back().is_void() && here.back().open.contains(c.at);
    const auto closed = [&](const AccountId& id) {
        if (!is_vault(id) || (open_here && id.site == c.command.site)) return false;
        return c.books.session(id.site, c.at, place) == nullptr;
    };
    const auto text = [&](SiteId site) {
        return "the vault of site " + std::to_string(site) + " was not open at " + format_time(c.at) +
               "; open it first (VaultOpened)";
    };
    if (c.is(EventType::kVaultClosed) && c.books.session(c.command.site, c.at, place) == nullptr) {
        return refuse(RefusalCode::kVaultClosed, "There is nothing to close: " + text(c.command.site));
    }
    for (std::size_t i = 0; i < c.lines.size(); ++i) {
        const LineCase& line = c.lines[i];
        if (!line.leg) continue;
        for (const AccountId* id : {&line.from, &line.to}) {
            if (!closed(*id)) continue;
            Refusal refusal = refuse_line(c, i, RefusalCode::kVaultClosed, text(id->site));
            refusal.account = *id;
            return refusal;
        }
    }
    return std::nullopt;
}

}  // namespace daybook::custody
