#include "engine/audit/internal/signers.h"

#include <algorithm>
#include <vector>

namespace daybook::audit {
namespace {

using custody::Command;
using custody::EventType;
using custody::Role;
using custody::RoleSet;

// A signature that is needed: of a role, or of one person.
struct Needed {
    RoleSet roles = custody::kAnyone;
    Principal person = 0;
};

std::vector<Needed> needed_for(const Signed& event, bool manager) {
    const Command& command = event.command;
    if (command.type == EventType::kCustodianChanged) {
        const auto& changed = std::get<custody::CustodianChanged>(command.payload);
        return {{custody::kAnyone, changed.old_custodian},
                {custody::kAnyone, changed.new_custodian},
                {custody::bit(Role::kVm), 0}};
    }
    std::vector<Needed> needed;
    const custody::Who& who = custody::info(command.type).who;
    for (std::size_t i = 0; i < who.count; ++i) needed.push_back({who.signers[i], 0});
    const auto also = [&](bool asked, Role role) {
        if (asked) needed.push_back({custody::bit(role), 0});
    };
    also(manager, Role::kVm);
    if (const auto* sale = std::get_if<custody::SaleCompleted>(&command.payload)) {
        const std::int64_t discount = sale->discount_thousandths;
        const auto bound = event.rules.number("sign.discount", command.site, event.at, event.position, 100);
        also(discount > 0 && discount > bound, Role::kSm);
    } else if (const auto* released = std::get_if<custody::ReleasedToClient>(&command.payload)) {
        also(!released->collector_is_owner, Role::kVm);
    } else if (const auto* amended = std::get_if<custody::ItemAmended>(&command.payload)) {
        const bool money = amended->field == custody::AmendedField::kCost ||
                           amended->field == custody::AmendedField::kInsured ||
                           amended->field == custody::AmendedField::kRetail;
        if (money) needed[0].roles = custody::bit(Role::kVm);
    }
    return needed;
}

// As known before the event; those that LedgerCreated names hold for it too.
bool holds(const Signed& event, Principal who, Role role) {
    const Command& command = event.command;
    const Position known = command.type == EventType::kLedgerCreated ? event.position + 1 : event.position;
    const SiteId concerned = site_concerned(command);
    return event.rules.holds(who, role, command.site, event.at, known) &&
           (concerned == command.site || event.rules.holds(who, role, concerned, event.at, known));
}

bool signs_as(const Signed& event, Principal who, std::optional<Role> role, Role wanted) {
    return role == wanted && event.rules.holds(who, wanted, event.command.site, event.at, event.position);
}

std::optional<Role> role_of(const custody::Actor& actor) {
    return actor.role == Role{} ? std::nullopt : std::optional(actor.role);
}

// Tries every way to give each needed signature to somebody who has not signed for another one.
class Matching {
public:
    Matching(const Signed& event, std::vector<Needed> needed) : event_(event), needed_(std::move(needed)) {
        const Command& command = event.command;
        signers_.push_back({command.actor.principal, role_of(command.actor)});
        signers_.insert(signers_.end(), command.attest.begin(), command.attest.end());
    }

    bool possible() {
        // The actor has one of them: a named one, or the first. A role that he claims is one that he holds.
        const auto& actor = signers_[0];
        if (actor.role && !holds(event_, actor.principal, *actor.role)) return false;
        for (std::size_t i = 0; i < needed_.size(); ++i) {
            const bool open = needed_[i].roles == custody::kAnyone && needed_[i].person == 0;
            if ((open && i != 0) || !fills(actor, needed_[i])) continue;
            given_.assign(needed_.size(), 0);
            used_ = {actor.principal};
            given_[i] = 1;
            if (rest()) return true;
        }
        return false;
    }

private:
    bool fills(const custody::Attestation& signer, const Needed& needed) const {
        if (needed.person != 0) return signer.principal == needed.person;
        if (needed.roles == custody::kAnyone) return true;
        return signer.role && custody::contains(needed.roles, *signer.role) &&
               holds(event_, signer.principal, *signer.role);
    }
    bool rest() {
        const auto next = std::find(given_.begin(), given_.end(), 0);
        if (next == given_.end()) return true;
        for (const auto& signer : signers_) {
            if (std::find(used_.begin(), used_.end(), signer.principal) != used_.end()) continue;
            if (!fills(signer, needed_[static_cast<std::size_t>(next - given_.begin())])) continue;
            *next = 1;
            used_.push_back(signer.principal);
            if (rest()) return true;
            used_.pop_back();
            *next = 0;
        }
        return false;
    }

    const Signed& event_;
    std::vector<Needed> needed_;
    std::vector<custody::Attestation> signers_;
    std::vector<char> given_;
    std::vector<Principal> used_;
};

}  // namespace

SiteId site_concerned(const Command& command) {
    switch (command.type) {
        case EventType::kRoleGranted: return std::get<custody::RoleGranted>(command.payload).grant.site;
        case EventType::kRoleRevoked: return std::get<custody::RoleRevoked>(command.payload).grant.site;
        case EventType::kPolicySet: return std::get<custody::PolicySet>(command.payload).site;
        default: return command.site;
    }
}

bool signed_for_site(const Signed& event, SiteId site) {
    const auto may = [&](Principal who, std::optional<Role> role) {
        return (role == Role::kVm || role == Role::kHq) &&
               event.rules.holds(who, *role, site, event.at, event.position);
    };
    const auto& attest = event.command.attest;
    return may(event.command.actor.principal, role_of(event.command.actor)) ||
           std::any_of(attest.begin(), attest.end(), [&](const auto& by) { return may(by.principal, by.role); });
}

std::string missing_signature(const Signed& event, bool manager) {
    auto needed = needed_for(event, manager);
    const std::size_t people = needed.size();
    if (Matching(event, std::move(needed)).possible()) return {};
    const auto& info = custody::info(event.command.type);
    return std::string(info.name) + " needs the signatures of " + std::string(info.who_text) +
           (manager ? " and of a VM (" : " (") + std::to_string(people) +
           (people == 1 ? " person" : " different people") + "), which it does not carry";
}

bool signed_by_headquarters(const Signed& event) {
    const Command& command = event.command;
    if (signs_as(event, command.actor.principal, role_of(command.actor), Role::kHq)) return true;
    return std::any_of(command.attest.begin(), command.attest.end(), [&](const custody::Attestation& by) {
        return signs_as(event, by.principal, by.role, Role::kHq);
    });
}

bool approved_by_manager(const Signed& event) {
    const Command& command = event.command;
    return command.late.approver != 0 &&
           std::any_of(command.attest.begin(), command.attest.end(), [&](const custody::Attestation& by) {
               return by.principal == command.late.approver && signs_as(event, by.principal, by.role, Role::kVm);
           });
}

}  // namespace daybook::audit
