// The auditor over logs that were made by hand: one that is in order, and one for each invariant with a violation
// planted in it, which must be named by its event, and by no other invariant than those that it concerns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/audit/internal/sorter.h"
#include "projections/views.h"
#include "tests/unit/audit/crafted.h"

namespace daybook::audit {
namespace {

using custody::ObligationKind;
using test::CraftedSalon;
using testing::HasSubstr;

// The payload of a SignedOut that need not be fit to be shown.
constexpr const char* kForPhoto = R"("signed_out":{"purpose":"PHOTO"})";

const Finding& of(const Report& report, int invariant) {
    return report.findings[static_cast<std::size_t>(invariant) - 1];
}

std::set<int> violated(const Report& report) {
    std::set<int> found;
    for (const auto& finding : report.findings) {
        if (finding.violated != 0) found.insert(finding.number);
    }
    return found;
}

std::string all_of_it(const Report& report) {
    std::string out;
    for (const auto& finding : report.findings) {
        for (const auto& remark : finding.violations)
            out += "I" + std::to_string(finding.number) + " event " + std::to_string(remark.event) + ": " +
                   remark.what + "\n";
    }
    return out;
}

// The invariant is violated at that event, in those words; `others` may be too.
void expect_named(const Report& report, int invariant, Position event, const std::string& words,
                  std::set<int> others = {}) {
    others.insert(invariant);
    for (const int number : violated(report)) EXPECT_EQ(others.count(number), 1U) << all_of_it(report);
    const auto& remarks = of(report, invariant).violations;
    ASSERT_FALSE(remarks.empty()) << all_of_it(report);
    EXPECT_EQ(remarks.front().event, event) << all_of_it(report);
    EXPECT_THAT(remarks.front().what, HasSubstr(words));
    EXPECT_FALSE(report.sound());
}

TEST(AuditTest, FindsNothingWhereAllIsInOrder) {
    CraftedSalon salon;
    for (int day = 0; day < 3; ++day) {
        const std::string signout = salon.id();
        salon.sign_out(signout);
        salon.sign_in(signout);
    }
    const Report report = salon.audit();
    EXPECT_TRUE(report.sound()) << all_of_it(report);
    EXPECT_EQ(of(report, 2).checked, 2U);
    EXPECT_GT(of(report, 1).checked, 10U);
    EXPECT_EQ(of(report, 9).checked, salon.log().head());
    EXPECT_GT(of(report, 14).checked, 6U);
    EXPECT_EQ(of(report, 16).checked, 3U);
    for (const int unlooked : {10, 11, 17}) EXPECT_FALSE(of(report, unlooked).not_checked.empty()) << unlooked;
}

TEST(AuditTest, SaysTheSameWhereItsRecordsDoNotFitIntoMemory) {
    CraftedSalon salon;
    for (int day = 0; day < 20; ++day) {
        const std::string signout = salon.id();
        salon.sign_out(signout);
        salon.sign_in(signout);
    }
    salon.sign_out(salon.id());
    const Position wrong = salon.sign_out(salon.id());
    const Report wide = salon.audit();
    const Report narrow = salon.audit(0, kNoPosition, 2'000);  // a few records to a run
    EXPECT_EQ(all_of_it(wide), all_of_it(narrow));
    EXPECT_EQ(of(narrow, 5).violations.front().event, wrong);
    for (int i = 1; i <= kInvariants; ++i) EXPECT_EQ(of(wide, i).checked, of(narrow, i).checked) << i;
}

TEST(AuditTest, JudgesOnlyTheRangeButFromTheBeginning) {
    CraftedSalon salon;
    salon.sign_out(salon.id());
    const Position wrong = salon.sign_out(salon.id());
    EXPECT_FALSE(salon.audit(wrong).sound());
    EXPECT_TRUE(salon.audit(wrong + 1).sound());
    EXPECT_TRUE(salon.audit(0, wrong).sound());
    EXPECT_LT(of(salon.audit(wrong), 9).checked, 3U);
}

TEST(AuditTest, I1NamesALineThatComesFromNowhere) {
    CraftedSalon salon;
    const Position wrong = salon.add(
        salon.command("10 OC", {}, CraftedSalon::kRing, R"("inspection_recorded":{"phase":"STOCK","verdict":"PASS"})"),
        {.to = "SITE/1/HOLD"});
    expect_named(salon.audit(), 1, wrong, "moves nothing", {13});
}

TEST(AuditTest, I1NamesAMoveWithoutALeg) {
    CraftedSalon salon;
    const Position wrong =
        salon.add(salon.command("10 OC", {"15"}, CraftedSalon::kRing, kForPhoto, salon.id()));
    expect_named(salon.audit(), 1, wrong, "no leg", {5});
}

TEST(AuditTest, I2NamesAPieceThatWouldBeInTwoPlaces) {
    CraftedSalon salon;
    const Position wrong = salon.add(
        salon.command("10 OC", {"15"}, CraftedSalon::kRing, kForPhoto, salon.id()),
        {.to = "SITE/1/DISPLAY/C1", .from = "SITE/1/HOLD"});
    expect_named(salon.audit(), 2, wrong, "two places", {6});
    EXPECT_EQ(of(salon.audit(), 6).violations.front().event, wrong);
}

TEST(AuditTest, I2NamesASecondRegistration) {
    CraftedSalon salon;
    const Position wrong = salon.add(
        salon.command("10 OC", {}, CraftedSalon::kRing,
                      R"("item_registered":{"origin":"OPENING","owner":{"kind":"HOUSE","id":1}})"),
        {.to = "EXT/SUPPLIER/7", .from = "ORIGIN"});
    expect_named(salon.audit(), 2, wrong, "second time", {5, 6});
}

TEST(AuditTest, I3NamesASupplyThatIsOwed) {
    CraftedSalon salon;
    const auto move = [&](const std::string& kind, const std::string& quantity, const std::string& from,
                          const std::string& to) {
        return salon.add(salon.command("10 OC", {}, "", R"("supply_moved":{"kind":")" + kind + "\"}", "",
                                       R"(,"lines":[{"supply":7,"quantity":)" + quantity + R"(,"from":")" + from +
                                           R"(","to":")" + to + "\"}]"));
    };
    move("RECEIVED", "3", "EXT/SUPPLIER/7", "SITE/1/SUPPLY");
    move("ISSUED", "2", "SITE/1/SUPPLY", "CONSUMED");
    EXPECT_TRUE(salon.audit().sound()) << all_of_it(salon.audit());
    const Position wrong = move("ISSUED", "2", "SITE/1/SUPPLY", "CONSUMED");
    expect_named(salon.audit(), 3, wrong, "has -1 of supply 7");
}

Position pack(CraftedSalon& salon, const std::string& seal) {
    return salon.add(salon.command("10 OC", {"11"}, CraftedSalon::kRing,
                                   R"("transfer_packed":{"parcel":"P1","seal":")" + seal + "\"}"),
                     {.to = "SITE/1/PACK"});
}
Position dispatch(CraftedSalon& salon, const std::string& transfer, const std::string& account) {
    return salon.add(salon.command("10 OC", {"600"}, CraftedSalon::kRing,
                                   R"("transfer_dispatched":{"dest":{"site":1},"purpose":"REBALANCE","carrier":601})",
                                   transfer),
                     {.to = account});
}

