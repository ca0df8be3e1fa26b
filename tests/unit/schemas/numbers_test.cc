// The schemas and the domain count alike: codec turns the numbers of the one into the enums of the other.
#include <cxxabi.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <set>
#include <typeinfo>

#include "engine/custody/command.h"
#include "schemas/daybook/v1/command.pb.h"
#include "schemas/daybook/v1/event.pb.h"
#include "schemas/daybook/v1/view.pb.h"

namespace daybook {
namespace {

namespace pb = google::protobuf;
namespace c = custody;

std::string snake_case(std::string_view name) {
    std::string out;
    for (const char letter : name) {
        const bool upper = letter >= 'A' && letter <= 'Z';
        if (upper && !out.empty()) out += '_';
        out += upper ? static_cast<char>(letter - 'A' + 'a') : letter;
    }
    return out;
}

TEST(SchemaNumbers, APayloadIsAHundredOverItsEventType) {
    const auto& command = *v1::Command::descriptor();
    for (const auto& event : c::kEvents) {
        const auto* field = command.FindFieldByNumber(100 + static_cast<int>(event.type));
        ASSERT_EQ(field != nullptr, event.v1) << event.name;
        if (field == nullptr) continue;
        EXPECT_EQ(field->name(), snake_case(event.name));
        EXPECT_EQ(field->message_type()->name(), event.name);
        ASSERT_NE(field->real_containing_oneof(), nullptr);
        EXPECT_EQ(field->real_containing_oneof()->name(), "payload");
    }
}

TEST(SchemaNumbers, EventTypesAreThoseOfTheStateMachine) {
    const auto& types = *v1::EventType::Code_descriptor();
    ASSERT_EQ(types.value_count(), static_cast<int>(c::kEventTypeCount) + 1);
    for (const auto& event : c::kEvents)
        EXPECT_EQ(types.FindValueByNumber(static_cast<int>(event.type))->name(), event.name);
}

TEST(SchemaNumbers, NamesOfTheStateMachineAreThoseOfTheSchemas) {
    for (std::size_t i = 0; i < c::kRoleCount; ++i)
        EXPECT_EQ(v1::Role::Code_Name(static_cast<int>(i) + 1), c::kRoleNames[i]);
    EXPECT_EQ(v1::Role::Code_descriptor()->value_count(), static_cast<int>(c::kRoleCount) + 1);
    for (const auto& kind : c::kObligations)
        EXPECT_EQ(v1::ObligationKind::Code_Name(static_cast<int>(kind.kind)), kind.name);
    EXPECT_EQ(v1::ObligationKind::Code_descriptor()->value_count(), static_cast<int>(c::kObligationKindCount) + 1);
    for (const auto& state : c::kStates) EXPECT_EQ(v1::State::Code_Name(static_cast<int>(state.state) + 1), state.code);
    EXPECT_EQ(v1::State::Code_descriptor()->value_count(), static_cast<int>(c::kStateCount) + 1);
    for (const auto& refusal : c::kRefusals)
        EXPECT_NE(v1::ErrorCode::Code_descriptor()->FindValueByName(std::string(refusal.name)), nullptr)
            << refusal.name;
}

// The last value of each enum of the domain has the number and the name of the schema's last value.
TEST(SchemaNumbers, EnumsOfTheDomainHaveTheNumbersOfTheSchemas) {
    const auto last = [](const pb::EnumDescriptor* values, auto of_domain, const std::string& name) {
        const auto* value = values->value(values->value_count() - 1);
        EXPECT_EQ(value->number(), static_cast<int>(of_domain)) << values->full_name();
        EXPECT_EQ(value->name(), name) << values->full_name();
        EXPECT_EQ(values->value_count(), value->number() + 1) << values->full_name() << " has a gap";
    };
    last(v1::ItemRegistered::Origin_descriptor(), c::Origin::kOpening, "OPENING");
    last(v1::ItemAmended::Field_descriptor(), c::AmendedField::kRetail, "RETAIL");
    last(v1::PartyRegistered::Kind_descriptor(), c::PartyKind::kStaff, "STAFF");
    last(v1::ReceivedFromClient::Purpose_descriptor(), c::ReceivedPurpose::kConsignIn, "CONSIGN_IN");
    last(v1::Difference::Kind_descriptor(), c::DifferenceKind::kDocument, "DOC");
    last(v1::SignedOut::Purpose_descriptor(), c::SignOutPurpose::kSecurity, "SECURITY");
    last(v1::MovedToHold::Reason_descriptor(), c::HoldReason::kRecall, "RECALL");
    last(v1::CountOpened::Kind_descriptor(), c::CountKind::kHandover, "HANDOVER");
    last(v1::DiscrepancyResolved::Outcome_descriptor(), c::DiscrepancyOutcome::kCountError, "COUNT_ERROR");
    last(v1::LossDeclared::Kind_descriptor(), c::LossKind::kDestroyed, "DESTROYED");
    last(v1::TransferPurpose::Code_descriptor(), c::TransferPurpose::kClientSendIn, "CLIENT_SEND_IN");
    last(v1::MemoPurpose::Code_descriptor(), c::MemoPurpose::kTrade, "TRADE");
    last(v1::Verdict::Code_descriptor(), c::Verdict::kFail, "FAIL");
    last(v1::InspectionRecorded::Phase_descriptor(), c::InspectionPhase::kComOut, "COM_OUT");
    last(v1::SaleCompleted::Handover_descriptor(), c::Handover::kLater, "LATER");
    last(v1::SupplyMoved::Kind_descriptor(), c::SupplyMove::kScrapped, "SCRAPPED");
    last(v1::CorrectionDeclared::Reason_descriptor(), c::CorrectionReason::kIncorrectData, "INCORRECT_DATA");
    last(v1::ExceptionRaised::Kind_descriptor(), c::ExceptionKind::kSessionOpenLate, "SESSION_OPEN_LATE");
    // Two differ in their zero: the domain's first value is the schema's last.
    EXPECT_EQ(v1::Owner::Kind_Name(static_cast<int>(c::OwnerKind::kInsurer)), "INSURER");
    EXPECT_EQ(v1::Owner::Kind_descriptor()->value_count(), static_cast<int>(c::OwnerKind::kInsurer) + 2);
    EXPECT_EQ(v1::DocType::Code_Name(static_cast<int>(c::DocType::kClientSignedBasis)), "CLIENT_SIGNED");
    EXPECT_EQ(v1::DocType::Code_descriptor()->value_count(), static_cast<int>(c::DocType::kClientSignedBasis) + 2);
}

template <class T>
std::string type_name() {
    const std::unique_ptr<char, decltype(&std::free)> name(
        abi::__cxa_demangle(typeid(T).name(), nullptr, nullptr, nullptr), &std::free);
    const std::string full = name.get();
    return full.substr(full.rfind(':') + 1);
}
template <std::size_t... I>
std::vector<std::string> payload_names(std::index_sequence<I...>) {
    return {type_name<std::variant_alternative_t<I, c::Payload>>()...};
}

TEST(SchemaNumbers, PayloadsOfTheDomainStandInTheOrderOfTheStateMachine) {
    std::vector<std::string> expected;
    for (const auto& event : c::kEvents) {
        if (event.v1) expected.emplace_back(event.name);
    }
    EXPECT_EQ(payload_names(std::make_index_sequence<std::variant_size_v<c::Payload>>{}), expected);
}

// Enums begin with UNSPECIFIED, so that a value that was not sent is none of the real ones; no map, no Any, no float.
TEST(SchemaNumbers, SchemasKeepTheHouseRules) {
    std::set<const pb::Descriptor*> seen;
    const std::function<void(const pb::Descriptor*)> check = [&](const pb::Descriptor* message) {
        if (!seen.insert(message).second || message->file()->package() != "daybook.v1") return;
        for (int i = 0; i < message->field_count(); ++i) {
            const auto& field = *message->field(i);
            EXPECT_FALSE(field.is_map()) << field.full_name();
            EXPECT_NE(field.cpp_type(), pb::FieldDescriptor::CPPTYPE_DOUBLE) << field.full_name();
            EXPECT_NE(field.cpp_type(), pb::FieldDescriptor::CPPTYPE_FLOAT) << field.full_name();
            if (field.enum_type() != nullptr) {
                EXPECT_EQ(field.enum_type()->value(0)->name(), "UNSPECIFIED") << field.full_name();
                EXPECT_EQ(field.enum_type()->value(0)->number(), 0) << field.full_name();
            }
            if (field.message_type() != nullptr) {
                EXPECT_NE(field.message_type()->full_name(), "google.protobuf.Any") << field.full_name();
                check(field.message_type());
            }
        }
    };
    for (const auto* file :
         {v1::Command::descriptor()->file(), v1::Event::descriptor()->file(), v1::ItemRow::descriptor()->file()}) {
        for (int i = 0; i < file->message_type_count(); ++i) check(file->message_type(i));
    }
    EXPECT_GT(seen.size(), 100U);
}

}  // namespace
}  // namespace daybook
