// What the auditor says where somebody answers otherwise than the events tell, and what one is told of late facts.
#include <gmock/gmock.h>

#include "tests/acceptance/salon.h"

namespace daybook::acceptance {
namespace {

using testing::HasSubstr;

// What is due is held against the events at all times: now and then, whole and torn open, of pieces and of none.
TEST(Audited, AnObligationThatIsAnsweredOtherwiseIsNamed) {
    Salon salon;
    salon.open_vault();
    const auto rings = salon.bring(3);
    const std::string signout = salon.id();
    const Position out = salon.accept(salon.say("10 OC", {"40"}, R"("signed_out":{"purpose":"DISPLAY"})",
                                                  Salon::lines(rings) + Salon::to(salon.here("DISPLAY/D")) +
                                                      Salon::opens(signout)));
    salon.accept(salon.say("40 SA", {"41"}, R"("handed_over":{"due_at":"2030-03-03T18:00:00Z"})",
                             Salon::lines({rings[0]}) + Salon::to(salon.here("PERSON/40"))));
    salon.accept(salon.sign_in(rings[1]));
    salon.accept(salon.say("10 OC", {}, R"("receipt_discrepancy_recorded":{"kind":"OVER"})",
                             Salon::opens(salon.id())));
    salon.count("VAULT/A", {});  // one is missing
    salon.accept(salon.say("10 OC", {}, R"("count_opened":{"kind":"SPOT","accounts":["SITE/1/VAULT/B"]})",
                             Salon::opens(salon.id())));
    salon.expect_sound();
    const std::string open = R"("open_lines":1)";
    for (const bool now : {true, false}) {
        const auto lie = [&](const std::string& text) -> Result<std::string> {
            std::string answer = salon.ask(text);
            const bool about_now = text.find("known_at") == std::string::npos;
            const auto row = answer.find(Salon::quoted(signout));
            if (!text.starts_with("due?rows") || about_now != now || row == std::string::npos) return answer;
            const auto lines = answer.find(open, row);
            if (lines != std::string::npos) answer.replace(lines, open.size(), R"("open_lines":2)");
            return answer;
        };
        const auto audited = test::must(api::audit(salon.ledger(), {}, {}, {}, lie));
        EXPECT_FALSE(audited.ok) << now;
        EXPECT_THAT(audited.json, HasSubstr(now ? "what is open, now that position" : "what is open, as known at"));
        EXPECT_THAT(audited.json, HasSubstr("SIGNOUT " + signout + ", which event " + std::to_string(out) +
                                            " opened, is answered to be open for 2 pieces, and is for 1"));
    }
}

// More than a thousand are open at once: a page of them is read as any other.
TEST(Audited, ALongListOfWhatIsDueIsSound) {
    Salon salon;
    salon.open_vault();
    for (const auto& ring : salon.bring(1'001)) salon.accept(salon.sign_out(ring));
    salon.expect_sound();
}

// Whatever takes the place of something else is among the late facts, whether an event of its piece lies behind it or
// not: the counts and days that it passes are its own.
TEST(Audited, EachCorrectiveIsToldLate) {
    Salon salon;
    salon.open_vault();
    const std::string ring = salon.bring(1)[0], signout = salon.id();
    const auto out = [&](const When& when) {
        return salon.say("10 OC", {"40"}, R"("signed_out":{"purpose":"DISPLAY"})",
                         Salon::lines({ring}) + Salon::to(salon.here("DISPLAY/D")) + Salon::opens(signout), when);
    };
    const auto declare = [&](const std::string& target, const std::string& right) {
        return salon.say("80 HQ", {"20 VM"},
                         R"("correction_declared":{"target":)" + Salon::quoted(target) +
                             R"(,"reason":"INCORRECT_DATA","correctives":[)" + Salon::quoted(right) + "]}");
    };
    salon.clock("2030-03-02T10:00:00Z");
    salon.accept(out({}));
    const std::string wrong_out = salon.last_id();
    salon.clock("2030-03-02T11:00:00Z");
    salon.accept(salon.sign_in(ring));
    const std::string wrong_in = salon.last_id();
    salon.clock("2030-03-02T12:00:00Z");
    const std::string display = salon.count("DISPLAY/D", {}).first;
    salon.clock("2030-03-02T13:00:00Z");
    const auto known = salon.ledger().head();
    const std::string right_out = out({.at = "2030-03-02T10:10:00Z"}), out_id = salon.last_id();
    const std::string right_in = salon.sign_in(ring, {.at = "2030-03-02T10:50:00Z"}), in_id = salon.last_id();
    salon.accept(Salon::atomic({declare(wrong_out, out_id), declare(wrong_in, in_id), right_out, right_in}));
    const auto rows = Salon::rows(salon.ask("late?from=" + std::to_string(known)), "rows");
    ASSERT_EQ(rows.size(), 4U);
    for (const auto& row : rows) EXPECT_THAT(row, HasSubstr(display));
    EXPECT_THAT(rows[2], HasSubstr(out_id));
    EXPECT_THAT(rows[3], HasSubstr(in_id));
}

// What took the place of something of today may be of yesterday: a day counts it with its correction, not beside it.
TEST(Audited, ADayCountsACorrectionOnce) {
    Salon salon;
    salon.open_vault();
    const std::string ring = salon.bring(1)[0];
    salon.accept(salon.sign_out(ring));
    salon.clock("2030-03-02T18:00:00Z");
    const std::string count = salon.count("VAULT/A", {}, "CLOSING").first;
    salon.accept(salon.say("20 VM", {"10 OC"}, R"("day_closed":{"closing_count":)" + Salon::quoted(count) + "}"));
    salon.clock("2030-03-03T11:00:00Z");
    salon.accept(salon.sign_in(ring));
    const std::string in = salon.last_id();
    const std::string right = salon.sign_in(ring, {.at = "2030-03-02T17:50:00Z"}), right_id = salon.last_id();
    salon.correct(in, right, right_id);
    EXPECT_EQ(Salon::field(salon.ask("reconciliation/1"), "late_entries"), "1");
}

// A sale that is returned in hold moves nothing. With what brought the piece there gone it would have to, and from
// where it was thought to be: that is the first that is wrong with it.
TEST(Audited, AConflictSaysThatAPieceIsNotWhereItStayed) {
    Salon salon;
    salon.open_vault();
    const std::string ring = salon.bring(1)[0];
    salon.accept(salon.say("40 SA", {},
                           R"("sale_completed":{"invoice":"I1","party":1001,"handover":"NOW",)"
                           R"("price":{"minor":100,"currency":"EUR"}})",
                           Salon::lines({ring}) + Salon::to("EXT/CLIENT/1001")));
    salon.accept(salon.say("40 SA", {"700"}, R"("received_from_client":{"purpose":"RETURN"})",
                           Salon::lines({ring}) + Salon::to(salon.here("HOLD"))));
    const std::string received = salon.last_id();
    salon.accept(salon.say("40 SA", {"41 SM"}, R"("sale_returned":{"credit_note":"C1","invoice":"I1"})",
                           Salon::lines({ring})));
    EXPECT_EQ(salon.refuse(salon.correction(received)), "E_CORRECTION_CONFLICT");
    EXPECT_THAT(salon.last_answer(), HasSubstr(R"("code":"E_WRONG_ACCOUNT"}]})"));
    EXPECT_THAT(salon.last_answer(), HasSubstr("it is not in SITE/1/HOLD"));
}

}  // namespace
}  // namespace daybook::acceptance
