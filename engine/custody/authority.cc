// Who may do it, and who else must sign. The rule is the `who` of schemas/state_machine.json, with the signers that
// the domain's catalogue (§6) puts in brackets and the two custodians of a CustodianChanged.
#include <algorithm>
#include <array>

#include "engine/base/limits.h"
#include "engine/custody/internal/checks.h"
#include "engine/custody/past.h"

namespace daybook::custody {
namespace {

// One signature that is needed: of somebody who holds one of the roles, and who is `person`, if that is not 0.
struct Slot {
    RoleSet roles = kAnyone;
    Principal person = 0;
};
struct Signers {
    std::array<Slot, 4> slot{};
    std::size_t count = 0;
    void add(Slot next) { slot[count++] = next; }
};

bool granted_at_birth(const Case& c, Principal who, Role role) {
    const auto& grants = c.payload<LedgerCreated>().grants;
    return std::any_of(grants.begin(), grants.end(), [&](const Grant& grant) {
        return grant.principal == who && grant.role == role && (grant.site == 0 || grant.site == c.command.site);
    });
}

// The site whose roles or policies an event changes; else its own.
SiteId site_concerned(const Command& command) {
    switch (command.type) {
        case EventType::kRoleGranted: return std::get<RoleGranted>(command.payload).grant.site;
        case EventType::kRoleRevoked: return std::get<RoleRevoked>(command.payload).grant.site;
        case EventType::kPolicySet: return std::get<PolicySet>(command.payload).site;
        default: return command.site;
    }
}

// Whether a principal holds a role at the event's time and site. Who changes roles or policies of another site than
// the event's, or of all, must hold the role there too: otherwise a site could give itself what is the house's.
bool holds(const Case& c, Principal who, Role role) {
    if (c.is(EventType::kLedgerCreated)) return granted_at_birth(c, who, role);
    const SiteId site = c.command.site, concerned = site_concerned(c.command);
    return c.books.holds_role(who, role, site, c.at) &&
           (concerned == site || c.books.holds_role(who, role, concerned, c.at));
}

std::string site_text(SiteId site) {
    return site == 0 ? std::string("the whole entity") : "site " + std::to_string(site);
}

// What the memo is worth: as the paper says or as the books do, whichever is more.
bool memo_needs_manager(const Case& c) {
    const auto bound = policy_money(c.books, "sign.memo_value", c.command.site, c.at);
    if (!bound) return false;
    std::int64_t worth = 0;
    for (const LineCase& line : c.lines) worth += line.item == nullptr ? 0 : line.item->insured_minor;
    return std::max(worth, c.payload<MemoOutIssued>().insured.minor) > *bound;
}

bool sale_needs_manager(const Case& c) {
    const std::int64_t discount = c.payload<SaleCompleted>().discount_thousandths;
    return discount > 0 &&
           discount > policy_number(c.books, "sign.discount", c.command.site, c.at, kDiscountThousandths);
}

Signers needed(const Case& c) {
    Signers slots;
    if (c.is(EventType::kCustodianChanged)) {
        const auto& payload = c.payload<CustodianChanged>();
        slots.add({kAnyone, payload.old_custodian});
        slots.add({kAnyone, payload.new_custodian});
        slots.add({bit(Role::kVm), 0});
        return slots;
    }
    for (std::size_t i = 0; i < c.event.who.count; ++i) slots.add({c.event.who.signers[i], 0});
    switch (c.command.type) {
        case EventType::kItemAmended: {
            const AmendedField field = c.payload<ItemAmended>().field;
            const bool money =
                field == AmendedField::kCost || field == AmendedField::kInsured || field == AmendedField::kRetail;
            if (money) slots.slot[0].roles = bit(Role::kVm);
            break;
        }
        case EventType::kMemoOutIssued:
            if (memo_needs_manager(c)) slots.add({bit(Role::kVm), 0});
            break;
        case EventType::kSaleCompleted:
            if (sale_needs_manager(c)) slots.add({bit(Role::kSm), 0});
            break;
        case EventType::kReleasedToClient:
            if (!c.payload<ReleasedToClient>().collector_is_owner) slots.add({bit(Role::kVm), 0});
            break;
        default: break;
    }
    return slots;
}

bool names_role(const Slot& slot) { return slot.roles != kAnyone; }

// A signature: the actor's, or an attestation's.
struct Signature {
    Principal who = 0;
    std::optional<Role> role;
};

bool fills(const Case& c, const Signature& signature, const Slot& slot) {
    if (slot.person != 0 && slot.person != signature.who) return false;
    if (!names_role(slot)) return true;
    return signature.role && contains(slot.roles, *signature.role) && holds(c, signature.who, *signature.role);
}

// "The actor counts as a signer and must fill a named role (the first, if that one is open)." A role that the actor
// claims is one that he holds, wherever he signs.
bool actor_fills(const Case& c, const Signers& slots, std::size_t at) {
    const Slot& slot = slots.slot[at];
    if (!names_role(slot) && slot.person == 0 && at != 0) return false;
    const Actor& actor = c.command.actor;
    const Signature signature{actor.principal, actor.role == Role{} ? std::nullopt : std::optional(actor.role)};
    if (!fills(c, signature, slot)) return false;
    return names_role(slot) || !signature.role || holds(c, actor.principal, *signature.role);
}

// Finds a signature for each slot that has none yet, each signature used once. Few slots and few signatures: tried out.
class Assignment {
public:
    enum class Distinct { kPrincipals, kSignaturesOnly };
    Assignment(const Case& c, const Signers& slots, Distinct distinct) : c_(c), slots_(slots), distinct_(distinct) {}

