// What is told of the past where facts came late or were corrected, and page by page (domain: 9.1, 5.5).
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "engine/api/stream_state.h"
#include "tests/acceptance/salon.h"

namespace daybook::acceptance {
namespace {

using testing::HasSubstr;
using testing::Not;

class Retold : public testing::Test {
protected:
    Retold() { salon_.open_vault(); }

    std::string record(const std::string& at, const std::string& command) {
        salon_.clock(at);
        salon_.accept(command);
        return salon_.last_id();
    }
    // The rows of all pages of a question, each page with at most `rows`.
    std::vector<std::string> pages(const std::string& question, const std::string& list, std::size_t rows) {
        std::vector<std::string> all;
        std::string cursor;
        while (true) {
            const std::string page = salon_.ask(question + "&rows=" + std::to_string(rows) + cursor);
            const auto some = Salon::rows(page, list);
            EXPECT_LE(some.size(), rows) << page;
            all.insert(all.end(), some.begin(), some.end());
            if (page.find(R"("next":)") == std::string::npos) return all;
            EXPECT_EQ(some.size(), rows) << page;
            EXPECT_LE(all.size(), 1'000U);
            if (all.size() > 1'000) return all;
            cursor = "&cursor=" + Salon::field(page, "next");
        }
    }

    Salon salon_;
};

// ---- Statements (A6) ----

class RetoldStatements : public Retold {
protected:
    RetoldStatements() {
        salon_.accept(salon_.say("10 OC", {}, R"("supply_registered":{"supply":7,"sku":"POUCH","unit":"pcs"})"));
        record("2030-03-02T09:00:00Z", salon_.move_supply("RECEIVED", 100));
        wrong_ = record("2030-03-02T10:00:00Z", salon_.move_supply("ISSUED", 30));
        record("2030-03-02T11:00:00Z", salon_.move_supply("ISSUED", 5));
        record("2030-03-02T11:00:00Z", salon_.move_supply("ISSUED", 6));  // of the same instant
    }
    std::string statement(const std::string& more = "", const std::string& from = "2030-03-02T09:30:00Z") {
        return salon_.ask("statements/SITE/1/SUPPLY?from=" + from + "&to=2030-03-02T20:00:00Z" + more);
    }
    // Of the lines the quantities, in their order.
    static std::vector<std::string> quantities(const std::string& statement) {
        std::vector<std::string> all;
        for (const auto& line : Salon::rows(statement, "lines")) all.push_back(Salon::field(line, "quantity"));
        return all;
    }
    static std::string side(const std::string& statement, const std::string& name) {
        return Salon::field(statement.substr(statement.find("\"" + name + "\":")), "quantity");
    }
    std::string wrong_;
};

TEST_F(RetoldStatements, OfSuppliesShowsEachMove) {
    const std::string told = statement();
    EXPECT_EQ(side(told, "opening"), "100");
    EXPECT_EQ(quantities(told), (std::vector<std::string>{"-30", "-5", "-6"}));
    EXPECT_EQ(side(told, "closing"), "59");
    EXPECT_THAT(told, HasSubstr(R"("at":"2030-03-02T10:00:00Z","position":)"));
    EXPECT_THAT(told, HasSubstr(R"("type":"SupplyMoved","supply":"7")"));
    EXPECT_EQ(pages("statements/SITE/1/SUPPLY?from=2030-03-02T09:30:00Z&to=2030-03-02T20:00:00Z", "lines", 2).size(),
              3U);
    // The other side of the move: what was consumed.
    const std::string consumed =
        salon_.ask("statements/CONSUMED?from=2030-03-02T09:30:00Z&to=2030-03-02T20:00:00Z");
    EXPECT_EQ(quantities(consumed), (std::vector<std::string>{"30", "5", "6"}));
}

TEST_F(RetoldStatements, OfSuppliesFollowsCorrections) {
    const auto known = [&] { return "&known_at=" + std::to_string(salon_.ledger().head() - 1); };
    const std::string as_told = known();
    const std::string before = statement(as_told);
    // It was 20 and not 30, and two hours later than was said.
    salon_.clock("2030-03-02T13:00:00Z");
    const std::string right = salon_.move_supply("ISSUED", 20, {.at = "2030-03-02T12:00:00Z"});
    const std::string right_id = salon_.last_id();
    salon_.correct(wrong_, right, right_id);
    const std::string declaration = salon_.last_id();
    const std::string as_corrected = known();
    const std::string corrected = statement(as_corrected);
    EXPECT_EQ(quantities(corrected), (std::vector<std::string>{"-5", "-6", "-20"}));
    EXPECT_EQ(side(corrected, "closing"), "69");
    // What was consumed before was more than there is now: a late fact of the morning.
    salon_.accept(salon_.move_supply("RECEIVED", 3, {.at = "2030-03-02T09:10:00Z", .late = "slip found"}));
    EXPECT_EQ(side(statement(), "opening"), "103");
    EXPECT_EQ(quantities(statement("", "2030-03-02T08:00:00Z")),
              (std::vector<std::string>{"100", "3", "-5", "-6", "-20"}));
    // The correction was wrong: what it corrected counts again.
    salon_.clock("2030-03-02T14:00:00Z");
    salon_.correct(declaration, "", "", "81 HQ");
    EXPECT_EQ(quantities(statement()), (std::vector<std::string>{"-30", "-5", "-6"}));
    EXPECT_EQ(side(statement(), "closing"), "62");
    // As was known then.
    EXPECT_EQ(statement(as_told), before);
    EXPECT_EQ(statement(as_corrected), corrected);
}

// A declaration of the very moment that it corrects is no move either.
TEST_F(RetoldStatements, ACorrectionIsNoMoveOfItsOwn) {
    const std::string moved = record("2030-03-02T12:00:00Z", salon_.move_supply("ISSUED", 9));
    salon_.correct(moved);  // at 12:00 as well
    EXPECT_EQ(quantities(statement()), (std::vector<std::string>{"-30", "-5", "-6"}));
    EXPECT_EQ(side(statement(), "closing"), "59");
}

// ---- What was held (A5) ----

TEST_F(Retold, APageOfWhatWasHeldHasAtMostAsManyRows) {
    const auto rings = salon_.bring(3);
    int minute = 10;
    const auto at = [&] { return "2030-03-02T09:" + std::to_string(minute++) + ":00Z"; };
    for (int times = 0; times < 4; ++times) {
        for (std::size_t i = 0; i < rings.size(); ++i) {
            if (static_cast<int>(i) > times) continue;  // four stays of the first, three of the second …
            record(at(), salon_.sign_out(rings[i]));
            record(at(), salon_.sign_in(rings[i]));
        }
    }
    const std::string question = "held/SITE/1/DISPLAY/D?from=2030-03-02T08:00:00Z&to=2030-03-02T10:00:00Z";
    const auto all = pages(question, "rows", 1'000);
    EXPECT_EQ(all.size(), 9U);
    for (const std::size_t rows : {1U, 2U, 3U, 4U, 5U, 9U}) EXPECT_EQ(pages(question, "rows", rows), all) << rows;
    // From page to page as many as are wanted.
    const std::string first = salon_.ask(question + "&rows=2");
    const std::string rest = salon_.ask(question + "&rows=100&cursor=" + Salon::field(first, "next"));
    EXPECT_EQ(Salon::rows(rest, "rows"), std::vector<std::string>(all.begin() + 2, all.end()));
}

// ---- What was answered is answered again, whatever was corrected since (domain: 9.1) ----

class RetoldAnswers : public Retold {
protected:
    // Asks, and asks again at the record time of the answer: the question of expect_again().
    std::string remember(const std::string& question) {
        const char* sign = question.find('?') == std::string::npos ? "?" : "&";
        const std::string known = Salon::field(salon_.ask(question), "position");
        const std::string pinned = question + sign + "known_at=" + known;
        answers_[pinned] = salon_.ask(pinned);
        return answers_[pinned];
    }
    void expect_again() {
        for (const auto& [question, answer] : answers_) EXPECT_EQ(salon_.ask(question), answer) << question;
    }
    static std::string held(const std::string& by) {
        return "held?" + by + "&from=2030-03-02T08:00:00Z&to=2030-03-02T20:00:00Z";
    }
    // Memo M-7, at ten.
    std::string memo_issued(const std::string& item, const std::string& memo, const std::string& party) {
        return salon_.say("10 OC", {"500"},
                          R"("memo_out_issued":{"memo":"M-7","purpose":"ON_APPROVAL","due_at":"2030-03-12T18:00:00Z",)"
                          R"("party":)" + party + "}",
                          Salon::lines({item}) + Salon::to("EXT/MEMO/M-7") + Salon::opens(memo),
                          {.at = "2030-03-02T10:00:00Z"});
    }
    // The account is opened at nine, one piece lies in it from half past nine.
    void use(const std::string& rest, const std::string& payload, const std::string& item) {
        opened_ = record("2030-03-02T09:00:00Z", salon_.say("80 HQ", {}, R"("account_opened":{"account":)" +
                                                                            Salon::quoted(salon_.here(rest)) + "}"));
        used_ = record("2030-03-02T09:30:00Z",
                       salon_.say("10 OC", {"33"}, R"("signed_out":{)" + payload + "}",
                                  Salon::lines({item}) + Salon::to(salon_.here(rest)) + Salon::opens(salon_.id())));
        salon_.clock("2030-03-02T12:00:00Z");
    }
    void expect_again_without_the_account() {
        salon_.correct(used_);
        expect_again();
        salon_.correct(opened_, "", "", "81 HQ");
        expect_again();
        salon_.reopen();
        expect_again();
    }

    std::map<std::string, std::string> answers_;
    std::string opened_, used_;
};

TEST_F(RetoldAnswers, OfAPersonWhoseAccountWasTakenBack) {
    use("PERSON/33", R"("purpose":"PRESENTATION","recipient":33)", salon_.bring(1)[0]);
    EXPECT_THAT(remember(held("person=33")), HasSubstr("SITE/1/PERSON/33"));
    expect_again_without_the_account();
    EXPECT_THAT(salon_.ask(held("person=33")), Not(HasSubstr("SITE/1/PERSON/33")));
    salon_.expect_sound();
}

TEST_F(RetoldAnswers, OfADayInAnAccountThatWasTakenBack) {
    use("DISPLAY/Q", R"("purpose":"DISPLAY")", salon_.bring(1)[0]);
    EXPECT_THAT(remember("reconciliation/1"), HasSubstr("SITE/1/DISPLAY/Q"));
    expect_again_without_the_account();
    EXPECT_THAT(salon_.ask("reconciliation/1"), Not(HasSubstr("SITE/1/DISPLAY/Q")));
    salon_.expect_sound();
}

// An account that never held anything has a line where it was counted.
TEST_F(RetoldAnswers, OfADayWithACountOfAnEmptyAccount) {
    salon_.count("VAULT/B", {});
    EXPECT_THAT(remember("reconciliation/1"), HasSubstr(R"("account":"SITE/1/VAULT/B")"));
}

TEST_F(RetoldAnswers, OfAPartyWhoseMemoWasAnothers) {
    const std::string item = salon_.bring(1)[0], memo = salon_.id();
    const auto issued = [&](const std::string& party) { return memo_issued(item, memo, party); };
    const auto has = HasSubstr("EXT/MEMO/M-7");
    const std::string wrong = record("2030-03-02T10:00:00Z", issued("901"));
    EXPECT_THAT(remember(held("party=901")), has);
    EXPECT_THAT(remember(held("party=902")), Not(has));
    salon_.clock("2030-03-02T11:00:00Z");
    const std::string right = issued("902"), right_id = salon_.last_id();
    salon_.correct(wrong, right, right_id);
    const std::string declaration = salon_.last_id();
    EXPECT_THAT(remember(held("party=901")), Not(has));
    EXPECT_THAT(remember(held("party=902")), has);
    expect_again();
    salon_.correct(declaration, "", "", "81 HQ");  // it was the first one after all
    EXPECT_THAT(remember(held("party=901")), has);
    EXPECT_THAT(remember(held("party=902")), Not(has));
    expect_again();
    salon_.correct(wrong, "", "", "81 HQ");  // no memo at all
    EXPECT_THAT(remember(held("party=901")), Not(has));
    expect_again();
    salon_.reopen();
    expect_again();
    salon_.expect_sound();
}

// The memo is over when it is corrected: what is kept of it tells its first opening for ever.
TEST_F(RetoldAnswers, OfAPartyWhoseMemoWasOverAndAnothers) {
    const std::string item = salon_.bring(1)[0], memo = salon_.id();
    const auto issued = [&](const std::string& party) { return memo_issued(item, memo, party); };
    const auto has = HasSubstr("EXT/MEMO/M-7");
    const std::string wrong = record("2030-03-02T10:00:00Z", issued("901"));
    record("2030-03-02T11:00:00Z", salon_.say("10 OC", {"500"}, R"("memo_returned":{})",
                                              Salon::lines({item}) + Salon::to(salon_.here("HOLD"))));
    EXPECT_THAT(remember(held("party=901")), has);
    salon_.clock("2030-03-02T12:00:00Z");
    const std::string same = issued("901"), same_id = salon_.last_id();
    salon_.correct(wrong, same, same_id);
    EXPECT_THAT(remember(held("party=901")), has);
    const std::string right = issued("902"), right_id = salon_.last_id();
    salon_.correct(same_id, right, right_id);
    const std::string declaration = salon_.last_id();
    EXPECT_THAT(remember(held("party=901")), Not(has));
    EXPECT_THAT(remember(held("party=902")), has);
    salon_.correct(declaration, "", "", "81 HQ");
    EXPECT_THAT(remember(held("party=901")), has);
    EXPECT_THAT(remember(held("party=902")), Not(has));
    expect_again();
    salon_.expect_sound();
}

// The auditor asks again as well (I10): what is answered of now in the place of then is named.
TEST_F(RetoldAnswers, TheAuditorNamesAnAnswerThatIsNotRepeated) {
    const auto rings = salon_.bring(2);
    const auto correctable = [&](const std::string& what, const std::string& id) {
        salon_.accept(what);
        return [this, id] { salon_.correct(id, "", "", "81 HQ"); };
    };
    use("PERSON/33", R"("purpose":"PRESENTATION","recipient":33)", rings[0]);
    const std::string issued = salon_.say("10 OC", {"500"},
                                          R"("memo_out_issued":{"memo":"M-7","purpose":"ON_APPROVAL",)"
                                          R"("due_at":"2030-03-12T18:00:00Z","party":901})",
                                          Salon::lines({rings[1]}) + Salon::to("EXT/MEMO/M-7") +
                                              Salon::opens(salon_.id()));
    const auto no_memo = correctable(issued, salon_.last_id());
    const std::string count = salon_.count("VAULT/B", {}, "CLOSING").first;
    const std::string opened = salon_.say(
        "10 OC", {}, R"("count_opened":{"kind":"SPOT","accounts":["SITE/1/VAULT/A"]})", Salon::opens(salon_.id()));
    const auto no_count = correctable(opened, salon_.last_id());
    const std::string closed = salon_.say("10 OC", {"30 SEC"},
                                          R"("vault_closed":{"closing_count":)" + Salon::quoted(count) + "}");
    const auto not_closed = correctable(closed, salon_.last_id());
    not_closed();
    no_count();
    no_memo();
    salon_.correct(used_);
    salon_.expect_sound();
    const auto about_now = [&](const std::string& text) {
        return salon_.ask(text.substr(0, text.find("known_at") - 1));
    };
    const auto end_of_as_of = [](const std::string& answer) { return answer.find('}') + 1; };
    for (const auto& [question, named] : std::map<std::string, std::string>{
             {"due?rows", "what is open, as known at position"},
             {"due?kind=COUNT", "which counts are open, as known at position"},
             {"due?kind=VAULT_SESSION", "which vaults are open, as known at position"},
             {"counts?site=1", "what was counted at site 1, as known at position"},
             {"held?party=901", "what party=901 held in EXT/MEMO/M-7, as known at position"},
             {"held?person=33", "what person=33 held in SITE/1/PERSON/33, as known at position"},
             {"reconciliation/1", "what site 1 should hold, as known at position"}}) {
        std::size_t asked = 0;
        const auto lie = [&, begins = question](const std::string& text) -> Result<std::string> {
            const std::string answer = salon_.ask(text);
            if (!text.starts_with(begins)) return answer;
            ++asked;
            const std::string now = about_now(text);
            return answer.substr(0, end_of_as_of(answer)) + now.substr(end_of_as_of(now));
        };
        const auto audited = test::must(api::audit(salon_.ledger(), {}, {}, {}, lie));
        EXPECT_GT(asked, 1U);
        EXPECT_FALSE(audited.ok) << question;
        EXPECT_THAT(audited.json, HasSubstr(named));
    }
    // And an answer that says itself that it is of another record time.
    EXPECT_THAT(test::must(api::audit(salon_.ledger(), {}, {}, {}, about_now)).json,
                HasSubstr("is answered as known at"));
}

// ---- Counts that are open (A11) ----

TEST_F(Retold, OpenCountsComePageByPage) {
    salon_.count("VAULT/A", {});
    std::vector<std::string> names;
    for (const char* account : {"VAULT/A", "VAULT/B", "DISPLAY/D"}) {
        names.push_back(salon_.id());
        salon_.accept(salon_.say("10 OC", {},
                                 R"("count_opened":{"kind":"SPOT","accounts":[)" + Salon::quoted(salon_.here(account)) +
                                     "]}",
                                 Salon::opens(names.back())));
    }
    std::sort(names.begin(), names.end());
    salon_.count("HOLD", {});
    const auto all = Salon::rows(salon_.ask("counts?site=1"), "rows");
    ASSERT_EQ(all.size(), 5U);
    for (std::size_t i = 0; i < names.size(); ++i) EXPECT_THAT(all[i], HasSubstr(names[i]));
    for (const std::size_t rows : {1U, 2U, 3U, 4U, 5U}) EXPECT_EQ(pages("counts?site=1", "rows", rows), all) << rows;
}

TEST_F(Retold, ACountThatWasTakenBackHasNoSheet) {
    const std::string count = salon_.id();
    salon_.accept(salon_.say("10 OC", {},
                             R"("count_opened":{"kind":"SPOT","accounts":[)" + Salon::quoted(salon_.here("VAULT/A")) +
                                 "]}",
                             Salon::opens(count)));
    EXPECT_THAT(salon_.ask("counts/" + count), HasSubstr(R"("open":true)"));
    salon_.correct(salon_.last_id());
    EXPECT_THAT(salon_.ask("counts/" + count), testing::StartsWith("E_NOT_FOUND"));
    EXPECT_THAT(salon_.ask("counts?site=1"), Not(HasSubstr(count)));
}

// One that was told anew as a whole is the same count, from its corrective on.
TEST_F(Retold, ACountThatWasToldAnewHasTheSheetOfItsCorrective) {
    const std::string ring = salon_.bring(1)[0], count = salon_.id();
    const auto opened = [&](const char* kind) {
        return salon_.say("10 OC", {},
                          R"("count_opened":{"kind":")" + std::string(kind) + R"(","accounts":["SITE/1/VAULT/A"]})",
                          Salon::opens(count));
    };
    const auto attested = [&] { return salon_.say("10 OC", {"11"}, R"("count_attested":{})", Salon::opens(count)); };
    const std::string first = record("2030-03-02T09:00:00Z", opened("SPOT"));
    const std::string end = record("2030-03-02T09:10:00Z", attested());
    salon_.clock("2030-03-02T10:00:00Z");
    const auto declared = [&](const std::string& target, const std::string& corrective) {
        return salon_.say("80 HQ", {"20 VM"},
                          R"("correction_declared":{"target":)" + Salon::quoted(target) +
                              R"(,"reason":"INCORRECT_DATA","correctives":[)" + Salon::quoted(corrective) + "]}");
    };
    const auto again = [&](const std::string& command, const std::string& at) {
        const auto payload = command.find(R"(,"obligation_id")");
        return command.substr(0, payload) + R"(,"occurred_at":)" + Salon::quoted(at) + command.substr(payload);
    };
    const std::string opening = again(opened("MONTHLY"), "2030-03-02T09:00:00Z"), opening_id = salon_.last_id();
    const std::string ending = again(attested(), "2030-03-02T09:10:00Z"), ending_id = salon_.last_id();
    salon_.accept(Salon::atomic({declared(first, opening_id), declared(end, ending_id), opening, ending}));
    EXPECT_THAT(salon_.ask("counts/" + count), testing::AllOf(HasSubstr(ring), HasSubstr(R"("kind":"MONTHLY")")));
    EXPECT_THAT(salon_.ask("counts?site=1"), HasSubstr(R"("kind":"MONTHLY")"));
    salon_.expect_sound();
}

// ---- Corrections (D7) ----

class RetoldCorrections : public Retold {
protected:
    RetoldCorrections() : out_(salon_.id()), ring_(salon_.bring(1)[0]) {
        wrong_ = record("2030-03-02T09:00:00Z", sign_out("2030-03-02T09:00:00Z"));
        wrong_at_ = salon_.ledger().head() - 1;
        salon_.clock("2030-03-02T12:00:00Z");
    }
    std::string sign_out(const std::string& at) {
        return salon_.say("10 OC", {"40"}, R"("signed_out":{"purpose":"DISPLAY"})",
                          Salon::lines({ring_}) + Salon::to(salon_.here("DISPLAY/D")) + Salon::opens(out_), {.at = at});
    }
    // Corrects an event by a sign-out at another time: the position of the declaration, before that of its corrective.
    // The ids of both are kept.
    Position move_to(const std::string& at, std::string target) {  // which may be right_
        const std::string right = sign_out(at);
        right_ = salon_.last_id();
        const Position declared = salon_.correct(target, right, right_);
        declaration_ = salon_.last_id();
        return declared;
    }
    // Of each correction: position, what corrected it, and what stands.
    std::vector<std::string> told(const std::string& more = "") {
        std::vector<std::string> all;
        for (const auto& row : Salon::rows(salon_.ask("corrections?rows=100" + more), "rows")) {
            const auto at = row.find(R"("stands":[)");
            const std::string stands = at == std::string::npos ? "" : row.substr(at + 10, row.find(']', at) - at - 10);
            const bool counts = row.find("corrected_by") == std::string::npos;
            all.push_back(Salon::field(row, "position") + " by " + (counts ? "" : Salon::field(row, "corrected_by")) +
                          " stands " + stands);
        }
        return all;
    }
    static std::string row(Position position, Position by, const std::vector<Position>& stands) {
        std::string text = std::to_string(position) + " by ";
        text += (by == kNoPosition ? "" : std::to_string(by)) + " stands ";
        for (const Position one : stands) text += (text.back() == ' ' ? "\"" : ",\"") + std::to_string(one) + "\"";
        return text;
    }
    std::string out_, ring_, wrong_, right_, declaration_;
    Position wrong_at_ = 0;
};

TEST_F(RetoldCorrections, AreShownAsTakenBack) {
    const Position first = salon_.correct(wrong_);  // it was not signed out
    const std::string declaration = salon_.last_id();
    EXPECT_EQ(told(), (std::vector{row(first, kNoPosition, {})}));
    const Position second = salon_.correct(declaration, "", "", "81 HQ");  // it was
    const std::string again = salon_.last_id();
    EXPECT_EQ(told(), (std::vector{row(first, second, {wrong_at_}), row(second, kNoPosition, {wrong_at_})}));
    const Position third = salon_.correct(again);  // it was not
    EXPECT_EQ(told(), (std::vector{row(first, kNoPosition, {}), row(second, third, {}), row(third, kNoPosition, {})}));
    EXPECT_EQ(told("&known_at=" + std::to_string(second)),
              (std::vector{row(first, second, {wrong_at_}), row(second, kNoPosition, {wrong_at_})}));
}

TEST_F(RetoldCorrections, SayWhatStandsInThePlace) {
    const Position first = move_to("2030-03-02T09:10:00Z", wrong_);
    const std::string first_id = declaration_;
    EXPECT_EQ(told(), (std::vector{row(first, kNoPosition, {first + 1})}));
    const Position second = move_to("2030-03-02T09:20:00Z", right_);  // not then either
    EXPECT_EQ(told(), (std::vector{row(first, kNoPosition, {second + 1}), row(second, kNoPosition, {second + 1})}));
    // Not at all then, but as was said at first: both corrections are taken back, the second one first.
    const Position third = salon_.correct(declaration_, "", "", "81 HQ");
    EXPECT_EQ(told(), (std::vector{row(first, kNoPosition, {first + 1}), row(second, third, {first + 1}),
                                   row(third, kNoPosition, {first + 1})}));
    const Position fourth = salon_.correct(first_id, "", "", "81 HQ");
    EXPECT_EQ(told(), (std::vector{row(first, fourth, {wrong_at_}), row(second, third, {wrong_at_}),
                                   row(third, kNoPosition, {wrong_at_}), row(fourth, kNoPosition, {wrong_at_})}));
    EXPECT_EQ(told("&known_at=" + std::to_string(second + 1)),
              (std::vector{row(first, kNoPosition, {second + 1}), row(second, kNoPosition, {second + 1})}));
    salon_.expect_sound();
}

// A correction of a correction reaches behind what leaves and what comes back, at whichever site it was declared.
TEST_F(RetoldCorrections, SayWhatTheyReachBehind) {
    const std::string display = salon_.count("DISPLAY/D", {ring_}).first;  // at noon
    const auto passed = [&](const std::string& row) { return row.find(display) != std::string::npos; };
    salon_.clock("2030-03-02T13:00:00Z");
    const std::string late = record("2030-03-02T13:00:00Z", salon_.sign_in(ring_));  // behind the count
    const std::string earlier = salon_.sign_in(ring_, {.at = "2030-03-02T11:00:00Z"});
    const std::string earlier_id = salon_.last_id();
    salon_.correct(late, earlier, earlier_id);  // before it
    const std::string declaration = salon_.last_id();
    salon_.at_site(2);
    salon_.accept(salon_.say("81 HQ", {"20 VM"},
                             R"("correction_declared":{"target":)" + Salon::quoted(declaration) +
                                 R"(,"reason":"DID_NOT_OCCUR"})"));
    salon_.at_site(1);
    const auto all = Salon::rows(salon_.ask("corrections"), "rows");
    ASSERT_EQ(all.size(), 2U);
    EXPECT_FALSE(passed(all[0])) << all[0];  // it took out what lay behind; its corrective has a row of its own
    EXPECT_TRUE(passed(all[1])) << all[1];
    for (const char* site : {"1", "2"}) {
        const auto rows = Salon::rows(salon_.ask(std::string("corrections?site=") + site), "rows");
        ASSERT_EQ(rows.size(), site[0] == '1' ? 2U : 1U);
        EXPECT_EQ(rows.back(), all[1]);
    }
    EXPECT_EQ(Salon::rows(salon_.ask("late?site=2"), "rows"), std::vector{all[1]});
}

// A day tells how many late facts and corrections were recorded in it that are of earlier ones (O9).
TEST_F(RetoldCorrections, ADayCountsThoseOfEarlierOnes) {
    record("2030-03-02T18:00:00Z", salon_.sign_in(ring_));
    const std::string in = salon_.last_id();
    const std::string count = salon_.count("VAULT/A", {ring_}, "CLOSING").first;
    salon_.accept(salon_.say("20 VM", {"10 OC"}, R"("day_closed":{"closing_count":)" + Salon::quoted(count) + "}"));
    salon_.clock("2030-03-03T09:00:00Z");
    const auto late = [&] {
        const std::string day = salon_.ask("reconciliation/1");
        return day.find("late_entries") == std::string::npos ? "0" : Salon::field(day, "late_entries");
    };
    EXPECT_EQ(late(), "0");
    const auto headquarters = [&](const std::string& target) {
        salon_.accept(salon_.say("80 HQ", {"20 VM", "81 HQ"},
                                 R"("correction_declared":{"target":)" + Salon::quoted(target) +
                                     R"(,"reason":"DID_NOT_OCCUR"})"));
        return salon_.last_id();
    };
    headquarters(in);
    EXPECT_EQ(late(), "1");
    const std::string today = record("2030-03-03T10:00:00Z", salon_.sign_in(ring_));
    salon_.correct(today);
    EXPECT_EQ(late(), "1");  // of the day itself
}

// A late fact that does not stand says so.
TEST_F(RetoldCorrections, ALateFactSaysWhatCorrectedIt) {
    const Position late = salon_.accept(
        salon_.say("50 QA", {}, R"("inspection_recorded":{"phase":"STOCK","verdict":"PASS"})", Salon::lines({ring_}),
                   {.at = "2030-03-02T08:30:00Z", .late = "slip found"}));
    const Position by = salon_.correct(salon_.last_id());
    const auto rows = Salon::rows(salon_.ask("late"), "rows");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(Salon::field(rows[0], "position"), std::to_string(late));
    EXPECT_EQ(Salon::field(rows[0], "corrected_by"), std::to_string(by));
    EXPECT_THAT(rows[1], Not(HasSubstr("corrected_by")));
    EXPECT_THAT(salon_.ask("late?known_at=" + std::to_string(late)), Not(HasSubstr("corrected_by")));
}

// ---- Registrations: an epc is used for ever, but by a corrective of the registration that used it (domain: 5.3) ----

class RetoldRegistrations : public Retold {
protected:
    // The command; its id is the salon's last one.
    std::string registered(const std::string& item, const std::string& epc, const std::string& serial = "",
                           const std::string& at = "2030-03-02T08:00:00Z") {
        return salon_.say("10 OC", {},
                          R"("item_registered":{"origin":"OPENING","owner":{"kind":"HOUSE","id":1},"epc":)" +
                              Salon::quoted(epc) + R"(,"serial":)" + Salon::quoted(serial) + "}",
                          Salon::lines({item}) + Salon::to("EXT/SUPPLIER/501"), {.at = at});
    }
    // The only piece that is found; "" where none is.
    std::string found(const std::string& by) {
        const auto rows = Salon::rows(salon_.ask("items?" + by), "rows");
        EXPECT_LE(rows.size(), 1U) << by;
        return rows.empty() ? "" : Salon::field(rows[0], "item");
    }
    // As the read models that are made anew have it as well.
    void expect_found(const std::string& epc, const std::string& item) {
        EXPECT_EQ(found("epc=" + epc), item);
        salon_.reopen();
        EXPECT_EQ(found("epc=" + epc), item);
        test::must(salon_.ledger().views().rebuild(salon_.ledger().event_log()));
        EXPECT_EQ(found("epc=" + epc), item);
    }
};

TEST_F(RetoldRegistrations, WhatWasTakenBackIsNotFound) {
    const std::string ring = salon_.id();
    salon_.accept(registered(ring, "urn:epc:1", "S-1"));
    const std::string registration = salon_.last_id();
    expect_found("urn:epc:1", ring);
    EXPECT_EQ(found("number=S-1"), ring);
    EXPECT_EQ(found(""), ring);
    salon_.correct(registration);
    const std::string declaration = salon_.last_id();
    expect_found("urn:epc:1", "");
    EXPECT_EQ(found("number=S-1"), "");
    EXPECT_EQ(found(""), "");
    salon_.correct(declaration, "", "", "81 HQ");
    expect_found("urn:epc:1", ring);
    EXPECT_EQ(found("number=S-1"), ring);
    EXPECT_EQ(found(""), ring);
}

TEST_F(RetoldRegistrations, APageOfASnapshotHasRowsWhileThereAreAny) {
    const auto [first, last] = std::minmax({salon_.id(), salon_.id()});
    salon_.accept(registered(last, "urn:epc:1", "S-1"));
    salon_.accept(registered(first, "urn:epc:2", "S-2"));
    salon_.correct(salon_.last_id());
    EXPECT_THAT(salon_.ask("stream/snapshot/custody?rows=1"), HasSubstr(last));
}

// At every door: the piece is not known any more, and its history tells why.
TEST_F(RetoldRegistrations, WhatWasTakenBackIsNoPiece) {
    const std::string ring = salon_.id();
    const std::string before = salon_.ask("accounts");
    const Position token = salon_.ledger().head();
    const Position registered_at = salon_.accept(registered(ring, "urn:epc:1", "S-1"));
    const std::string registration = salon_.last_id();
    const auto stands = [](const std::string& answer) { return answer.substr(0, answer.find(':')); };
    const auto changed = [&] { return salon_.ask("changes?token=" + std::to_string(token)); };
    EXPECT_EQ(stands(salon_.ask("items/" + ring)), R"({"as_of")");
    EXPECT_THAT(salon_.ask("stream/snapshot/custody"), HasSubstr(ring));
    const Position taken_at = salon_.correct(registration);
    const std::string declaration = salon_.last_id();
    for (const char* question : {"", "/chain", "/holder"})
        EXPECT_EQ(stands(salon_.ask("items/" + ring + question)), "E_NOT_FOUND") << question;
    EXPECT_EQ(Salon::rows(salon_.ask("items/" + ring + "/history"), "rows").size(), 2U);
    EXPECT_THAT(salon_.ask("items/" + ring + "/next"),
                testing::AllOf(HasSubstr("was taken back"), Not(HasSubstr("ORIGIN")), Not(HasSubstr("1970"))));
    EXPECT_EQ(Salon::rows(salon_.ask("accounts"), "rows"), Salon::rows(before, "rows"));
    EXPECT_THAT(salon_.ask("accounts/ORIGIN"), Not(HasSubstr("pieces")));
    EXPECT_THAT(salon_.ask("stream/snapshot/custody"), Not(HasSubstr(ring)));
    // Whoever knew of it is told that it is none any more, and nothing else of it.
    const std::string version = R"(,"state":"X0","version":2,"last_event":")" + std::to_string(taken_at) + R"("})";
    EXPECT_EQ(Salon::rows(changed(), "items"), std::vector{R"({"item":)" + Salon::quoted(ring) + version});
    const auto source = api::state_source(salon_.ledger().event_log(), salon_.ledger().views());
    const auto state = [&] {
        EXPECT_TRUE(salon_.ledger().wait_for(salon_.ledger().head(), after(std::chrono::seconds(30))));
        const auto reading = test::must(source->read(salon_.ledger().head(), after(std::chrono::seconds(30))));
        stream::PieceState piece;
        const auto item = *ItemId::parse(ring);
        EXPECT_TRUE(test::must(reading->piece(item, stream::ValueFormat::kJson, taken_at, piece)));
        return piece;
    };
    EXPECT_TRUE(state().gone);
    EXPECT_EQ(state().value, "");
    EXPECT_EQ(state().after, R"({"state":"X0","version":2})");
    // As it was known before, it is one.
    const std::string then = "?known_at=" + std::to_string(registered_at);
    EXPECT_EQ(Salon::field(salon_.ask("items/" + ring + then), "account"), "EXT/SUPPLIER/501");
    salon_.correct(declaration, "", "", "81 HQ");
    EXPECT_EQ(salon_.where(ring), "EXT/SUPPLIER/501");
    EXPECT_FALSE(state().gone);
    EXPECT_THAT(changed(), HasSubstr("EXT/SUPPLIER/501"));
    salon_.expect_sound();
}

TEST_F(RetoldRegistrations, AnEpcPassesToAnotherPieceByACorrective) {
    const std::string wrong = salon_.id(), right = salon_.id();
    salon_.accept(registered(wrong, "urn:epc:1", "S-1"));
    const std::string registration = salon_.last_id();
    salon_.correct(registration);
    const std::string declaration = salon_.last_id();
    EXPECT_EQ(salon_.refuse(registered(right, "urn:epc:1")), "E_DUPLICATE_ITEM");
    // The way that the refusal tells: the correction is taken back, and told again with the other piece.
    salon_.correct(declaration, "", "", "81 HQ");
    const std::string instead = registered(right, "urn:epc:1", "S-1");
    const std::string instead_id = salon_.last_id();
    salon_.correct(registration, instead, instead_id);
    const std::string second = salon_.last_id();
    expect_found("urn:epc:1", right);
    EXPECT_EQ(found("number=S-1"), right);
    EXPECT_EQ(salon_.where(right), "EXT/SUPPLIER/501");
    // Still the epc of this one alone.
    EXPECT_EQ(salon_.refuse(registered(salon_.id(), "urn:epc:1")), "E_DUPLICATE_ITEM");
    salon_.correct(second, "", "", "81 HQ");
    expect_found("urn:epc:1", wrong);
    EXPECT_EQ(found("number=S-1"), wrong);
    salon_.expect_sound();
}

TEST_F(RetoldRegistrations, ACorrectedEpcIsFoundAndTheWrongOneIsNot) {
    const std::string ring = salon_.id();
    salon_.accept(registered(ring, "urn:epc:wrong", "S-wrong"));
    const std::string registration = salon_.last_id();
    const std::string instead = registered(ring, "urn:epc:right", "S-right");
    const std::string instead_id = salon_.last_id();
    salon_.correct(registration, instead, instead_id);
    expect_found("urn:epc:right", ring);
    expect_found("urn:epc:wrong", "");
    EXPECT_EQ(found("number=S-right"), ring);
    EXPECT_EQ(found("number=S-wrong"), "");
    salon_.expect_sound();
}

// What was registered as one piece may have been two, and one of them has the epc.
TEST_F(RetoldRegistrations, OfTwoPiecesOneTakesOverTheEpc) {
    const std::string ring = salon_.id(), other = salon_.id();
    salon_.accept(registered(ring, "urn:epc:X"));
    const std::string wrong = salon_.last_id();
    const auto batch = [&](const std::string& epc) {
        const std::string first = registered(ring, "urn:epc:X"), first_id = salon_.last_id();
        const std::string second = registered(other, epc), second_id = salon_.last_id();
        return Salon::atomic({salon_.say("80 HQ", {"20 VM"},
                                         R"("correction_declared":{"target":")" + wrong +
                                             R"(","reason":"INCORRECT_DATA","correctives":[")" + first_id + R"(",")" +
                                             second_id + "\"]}"),
                              first, second});
    };
    EXPECT_EQ(salon_.refuse(batch("urn:epc:X")), "E_DUPLICATE_ITEM");
    EXPECT_THAT(salon_.last_answer(), HasSubstr("one piece has it"));
    salon_.accept(batch("urn:epc:Y"));
    expect_found("urn:epc:X", ring);
    expect_found("urn:epc:Y", other);
    salon_.expect_sound();
}

// It was right at first: the epc is still that registration's, through all that took its place.
TEST_F(RetoldRegistrations, AnEpcIsCorrectedBackToWhatItWas) {
    const std::string ring = salon_.id();
    salon_.accept(registered(ring, "urn:epc:X"));
    std::string newest = salon_.last_id();
    const auto correct = [&](const std::string& epc, const std::string& by) {
        const std::string instead = registered(ring, epc);
        const std::string id = salon_.last_id();
        const std::string batch = salon_.correction(newest, instead, id, by);
        newest = id;
        return batch;
    };
    salon_.accept(correct("urn:epc:Y", "80 HQ"));
    salon_.accept(correct("urn:epc:X", "81 HQ"));
    expect_found("urn:epc:X", ring);
    expect_found("urn:epc:Y", "");
    // Another piece has neither, and is not told again as this one.
    const std::string other = salon_.id();
    EXPECT_EQ(salon_.refuse(registered(other, "urn:epc:X")), "E_DUPLICATE_ITEM");
    EXPECT_EQ(salon_.refuse(registered(other, "urn:epc:Y")), "E_DUPLICATE_ITEM");
    salon_.accept(registered(other, "urn:epc:Z"));
    const std::string of_other = salon_.last_id();
    const std::string stolen = registered(other, "urn:epc:Y");
    const std::string stolen_id = salon_.last_id();
    EXPECT_EQ(salon_.refuse(salon_.correction(of_other, stolen, stolen_id)), "E_DUPLICATE_ITEM");
    salon_.accept(correct("urn:epc:Y", "80 HQ"));
    salon_.accept(correct("urn:epc:X", "81 HQ"));
    expect_found("urn:epc:X", ring);
    salon_.expect_sound();
}

// ---- An account that should have been another, and the pieces in it ----

TEST_F(Retold, AWrongAccountAndItsLegsArePutRightInOneBatch) {
    const auto open = [&](const std::string& bin, const std::string& at = "") {
        return salon_.say("80 HQ", {}, R"("account_opened":{"account":"SITE/1/VAULT/)" + bin + "\"}", "", {.at = at});
    };
    const auto declare = [&](const std::string& target, const std::string& by = "") {
        return salon_.say("81 HQ", {"20 VM"},
                          R"("correction_declared":{"target":")" + target + R"(","reason":)" +
                              (by.empty() ? R"("DID_NOT_OCCUR"})"
                                          : R"("INCORRECT_DATA","correctives":[")" + by + "\"]}"));
    };
    const auto rings = salon_.receive(3);
    const std::string opening = record("2030-03-02T09:00:00Z", open("WRONG"));
    const std::string put = record("2030-03-02T09:10:00Z", salon_.put_away({rings[0], rings[1]}, "VAULT/WRONG"));
    const std::string out = salon_.id();
    const auto sign_out = [&](const When& when = {}) {
        return salon_.say("10 OC", {"40"}, R"("signed_out":{"purpose":"DISPLAY"})",
                          Salon::lines({rings[1]}) + Salon::to("SITE/1/DISPLAY/D") + Salon::opens(out), when);
    };
    const std::string moved = record("2030-03-02T09:20:00Z", sign_out());
    const Position before = salon_.ledger().head() - 1;
    salon_.clock("2030-03-02T12:00:00Z");
    // None of them alone.
    const auto opening_again = [&] { return open("RIGHT", "2030-03-02T09:00:00Z"); };
    const auto put_again = [&] {
        return salon_.put_away({rings[0], rings[1]}, "VAULT/RIGHT", {.at = "2030-03-02T09:10:00Z"});
    };
    const auto moved_again = [&] { return sign_out({.at = "2030-03-02T09:20:00Z"}); };
    EXPECT_EQ(salon_.refuse(salon_.correction(opening, opening_again(), salon_.last_id(), "81 HQ")),
              "E_CORRECTION_CONFLICT");
    const std::string right_put = put_again(), right_put_id = salon_.last_id();
    EXPECT_EQ(salon_.refuse(salon_.correction(put, right_put, right_put_id, "81 HQ")), "E_CORRECTION_CONFLICT");
    // The leg out of it names where the piece was, and so goes with them.
    const std::string a = opening_again(), a_id = salon_.last_id();
    const std::string b = put_again(), b_id = salon_.last_id();
    EXPECT_EQ(salon_.refuse(Salon::atomic({declare(opening, a_id), declare(put, b_id), a, b})),
              "E_CORRECTION_CONFLICT");
    const std::string c = opening_again(), c_id = salon_.last_id();
    const std::string d = put_again(), d_id = salon_.last_id();
    const std::string e = moved_again(), e_id = salon_.last_id();
    std::string first = declare(opening, c_id);
    const std::string first_id = salon_.last_id();
    std::string second = declare(put, d_id);
    const std::string second_id = salon_.last_id();
    std::string third = declare(moved, e_id);
    const std::string third_id = salon_.last_id();
    salon_.accept(Salon::atomic({first, second, third, c, d, e}));
    EXPECT_EQ(salon_.where(rings[0]), "SITE/1/VAULT/RIGHT");
    EXPECT_EQ(salon_.where(rings[1]), "SITE/1/DISPLAY/D");
    EXPECT_EQ(salon_.pieces_in("SITE/1/VAULT/WRONG", "2030-03-02T09:15:00Z"), 0U);
    EXPECT_EQ(salon_.pieces_in("SITE/1/VAULT/RIGHT", "2030-03-02T09:15:00Z"), 2U);
    EXPECT_EQ(salon_.pieces_in("SITE/1/VAULT/WRONG", "2030-03-02T09:15:00Z", before + 1), 2U);
    EXPECT_EQ(salon_.refuse(salon_.put_away({rings[2]}, "VAULT/WRONG")), "E_UNKNOWN_ACCOUNT");
    salon_.reopen();
    salon_.accept(salon_.put_away({rings[2]}, "VAULT/RIGHT"));
    const std::string later = salon_.last_id();
    salon_.expect_sound();
    // Back to what it was, with what came since; and not with a piece left in it.
    const auto undo = [&](bool all) {
        std::vector<std::string> batch;
        for (const auto& target : {first_id, second_id, third_id})
            batch.push_back(salon_.say("80 HQ", {"20 VM"},
                                       R"("correction_declared":{"target":")" + target +
                                           R"(","reason":"DID_NOT_OCCUR"})"));
        if (all)
            batch.push_back(salon_.say("80 HQ", {"20 VM"},
                                       R"("correction_declared":{"target":")" + later +
                                           R"(","reason":"DID_NOT_OCCUR"})"));
        return Salon::atomic(batch);
    };
    EXPECT_EQ(salon_.refuse(undo(false)), "E_CORRECTION_CONFLICT");
    salon_.accept(undo(true));
    EXPECT_EQ(salon_.where(rings[0]), "SITE/1/VAULT/WRONG");
    EXPECT_EQ(salon_.pieces_in("SITE/1/VAULT/RIGHT", "2030-03-02T09:15:00Z"), 0U);
    salon_.reopen();
    salon_.expect_sound();
}

// ---- A piece's version counts what is known, whatever the valid time (domain: 5.3) ----

TEST_F(Retold, AVersionIsTheNumberOfEventsKnown) {
    const std::string ring = salon_.bring(1)[0];
    record("2030-03-02T09:00:00Z", salon_.sign_out(ring));
    const Position known = salon_.ledger().head() - 1;
    salon_.clock("2030-03-02T12:00:00Z");
    salon_.correct(salon_.last_id());
    const auto version = [&](const std::string& more) {
        return Salon::field(salon_.ask("items/" + ring + more), "version");
    };
    const auto events = [&](const std::string& more) {
        return std::to_string(Salon::rows(salon_.ask("items/" + ring + "/history" + more), "rows").size());
    };
    const std::string as_known = "?known_at=" + std::to_string(known);
    EXPECT_EQ(version(""), events(""));
    EXPECT_EQ(version("?valid_at=2030-03-02T08:30:00Z"), events(""));
    EXPECT_EQ(version(as_known), events(as_known));
    EXPECT_EQ(version(as_known + "&valid_at=2030-03-02T08:30:00Z"), events(as_known));
    EXPECT_NE(events(as_known), events(""));
    // It is what a command may expect.
    const auto expecting = [&](const std::string& expected) {
        return salon_.say("50 QA", {}, R"("inspection_recorded":{"phase":"STOCK","verdict":"PASS"})",
                          Salon::lines({ring}) + R"(,"expect":[{"item":)" + Salon::quoted(ring) + R"(,"version":)" +
                              expected + "}]");
    };
    EXPECT_EQ(salon_.refuse(expecting(version(as_known))), "E_STALE_VERSION");
    salon_.accept(expecting(version("?valid_at=2030-03-02T08:30:00Z")));
}

// ---- What is asked wrongly is said of the parameter that is wrong ----

TEST_F(Retold, AWrongTimeIsNamed) {
    const std::string ring = salon_.bring(1)[0];
    const std::string head = std::to_string(salon_.ledger().head());
    const auto believed = [&](const std::string& more) {
        return salon_.ask("items/" + ring + "/believed?known_at=1" + more);
    };
    EXPECT_THAT(believed("&and_at=" + head), HasSubstr("and_at: position " + head + " is not recorded yet"));
    EXPECT_THAT(believed("&and_at=soon"), HasSubstr("and_at: 'soon' is not a position or an RFC 3339 time"));
    EXPECT_THAT(salon_.ask("stock?known_at=soon"), HasSubstr("known_at: 'soon' is not a position"));
    const auto piece = [&](const std::string& valid) { return salon_.ask("items/" + ring + "?valid_at=" + valid); };
    EXPECT_THAT(piece("2030-03-02T08:00:00.1234567Z"), HasSubstr("with at most 6 digits after the second"));
    EXPECT_THAT(piece("2030-03-02T08:00:00.123456Z"), HasSubstr(R"("valid_at":"2030-03-02T08:00:00.123456Z")"));
    EXPECT_THAT(piece("9999-12-31T23:59:59-14:00"), HasSubstr("up to the year 9999"));
    EXPECT_THAT(piece("9999-12-31T23:59:59Z"), HasSubstr(R"("valid_at":"9999-12-31T23:59:59Z")"));
}

TEST_F(RetoldCorrections, OneTargetIsDeclaredOnceInABatch) {
    const std::string gone = salon_.correction(wrong_);
    EXPECT_EQ(salon_.refuse(Salon::atomic({gone, salon_.correction(wrong_, "", "", "81 HQ")})), "E_ALREADY_CORRECTED");
    EXPECT_THAT(salon_.last_answer(), HasSubstr("is taken back by another declaration of this batch already"));
    EXPECT_THAT(salon_.last_answer(), Not(HasSubstr(R"("event":)")));
    const Position declared = salon_.correct(wrong_);
    EXPECT_EQ(salon_.refuse(salon_.correction(wrong_)), "E_ALREADY_CORRECTED");
    EXPECT_THAT(salon_.last_answer(), HasSubstr("event " + std::to_string(declared) + " corrects it"));
}

// ---- Deadlines (O16): obligations and papers of one position ----

TEST_F(Retold, PapersAndObligationsAreOfOnePosition) {
    constexpr std::size_t kRings = 120;
    const auto rings = salon_.bring(kRings);
    std::vector<std::string> batches;  // each adds a paper and a carnet
    for (std::size_t i = 0; i < kRings; ++i) {
        const std::string number = std::to_string(i);
        const std::string line = Salon::lines({rings[i]});
        const std::string paper = salon_.say("70 LG", {},
                                             R"("compliance_doc_attached":{"type":"CITES","number":"CT-)" + number +
                                                 R"(","valid_from":"2030-03-01T00:00:00Z",)"
                                                 R"("valid_to":"2030-09-05T00:00:00Z"})",
                                             line);
        const std::string carnet = salon_.say(
            "70 LG", {"20 VM"},
            R"("carnet_bound":{"carnet":"CH-)" + number + R"(","reexport_by":"2030-09-10T00:00:00Z"})",
            line + Salon::opens(salon_.id()));
        batches.push_back(Salon::atomic({paper, carnet}));
    }
    std::atomic<bool> done = false;
    std::thread writer([&] {
        for (const auto& batch : batches)
            EXPECT_EQ(salon_.ledger().submit_json(batch).find("error"), std::string::npos);
        done = true;
    });
    const auto times = [](const std::string& text, const std::string& what) {
        std::size_t number = 0;
        for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++number;
        return number;
    };
    std::size_t asked = 0;
    while (!done) {
        const std::string board = salon_.ask("deadlines?rows=10000");
        EXPECT_EQ(times(board, "\"CT-"), times(board, "\"CH-"));
        ++asked;
    }
    writer.join();
    EXPECT_GT(asked, 0U);
    const std::string board = salon_.ask("deadlines?rows=10000");
    EXPECT_EQ(times(board, "\"CT-"), kRings);
    EXPECT_EQ(times(board, "\"CH-"), kRings);
}

}  // namespace
}  // namespace daybook::acceptance
