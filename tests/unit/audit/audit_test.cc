// The auditor over logs that were made by hand: one that is in order, and one for each invariant with a violation
// planted in it, which must be named by its event, and by no other invariant than those that it concerns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "engine/audit/internal/sorter.h"
#include "engine/codec/checkpoint.h"
#include "engine/crypto/digest.h"
#include "engine/crypto/signature.h"
#include "projections/views.h"
#include "tests/unit/audit/crafted.h"
#include "tests/unit/audit/named.h"

namespace daybook::audit {
namespace {

using custody::ObligationKind;
using testing::HasSubstr;

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

TEST(AuditTest, I6NamesAStatementThatDidNotGoOnAtAnEarlierRecordTime) {
    CraftedSalon salon;
    const std::string signed_out = salon.id();
    salon.next_id(signed_out);
    const Position wrong = salon.add(salon.command("10 OC", {"15"}, CraftedSalon::kRing, kForPhoto, salon.id()),
                                     {.to = "SITE/1/DISPLAY/C1", .from = "SITE/1/HOLD"});
    salon.add(salon.command("11 OC", {"12 VM"}, "",
                            R"("correction_declared":{"target":")" + signed_out + R"(","reason":"DID_NOT_OCCUR"})"),
              {.engine_lines = {CraftedSalon::kRing}});
    expect_named(salon.audit(), 6, wrong, "as known before position", {2});
}

TEST(AuditTest, I6HoldsTheFiguresOfADayAgainstTheEventsKnownThen) {
    CraftedSalon salon;
    close_day(salon, R"("came_in":2,"closing":2)");
    salon.sign_out(salon.id());
    const Position second = close_day(salon, R"("opening":2,"went_out":1,"closing":1)");
    EXPECT_TRUE(salon.audit().sound()) << all_of_it(salon.audit());
    EXPECT_EQ(of(salon.audit(second), 6).checked, 1U);

    CraftedSalon unsound;
    const Position one = close_day(unsound, R"("came_in":3,"closing":3)");
    expect_named(unsound.audit(), 6, one, "closes with 3 pieces, where the events before it leave 2");
    const Position two = close_day(unsound, R"("opening":3,"went_out":1,"closing":2)");
    expect_named(unsound.audit(two), 6, two, "opens with 3 pieces, where the day before it closes with 2");
    const Position three = close_day(unsound, R"("opening":2,"came_in":1,"closing":2)");
    expect_named(unsound.audit(three), 6, three, "does not close with that");
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

constexpr const char* kPrivateKey =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n"
    "-----END PRIVATE KEY-----\n";
constexpr const char* kPublicKeys =
    "signer k1\n"
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n"
    "-----END PUBLIC KEY-----\n";

// Seals what is there; `text` may be made wrong before it is signed.
Position seal(CraftedSalon& salon, const std::string& signer,
              const std::function<void(std::string& text)>& change = [](std::string&) {}) {
    const Position size = salon.log().head();
    const Hash root = test::must(salon.log().root(size));
    codec::Checkpoint sealed;
    sealed.size = size;
    sealed.root = {reinterpret_cast<const char*>(root.data()), root.size()};
    const std::string digest(32, 'd');
    sealed.views = {{"custody", digest}};
    std::string text = codec::checkpoint_text(salon.log().meta().ledger, sealed);
    change(text);
    return salon.add(salon.command(
        "1 SYS", {}, "",
        R"("checkpoint_sealed":{"first":0,"last":)" + std::to_string(size - 1) + R"(,"signer":")" + signer +
            R"(","root":")" + test::base64(root) + R"(","views":[{"view":"custody","digest":")" +
            test::base64(digest) + R"("}],"signature":")" + test::base64(sign(kPrivateKey, text)) + "\"}"));
}

TEST(AuditTest, I9VerifiesTheSignatureOfACheckpoint) {
    const Keys keys = test::must(read_keys(kPublicKeys));
    CraftedSalon right, wrong;
    seal(right, "k1");
    const Report with = right.audit(0, kNoPosition, 1u << 20, keys);
    EXPECT_TRUE(with.sound()) << all_of_it(with);
    EXPECT_EQ(of(with, 9).listed, 0U);
    const Report without = right.audit();
    EXPECT_TRUE(without.sound());
    ASSERT_EQ(of(without, 9).listed, 1U);
    EXPECT_THAT(of(without, 9).list[0].what, HasSubstr("the key of k1 was not given"));
    seal(right, "k2");
    const Report unknown = right.audit(0, kNoPosition, 1u << 20, keys);
    ASSERT_EQ(of(unknown, 9).listed, 1U);
    EXPECT_THAT(of(unknown, 9).list[0].what, HasSubstr("the key of k2 was not given"));

    const Position sealed = seal(wrong, "k1", [](std::string& text) { text.replace(text.find("size "), 6, "size 9"); });
    expect_named(wrong.audit(0, kNoPosition, 1u << 20, keys), 9, sealed, "signature is not that of the key of k1");
}

TEST(AuditTest, I9ListsACheckpointWithoutASignatureAndNamesOneThatTearsABatch) {
    CraftedSalon salon;
    const Position first = salon.log().head();
    for (int i = 0; i < 2; ++i) {
        salon.add(salon.command("19 QA", {}, CraftedSalon::kRing,
                                R"("inspection_recorded":{"phase":"STOCK","verdict":"PASS"})"),
                  {.batch_last = first + 1});
    }
    const auto unsigned_seal = [&](Position last) {
        const Hash root = test::must(salon.log().root(last + 1));
        return salon.add(salon.command("1 SYS", {}, "",
                                       R"("checkpoint_sealed":{"first":0,"last":)" + std::to_string(last) +
                                           R"(,"signer":"k1","root":")" + test::base64(root) + "\"}"));
    };
    unsigned_seal(first + 1);
    EXPECT_TRUE(salon.audit().sound()) << all_of_it(salon.audit());
    EXPECT_THAT(of(salon.audit(), 9).list.at(0).what, HasSubstr("is not signed"));
    const Position torn = unsigned_seal(first);
    expect_named(salon.audit(), 9, torn, "ends within an atomic batch");
}

TEST(AuditTest, KeysAreReadByTheirSigners) {
    EXPECT_TRUE(test::must(read_keys("")).empty());
    const std::string key = std::string(kPublicKeys).substr(std::string("signer k1\n").size());
    const Keys two = test::must(read_keys("# ours\nsigner vault desk\n" + key + "\nsigner k2\r\n" + key));
    EXPECT_EQ(two.size(), 2U);
    EXPECT_EQ(two.count("vault desk") + two.count("k2"), 2U);
    for (const std::string& text : {std::string("signer k1\nno key\n"), key, std::string("x")}) {
        const auto keys = read_keys(text);
        ASSERT_FALSE(keys.has_value()) << text;
        EXPECT_EQ(keys.error().code, ErrorCode::kInvalid);
    }
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
    const std::string item = told.id();
    for (CraftedSalon* salon : {&told, &other}) {
        salon->add(salon->command("10 OC", {}, item,
                                  R"("item_registered":{"origin":"OPENING","owner":{"kind":"HOUSE","id":1}})"),
                   {.to = salon == &told ? "EXT/SUPPLIER/7" : "EXT/SUPPLIER/8"});
        for (int i = 0; i < 3; ++i)
            salon->add(salon->command("10 OC", {}, item,
                                      R"("item_amended":{"field":"DESCRIPTION","new_value":{"text":"x"}})"));
    }
    Modelled views(told);
    EXPECT_EQ(of(views.audit(told), 10).checked, 6U);  // three pieces, each at two valid times
    EXPECT_TRUE(views.audit(told).sound());
    const Report report = views.audit(other);
    ASSERT_EQ(of(report, 10).violated, 1U);
    EXPECT_THAT(of(report, 10).violations.front().what, HasSubstr(item));
}

TEST(AuditTest, I6AndI10NameWhatIsAnsweredOfAnAccount) {
    CraftedSalon told, fewer, others;
    for (CraftedSalon* salon : {&told, &fewer, &others}) {
        const char* item = salon == &others ? CraftedSalon::kOther : CraftedSalon::kRing;
        if (salon == &fewer) {
            salon->add(salon->command("19 QA", {}, item,
                                      R"("inspection_recorded":{"phase":"STOCK","verdict":"PASS"})"));
        } else {
            salon->sign_out(salon->id(), item);
        }
        close_day(*salon, salon == &fewer ? "" : R"("came_in":2,"went_out":1,"closing":1)");
    }
    const Position closed = told.log().head() - 1;
    Modelled views(told);
    EXPECT_TRUE(views.audit(told).sound()) << all_of_it(views.audit(told));
    EXPECT_GT(of(views.audit(told), 6).checked, 5U);

    const Report less = views.audit(fewer);
    ASSERT_FALSE(of(less, 6).violations.empty());
    EXPECT_EQ(of(less, 6).violations.front().event, closed);
    EXPECT_THAT(of(less, 6).violations.front().what, HasSubstr("is answered to hold"));

    const Report other = views.audit(others);
    EXPECT_EQ(of(other, 6).violated, 0U) << all_of_it(other);
    EXPECT_THAT(all_of_it(other), HasSubstr("I10 event " + std::to_string(closed) +
                                            ": account SITE/1/VAULT/A at "));
    EXPECT_THAT(all_of_it(other), HasSubstr("is answered to hold other pieces"));
}

TEST(AuditTest, I6HoldsTheDigestOfADayAgainstWhatTheAccountHeld) {
    const auto digest_of = [](const std::string& ids) {
        const Hash hash = sha256(ids);
        return test::base64(hash);
    };
    const std::string both = std::string(CraftedSalon::kRing) + "\n" + CraftedSalon::kOther + "\n";
    CraftedSalon right, wrong;
    close_day(right, R"("came_in":2,"closing":2,"digest":")" + digest_of(both) + "\"");
    EXPECT_TRUE(Modelled(right).audit(right).sound()) << all_of_it(Modelled(right).audit(right));
    const Position closed = close_day(wrong, R"("came_in":2,"closing":2,"digest":")" + digest_of("others") + "\"");
    expect_named(Modelled(wrong).audit(wrong), 6, closed, "other pieces than its digest says");
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

// All that is told of a piece may be that it was never there.
TEST(AuditTest, I2AcceptsARegistrationThatWasTakenBack) {
    CraftedSalon salon;
    const std::string registered = salon.id();
    salon.next_id(registered);
    const std::string never = "0195c0de-0000-7000-8000-0000000000a3";
    salon.add(salon.command("10 OC", {}, never, R"("item_registered":{"origin":"OPENING",)"
                                                R"("owner":{"kind":"HOUSE","id":1},"category":"RING"})"),
              {.to = "EXT/SUPPLIER/7"});
    const std::string taken_back = salon.id();
    salon.next_id(taken_back);
    salon.add(salon.command("11 OC", {"12 VM"}, "", correction(registered)), {.engine_lines = {never}});
    EXPECT_TRUE(salon.audit().sound()) << all_of_it(salon.audit());
    salon.add(salon.command("13 HQ", {"12 VM"}, "", correction(taken_back)), {.engine_lines = {never}});
    EXPECT_TRUE(salon.audit().sound()) << all_of_it(salon.audit());
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
