// What is particular to a type of event and about a piece: its registration, its title, its flags, its attributes.
#include "engine/custody/internal/applier.h"

namespace daybook::custody {

void Applier::register_piece(std::uint32_t line) {
    const auto& registered = payload<ItemRegistered>();
    const LineFacts& facts = decided_.lines[line];
    DAYBOOK_ASSERT(!facts.item.empty() && books_.items.slot(facts.item) == 0 && facts.prev == kNoPosition);
    Item item;
    item.id = facts.item;
    item.account = facts.to;
    if (facts.to.kind != AccountClass::kSuspenseFound) item.owner = registered.owner;
    item.last = item.since_event = event_.position;
    item.last_at = item.since = at();
    item.insured_minor = registered.insured.minor;
    item.retail_minor = registered.retail.minor;
    item.gross_mg = registered.gross_mg;
    item.version = 1;
    item.model = books_.names.add(registered.model);
    item.collection = books_.names.add(registered.collection);
    item.category = books_.names.add(registered.category);
    item.metal = books_.names.add(registered.metal);
    item.stone = books_.names.add(registered.stone);
    item.put_by = command_.site;
    if (!registered.cites_species.empty()) item.flags = kCites;

    slot_ = books_.items.add(item);
    enter_account(books_, slot_, key());
    note_move_for_counts(item.id, facts.from, facts.to, facts.from);
    out_.items.push_back({line, {}, books_.items[slot_]});
}

void Applier::set_owner(Item& item, Owner owner, EntityId sold_by) {
    item.owner = owner;
    item.sold_by = sold_by;
}

void Applier::leave_parcel(Item& item) {
    Parcel& parcel = books_.parcels.edit(item.parcel);
    DAYBOOK_ASSERT(parcel.pieces != 0);
    parcel.insured_minor -= item.insured_minor;
    if (--parcel.pieces == 0) books_.parcels.erase(item.parcel);
    item.parcel = 0;
}

void Applier::amend(Item& item) {
    const auto& amended = payload<ItemAmended>();
    switch (amended.field) {
        case AmendedField::kInsured:
            books_.accounts.edit(item.account).insured_minor += amended.money.minor - item.insured_minor;
            if (item.parcel != 0) {
                books_.parcels.edit(item.parcel).insured_minor += amended.money.minor - item.insured_minor;
            }
            item.insured_minor = amended.money.minor;
            return;
        case AmendedField::kRetail: item.retail_minor = amended.money.minor; return;
        case AmendedField::kWeight: item.gross_mg = amended.gross_mg; return;
        case AmendedField::kModel: item.model = books_.names.add(amended.text); return;
        case AmendedField::kDescription:
        case AmendedField::kCost:
        case AmendedField::kUnspecified: return;
    }
}

void Applier::piece_effects(Item& item) {
    const auto set = [&item](ItemFlag flag) { item.flags |= flag; };
    const auto clear = [&item](ItemFlag flag) { item.flags &= static_cast<std::uint8_t>(~flag); };
    const Owner house{OwnerKind::kHouse, command_.entity};
    switch (command_.type) {
        case EventType::kItemAmended: return amend(item);

        // Title
        case EventType::kGoodsReceived:
            if (payload<GoodsReceived>().bought) set_owner(item, house);
            return;
        case EventType::kMemoInPurchased:
        case EventType::kSaleReturned: return set_owner(item, house);
        case EventType::kTitleTransferred: return set_owner(item, payload<TitleTransferred>().to);
        case EventType::kSaleCompleted:
            return set_owner(item, {OwnerKind::kClient, payload<SaleCompleted>().party}, command_.entity);
        case EventType::kLossDeclared:
            if (payload<LossDeclared>().title_to_insurer) set_owner(item, {OwnerKind::kInsurer, 0});
            return;

        // Condition
        case EventType::kInspectionRecorded:
            item.verdict = payload<InspectionRecorded>().verdict;
            if (item.verdict == Verdict::kPass) clear(kDamaged);
            return;
        case EventType::kReturnedFromWorkshop: return clear(kDamaged);
        case EventType::kDamageRecorded: return set(kDamaged);
        case EventType::kQuarantineSet: return set(kQuarantined);
        case EventType::kQuarantineReleased: return clear(kQuarantined);

        // Repair. A REPAIR that the refusal itself closes leaves nothing to be released without work.
        case EventType::kRepairAuthorised: return clear(kRepairDeclined);
        case EventType::kRepairDeclined:
            if (item.repair != 0) set(kRepairDeclined);
            return;

        // Parcels and papers
        case EventType::kTransferPacked:
            item.parcel = parcel_;
            books_.parcels.edit(parcel_).insured_minor += item.insured_minor;
            return;
        case EventType::kTransferExceptionRecorded: return set(kSealExcused);
        case EventType::kComplianceDocAttached: {
            const auto& doc = payload<ComplianceDocAttached>();
            books_.documents.edit(item.id).push_back({doc.type, std::string(doc.number), doc.from, doc.to});
            return;
        }
        default: return;
    }
}

}  // namespace daybook::custody
