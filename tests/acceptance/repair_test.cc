// A client's ring: taken in, sent to a workshop abroad under a carnet, a part replaced, weighed, and released, at first
// to somebody who may not have it (domain: 12, point 7).
#include <gmock/gmock.h>

#include "tests/acceptance/salon.h"

namespace daybook::acceptance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Repair : public testing::Test {
protected:
    Repair() { salon_.open_vault(); }

    // The client's ring as it lies in the hold, weighed and with its repair opened.
    std::string take_in() {
        const std::string ring = salon_.id();
        salon_.accept(salon_.say("10 OC", {},
                                 R"("item_registered":{"origin":"CLIENT","owner":{"kind":"CLIENT","id":900}})",
                                 Salon::lines({ring}) + Salon::to("EXT/CLIENT/900")));
        salon_.accept(salon_.say("40 SA", {"900"}, R"("received_from_client":{"purpose":"REPAIR"})",
                                 Salon::lines({ring}) + Salon::to(salon_.here("HOLD"))));
        salon_.accept(salon_.say("50 QA", {}, R"("inspection_recorded":{"phase":"COM_IN","verdict":"CONDITIONAL"})",
                                 Salon::lines({ring})));
        salon_.accept(salon_.say("40 SA", {"900"},
                                 R"("repair_opened":{"repair":"REP-1","client":"900","fault":"a stone is loose",)"
                                 R"("gross_mg":"5200"})",
                                 Salon::lines({ring}) + Salon::opens(salon_.id())));
        return ring;
    }
    std::string release(const std::string& ring, const std::vector<std::string>& signers,
                        const std::string& collector) {
        return salon_.say("40 SA", signers,
                          R"("released_to_client":{"claim_check":"C-17","identity_check":"ID_DOCUMENT",)"
                          R"("client_accepts":true)" +
                              collector + "}",
                          Salon::lines({ring}) + Salon::to("EXT/CLIENT/900"));
    }

    Salon salon_;
};

TEST_F(Repair, AClientsRingGoesAbroadAndComesBackToItsOwner) {
    const std::string ring = take_in();
    salon_.accept(salon_.say("40 SA", {"900"}, R"("repair_authorised":{"price":{"minor":"12000","currency":"EUR"}})",
                             Salon::lines({ring})));
    // A client's piece goes into no bin of the house's, and is not sold.
    EXPECT_EQ(salon_.refuse(salon_.put_away({ring}, "VAULT/A")), "E_WRONG_TARGET");
    salon_.accept(salon_.put_away({ring}, "COM/C"));
    const std::string sale = R"("sale_completed":{"party":"501","handover":"NOW","invoice":"R-1",)"
                             R"("price":{"minor":"300000","currency":"EUR"}})";
    EXPECT_EQ(salon_.refuse(salon_.say("40 SA", {}, sale, Salon::lines({ring}) + Salon::to("EXT/CLIENT/501"))),
              "E_NOT_OWNED");

    // Abroad, under a carnet that binds it until it is back.
    const std::string carnet = salon_.id();
    salon_.accept(salon_.say("70 LG", {"20 VM"},
                             R"("carnet_bound":{"carnet":"CH-1","reexport_by":"2030-09-01T00:00:00Z"})",
                             Salon::lines({ring}) + Salon::opens(carnet)));
    salon_.accept(salon_.say("10 OC", {"60 WK"},
                             R"("sent_to_workshop":{"workshop":"77","due_at":"2030-04-01T00:00:00Z"})",
                             Salon::lines({ring}) + Salon::to("EXT/WORKSHOP/77") + Salon::opens(salon_.id())));
    EXPECT_EQ(salon_.where(ring), "EXT/WORKSHOP/77");
    EXPECT_THAT(salon_.ask("repairs"), HasSubstr("REP-1"));
    salon_.clock("2030-03-20T10:00:00Z");
    salon_.accept(salon_.say("60 WK", {},
                             R"("repair_work_recorded":{"operations":["claw replaced"],)"
                             R"("parts_in":[{"part":"claw","mg":"90"}],"parts_out":[{"part":"claw","mg":"70"}],)"
                             R"("metal_added_mg":"90","metal_removed_mg":"70"})",
                             Salon::lines({ring})));
    salon_.accept(salon_.say("60 WK", {"10 OC"}, R"("returned_from_workshop":{"gross_mg":"5220","invoice":"W-9"})",
                             Salon::lines({ring}) + Salon::to(salon_.here("HOLD"))));
    salon_.accept(salon_.say("70 LG", {"20 VM"}, R"("carnet_released":{"reason":"RETURNED"})", Salon::lines({ring})));

    // Not before it was inspected; not to another without the manager; to the client's sister with him.
    EXPECT_EQ(salon_.refuse(salon_.put_away({ring}, "COM/C")), "E_QA_PENDING");
    salon_.accept(salon_.say("50 QA", {}, R"("inspection_recorded":{"phase":"REPAIR_OUT","verdict":"PASS"})",
                             Salon::lines({ring})));
    salon_.accept(salon_.put_away({ring}, "COM/C"));
    EXPECT_EQ(salon_.refuse(release(ring, {"901"}, R"(,"collector":"901")")), "E_DUAL_CONTROL");
    salon_.accept(release(ring, {"901", "20 VM"}, R"(,"collector":"901")"));
    EXPECT_EQ(salon_.where(ring), "EXT/CLIENT/900");
    EXPECT_EQ(Salon::field(salon_.ask("items/" + ring), "kind"), "CLIENT");
    EXPECT_THAT(salon_.ask("repairs"), Not(HasSubstr("REP-1")));
    EXPECT_THAT(salon_.life("REP-1"),
                ElementsAre("RepairOpened", "RepairAuthorised", "SentToWorkshop", "RepairWorkRecorded",
                            "ReturnedFromWorkshop", "InspectionRecorded", "ReleasedToClient"));
    EXPECT_THAT(salon_.life("CH-1"), ElementsAre("CarnetBound", "CarnetReleased"));
    EXPECT_THAT(salon_.life("W-9"), ElementsAre("ReturnedFromWorkshop"));
    salon_.expect_sound();  // the weight law among the rest: 5,200 + 90 - 70 = 5,220
}

