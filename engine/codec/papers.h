// The numbers by which papers and labels name what an event is about: an invoice, a memo, a carnet, a serial number;
// and the ids that lead from one event to the next where no piece does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/custody/command.h"

namespace daybook::codec {

// How a number stands in the command. Stored in the read models: never reused.
enum class PaperKind : std::uint8_t {
    kDocument = 1,  // in docs
    kMemo,
    kVendorMemo,
    kInvoice,
    kCreditNote,
    kCarnet,
    kOrder,         // a client's firm order
    kParcel,        // SSCC
    kRepair,
    kClaimCheck,
    kWaybill,
    kAdvice,        // a despatch advice
    kSerial,        // of the piece
    kCaseNumber,
    kMovementNumber,
    kRequest,       // a transfer request's id
    kDiscrepancy,   // the id of a difference about no piece, which no piece's history leads to
    kCount,         // a count's id: its opening, its scans and its end
};
inline constexpr std::size_t kPaperKindCount = 18;
std::string_view to_string(PaperKind kind);  // "credit note"

struct PaperNumber {
    PaperKind kind{};
    std::string number;
};

// All of a command's, in no set order; empty ones are left out. Descriptive fields are read from its encoded bytes.
void paper_numbers(const custody::Command& command, std::vector<PaperNumber>& out);

}  // namespace daybook::codec
