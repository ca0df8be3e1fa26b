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

    // That an event did not occur, or occurred as `corrective` says: its command, with the id after.
    std::string correct(const std::string& target, const std::string& corrective = "",
                        std::vector<std::string> attest = {"20 VM"}) {
        const std::string id = corrective.empty() ? "" : salon_.last_id();
        const std::string declared =
            salon_.say("80 HQ", std::move(attest),
                       R"("correction_declared":{"target":")" + target + R"(","reason":)" +
                           (id.empty() ? R"("DID_NOT_OCCUR"})" : R"("INCORRECT_DATA","correctives":[")" + id + "\"]}"));
        return id.empty() ? declared : Salon::atomic({declared, corrective});
    }
    // When the ring's newest event happened.
    std::string newest() {
        return Salon::field(salon_.ask("items/" + ring_ + "/history?newest_first=true&rows=1"), "occurred_at");
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

// Its place is told before its id is looked up: there the id is free, and in the reservation behind it no more.
TEST_F(Times, AnIdThatALaterObligationHasIsRefusedInAnEarlierOne) {
    const std::string used = salon_.id();
    salon_.accept(salon_.say("40 SA", {}, R"("reservation_placed":{"party":1001,"until":"2030-03-03T13:00:00Z"})",
                             Salon::lines({ring_}) + Salon::opens(used)));
    const auto bind = [&](const std::string& obligation) {
        return salon_.say("70 LG", {"20 VM"},
                          R"("carnet_bound":{"carnet":"CH-1","reexport_by":"2030-09-01T00:00:00Z"})",
                          Salon::lines({ring_}) + Salon::opens(obligation), {"2030-03-02T11:50:00Z"});
    };
    EXPECT_EQ(salon_.refuse(bind(used)), "E_OBLIGATION_EXISTS");
    EXPECT_THAT(salon_.last_answer(), HasSubstr("The id " + used + " was used before"));
    salon_.accept(bind(salon_.id()));
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

TEST_F(Times, HowFarAheadADeviceMayBeIsAPolicy) {
    EXPECT_EQ(salon_.refuse(look({"2030-03-03T00:00:00Z"})), "E_FUTURE_DATED");
    salon_.accept(salon_.say("80 HQ", {}, R"("policy_set":{"key":"time.future_tolerance","value":{"number":43200},)"
                                          R"("from":"2030-03-02T12:00:01Z"})"));
    EXPECT_EQ(salon_.refuse(look({"2030-03-03T00:00:00Z"})), "E_FUTURE_DATED");  // it is not in force yet
    salon_.clock("2030-03-02T12:00:01Z");
    EXPECT_EQ(salon_.refuse(look({"2030-03-03T00:00:01.000001Z"})), "E_FUTURE_DATED");
    salon_.accept(look({"2030-03-03T00:00:01Z"}));
}

// "The newest occurred_at of the lines' items": what is sent without a time never comes before what its pieces saw.
TEST_F(Times, WhatSaysNothingOfWhenComesBehindWhatItsPiecesSaw) {
    salon_.accept(look({"2030-03-02T12:01:30Z"}));  // by a clock that is fast
    salon_.accept(salon_.sign_out(ring_));
    EXPECT_EQ(newest(), "2030-03-02T12:01:30Z");
    EXPECT_EQ(salon_.where(ring_, "2030-03-02T12:01:29.999999Z"), "SITE/1/VAULT/A");
    EXPECT_EQ(salon_.where(ring_, "2030-03-02T12:01:30Z"), "SITE/1/DISPLAY/D");
}

TEST_F(Times, ALateFactOfTheSameInstantIsTheLastOfIt) {
    const std::string noon = "2030-03-02T12:00:00Z";
    salon_.accept(salon_.sign_out(ring_, {noon}));
    salon_.accept(salon_.sign_in(ring_, {noon}));
    salon_.clock("2030-03-02T18:00:00Z");
    const Position before = salon_.accept(salon_.sign_out(ring_, {noon, "the list was found"}));
    EXPECT_EQ(salon_.where(ring_, noon), "SITE/1/DISPLAY/D");
    EXPECT_EQ(salon_.where(ring_, noon, before), "SITE/1/VAULT/A");
    salon_.expect_sound();
}

// At the same instant a corrective has the place of what it corrects; a microsecond later it is behind what followed.
TEST_F(Times, ACorrectiveOfTheSameInstantTakesTheTargetsPlace) {
    const std::string noon = "2030-03-02T12:00:00Z";
    const std::string obligation = salon_.id();  // a corrective keeps that of its target
    const auto photo = [&](const std::string& at) {
        return salon_.say("10 OC", {"40"}, R"("signed_out":{"purpose":"PHOTO"})",
                          Salon::lines({ring_}) + Salon::to("SITE/1/DISPLAY/D") + Salon::opens(obligation), {at});
    };
    salon_.accept(photo(noon));
    const std::string target = salon_.last_id();
    salon_.accept(salon_.sign_in(ring_, {noon}));
    EXPECT_EQ(salon_.refuse(correct(target, photo("2030-03-02T12:00:00.000001Z"))), "E_CORRECTION_CONFLICT");
    salon_.accept(correct(target, photo(noon)));
    EXPECT_EQ(salon_.where(ring_, noon), "SITE/1/VAULT/A");
    salon_.expect_sound();
}

// [opening, closing): the closing's own instant is outside, and the next opening's inside.
TEST_F(Times, AVaultIsOpenFromItsOpeningUntilBeforeItsClosing) {
    const auto closing = salon_.count("VAULT/A", {ring_}, "CLOSING").first;
    const auto close = [&] {
        return salon_.say("10 OC", {"30 SEC"}, R"("vault_closed":{"closing_count":")" + closing + "\"}", "",
                          {"2030-03-02T12:10:00Z"});
    };
    salon_.clock("2030-03-02T12:10:00Z");
    salon_.accept(close());
    EXPECT_EQ(salon_.refuse(salon_.sign_out(ring_, {"2030-03-02T12:10:00Z"})), "E_VAULT_CLOSED");
    salon_.accept(salon_.sign_out(ring_, {"2030-03-02T12:09:59.999999Z"}));
    salon_.clock("2030-03-02T12:20:00Z");
    salon_.open_vault();  // at 12:20
    EXPECT_EQ(salon_.refuse(salon_.sign_in(ring_, {"2030-03-02T12:19:59.999999Z"})), "E_VAULT_CLOSED");
    salon_.accept(salon_.sign_in(ring_, {"2030-03-02T12:20:00Z"}));
    salon_.expect_sound();
}

TEST_F(Times, ARuleBeginsWithItsEventAndNoEarlier) {
    const auto rule = [&](const std::string& from) {
        return salon_.say("80 HQ", {},
                          R"("policy_set":{"key":"repair.weight_tolerance","value":{"number":60},"from":")" + from +
                              "\"}",
                          "", {"2030-03-02T12:00:00Z"});
    };
    EXPECT_EQ(salon_.refuse(rule("2030-03-02T11:59:59.999999Z")), "E_BACKDATED");
    salon_.accept(rule("2030-03-02T12:00:00Z"));
}

