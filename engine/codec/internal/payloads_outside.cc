// Transfers, memo, repair, quality, sale, supplies, papers and control.
#include "engine/codec/internal/payloads.h"
#include "schemas/daybook/v1/command.pb.h"

namespace daybook::codec {

namespace c = custody;

namespace {

void read(c::Destination& out, std::string_view bytes, Reading& r) {
    using F = v1::Destination;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kSiteFieldNumber: return get(f, r, out.site);
            case F::kAccountFieldNumber: return get(f, r, out.account);
            case F::kPartyFieldNumber: return get(f, r, out.party);
            default: return;
        }
    });
}

void get_purpose(const WireReader& f, Reading& r, c::TransferPurpose& out) {
    get_enum(f, r, c::TransferPurpose::kClientSendIn, out);
}

}  // namespace

void read(c::TransferRequested& out, std::string_view bytes, Reading& r) {
    using F = v1::TransferRequested;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kRequestFieldNumber: return get(f, r, out.request);
            case F::kPurposeFieldNumber: return get_purpose(f, r, out.purpose);
            case F::kDestFieldNumber: return read(out.dest, f.bytes(), r);
            default: return;
        }
    });
}
void read(c::TransferApproved& out, std::string_view bytes, Reading& r) {
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == v1::TransferApproved::kRequestFieldNumber) get(f, r, out.request);
    });
}
void read(c::TransferRejected& out, std::string_view bytes, Reading& r) {
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == v1::TransferRejected::kRequestFieldNumber) get(f, r, out.request);
    });
}

void read(c::TransferPacked& out, std::string_view bytes, Reading& r) {
    using F = v1::TransferPacked;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kForPartyFieldNumber: return get(f, r, out.for_party);
            case F::kRequestFieldNumber: return get(f, r, out.request);
            case F::kParcelFieldNumber: return get(f, r, out.parcel);
            case F::kSealFieldNumber: return get(f, r, out.seal);
            default: return;
        }
    });
}

void read(c::TransferDispatched& out, std::string_view bytes, Reading& r) {
    using F = v1::TransferDispatched;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kDestFieldNumber: return read(out.dest, f.bytes(), r);
            case F::kPurposeFieldNumber: return get_purpose(f, r, out.purpose);
            case F::kMemoPurposeFieldNumber: return get_enum(f, r, c::MemoPurpose::kTrade, out.memo_purpose);
            case F::kCarrierFieldNumber: return get(f, r, out.carrier);
            case F::kEtaFieldNumber: return get_time(f, out.due_at);
            default: return;
        }
    });
}

void read(c::InboundDispatched& out, std::string_view bytes, Reading& r) {
    using F = v1::InboundDispatched;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kSenderFieldNumber: return get(f, r, out.sender);
            case F::kPurposeFieldNumber: return get_purpose(f, r, out.purpose);
            case F::kEtaFieldNumber: return get_time(f, out.due_at);
            default: return;
        }
    });
}

void read(c::TransferReceived& out, std::string_view bytes, Reading& r) {
    using F = v1::TransferReceived;
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == F::kSealFieldNumber) get(f, r, out.seal);
        if (f.number() == F::kSealIntactFieldNumber) get(f, r, out.intact);
    });
}

void read(c::TransferDelivered& out, std::string_view bytes, Reading& r) {
    using F = v1::TransferDelivered;
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == F::kPartyFieldNumber) get(f, r, out.party);
        if (f.number() == F::kDueAtFieldNumber) get_time(f, out.due_at);
    });
}

void read(c::MemoOutIssued& out, std::string_view bytes, Reading& r) {
    using F = v1::MemoOutIssued;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kMemoFieldNumber: return get(f, r, out.memo);
            case F::kPartyFieldNumber: return get(f, r, out.party);
            case F::kPurposeFieldNumber: return get_enum(f, r, c::MemoPurpose::kTrade, out.purpose);
            case F::kDueAtFieldNumber: return get_time(f, out.due_at);
            case F::kInsuredFieldNumber: return get(f, r, out.insured);
            default: return;
        }
    });
}

void read(c::MemoExtended& out, std::string_view bytes, Reading& r) {
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == v1::MemoExtended::kDueAtFieldNumber) get_time(f, out.due_at);
    });
}

void read(c::MemoInReceived& out, std::string_view bytes, Reading& r) {
    using F = v1::MemoInReceived;
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == F::kVendorFieldNumber) get(f, r, out.vendor);
        if (f.number() == F::kDueAtFieldNumber) get_time(f, out.due_at);
    });
}

void read(c::TitleTransferred& out, std::string_view bytes, Reading& r) {
    using F = v1::TitleTransferred;
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == F::kFromFieldNumber) get(f, r, out.from);
        if (f.number() == F::kToFieldNumber) get(f, r, out.to);
    });
}