    bool possible() {
        for (std::size_t at = 0; at < slots_.count; ++at) {
            if (!actor_fills(c_, slots_, at)) continue;
            taken_by_actor_ = at;
            if (fill(0)) return true;
        }
        return false;
    }

private:
    bool fill(std::size_t at) {
        if (at == slots_.count) return true;
        if (at == taken_by_actor_) return fill(at + 1);
        for (std::size_t i = 0; i < c_.command.attest.size() && i < used_.size(); ++i) {
            const Attestation& attestation = c_.command.attest[i];
            if (used_[i] || (distinct_ == Distinct::kPrincipals && counted(attestation.principal))) continue;
            if (!fills(c_, {attestation.principal, attestation.role}, slots_.slot[at])) continue;
            used_[i] = true;
            const bool filled = fill(at + 1);
            used_[i] = false;
            if (filled) return true;
        }
        return false;
    }
    [[nodiscard]] bool counted(Principal who) const {
        if (who == c_.command.actor.principal) return true;
        for (std::size_t i = 0; i < c_.command.attest.size() && i < used_.size(); ++i) {
            if (used_[i] && c_.command.attest[i].principal == who) return true;
        }
        return false;
    }

    const Case& c_;
    const Signers& slots_;
    Distinct distinct_;
    std::size_t taken_by_actor_ = 0;
    std::array<bool, limits::kAttestationsMax> used_{};
};

std::string slots_text(const Signers& slots) {
    std::string text;
    for (std::size_t i = 0; i < slots.count; ++i) {
        if (i != 0) text += " + ";
        const Slot& slot = slots.slot[i];
        if (slot.person != 0) {
            text += "person " + std::to_string(slot.person);
        } else if (!names_role(slot)) {
            text += "anyone else";
        } else {
            bool first = true;
            for (std::size_t role = 1; role <= kRoleCount; ++role) {
                if (!contains(slot.roles, static_cast<Role>(role))) continue;
                text += (first ? "" : "/") + std::string(to_string(static_cast<Role>(role)));
                first = false;
            }
        }
    }
    return text;
}

std::string place_text(const Case& c) {
    return site_text(c.command.site) + " at " + format_time(c.at);
}

bool signed_for_site(const Case& c, SiteId site) {
    const auto may = [&](Principal who, std::optional<Role> role) {
        return (role == Role::kVm || role == Role::kHq) && c.books.holds_role(who, *role, site, c.at);
    };
    const auto& attest = c.command.attest;
    return may(c.command.actor.principal, c.command.actor.role) ||
           std::any_of(attest.begin(), attest.end(), [&](const auto& by) { return may(by.principal, by.role); });
}

Fault check_site_reached(const Case& c, const PastEvent& event) {
    for (const SiteId site : {event.command->site, site_concerned(*event.command)}) {
        if (site == c.command.site || signed_for_site(c, site)) continue;
        Refusal refusal = refuse(RefusalCode::kDualControl,
                                 "Event " + std::to_string(event.position) + ", " +
                                     std::string(info(event.command->type).name) + ", is of " + site_text(site) +
                                     ", and is corrected with the signature of somebody who is VM or HQ there; add " +
                                     "the attestation");
        refusal.event = event.position;
        return refusal;
    }
    return std::nullopt;
}

// What a correction takes out or brings back is of its own site, or somebody signs who may say so at the other one. For
// the same reason.
Fault check_sites_reached(const Case& c) {
    const CorrectionPast* past = c.context.past == nullptr ? nullptr : c.context.past->correction;
    if (!c.is(EventType::kCorrectionDeclared) || past == nullptr) return std::nullopt;
    if (Fault fault = check_site_reached(c, past->target)) return fault;
    for (const PastEvent& change : past->changes) {
        if (Fault fault = check_site_reached(c, change)) return fault;
    }
    return std::nullopt;
}

}  // namespace

std::string signers_text(const Case& c) { return slots_text(needed(c)); }

Fault check_role(const Case& c) {
    const Signers slots = needed(c);
    for (std::size_t at = 0; at < slots.count; ++at) {
        if (actor_fills(c, slots, at)) return std::nullopt;
    }
    const Actor& actor = c.command.actor;
    const std::string claim = actor.role == Role{} ? "no role" : std::string(to_string(actor.role));
    return refuse(RefusalCode::kNotAuthorised,
                  "Principal " + std::to_string(actor.principal) + ", who signs as " + claim + ", may not record " +
                      std::string(c.event.name) + " for " + place_text(c) + ": it is signed by " + slots_text(slots) +
                      "; let somebody who holds that role there send it, or have the role granted first (RoleGranted)");
}

Fault check_dual_control(const Case& c) {
    if (Fault fault = check_declarer(c)) return fault;
    const Signers slots = needed(c);
    if (slots.count == 1) return std::nullopt;
    // The commonest rules need no search: the actor, as the role check has seen, and anyone else.
    const bool and_anyone = slots.count == 2 && !names_role(slots.slot[1]) && slots.slot[1].person == 0;
    const auto& attest = c.command.attest;
    const auto another = [&](const Attestation& by) { return by.principal != c.command.actor.principal; };
    if (and_anyone && std::any_of(attest.begin(), attest.end(), another)) return std::nullopt;
    if (Assignment(c, slots, Assignment::Distinct::kPrincipals).possible()) return check_sites_reached(c);
    const std::string rule = std::string(c.event.name) + " is signed by " + slots_text(slots) + ", " +
                             std::to_string(slots.count) + " different people who hold these roles for " +
                             place_text(c);
    if (Assignment(c, slots, Assignment::Distinct::kSignaturesOnly).possible()) {
        return refuse(RefusalCode::kSelfWitness, rule + ": one of them has signed twice; let another person attest");
    }
    return refuse(RefusalCode::kDualControl, rule + ": a signature is missing; add the attestation");
}

}  // namespace daybook::custody