TEST_F(Times, ARoleIsHeldFromItsFirstInstantUntilBeforeItsLast) {
    salon_.accept(salon_.say("80 HQ", {"20 VM"},
                             R"("role_granted":{"grant":{"principal":77,"role":"QA","site":1},)"
                             R"("from":"2030-03-02T12:00:10Z","to":"2030-03-02T12:00:20Z"})"));
    const auto looks = [&](const std::string& at) {
        return salon_.say("77 QA", {}, R"("inspection_recorded":{"phase":"STOCK","verdict":"PASS"})",
                          Salon::lines({ring_}), {at});
    };
    EXPECT_EQ(salon_.refuse(looks("2030-03-02T12:00:09.999999Z")), "E_NOT_AUTHORISED");
    salon_.accept(looks("2030-03-02T12:00:10Z"));
    salon_.accept(looks("2030-03-02T12:00:19.999999Z"));
    EXPECT_EQ(salon_.refuse(looks("2030-03-02T12:00:20Z")), "E_NOT_AUTHORISED");
}

// A custodian changes on a count that was attested at most half an hour before.
TEST_F(Times, ACountIsFreshForHalfAnHour) {
    const auto count = salon_.count("VAULT/A", {ring_}).first;  // attested at noon
    const auto change = [&](const std::string& at) {
        return salon_.say("20 VM", {"40", "10"},
                          R"("custodian_changed":{"account":"SITE/1/VAULT/A","new_custodian":40,"count":")" + count +
                              "\"}", "", {at});
    };
    salon_.clock("2030-03-02T12:30:01Z");
    EXPECT_EQ(salon_.refuse(change("2030-03-02T12:30:00.001Z")), "E_NO_CLOSING_COUNT");
    salon_.accept(change("2030-03-02T12:30:00Z"));
}

// "The clock alone ends none of them": a reservation that is over by its time stands until it is released.
TEST_F(Times, AReservationStandsUntilItIsReleased) {
    salon_.accept(salon_.say("40 SA", {}, R"("reservation_placed":{"party":1001,"until":"2030-03-02T13:00:00Z"})",
                             Salon::lines({ring_}) + Salon::opens(salon_.id())));
    const std::string reserved = salon_.last_id();
    const auto sell = [&] {
        return salon_.say("40 SA", {}, R"("sale_completed":{"invoice":"I1","party":1002,)"
                                       R"("price":{"minor":100,"currency":"EUR"},"handover":"NOW"})",
                          Salon::lines({ring_}) + Salon::to("EXT/CLIENT/1002"));
    };
    salon_.clock("2030-03-02T15:00:00Z");
    EXPECT_EQ(salon_.refuse(sell()), "E_RESERVED");
    salon_.accept(salon_.say("1 SYS", {}, R"("reservation_released":{})", Salon::lines({ring_})));
    salon_.accept(sell());
}

