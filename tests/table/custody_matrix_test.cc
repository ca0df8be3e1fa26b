// Goal: every cell of the state machine. Each event meets a piece in each state, brought there by real events; a legal
// cell moves it to the state named, an illegal one gives exactly the error named and leaves the books as they were.
#include <gtest/gtest.h>

#include "tests/support/custody_world.h"

namespace daybook::custody::test {
namespace {

std::string name_of(const ::testing::TestParamInfo<EventType>& info) { return std::string(to_string(info.param)); }

std::vector<EventType> events_of(bool moving) {
    std::vector<EventType> types;
    for (const EventInfo& event : kEvents) {
        const bool item = event.lines == LineKind::kItem || event.lines == LineKind::kItemOptional;
        if (event.v1 && (moving ? event.lines == LineKind::kMove : item)) types.push_back(event.type);
    }
    return types;
}

// ---- Events that move ----

Destination destination_in(World& world, State state) {
    switch (state) {
        case State::kM: return {0, account("EXT/MEMO/M-900"), kMemoParty};
        case State::kX2: return {0, account("EXT/CLIENT/800"), 0};
        case State::kX1: return {0, account("EXT/SUPPLIER/700"), 0};
        case State::kW: return {0, account("EXT/WORKSHOP/650"), 0};
        default: (void)world; return {2, {}, 0};
    }
}

// A piece in transit to where TransferDelivered can bring it to `target`.
ItemId on_its_way(World& world, State target) {
    const bool clients = target == State::kX2;
    const ItemId item = world.stocked(clients ? OwnerKind::kClient : OwnerKind::kHouse);
    if (target == State::kW) world.open_repair(item);
    world.pack(item);
    world.dispatch(item, destination_in(world, target), TransferPurpose::kRebalance);
    return item;
}

// The piece that an event is legal for, where that needs more than being in the state.
ItemId piece_for(World& world, EventType type, State from, State target) {
    switch (type) {
        case EventType::kPutAway:
            if (from == State::kR) {
                const ItemId item = world.received();
                world.inspect(item);
                return item;
            }
            break;
        case EventType::kTransferDelivered:
            if (from == State::kT) return on_its_way(world, target);
            break;
        case EventType::kSentToWorkshop:
            if (from == State::kR || from == State::kV)
                return world.in_state(from, [&](const ItemId& item) { world.open_repair(item); });
            break;
        case EventType::kReleasedToClient:
            if (from == State::kV || from == State::kP) return world.in_state(from, nullptr, OwnerKind::kClient);
            break;
        default: break;
    }
    return world.in_state(from);
}

// Where the event is to take the piece: an account of the target state, other than the one where it is.
AccountId account_in(State target, AccountId from) {
    const auto other = [&](std::string_view first, std::string_view second) {
        return account(first) == from ? account(second) : account(first);
    };
    switch (target) {
        case State::kR: return other("SITE/1/HOLD", "SITE/1/HOLD/S");
        case State::kV: return other("SITE/1/VAULT/A", "SITE/1/VAULT/B");
        case State::kD: return other("SITE/1/DISPLAY/D1", "SITE/1/DISPLAY/D2");
        case State::kP: return other("SITE/1/PERSON/71", "SITE/1/PERSON/72");
        default: return {};
    }
}

Payload moving_payload(World& world, EventType type, State target) {
    switch (type) {
        case EventType::kItemRegistered:
            return world.description(target == State::kX2  ? Origin::kClient
                                     : target == State::kF ? Origin::kFound
                                                           : Origin::kSupplier);
        case EventType::kGoodsReceived: return GoodsReceived{true};
        case EventType::kMemoInReceived: return MemoInReceived{kVendor, 0};
        case EventType::kReceivedFromClient: return ReceivedFromClient{ReceivedPurpose::kReturn};
        case EventType::kPutAway: return PutAway{};
        case EventType::kMovedToHold: return MovedToHold{HoldReason::kQa};
        case EventType::kSignedOut:
            return SignedOut{target == State::kP ? SignOutPurpose::kPhoto : SignOutPurpose::kDisplay, 0, 0};
        case EventType::kSignedIn: return SignedIn{};
        case EventType::kHandedOver: return HandedOver{};
        case EventType::kRelocated: return Relocated{};
        case EventType::kTransferPacked: return TransferPacked{0, {}, "SSCC-2", "SEAL-2"};
        case EventType::kTransferUnpackedBeforeDispatch: return TransferUnpackedBeforeDispatch{};
        case EventType::kTransferDispatched:
            return TransferDispatched{{2, {}, 0}, TransferPurpose::kReplenish, {}, kCarrier, 0};
        case EventType::kInboundDispatched: return InboundDispatched{kVendor, TransferPurpose::kSupply, 0};
        case EventType::kTransferVoided: return TransferVoided{};
        case EventType::kTransferReceived: return TransferReceived{"SEAL-1", true};
        case EventType::kTransferReturned: return TransferReturned{};
        case EventType::kTransferDelivered:
            return TransferDelivered{target == State::kM   ? kMemoParty
                                     : target == State::kW ? kWorkshop
                                                           : PartyId{0},
                                     0};
        case EventType::kMemoOutIssued: return world.memo();
        case EventType::kMemoReturned: return MemoReturned{};
        case EventType::kSaleCompleted: return world.sale();
        case EventType::kSaleReturned: return SaleReturned{"CN-1", "INV-1", {}};
        case EventType::kSentToWorkshop: return SentToWorkshop{kWorkshop, 0};
        case EventType::kReturnedFromWorkshop: return ReturnedFromWorkshop{};
        case EventType::kReleasedToClient: return ReleasedToClient{};
        case EventType::kDeclaredMissing: return DeclaredMissing{};
        case EventType::kItemRecovered: return ItemRecovered{};
        case EventType::kLossDeclared: return LossDeclared{LossKind::kTheft, false};
        case EventType::kIdentityResolved:
            return target == State::kZ ? IdentityResolved{false, world.stocked()} : IdentityResolved{true, {}};
        case EventType::kItemDecommissioned: return ItemDecommissioned{};
        default: ADD_FAILURE() << "no payload for " << to_string(type); return LedgerCreated{};
    }
}

// Where the target follows from the event, it is left to the engine; `target` is the first of a row for illegal cells.
bool names_target(EventType type) {
    switch (type) {
        case EventType::kPutAway:
        case EventType::kSignedOut:
        case EventType::kSignedIn:
        case EventType::kHandedOver:
        case EventType::kRelocated:
        case EventType::kTransferUnpackedBeforeDispatch: return true;
        default: return false;
    }
}

Command moving(World& world, EventType type, State from, State target) {
    const ItemId item = piece_for(world, type, from, target);
    const AccountId holder = from == State::kX0 ? AccountId{} : world.item(item).account;
    Command command = world.command(moving_payload(world, type, target), {item},
                                    names_target(type) ? account_in(target, holder) : AccountId{});
    if (type == EventType::kTransferReceived && from == State::kT) command.site = 2;
    if (type == EventType::kTransferDelivered && target != State::kM && target != State::kW) command.obligation = {};
    return command;
}

State first_target(EventType type) {
    for (const StateInfo& from : kStates) {
        const Cell there = cell(type, from.state);
        for (const StateInfo& to : kStates) {
            if (contains(there.targets, to.state)) return to.state;
        }
    }
    return State::kX0;
}

class MovingEventTest : public ::testing::TestWithParam<EventType> {};

TEST_P(MovingEventTest, DoesWhatTheMatrixSaysInEveryState) {
    const EventType type = GetParam();
    for (const StateInfo& from : kStates) {
        const Cell expected = cell(type, from.state);
        for (const StateInfo& to : kStates) {
            if (!contains(expected.targets, to.state)) continue;
            SCOPED_TRACE(std::string(from.code) + " -> " + std::string(to.code));
            World world;
            const Command command = moving(world, type, from.state, to.state);
            world.must(command);
            EXPECT_EQ(to_string(world.state(command.lines[0].item)), to.code);
            EXPECT_EQ(world.item(command.lines[0].item).last, world.books.next - 1);
        }
        if (expected.legal()) continue;
        SCOPED_TRACE(std::string(from.code));
        World world;
        const Command command = moving(world, type, from.state, first_target(type));
        const std::string before = bytes_of(world.books);
        const auto refusal = world.submit(command);
        ASSERT_TRUE(refusal);
        EXPECT_EQ(to_string(refusal->code), to_string(expected.refusal)) << refusal->message;
        EXPECT_EQ(refusal->state, from.state);
        EXPECT_EQ(refusal->line, 0);
        EXPECT_EQ(bytes_of(world.books), before);
    }
}
INSTANTIATE_TEST_SUITE_P(Matrix, MovingEventTest, ::testing::ValuesIn(events_of(true)), name_of);

// Every other class of account is refused as the target of a legal move.
TEST_P(MovingEventTest, MovesToNoOtherState) {
    const EventType type = GetParam();
    if (!names_target(type)) return;
    for (const StateInfo& from : kStates) {
        const Cell there = cell(type, from.state);
        if (there.targets == 0) continue;
        for (const State wrong : {State::kR, State::kV, State::kD, State::kP}) {
            if (contains(there.targets, wrong)) continue;
            SCOPED_TRACE(std::string(from.code) + " -> " + std::string(to_string(wrong)));
            World world;
            Command command = moving(world, type, from.state, first_target(type));
            command.to = account_in(wrong, {});
            EXPECT_EQ(world.answer(command), RefusalCode::kWrongTarget);
        }
    }
}

TEST(VariantTest, ASaleForLaterStaysWhereThePieceIs) {
    for (const StateInfo& from : kStates) {
        SCOPED_TRACE(std::string(from.code));
        World world;
        const Cell expected = cell(EventVariant::kSaleCompletedHandoverLater, from.state);
        const ItemId item = world.in_state(from.state);
        const auto answer = world.answer(world.command(world.sale(Handover::kLater), {item}));
        EXPECT_EQ(answer, expected.legal() ? std::nullopt : std::optional(expected.refusal));
        EXPECT_EQ(world.state(item), from.state);
        if (expected.legal()) {
            EXPECT_NE(world.item(item).delivery, 0U);
        }
    }
}

TEST(VariantTest, AReturnOfWhatTheHouseSoldAndHasInHoldMovesNothing) {
    World world;
    const ItemId item = world.in_state(State::kX2);
    world.must(world.command(ReceivedFromClient{ReceivedPurpose::kReturn}, {item}));
    world.must(world.command(SaleReturned{"CN", "INV", {}}, {item}));
    EXPECT_EQ(world.state(item), State::kR);
    EXPECT_EQ(world.item(item).owner, (Owner{OwnerKind::kHouse, kEntity}));
    // Once it is the house's again, it cannot come back a second time.
    EXPECT_EQ(world.answer(world.command(SaleReturned{"CN", "INV", {}}, {item})), RefusalCode::kNotSold);
}

TEST(VariantTest, AReturnOfWhatIsSoldForLaterMovesNothing) {
    for (const State from : {State::kV, State::kD, State::kP}) {
        SCOPED_TRACE(to_string(from));
        World world;
        const ItemId item = world.in_state(from);
        world.must(world.command(world.sale(Handover::kLater), {item}));
        world.must(world.command(SaleReturned{"CN", "INV", {}}, {item}));
        EXPECT_EQ(world.state(item), from);
        EXPECT_EQ(world.item(item).delivery, 0U);
    }
}

TEST(VariantTest, AClientsPieceThatTheHouseNeverSoldDoesNotComeBackAsASale) {
    World world;
    const ItemId item = world.registered(Origin::kClient);
    EXPECT_EQ(world.answer(world.command(SaleReturned{"CN", "INV", {}}, {item})), RefusalCode::kNotSold);
}

// ---- Events that move nothing ----

// What has to be open on the piece before the event is legal: brought about on the way to the state, or in it. Some
// states cannot be reached with it; there the event passes the state and finds nothing to end.
struct Legless {
    Payload payload;
    std::function<void(World&, const ItemId&)> on_the_way;  // in the vault, or in R
    std::function<void(World&, const ItemId&)> in_place;    // in the state itself
    StateSet reaches = 0;  // the states in which what it needs can be open; 0: it needs nothing
};

constexpr StateSet states(std::initializer_list<State> list) {
    StateSet set = 0;
    for (const State state : list) set = static_cast<StateSet>(set | bit(state));
    return set;
}
constexpr StateSet kInHand = states({State::kR, State::kV, State::kD, State::kP, State::kK});

Legless legless(EventType type, State state, World& world) {
    switch (type) {
        case EventType::kItemAmended: return {ItemAmended{AmendedField::kInsured, euro(500), 0, {}}, {}, {}};
        case EventType::kReceiptDiscrepancyRecorded:
            return {ReceiptDiscrepancyRecorded{state == State::kX1 ? DifferenceKind::kShort : DifferenceKind::kDamaged},
                    {},
                    {}};
        case EventType::kDiscrepancyOpened: return {DiscrepancyOpened{DifferenceKind::kCondition}, {}, {}};
        case EventType::kTransferExceptionRecorded:
            return {TransferExceptionRecorded{DifferenceKind::kDamaged}, {}, {}};
        case EventType::kMemoExtended: return {MemoExtended{world.now + kDay}, {}, {}};
        case EventType::kTitleTransferred: return {TitleTransferred{{}, {OwnerKind::kInsurer, 0}}, {}, {}};
        case EventType::kRepairOpened: return {RepairOpened{kClient, 0}, {}, {}};
        case EventType::kRepairAuthorised:
        case EventType::kRepairDeclined: {
            const auto open = [](World& w, const ItemId& item) { w.open_repair(item); };
            const StateSet reaches = states({State::kR, State::kV, State::kD, State::kP, State::kK, State::kT,
                                             State::kM, State::kW, State::kS, State::kL});
            if (type == EventType::kRepairAuthorised) return {RepairAuthorised{}, open, {}, reaches};
            return {RepairDeclined{}, open, {}, reaches};
        }
        case EventType::kRepairWorkRecorded: return {RepairWorkRecorded{}, {}, {}};
        case EventType::kInspectionRecorded:
            return {InspectionRecorded{InspectionPhase::kStock, Verdict::kPass}, {}, {}};
        case EventType::kQuarantineSet: return {QuarantineSet{}, {}, {}};
        case EventType::kQuarantineReleased:
            return {QuarantineReleased{},
                    {},
                    [](World& w, const ItemId& item) { w.must(w.command(QuarantineSet{}, {item})); },
                    kInHand};
        case EventType::kDamageRecorded: return {DamageRecorded{}, {}, {}};
        case EventType::kReservationPlaced: return {ReservationPlaced{kMemoParty, 0, {}}, {}, {}};
        case EventType::kReservationReleased:
            return {ReservationReleased{},
                    [](World& w, const ItemId& item) {
                        w.must(w.command(ReservationPlaced{kMemoParty, 0, {}}, {item}));
                    },
                    {},
                    states({State::kR, State::kV, State::kD, State::kP, State::kK, State::kT, State::kM, State::kW,
                            State::kS, State::kL})};
        case EventType::kCarnetBound: return {CarnetBound{"C-1", 0}, {}, {}};
        case EventType::kCarnetReleased:
            return {CarnetReleased{},
                    [](World& w, const ItemId& item) {
                        w.must(w.command(CarnetBound{"C-1", 0}, {item}));
                    },
                    {},
                    states({State::kR, State::kV, State::kD, State::kP, State::kK, State::kT, State::kM, State::kW,
                            State::kS, State::kL})};
        case EventType::kComplianceDocAttached: return {ComplianceDocAttached{DocType::kCites, "P-1", 0, 0}, {}, {}};
        default: ADD_FAILURE() << "no payload for " << to_string(type); return {};
    }
}

class LeglessEventTest : public ::testing::TestWithParam<EventType> {};

TEST_P(LeglessEventTest, IsLegalInItsStatesAndGetsTheStatesOwnErrorElsewhere) {
    const EventType type = GetParam();
    for (const StateInfo& from : kStates) {
        SCOPED_TRACE(std::string(from.code));
        World world;
        const Legless needs = legless(type, from.state, world);
        const bool can_be_open = contains(needs.reaches, from.state);
        const auto on_the_way = [&](const ItemId& item) {
            if (can_be_open && needs.on_the_way) needs.on_the_way(world, item);
        };
        const ItemId item = world.in_state(from.state, on_the_way);
        if (can_be_open && needs.in_place) needs.in_place(world, item);

        Command command = world.command(needs.payload, {item});
        if (type == EventType::kTitleTransferred && from.state != State::kX0) {
            std::get<TitleTransferred>(command.payload).from = world.item(item).owner;
            command.docs = {{DocType::kClientSignedBasis, "D-1"}};
        }
        const Cell expected = cell(type, from.state);
        const std::string before = bytes_of(world.books);
        const auto answer = world.answer(command);
        if (!expected.legal()) {
            EXPECT_EQ(answer, std::optional(expected.refusal));
        } else if (needs.reaches != 0 && !can_be_open) {
            EXPECT_EQ(answer, std::optional(RefusalCode::kNoObligation));
        } else {
            EXPECT_EQ(answer, std::nullopt);
            EXPECT_EQ(world.state(item), from.state);
        }
        if (answer) {
            EXPECT_EQ(bytes_of(world.books), before);
        }
    }
}

// Of these the obligation decides what a command names; they have tests of their own below.
std::vector<EventType> plain_legless() {
    std::vector<EventType> types = events_of(false);
    std::erase(types, EventType::kDiscrepancyResolved);
    std::erase(types, EventType::kObligationSettled);
    std::erase(types, EventType::kMemoInPurchased);
    return types;
}
INSTANTIATE_TEST_SUITE_P(Legless, LeglessEventTest, ::testing::ValuesIn(plain_legless()), name_of);

TEST(LeglessEventTest, ADiscrepancyIsResolvedInEveryStateButX0) {
    for (const StateInfo& from : kStates) {
        SCOPED_TRACE(std::string(from.code));
        World world;
        ObligationId discrepancy = world.new_obligation();
        const auto open = [&](const ItemId& item) {
            const Command opened = world.command(DiscrepancyOpened{DifferenceKind::kCondition}, {item});
            world.must(opened);
            discrepancy = opened.obligation;
        };
        const bool early = from.state != State::kX0 && from.state != State::kX1 && from.state != State::kF;
        const ItemId item = world.in_state(from.state, open);
        if (!early && from.state != State::kX0) open(item);
        const auto answer =
            world.answer(world.command(DiscrepancyResolved{{discrepancy, {}, {}}, DiscrepancyOutcome::kFound}, {item}));
        EXPECT_EQ(answer, from.state == State::kX0 ? std::optional(RefusalCode::kUnknownItem) : std::nullopt);
        if (from.state != State::kX0) {
            EXPECT_EQ(world.item(item).disputes, 0U);
        }
    }
}

TEST(LeglessEventTest, AnObligationIsSettledInLAndZOnly) {
    for (const StateInfo& from : kStates) {
        SCOPED_TRACE(std::string(from.code));
        World world;
        ObligationId reserved = world.new_obligation();
        const auto reserve = [&](const ItemId& item) {
            if (from.state == State::kZ || from.state == State::kX2) return;  // cannot get there with one
            const Command placed = world.command(ReservationPlaced{kMemoParty, 0, {}}, {item});
            world.must(placed);
            reserved = placed.obligation;
        };
        const ItemId item = world.in_state(from.state, reserve);
        const auto answer = world.answer(world.command(ObligationSettled{{reserved, {}, {}}}, {item}));
        const Cell expected = cell(EventType::kObligationSettled, from.state);
        if (from.state == State::kL) {
            EXPECT_EQ(answer, std::nullopt);
            EXPECT_EQ(world.item(item).reservation, 0U);
        } else {
            EXPECT_EQ(answer, std::optional(from.state == State::kZ ? RefusalCode::kNoObligation : expected.refusal));
        }
    }
}

TEST(LeglessEventTest, GoodsOnMemoAreBoughtWhereverTheyAre) {
    for (const StateInfo& from : kStates) {
        SCOPED_TRACE(std::string(from.code));
        World world;
        // A vendor's piece goes neither to a client nor on memo, and is not destroyed.
        const bool reachable = from.state != State::kX2 && from.state != State::kM && from.state != State::kZ;
        const ItemId item = world.in_state(from.state, nullptr, reachable ? OwnerKind::kVendor : OwnerKind::kHouse);
        const auto answer = world.answer(world.command(MemoInPurchased{}, {item}));
        const Cell expected = cell(EventType::kMemoInPurchased, from.state);
        if (!expected.legal()) {
            EXPECT_EQ(answer, std::optional(expected.refusal));
        } else {
            EXPECT_EQ(answer, reachable ? std::nullopt : std::optional(RefusalCode::kNoObligation));
        }
    }
}

TEST(LeglessEventTest, AShortReceiptIsAboutAPieceThatNeverCame) {
    World world;
    const ItemId item = world.received();
    EXPECT_EQ(world.answer(world.command(ReceiptDiscrepancyRecorded{DifferenceKind::kShort}, {item})),
              RefusalCode::kQaPending);
    const ItemId outside = world.registered();
    EXPECT_EQ(world.answer(world.command(ReceiptDiscrepancyRecorded{DifferenceKind::kDamaged}, {outside})),
              RefusalCode::kNotReceived);
}

}  // namespace
}  // namespace daybook::custody::test