TEST(AuditTest, I4NamesADispatchIntoAnotherTransfersAccount) {
    CraftedSalon salon;
    pack(salon, "S1");
    const Position wrong = dispatch(salon, salon.id(), "TRANSIT/" + salon.id());
    expect_named(salon.audit(), 4, wrong, "not the account of the transfer", {5});
}

TEST(AuditTest, I5NamesAPieceThatIsOutWithoutASignOut) {
    CraftedSalon salon;
    const Position wrong = salon.add(
        salon.command("10 OC", {}, CraftedSalon::kRing, R"("relocated":{})"), {.to = "SITE/1/DISPLAY/C1"});
    expect_named(salon.audit(), 5, wrong, "0 open SIGNOUT", {13});
}

TEST(AuditTest, I5NamesAnEventThatDoesNotCloseWhatItEnds) {
    CraftedSalon salon;
    salon.sign_out(salon.id());
    const Position wrong = salon.sign_in(salon.id());  // closes another
    expect_named(salon.audit(), 5, wrong, "does not close what it says");
}

// A count of the vault in which the ring was seen and the other was not.
struct Counted {
    Position attested = 0;
};
Counted count(CraftedSalon& salon, const custody::CountLists& lists, const std::vector<std::string>& engine_lines) {
    const std::string count = salon.id();
    salon.add(salon.command("10 OC", {}, "", R"("count_opened":{"kind":"SPOT","accounts":["SITE/1/VAULT/A"]})", count));
    salon.add(salon.command("10 OC", {}, CraftedSalon::kRing, R"("count_scanned":{"method":"RFID"})", count,
                            R"(,"to":"SITE/1/VAULT/A")"));
    return {salon.add(salon.command("10 OC", {"11"}, "", R"("count_attested":{})", count),
                      {.lists = lists, .engine_lines = engine_lines})};
}

