// Parcels that do not arrive as they left: lost, short, with a broken seal, refused, or never picked up (domain: 12.6;
// inventree#11289, erpnext#52221).
#include <gmock/gmock.h>

#include "tests/acceptance/salon.h"

namespace daybook::acceptance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Three rings in a parcel of salon 1 that is on its way to salon 2.
class Parcels : public testing::Test {
protected:
    Parcels() {
        salon_.open_vault();
        rings_ = salon_.bring(3);
        salon_.accept(salon_.say("10 OC", {"11"}, R"("transfer_packed":{"parcel":"P1","seal":"S1"})",
                                 Salon::lines(rings_) + Salon::to(salon_.here("PACK"))));
        transfer_ = salon_.id();
        salon_.accept(salon_.say("70 LG", {"600"},
                                 R"("transfer_dispatched":{"dest":{"site":2},"purpose":"REBALANCE","carrier":601})",
                                 Salon::lines(rings_) + Salon::to("TRANSIT/" + transfer_) + Salon::opens(transfer_)));
    }
    std::string receive(const std::vector<std::string>& rings, const std::string& seal, bool intact = true) {
        salon_.at_site(2);
        std::string json = salon_.say("10 OC", {"11"},
                                      R"("transfer_received":{"seal":")" + seal + R"(","seal_intact":)" +
                                          (intact ? "true}" : "false}"),
                                      Salon::lines(rings) + Salon::to(salon_.here("HOLD")));
        salon_.at_site(1);
        return json;
    }
    std::string except(const std::vector<std::string>& rings, const std::string& kind, const std::string& id) {
        salon_.at_site(2);
        std::string json = salon_.say("10 OC", {"11"}, R"("transfer_exception_recorded":{"kind":")" + kind + "\"}",
                                      Salon::lines(rings) + Salon::opens(id));
        salon_.at_site(1);
        return json;
    }
    bool open(const std::string& obligation) {
        return salon_.ask("due").find(obligation) != std::string::npos;
    }

    Salon salon_;
    std::vector<std::string> rings_;
    std::string transfer_;
};

TEST_F(Parcels, AShortParcelIsReceivedLineByLineAndTheMissingPieceStaysInTransit) {
    const std::string exception = salon_.id();
    salon_.accept(receive({rings_[0], rings_[1]}, "S1"));
    salon_.accept(except({rings_[2]}, "SHORT", exception));
    EXPECT_EQ(salon_.where(rings_[0]), "SITE/2/HOLD");
    EXPECT_EQ(salon_.where(rings_[2]), "TRANSIT/" + transfer_);
    EXPECT_TRUE(open(transfer_));
    EXPECT_TRUE(open(exception));
    // It turns up after all.
    salon_.accept(receive({rings_[2]}, "S1"));
    EXPECT_FALSE(open(transfer_));
    EXPECT_TRUE(open(exception));  // until somebody resolves it
    salon_.accept(salon_.say("20 VM", {"10 OC"},
                             R"("discrepancy_resolved":{"outcome":"FOUND"})",
                             Salon::lines({rings_[2]}) + Salon::opens(exception)));
    EXPECT_FALSE(open(exception));
    EXPECT_THAT(salon_.life("P1"),
                ElementsAre("TransferPacked", "TransferDispatched", "TransferReceived", "TransferExceptionRecorded",
                            "TransferReceived", "DiscrepancyResolved"));
    salon_.expect_sound();
}

TEST_F(Parcels, ALostParcelIsDeclaredMissingThenALossAndMayBeRecovered) {
    const std::string missing = salon_.id();
    salon_.accept(salon_.say("20 VM", {"30 SEC"}, R"("declared_missing":{})",
                             Salon::lines(rings_) + Salon::opens(missing)));
    EXPECT_FALSE(open(transfer_));
    EXPECT_TRUE(open(missing));
    EXPECT_EQ(salon_.where(rings_[0]), "SUSPENSE/1/MISSING");
    salon_.accept(salon_.say("20 VM", {"80 HQ"}, R"("loss_declared":{"kind":"LOST_IN_TRANSIT"})",
                             Salon::lines({rings_[0], rings_[1]})));
    EXPECT_EQ(salon_.where(rings_[0]), "LOSS/LOST_IN_TRANSIT");
    salon_.accept(salon_.say("20 VM", {"10 OC"}, R"("item_recovered":{})",
                             Salon::lines({rings_[1], rings_[2]}) + Salon::to(salon_.here("HOLD"))));
    EXPECT_EQ(salon_.where(rings_[1]), "SITE/1/HOLD");
    EXPECT_FALSE(open(missing));
    salon_.expect_sound();
}

