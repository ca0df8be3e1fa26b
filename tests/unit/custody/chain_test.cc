// The chain of a piece, folded by itself, against the books that went along event by event: late facts and corrections
// included. And the postings: at every (valid time, record time) they say where each piece was.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "engine/custody/internal/folder.h"
#include "tests/support/custody_world.h"

namespace daybook::custody::test {
namespace {

std::string text_of(const PieceState& state) {
    const Item& item = state.item;
    std::string out = item.account.path() + " v" + std::to_string(item.version) + " last " + std::to_string(item.last) +
                      " at " + std::to_string(item.last_at) + " since " + std::to_string(item.since) + " by " +
                      std::to_string(item.since_event) + " owner " + std::to_string(static_cast<int>(item.owner.kind)) +
                      ":" + std::to_string(item.owner.id) + " sold " + std::to_string(item.sold_by) + " put " +
                      std::to_string(item.put_by) + " flags " + std::to_string(item.flags) + " verdict " +
                      std::to_string(static_cast<int>(item.verdict)) + " insured " +
                      std::to_string(item.insured_minor) + " model " + state.model;
    for (const Obligation& open : state.obligations) {
        out += " [" + std::string(to_string(open.kind)) + " " + open.ref.id.text() + ":" + open.ref.item.text() +
               " by " + std::to_string(open.opened_by) + " due " + std::to_string(open.due_at) + " of " +
               std::to_string(open.responsible) + "/" + std::to_string(open.party) + " lines " +
               std::to_string(open.lines) + "]";
    }
    if (state.parcel) out += " parcel " + state.parcel->seal + " by " + std::to_string(state.parcel->packed_by);
    return out;
}

// What all postings up to a position say of a piece at a valid time: the accounts whose signs do not cancel out.
class PostingLedger {
public:
    void add(const Effects& effects, Micros at, Position position) {
        for (const ItemChange& change : effects.items) {
            if (change.retold || change.before.account == change.after.account) continue;
            if (!change.before.id.empty()) put({change.after.id, change.before.account, at, -1}, position);
            put({change.after.id, change.after.account, at, 1}, position);
        }
        for (const Posting& posting : effects.retold) put(posting, position);
    }
    [[nodiscard]] std::map<AccountId, int> where(const ItemId& item, Micros valid_at, Position known) const {
        std::map<AccountId, int> sums;
        for (const auto& [posting, position] : postings_) {
            if (posting.item == item && posting.at <= valid_at && position <= known)
                sums[posting.account] += posting.sign;
        }
        std::erase_if(sums, [](const auto& sum) { return sum.second == 0; });
        return sums;
    }

private:
    void put(const Posting& posting, Position position) { postings_.emplace_back(posting, position); }
    std::vector<std::pair<Posting, Position>> postings_;
};

// A salon where things are recorded late and corrected, at random.
class LateSalon {
public:
    explicit LateSalon(unsigned seed) : random_(seed) {
        for (int i = 0; i < 3; ++i) items_.push_back(world.stocked());
        items_.push_back(world.stocked(OwnerKind::kClient));
        begin_ = world.now;
        learn_old();
    }

    World world;
    PostingLedger ledger;
    std::size_t accepted = 0, late = 0, corrected = 0, conflicts = 0;

    void step() {
        world.now += kMinute;
        Command command = pick(4) == 0 && !sent_.empty() ? correction() : event();
        // With a manager's approval, and headquarters': only structure decides.
        command.late = {true, "found out later", who(Role::kVm)};
        if (command.type != EventType::kCorrectionDeclared && pick(2) == 0)
            command.occurred_at =
                begin_ + static_cast<Micros>(random_() % static_cast<std::uint64_t>(world.now - begin_));
        const auto refusal = world.submit(command);
        if (refusal) {
            conflicts += refusal->code == RefusalCode::kCorrectionConflict ? 1U : 0U;
            return;
        }
        ++accepted;
        const bool retold = std::any_of(world.effects.items.begin(), world.effects.items.end(),
                                        [](const ItemChange& change) { return change.retold; });
        const bool correcting = command.type == EventType::kCorrectionDeclared;
        late += retold && !correcting ? 1U : 0U;
        corrected += correcting ? 1U : 0U;
        sent_.push_back(command.event_id);
        ledger.add(world.effects, world.decided.occurred_at, world.books.next - 1);
    }

