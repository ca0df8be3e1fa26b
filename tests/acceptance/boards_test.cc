// What the boards of a salon show after corrections: what stands, and never what was taken back (domain: 9.3, 5.5).
#include <gmock/gmock.h>

#include "tests/acceptance/salon.h"

namespace daybook::acceptance {
namespace {

using testing::HasSubstr;
using testing::Not;

class Boards : public testing::Test {
protected:
    Boards() { salon_.open_vault(); }

    // The same command again, with an id of its own.
    Position correct_with_the_same(const std::string& command, const std::string& at) {
        const std::string target = command.substr(command.find("\"event_id\":\"") + 12, 36);
        const std::string right = salon_.id();
        std::string again = command;
        again.replace(again.find(target), 36, right);
        if (again.find("\"occurred_at\"") == std::string::npos)
            again.insert(1, R"("occurred_at":)" + Salon::quoted(at) + ",");
        return salon_.correct(target, again, right);
    }
    // Records a command at a moment of the clock.
    std::string record(const std::string& at, const std::string& command) {
        salon_.clock(at);
        salon_.accept(command);
        return command;
    }

    Salon salon_;
};

// ---- Sales (O14) ----

TEST_F(Boards, SalesAreThoseThatStand) {
    const auto rings = salon_.bring(2);
    const auto sell = [&](const std::string& ring, const std::string& invoice) {
        return salon_.say("40 SA", {},
                          R"("sale_completed":{"invoice":")" + invoice +
                              R"(","party":"501","handover":"NOW","price":{"minor":"300000","currency":"EUR"}})",
                          Salon::lines({ring}) + Salon::to("EXT/CLIENT/501"));
    };
    salon_.accept(sell(rings[0], "R-1"));
    const std::string wrong = salon_.last_id();
    const Position known = salon_.accept(sell(rings[1], "R-2"));
    const std::string before = salon_.ask("sales/1?known_at=" + std::to_string(known));
    EXPECT_THAT(before, HasSubstr("R-1"));
    EXPECT_THAT(before, HasSubstr("600000"));
    salon_.correct(wrong);
    const std::string after = salon_.ask("sales/1");
    EXPECT_THAT(after, Not(HasSubstr("R-1")));
    EXPECT_THAT(after, HasSubstr("R-2"));
    EXPECT_THAT(after, Not(HasSubstr("600000")));
    EXPECT_EQ(salon_.ask("sales/1?known_at=" + std::to_string(known)), before);
    const std::string entries = salon_.ask("days/1?at=2030-03-02T08:00:00Z");
    EXPECT_THAT(entries, Not(HasSubstr("R-1")));
    EXPECT_THAT(entries, HasSubstr("R-2"));
    // Page by page the same rows, of the same moment.
    const std::string page = salon_.ask("days/1?at=2030-03-02T08:00:00Z&rows=1");
    EXPECT_THAT(page, Not(HasSubstr("R-2")));
    const std::string next = Salon::field(page, "next");
    EXPECT_THAT(salon_.ask("days/1?at=2030-03-02T08:00:00Z&rows=1&cursor=" + next), HasSubstr("R-2"));
}

// ---- Transfers (O4) ----