TEST_F(Parcels, ABrokenSealIsRefusedUntilAnExceptionNamesIt) {
    EXPECT_EQ(salon_.refuse(receive(rings_, "S1", false)), "E_SEAL_MISMATCH");
    EXPECT_EQ(salon_.refuse(receive(rings_, "S2")), "E_SEAL_MISMATCH");
    salon_.accept(except(rings_, "SEAL_BROKEN", salon_.id()));
    salon_.accept(receive(rings_, "S1", false));
    EXPECT_EQ(salon_.where(rings_[0]), "SITE/2/HOLD");
    salon_.expect_sound();
}

TEST_F(Parcels, ARefusedParcelComesBackToWhereItLeft) {
    const auto back = [&](int site) {
        salon_.at_site(site);
        std::string json = salon_.say("10 OC", {"11"}, R"("transfer_returned":{"reason":"REFUSED"})",
                                      Salon::lines(rings_) + Salon::to(salon_.here("HOLD")));
        salon_.at_site(1);
        return json;
    };
    EXPECT_EQ(salon_.refuse(back(2)), "E_WRONG_DEST");
    salon_.accept(back(1));
    EXPECT_EQ(salon_.where(rings_[0]), "SITE/1/HOLD");
    EXPECT_FALSE(open(transfer_));
    EXPECT_EQ(salon_.refuse(receive(rings_, "S1")), "E_NOT_IN_TRANSIT");
    salon_.expect_sound();
}

TEST_F(Parcels, AParcelThatIsNotPickedUpIsVoidedAndUnpacked) {
    salon_.accept(salon_.say("10 OC", {"20 VM"}, R"("transfer_voided":{"why":"the carrier did not come"})",
                             Salon::lines(rings_) + Salon::to(salon_.here("PACK"))));
    EXPECT_FALSE(open(transfer_));
    EXPECT_EQ(salon_.where(rings_[0]), "SITE/1/PACK");
    salon_.accept(salon_.say("10 OC", {"11"}, R"("transfer_unpacked_before_dispatch":{"why":"tomorrow"})",
                             Salon::lines(rings_) + Salon::to(salon_.here("VAULT/A"))));
    EXPECT_EQ(salon_.where(rings_[0]), "SITE/1/VAULT/A");
    // What was packed again is another parcel.
    salon_.accept(salon_.say("10 OC", {"11"}, R"("transfer_packed":{"parcel":"P2","seal":"S2"})",
                             Salon::lines(rings_) + Salon::to(salon_.here("PACK"))));
    EXPECT_THAT(salon_.life("P1"), ElementsAre("TransferPacked", "TransferDispatched", "TransferVoided",
                                               "TransferUnpackedBeforeDispatch"));
    EXPECT_THAT(salon_.life("P2"), ElementsAre("TransferPacked"));
    salon_.expect_sound();
}

// The life of a parcel begins with what asked for it, and what came too much has no piece to lead to it (A14).
TEST_F(Parcels, TheLifeOfATransferHasItsRequestAndWhatDidNotBelongInIt) {
    const auto doc = [](const std::string& number) {
        return R"(,"docs":[{"type":"OTHER","number":)" + Salon::quoted(number) + "}]";
    };
    const auto ring = salon_.bring(1);
    const std::string request = salon_.id(), other = salon_.id(), transfer = salon_.id(), wrong = salon_.id();
    const auto ask_for = [&](const std::string& id, const std::string& number) {
        salon_.accept(salon_.say("10 OC", {},
                                 R"("transfer_requested":{"request":)" + Salon::quoted(id) +
                                     R"(,"purpose":"REPLENISH","dest":{"site":2}})",
                                 doc(number)));
    };
    const auto say_of = [&](const std::string& what, const std::string& id) {
        return salon_.say("20 VM", {}, "\"" + what + R"(":{"request":)" + Salon::quoted(id) + "}");
    };
    ask_for(request, "TR-1");
    ask_for(other, "TR-2");
    const Position before = salon_.ledger().head() - 1;
    salon_.accept(say_of("transfer_approved", request));
    salon_.accept(say_of("transfer_rejected", other));
    const auto pack = [&](const std::string& parcel) {
        return salon_.say("10 OC", {"11"},
                          R"("transfer_packed":{"parcel":)" + Salon::quoted(parcel) +
                              R"(,"seal":"S9","request":)" + Salon::quoted(request) + "}",
                          Salon::lines(ring) + Salon::to(salon_.here("PACK")));
    };
    salon_.accept(pack("P8"));
    const std::string mistaken = salon_.last_id();
    const std::string right = pack("P9");
    salon_.accept(salon_.correction(mistaken, right, salon_.last_id()));
    salon_.accept(salon_.say("70 LG", {"600"},
                             R"("transfer_dispatched":{"dest":{"site":2},"purpose":"REPLENISH","carrier":601,)"
                             R"("waybill":"W-9"})",
                             Salon::lines(ring) + Salon::to("TRANSIT/" + transfer) + Salon::opens(transfer)));
    salon_.at_site(2);
    const auto too_much = [&](const std::string& parcel, const std::string& id) {
        return salon_.say("10 OC", {"11"}, R"("transfer_exception_recorded":{"kind":"OVER"})",
                          doc(parcel) + Salon::opens(id));
    };
    salon_.accept(too_much("W-9", wrong));
    salon_.accept(too_much("P1", salon_.id()));  // in another parcel
    salon_.accept(salon_.say("10 OC", {"11"}, R"("transfer_received":{"seal":"S9","seal_intact":true})",
                             Salon::lines(ring) + Salon::to(salon_.here("HOLD"))));
    salon_.accept(salon_.say("20 VM", {"10 OC"}, R"("discrepancy_resolved":{"outcome":"FOUND"})",
                             Salon::opens(wrong)));
    salon_.at_site(1);
    const auto whole = ElementsAre("TransferRequested", "TransferApproved", "TransferPacked", "TransferPacked",
                                   "TransferDispatched", "TransferExceptionRecorded", "TransferReceived",
                                   "DiscrepancyResolved");
    EXPECT_THAT(salon_.life("TR-1"), whole);
    EXPECT_THAT(salon_.life(request), whole);
    EXPECT_THAT(salon_.life("P9"), whole);
    EXPECT_THAT(salon_.life("P8"), ElementsAre("TransferPacked"));  // which counts no more
    EXPECT_THAT(salon_.life("W-9"), whole);
    EXPECT_THAT(salon_.life("P1"), ElementsAre("TransferPacked", "TransferDispatched", "TransferExceptionRecorded"));
    EXPECT_THAT(salon_.life("TR-2"), ElementsAre("TransferRequested", "TransferRejected"));
    const std::string then = salon_.ask("documents/TR-1?known_at=" + std::to_string(before));
    EXPECT_EQ(Salon::rows(then, "rows").size(), 1U) << then;
    salon_.expect_sound();
}

