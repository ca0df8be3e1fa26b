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

    // Declares a command wrong, by its id; `instead` is a corrective with the id `right`.
    Position correct(const std::string& target, const std::string& instead = "", const std::string& right = "") {
        std::string declared = R"("correction_declared":{"target":)" + Salon::quoted(target);
        declared += instead.empty() ? R"(,"reason":"DID_NOT_OCCUR"})"
                                    : R"(,"reason":"INCORRECT_DATA","correctives":[)" + Salon::quoted(right) + "]}";
        const std::string declaration = salon_.say("80 HQ", {"20 VM"}, declared);
        return salon_.accept(instead.empty() ? declaration : Salon::atomic({declaration, instead}));
    }
    // The same command again, with an id of its own.
    Position correct_with_the_same(const std::string& command, const std::string& at) {
        const std::string target = command.substr(command.find("\"event_id\":\"") + 12, 36);
        const std::string right = salon_.id();
        std::string again = command;
        again.replace(again.find(target), 36, right);
        if (again.find("\"occurred_at\"") == std::string::npos)
            again.insert(1, R"("occurred_at":)" + Salon::quoted(at) + ",");
        return correct(target, again, right);
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
    correct(wrong);
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
    EXPECT_THAT(salon_.ask("days/1?rows=1&cursor=" + Salon::field(page, "next")), HasSubstr("R-2"));
}

}  // namespace
}  // namespace daybook::acceptance