// The last minute of June 2030 has sixty seconds here, whatever the astronomers say; nor is there a 31 June.
TEST_F(Times, LeapSecondsAndDaysThatAreNoneAreNoTimes) {
    for (const char* none : {"2030-03-02T11:59:60Z", "2030-02-29T12:00:00Z", "2030-06-31T12:00:00Z",
                             "2030-03-02T24:00:00Z", "2030-03-02T12:00:00", "2030-03-02T12:00:00.0000001Z",
                             "2030-03-02T12:00:00+24:00"}) {
        EXPECT_EQ(salon_.refuse(look({none})), "E_SCHEMA") << none;
    }
}

// The clock goes back an hour: what is late, and what is ahead, is asked of record time, which stands still meanwhile.
TEST_F(Times, WhileTheClockIsBackTimesAreHeldAgainstRecordTime) {
    salon_.accept(look({}));
    salon_.clock("2030-03-02T11:00:00Z");
    EXPECT_EQ(salon_.refuse(look({"2030-03-02T11:00:00Z"})), "E_BACKDATED");
    salon_.accept(look({"2030-03-02T12:02:00Z"}));
    EXPECT_EQ(salon_.refuse(look({"2030-03-02T12:03:00Z"})), "E_FUTURE_DATED");
}

// The clock came up wrong and a year ahead, and was put right: the ledger goes on, behind what it has recorded.
TEST_F(Times, AfterAClockThatWasAYearAheadRecordTimeWaitsForIt) {
    const auto other = salon_.bring(1);
    salon_.clock("2031-03-02T12:00:00Z");
    salon_.accept(salon_.say("50 QA", {}, R"("inspection_recorded":{"phase":"STOCK","verdict":"PASS"})",
                             Salon::lines(other)));
    salon_.clock("2030-03-02T12:05:00Z");
    EXPECT_EQ(salon_.refuse(look({"2030-03-02T12:05:00Z"})), "E_BACKDATED");
    salon_.accept(salon_.sign_out(ring_, {"2030-03-02T12:05:00Z", "the ledger's clock was ahead"}));
    salon_.reopen();
    salon_.accept(salon_.sign_in(ring_, {"2030-03-02T12:06:00Z", "the ledger's clock was ahead"}));
    EXPECT_EQ(salon_.where(ring_, "2030-03-02T12:05:30Z"), "SITE/1/DISPLAY/D");
    EXPECT_EQ(salon_.where(ring_, "2030-03-02T12:06:00Z"), "SITE/1/VAULT/A");
    salon_.expect_sound();
}

// A late entry across the hour that comes twice goes where its offset says.
TEST_F(Times, ALateFactOfTheHourThatComesTwice) {
    salon_.clock("2030-10-27T08:00:00Z");
    salon_.accept(salon_.sign_out(ring_, {"2030-10-27T02:30:00+02:00", "the night's list"}));  // 00:30 UTC
    salon_.accept(salon_.sign_in(ring_, {"2030-10-27T02:10:00+01:00", "the night's list"}));   // 01:10 UTC
    EXPECT_EQ(salon_.where(ring_, "2030-10-27T02:59:59+02:00"), "SITE/1/DISPLAY/D");
    EXPECT_EQ(salon_.where(ring_, "2030-10-27T02:59:59+01:00"), "SITE/1/VAULT/A");
    salon_.expect_sound();
}

// "At or before a DayClosed": what lies at the closing's own instant is of the next day, and to correct it asks for HQ.
TEST_F(Times, ACorrectionAtTheClosingOfADayAsksForHeadquarters) {
    const auto closing = salon_.count("VAULT/A", {ring_}, "CLOSING").first;
    salon_.clock("2030-03-02T12:00:05Z");
    salon_.accept(look({"2030-03-02T12:00:05Z"}));
    const std::string at = salon_.last_id();
    salon_.accept(look({"2030-03-02T12:00:05.000001Z"}));
    const std::string behind = salon_.last_id();
    salon_.accept(salon_.say("10 OC", {"20 VM"}, R"("day_closed":{"closing_count":")" + closing + "\"}", "",
                             {"2030-03-02T12:00:05Z"}));
    const auto by_security = [&](const std::string& target) {
        return salon_.say("30 SEC", {"20 VM"},
                          R"("correction_declared":{"target":")" + target + R"(","reason":"DID_NOT_OCCUR"})");
    };
    EXPECT_EQ(salon_.refuse(by_security(at)), "E_PERIOD_CLOSED");
    salon_.accept(by_security(behind));
    salon_.accept(correct(at));
}

}  // namespace
}  // namespace daybook::acceptance