TEST(AuditTest, I7AcceptsTheListsThatFollow) {
    CraftedSalon salon;
    const auto ring = *ItemId::parse(CraftedSalon::kRing);
    const auto other = *ItemId::parse(CraftedSalon::kOther);
    count(salon, {{ring}, {other}, {}, {}, {}}, {CraftedSalon::kOther});
    const Report report = salon.audit();
    EXPECT_TRUE(report.sound()) << all_of_it(report);
    EXPECT_EQ(of(report, 7).checked, 2U);
}

TEST(AuditTest, I7NamesAWrongList) {
    CraftedSalon salon;
    const auto ring = *ItemId::parse(CraftedSalon::kRing);
    const auto other = *ItemId::parse(CraftedSalon::kOther);
    const auto counted = count(salon, {{other}, {ring}, {}, {}, {}}, {CraftedSalon::kRing});
    expect_named(salon.audit(), 7, counted.attested, "has it missing, where it is matched");
}

TEST(AuditTest, I7NamesAMissingPieceThatIsOnNoList) {
    CraftedSalon salon;
    const auto ring = *ItemId::parse(CraftedSalon::kRing);
    const auto counted = count(salon, {{ring}, {}, {}, {}, {}}, {});
    expect_named(salon.audit(), 7, counted.attested, "on no list, where it is missing");
}

TEST(AuditTest, I7NamesADifferenceWithoutADiscrepancy) {
    CraftedSalon salon;
    const auto ring = *ItemId::parse(CraftedSalon::kRing);
    const auto other = *ItemId::parse(CraftedSalon::kOther);
    const auto counted = count(salon, {{ring}, {other}, {}, {}, {}}, {});
    expect_named(salon.audit(), 7, counted.attested, "opened no discrepancy");
}

TEST(AuditTest, I8NamesAMissingSecondSignature) {
    CraftedSalon salon;
    const Position wrong = salon.add(
        salon.command("10 OC", {"10"}, CraftedSalon::kRing, kForPhoto, salon.id()),
        {.to = "SITE/1/DISPLAY/C1"});
    expect_named(salon.audit(), 8, wrong, "OC+any");
}

TEST(AuditTest, I8AsksForTheRoleAtTheEventsOwnTime) {
    CraftedSalon salon;
    salon.add(salon.command("13 HQ", {"12 VM"}, "",
                            R"("role_revoked":{"grant":{"principal":15,"role":"SA"},"from":"2026-02-25T06:13:20Z"})"));
    const Position wrong = salon.add(
        salon.command("15 SA", {}, CraftedSalon::kRing, R"("reservation_placed":{"party":1001})", salon.id()));
    expect_named(salon.audit(), 8, wrong, "SA/SM");
}

