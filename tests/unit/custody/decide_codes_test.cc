// Goal: every refusal code is reached, says what a person needs, and nothing is left out of the list. Method: a command
// for each code; two are not decide()'s to give yet and are named below.
#include <gtest/gtest.h>

#include "tests/support/custody_world.h"

namespace daybook::custody::test {
namespace {

using Make = std::function<Command(World&)>;

Command sign_out(World& world, const ItemId& item) {
    return world.command(SignedOut{SignOutPurpose::kPresentation, kHolder, 0}, {item});
}

// The state's own error, met by a sign-out.
Make in(State state) {
    return [state](World& world) { return sign_out(world, world.in_state(state)); };
}
// An event that the matrix gives an error of its own in that state.
template <class P>
Make to_state(P payload, State state, std::string_view to = {}) {
    return [=](World& world) {
        return world.command(payload, {world.in_state(state)}, to.empty() ? AccountId{} : account(to));
    };
}

Command vault_closed_first(World& world) {
    const ItemId item = world.stocked();
    world.must(world.command(VaultClosed{world.closing_count(), {}}));
    return sign_out(world, item);
}
Command fenced(World& world) {
    const ItemId item = world.stocked();
    const Micros before = world.now;
    const ObligationId count = world.open_count(CountKind::kSpot, {account("SITE/1/VAULT/A")});
    world.scan(count, {item}, "SITE/1/VAULT/A");
    world.attest(count);
    Command command = sign_out(world, item);
    command.occurred_at = before;
    return command;
}
Command in_a_closed_day(World& world) {
    const ItemId item = world.stocked();
    const Micros before = world.now;
    world.must(world.command(DayClosed{world.closing_count()}));
    Command command = sign_out(world, item);
    command.occurred_at = before;
    return command;
}
Command over_limit(World& world) {
    AccountOpened poor;
    poor.account = account("SITE/1/PERSON/99");
    poor.insured_limit = euro(1);
    world.must(world.command(poor));
    return world.command(SignedOut{SignOutPurpose::kPhoto, 99, 0}, {world.stocked()});
}
Command without_document(World& world) {
    world.must(world.command(PolicySet{
        "docs.required",
        std::vector<DocRule>{{"1", "2", "metal:PLATINUM", {DocType::kInsurance, DocType::kExportDeclaration}}}, 0, 0}));
    const ItemId item = world.in_state(State::kK);
    return world.command(TransferDispatched{{2, {}, 0}, TransferPurpose::kReplenish, {}, kCarrier, 0}, {item});
}
Command correction(World& world, const EventId& target) {
    Command declared = world.command(CorrectionDeclared{target, CorrectionReason::kDidNotOccur, {}});
    declared.actor = {who(Role::kSm), Role::kSm, 0};
    return declared;
}

const std::vector<std::pair<RefusalCode, Make>>& cases() {
    static const std::vector<std::pair<RefusalCode, Make>> kCases{
        {RefusalCode::kSchema,
         [](World& w) {
             return w.command(PolicySet{"no.such.key", std::int64_t{1}, 0, 0});
         }},
        {RefusalCode::kNotAuthorised,
         [](World& w) {
             Command c = sign_out(w, w.stocked());
             c.actor.principal = 999;
             return c;
         }},
        {RefusalCode::kSelfWitness,
         [](World& w) {
             Command c = sign_out(w, w.stocked());
             c.attest[0].principal = c.actor.principal;
             return c;
         }},
        {RefusalCode::kDualControl,
         [](World& w) {
             Command c = sign_out(w, w.stocked());
             c.attest.clear();
             return c;
         }},
        {RefusalCode::kFutureDated,
         [](World& w) {
             Command c = sign_out(w, w.stocked());
             c.occurred_at = w.now + kHour;
             return c;
         }},
        {RefusalCode::kBackdated,
         [](World& w) {
             Command c = sign_out(w, w.stocked());
             c.occurred_at = w.now - kHour;
             return c;
         }},
        {RefusalCode::kUnknownEvent, [](World& w) { return correction(w, EventId(w.uuid())); }},
        {RefusalCode::kCountFence, fenced},
        {RefusalCode::kPeriodClosed, in_a_closed_day},
        {RefusalCode::kVaultClosed, vault_closed_first},
        {RefusalCode::kUnknownItem, in(State::kX0)},
        {RefusalCode::kDuplicateItem, [](World& w) { return w.command(w.description(), {w.stocked()}); }},
        {RefusalCode::kStaleVersion,
         [](World& w) {
             Command c = sign_out(w, w.stocked());
             c.expect = {{c.lines[0].item, 3}};
             return c;
         }},
        {RefusalCode::kNotReceived, in(State::kX1)},
        {RefusalCode::kWithClient, in(State::kX2)},
        {RefusalCode::kQaPending, in(State::kR)},
        {RefusalCode::kNotOut, to_state(SignedIn{}, State::kV, "SITE/1/VAULT/B")},
        {RefusalCode::kAlreadyOut, in(State::kD)},
        {RefusalCode::kPacked, in(State::kK)},
        {RefusalCode::kInTransit, in(State::kT)},
        {RefusalCode::kOnMemo, in(State::kM)},
        {RefusalCode::kInRepair, in(State::kW)},
        {RefusalCode::kMissing, in(State::kS)},
        {RefusalCode::kUnidentified, in(State::kF)},
        {RefusalCode::kWrittenOff, in(State::kL)},
        {RefusalCode::kDecommissioned, in(State::kZ)},
        {RefusalCode::kAlreadyIn, to_state(PutAway{}, State::kV, "SITE/1/VAULT/B")},
        {RefusalCode::kAlreadyReceived, to_state(GoodsReceived{true}, State::kV)},
        {RefusalCode::kAlreadyIdentified, to_state(IdentityResolved{true, {}}, State::kV)},
        {RefusalCode::kNotWithClient, to_state(ReceivedFromClient{ReceivedPurpose::kReturn}, State::kV)},
        {RefusalCode::kNotOutside, to_state(InboundDispatched{kVendor, TransferPurpose::kSupply, 0}, State::kV)},
        {RefusalCode::kNotPacked, to_state(TransferUnpackedBeforeDispatch{}, State::kV, "SITE/1/VAULT/B")},
        {RefusalCode::kNotInTransit, to_state(TransferReceived{"S", true}, State::kV)},
        {RefusalCode::kNotOnMemo, to_state(MemoReturned{}, State::kV)},
        {RefusalCode::kNotInRepair, to_state(ReturnedFromWorkshop{}, State::kV)},
        {RefusalCode::kNotMissing, to_state(ItemRecovered{}, State::kV)},
        {RefusalCode::kNotSold, to_state(SaleReturned{"CN", "INV", {}}, State::kV)},
        {RefusalCode::kWrongAccount,
         [](World& w) {
             Command c = sign_out(w, w.stocked());
             c.from = account("SITE/1/VAULT/B");
             return c;
         }},
        {RefusalCode::kWrongDest, to_state(TransferReceived{"SEAL-1", true}, State::kT)},
        {RefusalCode::kWrongTarget,
         [](World& w) {
             Command c = sign_out(w, w.stocked());
             c.to = account("SITE/1/HOLD");
             return c;
         }},
        {RefusalCode::kNoObligation, to_state(SentToWorkshop{kWorkshop, 0}, State::kV)},
        {RefusalCode::kObligationOpen,
         [](World& w) {
             return w.command(RepairOpened{}, {w.in_state(State::kV, [&](const ItemId& i) { w.open_repair(i); })});
         }},
        {RefusalCode::kCrossSite,
         [](World& w) {
             Command c = sign_out(w, w.stocked());
             c.to = account("SITE/2/PERSON/71");
             return c;
         }},
        {RefusalCode::kUnknownAccount,
         [](World& w) {
             return w.command(SignedOut{SignOutPurpose::kPhoto, 99, 0}, {w.stocked()});
         }},
        {RefusalCode::kQuarantined,
         [](World& w) {
             const ItemId i = w.stocked();
             w.must(w.command(QuarantineSet{}, {i}));
             return sign_out(w, i);
         }},
        {RefusalCode::kReserved,
         [](World& w) {
             const ItemId i = w.stocked();
             w.must(w.command(ReservationPlaced{kOtherClient, 0, "FO-1"}, {i}));
             return w.command(w.sale(), {i});
         }},
        {RefusalCode::kCarnetBound,
         [](World& w) {
             const ItemId i = w.stocked();
             w.must(w.command(CarnetBound{"CARNET-1", 0}, {i}));
             return w.command(w.sale(), {i});
         }},
        {RefusalCode::kNotOwned, [](World& w) { return w.command(w.sale(), {w.stocked(OwnerKind::kVendor)}); }},
        {RefusalCode::kLimit, over_limit},
        {RefusalCode::kDocMissing, without_document},
        {RefusalCode::kSealMismatch,
         [](World& w) {
             Command c = w.command(TransferReceived{"OTHER", true}, {w.in_state(State::kT)});
             c.site = 2;
             return c;
         }},
        {RefusalCode::kCountOpen,
         [](World& w) {
             w.open_count(CountKind::kSpot, {account("SITE/1/WINDOW")});
             return w.command(CountOpened{CountKind::kSpot, {account("SITE/1/WINDOW")}});
         }},
        {RefusalCode::kCountMismatch,
         [](World& w) {
             CountLists lists;
             lists.matched = {w.new_item()};
             return w.command(CountAttested{w.open_count(CountKind::kSpot, {account("SITE/1/WINDOW")}), lists});
         }},
        {RefusalCode::kNightNotEmpty,
         [](World& w) {
             AccountOpened o;
             o.account = account("SITE/1/DISPLAY/NIGHT");
             o.night_empty = true;
             w.must(w.command(o));
             w.show(w.stocked(), "SITE/1/DISPLAY/NIGHT");
             return w.command(VaultClosed{w.closing_count(), {}});
         }},
        {RefusalCode::kObligationExists,
         [](World& w) {
             Command c = sign_out(w, w.stocked());
             c.obligation = w.books.sessions.of(1).back().obligation;
             return c;
         }},
        {RefusalCode::kCorrectionConflict,
         [](World& w) {
             const ItemId item = w.stocked();
             const Command out = sign_out(w, item);
             w.must(out);
             w.must(w.command(SignedIn{}, {item}, account("SITE/1/VAULT/A")));
             return correction(w, out.event_id);
         }},
        {RefusalCode::kQtyNegative,
         [](World& w) {
             Command c = w.command(SupplyMoved{SupplyMove::kIssued});
             c.lines = {{{}, kBoxes, 1, 0, {}, {}}};
             return c;
         }},
        {RefusalCode::kSessionOpen, [](World& w) { return w.command(VaultOpened{}); }},
        {RefusalCode::kNoClosingCount,
         [](World& w) {
             return w.command(VaultClosed{w.new_obligation(), {}});
         }},
        {RefusalCode::kAccountExists,
         [](World& w) {
             AccountOpened o;
             o.account = account("SITE/1/HOLD");
             return w.command(o);
         }},
        {RefusalCode::kAccountNotEmpty,
         [](World& w) {
             w.stocked();
             return w.command(AccountClosed{account("SITE/1/VAULT/A")});
         }},
    };
    return kCases;
}

TEST(RefusalCodesTest, EachIsReached) {
    std::set<RefusalCode> reached;
    for (const auto& [code, make] : cases()) {
        SCOPED_TRACE(std::string(to_string(code)));
        World world;
        const Command command = make(world);
        const std::string before = bytes_of(world.books);
        const auto refusal = world.submit(command);
        ASSERT_TRUE(refusal);
        EXPECT_EQ(to_string(refusal->code), to_string(code)) << refusal->message;
        EXPECT_EQ(bytes_of(world.books), before);
        reached.insert(refusal->code);
    }
    // E_EVENT_ID_CONFLICT is the sequencer's; E_ALREADY_CORRECTED comes with the corrections.
    reached.insert(RefusalCode::kEventIdConflict);
    reached.insert(RefusalCode::kAlreadyCorrected);
    for (const RefusalInfo& row : kRefusals) EXPECT_TRUE(reached.contains(row.code)) << row.name;
}

// One sentence that names the piece, where it is and since when; and, as fields, the same for programs.
TEST(RefusalCodesTest, ARefusalOfAPieceSaysWhereItIsAndWhatIsLegal) {
    for (const auto& [code, make] : cases()) {
        SCOPED_TRACE(std::string(to_string(code)));
        World world;
        const auto refusal = world.submit(make(world));
        ASSERT_TRUE(refusal);
        EXPECT_GT(refusal->message.size(), 30U);
        EXPECT_EQ(refusal->message.find('\n'), std::string::npos);
        if (refusal->line < 0 || refusal->item.empty() || !refusal->state || *refusal->state == State::kX0) continue;
        const Item& item = world.item(refusal->item);
        EXPECT_EQ(refusal->state, item.state());
        EXPECT_EQ(refusal->since, item.since);
        EXPECT_NE(refusal->message.find(item.id.text()), std::string::npos) << refusal->message;
        EXPECT_NE(refusal->message.find(item.account.path()), std::string::npos) << refusal->message;
        EXPECT_FALSE(refusal->legal_next.empty());
        for (const EventType type : refusal->legal_next) EXPECT_TRUE(cell(type, *refusal->state).legal());
    }
}

// What is refused because the piece is out names who has it, by which event, and until when.
TEST(RefusalCodesTest, APieceThatIsOutNamesItsSignOut) {
    World world;
    const ItemId item = world.stocked();
    const Command out = world.command(SignedOut{SignOutPurpose::kPresentation, kHolder, world.now + kHour}, {item});
    world.must(out);
    const auto refusal = world.submit(sign_out(world, item));
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->account, account("SITE/1/PERSON/71"));
    EXPECT_EQ(refusal->event, world.books.next - 1);
    EXPECT_EQ(refusal->obligation, (ObligationRef{out.obligation, {}, {}}));
    EXPECT_EQ(refusal->until, world.item(item).since - kSecond + kHour);
    const auto& next = refusal->legal_next;
    EXPECT_NE(std::find(next.begin(), next.end(), EventType::kSignedIn), next.end());
    EXPECT_NE(std::find(next.begin(), next.end(), EventType::kHandedOver), next.end());
    EXPECT_EQ(std::find(next.begin(), next.end(), EventType::kSignedOut), next.end());
    EXPECT_NE(refusal->message.find("SignedIn"), std::string::npos);
}

TEST(RefusalCodesTest, AReservationNamesItsPartyOrderAndEnd) {
    World world;
    const ItemId item = world.stocked();
    const Micros until = world.now + kDay;
    world.must(world.command(ReservationPlaced{kOtherClient, until, "FO-77"}, {item}));
    const auto refusal = world.submit(world.command(world.sale(), {item}));
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->code, RefusalCode::kReserved);
    EXPECT_EQ(refusal->document, "FO-77");
    EXPECT_EQ(refusal->until, until);
    EXPECT_NE(refusal->message.find("801"), std::string::npos);
}

TEST(RefusalCodesTest, ALimitSaysWhatItAllowsAndWhatItWouldHold) {
    World world;
    const auto refusal = world.submit(over_limit(world));
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->limit, "SITE/1/PERSON/99");
    EXPECT_EQ(refusal->allowed, euro(1));
    EXPECT_EQ(refusal->would_be, euro(1'000'00));
}

TEST(RefusalCodesTest, MissingPapersAreListed) {
    World world;
    const auto refusal = world.submit(without_document(world));
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->missing_documents, (std::vector{DocType::kInsurance, DocType::kExportDeclaration}));
}

TEST(RefusalCodesTest, AStaleReadSaysTheVersion) {
    World world;
    Command command = sign_out(world, world.stocked());
    command.expect = {{command.lines[0].item, 3}};
    const auto refusal = world.submit(command);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->version, 4U);
    command.expect[0].version = 4;
    EXPECT_EQ(world.answer(command), std::nullopt);
}

}  // namespace
}  // namespace daybook::custody::test
