// A memo's life: issued, extended, some of it returned, some of it sold, the rest overdue; and the report of how old
// memos are, against a calculation by hand (domain: 12, point 8).
#include <gmock/gmock.h>

#include "tests/acceptance/salon.h"

namespace daybook::acceptance {
namespace {

using testing::HasSubstr;
using testing::Not;

class Memo : public testing::Test {
protected:
    Memo() { salon_.open_vault(); }

    std::string issue(const std::string& memo, const std::vector<std::string>& items, const std::string& due,
                      const std::string& party = "501") {
        memo_ = salon_.id();
        return salon_.say("10 OC", {"500"},
                          R"("memo_out_issued":{"memo":)" + Salon::quoted(memo) + R"(,"party":)" +
                              Salon::quoted(party) + R"(,"purpose":"ON_APPROVAL","due_at":)" + Salon::quoted(due) +
                              "}",
                          Salon::lines(items) + Salon::to("EXT/MEMO/" + memo) + Salon::opens(memo_));
    }
    // The memos that are out, as the board shows them.
    std::string board() { return salon_.ask("memos?way=out"); }
    // The pieces that are out, all memos together. A piece that was extended goes on under a name of its own.
    int pieces_out() {
        const std::string rows = board();
        constexpr std::string_view kField = R"("open_lines":)";
        int sum = 0;
        for (auto at = rows.find(kField); at != std::string::npos; at = rows.find(kField, at + 1)) {
            sum += std::stoi(rows.substr(at + kField.size()));
        }
        return sum;
    }

