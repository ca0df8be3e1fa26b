// Time as people write it: the edges of every rule about it, ties, offsets, daylight saving, leap days, clocks that go
// back.
#include <gmock/gmock.h>

#include "tests/acceptance/salon.h"

namespace daybook::acceptance {
namespace {

using testing::HasSubstr;

// A salon at noon with one ring in the vault, put away at 08:00.
class Times : public testing::Test {
protected:
    Times() {
        salon_.open_vault();
        ring_ = salon_.bring(1)[0];
        salon_.clock("2030-03-02T12:00:00Z");
    }
    // An inspection: it moves nothing and asks for nothing.
    std::string look(const When& when) {
        return salon_.say("50 QA", {}, R"("inspection_recorded":{"phase":"STOCK","verdict":"PASS"})",
                          Salon::lines({ring_}), when);
    }

    Salon salon_;
    std::string ring_;
};

TEST_F(Times, TwoMinutesAheadIsAcceptedAndAMicrosecondMoreIsNot) {
    EXPECT_EQ(salon_.refuse(look({"2030-03-02T12:02:00.000001Z"})), "E_FUTURE_DATED");
    salon_.accept(look({"2030-03-02T12:02:00Z"}));
}

TEST_F(Times, FifteenMinutesBackIsAcceptedAndAMicrosecondMoreNeedsAReason) {
    salon_.accept(look({"2030-03-02T11:45:00Z"}));
    salon_.clock("2030-03-02T13:00:00Z");
    EXPECT_EQ(salon_.refuse(look({"2030-03-02T12:44:59.999999Z"})), "E_BACKDATED");
    salon_.accept(look({"2030-03-02T12:44:59.999999Z", "the tablet was off-line"}));
}

TEST_F(Times, AFlagWithoutAReasonIsNone) {
    std::string flagged = look({"2030-03-02T11:00:00Z"});
    flagged.insert(flagged.rfind(R"(,"inspection_recorded")"), R"(,"late":{"flag":true})");
    EXPECT_EQ(salon_.refuse(flagged), "E_BACKDATED");
}

TEST_F(Times, TheToleranceIsThatInForceWhenItIsRecorded) {
    salon_.accept(salon_.say("80 HQ", {}, R"("policy_set":{"key":"time.late_after","value":{"number":60},)"
                                          R"("from":"2030-03-02T12:00:30Z"})"));
    salon_.accept(look({"2030-03-02T11:50:00Z"}));
    salon_.clock("2030-03-02T12:01:00Z");
    salon_.accept(look({"2030-03-02T12:00:00Z"}));
    EXPECT_EQ(salon_.refuse(look({"2030-03-02T11:59:59.999999Z"})), "E_BACKDATED");
}

TEST_F(Times, OffsetsNameTheSameInstant) {
    salon_.accept(look({"2030-03-02T13:00:00+01:00"}));
    const std::string history = salon_.ask("items/" + ring_ + "/history?newest_first=true&rows=1");
    EXPECT_THAT(history, HasSubstr(R"("occurred_at":"2030-03-02T12:00:00Z")"));
    salon_.accept(look({"2030-03-02T20:45:00+08:45"}));   // Eucla
    salon_.accept(look({"2030-03-02T02:30:00-09:30"}));   // Marquesas
    salon_.accept(look({"2030-03-03T02:00:00+14:00"}));   // Kiritimati: tomorrow there, noon here
}

// 2030-10-27, 03:00 summer time is 02:00 winter time in Paris: 02:30 comes twice, an hour apart.
TEST_F(Times, AnHourThatComesTwiceIsTwoHours) {
    salon_.clock("2030-10-27T00:30:00Z");
    salon_.accept(salon_.sign_out(ring_, {"2030-10-27T02:30:00+02:00"}));  // 00:30 UTC
    salon_.clock("2030-10-27T01:30:00Z");
    salon_.accept(salon_.sign_in(ring_, {"2030-10-27T02:30:00+01:00"}));  // 01:30 UTC
    EXPECT_EQ(salon_.where(ring_, "2030-10-27T01:00:00Z"), "SITE/1/DISPLAY/D");
    EXPECT_EQ(salon_.where(ring_, "2030-10-27T01:30:00Z"), "SITE/1/VAULT/A");
}

// 2031-03-30, 02:00 becomes 03:00: the hour between is of no clock on the wall, and still an instant with its offset.
TEST_F(Times, AnHourThatIsLeftOutIsStillAnInstant) {
    salon_.clock("2031-03-30T01:10:00Z");
    salon_.accept(salon_.sign_out(ring_, {"2031-03-30T02:10:00+01:00"}));
    salon_.accept(salon_.sign_in(ring_, {"2031-03-30T03:10:00+02:00"}));  // the same instant; recorded later
    EXPECT_EQ(salon_.where(ring_), "SITE/1/VAULT/A");
}

TEST_F(Times, LeapDays) {
    salon_.clock("2032-02-29T12:00:00Z");
    salon_.accept(salon_.sign_out(ring_, {"2032-02-29T12:00:00Z"}));
    EXPECT_EQ(salon_.refuse(look({"2031-02-29T12:00:00Z"})), "E_SCHEMA");
    EXPECT_EQ(salon_.refuse(look({"2100-02-29T12:00:00Z"})), "E_SCHEMA");
    salon_.clock("2032-03-01T00:00:00Z");
    salon_.accept(salon_.sign_in(ring_));
    EXPECT_EQ(salon_.where(ring_, "2032-02-29T23:59:59.999999Z"), "SITE/1/DISPLAY/D");
    EXPECT_EQ(salon_.where(ring_, "2032-03-01T00:00:00Z"), "SITE/1/VAULT/A");
    EXPECT_EQ(salon_.where(ring_, "2032-02-29T11:59:59.999999Z"), "SITE/1/VAULT/A");
}

TEST_F(Times, OfTwoEventsOfOneInstantTheFirstRecordedIsTheFirst) {
    const std::string noon = "2030-03-02T12:00:00Z";
    salon_.accept(salon_.sign_out(ring_, {noon}));
    salon_.accept(salon_.sign_in(ring_, {noon}));
    EXPECT_EQ(salon_.where(ring_, noon), "SITE/1/VAULT/A");
    EXPECT_EQ(salon_.refuse(salon_.sign_in(ring_, {noon})), "E_NOT_OUT");
    salon_.expect_sound();
}

// The machine's clock goes back by an hour: record time does not.
TEST_F(Times, RecordTimeNeverGoesBack) {
    salon_.accept(look({}));
    salon_.clock("2030-03-02T11:00:00Z");
    salon_.accept(look({}));
    salon_.accept(salon_.sign_out(ring_));
    const std::string history = salon_.ask("items/" + ring_ + "/history?newest_first=true&rows=3");
    EXPECT_EQ(history.find(R"("recorded_at":"2030-03-02T11)"), std::string::npos) << history;
    salon_.reopen();
    salon_.accept(salon_.sign_in(ring_));
    salon_.expect_sound();
}

TEST_F(Times, AnEventIsOfItsInstantAndAStayEndsBeforeTheNextOne) {
    salon_.accept(salon_.sign_out(ring_, {"2030-03-02T12:00:00Z"}));
    EXPECT_EQ(salon_.where(ring_, "2030-03-02T12:00:00Z"), "SITE/1/DISPLAY/D");
    EXPECT_EQ(salon_.where(ring_, "2030-03-02T11:59:59.999999Z"), "SITE/1/VAULT/A");
}

TEST_F(Times, ACountsFenceIsNotPastItsOwnInstant) {
    salon_.count("VAULT/A", {ring_});  // opened at noon
    EXPECT_EQ(salon_.refuse(salon_.sign_out(ring_, {"2030-03-02T11:59:59.999999Z"})), "E_COUNT_FENCE");
    salon_.accept(salon_.sign_out(ring_, {"2030-03-02T12:00:00Z"}));
}

TEST_F(Times, WhatHappensAtTheClosingOfADayIsOfTheNext) {
    const auto [closing, position] = salon_.count("VAULT/A", {ring_}, "CLOSING");
    salon_.clock("2030-03-02T12:00:05Z");
    salon_.accept(salon_.say("10 OC", {"20 VM"}, R"("day_closed":{"closing_count":")" + closing + "\"}"));
    EXPECT_EQ(salon_.refuse(look({"2030-03-02T12:00:04.999999Z"})), "E_PERIOD_CLOSED");
    salon_.accept(look({"2030-03-02T12:00:05Z"}));
}

}  // namespace
}  // namespace daybook::acceptance
