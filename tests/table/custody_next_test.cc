// Goal: what next_steps() says can be done is what decide() does, for every event type and every state, also of pieces
// whose past was told late or corrected. Legal steps are signed and given to decide(); what no step allows is tried
// with commands that are made here without a look at ways.cc, over tables of states and over random walks, whose seed
// is printed.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "engine/custody/next.h"
#include "tests/support/custody_world.h"

namespace daybook::custody::test {
namespace {

constexpr unsigned kSeed = 20260302;
constexpr unsigned kWalks = 16, kStepsOfWalk = 1500, kStepsOfLateWalk = 600;

bool of_pieces(const EventInfo& event) {
    return event.v1 && (event.lines == LineKind::kMove || event.lines == LineKind::kItem ||
                        event.lines == LineKind::kItemOptional);
}

std::size_t types_of_pieces() {
    return static_cast<std::size_t>(std::count_if(kEvents.begin(), kEvents.end(), of_pieces));
}

std::vector<NextStep> steps_of(World& world, const ItemId& item, std::optional<EventType> type = std::nullopt,
                               SiteId site = 0) {
    return next_steps(world.books, {item, world.now, site, type});
}

bool any_legal(const std::vector<NextStep>& steps) {
    return std::any_of(steps.begin(), steps.end(), [](const NextStep& step) { return !step.refusal; });
}

std::string text(const NextStep& step) {
    std::string out = std::string(to_string(step.command.type)) + " (" + std::string(step.way) + ")";
    if (step.refusal) out += ": " + std::string(to_string(step.refusal->code)) + " " + step.refusal->message;
    return out;
}

// A step as somebody would send it: signed, with an id of its own.
Command signed_command(World& world, const NextStep& step) {
    Command command = step.command;
    command.event_id = EventId(world.uuid());
    World::sign(command);
    if (command.obligation == kIdToChoose) command.obligation = world.new_obligation();
    return command;
}

// Everything that next_steps() says of a piece, held against decide().
void expect_agreement(World& world, const ItemId& item, SiteId site = 0) {
    std::set<EventType> seen;
    for (const NextStep& step : steps_of(world, item, std::nullopt, site)) {
        SCOPED_TRACE(text(step));
        seen.insert(step.command.type);
        const auto refusal = world.judge(signed_command(world, step));
        ASSERT_EQ(refusal.has_value(), step.refusal.has_value()) << (refusal ? refusal->message : "");
        if (refusal) {
            EXPECT_EQ(to_string(refusal->code), to_string(step.refusal->code));
            EXPECT_EQ(refusal->event, step.refusal->event);
            EXPECT_EQ(refusal->obligation, step.refusal->obligation);
            EXPECT_EQ(refusal->document, step.refusal->document);
            continue;
        }
        EXPECT_FALSE(step.signers.empty());
        // Each of the accounts that it offers is as good as the first.
        for (const AccountId& target : step.targets) {
            NextStep other = step;
            other.command.to = target;
            EXPECT_FALSE(world.judge(signed_command(world, other))) << target.path();
        }
    }
    EXPECT_EQ(seen.size(), types_of_pieces());
    std::set<EventType> legal;
    for (const NextStep& step : steps_of(world, item, std::nullopt, site)) {
        if (!step.refusal) legal.insert(step.command.type);
    }
    const auto told = legal_events(world.books, {item, world.now, site, std::nullopt});
    EXPECT_EQ(std::vector<EventType>(legal.begin(), legal.end()), told);
}

TEST(NextStepsTest, AgreeWithDecideInEveryState) {
    for (const StateInfo& state : kStates) {
        for (const OwnerKind owner : {OwnerKind::kHouse, OwnerKind::kClient, OwnerKind::kVendor}) {
            const bool any_owner = state.state != State::kX0 && state.state != State::kX1 && state.state != State::kF &&
                                   state.state != State::kZ && state.state != State::kM;
            if (owner != OwnerKind::kHouse && !any_owner) continue;
            if (owner == OwnerKind::kVendor && (state.state == State::kX2 || state.state == State::kW)) continue;
            SCOPED_TRACE(std::string(state.code) + " of owner " + std::to_string(static_cast<int>(owner)));
            World world;
            const ItemId item = world.in_state(state.state, nullptr, owner);
            expect_agreement(world, item);
        }
    }
}

// Of some classes it has no account at all, or of none.
TEST(NextStepsTest, AgreeWithDecideAtASiteWithoutAccounts) {
    constexpr SiteId kBare = 9, kOnlyVault = 8;
    for (const StateInfo& state : kStates) {
        SCOPED_TRACE(state.code);
        World world;
        const ItemId item = world.in_state(state.state);
        Command vault = world.command(AccountOpened{account("SITE/8/VAULT/A"), 0, {}, true, false});
        vault.site = kOnlyVault;
        world.must(vault);
        for (const SiteId site : {kBare, kOnlyVault, SiteId{2}}) expect_agreement(world, item, site);
    }
}

// What stands on a piece beside its state.
using Mark = void (*)(World&, const ItemId&);
const std::map<std::string, Mark> kMarks = {
    {"quarantined", [](World& w, const ItemId& item) { w.must(w.command(QuarantineSet{}, {item})); }},
    {"reserved", [](World& w, const ItemId& item) { w.must(w.command(ReservationPlaced{kClient, 0, {}}, {item})); }},
    {"sold for later", [](World& w, const ItemId& item) { w.must(w.command(w.sale(Handover::kLater), {item})); }},
    {"bound by a carnet", [](World& w, const ItemId& item) { w.must(w.command(CarnetBound{"C-1", 0}, {item})); }},
    {"in repair", [](World& w, const ItemId& item) { w.open_repair(item); }},
    {"disputed",
     [](World& w, const ItemId& item) { w.must(w.command(DiscrepancyOpened{DifferenceKind::kCondition}, {item})); }},
    {"failed", [](World& w, const ItemId& item) { w.inspect(item, Verdict::kFail); }},
};

TEST(NextStepsTest, AgreeWithDecideWhateverStandsOnThePiece) {
    for (const State state : {State::kV, State::kD, State::kP, State::kK, State::kT, State::kS, State::kL}) {
        for (const auto& [name, mark] : kMarks) {
            if (state == State::kK && name == "reserved") continue;  // packed for another
            if (state == State::kT && (name == "reserved" || name == "sold for later")) continue;
            if (state == State::kK && name == "sold for later") continue;
            SCOPED_TRACE(std::string(info(state).code) + ", " + name);
            World world;
            const bool barred = name == "quarantined" && (state == State::kD || state == State::kP);
            const auto on_the_way = [&world, mark = mark](const ItemId& id) { mark(world, id); };
            const ItemId item = barred ? world.in_state(state) : world.in_state(state, on_the_way);
            if (barred) mark(world, item);
            expect_agreement(world, item);
        }
    }
}

TEST(NextStepsTest, ATransferEndsWhereItMay) {
    const std::vector<Destination> destinations = {{2, {}, 0},
                                                   {0, account("EXT/MEMO/M-900"), kMemoParty},
                                                   {0, account("EXT/SUPPLIER/700"), 0},
                                                   {0, account("EXT/WORKSHOP/650"), 0}};
    for (const Destination& dest : destinations) {
        SCOPED_TRACE(dest.account.path());
        World world;
        const ItemId item = world.stocked();
        if (dest.account.kind == AccountClass::kExtWorkshop) world.open_repair(item);
        world.pack(item);
        world.dispatch(item, dest, TransferPurpose::kRebalance);
        expect_agreement(world, item);
        const auto received = steps_of(world, item, EventType::kTransferReceived);
        const auto delivered = steps_of(world, item, EventType::kTransferDelivered);
        EXPECT_EQ(any_legal(received), dest.site != 0);
        EXPECT_EQ(any_legal(delivered), dest.site == 0);
        EXPECT_EQ(received.front().command.site, dest.site != 0 ? dest.site : 1);
    }
}

TEST(NextStepsTest, SayWhatBlocks) {
    World world;
    const ItemId item = world.stocked();
    Command reserve = world.command(ReservationPlaced{kOtherClient, world.now + kDay, "FO-7"}, {item});
    world.must(reserve);
    const auto again = steps_of(world, item, EventType::kReservationPlaced);
    ASSERT_TRUE(again.front().refusal);
    EXPECT_EQ(again.front().refusal->code, RefusalCode::kReserved);
    EXPECT_EQ(again.front().refusal->document, "FO-7");
    EXPECT_EQ(again.front().refusal->obligation, (ObligationRef{reserve.obligation, {}, {}}));
    // For whom it is held it can be sold, and that ends the reservation.
    const auto sale = steps_of(world, item, EventType::kSaleCompleted);
    ASSERT_FALSE(sale.front().refusal);
    ASSERT_EQ(sale.front().closes.size(), 1U);
    EXPECT_EQ(sale.front().closes[0].obligation.id, reserve.obligation);
    EXPECT_EQ(sale.front().to, AccountClass::kExtClient);
}

TEST(NextStepsTest, OfferTheAccountsThatTakeThePiece) {
    World world;
    const ItemId item = world.received();
    world.inspect(item);
    const auto put = steps_of(world, item, EventType::kPutAway);
    ASSERT_FALSE(put.front().refusal);
    EXPECT_EQ(put.front().targets, (std::vector<AccountId>{account("SITE/1/VAULT/A"), account("SITE/1/VAULT/B")}));
    // A vault that is closed takes nothing, and the answer says so.
    Command closed = world.command(VaultClosed{world.closing_count(), {}});
    world.must(closed);
    const auto later = steps_of(world, item, EventType::kPutAway);
    ASSERT_TRUE(later.front().refusal);
    EXPECT_EQ(later.front().refusal->code, RefusalCode::kVaultClosed);
}

// Of several accounts none takes it: the command that is shown is the one that got the refusal.
TEST(NextStepsTest, ShowTheCommandThatIsRefused) {
    World world;
    const ItemId item = world.received();
    world.inspect(item);
    world.must(world.command(QuarantineSet{}, {item}));
    const auto put = steps_of(world, item, EventType::kPutAway);
    ASSERT_TRUE(put.front().refusal);
    EXPECT_EQ(put.front().refusal->code, RefusalCode::kQuarantined);
    EXPECT_EQ(put.front().command.to.kind, AccountClass::kSiteVault);
    expect_agreement(world, item);
}

// That it may not come into the accounts that are for a client's says less than what is in the way of the others.
TEST(NextStepsTest, NameWhatIsInTheWayAndNotTheAccountsThatAreForOthers) {
    World world;
    const ItemId item = world.received();
    const auto put = steps_of(world, item, EventType::kPutAway);
    ASSERT_TRUE(put.front().refusal);
    EXPECT_EQ(to_string(put.front().refusal->code), to_string(RefusalCode::kQaPending));
    EXPECT_EQ(put.front().command.to.kind, AccountClass::kSiteVault);
    expect_agreement(world, item);
}

TEST(NextStepsTest, KnowTheAccountsOfLoadedBooks) {
    World world;
    const ItemId item = world.received();
    world.inspect(item);
    Books loaded;
    ASSERT_TRUE(load_book(loaded, save_book(world.books)));
    std::string bytes;
    save_item(world.books.names, *world.books.items.find(item), bytes);
    ASSERT_TRUE(load_item(loaded, bytes));
    const NextQuestion question{item, world.now, 0, EventType::kPutAway};
    EXPECT_EQ(next_steps(loaded, question).front().targets, next_steps(world.books, question).front().targets);
    EXPECT_FALSE(next_steps(loaded, question).front().targets.empty());
}

// ---- Random walks ----

class Walk {
public:
    explicit Walk(unsigned seed) : random_(seed) {
        for (const OwnerKind owner : {OwnerKind::kHouse, OwnerKind::kHouse, OwnerKind::kClient, OwnerKind::kVendor})
            items_.push_back(owner == OwnerKind::kVendor ? world_.received(owner) : world_.stocked(owner));
        items_.push_back(world_.registered());
        items_.push_back(world_.registered(Origin::kFound));
        for (const EventInfo& event : kEvents) {
            if (of_pieces(event)) types_.push_back(event.type);
        }
        // What somebody still has a claim on when it is written off.
        items_.push_back(world_.in_state(State::kL, [this](const ItemId& item) {
            world_.must(world_.command(ReservationPlaced{kClient, 0, {}}, {item}));
        }));
    }

