// What of an event's payload a piece's fold needs.
#include "engine/audit/internal/step.h"

#include <algorithm>
#include <functional>

#include "engine/audit/internal/scan.h"
#include "engine/codec/details.h"

namespace daybook::audit {
namespace {

using custody::Command;
using custody::DocType;
using custody::EventType;

bool has_doc(const Command& command, DocType type) {
    return std::any_of(command.docs.begin(), command.docs.end(),
                       [type](const custody::Doc& doc) { return doc.type == type; });
}

std::uint64_t seal_hash(std::string_view seal) {
    return seal.empty() ? 0 : std::max<std::uint64_t>(std::hash<std::string_view>{}(seal), 1);
}

custody::DifferenceKind difference_of(const custody::CountLists& lists, const ItemId& item) {
    const auto on = [&](const std::vector<ItemId>& list) {
        return std::find(list.begin(), list.end(), item) != list.end();
    };
    if (on(lists.missing)) return custody::DifferenceKind::kMissing;
    return on(lists.misplaced) ? custody::DifferenceKind::kMisplaced : custody::DifferenceKind::kUnexpected;
}

void add_transfer(Step& step, const Command& command) {
    switch (command.type) {
        case EventType::kTransferPacked:
            step.seal = seal_hash(std::get<custody::TransferPacked>(command.payload).seal);
            return;
        case EventType::kTransferDispatched: {
            const auto& sent = std::get<custody::TransferDispatched>(command.payload);
            step.party = sent.carrier;
            step.code = static_cast<std::uint8_t>(sent.purpose);
            if (sent.dest.account.kind == custody::AccountClass::kExtMemo && sent.dest.account.named)
                step.owner.id = sent.dest.party;
            return;
        }
        case EventType::kInboundDispatched:
            step.code = static_cast<std::uint8_t>(std::get<custody::InboundDispatched>(command.payload).purpose);
            return;
        case EventType::kTransferReceived: {
            const auto& received = std::get<custody::TransferReceived>(command.payload);
            step.seal = seal_hash(received.seal);
            step.flag = received.intact;
            return;
        }
        case EventType::kTransferDelivered:
            step.party = std::get<custody::TransferDelivered>(command.payload).party;
            return;
        default: return;
    }
}

void add_title(Step& step, const Command& command, std::string_view warranty) {
    switch (command.type) {
        case EventType::kGoodsReceived:
            step.flag = std::get<custody::GoodsReceived>(command.payload).bought;
            step.code = has_doc(command, DocType::kKpSow) ? 1 : 0;
            return;
        case EventType::kSaleCompleted: {
            const auto& sale = std::get<custody::SaleCompleted>(command.payload);
            step.party = sale.party;
            step.code = static_cast<std::uint8_t>(sale.handover);
            step.flag = !warranty.empty() || has_doc(command, DocType::kKpSow);
            return;
        }
        case EventType::kTitleTransferred: {
            const auto& transferred = std::get<custody::TitleTransferred>(command.payload);
            step.owner = transferred.to;
            step.from_owner = transferred.from;
            step.flag = has_doc(command, DocType::kClientSignedBasis);
            return;
        }
        case EventType::kMemoOutIssued: {
            const auto& memo = std::get<custody::MemoOutIssued>(command.payload);
            step.party = memo.party;
            step.code = static_cast<std::uint8_t>(memo.purpose);
            step.flag = !warranty.empty() || has_doc(command, DocType::kKpSow);
            step.value = memo.insured.minor;
            return;
        }
        case EventType::kMemoInReceived:
            step.party = std::get<custody::MemoInReceived>(command.payload).vendor;
            step.code = has_doc(command, DocType::kKpSow) ? 1 : 0;
            return;
        case EventType::kLossDeclared:
            step.flag = std::get<custody::LossDeclared>(command.payload).title_to_insurer;
            return;
        case EventType::kReservationPlaced:
            step.party = std::get<custody::ReservationPlaced>(command.payload).party;
            return;
        default: return;
    }
}

}  // namespace

void Scan::add_payload(Step& step, const ItemId& item) const {
    if (is(EventType::kMemoOutIssued))
        step.countersigned = missing_signature({command(), key_.at, event_.position, out_.rules}, true).empty();
    const auto details = codec::read_details(command().type, command().bytes);
    add_transfer(step, command());
    add_title(step, command(), details.warranty);
    switch (command().type) {
        case EventType::kItemRegistered: {
            const auto& registered = payload<custody::ItemRegistered>();
            if (step.to.kind != custody::AccountClass::kSuspenseFound) step.owner = registered.owner;
            step.value = registered.insured.minor;
            step.diamond = registered.stone == "DIAMOND";
            return;
        }
        case EventType::kItemAmended:
            step.code = static_cast<std::uint8_t>(payload<custody::ItemAmended>().field);
            step.value = payload<custody::ItemAmended>().money.minor;
            return;
        case EventType::kInspectionRecorded:
            step.code = static_cast<std::uint8_t>(payload<custody::InspectionRecorded>().verdict);
            return;
        case EventType::kReceiptDiscrepancyRecorded:
            step.code = static_cast<std::uint8_t>(payload<custody::ReceiptDiscrepancyRecorded>().kind);
            return;
        case EventType::kDiscrepancyResolved:
            step.named = payload<custody::DiscrepancyResolved>().discrepancy;
            return;
        case EventType::kObligationSettled: step.named = payload<custody::ObligationSettled>().obligation; return;
        case EventType::kCountAttested:
            step.obligation = payload<custody::CountAttested>().count;
            if (event_.decided.count_lists != nullptr)
                step.code = static_cast<std::uint8_t>(difference_of(*event_.decided.count_lists, item));
            return;
        case EventType::kRepairOpened:
        case EventType::kReturnedFromWorkshop: step.weight = details.gross_mg; return;
        case EventType::kRepairWorkRecorded:
            step.value = details.added_mg;
            step.weight = details.removed_mg;
            return;
        default: return;
    }
}

}  // namespace daybook::audit