// What else becomes of the piece is no matter of its repair: who has it in hand, or what is wrong with another.
TEST_F(Repair, ItsLifeIsItsOwn) {
    const std::string ring = take_in();
    const std::string other = salon_.bring(1)[0];
    salon_.accept(salon_.put_away({ring}, "COM/C"));
    salon_.accept(salon_.say("10 OC", {"40"}, R"("signed_out":{"purpose":"PHOTO","recipient":"40"})",
                             Salon::lines({ring, other}) + Salon::to(salon_.here("PERSON/40")) +
                                 R"(,"docs":[{"type":"OTHER","number":"SLIP-1"}])" + Salon::opens(salon_.id())));
    salon_.accept(salon_.say("40 SA", {"11"}, R"("handed_over":{})",
                             Salon::lines({ring}) + Salon::to(salon_.here("DISPLAY/D"))));
    salon_.accept(salon_.sign_in(ring, {}, "COM/C"));
    salon_.accept(salon_.say("40 SA", {"900"}, R"("repair_declined":{})", Salon::lines({ring})));
    EXPECT_THAT(salon_.life("REP-1"), ElementsAre("RepairOpened", "RepairDeclined"));
    EXPECT_THAT(salon_.life("SLIP-1"), ElementsAre("SignedOut", "HandedOver", "SignedIn"));
    // Of a declining that was none; and by a repair that is told again.
    const std::string declined = salon_.last_id();
    salon_.correct(declined);
    EXPECT_THAT(salon_.life("REP-1"), ElementsAre("RepairOpened", "RepairDeclined"));
    salon_.accept(salon_.say("40 SA", {"900"}, R"("repair_authorised":{})", Salon::lines({ring})));
    EXPECT_THAT(salon_.life("REP-1"), ElementsAre("RepairOpened", "RepairDeclined", "RepairAuthorised"));
}

// By post: what was sent for it, and came back, belongs to it.
TEST_F(Repair, SentByPostAndBack) {
    const std::string ring = take_in();
    salon_.accept(salon_.put_away({ring}, "COM/C"));
    salon_.accept(salon_.say("10 OC", {"11"}, R"("transfer_packed":{"parcel":"P7","seal":"S1"})",
                             Salon::lines({ring}) + Salon::to(salon_.here("PACK"))));
    const std::string out = salon_.id(), back = salon_.id();
    salon_.accept(salon_.say("70 LG", {"600"},
                             R"("transfer_dispatched":{"dest":{"account":"EXT/WORKSHOP/77","party":"77"},)"
                             R"("purpose":"REPAIR","carrier":601})",
                             Salon::lines({ring}) + Salon::to("TRANSIT/" + out) + Salon::opens(out)));
    salon_.accept(salon_.say("70 LG", {}, R"("transfer_delivered":{"party":"77"})",
                             Salon::lines({ring}) + Salon::to("EXT/WORKSHOP/77") + Salon::opens(salon_.id())));
    salon_.accept(salon_.say("60 WK", {}, R"("repair_work_recorded":{"operations":["polished"]})",
                             Salon::lines({ring})));
    salon_.accept(salon_.say("10 OC", {}, R"("inbound_dispatched":{"sender":"77","purpose":"REPAIR_RETURN"})",
                             Salon::lines({ring}) + Salon::to("TRANSIT/" + back) + Salon::opens(back)));
    salon_.accept(salon_.say("10 OC", {"11"}, R"("transfer_received":{"seal":"","seal_intact":true})",
                             Salon::lines({ring}) + Salon::to(salon_.here("HOLD"))));
    EXPECT_THAT(salon_.life("REP-1"),
                ElementsAre("RepairOpened", "TransferDispatched", "TransferDelivered", "RepairWorkRecorded",
                            "InboundDispatched", "TransferReceived"));
    EXPECT_THAT(salon_.life("P7"), ElementsAre("TransferPacked", "TransferDispatched", "TransferDelivered"));
}

TEST_F(Repair, GoldThatIsMissingIsNamedByTheAuditor) {
    const std::string ring = take_in();
    salon_.accept(salon_.say("10 OC", {"60 WK"}, R"("sent_to_workshop":{"workshop":"77"})",
                             Salon::lines({ring}) + Salon::to("EXT/WORKSHOP/77") + Salon::opens(salon_.id())));
    const std::string work = R"("repair_work_recorded":{"operations":["polished"],"metal_removed_mg":"10"})";
    salon_.accept(salon_.say("60 WK", {}, work, Salon::lines({ring})));
    const std::string returned = R"("returned_from_workshop":{"gross_mg":"4100"})";
    const Position back = salon_.accept(salon_.say("60 WK", {"10 OC"}, returned,
                                                   Salon::lines({ring}) + Salon::to(salon_.here("HOLD"))));
    const auto audited = test::must(api::audit(salon_.ledger(), {}));
    EXPECT_FALSE(audited.ok);
    EXPECT_THAT(audited.json, HasSubstr(R"("position":")" + std::to_string(back) + "\""));
}

}  // namespace
}  // namespace daybook::acceptance
