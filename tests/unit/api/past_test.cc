// Goal: what was answered for a valid time and a record time stays so, to the byte, whatever is recorded later, after a
// crash and when the read models are built anew; also with a clock that was set back. And what an answer says of the
// past adds up. Method: simulated salons; questions at times and positions of their days, asked and kept; more days;
// asked again.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/api/audit.h"
#include "projections/views.h"
#include "schemas/daybook/v1/audit.pb.h"
#include "schemas/daybook/v1/view.pb.h"
#include "tests/unit/api/asking.h"

namespace daybook {
namespace {

class Past : public test::Asking {
protected:
    std::string any_item() {
        const auto found = asked<v1::SearchAnswer>("items?rows=200");
        return found.rows(static_cast<int>(random_() % static_cast<std::uint64_t>(found.rows_size()))).item();
    }
    std::string any_account() {
        const auto found = asked<v1::AccountsAnswer>("accounts?rows=200");
        return found.rows(static_cast<int>(random_() % static_cast<std::uint64_t>(found.rows_size()))).account();
    }
    // A valid time of the simulated days.
    std::string any_time() {
        return format_time(1'771'977'600 * kSecond + static_cast<Micros>(random_() % (3 * 86'400)) * kSecond);
    }
    // A record time that has come, or a position.
    std::string any_known() {
        if (random_() % 2 == 0) return std::to_string(random_() % ledger_->head());
        const auto passed = static_cast<std::uint64_t>(clock_.now() - begin_ + 1);
        return format_time(begin_ + static_cast<Micros>(random_() % passed));
    }
    std::string any_question() {
        const std::string at = "?valid_at=" + any_time() + "&known_at=" + any_known();
        std::string from = any_time(), to = any_time();
        if (to < from) std::swap(from, to);
        const std::string within = "?from=" + from + "&to=" + to + "&known_at=" + any_known();
        switch (random_() % 19) {
            case 0: return "items/" + any_item() + "/chain" + at;
            case 1: return "items/" + any_item() + "/holder" + at;
            case 2: return "accounts/" + any_account() + at + "&rows=5";
            case 3: return "held/" + any_account() + within;
            case 4: return "statements/" + any_account() + within + "&rows=7";
            case 5: return "items/" + any_item() + "/history?known_at=" + any_known() + "&rows=5";
            case 6: return "items/" + any_item() + at;
            case 7: return "stock" + at + "&rows=5";
            case 8: return "due" + at + "&rows=5";
            case 9: return "trial-balance" + at + "&check=true";
            case 10: return "counted/" + any_account() + at + "&rows=5&days=1";
            case 11: return "counted" + at + "&site=1&days=1&overdue=true&rows=9";
            case 12: return "reconciliation/1?at=" + any_time() + "&known_at=" + any_known();
            case 13: return "statements/" + any_account() + "?at=" + any_time() + "&known_at=" + any_known();
            case 14: return "inspections" + at + "&rows=5";
            case 15: return "counts?site=1&rows=3&known_at=" + any_known();
            case 16: return "late?rows=5&known_at=" + any_known();
            case 17: return "held" + within + "&rows=5&person=10" + std::to_string(10 + random_() % 4);
            default: return "trial-balance" + at;
        }
    }

    std::mt19937_64 random_{11};
};

TEST_F(Past, NeverChanges) {
    submit(commands_.size() / 2);
    std::map<std::string, std::string> answers;
    for (int i = 0; i < 240; ++i) {
        const std::string question = any_question();
        const auto answer = ask(question);
        answers[question] = answer ? *answer : answer.error().message;
    }
    const auto expect_same = [&](const std::string& when) {
        for (const auto& [question, answer] : answers) {
            const auto again = ask(question);
            ASSERT_EQ(again ? *again : again.error().message, answer) << question << " " << when;
        }
    };
    submit(commands_.size() * 3 / 4);
    expect_same("after more events");
    lose_views();
    expect_same("after a crash");
    clock_.move(-kDay);
    submit(commands_.size());
    expect_same("after a clock that was set back");
    test::must(ledger_->views().rebuild(ledger_->event_log()));
    expect_same("after a rebuild");
}