    void check() const {
        for (const ItemId& item : items_) {
            const auto chain = world.chain(item);
            const Folded folded = fold(item, chain);
            ASSERT_FALSE(folded.broken) << folded.broken->refusal.message;
            const std::uint32_t slot = world.books.items.slot(item);
            ASSERT_EQ(text_of(piece_state(world.books, slot)), text_of(folded.piece));
        }
    }
    // At random (V, R): what was recorded of the legs, and what the postings say.
    void check_past() {
        for (const ItemId& item : items_) {
            const auto chain = world.chain(item);
            const std::size_t known = 1 + pick(chain.size());
            const Micros valid_at = begin_ - kHour + static_cast<Micros>(
                                        random_() % static_cast<std::uint64_t>(world.now - begin_ + kHour));
            const auto past = stays(Chain(chain).first(known), valid_at);
            const auto where = ledger.where(item, valid_at, chain[known - 1].position);
            std::map<AccountId, int> expected;
            if (!past.empty()) expected[past.back().account] = 1;
            ASSERT_EQ(where, expected) << item.text() << " at " << valid_at;
        }
    }

private:
    std::size_t pick(std::size_t n) { return random_() % n; }
    const ItemId& any() { return items_[pick(items_.size())]; }
    std::vector<ItemId> some() {
        std::vector<ItemId> out;
        for (const ItemId& item : items_) {
            if (pick(3) == 0) out.push_back(item);
        }
        if (out.empty()) out.push_back(any());
        return out;
    }
    void learn_old() {
        // The pieces' first events were recorded before the ledger of postings began.
        for (const ItemId& item : items_) {
            Effects effects;
            for (const Stay& stay : stays(world.chain(item))) {
                effects.retold.push_back({item, stay.account, stay.from, 1});
                if (stay.to) effects.retold.push_back({item, stay.account, *stay.to, -1});
            }
            for (const Posting& posting : effects.retold) {
                Effects one;
                one.retold.push_back(posting);
                const auto chain = world.chain(item);
                for (const ChainEvent& event : chain) {
                    if (event.decided->occurred_at == posting.at) {
                        ledger.add(one, posting.at, event.position);
                        break;
                    }
                }
            }
        }
    }
    Command correction() {
        Command declared =
            world.command(CorrectionDeclared{sent_[pick(sent_.size())], CorrectionReason::kDidNotOccur, {}});
        declared.actor = {who(pick(2) == 0 ? Role::kSm : Role::kQa), Role::kSm, 0};
        if (declared.actor.principal == who(Role::kQa)) declared.actor.role = Role::kQa;
        return declared;
    }
    Command event() {
        switch (pick(14)) {
            case 0:
                return world.command(SignedOut{SignOutPurpose::kDisplay, 0, world.now + kDay}, some(),
                                     account("SITE/1/DISPLAY/D1"));
            case 1: return world.command(SignedOut{SignOutPurpose::kPhoto, kHolder, world.now + kDay}, some());
            case 2: return world.command(SignedIn{}, some(), account("SITE/1/VAULT/A"));
            case 3: return world.command(HandedOver{world.now + 2 * kDay}, some(), account("SITE/1/PERSON/72"));
            case 4:
                return world.command(Relocated{}, some(),
                                     account(pick(2) == 0 ? "SITE/1/VAULT/B" : "SITE/1/VAULT/A"));
            case 5: return world.command(MovedToHold{HoldReason::kQa}, some());
            case 6: return world.command(PutAway{}, some(), account("SITE/1/VAULT/A"));
            case 7: return world.command(InspectionRecorded{InspectionPhase::kStock, Verdict::kPass}, some());
            case 8: return world.command(world.memo(), some());
            case 9: return world.command(MemoReturned{}, some());
            case 10: return world.command(MemoExtended{world.now + 9 * kDay}, some());
            case 11: return world.command(TransferPacked{kMemoParty, {}, "SSCC", "SEAL"}, some());
            case 12: return world.command(TransferUnpackedBeforeDispatch{}, some(), account("SITE/1/VAULT/B"));
            default: return world.command(DamageRecorded{}, some());
        }
    }

