// Registration, receiving, the vault day and counts.
#include "engine/codec/internal/payloads.h"
#include "schemas/daybook/v1/command.pb.h"

namespace daybook::codec {

namespace c = custody;

void read(c::LedgerCreated& out, std::string_view bytes, Reading& r) {
    using F = v1::LedgerCreated;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kEntityFieldNumber: return get(f, r, out.entity);
            case F::kCurrencyFieldNumber: out.currency = pack_currency(f.bytes()); return;
            case F::kGrantsFieldNumber: return get(f, r, out.grants);
            default: return;
        }
    });
}

namespace {

// The name of an enum's value, which lives as long as the program; empty for UNSPECIFIED and for a value not known.
template <class Name>
std::string_view name_of(const WireReader& field, Name&& name) {
    const std::uint64_t value = field.number_value();
    return value == 0 || value > 1000 ? std::string_view{} : std::string_view(name(static_cast<int>(value)));
}

// The type of a stone.
std::string_view stone_type(std::string_view bytes, Reading& r) {
    std::string_view type;
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == v1::Stone::kTypeFieldNumber) type = name_of(f, v1::Stone_Type_Name<int>);
    });
    return type;
}

}  // namespace

void read(c::ItemRegistered& out, std::string_view bytes, Reading& r) {
    using F = v1::ItemRegistered;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kEpcFieldNumber: return get(f, r, out.epc);
            case F::kOriginFieldNumber: return get_enum(f, r, c::Origin::kOpening, out.origin);
            case F::kOwnerFieldNumber: return get(f, r, out.owner);
            case F::kCategoryFieldNumber: out.category = name_of(f, v1::ItemRegistered_Category_Code_Name<int>); return;
            case F::kCollectionFieldNumber: return get(f, r, out.collection);
            case F::kModelFieldNumber: return get(f, r, out.model);
            case F::kMetalFieldNumber: out.metal = name_of(f, v1::ItemRegistered_Metal_Code_Name<int>); return;
            case F::kGrossMgFieldNumber: return get(f, r, out.gross_mg);
            case F::kStonesFieldNumber:
                if (out.stone.empty()) out.stone = stone_type(f.bytes(), r);
                return;
            case F::kCostFieldNumber: return get(f, r, out.cost);
            case F::kInsuredFieldNumber: return get(f, r, out.insured);
            case F::kRetailFieldNumber: return get(f, r, out.retail);
            case F::kOriginCountryFieldNumber: return get(f, r, out.country);
            case F::kCitesSpeciesFieldNumber: return get(f, r, out.cites_species);
            default: return;
        }
    });
}

void read(c::ItemAmended& out, std::string_view bytes, Reading& r) {
    using F = v1::ItemAmended;
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == F::kFieldFieldNumber) get_enum(f, r, c::AmendedField::kRetail, out.field);
        if (f.number() != F::kNewValueFieldNumber) return;
        each(f.bytes(), r, [&](const WireReader& value) {
            switch (value.number()) {
                case v1::AmendedValue::kMoneyFieldNumber: return get(value, r, out.money);
                case v1::AmendedValue::kGrossMgFieldNumber: return get(value, r, out.gross_mg);
                case v1::AmendedValue::kTextFieldNumber: return get(value, r, out.text);
                default: return;
            }
        });
    });
}

void read(c::IdentityResolved& out, std::string_view bytes, Reading& r) {
    using F = v1::IdentityResolved;
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == F::kRealItemFieldNumber) get(f, r, out.real);
        if (f.number() == F::kKeepFieldNumber) get(f, r, out.keep);
    });
}

void read(c::SupplyRegistered& out, std::string_view bytes, Reading& r) {
    using F = v1::SupplyRegistered;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kSupplyFieldNumber: return get(f, r, out.supply);
            case F::kSkuFieldNumber: return get(f, r, out.sku);
            case F::kUnitFieldNumber: return get(f, r, out.unit);
            case F::kReorderPointFieldNumber: return get(f, r, out.reorder_point);
            case F::kReorderQuantityFieldNumber: return get(f, r, out.reorder_quantity);
            default: return;
        }
    });
}

void read(c::AccountOpened& out, std::string_view bytes, Reading& r) {
    using F = v1::AccountOpened;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kAccountFieldNumber: return get(f, r, out.account);
            case F::kCapacityFieldNumber: return get(f, r, out.capacity);
            case F::kInsuredLimitFieldNumber: return get(f, r, out.insured_limit.emplace());
            case F::kSellableFieldNumber: return get(f, r, out.sellable);
            case F::kNightEmptyFieldNumber: return get(f, r, out.night_empty);
            default: return;
        }
    });
}