    Salon salon_;
    std::string memo_;  // the obligation of the one issued last
};

TEST_F(Memo, IssuedExtendedPartlyReturnedPartlySoldAndOverdue) {
    const auto rings = salon_.bring(3);
    salon_.clock("2030-03-02T10:00:00Z");
    salon_.accept(issue("M-7", rings, "2030-03-12T18:00:00Z"));
    EXPECT_EQ(salon_.where(rings[0]), "EXT/MEMO/M-7");
    EXPECT_EQ(pieces_out(), 3);

    // Extended before it is due, by a manager; the new date counts.
    salon_.clock("2030-03-10T10:00:00Z");
    const std::string longer = R"("memo_extended":{"due_at":"2030-04-01T18:00:00Z","why":"the client travels"})";
    EXPECT_EQ(salon_.refuse(salon_.say("10 OC", {}, longer, Salon::lines(rings))), "E_NOT_AUTHORISED");
    salon_.accept(salon_.say("20 VM", {}, longer, Salon::lines(rings)));
    salon_.clock("2030-03-20T10:00:00Z");
    EXPECT_THAT(board(), Not(HasSubstr("overdue_minutes")));

    // One comes back, into the hold, and is inspected before it may be put away.
    salon_.accept(salon_.say("10 OC", {"500"}, R"("memo_returned":{"condition":"as new"})",
                             Salon::lines({rings[0]}) + Salon::to(salon_.here("HOLD"))));
    EXPECT_EQ(salon_.refuse(salon_.put_away({rings[0]}, "VAULT/A")), "E_QA_PENDING");
    salon_.accept(salon_.say("50 QA", {}, R"("inspection_recorded":{"phase":"MEMO_RETURN","verdict":"PASS"})",
                             Salon::lines({rings[0]})));
    salon_.accept(salon_.put_away({rings[0]}, "VAULT/A"));
    EXPECT_EQ(pieces_out(), 2);

    // One is sold where it is.
    salon_.accept(salon_.say("40 SA", {}, R"("sale_completed":{"party":"501","handover":"NOW","invoice":"R-1",)"
                                          R"("price":{"minor":"300000","currency":"EUR"}})",
                             Salon::lines({rings[1]}) + Salon::to("EXT/CLIENT/501")));
    EXPECT_EQ(pieces_out(), 1);
    EXPECT_EQ(salon_.where(rings[1]), "EXT/CLIENT/501");

    // The third is overdue: an hour and a half after the date.
    salon_.clock("2030-04-01T19:30:00Z");
    EXPECT_EQ(Salon::field(board(), "overdue_minutes"), "90");
    EXPECT_THAT(salon_.ask("due"), HasSubstr(memo_));
    salon_.accept(salon_.say("10 OC", {"500"}, R"("memo_returned":{})",
                             Salon::lines({rings[2]}) + Salon::to(salon_.here("HOLD"))));
    EXPECT_THAT(board(), Not(HasSubstr("M-7")));
    EXPECT_THAT(salon_.ask("due"), Not(HasSubstr(memo_)));
    // Where it was in between is known for ever.
    EXPECT_EQ(salon_.where(rings[2], "2030-03-25T00:00:00Z"), "EXT/MEMO/M-7");
    salon_.expect_sound();
}

TEST_F(Memo, TheReportOfTheirAgesIsThatOfACalculationByHand) {
    // Memo i goes out on day 10 i with i + 1 rings; on day 95 they are 95, 85, … 5 days old.
    const auto day = [](int number) {
        const Micros at = *parse_time("2030-03-02T09:00:00Z") + number * 24 * 3'600 * kSecond;
        return format_time(at);
    };
    for (int i = 0; i < 10; ++i) {
        salon_.clock(day(10 * i));
        const auto rings = salon_.bring(i + 1);
        salon_.accept(issue("A-" + std::to_string(i), rings, day(200)));
    }
    salon_.clock("2030-06-05T10:00:00Z");
    const auto found = [&](const char* bucket, int memos, int pieces) {
        return HasSubstr(std::string(R"({"bucket":")") + bucket + R"(","memos":")" + std::to_string(memos) +
                         R"(","pieces":")" + std::to_string(pieces) + "\"}");
    };
    const std::string report = board();
    EXPECT_THAT(report, found("0-30", 3, 8 + 9 + 10));   // 25, 15 and 5 days
    EXPECT_THAT(report, found("31-60", 3, 5 + 6 + 7));   // 55, 45 and 35
    EXPECT_THAT(report, found("61-90", 3, 2 + 3 + 4));   // 85, 75 and 65
    EXPECT_THAT(report, found("90+", 1, 1));             // 95
    EXPECT_THAT(report, HasSubstr(R"("age_days":"95")"));
    salon_.expect_sound();
}

// Houses number their memos each for itself, and so do their parties: a number is nobody's name (A5).
TEST_F(Memo, OfTwoPartiesWithTheSameNumberEachHoldsItsOwn) {
    const auto rings = salon_.bring(2);
    const std::string due = "2030-03-12T18:00:00Z";
    salon_.clock("2030-03-02T10:00:00Z");
    salon_.accept(issue("M-7", {rings[0]}, due));
    const std::string first = salon_.last_id(), first_memo = memo_;
    salon_.clock("2030-03-02T11:00:00Z");
    salon_.accept(issue("M-7", {rings[1]}, due, "502"));
    const Position known = salon_.ledger().head() - 1;
    const auto held = [&](const std::string& party, std::optional<Position> at = std::nullopt) {
        const std::string known_at = at ? "&known_at=" + std::to_string(*at) : "";
        const std::string answer =
            salon_.ask("held?party=" + party + "&from=2030-03-02T00:00:00Z&to=2030-03-03T00:00:00Z" + known_at);
        std::vector<std::string> items;
        for (const auto& row : Salon::rows(answer, "rows")) {
            if (Salon::field(row, "account") == "EXT/MEMO/M-7") items.push_back(Salon::field(row, "item"));
        }
        return items;
    };
    EXPECT_EQ(held("501"), std::vector{rings[0]});
    EXPECT_EQ(held("502"), std::vector{rings[1]});
    EXPECT_EQ(Salon::rows(salon_.ask("held/EXT/MEMO/M-7?from=2030-03-02T00:00:00Z&to=2030-03-03T00:00:00Z"), "rows")
                  .size(),
              2U);
    // The first one was in truth the second party's.
    memo_ = first_memo;
    const std::string right =
        salon_.say("10 OC", {"500"},
                   R"("memo_out_issued":{"memo":"M-7","party":"502","purpose":"ON_APPROVAL","due_at":)" +
                       Salon::quoted(due) + "}",
                   Salon::lines({rings[0]}) + Salon::to("EXT/MEMO/M-7") + Salon::opens(first_memo),
                   {.at = "2030-03-02T10:00:00Z", .late = "the other client"});
    salon_.accept(salon_.correction(first, right, salon_.last_id()));
    EXPECT_TRUE(held("501").empty());
    EXPECT_EQ(held("502").size(), 2U);
    EXPECT_EQ(held("501", known), std::vector{rings[0]});
    EXPECT_EQ(held("502", known), std::vector{rings[1]});
    salon_.expect_sound();
}

}  // namespace
}  // namespace daybook::acceptance