void read(c::RepairOpened& out, std::string_view bytes, Reading& r) {
    using F = v1::RepairOpened;
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == F::kClientFieldNumber) get(f, r, out.client);
        if (f.number() == F::kPromisedAtFieldNumber) get_time(f, out.promised_at);
    });
}

void read(c::SentToWorkshop& out, std::string_view bytes, Reading& r) {
    using F = v1::SentToWorkshop;
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == F::kWorkshopFieldNumber) get(f, r, out.workshop);
        if (f.number() == F::kDueAtFieldNumber) get_time(f, out.due_at);
    });
}

void read(c::ReleasedToClient& out, std::string_view bytes, Reading& r) {
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == v1::ReleasedToClient::kCollectorFieldNumber) out.collector_is_owner = f.number_value() == 0;
    });
}

void read(c::InspectionRecorded& out, std::string_view bytes, Reading& r) {
    using F = v1::InspectionRecorded;
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == F::kPhaseFieldNumber) get_enum(f, r, c::InspectionPhase::kComOut, out.phase);
        if (f.number() == F::kVerdictFieldNumber) get_enum(f, r, c::Verdict::kFail, out.verdict);
    });
}

void read(c::ReservationPlaced& out, std::string_view bytes, Reading& r) {
    using F = v1::ReservationPlaced;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kPartyFieldNumber: return get(f, r, out.party);
            case F::kUntilFieldNumber: return get_time(f, out.until);
            case F::kOrderFieldNumber: return get(f, r, out.document);
            default: return;
        }
    });
}

void read(c::SaleCompleted& out, std::string_view bytes, Reading& r) {
    using F = v1::SaleCompleted;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kInvoiceFieldNumber: return get(f, r, out.invoice);
            case F::kPartyFieldNumber: return get(f, r, out.party);
            case F::kPriceFieldNumber: return get(f, r, out.price);
            case F::kDiscountThousandthsFieldNumber: return get(f, r, out.discount_thousandths);
            case F::kTaxFieldNumber: return get(f, r, out.tax);
            case F::kHandoverFieldNumber: return get_enum(f, r, c::Handover::kLater, out.handover);
            default: return;
        }
    });
}

void read(c::SaleReturned& out, std::string_view bytes, Reading& r) {
    using F = v1::SaleReturned;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kCreditNoteFieldNumber: return get(f, r, out.credit_note);
            case F::kInvoiceFieldNumber: return get(f, r, out.invoice);
            case F::kRefundFieldNumber: return get(f, r, out.refund);
            default: return;
        }
    });
}

void read(c::SupplyMoved& out, std::string_view bytes, Reading& r) {
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == v1::SupplyMoved::kKindFieldNumber) get_enum(f, r, c::SupplyMove::kScrapped, out.kind);
    });
}

void read(c::CarnetBound& out, std::string_view bytes, Reading& r) {
    using F = v1::CarnetBound;
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == F::kCarnetFieldNumber) get(f, r, out.number);
        if (f.number() == F::kReexportByFieldNumber) get_time(f, out.reexport_by);
    });
}

void read(c::ComplianceDocAttached& out, std::string_view bytes, Reading& r) {
    using F = v1::ComplianceDocAttached;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kTypeFieldNumber: return get(f, r, out.type);
            case F::kNumberFieldNumber: return get(f, r, out.number);
            case F::kValidFromFieldNumber: return get_time(f, out.from);
            case F::kValidToFieldNumber: return get_time(f, out.to);
            default: return;
        }
    });
}

void read(c::LimitOverrideApproved& out, std::string_view bytes, Reading& r) {
    using F = v1::LimitOverrideApproved;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kLimitFieldNumber: return get(f, r, out.limit);
            case F::kAllowedFieldNumber: return get(f, r, out.allowed);
            case F::kUntilFieldNumber: return get_time(f, out.until);
            default: return;
        }
    });
}

void read(c::CorrectionDeclared& out, std::string_view bytes, Reading& r) {
    using F = v1::CorrectionDeclared;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kTargetFieldNumber: return get(f, r, out.target);
            case F::kReasonFieldNumber: return get_enum(f, r, c::CorrectionReason::kIncorrectData, out.reason);
            case F::kCorrectivesFieldNumber: return get(f, r, out.correctives);
            default: return;
        }
    });
}

void read(c::ExceptionRaised& out, std::string_view bytes, Reading& r) {
    using F = v1::ExceptionRaised;
    each(bytes, r, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kExceptionFieldNumber: return get(f, r, out.exception);
            case F::kKindFieldNumber: return get_enum(f, r, c::ExceptionKind::kSessionOpenLate, out.kind);
            case F::kSubjectFieldNumber: return get(f, r, out.subject);
            default: return;
        }
    });
}
void read(c::ExceptionCleared& out, std::string_view bytes, Reading& r) {
    each(bytes, r, [&](const WireReader& f) {
        if (f.number() == v1::ExceptionCleared::kExceptionFieldNumber) get(f, r, out.exception);
    });
}

}  // namespace daybook::codec
