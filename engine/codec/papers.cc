#include "engine/codec/papers.h"

#include <array>

#include "schemas/daybook/v1/command.pb.h"

namespace daybook::codec {
namespace {

using custody::EventType;

void add(std::vector<PaperNumber>& out, PaperKind kind, std::string_view number) {
    if (!number.empty()) out.push_back({kind, std::string(number)});
}

void add_id(std::vector<PaperNumber>& out, PaperKind kind, const ObligationId& id) {
    if (!id.empty()) out.push_back({kind, id.text()});
}

// Those that custody does not decide by, and so does not know.
void add_descriptive(const v1::Command& command, std::vector<PaperNumber>& out) {
    switch (command.payload_case()) {
        case v1::Command::kItemRegistered:
            add(out, PaperKind::kSerial, command.item_registered().serial());
            add(out, PaperKind::kCaseNumber, command.item_registered().case_number());
            add(out, PaperKind::kMovementNumber, command.item_registered().movement_number());
            break;
        case v1::Command::kTransferDispatched:
            add(out, PaperKind::kWaybill, command.transfer_dispatched().waybill());
            add(out, PaperKind::kCarnet, command.transfer_dispatched().carnet());
            break;
        case v1::Command::kInboundDispatched:
            add(out, PaperKind::kWaybill, command.inbound_dispatched().waybill());
            add(out, PaperKind::kAdvice, command.inbound_dispatched().despatch_advice());
            break;
        case v1::Command::kMemoInReceived:
            add(out, PaperKind::kVendorMemo, command.memo_in_received().vendor_memo());
            break;
        case v1::Command::kMemoInPurchased:
            add(out, PaperKind::kInvoice, command.memo_in_purchased().invoice());
            break;
        case v1::Command::kRepairOpened: add(out, PaperKind::kRepair, command.repair_opened().repair()); break;
        case v1::Command::kReturnedFromWorkshop:
            add(out, PaperKind::kInvoice, command.returned_from_workshop().invoice());
            break;
        case v1::Command::kReleasedToClient:
            add(out, PaperKind::kClaimCheck, command.released_to_client().claim_check());
            break;
        default: break;  // no number that custody does not know
    }
}

bool has_descriptive(EventType type) {
    switch (type) {
        case EventType::kItemRegistered:
        case EventType::kTransferDispatched:
        case EventType::kInboundDispatched:
        case EventType::kMemoInReceived:
        case EventType::kMemoInPurchased:
        case EventType::kRepairOpened:
        case EventType::kReturnedFromWorkshop:
        case EventType::kReleasedToClient: return true;
        default: return false;
    }
}

}  // namespace

std::string_view to_string(PaperKind kind) {
    static constexpr std::array<std::string_view, kPaperKindCount> kNames{
        "docs",   "memo",        "vendor memo", "invoice",         "credit note", "carnet",      "order", "parcel",
        "repair", "claim check", "waybill",     "despatch advice", "serial",      "case number", "movement number",
        "request", "discrepancy", "count"};
    return kNames[static_cast<std::size_t>(kind) - 1];
}

void paper_numbers(const custody::Command& command, std::vector<PaperNumber>& out) {
    for (const custody::Doc& doc : command.docs) add(out, PaperKind::kDocument, doc.number);
    switch (command.type) {
        case EventType::kMemoOutIssued:
            add(out, PaperKind::kMemo, std::get<custody::MemoOutIssued>(command.payload).memo);
            return;
        case EventType::kSaleCompleted:
            add(out, PaperKind::kInvoice, std::get<custody::SaleCompleted>(command.payload).invoice);
            return;
        case EventType::kSaleReturned: {
            const auto& returned = std::get<custody::SaleReturned>(command.payload);
            add(out, PaperKind::kCreditNote, returned.credit_note);
            add(out, PaperKind::kInvoice, returned.invoice);
            return;
        }
        case EventType::kCarnetBound:
            add(out, PaperKind::kCarnet, std::get<custody::CarnetBound>(command.payload).number);
            return;
        case EventType::kReservationPlaced:
            add(out, PaperKind::kOrder, std::get<custody::ReservationPlaced>(command.payload).document);
            return;
        case EventType::kTransferRequested:
            add_id(out, PaperKind::kRequest, std::get<custody::TransferRequested>(command.payload).request);
            return;
        case EventType::kTransferApproved:
            add_id(out, PaperKind::kRequest, std::get<custody::TransferApproved>(command.payload).request);
            return;
        case EventType::kTransferRejected:
            add_id(out, PaperKind::kRequest, std::get<custody::TransferRejected>(command.payload).request);
            return;
        case EventType::kTransferPacked: {
            const auto& packed = std::get<custody::TransferPacked>(command.payload);
            add(out, PaperKind::kParcel, packed.parcel);
            add_id(out, PaperKind::kRequest, packed.request);
            return;
        }
        case EventType::kCountOpened: return add_id(out, PaperKind::kCount, command.obligation);
        case EventType::kCountScanned:
            return add_id(out, PaperKind::kCount, std::get<custody::CountScanned>(command.payload).count);
        case EventType::kCountAttested:
            return add_id(out, PaperKind::kCount, std::get<custody::CountAttested>(command.payload).count);
        case EventType::kCountAbandoned:
            return add_id(out, PaperKind::kCount, std::get<custody::CountAbandoned>(command.payload).count);
        case EventType::kTransferExceptionRecorded:
        case EventType::kReceiptDiscrepancyRecorded:
        case EventType::kDiscrepancyOpened:
            if (command.lines.empty()) add_id(out, PaperKind::kDiscrepancy, command.obligation);
            return;
        case EventType::kDiscrepancyResolved:
            if (!command.lines.empty()) return;
            add_id(out, PaperKind::kDiscrepancy,
                   std::get<custody::DiscrepancyResolved>(command.payload).discrepancy.id);
            return;
        case EventType::kComplianceDocAttached:
            add(out, PaperKind::kDocument, std::get<custody::ComplianceDocAttached>(command.payload).number);
            return;
        default: break;
    }
    if (!has_descriptive(command.type)) return;
    v1::Command whole;
    if (whole.ParseFromArray(command.bytes.data(), static_cast<int>(command.bytes.size())))
        add_descriptive(whole, out);
}

}  // namespace daybook::codec