void read(c::AccountClosed& out, std::string_view bytes, Reading& r) {
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == v1::AccountClosed::kAccountFieldNumber) get(f, r, out.account);
    });
}

void read(c::PartyRegistered& out, std::string_view bytes, Reading& r) {
    using F = v1::PartyRegistered;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kPartyFieldNumber: return get(f, r, out.party);
            case F::kKindFieldNumber: return get_enum(f, r, c::PartyKind::kStaff, out.kind);
            case F::kCountryFieldNumber: return get(f, r, out.country);
            default: return;
        }
    });
}

// RoleGranted and RoleRevoked have the same fields under the same numbers.
static_assert(int{v1::RoleGranted::kGrantFieldNumber} == int{v1::RoleRevoked::kGrantFieldNumber} &&
              int{v1::RoleGranted::kFromFieldNumber} == int{v1::RoleRevoked::kFromFieldNumber} &&
              int{v1::RoleGranted::kToFieldNumber} == int{v1::RoleRevoked::kToFieldNumber});
void read(c::RoleChange& out, std::string_view bytes, Reading& r) {
    using F = v1::RoleGranted;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kGrantFieldNumber: return get(f, r, out.grant);
            case F::kFromFieldNumber: return get_time(f, out.from);
            case F::kToFieldNumber: return get_time(f, out.to);
            default: return;
        }
    });
}

namespace {

// A list of numbers, packed into one field or not.
template <class Take>
void each_number(const WireReader& f, Reading& r, Take&& take) {
    if (f.type() != WireType::kBytes) return take(f.number_value());
    WireReader list(f.bytes());
    while (!list.at_end()) {
        std::uint64_t value = 0;
        if (!list.varint(value)) {
            r.corrupt = true;
            return;
        }
        take(value);
    }
}

void read(c::DocRule& out, std::string_view bytes, Reading& r) {
    using F = v1::DocRule;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kFromFieldNumber: return get(f, r, out.from);
            case F::kToFieldNumber: return get(f, r, out.to);
            case F::kWhenFieldNumber: return get(f, r, out.when);
            case F::kTypesFieldNumber:
                return each_number(f, r, [&](std::uint64_t code) { out.types.push_back(doc_type(code, r)); });
            default: return;
        }
    });
}

void read(c::LocalTime& out, std::string_view bytes, Reading& r) {
    using F = v1::LocalTime;
    each(bytes, r, [&](const WireReader& f) {
        const auto value = static_cast<int>(f.number_value());
        if (f.number() == F::kHourFieldNumber) out.minute_of_day += 60 * (value % 24);
        if (f.number() == F::kMinuteFieldNumber) out.minute_of_day += value % 60;
        if (f.number() == F::kOffsetMinutesFieldNumber) out.offset_minutes = value;
    });
}

void read(c::PolicyValue& out, std::string_view bytes, Reading& r) {
    using F = v1::PolicyValue;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kNumberFieldNumber: return get(f, r, out.emplace<std::int64_t>());
            case F::kMoneyFieldNumber: return get(f, r, out.emplace<c::Money>());
            case F::kTimeFieldNumber: return read(out.emplace<c::LocalTime>(), f.bytes(), r);
            case F::kDocRulesFieldNumber: {
                auto& rules = out.emplace<std::vector<c::DocRule>>();
                return each(f.bytes(), r, [&](const WireReader& rule) { read(rules.emplace_back(), rule.bytes(), r); });
            }
            case F::kNumbersFieldNumber: {
                auto& numbers = out.emplace<std::vector<std::int64_t>>();
                return each(f.bytes(), r, [&](const WireReader& list) {
                    each_number(list, r,
                                [&](std::uint64_t value) { numbers.push_back(static_cast<std::int64_t>(value)); });
                });
            }
            case F::kTextFieldNumber: return get(f, r, out.emplace<std::string_view>());
            default: return;
        }
    });
}

}  // namespace

void read(c::PolicySet& out, std::string_view bytes, Reading& r) {
    using F = v1::PolicySet;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kKeyFieldNumber: return get(f, r, out.key);
            case F::kValueFieldNumber: return read(out.value, f.bytes(), r);
            case F::kSiteFieldNumber: return get(f, r, out.site);
            case F::kFromFieldNumber: return get_time(f, out.from);
            default: return;
        }
    });
}