    // What was accepted.
    struct Accepted {
        std::map<EventType, int> now, late, ahead, taken_back;
    };

    // One command, judged by both.
    void step(Accepted& accepted) {
        if (chance(12)) items_.push_back(world_.stocked(chance(3) ? OwnerKind::kClient : OwnerKind::kHouse));
        const ItemId item = chance(20) ? world_.new_item() : pick(items_);
        const EventType type = pick_type(world_.state(item));
        const Item* piece = world_.books.items.find(item);
        const Command command = command_of(type, item, piece == nullptr ? Item{} : *piece);
        const auto steps = steps_of(world_, item, type, command.site);
        ASSERT_FALSE(steps.empty());
        for (const NextStep& one : steps) {
            SCOPED_TRACE(text(one));
            const auto judged = world_.judge(signed_command(world_, one));
            ASSERT_EQ(judged.has_value(), one.refusal.has_value()) << (judged ? judged->message : "");
        }
        const auto refusal = world_.submit(command);
        if (!refusal) ++accepted.now[type];
        if (!refusal && type == EventType::kItemRegistered) items_.push_back(item);
        ASSERT_TRUE(refusal || any_legal(steps))
            << to_string(type) << " was accepted, and " << text(steps.front()) << "; piece " << item.text();
    }

    // A fact of another time than now, or a correction; what can be done with the piece afterwards is judged by both.
    void tell_the_past(Accepted& accepted) {
        const ItemId item = pick(items_);
        const std::vector<ChainEvent> chain = world_.chain(item);
        const ChainEvent any = pick(chain);
        const bool done = chance(3) ? correct(any, accepted) : tell_late(item, any, accepted);
        if (done) expect_agreement(world_, item);
    }

private:
    // Of a piece that is, or was, in an account (X0: in none).
    Command command_of(EventType type, const ItemId& item, const Item& there) {
        Command command = world_.command(payload(type, item), {item});
        const SiteId here = there.account.site;
        command.site = here == 0 || chance(6) ? pick<SiteId>({1, 2}) : here;
        command.to = target(type, there.id.empty() ? State::kX0 : there.state(), command.site);
        command.docs = {{DocType::kClientSignedBasis, "B"}};
        return command;
    }