// A question about now says as of when it was answered; asked again with that, it gets the same rows.
TEST_F(Past, WhatWasAnsweredAsOfNowCanBeAskedAgain) {
    submit(commands_.size() / 2);
    const auto now = asked<v1::TrialAnswer>("trial-balance");
    ASSERT_TRUE(now.as_of().has_known_at());
    clock_.move(-kHour);
    open();
    submit(commands_.size());
    const auto at = [](const google::protobuf::Timestamp& time) {
        return format_time(time.seconds() * kSecond + time.nanos() / 1000);
    };
    const std::string times = "?valid_at=" + at(now.as_of().valid_at());
    for (const std::string& known : {at(now.as_of().known_at()), std::to_string(now.as_of().position())}) {
        const auto again = asked<v1::TrialAnswer>("trial-balance" + times + "&known_at=" + known);
        EXPECT_EQ(again.as_of().position(), now.as_of().position());
        ASSERT_EQ(again.rows_size(), now.rows_size());
        for (int i = 0; i < now.rows_size(); ++i) {
            EXPECT_EQ(again.rows(i).SerializeAsString(), now.rows(i).SerializeAsString());
        }
    }
}

// A moment behind the newest event that was answered once: nothing is recorded at or before it, not after a restart.
TEST_F(Past, AMomentThatWasAnsweredIsOver) {
    submit(commands_.size() / 4);
    clock_.move(kHour);
    const std::string moment = format_time(clock_.now() - kMinute);
    const std::string question = "trial-balance?valid_at=" + any_time() + "&known_at=" + moment;
    const std::string answer = test::must(ask(question));
    clock_.move(-kDay);
    open();
    submit(commands_.size() / 2);
    EXPECT_EQ(test::must(ask(question)), answer);
    const auto future = ask("trial-balance?known_at=" + format_time(clock_.now() + 100 * kDay));
    ASSERT_FALSE(future);
    EXPECT_EQ(future.error().code, ErrorCode::kInvalid);
}

TEST_F(Past, NowIsWhatTheBooksSay) {
    submit(commands_.size());
    const auto trial = asked<v1::TrialAnswer>("trial-balance");
    std::map<std::string, std::uint64_t> pieces;
    std::uint64_t all = 0;
    const auto accounts = asked<v1::AccountsAnswer>("accounts?rows=10000");
    for (const auto& row : accounts.rows()) all += row.pieces();
    EXPECT_EQ(trial.pieces(), all);
    EXPECT_GE(all, 60U);
    for (int i = 0; i < 20; ++i) {
        const std::string item = any_item();
        const auto now = asked<v1::ItemAnswer>("items/" + item);
        const auto chain = asked<v1::ChainAnswer>("items/" + item + "/chain");
        ASSERT_FALSE(chain.rows().empty());
        const v1::StayRow& last = chain.rows(chain.rows_size() - 1);
        EXPECT_EQ(last.account(), now.item().account());
        EXPECT_EQ(last.opened_by(), now.item().since_event());
        EXPECT_FALSE(last.has_to());
        for (int k = 1; k < chain.rows_size(); ++k) {
            EXPECT_EQ(chain.rows(k - 1).to().SerializeAsString(), chain.rows(k).from().SerializeAsString());
        }
        const auto holder = asked<v1::HolderAnswer>("items/" + item + "/holder");
        EXPECT_EQ(holder.stay().account(), now.item().account());
        // The obligation that holds it is one of its open ones.
        if (holder.has_obligation()) {
            std::set<std::string> open;
            for (const auto& one : now.item().obligations()) open.insert(one.obligation());
            EXPECT_TRUE(open.contains(holder.obligation().obligation())) << holder.obligation().obligation();
        }
        const auto same = asked<v1::BelievedAnswer>("items/" + item + "/believed?known_at=" +
                                                    std::to_string(ledger_->head() - 1));
        EXPECT_TRUE(same.rows().empty());
        const auto before = asked<v1::BelievedAnswer>("items/" + item + "/believed?known_at=" +
                                                      std::to_string(last.opened_by() - 1));
        ASSERT_FALSE(before.rows().empty());
        std::set<std::uint64_t> because;
        for (const auto& row : before.rows()) {
            for (const auto& event : row.because()) because.insert(event.position());
        }
        EXPECT_TRUE(because.contains(last.opened_by()));
    }
}