TEST_F(Boards, ATransferShowsItsParcelAndSeal) {
    const auto rings = salon_.bring(2);
    record("2030-03-02T09:00:00Z", salon_.say("10 OC", {"11"}, R"("transfer_packed":{"parcel":"P0","seal":"S0"})",
                                              Salon::lines(rings) + Salon::to(salon_.here("PACK"))));
    record("2030-03-02T09:10:00Z",
           salon_.say("10 OC", {"11"}, R"("transfer_unpacked_before_dispatch":{"why":"another box"})",
                      Salon::lines(rings) + Salon::to(salon_.here("VAULT/A"))));
    const std::string packed =
        record("2030-03-02T09:20:00Z", salon_.say("10 OC", {"11"}, R"("transfer_packed":{"parcel":"P1","seal":"S1"})",
                                                  Salon::lines(rings) + Salon::to(salon_.here("PACK"))));
    record("2030-03-02T09:30:00Z",
           salon_.say("70 LG", {}, R"("compliance_doc_attached":{"type":"INSURANCE","number":"I-1"})",
                      Salon::lines(rings)));
    const std::string sent = record(
        "2030-03-02T09:40:00Z",
        salon_.say("70 LG", {"600"},
                   R"("transfer_dispatched":{"dest":{"site":2},"purpose":"REBALANCE","carrier":601})",
                   Salon::lines(rings) + Salon::opens(salon_.id())));
    const auto expect_it = [&](const std::string& when) {
        const std::string board = salon_.ask("transit");
        EXPECT_THAT(board, HasSubstr(R"("parcels":["P1"],"seals":["S1"])")) << when;
    };
    expect_it("with a paper attached in between");
    salon_.clock("2030-03-02T10:00:00Z");
    correct_with_the_same(sent, "2030-03-02T09:40:00Z");
    expect_it("with its dispatch told again");
    correct_with_the_same(packed, "2030-03-02T09:20:00Z");
    expect_it("with its packing told again");
}

// ---- Repairs (O6) ----

TEST_F(Boards, ARepairIsAsFarAsWhatStands) {
    const std::string ring = salon_.id();
    salon_.accept(salon_.say("10 OC", {}, R"("item_registered":{"origin":"CLIENT","owner":{"kind":"CLIENT","id":900}})",
                             Salon::lines({ring}) + Salon::to("EXT/CLIENT/900")));
    salon_.accept(salon_.say("40 SA", {"900"}, R"("received_from_client":{"purpose":"REPAIR"})",
                             Salon::lines({ring}) + Salon::to(salon_.here("HOLD"))));
    const std::string opened =
        record("2030-03-02T09:00:00Z",
               salon_.say("40 SA", {"900"}, R"("repair_opened":{"repair":"REP-1","client":"900"})",
                          Salon::lines({ring}) + Salon::opens(salon_.id())));
    const auto authorise = [&] {
        return salon_.say("40 SA", {"900"}, R"("repair_authorised":{"price":{"minor":"12000","currency":"EUR"}})",
                          Salon::lines({ring}));
    };
    const auto stage = [&] { return Salon::field(salon_.ask("repairs"), "stage"); };
    EXPECT_EQ(stage(), "OPENED");
    record("2030-03-02T09:10:00Z", authorise());
    EXPECT_EQ(stage(), "AUTHORISED");
    salon_.correct(salon_.last_id());  // it was for another ring
    EXPECT_EQ(stage(), "OPENED");
    record("2030-03-02T09:20:00Z", authorise());
    EXPECT_EQ(stage(), "AUTHORISED");
    correct_with_the_same(opened, "2030-03-02T09:00:00Z");
    EXPECT_EQ(stage(), "AUTHORISED");
    // A late refusal from before the client said yes changes nothing.
    salon_.clock("2030-03-02T11:00:00Z");
    salon_.accept(salon_.say("40 SA", {"900"}, R"("repair_declined":{})", Salon::lines({ring}),
                             {.at = "2030-03-02T09:05:00Z", .late = "slip found"}));
    EXPECT_EQ(stage(), "AUTHORISED");
}

// ---- Counts and the day (O9, A11) ----

class BoardsOfCounts : public Boards {
protected:
    // A count of the bin A, attested a while after its cut; the attestation.
    std::string count(const std::string& cut, const std::string& attested, const std::vector<std::string>& seen) {
        count_ = salon_.id();
        record(cut, salon_.say("10 OC", {},
                               R"("count_opened":{"kind":"SPOT","accounts":[)" + Salon::quoted(salon_.here("VAULT/A")) +
                                   "]}",
                               Salon::opens(count_)));
        salon_.accept(salon_.say("10 OC", {}, R"("count_scanned":{"method":"RFID"})",
                                 Salon::opens(count_) + Salon::to(salon_.here("VAULT/A")) + Salon::lines(seen)));
        return record(attested, salon_.say("10 OC", {"11"}, R"("count_attested":{})", Salon::opens(count_)));
    }
    std::string count_;  // the one that was made last
};