TEST(AuditTest, I9NamesAFalseLink) {
    CraftedSalon salon;
    const Position wrong = salon.add(
        salon.command("10 OC", {}, CraftedSalon::kRing, R"("inspection_recorded":{"phase":"STOCK","verdict":"PASS"})"),
        {.prev = 3});
    expect_named(salon.audit(), 9, wrong, "links to position 3");
}

TEST(AuditTest, I9NamesARecordTimeThatGoesBack) {
    CraftedSalon salon;
    const Micros before = salon.now();
    const Position wrong = salon.add(
        salon.command("10 OC", {}, CraftedSalon::kRing, R"("inspection_recorded":{"phase":"STOCK","verdict":"PASS"})"),
        {.recorded_at = before - kSecond});
    expect_named(salon.audit(), 9, wrong, "before the event in front of it");
}

TEST(AuditTest, I9NamesACheckpointOfAnotherHistory) {
    CraftedSalon salon;
    // 32 bytes in base64, the root of nothing that is here.
    const Position wrong = salon.add(
        salon.command("1 SYS", {}, "", R"("checkpoint_sealed":{"first":0,"last":5,"signer":"k1","root":")" +
                                           std::string(43, 'A') + "=\"}"));
    expect_named(salon.audit(), 9, wrong, "root over the first 6 events is not theirs");
}

// The read models of a log that was made by hand.
class Modelled {
public:
    explicit Modelled(CraftedSalon& salon) {
        projections::Options options;
        options.dir = dir_.path();
        options.ledger = salon.log().meta().ledger;
        views_ = test::must(projections::Views::open(options, books_));
        test::must(views_->catch_up(salon.log(), books_));
    }
    // Holds them against a log.
    Report audit(CraftedSalon& salon) {
        Options options;
        options.scratch = dir_.path();
        return test::must(run(salon.log(), views_.get(), options));
    }

private:
    test::TempDir dir_{test::TempDir::in_memory()};
    custody::Books books_;
    std::unique_ptr<projections::Views> views_;
};

TEST(AuditTest, I10NamesAnAnswerAboutThePastThatIsNotWhatTheEventsTell) {
    CraftedSalon told, other;
    std::string item = told.id();  // one of those that are asked for
    while (UuidHash{}(*ItemId::parse(item)) % 64 != 0) item = told.id();
    for (CraftedSalon* salon : {&told, &other}) {
        salon->add(salon->command("10 OC", {}, item,
                                  R"("item_registered":{"origin":"OPENING","owner":{"kind":"HOUSE","id":1}})"),
                   {.to = salon == &told ? "EXT/SUPPLIER/7" : "EXT/SUPPLIER/8"});
        for (int i = 0; i < 3; ++i)
            salon->add(salon->command("10 OC", {}, item,
                                      R"("item_amended":{"field":"DESCRIPTION","new_value":{"text":"x"}})"));
    }
    Modelled views(told);
    EXPECT_EQ(of(views.audit(told), 10).checked, 1U);
    EXPECT_TRUE(views.audit(told).sound());
    const Report report = views.audit(other);
    ASSERT_EQ(of(report, 10).violated, 1U);
    EXPECT_THAT(of(report, 10).violations.front().what, HasSubstr(item));
}

TEST(AuditTest, I11NamesReadModelsOfAnotherHistory) {
    CraftedSalon told, other;
    for (CraftedSalon* salon : {&told, &other}) {
        const bool photo = salon == &told;
        salon->add(salon->command("10 OC", {"15"}, photo ? CraftedSalon::kRing : CraftedSalon::kOther,
                                  kForPhoto, salon->id()),
                   {.to = "SITE/1/DISPLAY/C1"});
    }
    Modelled views(told);
    EXPECT_TRUE(views.audit(told).sound());
    const Report report = views.audit(other);
    ASSERT_FALSE(of(report, 11).violations.empty());
    EXPECT_THAT(of(report, 11).violations.front().what, HasSubstr("read model custody"));
}

