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

std::vector<Needed> needed_for(const Command& command, Micros at, Position position, const Rules& rules) {
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
    if (const auto* memo = std::get_if<custody::MemoOutIssued>(&command.payload)) {
        const auto bound = rules.money("sign.memo_value", command.site, at, position);
        also(bound && memo->insured.minor > *bound, Role::kVm);
    } else if (const auto* sale = std::get_if<custody::SaleCompleted>(&command.payload)) {
        const std::int64_t discount = sale->discount_thousandths;
        also(discount > rules.number("sign.discount", command.site, at, position, 100), Role::kSm);
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

// Tries every way to give each needed signature to somebody who has not signed for another one.
class Matching {
public:
    Matching(const Command& command, Micros at, Position position, const Rules& rules, std::vector<Needed> needed)
        : command_(command), at_(at), position_(position), rules_(rules), needed_(std::move(needed)) {
        signers_.push_back({command.actor.principal, command.actor.role == Role{} ? std::nullopt
                                                                                  : std::optional(command.actor.role)});
        signers_.insert(signers_.end(), command.attest.begin(), command.attest.end());
    }

    bool possible() {
        // The actor has one of them: a named one, or the first.
        for (std::size_t i = 0; i < needed_.size(); ++i) {
            const bool open = needed_[i].roles == custody::kAnyone && needed_[i].person == 0;
            if ((open && i != 0) || !fills(signers_[0], needed_[i])) continue;
            given_.assign(needed_.size(), 0);
            used_ = {signers_[0].principal};
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
               rules_.holds(signer.principal, *signer.role, command_.site, at_, position_ + 1);
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

    const Command& command_;
    Micros at_;
    Position position_;
    const Rules& rules_;
    std::vector<Needed> needed_;
    std::vector<custody::Attestation> signers_;
    std::vector<char> given_;
    std::vector<Principal> used_;
};

}  // namespace

std::string missing_signature(const Command& command, Micros at, Position position, const Rules& rules) {
    auto needed = needed_for(command, at, position, rules);
    const std::size_t people = needed.size();
    if (Matching(command, at, position, rules, std::move(needed)).possible()) return {};
    return std::string(custody::info(command.type).name) + " needs the signatures of " +
           std::string(custody::info(command.type).who_text) + " (" + std::to_string(people) +
           (people == 1 ? " person" : " different people") + "), which it does not carry";
}

}  // namespace daybook::audit