TEST_F(BoardsOfCounts, TheLatestCutIsTheCountOfTheDay) {
    auto rings = salon_.bring(2);
    const std::string morning = count("2030-03-02T09:00:00Z", "2030-03-02T09:10:00Z", rings);
    const std::string first = count_;
    rings.push_back(salon_.bring(1)[0]);
    count("2030-03-02T10:00:00Z", "2030-03-02T10:10:00Z", rings);
    const std::string second = count_;
    const auto expect_the_second = [&] {
        const std::string day = salon_.ask("reconciliation/1");
        EXPECT_THAT(day, HasSubstr(second));
        EXPECT_THAT(day, Not(HasSubstr(first)));
        const std::string counts = salon_.ask("counts?site=1");
        EXPECT_LT(counts.find(second), counts.find(first));
        const std::string page = salon_.ask("counts?site=1&rows=1");
        EXPECT_THAT(page, HasSubstr(second));
        EXPECT_THAT(page, Not(HasSubstr(first)));
        const std::string next = salon_.ask("counts?site=1&rows=1&cursor=" + Salon::field(page, "next"));
        EXPECT_THAT(next, HasSubstr(first));
        EXPECT_THAT(next, Not(HasSubstr(second)));
        EXPECT_THAT(next, Not(HasSubstr(R"("next":)")));
    };
    expect_the_second();
    salon_.clock("2030-03-02T11:00:00Z");
    correct_with_the_same(morning, "2030-03-02T09:10:00Z");  // recorded last, of a cut that lies before
    expect_the_second();
}

TEST_F(BoardsOfCounts, AnAccountWasCountedAtTheCut) {
    const auto rings = salon_.bring(1);
    count("2030-03-02T09:00:00Z", "2030-03-02T09:10:00Z", rings);
    const std::string cut = R"("counted_at":"2030-03-02T09:00:00Z")";
    EXPECT_THAT(salon_.ask("coverage?site=1"), HasSubstr(cut));
    EXPECT_THAT(salon_.ask("counted?site=1"), HasSubstr(cut));
    // Whole days since the cut, not since the attestation.
    salon_.clock("2030-03-03T09:05:00Z");
    EXPECT_EQ(Salon::field(salon_.ask("coverage?site=1"), "age_days"), "1");
    EXPECT_EQ(Salon::field(salon_.ask("counted?site=1"), "age_days"), "1");
}

// ---- Documents (A14) ----