constexpr const char* kToClient =
    R"("title_transferred":{"from":{"kind":"HOUSE","id":1},"to":{"kind":"CLIENT","id":1001}})";

TEST(AuditTest, I12NamesASaleOfWhatIsNotTheHouses) {
    CraftedSalon salon;
    salon.add(salon.command("18 ACC", {"12 VM"}, CraftedSalon::kRing,
                            kToClient));
    const std::string sale = R"("sale_completed":{"invoice":"I1","party":1002,"handover":"NOW",)"
                             R"("price":{"minor":1,"currency":"EUR"}})";
    const Position wrong = salon.add(salon.command("15 SA", {}, CraftedSalon::kRing, sale), {.to = "EXT/CLIENT/1002"});
    expect_named(salon.audit(), 12, wrong, "sold while its title is CLIENT:1001");
}

TEST(AuditTest, I12NamesATitleThatLeavesAClientUnsigned) {
    CraftedSalon salon;
    salon.add(salon.command("18 ACC", {"12 VM"}, CraftedSalon::kRing,
                            kToClient));
    const std::string back =
        R"("title_transferred":{"from":{"kind":"CLIENT","id":1001},"to":{"kind":"HOUSE","id":1}})";
    const Position wrong = salon.add(salon.command("18 ACC", {"12 VM"}, CraftedSalon::kRing, back));
    expect_named(salon.audit(), 12, wrong, "without a basis");
}

std::string correction(const std::string& target) {
    return R"("correction_declared":{"target":")" + target + R"(","reason":"DID_NOT_OCCUR"})";
}

TEST(AuditTest, I13AcceptsACorrectionAndFoldsThePastAsItIsKnown) {
    CraftedSalon salon;
    const std::string signed_out = salon.id();
    salon.next_id(signed_out);
    salon.sign_out(salon.id());
    salon.add(salon.command("11 OC", {"12 VM"}, "", correction(signed_out)),
              {.engine_lines = {CraftedSalon::kRing}});
    // It never left the vault, so that it can be signed out from there.
    salon.add(salon.command("10 OC", {"15"}, CraftedSalon::kRing, kForPhoto, salon.id()),
              {.to = "SITE/1/DISPLAY/C1", .from = "SITE/1/VAULT/A"});
    const Report report = salon.audit();
    EXPECT_TRUE(report.sound()) << all_of_it(report);
}

TEST(AuditTest, I13NamesACorrectionOfNothingAndASecondOne) {
    CraftedSalon salon;
    const Position of_nothing = salon.add(salon.command("11 OC", {"12 VM"}, "", correction(salon.id())));
    expect_named(salon.audit(), 13, of_nothing, "not there before it");
    CraftedSalon twice;
    const std::string signed_out = twice.id();
    twice.next_id(signed_out);
    twice.sign_out(twice.id());
    twice.add(twice.command("11 OC", {"12 VM"}, "", correction(signed_out)), {.engine_lines = {CraftedSalon::kRing}});
    const Position second = twice.add(twice.command("11 OC", {"12 VM"}, "", correction(signed_out)),
                                      {.engine_lines = {CraftedSalon::kRing}});
    expect_named(twice.audit(), 13, second, "corrected already");
}

