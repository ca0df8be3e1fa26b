// E_SCHEMA where payload and books, or parts of the payload, have to agree. What needs no state and no other part is
// checked by codec before a Command exists.
#include <algorithm>

#include "engine/custody/internal/checks.h"

namespace daybook::custody {
namespace {

using Wrong = std::optional<std::string>;

// So great that nobody meets them, and small enough that sums of hundreds of thousands fit into 64 bits.
constexpr std::int64_t kMinorMax = 10'000'000'000'000;
constexpr std::int64_t kSupplyMax = 1'000'000'000'000;

// Insured and retail values are summed, so they are in the entity's currency.
Wrong check_currency(const Case& c, const Money& money, std::string_view field) {
    if (money.minor > kMinorMax)
        return std::string(field) + " is more than " + std::to_string(kMinorMax) + " minor units";
    if (money.currency == 0) return std::nullopt;
    const std::uint32_t currency = c.is(EventType::kLedgerCreated) ? money.currency : currency_of(c.books, c.at);
    if (money.currency == currency) return std::nullopt;
    return std::string(field) + " is in another currency than the entity's; give it as " +
           money_text(money.minor, currency);
}

Wrong check_first(const Case& c) {
    const bool first = c.context.position == 0;
    if (first == c.is(EventType::kLedgerCreated)) return std::nullopt;
    return first ? "the first event of a ledger is LedgerCreated"
                 : "LedgerCreated is the first event of a ledger, and this ledger has one";
}

// Where a new piece is and whose it is follow from where it comes from.
Wrong check_registration(const Case& c) {
    const auto& payload = c.payload<ItemRegistered>();
    if (c.command.lines.size() != 1) return "lines: a registration describes one piece; send one command for each";
    if (Wrong wrong = check_currency(c, payload.insured, "insured")) return wrong;
    if (Wrong wrong = check_currency(c, payload.retail, "retail")) return wrong;
    const OwnerKind owner = payload.owner.kind;
    const bool owned_ok = payload.origin == Origin::kSupplier
                              ? owner == OwnerKind::kVendor || owner == OwnerKind::kHouse
                          : payload.origin == Origin::kClient ? owner == OwnerKind::kClient
                          : payload.origin == Origin::kFound  ? owner == OwnerKind::kUnknown
                                                              : owner != OwnerKind::kUnknown;
    if (!owned_ok) {
        return "owner " + describe(payload.owner) +
               " does not go with the origin: SUPPLIER asks for VENDOR or HOUSE, CLIENT for CLIENT, FOUND for none, "
               "OPENING for the one who owns it";
    }
    const AccountId& to = c.lines[0].to;
    if (to.empty()) return "to: name the outside account where the piece is, as EXT/SUPPLIER/{party}";
    const auto state = state_of(to.kind);
    const State expected = payload.origin == Origin::kClient  ? State::kX2
                           : payload.origin == Origin::kFound ? State::kF
                                                              : State::kX1;
    if (state && contains(c.lines[0].cell.targets, *state) && *state != expected) {
        return "to: " + to.path() +
               " does not go with the origin: SUPPLIER and OPENING go to EXT/SUPPLIER or EXT/ENTITY, CLIENT to "
               "EXT/CLIENT, FOUND to SUSPENSE/{site}/FOUND";
    }
    return std::nullopt;
}

Wrong check_amendment(const Case& c) {
    const auto& payload = c.payload<ItemAmended>();
    const bool summed = payload.field == AmendedField::kInsured || payload.field == AmendedField::kRetail;
    return summed ? check_currency(c, payload.money, "new_value") : std::nullopt;
}

Wrong check_account_opened(const Case& c) {
    const auto& payload = c.payload<AccountOpened>();
    if (!payload.account.must_be_opened()) return payload.account.path() + " is not below SITE/: it needs no opening";
    return payload.insured_limit ? check_currency(c, *payload.insured_limit, "insured_limit") : std::nullopt;
}

Wrong check_role_change(const Case& c, const RoleChange& change) {
    const Micros from = change.from == 0 ? c.at : change.from;
    if (change.to == 0 || change.to > from) return std::nullopt;
    return "to: " + format_time(change.to) + " does not lie after from";
}

Wrong check_override(const Case& c) {
    const auto& payload = c.payload<LimitOverrideApproved>();
    if (!names_limit(payload.limit))
        return "limit: '" + std::string(payload.limit) +
               "' is no limit; name limit.parcel, limit.carrier.{party}, limit.memo_party.{party}, limit.overnight, or "
               "an account";
    if (payload.until <= c.at) return "until: " + format_time(payload.until) + " does not lie after the event";
    return check_currency(c, payload.allowed, "allowed");
}

Wrong check_dispatch(const Case& c) {
    const auto& payload = c.payload<TransferDispatched>();
    const bool to_site = payload.dest.site != 0;
    if (to_site != payload.dest.account.empty()) return "dest: name a site or an outside account, and not both";
    if (c.dispatched_to() != State::kM) return std::nullopt;
    if (payload.dest.party == 0) return "dest.party: name the memo party";
    if (payload.memo_purpose == MemoPurpose::kUnspecified) return "memo_purpose: say what the memo is for";
    return std::nullopt;
}

// An event about pieces or supplies names them, and no other does.
Wrong check_lines(const Case& c) {
    const LineKind kind = c.event.lines;
    if (kind == LineKind::kItemOptional) return std::nullopt;
    const bool wanted = kind != LineKind::kNone && kind != LineKind::kEngine;
    if (wanted != c.command.lines.empty()) return std::nullopt;
    return wanted ? "lines: name what the event is about" : "lines: the event has none of its own";
}

// A discrepancy is about one piece, which its resolution names, so that it is in the piece's chain; or about none.
Wrong check_resolution(const Case& c) {
    if (c.command.lines.size() > 1)
        return "lines: a discrepancy is about one piece at most; send one command for each";
    if (!c.command.lines.empty()) return std::nullopt;
    const Obligation* discrepancy = c.books.find_open(c.payload<DiscrepancyResolved>().discrepancy);
    if (discrepancy == nullptr || discrepancy->item.empty() || discrepancy->by_declared_missing) return std::nullopt;
    return "lines: the discrepancy is about piece " + discrepancy->item.text() + "; name it";
}

// A discrepancy about something that is not registered has no line, and any other has.
Wrong check_optional_lines(const Case& c) {
    const bool none = c.command.lines.empty();
    const auto unregistered = [&](DifferenceKind kind, DifferenceKind first, DifferenceKind second) -> Wrong {
        const bool describes = kind == first || kind == second;
        if (describes == none) return std::nullopt;
        const std::string name(kind_name(kind));
        return none ? "lines: " + name + " is about pieces; name them"
                    : "lines: " + name + " has none; describe what came in note and docs";
    };
    switch (c.command.type) {
        case EventType::kReceiptDiscrepancyRecorded:
            return unregistered(c.payload<ReceiptDiscrepancyRecorded>().kind, DifferenceKind::kOver,
                                DifferenceKind::kWrong);
        case EventType::kTransferExceptionRecorded:
            return unregistered(c.payload<TransferExceptionRecorded>().kind, DifferenceKind::kOver,
                                DifferenceKind::kWrongItem);
        case EventType::kDiscrepancyOpened: {
            const DifferenceKind kind = c.payload<DiscrepancyOpened>().kind;
            if (!none || kind == DifferenceKind::kQuantity || kind == DifferenceKind::kDocument) return std::nullopt;
            return "lines: " + std::string(kind_name(kind)) + " is about pieces; name them";
        }
        case EventType::kDiscrepancyResolved: return check_resolution(c);
        default: return std::nullopt;
    }
}

// A TransferDelivered opens a MEMO_OUT or WORKSHOP where the transfer goes there: one, and so for one account.
Wrong check_delivery(const Case& c) {
    const AccountId* owed = nullptr;
    for (const LineCase& line : c.lines) {
        const Obligation* transfer = c.transfer(line);
        if (transfer == nullptr || transfer->to_account.empty()) continue;
        const auto to = state_of(transfer->to_account.kind);
        if (to != State::kM && to != State::kW) continue;
        if (owed != nullptr && *owed != transfer->to_account)
            return "lines go to " + owed->path() + " and to " + transfer->to_account.path() +
                   "; send one event for each";
        owed = &transfer->to_account;
    }
    if (owed == nullptr) return std::nullopt;
    if (c.command.obligation.empty())
        return "obligation_id: the delivery to " + owed->path() +
               " opens an obligation; name it with a UUID never used before";
    if (c.payload<TransferDelivered>().party == 0) return "party: name the memo party or the workshop";
    return std::nullopt;
}

// What the event opens has a name.
Wrong check_opening(const Case& c) {
    if (c.event.opens == 0) return std::nullopt;
    if (c.is(EventType::kTransferDelivered)) return check_delivery(c);
    const bool opens = !c.is(EventType::kSaleCompleted) || c.payload<SaleCompleted>().handover == Handover::kLater;
    if (!opens || !c.command.obligation.empty()) return std::nullopt;
    return "obligation_id: " + std::string(c.event.name) +
           " opens an obligation; name it with a UUID never used before";
}

Wrong check_supply_lines(const Case& c) {
    const bool is_signed = c.payload<SupplyMoved>().kind == SupplyMove::kCountAdjust;
    for (std::size_t i = 0; i < c.lines.size(); ++i) {
        const std::string at = "lines[" + std::to_string(i) + "]";
        for (const std::int64_t amount : {c.command.lines[i].quantity, c.command.lines[i].measure}) {
            if (amount < 0 && !is_signed) return at + ": a quantity below zero is for COUNT_ADJUST alone";
            if (amount > kSupplyMax || amount < -kSupplyMax)
                return at + ": no more than " + std::to_string(kSupplyMax) + " at once";
        }
        if (c.lines[i].from.empty()) return at + ".from: name the outside account that the supplies come from";
    }
    return std::nullopt;
}

Wrong check_targets(const Case& c) {
    if (c.event.lines == LineKind::kSupply) return check_supply_lines(c);
    if (c.event.lines != LineKind::kMove || !must_name_target(c)) return std::nullopt;
    for (std::size_t i = 0; i < c.command.lines.size(); ++i) {
        if (!c.command.lines[i].to.empty() || !c.command.to.empty()) continue;
        return "lines[" + std::to_string(i) + "].to: name the account where the piece goes";
    }
    return std::nullopt;
}

Wrong check_payload(const Case& c) {
    switch (c.command.type) {
        case EventType::kItemRegistered: return check_registration(c);
        case EventType::kItemAmended: return check_amendment(c);
        case EventType::kAccountOpened: return check_account_opened(c);
        case EventType::kRoleGranted: return check_role_change(c, c.payload<RoleGranted>());
        case EventType::kRoleRevoked: return check_role_change(c, c.payload<RoleRevoked>());
        case EventType::kPolicySet: return policy_fault(c.books, c.payload<PolicySet>());
        case EventType::kMemoOutIssued: return check_currency(c, c.payload<MemoOutIssued>().insured, "insured");
        case EventType::kTransferDispatched: return check_dispatch(c);
        case EventType::kLimitOverrideApproved: return check_override(c);
        case EventType::kCorrectionDeclared: return correction_fault(c);
        default: return std::nullopt;
    }
}

}  // namespace

Fault check_schema(const Case& c) {
    using SchemaCheck = Wrong (*)(const Case&);
    static constexpr SchemaCheck kChecks[] = {check_first,          check_lines,   check_payload,
                                              check_optional_lines, check_opening, check_targets};
    for (const SchemaCheck check : kChecks) {
        if (Wrong wrong = check(c)) return refuse(RefusalCode::kSchema, std::string(c.event.name) + ": " + *wrong);
    }
    return std::nullopt;
}

}  // namespace daybook::custody