    std::mt19937 random_;
    std::vector<ItemId> items_;
    std::vector<EventId> sent_;
    Micros begin_ = 0;
};

TEST(ChainTest, TheBooksAreTheFoldOfEachPiecesChain) {
    std::size_t accepted = 0;
    std::size_t late = 0;
    std::size_t corrected = 0;
    std::size_t conflicts = 0;
    for (unsigned seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        LateSalon salon(seed);
        for (int i = 0; i < 150; ++i) {
            salon.step();
            ASSERT_NO_FATAL_FAILURE(salon.check());
        }
        for (int i = 0; i < 50; ++i) ASSERT_NO_FATAL_FAILURE(salon.check_past());
        accepted += salon.accepted;
        late += salon.late;
        corrected += salon.corrected;
        conflicts += salon.conflicts;
    }
    EXPECT_GT(accepted, 200U);
    EXPECT_GT(late, 40U);
    EXPECT_GT(corrected, 20U);
    EXPECT_GT(conflicts, 20U);
}

TEST(ChainTest, ALateFactTakesItsPlace) {
    World world;
    const ItemId item = world.stocked();
    world.now += kHour;
    world.show(item);
    const Micros shown = world.decided.occurred_at;
    world.now += kHour;
    world.must(world.command(SignedIn{}, {item}, account("SITE/1/VAULT/A")));
    const Micros back = world.decided.occurred_at;
    const std::uint32_t version = world.item(item).version;

    // It was handed on while it was out; nobody wrote that down.
    Command handed = world.command(HandedOver{}, {item}, account("SITE/1/DISPLAY/D2"));
    handed.occurred_at = shown + 10 * kMinute;
    handed.late = {true, "the tablet was off", 0};
    const auto refusal = world.submit(handed);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->code, RefusalCode::kCorrectionConflict);
    ASSERT_EQ(refusal->conflicts.size(), 1U);
    EXPECT_EQ(refusal->conflicts[0].code, RefusalCode::kWrongAccount);
    EXPECT_EQ(refusal->conflicts[0].event, world.item(item).last);
    EXPECT_EQ(world.item(item).version, version);

    // What moves nothing fits in.
    Command damaged = world.command(DamageRecorded{}, {item});
    damaged.occurred_at = shown + 10 * kMinute;
    damaged.late = {true, "the tablet was off", 0};
    world.must(damaged);
    EXPECT_TRUE(world.item(item).has(kDamaged));
    EXPECT_EQ(world.item(item).version, version + 1);
    EXPECT_EQ(world.item(item).last_at, back);
    EXPECT_TRUE(world.effects.items[0].retold);
    EXPECT_TRUE(world.effects.retold.empty());