TEST(AuditTest, I13NamesACorrectiveOfAnotherTypeAndOneThatNeverCame) {
    const auto plant = [](CraftedSalon& salon, bool comes) {
        const std::string target = salon.id(), corrective = salon.id();
        salon.next_id(target);
        salon.add(salon.command("10 OC", {}, CraftedSalon::kRing,
                                R"("inspection_recorded":{"phase":"STOCK","verdict":"FAIL"})"));
        const Position declared = salon.log().head();
        salon.add(salon.command("11 OC", {"12 VM"}, "",
                                R"("correction_declared":{"target":")" + target +
                                    R"(","reason":"INCORRECT_DATA","correctives":[")" + corrective + "\"]}"),
                  {.batch_last = declared + (comes ? 1 : 0), .engine_lines = {CraftedSalon::kRing}});
        if (comes) salon.next_id(corrective);
        salon.add(salon.command("19 QA", {}, CraftedSalon::kRing, R"("quarantine_set":{"why":"x"})"));
        return declared;
    };
    CraftedSalon other_type, never;
    const Position declared = plant(other_type, true);
    expect_named(other_type.audit(), 13, declared + 1, "of another type");
    const Position alone = plant(never, false);
    expect_named(never.audit(), 13, alone, "is not in its batch");
}

TEST(AuditTest, I13NamesAChainThatIsNotLegal) {
    CraftedSalon salon;
    const Position wrong = salon.add(
        salon.command("10 OC", {"11"}, CraftedSalon::kRing, R"("transfer_unpacked_before_dispatch":{"why":"x"})"),
        {.to = "SITE/1/HOLD"});
    expect_named(salon.audit(), 13, wrong, "E_NOT_PACKED");
}

TEST(AuditTest, I14NamesALegWhileTheVaultIsShutAndAClosingWithoutACount) {
    CraftedSalon salon;
    const Position closed = salon.add(
        salon.command("10 OC", {"14 SEC"}, "", R"("vault_closed":{"closing_count":")" + salon.id() + "\"}"));
    expect_named(salon.audit(), 14, closed, "a count that is not there");
    const Position wrong = salon.sign_out(salon.id());
    const Report report = salon.audit(wrong);
    expect_named(report, 14, wrong, "while that vault is shut");
}

TEST(AuditTest, I15NamesAnotherSeal) {
    CraftedSalon salon;
    const std::string transfer = salon.id();
    pack(salon, "S1");
    dispatch(salon, transfer, "TRANSIT/" + transfer);
    const Position wrong = salon.add(
        salon.command("10 OC", {"11"}, CraftedSalon::kRing, R"("transfer_received":{"seal":"S2","seal_intact":true})"),
        {.to = "SITE/1/HOLD", .closes = {{ObligationKind::kTransfer, transfer}}});
    expect_named(salon.audit(), 15, wrong, "another seal");
}

TEST(AuditTest, I16NamesACaseOverItsLimitAndAcceptsAnOverride) {
    const auto plant = [](CraftedSalon& salon, bool lifted) {
        salon.open_account("DISPLAY/C2", R"(,"insured_limit":{"minor":150000,"currency":"EUR"})");
        if (lifted) {
            salon.add(salon.command("12 VM", {"13 HQ"}, "",
                                    R"("limit_override_approved":{"limit":"SITE/1/DISPLAY/C2",)"
                                    R"("why":"fair","until":"2031-01-01T00:00:00Z",)"
                                    R"("allowed":{"minor":200000,"currency":"EUR"}})"));
        }
        Position last = 0;
        for (const auto* item : {CraftedSalon::kRing, CraftedSalon::kOther}) {
            last = salon.add(salon.command("10 OC", {"15"}, item, kForPhoto, salon.id()),
                             {.to = "SITE/1/DISPLAY/C2"});
        }
        return last;
    };
    CraftedSalon over, lifted;
    const Position wrong = plant(over, false);
    expect_named(over.audit(), 16, wrong, "SITE/1/DISPLAY/C2 allows 150000");
    plant(lifted, true);
    EXPECT_TRUE(lifted.audit().sound()) << all_of_it(lifted.audit());
}