// I17 is what the comparison with the published stream says, and why it was not made where it could not be.
TEST_F(Past, TheAuditTakesDeliveryFromTheStreamsCheck) {
    submit(50);
    const auto delivery = [&](const api::CheckDelivery& check) {
        v1::AuditAnswer answer;
        const auto audited = test::must(api::audit(*ledger_, {}, {}, check));
        test::must(codec::from_json(audited.json, answer));
        EXPECT_EQ(audited.ok, answer.rows(16).violated() == 0) << audited.json;
        return answer.rows(16);
    };
    EXPECT_FALSE(delivery({}).not_checked().empty());
    const auto away = delivery([] { return fail(ErrorCode::kTimeout, "the broker does not answer"); });
    EXPECT_NE(away.not_checked().find("the broker does not answer"), std::string::npos) << away.not_checked();
    const auto good = delivery([] { return R"({"rows":[{"what":"events","checked":"50","ok":true}],"ok":true})"; });
    EXPECT_EQ(good.checked(), 50U);
    EXPECT_EQ(good.violated(), 0U);
    EXPECT_TRUE(good.not_checked().empty());
    const auto part = delivery([] {
        return R"({"rows":[{"what":"events","checked":"50","ok":true},
                           {"what":"stock","not_checked":true,"message":"publishing is behind"}]})";
    });
    EXPECT_EQ(part.checked(), 50U);
    EXPECT_EQ(part.violated(), 0U);
    EXPECT_EQ(part.not_checked(), "stock could not be compared: publishing is behind");
    const auto bad = delivery([] {
        return R"({"rows":[{"what":"events","checked":"50","ok":false,"message":"twice","position":"7"}]})";
    });
    ASSERT_EQ(bad.violations_size(), 1);
    EXPECT_EQ(bad.violations(0).event(), 7U);
    EXPECT_EQ(bad.violations(0).what(), "events: twice");
}

// I6: opening + came - went = closing, page by page, and one day closes as the next opens.
TEST_F(Past, StatementsAddUp) {
    submit(commands_.size());
    for (int i = 0; i < 10; ++i) {
        const std::string account = any_account();
        std::vector<std::string> times{any_time(), any_time(), any_time()};
        std::sort(times.begin(), times.end());
        if (times[0] == times[1] || times[1] == times[2]) continue;
        const auto statement = [&](const std::string& from, const std::string& to, const std::string& cursor) {
            return asked<v1::StatementAnswer>("statements/" + account + "?from=" + from + "&to=" + to + "&rows=3" +
                                              (cursor.empty() ? "" : "&cursor=" + cursor));
        };
        auto first = statement(times[0], times[1], "");
        std::int64_t pieces = 0, insured = 0;
        for (v1::StatementAnswer page = first;;) {
            for (const auto& line : page.lines()) {
                pieces += line.pieces();
                insured += line.insured().minor();
            }
            if (page.next().empty()) break;
            page = statement(times[0], times[1], page.next());
        }
        EXPECT_EQ(static_cast<std::int64_t>(first.opening().pieces()) + pieces,
                  static_cast<std::int64_t>(first.closing().pieces()));
        EXPECT_EQ(first.opening().insured().minor() + insured, first.closing().insured().minor());
        const auto second = statement(times[1], times[2], "");
        EXPECT_EQ(first.closing().SerializeAsString(), second.opening().SerializeAsString());
    }
}

}  // namespace
}  // namespace daybook