TEST_F(Boards, ADocumentGoesOnBehindACorrectedReturn) {
    const auto rings = salon_.bring(2);
    record("2030-03-02T09:00:00Z",
           salon_.say("10 OC", {"500"},
                      R"("memo_out_issued":{"memo":"M-7","party":"501","purpose":"ON_APPROVAL",)"
                      R"("due_at":"2030-03-12T18:00:00Z"})",
                      Salon::lines(rings) + Salon::to("EXT/MEMO/M-7") + Salon::opens(salon_.id())));
    const auto give_back = [&](const std::string& at) {
        record(at, salon_.say("10 OC", {"500"}, R"("memo_returned":{"condition":"as new"})",
                              Salon::lines({rings[0]}) + Salon::to(salon_.here("HOLD"))));
        return salon_.ledger().head() - 1;
    };
    const Position wrong = give_back("2030-03-02T10:00:00Z");
    const std::string before = salon_.ask("documents/M-7?known_at=" + std::to_string(wrong));
    const Position correction = salon_.correct(salon_.last_id());
    const Position right = give_back("2030-03-02T11:00:00Z");
    const std::string life = salon_.ask("documents/M-7");
    const auto row_of = [&](Position position) {
        const auto at = life.find(R"("position":")" + std::to_string(position) + R"(","type")");
        return at == std::string::npos ? "" : life.substr(at, life.find('}', at) - at);
    };
    EXPECT_THAT(row_of(wrong), HasSubstr(R"("corrected_by":")" + std::to_string(correction) + '"'));
    EXPECT_THAT(row_of(right), HasSubstr("MemoReturned"));
    EXPECT_THAT(row_of(right), Not(HasSubstr("corrected_by")));
    // What was known before answers as it did.
    EXPECT_EQ(salon_.ask("documents/M-7?known_at=" + std::to_string(wrong)), before);
    EXPECT_THAT(before, Not(HasSubstr("corrected_by")));
}

// ---- Deadlines (O16) ----

TEST_F(Boards, PapersThatRunOutAreDeadlines) {
    const auto rings = salon_.bring(2);
    const auto attach = [&](const std::string& ring, const std::string& number, const std::string& to) {
        salon_.accept(salon_.say("70 LG", {},
                                 R"("compliance_doc_attached":{"type":"CITES","number":")" + number +
                                     R"(","valid_from":"2030-03-01T00:00:00Z","valid_to":")" + to + R"("})",
                                 Salon::lines({ring})));
        return salon_.last_id();
    };
    salon_.accept(salon_.say("70 LG", {"20 VM"},
                             R"("carnet_bound":{"carnet":"CH-1","reexport_by":"2030-03-10T00:00:00Z"})",
                             Salon::lines({rings[1]}) + Salon::opens(salon_.id())));
    attach(rings[0], "CT-1", "2030-03-05T00:00:00Z");
    const std::string wrong = attach(rings[1], "CT-2", "2030-03-20T00:00:00Z");
    const std::string board = salon_.ask("deadlines");
    EXPECT_THAT(board, HasSubstr(R"("at":"2030-03-05T00:00:00Z","what":"CITES: valid until","document":"CT-1",)"
                                 R"("site":1)"));
    EXPECT_THAT(board, HasSubstr(R"("item":)" + Salon::quoted(rings[0])));
    EXPECT_LT(board.find("CT-1"), board.find("CH-1"));
    EXPECT_LT(board.find("CH-1"), board.find("CT-2"));
    EXPECT_THAT(salon_.ask("deadlines?before=2030-03-20T00:00:00Z"), Not(HasSubstr("CT-2")));
    EXPECT_THAT(salon_.ask("deadlines?site=2"), Not(HasSubstr("CT-")));
    // Page by page: the same rows in the same order, and no more.
    std::string cursor;
    for (const std::string document : {"CT-1", "CH-1", "CT-2"}) {
        const std::string page = salon_.ask("deadlines?rows=1" + cursor);
        EXPECT_EQ(Salon::field(page, "document"), document);
        EXPECT_EQ(page.find(R"("next":)") == std::string::npos, document == "CT-2") << page;
        cursor = "&cursor=" + Salon::field(page, "next");
    }
    // One that is renewed is due with the new paper; one that was attached to the wrong piece, and one of a piece that
    // is sold, are nobody's.
    attach(rings[0], "CT-3", "2030-09-05T00:00:00Z");
    EXPECT_THAT(salon_.ask("deadlines"), Not(HasSubstr("CT-1")));
    EXPECT_THAT(salon_.ask("deadlines"), HasSubstr("CT-3"));
    salon_.correct(wrong);
    EXPECT_THAT(salon_.ask("deadlines"), Not(HasSubstr("CT-2")));
    salon_.accept(salon_.say("40 SA", {},
                             R"("sale_completed":{"invoice":"R-1","party":"501","handover":"NOW",)"
                             R"("price":{"minor":"300000","currency":"EUR"}})",
                             Salon::lines({rings[0]}) + Salon::to("EXT/CLIENT/501")));
    EXPECT_THAT(salon_.ask("deadlines"), Not(HasSubstr("CT-")));
    EXPECT_THAT(salon_.ask("deadlines"), HasSubstr("CH-1"));
}

}  // namespace
}  // namespace daybook::acceptance
