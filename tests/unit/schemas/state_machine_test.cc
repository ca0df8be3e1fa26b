// The generated tables against rows and rules of the domain that are written out here by hand.
#include "schemas/state_machine.gen.h"

#include <gtest/gtest.h>

namespace daybook::custody {
namespace {

TEST(StateMachineTest, KeepsTheNumbersThatAreStored) {
    EXPECT_EQ(static_cast<int>(EventType::kLedgerCreated), 1);
    EXPECT_EQ(static_cast<int>(EventType::kSignedOut), 21);
    EXPECT_EQ(static_cast<int>(EventType::kAccessRecorded), static_cast<int>(kEventTypeCount));
    EXPECT_EQ(static_cast<int>(State::kX0), 0);
    EXPECT_EQ(static_cast<int>(Role::kOc), 1);
    EXPECT_EQ(static_cast<int>(ObligationKind::kSignout), 1);
}

TEST(StateMachineTest, EachTableStandsInTheOrderOfItsEnum) {
    for (std::size_t i = 0; i < kStates.size(); ++i) EXPECT_EQ(static_cast<std::size_t>(kStates[i].state), i);
    for (std::size_t i = 0; i < kEvents.size(); ++i) EXPECT_EQ(static_cast<std::size_t>(kEvents[i].type), i + 1);
    for (std::size_t i = 0; i < kRefusals.size(); ++i) EXPECT_EQ(static_cast<std::size_t>(kRefusals[i].code), i + 1);
    for (std::size_t i = 0; i < kObligations.size(); ++i) {
        EXPECT_EQ(static_cast<std::size_t>(kObligations[i].kind), i + 1);
    }
    for (std::size_t i = 0; i < kAccountClasses.size(); ++i) {
        EXPECT_EQ(static_cast<std::size_t>(kAccountClasses[i].kind), i);
    }
    for (std::size_t i = 0; i < tables::kVariants.size(); ++i) {
        EXPECT_EQ(static_cast<std::size_t>(tables::kVariants[i].variant), i);
        EXPECT_EQ(static_cast<std::size_t>(info(tables::kVariants[i].type).matrix_row) < tables::kMatrix.size(), true);
    }
}

TEST(StateMachineTest, ReadsTheRowOfSignedOut) {
    EXPECT_EQ(cell(EventType::kSignedOut, State::kV).targets, bit(State::kD) | bit(State::kP));
    EXPECT_TRUE(cell(EventType::kSignedOut, State::kV).legal());
    EXPECT_EQ(cell(EventType::kSignedOut, State::kX0).refusal, RefusalCode::kUnknownItem);
    EXPECT_EQ(cell(EventType::kSignedOut, State::kD).refusal, RefusalCode::kAlreadyOut);
    EXPECT_EQ(cell(EventType::kSignedOut, State::kZ).refusal, RefusalCode::kDecommissioned);
}

TEST(StateMachineTest, GivesTheStatesOwnErrorToAnEventWithoutALeg) {
    EXPECT_TRUE(cell(EventType::kRepairOpened, State::kV).stay);
    EXPECT_EQ(cell(EventType::kRepairOpened, State::kM).refusal, RefusalCode::kOnMemo);
    EXPECT_EQ(cell(EventType::kMemoExtended, State::kV).refusal, RefusalCode::kNotOut);
}

TEST(StateMachineTest, AppliesVariants) {
    const auto later = EventVariant::kSaleCompletedHandoverLater;
    EXPECT_TRUE(cell(later, State::kD).stay);
    EXPECT_EQ(cell(later, State::kM).refusal, RefusalCode::kOnMemo);
    EXPECT_EQ(cell(later, State::kK).refusal, RefusalCode::kPacked);
    EXPECT_TRUE(cell(EventVariant::kSaleReturnedSoldHeld, State::kP).stay);
}

TEST(StateMachineTest, ReadsWhoSigns) {
    const Who opened = info(EventType::kVaultOpened).who;
    EXPECT_EQ(opened.count, 2U);
    EXPECT_EQ(opened.signers[0], bit(Role::kOc));
    EXPECT_EQ(opened.signers[1], bit(Role::kSec) | bit(Role::kVm));
    EXPECT_EQ(info(EventType::kHandedOver).who.signers[0], kAnyone);
    EXPECT_EQ(info(EventType::kPutAway).who.count, 1U);
}

TEST(StateMachineTest, EveryStateIsReachedAndOnlyTheLastHasNoExit) {
    StateSet reached = bit(State::kX0);
    for (std::size_t round = 0; round < kStateCount; ++round) {
        for (const EventInfo& event : kEvents) {
            if (event.matrix_row < 0 || !event.v1) continue;
            for (const StateInfo& state : kStates) {
                if (contains(reached, state.state)) reached |= cell(event.type, state.state).targets;
            }
        }
    }
    EXPECT_EQ(reached, (1U << kStateCount) - 1);
    for (const StateInfo& state : kStates) {
        StateSet exits = 0;
        for (const EventInfo& event : kEvents) {
            if (event.matrix_row >= 0) exits |= cell(event.type, state.state).targets;
        }
        EXPECT_EQ(exits == 0, state.state == State::kZ) << state.code;
    }
}

TEST(StateMachineTest, NamesGoBothWays) {
    for (const StateInfo& row : kStates) EXPECT_EQ(parse_state(to_string(row.state)), row.state);
    for (const EventInfo& row : kEvents) EXPECT_EQ(parse_event_type(to_string(row.type)), row.type);
    for (const RefusalInfo& row : kRefusals) EXPECT_EQ(parse_refusal_code(to_string(row.code)), row.code);
    for (const ObligationInfo& row : kObligations) EXPECT_EQ(parse_obligation_kind(to_string(row.kind)), row.kind);
    for (const AccountClassInfo& row : kAccountClasses) EXPECT_EQ(parse_account_class(to_string(row.kind)), row.kind);
    EXPECT_EQ(parse_role("HQ"), Role::kHq);
    EXPECT_EQ(to_string(Role::kInt), "INT");
    EXPECT_EQ(parse_role("hq"), std::nullopt);
    EXPECT_EQ(parse_event_type(""), std::nullopt);
}

}  // namespace
}  // namespace daybook::custody
