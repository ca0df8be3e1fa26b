// What users of other systems complained of, one test each, named after the thread (domain: 3, 12).
#include <gmock/gmock.h>

#include "tests/acceptance/salon.h"

namespace daybook::acceptance {
namespace {

using testing::HasSubstr;
using testing::Not;

class Complaints : public testing::Test {
protected:
    Complaints() { salon_.open_vault(); }

    Salon salon_;
};

// "A back-dated receipt before a reconciliation: the later count is ignored, and the balance stays 42 instead of 1." A
// count is what was seen: it is never overwritten, and what comes to light about the time before it asks for another.
TEST_F(Complaints, Erpnext54295ALateReceiptBeforeACountAsksForItAgain) {
    const auto seen = salon_.bring(1);
    const auto forgotten = salon_.receive(41);
    salon_.clock("2030-03-02T12:00:00Z");
    const Position attested = salon_.count("VAULT/A", seen).second;
    const std::string event = salon_.ask("events/" + std::to_string(attested));
    EXPECT_THAT(salon_.ask("counts?site=1"), Not(HasSubstr("recheck")));
    EXPECT_EQ(salon_.pieces_in("SITE/1/VAULT/A", "2030-03-02T12:30:00Z"), 1U);

    salon_.clock("2030-03-02T14:00:00Z");
    const When late{"2030-03-02T11:00:00Z", "the delivery note was found", Salon::kManager};
    EXPECT_EQ(salon_.refuse(salon_.put_away(forgotten, "VAULT/A", {late.at, late.late})), "E_COUNT_FENCE");
    const Position before = salon_.accept(salon_.put_away(forgotten, "VAULT/A", late));
    // What was counted stays what was counted; the books of that time are known with and without the late entry.
    EXPECT_EQ(salon_.ask("events/" + std::to_string(attested)), event);
    EXPECT_EQ(salon_.pieces_in("SITE/1/VAULT/A", "2030-03-02T12:30:00Z"), 42U);
    EXPECT_EQ(salon_.pieces_in("SITE/1/VAULT/A", "2030-03-02T12:30:00Z", before), 1U);
    EXPECT_THAT(salon_.ask("counts?site=1"), HasSubstr(R"("recheck":true)"));
    EXPECT_THAT(salon_.ask("late"), HasSubstr("the delivery note was found"));

    // Counted again, one is found; the others are missing, each by its name, until somebody says what became of them.
    const auto [again, missing] = salon_.count("VAULT/A", seen);
    EXPECT_THAT(salon_.ask("events/" + std::to_string(missing)), HasSubstr(forgotten[40]));
    EXPECT_THAT(salon_.ask("items/" + forgotten[40]), HasSubstr(again + ":MISSING:" + forgotten[40]));
    salon_.expect_sound();
}

// "A back-dated posting is accepted with no warning, and stock becomes negative."
TEST_F(Complaints, Erpnext51183NoBackDatingMakesABalanceNegative) {
    salon_.accept(salon_.say("10 OC", {}, R"("supply_registered":{"supply":7,"sku":"BOX","unit":"piece"})"));
    salon_.clock("2030-03-02T10:00:00Z");
    salon_.accept(salon_.move_supply("RECEIVED", 10));
    salon_.clock("2030-03-02T12:00:00Z");
    salon_.accept(salon_.move_supply("ISSUED", 8));
    salon_.clock("2030-03-02T14:00:00Z");
    // There were ten at that time, but not for the issue that came after.
    const When late{"2030-03-02T11:00:00Z", "a slip"};
    EXPECT_EQ(salon_.refuse(salon_.move_supply("ISSUED", 5, {late.at})), "E_BACKDATED");
    EXPECT_EQ(salon_.refuse(salon_.move_supply("ISSUED", 5, late)), "E_QTY_NEGATIVE");
    EXPECT_THAT(salon_.last_answer(), HasSubstr("2030-03-02T12:00:00Z"));
    EXPECT_EQ(salon_.supply_in("SITE/1/SUPPLY", "2030-03-02T13:00:00Z"), 2);
    salon_.accept(salon_.move_supply("ISSUED", 2, late));
    EXPECT_EQ(salon_.supply_in("SITE/1/SUPPLY", "2030-03-02T11:30:00Z"), 8);
    EXPECT_EQ(salon_.supply_in("SITE/1/SUPPLY", "2030-03-02T13:00:00Z"), 0);
    EXPECT_THAT(salon_.ask("late"), HasSubstr("a slip"));
    salon_.expect_sound();
}

// "After the fix, all back-dating before a count is blocked: breaks flexibility." It is allowed on an explicit,
// approved path, and refused off it.
TEST_F(Complaints, Erpnext49861BackDatingBeforeACountIsAllowedWithTheManagersApproval) {
    const auto rings = salon_.bring(1);
    salon_.clock("2030-03-02T12:00:00Z");
    salon_.count("VAULT/A", rings);
    salon_.clock("2030-03-02T14:00:00Z");
    EXPECT_EQ(salon_.refuse(salon_.sign_out(rings[0], {"2030-03-02T11:00:00Z", "forgotten"})), "E_COUNT_FENCE");
    EXPECT_THAT(salon_.last_answer(), HasSubstr("late.approver"));
    // The attestation of somebody who is no manager does not do.
    std::string by_another = salon_.sign_out(rings[0], {"2030-03-02T11:00:00Z", "forgotten", Salon::kSecurity});
    EXPECT_EQ(salon_.refuse(by_another), "E_COUNT_FENCE");
    salon_.accept(salon_.sign_out(rings[0], {"2030-03-02T11:00:00Z", "forgotten", Salon::kManager}));
    EXPECT_EQ(salon_.where(rings[0], "2030-03-02T11:30:00Z"), "SITE/1/DISPLAY/D");
    salon_.expect_sound();
}

// "Inventory at date shows today's or wrong quantities."
TEST_F(Complaints, Odoo131370InventoryAtADateIsThatOfTheDate) {
    const auto rings = salon_.bring(3);
    for (int hour = 9; hour < 12; ++hour) {  // one is signed out each hour
        const std::string at = "2030-03-02T" + std::string(hour < 10 ? "0" : "") + std::to_string(hour) + ":00:00Z";
        salon_.clock(at);
        salon_.accept(salon_.sign_out(rings[static_cast<std::size_t>(hour - 9)], {at}));
    }
    salon_.clock("2030-03-02T15:00:00Z");
    for (const auto& ring : rings) salon_.accept(salon_.sign_in(ring));
    const auto at = [](const char* time) { return "2030-03-02T" + std::string(time) + "Z"; };
    EXPECT_EQ(salon_.pieces_in("SITE/1/VAULT/A", at("08:59:59")), 3U);
    EXPECT_EQ(salon_.pieces_in("SITE/1/VAULT/A", at("09:00:00")), 2U);
    EXPECT_EQ(salon_.pieces_in("SITE/1/VAULT/A", at("10:30:00")), 1U);
    EXPECT_EQ(salon_.pieces_in("SITE/1/DISPLAY/D", at("11:00:00")), 3U);
    EXPECT_EQ(salon_.pieces_in("SITE/1/VAULT/A", at("15:00:01")), 3U);
}

// "The check-out date that the user typed and the time stamp: history and report show different ones." There are two
// times, both named, both shown.
TEST_F(Complaints, SnipeIt10627BothTimesAreShownByTheirNames) {
    const auto rings = salon_.bring(1);
    salon_.clock("2030-03-02T12:00:00Z");
    const Position position = salon_.accept(salon_.sign_out(rings[0], {"2030-03-02T10:15:00Z", "typed in at noon"}));
    for (const auto& answer : {salon_.ask("items/" + rings[0] + "/history?newest_first=true&rows=1"),
                               salon_.ask("events/" + std::to_string(position))}) {
        EXPECT_THAT(answer, HasSubstr(R"("occurred_at":"2030-03-02T10:15:00Z")"));
        EXPECT_THAT(answer, HasSubstr(R"("recorded_at":"2030-03-02T12:00:00Z")"));
    }
    EXPECT_THAT(salon_.ask("items/" + rings[0]), HasSubstr(R"("since":"2030-03-02T10:15:00Z")"));
}

}  // namespace
}  // namespace daybook::acceptance
