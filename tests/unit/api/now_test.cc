// Goal: an answer about now says as of when it is, so that it can be asked for again; and all its pages are of one
// (valid time, position), whatever is recorded between them. A cursor is of one question with its parameters.
// Method: two simulated salons; a fact ahead of the clock; more of their days between one page and the next.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "schemas/daybook/v1/command.pb.h"
#include "schemas/daybook/v1/view.pb.h"
#include "tests/unit/api/asking.h"

namespace daybook {
namespace {

// The first text of a name in an answer; its next cursor.
std::string text_of(const std::string& json, const std::string& name) {
    const std::string key = '"' + name + R"(":")";
    const std::size_t at = json.find(key);
    if (at == std::string::npos) return "";
    const std::size_t begin = at + key.size();
    return json.substr(begin, json.find('"', begin) - begin);
}
// What is behind as_of and before the cursor.
std::string body_of(const std::string& json) {
    const std::size_t as_of = json.find(R"("as_of":{)");
    const std::size_t begin = as_of == std::string::npos ? 0 : json.find('}', as_of) + 1;
    const std::size_t next = json.rfind(R"("next":")");
    return json.substr(0, as_of) + json.substr(begin, next == std::string::npos ? next : next - begin);
}

class Now : public test::Asking {
protected:
    // A piece gets another model, a minute and a half from now.
    void amend_ahead(const std::string& item) {
        v1::Command created;
        test::must(codec::from_json(commands_[0], created));
        Principal hq = 0;
        for (const auto& grant : created.ledger_created().grants()) {
            if (grant.role() == v1::Role::HQ) hq = grant.principal();
        }
        ahead_ = format_time(clock_.now() + 90 * kSecond);
        const auto answer = ledger_->submit_json(
            R"({"event_id":"00000000-0000-7000-8000-00000000aa01","entity":1,"site":1,"actor":{"principal":")" +
            std::to_string(hq) + R"(","role":"HQ"},"lines":[{"item":")" + item + R"("}],"occurred_at":")" + ahead_ +
            R"(","item_amended":{"field":"MODEL","old_value":{"text":")" +
            asked<v1::ItemAnswer>("items/" + item).item().model() + R"("},"new_value":{"text":"AHEAD"}}})");
        ASSERT_NE(answer.find("position"), std::string::npos) << answer;
        ASSERT_TRUE(ledger_->wait_for(ledger_->head(), after(std::chrono::seconds(60))));
    }
    std::string answer_of(const std::string& question) {
        const auto answer = ask(question);
        EXPECT_TRUE(answer) << question << ": " << answer.error().message;
        return answer ? *answer : "";
    }
    std::string refusal_of(const std::string& question) {
        const auto answer = ask(question);
        EXPECT_FALSE(answer) << question << ": " << *answer;
        return answer ? "" : answer.error().message;
    }
    std::string account_with(const std::string& part) {
        const auto found = asked<v1::AccountsAnswer>("accounts?rows=1000");
        for (const auto& row : found.rows()) {
            if (row.account().find(part) != std::string::npos && row.pieces() > 8) return row.account();
        }
        ADD_FAILURE() << "no account of " << part;
        return "";
    }
    std::string ahead_;
};

TEST_F(Now, SaysAsOfWhenItIsAndIsAnsweredAgain) {
    submit(commands_.size());
    const std::string vault = account_with("/VAULT/");
    const std::string item = asked<v1::AccountAnswer>("accounts/" + vault).items(0).item();
    amend_ahead(item);
    ASSERT_EQ(asked<v1::ItemAnswer>("items/" + item).item().model(), "AHEAD");
    for (const std::string& question :
         {"items/" + item, "accounts/" + vault + "?rows=1000", std::string("stock?rows=1000&own_only=false"),
          std::string("due?rows=1000"), std::string("accounts?rows=1000"), std::string("out"), std::string("transit"),
          std::string("memos"), std::string("repairs"), std::string("reservations"), std::string("deadlines"),
          std::string("items"), std::string("changes"), std::string("sales/1")}) {
        const std::string answer = answer_of(question);
        EXPECT_GE(text_of(answer, "valid_at"), ahead_) << question;
        EXPECT_NE(text_of(answer, "known_at"), "") << question;
        EXPECT_NE(text_of(answer, "recorded_at"), "") << question;
        EXPECT_EQ(text_of(answer, "position"), std::to_string(ledger_->head() - 1)) << question;
    }
    for (const std::string& question : {"items/" + item + "/next", std::string("authority/1"),
                                       std::string("limits?site=1"), std::string("coverage?site=1")}) {
        const std::string answer = answer_of(question);
        EXPECT_NE(text_of(answer, "known_at"), "") << question;
        EXPECT_NE(text_of(answer, "recorded_at"), "") << question;
    }
    for (const std::string& question : {"accounts/" + vault + "?rows=1000", std::string("accounts?rows=1000"),
                                       std::string("stock?rows=1000&own_only=false"), std::string("due?rows=1000")}) {
        const std::string answer = answer_of(question);
        const std::string again = answer_of(question + "&valid_at=" + text_of(answer, "valid_at") +
                                            "&known_at=" + text_of(answer, "known_at"));
        EXPECT_EQ(body_of(again), body_of(answer)) << question;
        EXPECT_NE(body_of(answer).size(), 0U);
    }
}