    // Next to an event of the piece, or of the same instant, or as far ahead as a clock may be wrong.
    bool tell_late(const ItemId& item, const ChainEvent& any, Accepted& accepted) {
        const bool ahead = chance(4);
        const Micros at = ahead ? world_.now + kMinute : any.decided->occurred_at + pick<Micros>({-1, 0, 0, 1});
        const Item there = fold(item, world_.chain(item), at).piece.item;
        if (there.id.empty()) return false;
        const EventType type = pick_type(there.state());
        Command command = command_of(type, item, there);
        command.occurred_at = at;
        command.late = {true, "told afterwards", who(Role::kVm)};
        command.attest.push_back({who(Role::kVm), Role::kVm});
        const bool late = at < world_.item(item).last_at;
        if (world_.submit(command)) return false;
        if (ahead) ++accepted.ahead[type];
        if (late) ++accepted.late[type];
        return ahead || late;
    }

    bool correct(const ChainEvent& any, Accepted& accepted) {
        const EventType type = any.command->type;
        // What a registration takes with it is not there to be asked about.
        if (type == EventType::kItemRegistered) return false;
        Command declaration =
            world_.command(CorrectionDeclared{any.command->event_id, CorrectionReason::kDidNotOccur, {}});
        const bool same = any.command->actor.principal == who(Role::kHq);  // nobody corrects his own
        declaration.actor = {same ? who_else(Role::kHq) : who(Role::kHq), Role::kHq, 0};
        declaration.attest = {{who(Role::kVm), Role::kVm}};
        if (world_.submit(declaration)) return false;
        ++accepted.taken_back[type];
        return true;
    }

