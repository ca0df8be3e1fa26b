// I8 over logs that were made by hand: who has signed, in which role, and when he held it.
#include <string>
#include <vector>

#include "engine/base/time.h"
#include "tests/unit/audit/crafted.h"
#include "tests/unit/audit/named.h"

namespace daybook::audit {
namespace {

TEST(FourEyesTest, NamesAMissingSecondSignature) {
    CraftedSalon salon;
    const Position wrong = salon.add(
        salon.command("10 OC", {"10"}, CraftedSalon::kRing, kForPhoto, salon.id()),
        {.to = "SITE/1/DISPLAY/C1"});
    expect_named(salon.audit(), 8, wrong, "OC+any");
}

TEST(FourEyesTest, AsksForTheRoleAtTheEventsOwnTime) {
    CraftedSalon salon;
    salon.add(salon.command("13 HQ", {"12 VM"}, "",
                            R"("role_revoked":{"grant":{"principal":15,"role":"SA"},"from":"2026-02-25T06:13:20Z"})"));
    const Position wrong = salon.add(
        salon.command("15 SA", {}, CraftedSalon::kRing, R"("reservation_placed":{"party":1001})", salon.id()));
    expect_named(salon.audit(), 8, wrong, "SA/SM");
}

TEST(FourEyesTest, AsksForTheRoleAsKnownBeforeTheEvent) {
    CraftedSalon salon;
    const Position wrong = salon.add(salon.command(
        "30 HQ", {"12 VM"}, "",
        R"("role_granted":{"grant":{"principal":30,"role":"HQ"},"from":"2026-02-25T06:13:20Z"})"));
    expect_named(salon.audit(), 8, wrong, "RoleGranted needs the signatures");
}

TEST(FourEyesTest, AsksWhoChangesAnotherSitesRulesForHisRoleThere) {
    CraftedSalon salon;
    salon.add(salon.command("13 HQ", {"12 VM"}, "",
                            R"("role_granted":{"from":"2026-02-25T06:13:20Z",)"
                            R"("grant":{"principal":31,"role":"HQ","site":1}})"));
    const auto grant = [&](int site) {
        return salon.add(salon.command("31 HQ", {"12 VM"}, "",
                                       R"("role_granted":{"from":"2026-02-25T06:13:20Z",)"
                                       R"("grant":{"principal":32,"role":"SA","site":)" +
                                           std::to_string(site) + "}}"));
    };
    grant(1);
    EXPECT_TRUE(salon.audit().sound()) << all_of_it(salon.audit());
    const Position wrong = grant(2);
    expect_named(salon.audit(), 8, wrong, "RoleGranted needs the signatures");
}

// An inspection of the ring, and that it did not occur; the position of the latter.
Position take_back(CraftedSalon& salon, const std::string& inspector, const std::string& declarer) {
    const std::string target = salon.id();
    salon.next_id(target);
    salon.add(salon.command(inspector, {}, CraftedSalon::kRing,
                            R"("inspection_recorded":{"phase":"STOCK","verdict":"PASS"})"));
    return salon.add(salon.command(declarer, {"12 VM"}, "",
                                   R"("correction_declared":{"target":")" + target +
                                       R"(","reason":"DID_NOT_OCCUR"})"),
                     {.engine_lines = {CraftedSalon::kRing}});
}

TEST(FourEyesTest, NamesARoleThatTheActorClaimsAndDoesNotHold) {
    CraftedSalon salon;
    const Position wrong = take_back(salon, "19 QA", "11 QA");
    expect_named(salon.audit(), 8, wrong, "CorrectionDeclared needs the signatures");
}

TEST(FourEyesTest, NamesACorrectionOfOnesOwn) {
    CraftedSalon salon;
    const Position wrong = take_back(salon, "10 OC", "10 OC");
    expect_named(salon.audit(), 8, wrong, "himself");
}

TEST(FourEyesTest, NamesACorrectionOfWhatIsAnotherSitesOrTheHouses) {
    // The coordinator of site 2 and its manager take back what headquarters set for all, with or without them.
    const auto take_back_policy = [](CraftedSalon& salon, std::vector<std::string> attest) {
        for (const char* of :
             {R"({"principal":41,"role":"OC","site":2})", R"({"principal":42,"role":"VM","site":2})"}) {
            const std::string payload = R"("role_granted":{"from":"2026-02-25T06:13:20Z","grant":)";
            salon.add(salon.command("13 HQ", {"12 VM"}, "", payload + of + "}"));
        }
        const auto of_site_2 = [](std::string command) {
            const std::string site = R"("site":1)";
            return command.replace(command.find(site), site.size(), R"("site":2)");
        };
        const std::string target = salon.id();
        salon.next_id(target);
        salon.add(of_site_2(salon.command("13 HQ", {}, "",
                                          R"("policy_set":{"key":"sign.memo_value","from":"2026-02-25T06:13:20Z",)"
                                          R"("value":{"money":{"minor":150000,"currency":"EUR"}}})")));
        attest.insert(attest.begin(), "42 VM");
        return salon.add(of_site_2(salon.command(
            "41 OC", attest, "", R"("correction_declared":{"target":")" + target + R"(","reason":"DID_NOT_OCCUR"})")));
    };
    CraftedSalon with, without;
    take_back_policy(with, {"13 HQ"});
    EXPECT_TRUE(with.audit().sound()) << all_of_it(with.audit());
    const Position wrong = take_back_policy(without, {});
    expect_named(without.audit(), 8, wrong, "of the whole entity, and nobody has signed who is VM or HQ there");
}