void read(c::GoodsReceived& out, std::string_view bytes, Reading& r) {
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == v1::GoodsReceived::kBoughtFieldNumber) get(f, r, out.bought);
    });
}

void read(c::ReceivedFromClient& out, std::string_view bytes, Reading& r) {
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == v1::ReceivedFromClient::kPurposeFieldNumber) {
            get_enum(f, r, c::ReceivedPurpose::kConsignIn, out.purpose);
        }
    });
}

namespace {

// The three events that name a kind of difference have it under the same number.
static_assert(v1::ReceiptDiscrepancyRecorded::kKindFieldNumber == 1 && v1::DiscrepancyOpened::kKindFieldNumber == 1 &&
              v1::TransferExceptionRecorded::kKindFieldNumber == 1);
template <class T>
void read_difference(T& out, std::string_view bytes, Reading& r) {
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == 1) get_enum(f, r, c::DifferenceKind::kDocument, out.kind);
    });
}

}  // namespace

void read(c::ReceiptDiscrepancyRecorded& out, std::string_view bytes, Reading& r) { read_difference(out, bytes, r); }
void read(c::DiscrepancyOpened& out, std::string_view bytes, Reading& r) { read_difference(out, bytes, r); }
void read(c::TransferExceptionRecorded& out, std::string_view bytes, Reading& r) { read_difference(out, bytes, r); }

void read(c::VaultClosed& out, std::string_view bytes, Reading& r) {
    using F = v1::VaultClosed;
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == F::kClosingCountFieldNumber) get(f, r, out.closing_count);
        if (f.number() == F::kExceptionsFieldNumber) get(f, r, out.exceptions);
    });
}

void read(c::SignedOut& out, std::string_view bytes, Reading& r) {
    using F = v1::SignedOut;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kPurposeFieldNumber: return get_enum(f, r, c::SignOutPurpose::kSecurity, out.purpose);
            case F::kRecipientFieldNumber: return get(f, r, out.recipient);
            case F::kDueAtFieldNumber: return get_time(f, out.due_at);
            default: return;
        }
    });
}

void read(c::HandedOver& out, std::string_view bytes, Reading& r) {
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == v1::HandedOver::kDueAtFieldNumber) get_time(f, out.due_at);
    });
}

void read(c::MovedToHold& out, std::string_view bytes, Reading& r) {
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == v1::MovedToHold::kReasonFieldNumber) get_enum(f, r, c::HoldReason::kRecall, out.reason);
    });
}

void read(c::CustodianChanged& out, std::string_view bytes, Reading& r) {
    using F = v1::CustodianChanged;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kAccountFieldNumber: return get(f, r, out.account);
            case F::kOldCustodianFieldNumber: return get(f, r, out.old_custodian);
            case F::kNewCustodianFieldNumber: return get(f, r, out.new_custodian);
            case F::kCountFieldNumber: return get(f, r, out.count);
            default: return;
        }
    });
}

void read(c::CountOpened& out, std::string_view bytes, Reading& r) {
    using F = v1::CountOpened;
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == F::kKindFieldNumber) get_enum(f, r, c::CountKind::kHandover, out.kind);
        if (f.number() == F::kAccountsFieldNumber) get(f, r, out.accounts);
    });
}

// The count itself is the command's obligation_id.
void read(c::CountScanned&, std::string_view, Reading&) {}
void read(c::CountAbandoned&, std::string_view, Reading&) {}
void read(c::ObligationSettled&, std::string_view, Reading&) {}

void read(c::CountAttested& out, std::string_view bytes, Reading& r) {
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == v1::CountAttested::kListsFieldNumber) read_count_lists(f.bytes(), r, out.lists.emplace());
    });
}

void read(c::DiscrepancyResolved& out, std::string_view bytes, Reading& r) {
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == v1::DiscrepancyResolved::kOutcomeFieldNumber) {
            get_enum(f, r, c::DiscrepancyOutcome::kCountError, out.outcome);
        }
    });
}

void read(c::LossDeclared& out, std::string_view bytes, Reading& r) {
    using F = v1::LossDeclared;
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == F::kKindFieldNumber) get_enum(f, r, c::LossKind::kDestroyed, out.kind);
        if (f.number() == F::kTitleToInsurerFieldNumber) get(f, r, out.title_to_insurer);
    });
}

void read(c::DayClosed& out, std::string_view bytes, Reading& r) {
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == v1::DayClosed::kClosingCountFieldNumber) get(f, r, out.closing_count);
    });
}

}  // namespace daybook::codec