    std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_); }
    bool chance(std::size_t in) { return below(in) == 0; }
    template <class T>
    T pick(const std::vector<T>& from) {
        return from[below(from.size())];
    }
    // Mostly one that the state allows and that does not end the piece's life, so that the walk gets somewhere.
    EventType pick_type(State state) {
        const std::set<EventType> ends = {EventType::kDeclaredMissing, EventType::kItemDecommissioned,
                                          EventType::kQuarantineSet,   EventType::kCarnetBound,
                                          EventType::kTitleTransferred, EventType::kIdentityResolved};
        const auto moves = [&](EventType type) { return cell(type, state).targets != 0; };
        EventType type = pick(types_);
        for (int tries = 0; tries < 40 && (!cell(type, state).legal() || ends.contains(type)); ++tries) {
            if (chance(25)) break;
            type = pick(types_);
        }
        for (int tries = 0; tries < 20 && !moves(type) && chance(2); ++tries) type = pick(types_);
        return type;
    }
    PartyId party() { return pick<PartyId>({kClient, kOtherClient, kVendor, kMemoParty, kWorkshop}); }

    // Nowhere where the event says where it goes, mostly; else mostly where the matrix lets it go, or anywhere.
    AccountId target(EventType type, State state, SiteId site) {
        const std::set<EventType> opens = {EventType::kPutAway,   EventType::kSignedOut,
                                           EventType::kSignedIn,  EventType::kHandedOver,
                                           EventType::kRelocated, EventType::kTransferUnpackedBeforeDispatch};
        const bool open = opens.contains(type);
        if (chance(open ? 10 : 2) || (!open && !chance(4))) return {};
        const bool fitting = open && !chance(4);
        const std::string root = fitting ? "SITE/" + std::to_string(site) : chance(4) ? "SITE/2" : "SITE/1";
        std::vector<AccountId> accounts;
        for (const char* path : {"/VAULT/A", "/VAULT/B", "/COM/C", "/HOLD", "/HOLD/S", "/DISPLAY/D1", "/WINDOW",
                                 "/PERSON/71", "/PERSON/72", "/PACK"}) {
            const AccountId one = account(root + path);
            if (!fitting || contains(cell(type, state).targets, *state_of(one.kind))) accounts.push_back(one);
        }
        return accounts.empty() ? AccountId{} : pick(accounts);
    }

