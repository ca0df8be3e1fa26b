// Goal: a command that is wrong in two ways has one right answer. Method: faults that can be laid over one legal
// command, in the order of their checks; each is tried alone, and with each later one, where the earlier must win.
#include <gtest/gtest.h>

#include "tests/support/custody_world.h"

namespace daybook::custody::test {
namespace {

// `prepare` changes the world before the command is made, `spoil` the command. Faults of the same `place` exclude one
// another, as they would change the same thing; 0: none.
struct Fault {
    RefusalCode code;
    int place = 0;
    std::function<void(World&, const ItemId&)> prepare;
    std::function<void(World&, Command&)> spoil;
};

struct Base {
    std::function<ItemId(World&)> piece;
    std::function<Command(World&, const ItemId&)> make;
    std::vector<Fault> faults;  // in the order of the checks
};

constexpr int kTime = 1, kTarget = 2, kFrom = 3, kSite = 4, kLines = 5, kId = 6;

std::optional<RefusalCode> answer(const Base& base, std::initializer_list<const Fault*> faults) {
    World world;
    const ItemId item = base.piece(world);
    for (const Fault* fault : faults) {
        if (fault->prepare) fault->prepare(world, item);
    }
    Command command = base.make(world, item);
    for (const Fault* fault : faults) {
        if (fault->spoil) fault->spoil(world, command);
    }
    const std::string before = bytes_of(world.books);
    const auto refusal = world.submit(command);
    EXPECT_EQ(bytes_of(world.books) == before, refusal.has_value());
    EXPECT_TRUE(!refusal || !refusal->message.empty());
    return refusal ? std::optional(refusal->code) : std::nullopt;
}

std::string text(const std::optional<RefusalCode>& code) { return code ? std::string(to_string(*code)) : "accepted"; }

void try_all(const Base& base) {
    ASSERT_EQ(answer(base, {}), std::nullopt);
    for (std::size_t i = 0; i < base.faults.size(); ++i) {
        const Fault& first = base.faults[i];
        EXPECT_EQ(text(answer(base, {&first})), to_string(first.code)) << "alone";
        for (std::size_t j = i + 1; j < base.faults.size(); ++j) {
            const Fault& second = base.faults[j];
            // E_QA_PENDING stands in the list as a state's error, and is the flags' too.
            EXPECT_TRUE(second.code == RefusalCode::kQaPending || info(first.code).check <= info(second.code).check);
            if (first.place != 0 && first.place == second.place) continue;
            EXPECT_EQ(text(answer(base, {&first, &second})), to_string(first.code))
                << "with " << to_string(second.code);
        }
    }
}

// ---- Faults that any command can have ----

Fault no_obligation_id() {
    return {RefusalCode::kSchema, kId, {}, [](World&, Command& command) { command.obligation = {}; }};
}
Fault unknown_actor() {
    return {RefusalCode::kNotAuthorised, 0, {}, [](World&, Command& command) { command.actor.principal = 999; }};
}
Fault unsigned_by_others() {
    return {RefusalCode::kDualControl, 0, {}, [](World&, Command& command) { command.attest.clear(); }};
}
Fault too_early() {
    return {RefusalCode::kFutureDated, kTime, {}, [](World& world, Command& command) {
                command.occurred_at = world.now + kHour;
            }};
}
Fault too_late() {
    return {RefusalCode::kBackdated, kTime, {}, [](World& world, Command& command) {
                command.occurred_at = world.now;
                world.now += kHour;
            }};
}
Fault closed_day() {
    return {RefusalCode::kPeriodClosed, kTime, {}, [](World& world, Command& command) {
                command.occurred_at = world.now;
                world.now += kMinute;
                world.must(world.command(DayClosed{world.closing_count()}));
            }};
}
Fault counted_since() {
    return {RefusalCode::kCountFence, kTime, {}, [](World& world, Command& command) {
                command.occurred_at = world.now;
                world.now += kMinute;
                const ObligationId count =
                    world.open_count(CountKind::kSpot, {account("SITE/1/VAULT/A"), account("SITE/1/VAULT/B")});
                world.scan(count, {command.lines[0].item}, "SITE/1/VAULT/A");
                world.attest(count);
            }};
}
Fault closed_vault() {
    return {RefusalCode::kVaultClosed,
            kSite,
            [](World& world, const ItemId&) {
                for (const SiteId site : {SiteId{1}, SiteId{2}}) {
                    Command closed = world.command(VaultClosed{world.closing_count(site), {}});
                    closed.site = site;
                    world.must(closed);
                }
            },
            {}};
}
Fault unknown_item() {
    return {RefusalCode::kUnknownItem, kLines, {}, [](World& world, Command& command) {
                command.lines.push_back({world.new_item(), 0, 0, 0, {}, {}});
            }};
}
Fault stale() {
    return {RefusalCode::kStaleVersion, 0, {}, [](World&, Command& command) {
                command.expect = {{command.lines[0].item, 1}};
            }};
}
Fault elsewhere() {
    return {RefusalCode::kWrongAccount, kFrom, {}, [](World&, Command& command) {
                command.from = account("SITE/1/VAULT/B");
            }};
}
Fault to(RefusalCode code, std::string_view path) {
    return {code, kTarget, {}, [path](World&, Command& command) { command.to = account(path); }};
}
Fault quarantined() {
    return {RefusalCode::kQuarantined,
            0,
            [](World& world, const ItemId& item) { world.must(world.command(QuarantineSet{}, {item})); },
            {}};
}
Fault used_id() {
    return {RefusalCode::kObligationExists, kId, {}, [](World& world, Command& command) {
                command.obligation = world.books.sessions.of(1).back().obligation;
            }};
}
Fault reserved() {
    return {RefusalCode::kReserved,
            0,
            [](World& world, const ItemId& item) {
                world.must(world.command(ReservationPlaced{kOtherClient, 0, {}}, {item}));
            },
            {}};
}
Fault carnet() {
    return {RefusalCode::kCarnetBound,
            0,
            [](World& world, const ItemId& item) {
                world.must(world.command(CarnetBound{"CARNET-1", 0}, {item}));
            },
            {}};
}
Fault not_ours() {
    return {RefusalCode::kNotOwned,
            0,
            [](World& world, const ItemId& item) {
                world.must(world.command(TitleTransferred{world.item(item).owner, {OwnerKind::kInsurer, 0}}, {item}));
            },
            {}};
}

TEST(PrecedenceTest, OfASignOut) {
    Base base;
    base.piece = [](World& world) { return world.stocked(); };
    base.make = [](World& world, const ItemId& item) {
        return world.command(SignedOut{SignOutPurpose::kPresentation, 0, 0}, {item}, account("SITE/1/PERSON/71"));
    };
    const Fault over_limit{RefusalCode::kLimit, kTarget,
                           [](World& world, const ItemId&) {
                               AccountOpened poor;
                               poor.account = account("SITE/1/PERSON/73");
                               poor.insured_limit = euro(1);
                               world.must(world.command(poor));
                           },
                           [](World&, Command& command) { command.to = account("SITE/1/PERSON/73"); }};
    base.faults = {no_obligation_id(),
                   unknown_actor(),
                   unsigned_by_others(),
                   too_early(),
                   too_late(),
                   counted_since(),
                   closed_day(),
                   closed_vault(),
                   unknown_item(),
                   stale(),
                   elsewhere(),
                   to(RefusalCode::kWrongTarget, "SITE/1/HOLD"),
                   to(RefusalCode::kCrossSite, "SITE/2/PERSON/71"),
                   to(RefusalCode::kUnknownAccount, "SITE/1/PERSON/99"),
                   quarantined(),
                   over_limit,
                   used_id()};
    try_all(base);
}

TEST(PrecedenceTest, OfASale) {
    Base base;
    base.piece = [](World& world) { return world.stocked(); };
    base.make = [](World& world, const ItemId& item) { return world.command(world.sale(), {item}); };
    base.faults = {unknown_actor(), too_early(),    too_late(),
                   closed_day(),    closed_vault(), unknown_item(),
                   stale(),         elsewhere(),    to(RefusalCode::kWrongTarget, "SITE/1/HOLD"),
                   quarantined(),   reserved(),     carnet(),
                   not_ours()};
    try_all(base);
}

TEST(PrecedenceTest, OfADispatchToAWorkshop) {
    Base base;
    base.piece = [](World& world) {
        const ItemId item = world.stocked();
        world.open_repair(item);
        world.pack(item);
        return item;
    };
    base.make = [](World& world, const ItemId& item) {
        return world.command(
            TransferDispatched{{0, account("EXT/WORKSHOP/650"), kWorkshop}, TransferPurpose::kRepair, {}, kCarrier, 0},
            {item});
    };
    const Fault no_repair{RefusalCode::kNoObligation,
                          0,
                          [](World& world, const ItemId& item) { world.must(world.command(RepairDeclined{}, {item})); },
                          {}};
    const Fault limit{RefusalCode::kLimit,
                      0,
                      [](World& world, const ItemId&) {
                          world.must(world.command(PolicySet{"limit.carrier.600", euro(1), 0, 0}));
                      },
                      {}};
    const Fault document{RefusalCode::kDocMissing,
                         0,
                         [](World& world, const ItemId&) {
                             world.must(world.command(PolicySet{
                                 "docs.required", std::vector<DocRule>{{"*", "*", "", {DocType::kInsurance}}}, 0, 0}));
                         },
                         {}};
    const Fault wrong_dest{RefusalCode::kWrongTarget, kTarget, {}, [](World&, Command& command) {
                               std::get<TransferDispatched>(command.payload).dest.account =
                                   account("SITE/2/WORKSHOP-INT");
                           }};
    base.faults = {no_obligation_id(),
                   unknown_actor(),
                   unsigned_by_others(),
                   too_early(),
                   too_late(),
                   closed_day(),
                   unknown_item(),
                   stale(),
                   elsewhere(),
                   wrong_dest,
                   no_repair,
                   limit,
                   document};
    try_all(base);
}

TEST(PrecedenceTest, OfAReceipt) {
    Base base;
    base.piece = [](World& world) { return world.in_state(State::kT); };
    base.make = [](World& world, const ItemId& item) {
        Command command = world.command(TransferReceived{"SEAL-1", true}, {item});
        command.site = 2;
        return command;
    };
    const Fault wrong_site{RefusalCode::kWrongDest, kSite, {}, [](World&, Command& command) { command.site = 1; }};
    const Fault seal{RefusalCode::kSealMismatch, 0, {}, [](World&, Command& command) {
                         std::get<TransferReceived>(command.payload).seal = "OTHER";
                     }};
    base.faults = {unknown_actor(),
                   unsigned_by_others(),
                   too_early(),
                   too_late(),
                   unknown_item(),
                   stale(),
                   elsewhere(),
                   wrong_site,
                   to(RefusalCode::kWrongTarget, "SITE/2/VAULT/A"),
                   to(RefusalCode::kCrossSite, "SITE/1/HOLD"),
                   to(RefusalCode::kUnknownAccount, "SITE/2/HOLD/NONE"),
                   seal};
    try_all(base);
}

TEST(PrecedenceTest, OfPuttingAway) {
    Base base;
    base.piece = [](World& world) {
        const ItemId item = world.received();
        world.inspect(item);
        return item;
    };
    base.make = [](World& world, const ItemId& item) {
        return world.command(PutAway{}, {item}, account("SITE/1/VAULT/A"));
    };
    const Fault failed{
        RefusalCode::kQaPending, 0, [](World& world, const ItemId& item) { world.inspect(item, Verdict::kFail); }, {}};
    base.faults = {unknown_actor(),
                   too_early(),
                   too_late(),
                   closed_day(),
                   closed_vault(),
                   unknown_item(),
                   stale(),
                   elsewhere(),
                   to(RefusalCode::kWrongTarget, "SITE/1/COM/C"),
                   to(RefusalCode::kCrossSite, "SITE/2/VAULT/A"),
                   to(RefusalCode::kUnknownAccount, "SITE/1/VAULT/NONE"),
                   quarantined(),
                   failed};
    try_all(base);
}

// "Each check runs over all lines in their order before the next begins."
TEST(PrecedenceTest, AnEarlierCheckOfALaterLineWins) {
    World world;
    const ItemId quarantined = world.stocked();
    world.must(world.command(QuarantineSet{}, {quarantined}));
    const ItemId out = world.in_state(State::kP);
    const auto refusal =
        world.submit(world.command(SignedOut{SignOutPurpose::kPresentation, kHolder, 0}, {quarantined, out}));
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->code, RefusalCode::kAlreadyOut);
    EXPECT_EQ(refusal->line, 1);
}

TEST(PrecedenceTest, OfTwoLinesWithTheSameFaultTheFirstIsNamed) {
    World world;
    const ItemId first = world.in_state(State::kD);
    const ItemId second = world.in_state(State::kP);
    const auto refusal =
        world.submit(world.command(SignedOut{SignOutPurpose::kPresentation, kHolder, 0}, {first, second}));
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->item, first);
}

// The checks of structure are one check: all of them for a line, and then the next line.
TEST(PrecedenceTest, StructureIsJudgedLineByLine) {
    World world;
    const ItemId here = world.stocked();
    const ItemId out = world.in_state(State::kP);
    Command command = world.command(SignedOut{SignOutPurpose::kPhoto, 0, 0}, {here, out});
    command.lines[0].to = account("SITE/1/HOLD");
    command.lines[1].to = account("SITE/1/PERSON/71");
    EXPECT_EQ(world.answer(command), RefusalCode::kWrongTarget);
}

}  // namespace
}  // namespace daybook::custody::test