TEST(AuditTest, I18ListsWhatNobodyCounted) {
    CraftedSalon salon;
    const auto ring = *ItemId::parse(CraftedSalon::kRing);
    const auto other = *ItemId::parse(CraftedSalon::kOther);
    EXPECT_EQ(of(salon.audit(), 18).listed, 0U);
    salon.add(salon.command("10 OC", {}, "", R"("party_registered":{"party":5,"kind":"CLIENT"})"),
              {.recorded_at = salon.now() + 29 * kDay});
    count(salon, {{ring}, {other}, {}, {}, {}}, {CraftedSalon::kOther});
    salon.add(salon.command("10 OC", {}, "", R"("party_registered":{"party":6,"kind":"CLIENT"})"),
              {.recorded_at = salon.now() + 2 * kDay});
    const Report report = salon.audit();
    EXPECT_TRUE(report.sound()) << all_of_it(report);
    ASSERT_EQ(of(report, 18).listed, 1U);
    EXPECT_THAT(of(report, 18).list[0].what, HasSubstr(CraftedSalon::kOther));
}

TEST(AuditTest, I19NamesAWeightThatIsNotAccountedFor) {
    const auto mend = [](CraftedSalon& salon, int back_mg) {
        const std::string repair = salon.id(), workshop = salon.id();
        salon.add(salon.command("15 SA", {"700"}, CraftedSalon::kRing,
                                R"("repair_opened":{"repair":"R1","gross_mg":5000})", repair));
        salon.add(salon.command("10 OC", {"17 WK"}, CraftedSalon::kRing, R"("sent_to_workshop":{"workshop":701})",
                                workshop),
                  {.to = "EXT/WORKSHOP/701"});
        salon.add(salon.command("17 WK", {}, CraftedSalon::kRing,
                                R"("repair_work_recorded":{"metal_added_mg":300,"metal_removed_mg":100,)"
                                R"("parts_in":[{"part":"clasp","mg":200}]})"));
        return salon.add(
            salon.command("17 WK", {"10 OC"}, CraftedSalon::kRing,
                          R"("returned_from_workshop":{"gross_mg":)" + std::to_string(back_mg) + "}"),
            {.to = "SITE/1/HOLD",
             .closes = {{ObligationKind::kWorkshop, workshop}, {ObligationKind::kRepair, repair}}});
    };
    CraftedSalon right, wrong;
    mend(right, 5'430);  // 5,400, within 50
    EXPECT_TRUE(right.audit().sound()) << all_of_it(right.audit());
    EXPECT_EQ(of(right.audit(), 19).checked, 1U);
    const Position light = mend(wrong, 5'340);
    expect_named(wrong.audit(), 19, light, "5340 mg");
}

TEST(AuditTest, I20NamesATradeMemoWithoutItsWarranty) {
    const auto memo = [](CraftedSalon& salon, const std::string& more) {
        return salon.add(salon.command("15 SA", {"700"}, CraftedSalon::kRing,
                                       R"("memo_out_issued":{"memo":"M1","party":900,"purpose":"TRADE",)"
                                       R"("due_at":"2031-01-01T00:00:00Z")" + more + "}",
                                       salon.id()),
                         {.to = "EXT/MEMO/M1"});
    };
    CraftedSalon with, without;
    memo(with, R"(,"kp_sow":"SoW-2026-1")");
    EXPECT_TRUE(with.audit().sound()) << all_of_it(with.audit());
    const Position wrong = memo(without, "");
    expect_named(without.audit(), 20, wrong, "without a System of Warranties text");
}

TEST(AuditTest, AScratchFolderThatIsNotThereIsAnErrorThatSaysSo) {
    CraftedSalon salon;
    Options options;
    options.scratch = "/nowhere/at/all";
    options.memory_bytes = 1'000;
    const auto report = run(salon.log(), nullptr, options);
    ASSERT_FALSE(report.has_value());
    EXPECT_EQ(report.error().code, ErrorCode::kNotWritable);
    EXPECT_THAT(report.error().message, HasSubstr("--scratch"));
}

}  // namespace
}  // namespace daybook::audit