// What the past can be asked for is paged at the (V, R) of the first page; anything else says that it has gone on.
TEST_F(Now, PagesAreOfOnePosition) {
    submit(commands_.size() / 2);
    const std::string vault = account_with("/VAULT/");
    std::map<std::string, std::string> seconds;
    std::map<std::string, std::string> whole;
    const std::vector<std::string> told = {"accounts/" + vault + "?", "stock?own_only=false&", "due?",
                                           "accounts?"};
    const std::vector<std::string> not_told = {"items?", "items?site=1&"};
    for (const auto& questions : {told, not_told}) {
        for (const std::string& question : questions) {
            const std::string first = answer_of(question + "rows=1");
            ASSERT_NE(text_of(first, "next"), "") << question;
            seconds[question] = question + "rows=1000&cursor=" + text_of(first, "next");
            whole[question] = answer_of(seconds[question]);  // while nothing has moved
        }
    }
    clock_.move(kDay);
    submit(commands_.size());
    for (const std::string& question : told) {
        const std::string later = answer_of(seconds[question]);
        EXPECT_EQ(body_of(later), body_of(whole[question])) << question;
        EXPECT_EQ(text_of(later, "position"), text_of(whole[question], "position"));
        EXPECT_EQ(text_of(later, "valid_at"), text_of(whole[question], "valid_at"));
    }
    for (const std::string& question : not_told) {
        EXPECT_NE(refusal_of(seconds[question]).find("gone on from position"), std::string::npos) << question;
    }
}

TEST_F(Now, ACursorIsOfOneQuestionWithItsParameters) {
    submit(commands_.size());
    const std::string vault = account_with("/VAULT/");
    const std::string cursor = "&cursor=" + text_of(answer_of("stock?site=1&rows=1"), "next");
    EXPECT_TRUE(ask("stock?site=1&rows=5" + cursor));
    for (const std::string& other :
         {"stock?site=2" + cursor, "stock?" + cursor.substr(1), "due?site=1" + cursor,
          "accounts/" + vault + "?" + cursor.substr(1), std::string("stock?site=1&cursor=1780000000.12.3"),
          std::string("stock?site=1&cursor=x")}) {
        EXPECT_NE(refusal_of(other).find("cursor"), std::string::npos) << other;
    }
    const std::string within = "?from=2026-02-25T00:00:00Z&to=2026-02-27T00:00:00Z&rows=1";
    const std::string lines = text_of(answer_of("statements/" + vault + within), "next");
    ASSERT_NE(lines, "");
    EXPECT_TRUE(ask("statements/" + vault + within + "&cursor=" + lines));
    EXPECT_NE(refusal_of("statements/" + vault + "?from=2026-02-25T00:00:00Z&to=2026-02-28T00:00:00Z&rows=1&cursor=" +
                         lines).find("cursor"), std::string::npos);
    const std::string at = "?valid_at=2026-03-01T00:00:00Z";
    const std::string pieces = "&rows=1&cursor=" + text_of(answer_of("accounts/" + vault + at + "&rows=1"), "next");
    EXPECT_TRUE(ask("accounts/" + vault + at + pieces));
    EXPECT_TRUE(ask("accounts/" + vault + "?" + pieces.substr(1)));
    EXPECT_NE(refusal_of("accounts/" + vault + "?valid_at=2026-03-01T01:00:00Z" + pieces).find("valid_at"),
              std::string::npos);
    EXPECT_NE(refusal_of("accounts/" + vault + "?known_at=5" + pieces).find("known_at"), std::string::npos);
}

}  // namespace
}  // namespace daybook