    Destination destination() {
        return pick<Destination>({{2, {}, 0},
                                  {1, {}, 0},
                                  {0, account("EXT/MEMO/M-900"), kMemoParty},
                                  {0, account("EXT/CLIENT/800"), 0},
                                  {0, account("EXT/SUPPLIER/700"), 0},
                                  {0, account("EXT/WORKSHOP/650"), kWorkshop}});
    }

    // Any obligation that is open on the piece, or none.
    ObligationRef open_on(const ItemId& item) {
        std::vector<ObligationRef> refs(1);
        for (const Obligation& open : world_.books.obligations.raw_values()) {
            if (!open.ref.id.empty() && (open.ref.item == item || open.item == item)) refs.push_back(open.ref);
        }
        const Item* piece = world_.books.items.find(item);
        if (piece == nullptr) return {};
        for (const auto slot : {piece->reservation, piece->delivery, piece->repair, piece->carnet}) {
            if (slot != 0) refs.push_back(world_.books.obligations[slot].ref);
        }
        return pick(refs);
    }

    Payload payload(EventType type, const ItemId& item);

    World world_;
    std::mt19937 random_;
    std::vector<ItemId> items_;
    std::vector<EventType> types_;
};

Payload Walk::payload(EventType type, const ItemId& item) {
    const Item* piece = world_.books.items.find(item);
    const Owner owner = piece == nullptr ? Owner{} : piece->owner;
    switch (type) {
        case EventType::kItemRegistered:
            return world_.description(pick<Origin>({Origin::kSupplier, Origin::kClient, Origin::kFound}));
        case EventType::kItemAmended: return ItemAmended{AmendedField::kInsured, euro(500), 0, {}};
        case EventType::kIdentityResolved: return IdentityResolved{chance(2), items_[0]};
        case EventType::kItemDecommissioned: return ItemDecommissioned{};
        case EventType::kGoodsReceived: return GoodsReceived{chance(2)};
        case EventType::kMemoInReceived: return MemoInReceived{chance(2) ? kVendor : party(), 0};
        case EventType::kReceivedFromClient: return ReceivedFromClient{ReceivedPurpose::kRepair};
        case EventType::kReceiptDiscrepancyRecorded:
            return ReceiptDiscrepancyRecorded{chance(2) ? DifferenceKind::kShort : DifferenceKind::kDamaged};
        case EventType::kPutAway: return PutAway{};
        case EventType::kSignedOut:
            return SignedOut{pick<SignOutPurpose>({SignOutPurpose::kDisplay, SignOutPurpose::kWindow,
                                                   SignOutPurpose::kPresentation, SignOutPurpose::kPolish}),
                             chance(2) ? kHolder : 0, 0};
        case EventType::kSignedIn: return SignedIn{};
        case EventType::kHandedOver: return HandedOver{world_.now + kDay};
        case EventType::kRelocated: return Relocated{};
        case EventType::kMovedToHold: return MovedToHold{HoldReason::kDamage};
        case EventType::kDiscrepancyOpened: return DiscrepancyOpened{DifferenceKind::kSeal};
        case EventType::kDiscrepancyResolved: return DiscrepancyResolved{open_on(item), DiscrepancyOutcome::kLoss};
        case EventType::kDeclaredMissing: return DeclaredMissing{};
        case EventType::kItemRecovered: return ItemRecovered{};
        case EventType::kLossDeclared: return LossDeclared{LossKind::kTheft, chance(2)};
        case EventType::kObligationSettled: return ObligationSettled{open_on(item)};
        case EventType::kTransferPacked: return TransferPacked{party(), {}, "SSCC-9", "SEAL-9"};
        case EventType::kTransferUnpackedBeforeDispatch: return TransferUnpackedBeforeDispatch{};
        case EventType::kTransferDispatched:
            return TransferDispatched{destination(), TransferPurpose::kRebalance,
                                      chance(2) ? MemoPurpose::kOnApproval : MemoPurpose::kPress, kCarrier, 0};
        case EventType::kInboundDispatched: return InboundDispatched{kVendor, TransferPurpose::kSupply, 0};
        case EventType::kTransferReceived: return TransferReceived{chance(4) ? "?" : "SEAL-9", !chance(4)};
        case EventType::kTransferExceptionRecorded:
            return TransferExceptionRecorded{chance(2) ? DifferenceKind::kShort : DifferenceKind::kSealBroken};
        case EventType::kTransferReturned: return TransferReturned{};
        case EventType::kTransferDelivered: return TransferDelivered{party(), 0};
        case EventType::kTransferVoided: return TransferVoided{};
        case EventType::kMemoOutIssued: {
            MemoOutIssued memo = world_.memo(chance(2) ? MemoPurpose::kOnApproval : MemoPurpose::kTrade);
            memo.party = party();
            return memo;
        }
        case EventType::kMemoExtended: return MemoExtended{world_.now + kDay};
        case EventType::kMemoReturned: return MemoReturned{};
        case EventType::kMemoInPurchased: return MemoInPurchased{};
        case EventType::kTitleTransferred:
            return TitleTransferred{chance(4) ? Owner{} : owner, chance(2) ? Owner{OwnerKind::kHouse, kEntity}
                                                                           : Owner{OwnerKind::kClient, kClient}};
        case EventType::kRepairOpened: return RepairOpened{kClient, 0};
        case EventType::kRepairAuthorised: return RepairAuthorised{};
        case EventType::kRepairDeclined: return RepairDeclined{};
        case EventType::kSentToWorkshop: return SentToWorkshop{chance(2) ? kWorkshop : 0, 0};
        case EventType::kRepairWorkRecorded: return RepairWorkRecorded{};
        case EventType::kReturnedFromWorkshop: return ReturnedFromWorkshop{};
        case EventType::kReleasedToClient: return ReleasedToClient{};
        case EventType::kInspectionRecorded:
            return InspectionRecorded{InspectionPhase::kIn, chance(3) ? Verdict::kFail : Verdict::kPass};
        case EventType::kQuarantineSet: return QuarantineSet{};
        case EventType::kQuarantineReleased: return QuarantineReleased{};
        case EventType::kDamageRecorded: return DamageRecorded{};
        case EventType::kReservationPlaced: return ReservationPlaced{party(), 0, {}};
        case EventType::kReservationReleased: return ReservationReleased{};
        case EventType::kSaleCompleted: return world_.sale(chance(2) ? Handover::kNow : Handover::kLater, party());
        case EventType::kSaleReturned: return SaleReturned{"CN", "INV", {}};
        case EventType::kCarnetBound: return CarnetBound{"C-9", 0};
        case EventType::kCarnetReleased: return CarnetReleased{};
        case EventType::kComplianceDocAttached: return ComplianceDocAttached{DocType::kCites, "P", 0, 0};
        default: ADD_FAILURE() << "no payload for " << to_string(type); return LedgerCreated{};
    }
}