    const auto chain = world.chain(item);
    EXPECT_EQ(fold(item, chain, shown).piece.item.account, account("SITE/1/DISPLAY/D1"));
    EXPECT_FALSE(fold(item, chain, shown).piece.item.has(kDamaged));
    EXPECT_TRUE(fold(item, chain, shown + 10 * kMinute).piece.item.has(kDamaged));
    EXPECT_FALSE(fold(item, Chain(chain).first(chain.size() - 1)).piece.item.has(kDamaged));
    EXPECT_EQ(fold(item, chain, back).piece.item.account, account("SITE/1/VAULT/A"));
}

TEST(ChainTest, WhatIsIllegalAtItsOwnPlaceGetsItsOwnError) {
    World world;
    const ItemId item = world.stocked();
    world.now += kHour;
    world.show(item);
    const Micros shown = world.decided.occurred_at;
    world.now += kHour;
    world.must(world.command(SignedIn{}, {item}, account("SITE/1/VAULT/A")));
    Command out = world.command(SignedOut{SignOutPurpose::kPhoto, kHolder, 0}, {item});
    out.occurred_at = shown + kMinute;
    out.late = {true, "forgotten", 0};
    EXPECT_EQ(world.answer(out), RefusalCode::kAlreadyOut);
}

// Whose piece goes where is asked when it is put away, and not again where its title turns out to have been another's.
TEST(ChainTest, WhatIsAskedOnceIsNotAskedAgainOfATitleThatChangesInRetrospect) {
    World world;
    const ItemId item = world.received();
    const Micros received = world.item(item).since;
    world.now += kHour;
    world.inspect(item);
    world.must(world.command(PutAway{}, {item}, account("SITE/1/VAULT/A")));
    Command titled = world.command(
        TitleTransferred{{OwnerKind::kHouse, kEntity}, {OwnerKind::kClient, kClient}}, {item});
    titled.occurred_at = received + kMinute;
    titled.late = {true, "the contract came by post", 0};
    world.must(titled);
    EXPECT_EQ(world.item(item).owner.kind, OwnerKind::kClient);
    EXPECT_EQ(world.item(item).account, account("SITE/1/VAULT/A"));
    EXPECT_FALSE(fold(item, world.chain(item)).broken);
}

TEST(ChainTest, WhatDidNotOccurIsGoneAndComesBack) {
    World world;
    const ItemId item = world.stocked();
    Command out = world.command(SignedOut{SignOutPurpose::kPhoto, kHolder, 0}, {item});
    world.must(out);
    Command declared = world.command(CorrectionDeclared{out.event_id, CorrectionReason::kDidNotOccur, {}});
    // Not by the one who recorded it.
    Command own = declared;
    own.actor = out.actor;
    EXPECT_EQ(world.answer(own), RefusalCode::kSelfWitness);
    declared.actor = {who(Role::kSm), Role::kSm, 0};
    world.must(declared);
    EXPECT_EQ(world.state(item), State::kV);
    EXPECT_EQ(world.open(out.obligation), nullptr);
    EXPECT_EQ(world.answer(declared), RefusalCode::kAlreadyCorrected);
    // The obligation's id is used for ever all the same.
    Command again = world.command(SignedOut{SignOutPurpose::kPhoto, kHolder, 0}, {item});
    again.obligation = out.obligation;
    EXPECT_EQ(world.answer(again), RefusalCode::kObligationExists);
    // The correction was wrong: the target is back.
    Command undone = world.command(CorrectionDeclared{declared.event_id, CorrectionReason::kDidNotOccur, {}});
    undone.actor = {who(Role::kOc), Role::kOc, 0};
    world.must(undone);
    EXPECT_EQ(world.state(item), State::kP);
    EXPECT_NE(world.open(out.obligation), nullptr);
    EXPECT_EQ(world.item(item).version, world.chain(item).size());
}

TEST(ChainTest, ACorrectionOfARuleIsFree) {
    World world;
    const Command rule = world.command(PolicySet{"time.late_after", std::int64_t{60}, 0, 0});
    world.must(rule);
    Command declared = world.command(CorrectionDeclared{rule.event_id, CorrectionReason::kDidNotOccur, {}});
    declared.actor = {who(Role::kOc), Role::kOc, 0};
    world.must(declared);
    EXPECT_EQ(world.books.policy("time.late_after", 0, world.now), nullptr);
    Command undone = world.command(CorrectionDeclared{declared.event_id, CorrectionReason::kDidNotOccur, {}});
    undone.actor = {who(Role::kSm), Role::kSm, 0};
    world.must(undone);
    EXPECT_NE(world.books.policy("time.late_after", 0, world.now), nullptr);
}

Command taken_back(World& world, const Command& target) {
    Command declared = world.command(CorrectionDeclared{target.event_id, CorrectionReason::kDidNotOccur, {}});
    // Not whoever recorded it.
    const bool coordinator = target.actor.principal == who(Role::kOc);
    declared.actor = {who(coordinator ? Role::kSm : Role::kOc), coordinator ? Role::kSm : Role::kOc, 0};
    return declared;
}

// Requests, exceptions and registrations of supplies are taken back as long as nothing has gone on from them.
TEST(ChainTest, WhatNothingRestsOnIsTakenBackAndComesBack) {
    World world;
    const ObligationId request = world.new_obligation();
    const Command requested = world.command(TransferRequested{request, TransferPurpose::kReplenish, {2, {}, 0}});
    world.must(requested);
    const Command gone = taken_back(world, requested);
    world.must(gone);
    EXPECT_EQ(world.books.requests.find(request), nullptr);
    world.must(taken_back(world, gone));
    ASSERT_NE(world.books.requests.find(request), nullptr);

    const Command approved = world.command(TransferApproved{request});
    world.must(approved);
    EXPECT_EQ(world.answer(taken_back(world, requested)), RefusalCode::kCorrectionConflict);
    world.must(taken_back(world, approved));
    EXPECT_FALSE(world.books.requests.find(request)->approved);
    world.must(taken_back(world, requested));
    EXPECT_EQ(world.books.requests.find(request), nullptr);

    const ObligationId exception = world.new_obligation();
    const Command raised = world.command(ExceptionRaised{exception, ExceptionKind::kLimit, "site 1"});
    world.must(raised);
    const Command cleared = world.command(ExceptionCleared{exception});
    world.must(cleared);
    EXPECT_EQ(world.answer(taken_back(world, raised)), RefusalCode::kCorrectionConflict);
    // What was not cleared is there still, and can be cleared, or never have been raised.
    world.must(taken_back(world, cleared));
    ASSERT_NE(world.books.exceptions.find(exception), nullptr);
    world.must(taken_back(world, raised));
    EXPECT_EQ(world.books.exceptions.find(exception), nullptr);

    constexpr SupplyId kRibbon = 4711;
    const Command ribbon = world.command(SupplyRegistered{kRibbon, "RIBBON", "m", 0, 0});
    world.must(ribbon);
    const Command no_ribbon = taken_back(world, ribbon);
    world.must(no_ribbon);
    EXPECT_EQ(world.books.supplies.find(kRibbon), nullptr);
    world.must(taken_back(world, no_ribbon));
    Command received = world.command(SupplyMoved{SupplyMove::kReceived});
    received.lines = {{{}, kRibbon, 10, 0, account("EXT/SUPPLIER/700"), {}}};
    world.must(received);
    const auto refusal = world.submit(taken_back(world, ribbon));
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->code, RefusalCode::kCorrectionConflict);
    ASSERT_EQ(refusal->conflicts.size(), 1U);
    EXPECT_EQ(refusal->conflicts[0].event, world.books.next - 1);
}

