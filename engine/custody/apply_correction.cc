// Corrections: what an event did beside its pieces, undone, and done again where it comes back.
#include <algorithm>
#include <set>
#include <unordered_map>

#include "engine/custody/internal/applier.h"

namespace daybook::custody {
namespace {

KeyOfLeg key_of(const PastEvent& event) {
    const Position place = event.decided->correcting.place;
    return {event.decided->occurred_at, place == kNoPosition ? event.position : place, event.position};
}

// The legs of an interval are those of another that has taken in its time. Effective ones lie in one; what is not
// listed lies with the innermost that are, and so the others stay with them.
void move_end_legs(const Books& books, const OpenTime& from, std::vector<OpenTime>& to) {
    const auto around = [&](const KeyOfLeg& leg) -> OpenTime& {
        const auto open = std::find_if(to.rbegin(), to.rend(), [&](const OpenTime& one) { return one.from <= leg.at; });
        return open == to.rend() ? to.front() : *open;
    };
    for (const EndLegs* end : {&from.first_legs, &from.last_legs}) {
        KeyOfLeg inmost;
        bool found = false;  // an effective one
        for (const KeyOfLeg& leg : end->legs) {
            if (leg.by == kNoPosition || (found && !books.is_effective(leg.by))) continue;
            inmost = leg;
            found = books.is_effective(leg.by);
        }
        for (const KeyOfLeg& leg : end->legs) {
            if (leg.by != kNoPosition) add_end_legs(around(books.is_effective(leg.by) ? leg : inmost), leg);
        }
    }
}

}  // namespace

void Applier::declare() {
    const Position target = decided_.correcting.target;
    books_.corrected.edit(event_.position).target = target;
    books_.corrected.edit(target).by = event_.position;
    // A correction that is itself corrected lets go of its target; if that is one too, it takes hold of its own again.
    bool leaves = true;
    for (Position one = target;; leaves = !leaves) {
        const Position held = books_.corrected.find(one)->target;
        if (held == kNoPosition) break;
        books_.corrected.edit(held).by = leaves ? kNoPosition : one;
        one = held;
    }
    for (const PastEvent& change : retelling_->changes) note_turn(*change.command);
    // What comes back may take the place of what leaves.
    for (const PastEvent& change : retelling_->changes) {
        if (change.leaves) take_back(change);
    }
    for (const PastEvent& change : retelling_->changes) {
        if (!change.leaves) bring_back(change);
    }
}

// The legs of an event, for the counts: none any more, or legs again. What they say of the books at the cut stays.
void Applier::recount(const PastEvent& event) {
    std::unordered_map<ItemId, const LineFacts*, UuidHash> legs;
    std::set<SiteId> sites;
    for (const LineFacts& line : event.decided->lines) {
        if (line.to.empty() || line.item.empty()) continue;
        legs.emplace(line.item, &line);
        for (const SiteId id : {line.from.site, line.to.site}) {
            if (id != 0 && books_.sites.find(id) != nullptr) sites.insert(id);
        }
    }
    for (const SiteId id : sites) {
        change_legs(books_, id, event.position, [&](CountMove& move) {
            const auto leg = legs.find(move.item);
            if (leg == legs.end()) return;
            move.from = event.leaves ? AccountId{} : leg->second->from;
            move.to = event.leaves ? AccountId{} : leg->second->to;
        });
    }
}

// What an event did beside its pieces, undone.
void Applier::take_back(const PastEvent& event) {
    const Command& command = *event.command;
    const auto by = [&](const auto& entry) { return entry.by == event.position; };
    recount(event);
    for (const LineFacts& line : event.decided->lines) {
        if (line.to.empty()) continue;
        for (const AccountId* account : {&line.from, &line.to}) count_vault_leg(*account, event, -1);
    }
    switch (command.type) {
        case EventType::kRoleGranted:
            std::erase_if(books_.roles.edit(std::get<RoleGranted>(command.payload).grant.principal), by);
            return;
        case EventType::kRoleRevoked:
            std::erase_if(books_.roles.edit(std::get<RoleRevoked>(command.payload).grant.principal), by);
            return;
        case EventType::kPolicySet: {
            const auto& set = std::get<PolicySet>(command.payload);
            std::erase_if(books_.policies.edit({set.site, books_.names.add(set.key)}), by);
            return;
        }
        case EventType::kPartyRegistered:
            std::erase_if(books_.parties.edit(std::get<PartyRegistered>(command.payload).party), by);
            return;
        case EventType::kSupplyMoved: return take_back_supplies(event);
        case EventType::kSupplyRegistered:
            return books_.supplies.erase(std::get<SupplyRegistered>(command.payload).supply);
        case EventType::kTransferRequested:
            return books_.requests.erase(std::get<TransferRequested>(command.payload).request);
        case EventType::kTransferApproved:
            books_.requests.edit(std::get<TransferApproved>(command.payload).request).approved = false;
            return;
        case EventType::kExceptionRaised:
            return books_.exceptions.erase(std::get<ExceptionRaised>(command.payload).exception);
        case EventType::kCountOpened:
        case EventType::kCountAttested:
        case EventType::kCountAbandoned: return take_back_count(event);
        case EventType::kCountScanned: return take_back_scan(event);
        case EventType::kVaultOpened:
        case EventType::kVaultClosed: return take_back_session(event);
        case EventType::kAccountOpened:
        case EventType::kAccountClosed: return take_back_account(event);
        case EventType::kDayClosed: {
            std::vector<DayEnd>& days = books_.days.edit_all(command.site);
            const auto day = std::find_if(days.begin(), days.end(), by);
            DAYBOOK_ASSERT(day != days.end());
            out_.days.push_back({command.site, *day, false});
            days.erase(day);
            return;
        }
        case EventType::kCustodianChanged: {
            Account& account = books_.accounts.edit(std::get<CustodianChanged>(command.payload).account);
            std::erase_if(account.custodians, by);
            return settle_custodian(account);
        }
        case EventType::kTransferRejected: {
            const ObligationId& id = std::get<TransferRejected>(command.payload).request;
            books_.requests.edit(id) = books_.rejected.find(id)->request;
            return books_.rejected.erase(id);
        }
        case EventType::kExceptionCleared: {
            const ObligationId& id = std::get<ExceptionCleared>(command.payload).exception;
            books_.exceptions.edit(id) = books_.cleared.find(id)->raised;
            return books_.cleared.erase(id);
        }
        case EventType::kLimitOverrideApproved:
            std::erase_if(books_.overrides.edit(std::string(std::get<LimitOverrideApproved>(command.payload).limit)),
                          by);
            return;
        default: return;
    }
}

// A count whose end did not happen is open again; one that was not opened is gone.
void Applier::take_back_count(const PastEvent& event) {
    if (event.command->type == EventType::kCountOpened) {
        const ObligationId& id = event.command->obligation;
        if (books_.counts.find(id) != nullptr) end_again(id);
        forget_attestation(books_, id);
        return drop_count(books_, id);
    }
    const auto* attested = std::get_if<CountAttested>(&event.command->payload);
    const ObligationId id =
        attested != nullptr ? attested->count : std::get<CountAbandoned>(event.command->payload).count;
    if (books_.ended_counts.find(id) == nullptr) return;  // its opening has gone with it
    forget_attestation(books_, id);
    reopen_count(books_, id);
    const Count& open = *books_.counts.find(id);
    Obligation obligation;
    obligation.ref = {id, DifferenceKind::kUnspecified, {}};
    obligation.kind = ObligationKind::kCount;
    obligation.opened_by = open.cut;
    obligation.opened_at = open.opened_at;
    obligation.site = open.site;
    obligation.responsible = open.counter;
    open_again(std::move(obligation));
}

void Applier::take_back_scan(const PastEvent& event) {
    const ObligationId& id = std::get<CountScanned>(event.command->payload).count;
    auto& counts = books_.counts.find(id) != nullptr ? books_.counts : books_.ended_counts;
    if (counts.find(id) == nullptr) return;
    Count& count = counts.edit(id);
    std::erase(count.scans, event.position);
    for (const Line& line : event.command->lines) {
        if (line.item.empty()) continue;
        const auto seen = count.sightings.find({line.item, line.to.empty() ? event.command->to : line.to});
        DAYBOOK_ASSERT(seen != count.sightings.end());
        if (--seen->second == 0) count.sightings.erase(seen);
    }
}

// ---- Sessions and accounts ----

// Of the session in which the event lies.
void Applier::count_vault_leg(const AccountId& account, const PastEvent& event, int sign) {
    if (account.kind != AccountClass::kSiteVault && account.kind != AccountClass::kSiteCom) return;
    const KeyOfLeg leg = key_of(event);
    Session* session = session_around(account.site, leg);
    if (session == nullptr) return;
    if (sign > 0) return add_legs(*session, leg, leg, 1);
    if (session->legs != 0 && --session->legs == 0) session->first_leg = session->last_leg = {};
}

// A session without its opening is void, until another stands in its place or the batch ends.
void Applier::take_back_session(const PastEvent& event) {
    auto& sessions = books_.sessions.edit_all(event.command->site);
    const bool opening = event.command->type == EventType::kVaultOpened;
    const auto session = std::find_if(sessions.begin(), sessions.end(), [&](const Session& one) {
        return (opening ? one.opened_by : one.closed_by) == event.position;
    });
    DAYBOOK_ASSERT(session != sessions.end());
    if (opening) {
        session->opened_by = kNoPosition;
        if (session->closed_by == kNoPosition) end_again(session->obligation);
        return;
    }
    session->open.to = 0;
    session->closed_by = session->closed_place = kNoPosition;
    session->closing_count = {};
    if (session->is_void()) return;
    Obligation obligation;
    obligation.ref = {session->obligation, DifferenceKind::kUnspecified, {}};
    obligation.kind = ObligationKind::kVaultSession;
    obligation.opened_by = session->opened_by;
    obligation.opened_at = session->open.from;
    obligation.site = event.command->site;
    obligation.responsible = session->opener;
    open_again(std::move(obligation));
}

void Applier::take_back_account(const PastEvent& event) {
    const auto* opened = std::get_if<AccountOpened>(&event.command->payload);
    const AccountId& id =
        opened != nullptr ? opened->account : std::get<AccountClosed>(event.command->payload).account;
    Account& account = books_.accounts.edit(id);
    const auto open = std::find_if(account.opened.begin(), account.opened.end(), [&](const OpenTime& one) {
        return (opened != nullptr ? one.opened_by : one.closed_by) == event.position;
    });
    DAYBOOK_ASSERT(open != account.opened.end());
    if (opened != nullptr) {
        open->opened_by = open->opened_place = kNoPosition;
        return;
    }
    open->to = 0;
    open->closed_by = open->closed_place = kNoPosition;
}

// ---- The end of a batch: openings and closings in order ----

Touched& Applier::touched() {
    const bool begins = books_.touched.find(0) == nullptr;
    Touched& touched = books_.touched.edit(0);
    if (begins) touched.first = event_.position;
    return touched;
}

// Its site's sessions, or its account's intervals, are not as they were.
void Applier::note_turn(const Command& command) {
    const auto note = [](auto& all, const auto& one) {
        if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
    };
    if (command.type == EventType::kVaultOpened || command.type == EventType::kVaultClosed)
        note(touched().sites, command.site);
    if (const auto* opened = std::get_if<AccountOpened>(&command.payload)) note(touched().accounts, opened->account);
    if (const auto* closed = std::get_if<AccountClosed>(&command.payload)) note(touched().accounts, closed->account);
}

void Applier::settle_turns() {
    const Touched touched = *books_.touched.find(0);
    books_.touched.erase(0);
    for (const SiteId id : touched.sites) settle_sessions(id);
    for (const AccountId& id : touched.accounts) settle_openings(id);
}

// What has no opening never was; the legs of a session are those of another that has taken in its time.
void Applier::settle_sessions(SiteId id) {
    auto& sessions = books_.sessions.edit_all(id);
    for (Session& one : sessions) {
        if (one.legs == 0) continue;
        const Session* found = books_.session(id, one.first_leg.at, one.first_leg.place);
        if (found == nullptr || found == &one) continue;
        add_legs(sessions[books_.index_of(id, *found)], one.first_leg, one.last_leg, one.legs);
        one.legs = 0;
        one.first_leg = one.last_leg = {};
    }
    std::erase_if(sessions, [](const Session& one) { return one.is_void(); });
    Site& site = books_.sites.edit(id);
    site.newest_session_at = 0;
    for (const Session& session : sessions)
        site.newest_session_at = std::max({site.newest_session_at, session.open.from, session.open.to});
}

// Each opening goes with the closing that follows it: openings and closings alternate.
void Applier::settle_openings(const AccountId& id) {
    Account& account = books_.accounts.edit(id);
    std::vector<OpenTime> opened;
    std::vector<const OpenTime*> closed;
    for (const OpenTime& one : account.opened) {
        if (one.closed_by != kNoPosition) closed.push_back(&one);
        if (one.opened_by == kNoPosition) continue;
        OpenTime& open = opened.emplace_back(one);
        open.to = 0;
        open.closed_by = open.closed_place = kNoPosition;
    }
    std::sort(opened.begin(), opened.end(), [](const OpenTime& a, const OpenTime& b) {
        return std::pair(a.from, a.opened_place) < std::pair(b.from, b.opened_place);
    });
    std::sort(closed.begin(), closed.end(), [](const OpenTime* a, const OpenTime* b) {
        return std::pair(a->to, a->closed_place) < std::pair(b->to, b->closed_place);
    });
    DAYBOOK_ASSERT(closed.size() <= opened.size());
    if (!opened.empty()) {
        for (OpenTime& one : opened) one.first_legs = one.last_legs = {};
        for (const OpenTime& one : account.opened) move_end_legs(books_, one, opened);
    }
    for (std::size_t i = 0; i < closed.size(); ++i) {
        opened[i].to = closed[i]->to;
        opened[i].closed_by = closed[i]->closed_by;
        opened[i].closed_place = closed[i]->closed_place;
    }
    account.opened = std::move(opened);
    settle_account(account);
    const bool is_open = !account.opened.empty() && account.opened.back().to == 0;
    std::vector<AccountId>& night_empty = books_.sites.edit(id.site).night_empty;
    std::erase(night_empty, id);
    if (is_open && account.night_empty) night_empty.push_back(id);
    if (!account.opened.empty()) {
        books_.site_accounts.edit(id.site).insert(id);
        return;
    }
    books_.site_accounts.edit(id.site).erase(id);
    if (account.pieces == 0 && is_known_for_its_pieces_only(account)) books_.accounts.erase(id);
}

// ---- Obligations of an event as a whole ----

void Applier::close_whole() {
    for (const Closed& closed : decided_.closes) {
        const LineKind lines = info(command_.type).lines;
        if (closed.line == Closed::kWholeEvent && (lines == LineKind::kNone || lines == LineKind::kEngine))
            end_again(closed.obligation.id);
    }
}

void Applier::open_again(Obligation obligation) {
    const std::uint32_t slot = books_.obligations.add(std::move(obligation));
    books_.open.add(slot);
    out_.obligations.push_back({books_.obligations[slot], ObligationChange::What::kOpened, slot});
}

void Applier::end_again(const ObligationId& id) {
    const std::uint32_t slot = books_.open.find({id, DifferenceKind::kUnspecified, {}});
    DAYBOOK_ASSERT(slot != 0);
    end_line_of(slot);
    out_.obligations.back().by = event_.position;
    out_.obligations.back().at = at();
}

void Applier::take_back_supplies(const PastEvent& event) {
    const auto back = [&](const AccountId& account, const Line& line, int sign) {
        const SupplyKey key{account, line.supply};
        SupplyBalance& balance = books_.balances.edit(key);
        balance.quantity += sign * line.quantity;
        balance.measure += sign * line.measure;
        if (account.kind == AccountClass::kSiteSupply)
            std::erase_if(books_.supply_legs.edit_all(key),
                          [&](const SupplyLeg& leg) { return leg.by == event.position; });
        out_.supplies.push_back(
            {key, sign * line.quantity, sign * line.measure, balance, event.decided->occurred_at});
    };
    for (std::size_t i = 0; i < event.command->lines.size(); ++i) {
        back(event.decided->lines[i].from, event.command->lines[i], 1);
        back(event.decided->lines[i].to, event.command->lines[i], -1);
    }
}

void Applier::bring_back(const PastEvent& event) {
    recount(event);
    for (const LineFacts& line : event.decided->lines) {
        if (line.to.empty() || line.item.empty()) continue;
        for (const AccountId* account : {&line.from, &line.to}) {
            count_vault_leg(*account, event, 1);
            if (account->must_be_opened() && books_.accounts.find(*account) != nullptr)
                note_account_leg(books_.accounts.edit(*account), key_of(event));
        }
    }
    const Event again{*event.command, *event.decided, event.position, event.position, event_.recorded_at};
    switch (event.command->type) {
        case EventType::kSupplyMoved: return Applier(books_, again, out_).supply_legs();
        case EventType::kCountScanned: return Applier(books_, again, out_).sightings();
        case EventType::kCountAttested:
        case EventType::kCountAbandoned: {
            Applier applier(books_, again, out_);
            applier.close_whole();
            return applier.rest();
        }
        case EventType::kVaultOpened: {
            Applier applier(books_, again, out_);
            applier.opened_ = applier.open_whole();
            applier.rest();
            return applier.finish_opening();
        }
        case EventType::kVaultClosed: return bring_back_closing(again);
        case EventType::kRoleGranted:
        case EventType::kRoleRevoked:
        case EventType::kPolicySet:
        case EventType::kPartyRegistered:
        case EventType::kSupplyRegistered:
        case EventType::kTransferRequested:
        case EventType::kTransferApproved:
        case EventType::kTransferRejected:
        case EventType::kExceptionRaised:
        case EventType::kExceptionCleared:
        case EventType::kCustodianChanged:
        case EventType::kDayClosed:
        case EventType::kAccountOpened:
        case EventType::kAccountClosed:
        case EventType::kLimitOverrideApproved: return Applier(books_, again, out_).rest();
        default: return;
    }
}

// It ends its own session again. The opening of that may come back after it, with a later declaration of the batch.
void Applier::bring_back_closing(const Event& again) {
    Applier applier(books_, again, out_);
    auto& sessions = books_.sessions.edit_all(again.command.site);
    const ObligationId& obligation = again.decided.closes.front().obligation.id;
    auto session = std::find_if(sessions.begin(), sessions.end(),
                                [&](const Session& one) { return one.obligation == obligation; });
    if (session == sessions.end()) {
        const auto before = std::find_if(sessions.rbegin(), sessions.rend(), [&](const Session& other) {
            return other.open.from <= again.decided.occurred_at;
        });
        session = sessions.insert(before.base(), Session{});
        session->open.from = again.decided.occurred_at;
        session->obligation = obligation;
    } else if (!session->is_void()) {
        applier.close_whole();
    }
    session->open.to = again.decided.occurred_at;
    session->closed_by = again.position;
    session->closed_place = applier.place();
    session->closing_count = std::get<VaultClosed>(again.command.payload).closing_count;
    Site& site = books_.sites.edit(again.command.site);
    site.newest_session_at = std::max(site.newest_session_at, session->open.to);
}

}  // namespace daybook::custody