// Two rings on one memo, which together are worth more than one of them may sign for.
TEST(FourEyesTest, NamesAMemoThatIsWorthMoreInTheBooksThanOneMaySignFor) {
    const auto issue = [](CraftedSalon& salon, const std::vector<std::string>& attest, bool both) {
        salon.add(salon.command("13 HQ", {"12 VM"}, "",
                                R"("policy_set":{"key":"sign.memo_value","from":"2026-02-25T06:13:20Z",)"
                                R"("value":{"money":{"minor":150000,"currency":"EUR"}}})"));
        const std::string ring = std::string(R"({"item":")") + CraftedSalon::kRing + "\"}";
        const std::string other = std::string(R"(,{"item":")") + CraftedSalon::kOther + "\"}";
        return salon.add(salon.command("15 SA", attest, "",
                                       R"("memo_out_issued":{"memo":"M1","party":900,"purpose":"PRESS",)"
                                       R"("due_at":"2031-01-01T00:00:00Z",)"
                                       R"("insured":{"minor":100000,"currency":"EUR"}})",
                                       salon.id(), R"(,"lines":[)" + ring + (both ? other : "") + "]"),
                         {.to = "EXT/MEMO/M1"});
    };
    CraftedSalon one, both, countersigned;
    issue(one, {"700"}, false);
    EXPECT_TRUE(one.audit().sound()) << all_of_it(one.audit());
    issue(countersigned, {"700", "12 VM"}, true);
    EXPECT_TRUE(countersigned.audit().sound()) << all_of_it(countersigned.audit());
    const Position wrong = issue(both, {"700"}, true);
    expect_named(both.audit(), 8, wrong, "a memo of 200000 minor units");
}

std::string late_by(CraftedSalon& salon, Micros delay, const std::string& approver = "") {
    return R"(,"occurred_at":")" + format_time(salon.now() - delay) + R"(","late":{"flag":true,"reason":"x")" +
           (approver.empty() ? "" : R"(,"approver":)" + approver) + "}";
}

TEST(FourEyesTest, NamesALateFactInAClosedDayThatHeadquartersHasNotSigned) {
    const auto inspect = [](CraftedSalon& salon, const std::vector<std::string>& attest) {
        close_day(salon);
        return salon.add(salon.command("19 QA", attest, CraftedSalon::kRing,
                                       R"("inspection_recorded":{"phase":"STOCK","verdict":"PASS"})", "",
                                       late_by(salon, 30 * kSecond)));
    };
    CraftedSalon with, without;
    inspect(with, {"13 HQ"});
    EXPECT_TRUE(with.audit().sound()) << all_of_it(with.audit());
    const Position wrong = inspect(without, {"12 VM"});
    expect_named(without.audit(), 8, wrong, "HQ has not signed");
}

TEST(FourEyesTest, NamesALateFactBehindACountThatNoManagerApproved) {
    const auto sign_out = [](CraftedSalon& salon, const std::vector<std::string>& attest, const std::string& approver) {
        const auto ring = *ItemId::parse(CraftedSalon::kRing);
        const auto other = *ItemId::parse(CraftedSalon::kOther);
        count(salon, {{ring}, {other}, {}, {}, {}}, {CraftedSalon::kOther});
        return salon.add(salon.command("10 OC", attest, CraftedSalon::kRing, kForPhoto, salon.id(),
                                       late_by(salon, 150 * kSecond, approver)),
                         {.to = "SITE/1/DISPLAY/C1"});
    };
    CraftedSalon with, without, not_named;
    sign_out(with, {"15", "12 VM"}, "12");
    EXPECT_TRUE(with.audit().sound()) << all_of_it(with.audit());
    const Position wrong = sign_out(without, {"15"}, "12");
    expect_named(without.audit(), 8, wrong, "no VM is named in late.approver and attests");
    const Position also_wrong = sign_out(not_named, {"15", "12 VM"}, "");
    expect_named(not_named.audit(), 8, also_wrong, "SITE/1/VAULT/A was counted");
}

TEST(FourEyesTest, NamesACorrectionInAClosedDayThatHeadquartersHasNotSigned) {
    // What is corrected lies in a closed day; or what takes its place does.
    const auto correct = [](CraftedSalon& salon, const std::vector<std::string>& attest, bool replaced) {
        const std::string target = salon.id(), corrective = salon.id();
        const auto inspect = [&](const std::string& id, const std::string& more) {
            salon.next_id(id);
            return salon.add(salon.command("19 QA", {}, CraftedSalon::kRing,
                                           R"("inspection_recorded":{"phase":"STOCK","verdict":"PASS"})", "", more));
        };
        if (!replaced) inspect(target, "");
        close_day(salon);
        if (replaced) inspect(target, "");
        const Position declared = salon.log().head();
        salon.add(salon.command("11 OC", attest, "",
                                R"("correction_declared":{"target":")" + target + "\"" +
                                    (replaced ? R"(,"reason":"INCORRECT_DATA","correctives":[")" + corrective + "\"]}"
                                              : R"(,"reason":"DID_NOT_OCCUR"})")),
                  {.batch_last = declared + (replaced ? 1 : 0), .engine_lines = {CraftedSalon::kRing}});
        if (replaced) inspect(corrective, late_by(salon, 150 * kSecond));
        return declared;
    };
    for (const bool replaced : {false, true}) {
        CraftedSalon with, without;
        correct(with, {"12 VM", "13 HQ"}, replaced);
        EXPECT_TRUE(with.audit().sound()) << replaced << all_of_it(with.audit());
        const Position wrong = correct(without, {"12 VM"}, replaced);
        expect_named(without.audit(), 8, wrong, "HQ has not signed");
    }
}

}  // namespace
}  // namespace daybook::audit