// Whoever cannot have an event taken back is told what forbids it and what to do instead.
TEST(ChainTest, WhatIsNotTakenBackSaysWhatToDoInstead) {
    World world;
    const Command opened = world.command(DiscrepancyOpened{DifferenceKind::kQuantity});
    world.must(opened);
    const auto refusal = world.submit(taken_back(world, opened));
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->code, RefusalCode::kCorrectionConflict);
    EXPECT_EQ(refusal->event, world.books.next - 1);
    EXPECT_NE(refusal->message.find("as a new event"), std::string::npos) << refusal->message;
}

// Never below zero, at any later valid time.
TEST(ChainTest, SuppliesMoveLateAndAreCorrectedAsFarAsTheyLast) {
    World world;
    const auto moved = [&](SupplyMove kind, std::int64_t quantity, Micros at) {
        Command command = world.command(SupplyMoved{kind});
        command.lines = {{{}, kBoxes, quantity, 0, {}, {}}};
        if (kind == SupplyMove::kReceived) command.lines[0].from = account("EXT/SUPPLIER/700");
        command.occurred_at = at;
        command.late = {true, "found out later", 0};
        return command;
    };
    const Micros begin = world.now;
    world.now += kHour;
    const Command received = moved(SupplyMove::kReceived, 10, begin + 10 * kMinute);
    world.must(received);
    world.must(moved(SupplyMove::kIssued, 8, begin + 30 * kMinute));
    // Two are left: three are too many, also before the eight went, for those would be missing then.
    EXPECT_EQ(world.answer(moved(SupplyMove::kIssued, 3, begin + 20 * kMinute)), RefusalCode::kQtyNegative);
    EXPECT_EQ(world.answer(moved(SupplyMove::kIssued, 1, begin + 5 * kMinute)), RefusalCode::kQtyNegative);
    world.must(moved(SupplyMove::kIssued, 2, begin + 20 * kMinute));
    const SupplyKey key{account("SITE/1/SUPPLY"), kBoxes};
    EXPECT_EQ(world.books.balances.find(key)->quantity, 0);
    // What rests on it does not let it go.
    Command declared = world.command(CorrectionDeclared{received.event_id, CorrectionReason::kDidNotOccur, {}});
    declared.actor = {who(Role::kSm), Role::kSm, 0};
    EXPECT_EQ(world.answer(declared), RefusalCode::kCorrectionConflict);
    const Command spare = moved(SupplyMove::kReceived, 4, begin + 40 * kMinute);
    world.must(spare);
    declared = world.command(CorrectionDeclared{spare.event_id, CorrectionReason::kDidNotOccur, {}});
    declared.actor = {who(Role::kSm), Role::kSm, 0};
    world.must(declared);
    EXPECT_EQ(world.books.balances.find(key)->quantity, 0);
    ASSERT_EQ(world.effects.supplies.size(), 2U);
    EXPECT_EQ(world.effects.supplies[1].quantity, -4);
    EXPECT_EQ(world.effects.supplies[1].at, begin + 40 * kMinute);
}

TEST(ChainTest, HeadquartersSignForAClosedDay) {
    World world;
    const ItemId item = world.stocked();
    const Command out = world.command(SignedOut{SignOutPurpose::kPhoto, kHolder, 0}, {item});
    world.must(out);
    world.must(world.command(DayClosed{world.closing_count()}));
    Command declared = world.command(CorrectionDeclared{out.event_id, CorrectionReason::kDidNotOccur, {}});
    declared.actor = {who(Role::kSm), Role::kSm, 0};
    EXPECT_EQ(world.answer(declared), RefusalCode::kPeriodClosed);
    declared.attest.push_back({who(Role::kHq), Role::kHq});
    EXPECT_EQ(world.answer(declared), std::nullopt);
}

}  // namespace
}  // namespace daybook::custody::test