// The types of which none was accepted.
std::string types_without(const std::map<EventType, int>& accepted) {
    std::string missing;
    for (const EventInfo& event : kEvents) {
        if (of_pieces(event) && !accepted.contains(event.type)) missing += " " + std::string(event.name);
    }
    return missing;
}

TEST(NextStepsTest, AgreeWithDecideOnRandomWalks) {
    Walk::Accepted accepted;
    for (unsigned walk = 0; walk < kWalks && !HasFatalFailure(); ++walk) {
        SCOPED_TRACE("seed " + std::to_string(kSeed + walk));
        Walk random(kSeed + walk);
        for (unsigned step = 0; step < kStepsOfWalk && !HasFatalFailure(); ++step) {
            SCOPED_TRACE("step " + std::to_string(step));
            random.step(accepted);
        }
    }
    EXPECT_EQ(types_without(accepted.now), "") << "were never accepted: the walks see too little";
}

TEST(NextStepsTest, AgreeWithDecideOnPiecesWithLateFactsAndCorrections) {
    Walk::Accepted accepted;
    for (unsigned walk = 0; walk < kWalks && !HasFatalFailure(); ++walk) {
        SCOPED_TRACE("seed " + std::to_string(kSeed + walk));
        Walk random(kSeed + walk);
        for (unsigned step = 0; step < kStepsOfLateWalk && !HasFatalFailure(); ++step) {
            SCOPED_TRACE("step " + std::to_string(step));
            if (step % 2 == 0) random.step(accepted);
            if (step % 2 == 1) random.tell_the_past(accepted);
        }
    }
    const std::size_t many = types_of_pieces() * 2 / 3;
    EXPECT_GT(accepted.now.size(), many) << "never now:" << types_without(accepted.now);
    EXPECT_GT(accepted.ahead.size(), many) << "never ahead:" << types_without(accepted.ahead);
    EXPECT_GT(accepted.taken_back.size(), many) << "never taken back:" << types_without(accepted.taken_back);
    EXPECT_GT(accepted.taken_back[EventType::kCorrectionDeclared], 50);
    // What moves a piece seldom fits between two of its events.
    EXPECT_GT(accepted.late.size(), types_of_pieces() / 2) << "never late:" << types_without(accepted.late);
}

}  // namespace
}  // namespace daybook::custody::test
