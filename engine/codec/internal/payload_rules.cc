#include "engine/codec/internal/payload_rules.h"

#include <algorithm>
#include <initializer_list>
#include <type_traits>
#include <variant>

#include "engine/codec/internal/field.h"
#include "engine/codec/internal/rules.h"
#include "engine/codec/internal/tables.h"
#include "schemas/daybook/v1/command.pb.h"

namespace daybook::codec {
namespace {

namespace c = custody;

bool bad(Fault& fault, std::string path, std::string text) {
    fault.path = std::move(path);
    fault.text = std::move(text);
    return false;
}

// [from, to); to 0: open.
bool period(Micros from, Micros to, std::string_view name, Fault& fault) {
    return to == 0 || to > from ||
           bad(fault, std::string(name), "is not after the beginning; the period is [from, to)");
}

bool owner(const c::Owner& owner, std::string_view name, Fault& fault) {
    const bool numbered = owner.kind == c::OwnerKind::kHouse || owner.kind == c::OwnerKind::kVendor ||
                          owner.kind == c::OwnerKind::kClient;
    if (numbered && owner.id == 0)
        return bad(fault, std::string(name) + ".id", "missing; give the number of the entity or party");
    if (!numbered && owner.id != 0)
        return bad(fault, std::string(name) + ".id", "not wanted; this kind of owner has no number");
    return true;
}

bool one_of(c::DifferenceKind kind, std::initializer_list<c::DifferenceKind> allowed, Fault& fault) {
    if (std::find(allowed.begin(), allowed.end(), kind) != allowed.end()) return true;
    const EnumTable& values = *message_table("daybook.v1.DiscrepancyOpened")->find("kind")->values;
    std::string choices;
    for (const auto each : allowed)
        (choices += choices.empty() ? "" : ", ") += values.name(static_cast<std::uint64_t>(each));
    return bad(
        fault, "kind",
        std::string(values.name(static_cast<std::uint64_t>(kind))) + " is not for this event; give one of " + choices);
}

// Kinds that describe what has no id have no line; all others have at least one.
bool difference_lines(const c::Command& command, bool without, bool optional, Fault& fault) {
    if (without && !command.lines.empty())
        return bad(fault, "", "of this kind has no lines; describe what came in note and docs");
    if (!without && !optional && command.lines.empty())
        return bad(fault, "", "of this kind needs lines: the pieces it is about");
    return true;
}

template <class T>
bool check(const c::Command&, const T&, Fault&) {
    return true;
}

bool check(const c::Command& command, const c::LedgerCreated& p, Fault& fault) {
    return p.entity == command.entity ||
           bad(fault, "entity",
               std::to_string(p.entity) + " is not the command's entity, " + std::to_string(command.entity));
}

bool check(const c::Command&, const c::ItemRegistered& p, Fault& fault) {
    if (p.origin == c::Origin::kFound) {
        return p.owner.kind == c::OwnerKind::kUnknown ||
               bad(fault, "owner.kind", "is known; a found piece has the owner UNKNOWN until TitleTransferred");
    }
    if (p.owner.kind == c::OwnerKind::kUnknown) {
        return bad(fault, "owner", "missing; say whose piece it is: HOUSE, VENDOR, CLIENT or INSURER");
    }
    return owner(p.owner, "owner", fault);
}

bool check(const c::Command& command, const c::ItemAmended& p, Fault& fault) {
    // Which value was sent is read from the bytes: 0 is one.
    bool money = false;
    bool weight = false;
    bool text = false;
    for (WireReader field(command.bytes); field.next();) {
        if (field.number() != v1::Command::kItemAmendedFieldNumber) continue;
        for (WireReader payload(field.bytes()); payload.next();) {
            if (payload.number() != v1::ItemAmended::kNewValueFieldNumber) continue;
            for (WireReader value(payload.bytes()); value.next();) {
                money = money || value.number() == v1::AmendedValue::kMoneyFieldNumber;
                weight = weight || value.number() == v1::AmendedValue::kGrossMgFieldNumber;
                text = text || value.number() == v1::AmendedValue::kTextFieldNumber;
            }
        }
    }
    switch (p.field) {
        case c::AmendedField::kDescription:
        case c::AmendedField::kModel: return text || bad(fault, "new_value.text", "missing; this field is a text");
        case c::AmendedField::kWeight:
            return weight || bad(fault, "new_value.gross_mg", "missing; this field is a weight");
        case c::AmendedField::kCost:
        case c::AmendedField::kInsured:
        case c::AmendedField::kRetail:
            return money || bad(fault, "new_value.money", "missing; this field is an amount of money");
        case c::AmendedField::kUnspecified: break;
    }
    return true;  // the schema has refused it
}

bool check(const c::Command& command, const c::IdentityResolved& p, Fault& fault) {
    if (p.keep == !p.real.empty()) {
        return bad(fault, "real_item",
                   p.keep ? "stands beside keep; give one of them" : "missing; name the real piece, or say keep");
    }
    const bool itself = !command.lines.empty() && command.lines.front().item == p.real;
    return !itself || bad(fault, "real_item", "is the found piece itself; say keep instead");
}

bool check(const c::Command&, const c::AccountOpened& p, Fault& fault) {
    return p.account.must_be_opened() ||
           bad(fault, "account", "'" + p.account.path() + "' exists of itself; only accounts below SITE/ are opened");
}
bool check(const c::Command&, const c::AccountClosed& p, Fault& fault) {
    return p.account.must_be_opened() ||
           bad(fault, "account", "'" + p.account.path() + "' exists of itself; only accounts below SITE/ are closed");
}

bool check(const c::Command&, const c::RoleGranted& p, Fault& fault) { return period(p.from, p.to, "to", fault); }
bool check(const c::Command&, const c::RoleRevoked& p, Fault& fault) { return period(p.from, p.to, "to", fault); }
bool check(const c::Command&, const c::PolicySet& p, Fault& fault) { return check_policy(p, fault); }

bool check(const c::Command& command, const c::ReceiptDiscrepancyRecorded& p, Fault& fault) {
    using enum c::DifferenceKind;
    return one_of(p.kind, {kShort, kOver, kWrong, kDamaged, kSeal}, fault) &&
           difference_lines(command, p.kind == kOver || p.kind == kWrong, false, fault);
}
bool check(const c::Command& command, const c::DiscrepancyOpened& p, Fault& fault) {
    using enum c::DifferenceKind;
    return one_of(p.kind, {kMissing, kUnexpected, kMisplaced, kCondition, kQuantity, kSeal, kDocument}, fault) &&
           difference_lines(command, false, p.kind == kQuantity || p.kind == kDocument, fault);
}
bool check(const c::Command& command, const c::TransferExceptionRecorded& p, Fault& fault) {
    using enum c::DifferenceKind;
    return one_of(p.kind, {kShort, kOver, kDamaged, kSealBroken, kWeightDiff, kWrongItem}, fault) &&
           difference_lines(command, p.kind == kOver || p.kind == kWrongItem, false, fault);
}

bool destination(const c::Destination& dest, Fault& fault) {
    if (dest.site != 0 && !dest.account.empty())
        return bad(fault, "dest.account", "stands beside a site; a transfer goes to one of them");
    if (dest.site == 0 && dest.account.empty())
        return bad(fault, "dest", "names neither a site nor an outside account");
    if (dest.account.empty()) return true;
    const auto name = c::to_string(dest.account.kind);
    return name.starts_with("EXT/") ||
           bad(fault, "dest.account",
               "'" + dest.account.path() + "' is not outside; a transfer goes to a site or to an account below EXT/");
}
bool outbound(c::TransferPurpose purpose, Fault& fault) {
    return purpose < c::TransferPurpose::kSupply ||
           bad(fault, "purpose", "is one of inbound_dispatched; this event is of what the house sends");
}

bool check(const c::Command&, const c::TransferRequested& p, Fault& fault) {
    return destination(p.dest, fault) && outbound(p.purpose, fault);
}
bool check(const c::Command&, const c::TransferDispatched& p, Fault& fault) {
    if (!destination(p.dest, fault) || !outbound(p.purpose, fault)) return false;
    const bool memo = p.dest.account.kind == c::AccountClass::kExtMemo && !p.dest.account.empty();
    if (!memo)
        return p.memo_purpose == c::MemoPurpose::kUnspecified ||
               bad(fault, "memo_purpose", "is for a transfer to a memo account");
    if (p.memo_purpose == c::MemoPurpose::kUnspecified)
        return bad(fault, "memo_purpose", "missing; the transfer goes to a memo account");
    return p.dest.party != 0 || bad(fault, "dest.party", "missing; name the party of the memo");
}
bool check(const c::Command&, const c::InboundDispatched& p, Fault& fault) {
    return p.purpose >= c::TransferPurpose::kSupply ||
           bad(fault, "purpose",
               "is of what the house sends; give one of SUPPLY, MEMO_RETURN, REPAIR_RETURN, CLIENT_SEND_IN");
}

bool check(const c::Command&, const c::MemoOutIssued& p, Fault& fault) {
    return c::AccountId::parse("EXT/MEMO/" + std::string(p.memo)).has_value() ||
           bad(fault, "memo", quoted(p.memo) + " is no memo number; write up to 16 of A-Z a-z 0-9 . _ -");
}
bool check(const c::Command&, const c::TitleTransferred& p, Fault& fault) {
    if (!owner(p.from, "from", fault) || !owner(p.to, "to", fault)) return false;
    return p.from != p.to || bad(fault, "to", "is the owner that it has");
}

bool check(const c::Command&, const c::ComplianceDocAttached& p, Fault& fault) {
    const bool allowed = p.type >= c::DocType::kCarnet && p.type <= c::DocType::kInsurance;
    if (!allowed)
        return bad(fault, "type",
                   "is not of compliance; give one of CARNET, CITES, KP_SOW, EXPORT_DECL, IMPORT, CERT_LAB, INSURANCE");
    return period(p.from, p.to, "valid_to", fault);
}

bool check(const c::Command&, const c::CorrectionDeclared& p, Fault& fault) {
    if (p.reason == c::CorrectionReason::kDidNotOccur && !p.correctives.empty()) {
        return bad(fault, "correctives", "not wanted; what did not occur is not replaced");
    }
    for (std::size_t i = 0; i < p.correctives.size(); ++i) {
        if (std::find(p.correctives.begin(), p.correctives.begin() + static_cast<std::ptrdiff_t>(i),
                      p.correctives[i]) != p.correctives.begin() + static_cast<std::ptrdiff_t>(i)) {
            return bad(fault, "correctives[" + std::to_string(i) + "]", "is there already");
        }
    }
    return true;
}

}  // namespace

bool check_payload(const c::Command& command, Fault& fault) {
    const bool good = std::visit([&](const auto& payload) { return check(command, payload, fault); }, command.payload);
    if (!good) fault.within(payload_name(command.type));
    return good;
}

}  // namespace daybook::codec
