// Goal: the numbers of papers and labels are found where they stand. Method: for each field that holds one, the example
// of its event type in COMMANDS.md is searched for the field as text, and its value must be among what is found.
#include "engine/codec/papers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "engine/codec/command_codec.h"
#include "tests/unit/codec/examples.h"

namespace daybook::codec {
namespace {

struct Field {
    const char* type;
    const char* name;
    PaperKind kind;
};
constexpr Field kFields[] = {
    {"ItemRegistered", "serial", PaperKind::kSerial},
    {"ItemRegistered", "case_number", PaperKind::kCaseNumber},
    {"ItemRegistered", "movement_number", PaperKind::kMovementNumber},
    {"MemoOutIssued", "memo", PaperKind::kMemo},
    {"MemoInReceived", "vendor_memo", PaperKind::kVendorMemo},
    {"MemoInPurchased", "invoice", PaperKind::kInvoice},
    {"SaleCompleted", "invoice", PaperKind::kInvoice},
    {"SaleReturned", "credit_note", PaperKind::kCreditNote},
    {"SaleReturned", "invoice", PaperKind::kInvoice},
    {"CarnetBound", "carnet", PaperKind::kCarnet},
    {"ReservationPlaced", "order", PaperKind::kOrder},
    {"TransferPacked", "parcel", PaperKind::kParcel},
    {"TransferPacked", "request", PaperKind::kRequest},
    {"TransferRequested", "request", PaperKind::kRequest},
    {"TransferApproved", "request", PaperKind::kRequest},
    {"TransferRejected", "request", PaperKind::kRequest},
    {"TransferDispatched", "waybill", PaperKind::kWaybill},
    {"TransferDispatched", "carnet", PaperKind::kCarnet},
    {"InboundDispatched", "waybill", PaperKind::kWaybill},
    {"InboundDispatched", "despatch_advice", PaperKind::kAdvice},
    {"RepairOpened", "repair", PaperKind::kRepair},
    {"ReturnedFromWorkshop", "invoice", PaperKind::kInvoice},
    {"ReleasedToClient", "claim_check", PaperKind::kClaimCheck},
    {"ComplianceDocAttached", "number", PaperKind::kDocument},
};

bool has(const std::vector<PaperNumber>& numbers, PaperKind kind, const std::string& number) {
    return std::any_of(numbers.begin(), numbers.end(),
                       [&](const PaperNumber& one) { return one.kind == kind && one.number == number; });
}

TEST(Papers, AreFoundInTheExamples) {
    int found = 0;
    for (const Field& field : kFields) {
        SCOPED_TRACE(std::string(field.type) + "." + field.name);
        const std::string json = test::example(field.type);
        std::smatch match;
        const std::regex wanted("\"" + std::string(field.name) + "\"\\s*:\\s*\"([^\"]+)\"");
        if (!std::regex_search(json, match, wanted)) continue;  // the example goes without
        ++found;
        CommandBatch batch;
        ASSERT_TRUE(batch.parse(test::encoded_example(field.type)));
        std::vector<PaperNumber> numbers;
        paper_numbers(batch.commands().back(), numbers);
        EXPECT_TRUE(has(numbers, field.kind, match[1]));
        for (const PaperNumber& one : numbers) EXPECT_NE(to_string(one.kind), "");
    }
    EXPECT_GT(found, 10);
}

TEST(Papers, OfACommandWithoutAnyAreNone) {
    CommandBatch batch;
    ASSERT_TRUE(batch.parse(test::encoded_example("VaultOpened")));
    std::vector<PaperNumber> numbers;
    paper_numbers(batch.commands().back(), numbers);
    EXPECT_TRUE(numbers.empty());
}

}  // namespace
}  // namespace daybook::codec
