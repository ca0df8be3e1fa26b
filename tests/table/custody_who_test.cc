// Goal: who may do what, and who must sign beside him, for every event of version 1. Method: the event is judged with
// each set of signatures that matters; only the checks of authority are looked at, so the rest of the command need not
// be legal. (A command that passes them is refused later, if at all, with another error.)
#include <gtest/gtest.h>

#include <variant>

#include "tests/support/custody_world.h"

namespace daybook::custody::test {
namespace {

std::vector<EventType> v1_events() {
    std::vector<EventType> types;
    for (const EventInfo& event : kEvents) {
        if (event.v1) types.push_back(event.type);
    }
    return types;
}

template <std::size_t... Is>
Payload empty_payload(std::size_t index, std::index_sequence<Is...> /*all*/) {
    Payload payload;
    static_cast<void>(((Is == index ? (payload.emplace<Is>(), true) : false) || ...));
    return payload;
}

// A payload that passes E_SCHEMA.
Payload payload_of(EventType type) {
    std::size_t index = 0;
    for (const EventInfo& event : kEvents) {
        if (event.type == type) break;
        index += event.v1 ? 1 : 0;
    }
    Payload payload = empty_payload(index, std::make_index_sequence<std::variant_size_v<Payload>>());
    if (auto* p = std::get_if<ItemRegistered>(&payload)) p->origin = Origin::kFound;
    if (auto* p = std::get_if<AccountOpened>(&payload)) p->account = account("SITE/1/VAULT/NEW");
    if (auto* p = std::get_if<PolicySet>(&payload)) *p = {"count.per_day", std::int64_t{3}, 0, 0};
    if (auto* p = std::get_if<SignedOut>(&payload)) p->purpose = SignOutPurpose::kWindow;
    if (auto* p = std::get_if<TransferDispatched>(&payload)) p->dest.site = 2;
    if (auto* p = std::get_if<MemoOutIssued>(&payload)) p->memo = "M-1";
    if (auto* p = std::get_if<SaleCompleted>(&payload)) p->handover = Handover::kNow;
    if (auto* p = std::get_if<LimitOverrideApproved>(&payload)) *p = {"limit.parcel", euro(1), 1LL << 60};
    if (auto* p = std::get_if<CustodianChanged>(&payload)) *p = {account("SITE/1/VAULT/A"), kHolder, kOtherHolder, {}};
    if (auto* p = std::get_if<SupplyMoved>(&payload)) p->kind = SupplyMove::kIssued;
    if (auto* p = std::get_if<ReceiptDiscrepancyRecorded>(&payload)) p->kind = DifferenceKind::kDamaged;
    return payload;
}

Command signed_command(World& world, EventType type) {
    const LineKind lines = info(type).lines;
    const bool pieces = lines == LineKind::kMove || lines == LineKind::kItem || lines == LineKind::kItemOptional;
    Command command =
        world.command(payload_of(type), pieces ? std::vector<ItemId>{world.new_item()} : std::vector<ItemId>{});
    command.to = account("SITE/1/VAULT/B");
    if (type == EventType::kItemRegistered) command.to = account("SUSPENSE/1/FOUND");
    if (type == EventType::kMemoOutIssued) command.to = {};
    if (type == EventType::kSupplyMoved) {
        command.lines = {{{}, kBoxes, 1, 0, {}, {}}};
        command.from = account("EXT/SUPPLIER/501");
        command.to = account("SITE/1/SUPPLY");
    }
    if (type == EventType::kCountScanned) command.lines = {{world.new_item(), 0, 0, 0, {}, {}}};
    return command;
}

// The code, if it is one of the checks of authority.
std::optional<RefusalCode> authority(World& world, const Command& command) {
    const auto refusal = world.judge(command);
    if (!refusal) return std::nullopt;
    EXPECT_NE(refusal->code, RefusalCode::kSchema) << refusal->message;
    switch (refusal->code) {
        case RefusalCode::kNotAuthorised:
        case RefusalCode::kSelfWitness:
        case RefusalCode::kDualControl: return refusal->code;
        default: return std::nullopt;
    }
}

// The signers of an event as the table has them, and those in brackets that this payload calls for.
std::vector<RoleSet> signers(EventType type) {
    if (type == EventType::kCustodianChanged) return {kAnyone, kAnyone, bit(Role::kVm)};
    if (type == EventType::kItemAmended)
        return {static_cast<RoleSet>(bit(Role::kHq) | bit(Role::kOc) | bit(Role::kVm))};
    const Who& rule = info(type).who;
    return {rule.signers.begin(), rule.signers.begin() + static_cast<std::ptrdiff_t>(rule.count)};
}

std::string name_of(const ::testing::TestParamInfo<EventType>& info) { return std::string(to_string(info.param)); }

class WhoTest : public ::testing::TestWithParam<EventType> {
protected:
    [[nodiscard]] static World::Start start() {
        return GetParam() == EventType::kLedgerCreated ? World::Start::kEmpty : World::Start::kOpened;
    }
    static Command of(World& world) {
        Command command = signed_command(world, GetParam());
        if (GetParam() != EventType::kLedgerCreated) return command;
        auto& created = std::get<LedgerCreated>(command.payload);
        created.grants = {{who(Role::kSys), Role::kSys, 0}, {who(Role::kOc), Role::kOc, 0}};
        return command;
    }
};

TEST_P(WhoTest, PassesWithTheSignaturesOfItsRule) {
    World world(start());
    EXPECT_EQ(authority(world, of(world)), std::nullopt);
}

// Each role acts: only one that a signer's slot names may.
TEST_P(WhoTest, OnlyANamedRoleActs) {
    World world(start());
    const auto slots = signers(GetParam());
    for (std::size_t i = 1; i <= kRoleCount; ++i) {
        const Role role = static_cast<Role>(i);
        if (GetParam() == EventType::kCustodianChanged) continue;  // its persons are named by the payload
        SCOPED_TRACE(std::string(to_string(role)));
        Command command = of(world);
        command.actor = {who(role), role, 0};
        if (auto* created = std::get_if<LedgerCreated>(&command.payload)) created->grants = {{who(role), role, 0}};
        // Everybody else who could be asked for signs too.
        command.attest.clear();
        for (std::size_t other = 1; other <= kRoleCount; ++other) {
            command.attest.push_back({who_else(static_cast<Role>(other)), static_cast<Role>(other)});
        }
        bool named = slots[0] == kAnyone;
        for (const RoleSet slot : slots) named = named || (slot != kAnyone && contains(slot, role));
        EXPECT_EQ(authority(world, command), named ? std::nullopt : std::optional(RefusalCode::kNotAuthorised));
    }
}

TEST_P(WhoTest, AClaimedRoleIsOneThatTheActorHolds) {
    World world(start());
    Command command = of(world);
    if (GetParam() == EventType::kCustodianChanged) command.actor.role = Role::kOc;
    command.actor.principal = 999;  // holds nothing
    EXPECT_EQ(authority(world, command), RefusalCode::kNotAuthorised);
}

TEST_P(WhoTest, EachFurtherSignatureIsNeeded) {
    World world(start());
    const Command whole = of(world);
    for (std::size_t i = 0; i < whole.attest.size(); ++i) {
        Command command = whole;
        command.attest.erase(command.attest.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_EQ(authority(world, command), RefusalCode::kDualControl) << i;
    }
}

// The same person in both places: the actor signs once more, in whatever role is asked for.
TEST_P(WhoTest, NobodyCountsTwice) {
    World world(start());
    const auto slots = signers(GetParam());
    if (slots.size() < 2 || GetParam() == EventType::kCustodianChanged) return;
    Command command = of(world);
    for (Attestation& attestation : command.attest) {
        attestation.principal = command.actor.principal;
        if (attestation.role)
            world.must(world.command(RoleGranted{{{attestation.principal, *attestation.role, 0}, 0, 0}}));
    }
    // Who is asked for as the whole house's gives roles of the whole house.
    EXPECT_EQ(authority(world, command), RefusalCode::kSelfWitness);
}

// A role that the second signer claims and does not hold.
TEST_P(WhoTest, AClaimedRoleIsOneThatASignerHolds) {
    World world(start());
    const Command whole = of(world);
    for (std::size_t i = 0; i < whole.attest.size(); ++i) {
        if (!whole.attest[i].role) continue;
        Command command = whole;
        command.attest[i].principal = 998;
        EXPECT_EQ(authority(world, command), RefusalCode::kDualControl);
    }
}

INSTANTIATE_TEST_SUITE_P(Who, WhoTest, ::testing::ValuesIn(v1_events()), name_of);

// ---- Signers in brackets ----

TEST(BracketTest, AMemoAboveItsValueNeedsAManager) {
    World world;
    Command policy = world.command(PolicySet{"sign.memo_value", euro(1'000'00), 0, 0});
    world.must(policy);
    const ItemId at_the_bound = world.stocked(OwnerKind::kHouse, 1'000'00);
    world.must(world.command(world.memo(), {at_the_bound}));
    const ItemId above = world.stocked(OwnerKind::kHouse, 1'000'01);
    Command memo = world.command(world.memo(), {above});
    EXPECT_EQ(world.answer(memo), RefusalCode::kDualControl);
    memo.attest.push_back({who(Role::kVm), Role::kVm});
    EXPECT_EQ(world.answer(memo), std::nullopt);
    // The paper's own value counts as well, if it is more.
    const ItemId cheap = world.stocked(OwnerKind::kHouse, 1);
    MemoOutIssued insured = world.memo();
    insured.insured = euro(2'000'00);
    EXPECT_EQ(world.answer(world.command(insured, {cheap})), RefusalCode::kDualControl);
}

TEST(BracketTest, ADiscountAboveItsBoundNeedsTheStoreManager) {
    World world;
    const ItemId item = world.stocked();
    SaleCompleted sale = world.sale();
    sale.discount_thousandths = 101;  // the default is 100
    Command command = world.command(sale, {item});
    EXPECT_EQ(world.answer(command), RefusalCode::kDualControl);
    command.attest.push_back({command.actor.principal, Role::kSm});
    EXPECT_EQ(world.answer(command), RefusalCode::kDualControl);  // a seller who holds no SM
    command.attest.back() = {who(Role::kSm), Role::kSm};
    EXPECT_EQ(world.answer(command), std::nullopt);
    const ItemId other = world.stocked();
    sale.discount_thousandths = 100;
    EXPECT_EQ(world.answer(world.command(sale, {other})), std::nullopt);
}

TEST(BracketTest, ACollectorWhoIsNotTheOwnerNeedsAManager) {
    World world;
    const ItemId item = world.stocked(OwnerKind::kClient);
    Command command = world.command(ReleasedToClient{false}, {item});
    EXPECT_EQ(world.answer(command), RefusalCode::kDualControl);
    command.attest.push_back({who(Role::kVm), Role::kVm});
    EXPECT_EQ(world.answer(command), std::nullopt);
}

TEST(BracketTest, MoneyIsAmendedByAManagerOnly) {
    World world;
    const ItemId item = world.stocked();
    Command money = world.command(ItemAmended{AmendedField::kRetail, euro(1), 0, {}}, {item});
    money.actor = {who(Role::kOc), Role::kOc, 0};
    EXPECT_EQ(world.answer(money), RefusalCode::kNotAuthorised);
    Command text = world.command(ItemAmended{AmendedField::kDescription, {}, 0, "a ring"}, {item});
    text.actor = {who(Role::kOc), Role::kOc, 0};
    EXPECT_EQ(world.answer(text), std::nullopt);
}

TEST(BracketTest, BothCustodiansAndAManagerSignAChange) {
    World world;
    const AccountId place = account("SITE/1/VAULT/A");
    const ObligationId count = world.open_count(CountKind::kHandover, {place});
    world.attest(count);
    Command command = world.command(CustodianChanged{place, kHolder, kOtherHolder, count});
    Command without = command;
    without.attest[0].principal = kWitness;  // not the new custodian
    EXPECT_EQ(world.answer(without), RefusalCode::kDualControl);
    without = command;
    without.actor.principal = kWitness;  // not the old one
    EXPECT_EQ(world.answer(without), RefusalCode::kNotAuthorised);
    EXPECT_EQ(world.answer(command), std::nullopt);
    EXPECT_EQ(world.books.accounts.find(place)->custodian, kOtherHolder);
}

// ---- As of the event, at its site ----

TEST(AuthorityTest, ARoleHoldsFromItsGrantToItsEndAtItsSite) {
    World world;
    constexpr Principal kNew = 500;
    const Micros from = world.now + kHour;
    world.must(world.command(RoleGranted{{{kNew, Role::kOc, 1}, from, from + kHour}}));
    const auto may = [&](Micros at, SiteId site) {
        Command command = world.command(PartyRegistered{1, PartyKind::kStaff, {}});
        command.actor = {kNew, Role::kOc, 0};
        command.site = site;
        command.occurred_at = at;
        world.now = at;
        return authority(world, command) == std::nullopt;
    };
    EXPECT_FALSE(may(from - 1, 1));
    EXPECT_TRUE(may(from, 1));
    EXPECT_FALSE(may(from, 2));
    EXPECT_TRUE(may(from + kHour - 1, 1));
    EXPECT_FALSE(may(from + kHour, 1));
}

TEST(AuthorityTest, ARevocationEndsEvenWhatTheLedgerWasCreatedWith) {
    World world;
    Command command = world.command(PartyRegistered{1, PartyKind::kStaff, {}});
    EXPECT_EQ(authority(world, command), std::nullopt);
    world.must(world.command(RoleRevoked{{{command.actor.principal, Role::kOc, 0}, 0, 0}}));
    world.now += kMinute;
    EXPECT_EQ(authority(world, command), RefusalCode::kNotAuthorised);
}

// A manager of one site gives no roles, and sets no policies, of another or of the house.
TEST(AuthorityTest, ASiteDoesNotGiveItselfWhatIsTheHouses) {
    World world;
    constexpr Principal kLocal = 500, kLocalToo = 501;
    for (const Principal local : {kLocal, kLocalToo}) {
        world.must(world.command(RoleGranted{{{local, Role::kVm, 1}, 0, 0}}));
        world.must(world.command(RoleGranted{{{local, Role::kHq, 1}, 0, 0}}));
    }
    const auto grant = [&](SiteId site) {
        Command command = world.command(RoleGranted{{{502, Role::kOc, site}, 0, 0}});
        command.actor = {kLocal, Role::kVm, 0};
        command.attest = {{kLocalToo, Role::kVm}};
        return authority(world, command);
    };
    world.now += kMinute;
    EXPECT_EQ(grant(1), std::nullopt);
    EXPECT_EQ(grant(2), RefusalCode::kNotAuthorised);
    EXPECT_EQ(grant(0), RefusalCode::kNotAuthorised);
    Command policy = world.command(PolicySet{"sign.discount", std::int64_t{900}, 0, 0});
    policy.actor = {kLocal, Role::kHq, 0};
    EXPECT_EQ(authority(world, policy), RefusalCode::kNotAuthorised);
    std::get<PolicySet>(policy.payload).site = 1;
    EXPECT_EQ(authority(world, policy), std::nullopt);
}

TEST(AuthorityTest, TheLedgersFirstEventIsSignedByOneItNames) {
    World world(World::Start::kEmpty);
    LedgerCreated created;
    created.entity = kEntity;
    created.currency = kEuro;
    created.grants = {{1, Role::kHq, 0}};
    Command first = world.command(created);
    first.actor = {1, Role::kSys, 0};
    EXPECT_EQ(world.answer(first), RefusalCode::kNotAuthorised);
    created.grants.push_back({1, Role::kSys, 0});
    first.payload = created;
    EXPECT_EQ(world.answer(first), std::nullopt);
}

}  // namespace
}  // namespace daybook::custody::test