// Who has the waybill finds what who has the parcel's number finds, also where the waybill was written down wrongly.
TEST_F(Parcels, AWaybillTellsWhatTheParcelsNumberTells) {
    salon_.accept(salon_.say("10 OC", {"20 VM"}, R"("transfer_voided":{"why":"the carrier did not come"})",
                             Salon::lines(rings_) + Salon::to(salon_.here("PACK"))));
    const auto dispatch = [&](const std::string& waybill, const std::string& transfer) {
        return salon_.say("70 LG", {"600"},
                          R"("transfer_dispatched":{"dest":{"site":2},"purpose":"REBALANCE","carrier":601,"waybill":)" +
                              Salon::quoted(waybill) + "}",
                          Salon::lines(rings_) + Salon::to("TRANSIT/" + transfer) + Salon::opens(transfer));
    };
    salon_.accept(dispatch("W-0", salon_.id()));
    const std::string never = salon_.last_id();
    salon_.correct(never);
    const std::string transfer = salon_.id();
    salon_.accept(dispatch("W-1", transfer));
    const std::string wrong = salon_.last_id(), right = dispatch("W-2", transfer);
    salon_.correct(wrong, right, salon_.last_id());
    salon_.accept(receive({rings_[0], rings_[1]}, "S1"));
    salon_.accept(receive({rings_[2]}, "S1"));
    const auto whole = ElementsAre("TransferPacked", "TransferDispatched", "TransferVoided", "TransferDispatched",
                                   "TransferDispatched", "TransferDispatched", "TransferReceived", "TransferReceived");
    for (const char* number : {"P1", "W-0", "W-1", "W-2"}) EXPECT_THAT(salon_.life(number), whole) << number;
    // As it was known before the mistakes were seen.
    const auto known = std::to_string(salon_.ledger().head() - 5);
    for (const char* number : {"P1", "W-1"}) {
        const std::string then = salon_.ask(std::string("documents/") + number + "?known_at=" + known);
        EXPECT_EQ(Salon::rows(then, "rows").size(), 5U) << then;
    }
}

// In transit is a place of its own: nobody mistakes it for arrived (erpnext#46130).
TEST_F(Parcels, WhatIsInTransitIsNeitherHereNorThere) {
    EXPECT_THAT(salon_.ask("items/" + rings_[0]), HasSubstr(R"("state":"T")"));
    EXPECT_EQ(salon_.refuse(salon_.sign_out(rings_[0])), "E_IN_TRANSIT");
    EXPECT_EQ(Salon::field(salon_.ask("accounts/TRANSIT/" + transfer_), "pieces"), "3");
    salon_.accept(receive(rings_, "S1"));
    EXPECT_EQ(Salon::field(salon_.ask("accounts/SITE/2/HOLD"), "pieces"), "3");
}

}  // namespace
}  // namespace daybook::acceptance
