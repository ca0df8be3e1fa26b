// The decisive fields of each event type. Descriptive fields stay in the encoded command.
#pragma once

#include <string_view>
#include <type_traits>

#include "engine/codec/internal/field.h"
#include "engine/custody/command.h"

namespace daybook::codec {

// Calls take(field) for each field of a message.
template <class Take>
void each(std::string_view bytes, Reading& reading, Take&& take) {
    WireReader field(bytes);
    while (field.next()) take(field);
    if (field.damaged()) reading.corrupt = true;
}

custody::DocType doc_type(std::uint64_t code, Reading& reading);

// A type without decisive fields.
template <class T>
requires std::is_empty_v<T>
void read(T&, std::string_view, Reading&) {}

// RoleGranted and RoleRevoked are both a RoleChange.
void read(custody::LedgerCreated& out, std::string_view bytes, Reading& reading);
void read(custody::ItemRegistered& out, std::string_view bytes, Reading& reading);
void read(custody::ItemAmended& out, std::string_view bytes, Reading& reading);
void read(custody::IdentityResolved& out, std::string_view bytes, Reading& reading);
void read(custody::SupplyRegistered& out, std::string_view bytes, Reading& reading);
void read(custody::AccountOpened& out, std::string_view bytes, Reading& reading);
void read(custody::AccountClosed& out, std::string_view bytes, Reading& reading);
void read(custody::PartyRegistered& out, std::string_view bytes, Reading& reading);
void read(custody::RoleChange& out, std::string_view bytes, Reading& reading);
void read(custody::PolicySet& out, std::string_view bytes, Reading& reading);
void read(custody::GoodsReceived& out, std::string_view bytes, Reading& reading);
void read(custody::ReceivedFromClient& out, std::string_view bytes, Reading& reading);
void read(custody::ReceiptDiscrepancyRecorded& out, std::string_view bytes, Reading& reading);
void read(custody::DiscrepancyOpened& out, std::string_view bytes, Reading& reading);
void read(custody::TransferExceptionRecorded& out, std::string_view bytes, Reading& reading);
void read(custody::VaultClosed& out, std::string_view bytes, Reading& reading);
void read(custody::SignedOut& out, std::string_view bytes, Reading& reading);
void read(custody::HandedOver& out, std::string_view bytes, Reading& reading);
void read(custody::MovedToHold& out, std::string_view bytes, Reading& reading);
void read(custody::CustodianChanged& out, std::string_view bytes, Reading& reading);
void read(custody::CountOpened& out, std::string_view bytes, Reading& reading);
void read(custody::CountScanned& out, std::string_view bytes, Reading& reading);
void read(custody::CountAbandoned& out, std::string_view bytes, Reading& reading);
void read(custody::ObligationSettled& out, std::string_view bytes, Reading& reading);
void read(custody::CountAttested& out, std::string_view bytes, Reading& reading);
void read(custody::DiscrepancyResolved& out, std::string_view bytes, Reading& reading);
void read(custody::LossDeclared& out, std::string_view bytes, Reading& reading);
void read(custody::DayClosed& out, std::string_view bytes, Reading& reading);
void read(custody::TransferRequested& out, std::string_view bytes, Reading& reading);
void read(custody::TransferApproved& out, std::string_view bytes, Reading& reading);
void read(custody::TransferRejected& out, std::string_view bytes, Reading& reading);
void read(custody::TransferPacked& out, std::string_view bytes, Reading& reading);
void read(custody::TransferDispatched& out, std::string_view bytes, Reading& reading);
void read(custody::InboundDispatched& out, std::string_view bytes, Reading& reading);
void read(custody::TransferReceived& out, std::string_view bytes, Reading& reading);
void read(custody::TransferDelivered& out, std::string_view bytes, Reading& reading);
void read(custody::MemoOutIssued& out, std::string_view bytes, Reading& reading);
void read(custody::MemoExtended& out, std::string_view bytes, Reading& reading);
void read(custody::MemoInReceived& out, std::string_view bytes, Reading& reading);
void read(custody::TitleTransferred& out, std::string_view bytes, Reading& reading);
void read(custody::RepairOpened& out, std::string_view bytes, Reading& reading);
void read(custody::SentToWorkshop& out, std::string_view bytes, Reading& reading);
void read(custody::ReleasedToClient& out, std::string_view bytes, Reading& reading);
void read(custody::InspectionRecorded& out, std::string_view bytes, Reading& reading);
void read(custody::ReservationPlaced& out, std::string_view bytes, Reading& reading);
void read(custody::SaleCompleted& out, std::string_view bytes, Reading& reading);
void read(custody::SaleReturned& out, std::string_view bytes, Reading& reading);
void read(custody::SupplyMoved& out, std::string_view bytes, Reading& reading);
void read(custody::CarnetBound& out, std::string_view bytes, Reading& reading);
void read(custody::ComplianceDocAttached& out, std::string_view bytes, Reading& reading);
void read(custody::LimitOverrideApproved& out, std::string_view bytes, Reading& reading);
void read(custody::CorrectionDeclared& out, std::string_view bytes, Reading& reading);
void read(custody::ExceptionRaised& out, std::string_view bytes, Reading& reading);
void read(custody::ExceptionCleared& out, std::string_view bytes, Reading& reading);

}  // namespace daybook::codec
