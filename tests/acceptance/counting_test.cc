// Counting ten thousand pieces while five hundred of them move (odoo#56769, OCA/stock-logistics-warehouse#2343), and
// late moves afterwards.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "tests/acceptance/salon.h"

namespace daybook::acceptance {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int kPieces = 10'000;
constexpr int kMoves = 500;

std::size_t listed(const std::string& event, const std::string& list) {
    const auto begin = event.find("\"" + list + "\":[");
    if (begin == std::string::npos) return 0;
    const std::string all = event.substr(begin, event.find(']', begin) - begin);
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), ',')) + 1;
}

TEST(Counting, TenThousandLinesWhileFiveHundredMove) {
    Salon salon;
    salon.open_vault();
    std::vector<std::string> rings;
    for (int thousand = 0; thousand < kPieces / 1'000; ++thousand) {
        std::vector<std::string> registrations;
        std::vector<std::string> some;
        for (int i = 0; i < 1'000; ++i) {
            some.push_back(salon.id());
            registrations.push_back(
                salon.say("10 OC", {}, R"("item_registered":{"origin":"OPENING","owner":{"kind":"HOUSE","id":1}})",
                          Salon::lines({some.back()}) + Salon::to("EXT/SUPPLIER/501")));
        }
        salon.accept(Salon::atomic(registrations));
        salon.accept(salon.say("10 OC", {"500"}, R"("goods_received":{})",
                               Salon::lines(some) + Salon::to(salon.here("HOLD"))));
        salon.accept(salon.say("50 QA", {}, R"("inspection_recorded":{"phase":"IN","verdict":"PASS"})",
                               Salon::lines(some)));
        salon.accept(salon.say("10 OC", {}, R"("put_away":{})", Salon::lines(some) + Salon::to(salon.here("VAULT/A"))));
        rings.insert(rings.end(), some.begin(), some.end());
    }
    salon.clock("2030-03-02T12:00:00Z");
    const std::string count = salon.id();
    salon.accept(salon.say("10 OC", {}, R"("count_opened":{"kind":"MONTHLY","accounts":["SITE/1/VAULT/A"]})",
                           Salon::opens(count)));
    // Twenty scans of 500; between them 25 moves each, of pieces that are still to be scanned, which nobody refuses.
    int moved = 0;
    std::set<std::string> out;
    for (int part = 0; part < 20; ++part) {
        for (int i = 0; i < kMoves / 20; ++i, ++moved) {
            const auto& ring = rings[static_cast<std::size_t>(kPieces - 1 - moved)];
            salon.accept(salon.sign_out(ring));
            out.insert(ring);
        }
        std::vector<std::string> seen;
        for (int i = 0; i < kPieces / 20; ++i) {
            const auto& ring = rings[static_cast<std::size_t>(part * (kPieces / 20) + i)];
            if (out.count(ring) == 0) seen.push_back(ring);
        }
        if (part == 3) seen.pop_back();  // one is overlooked
        if (seen.empty()) continue;  // all of them are out
        salon.accept(salon.say("10 OC", {}, R"("count_scanned":{"method":"RFID"})",
                               Salon::opens(count) + Salon::to(salon.here("VAULT/A")) + Salon::lines(seen)));
    }
    ASSERT_EQ(moved, kMoves);
    const Position attested = salon.accept(salon.say("10 OC", {"11"}, R"("count_attested":{})", Salon::opens(count)));
    const std::string event = salon.ask("events/" + std::to_string(attested));
    EXPECT_EQ(listed(event, "missing"), 1U);
    EXPECT_EQ(listed(event, "moved"), static_cast<std::size_t>(kMoves));
    EXPECT_EQ(listed(event, "matched"), static_cast<std::size_t>(kPieces - kMoves - 1));
    EXPECT_EQ(listed(event, "misplaced") + listed(event, "unexpected"), 0U);
    salon.expect_sound();

    // Late moves from before the count: approved, and the count says what it said.
    salon.clock("2030-03-02T14:00:00Z");
    for (std::size_t i = 0; i < 10; ++i) {
        const When before{"2030-03-02T11:00:00Z", "the slip was found", Salon::kManager};
        EXPECT_EQ(salon.refuse(salon.sign_out(rings[i], {before.at, before.late})), "E_COUNT_FENCE");
        salon.accept(salon.sign_out(rings[i], before));
    }
    EXPECT_EQ(salon.ask("events/" + std::to_string(attested)), event);
    salon.expect_sound();
}

// What it finds again of the same piece stands for what it found before.
TEST(Counting, WhoCorrectsAnAttestationFindsWhatIsMissingAgain) {
    Salon salon;
    salon.open_vault();
    const auto rings = salon.bring(2);
    salon.clock("2030-03-02T12:00:00Z");
    const auto [count, attested] = salon.count("VAULT/A", {rings[0]});
    const std::string wrong = salon.last_id();
    ASSERT_EQ(Salon::rows(salon.ask("due?kind=DISCREPANCY"), "rows").size(), 1U);
    salon.clock("2030-03-02T12:10:00Z");
    // Somebody else had counted with her.
    const std::string right = salon.say("10 OC", {"20"}, R"("count_attested":{})", Salon::opens(count),
                                        {"2030-03-02T12:00:00.000005Z"});
    salon.correct(wrong, right, salon.last_id());
    const auto due = Salon::rows(salon.ask("due?kind=DISCREPANCY"), "rows");
    ASSERT_EQ(due.size(), 1U);
    EXPECT_THAT(due[0], testing::HasSubstr(rings[1]));
    EXPECT_THAT(salon.ask("items/" + rings[1]), testing::HasSubstr("DISCREPANCY"));
    EXPECT_THAT(salon.ask("items/" + rings[0]), testing::Not(testing::HasSubstr("DISCREPANCY")));
    salon.expect_sound();
}

// Each of them asks for its own pieces, which is no sign that these change all the while.
TEST(Counting, ManyAttestationsAreCorrectedInOneBatch) {
    constexpr int kCounts = 12;
    Salon salon;
    salon.open_vault();
    // Of one account so many are not kept.
    const std::array<std::pair<const char*, std::vector<std::string>>, 3> accounts{
        std::pair{"VAULT/A", salon.bring(2, "VAULT/A")}, {"VAULT/B", salon.bring(2, "VAULT/B")},
        {"HOLD", salon.receive(2)}};
    salon.clock("2030-03-02T12:00:00Z");
    std::vector<std::string> declarations, correctives;
    for (int i = 0; i < kCounts; ++i) {
        const auto& [account, rings] = accounts[static_cast<std::size_t>(i) % accounts.size()];
        const auto [count, attested] = salon.count(account, {rings[0]});
        const std::string wrong = salon.last_id();
        const std::string at = Salon::field(salon.ask("events/" + std::to_string(attested)), "occurred_at");
        correctives.push_back(salon.say("10 OC", {"20"}, R"("count_attested":{})", Salon::opens(count), {at}));
        const std::string right = salon.last_id();
        declarations.push_back(salon.say("80 HQ", {"20 VM"},
                                         R"("correction_declared":{"target":")" + wrong +
                                             R"(","reason":"INCORRECT_DATA","correctives":[")" + right + "\"]}"));
    }
    salon.clock("2030-03-02T12:10:00Z");
    declarations.insert(declarations.end(), correctives.begin(), correctives.end());
    const Position last = salon.accept(Salon::atomic(declarations)) + 2 * kCounts - 1;
    EXPECT_EQ(Salon::rows(salon.ask("due?kind=DISCREPANCY"), "rows").size(), std::size_t{kCounts});
    salon.expect_sound();
    // A range of the auditor that ends inside the batch ends before it.
    audit::Options options;
    options.to = last - 3;
    const auto audited = test::must(api::audit(salon.ledger(), options));
    EXPECT_TRUE(audited.ok) << audited.json;
    EXPECT_EQ(Salon::field(audited.json, "to"), std::to_string(last - 2 * kCounts + 1));
}

// ---- Whole counts that are taken back ----

class CountingAgain : public testing::Test {
protected:
    struct Said {
        std::string id, at;
    };
    CountingAgain() {
        salon_.open_vault();
        rings_ = salon_.bring(2);
        salon_.clock("2030-03-02T12:00:00Z");
    }
    Said said(const std::string& command) {
        const std::string id = salon_.last_id();
        const Position event = salon_.accept(command);
        return {id, Salon::field(salon_.ask("events/" + std::to_string(event)), "occurred_at")};
    }
    std::string opening(const std::string& count, const std::string& kind, const When& when = {}) {
        return salon_.say("10 OC", {}, R"("count_opened":{"kind":")" + kind + R"(","accounts":["SITE/1/VAULT/A"]})",
                          Salon::opens(count), when);
    }
    std::string scan(const std::string& count, const std::vector<std::string>& seen, const When& when = {}) {
        return salon_.say("10 OC", {}, R"("count_scanned":{"method":"RFID"})",
                          Salon::opens(count) + Salon::to("SITE/1/VAULT/A") + Salon::lines(seen), when);
    }
    std::string attest(const std::string& count, const When& when = {}) {
        return salon_.say("10 OC", {"11"}, R"("count_attested":{})", Salon::opens(count), when);
    }
    std::string declare(const Said& target, const std::string& by = "") {
        const std::string reason = by.empty() ? R"("DID_NOT_OCCUR")"
                                              : R"("INCORRECT_DATA","correctives":[")" + by + "\"]";
        return salon_.say("80 HQ", {"20 VM"},
                          R"("correction_declared":{"target":")" + target.id + R"(","reason":)" + reason + "}");
    }
    std::string row_of(const std::string& count) {
        for (const auto& row : Salon::rows(salon_.ask("counts?site=1"), "rows")) {
            if (Salon::field(row, "count") == count) return row;
        }
        return "";
    }

    Salon salon_;
    std::vector<std::string> rings_;
};

TEST_F(CountingAgain, InAnyOrderOfTheDeclarations) {
    for (const bool again : {false, true}) {
        for (const bool instead : {false, true}) {
            std::array order{0U, 1U, 2U};
            do {
                const std::string count = salon_.id();
                std::array<Said, 3> told{said(opening(count, "SPOT")), said(scan(count, rings_)), said(attest(count))};
                if (again) {  // it had been attested before, and that was corrected
                    salon_.correct(told[2].id);
                    told[2] = said(attest(count));
                }
                std::array<std::string, 3> correctives, by;
                if (instead) {
                    correctives[0] = opening(count, "HANDOVER", {told[0].at});
                    by[0] = salon_.last_id();
                    correctives[1] = scan(count, {rings_[0]}, {told[1].at});
                    by[1] = salon_.last_id();
                    correctives[2] = attest(count, {told[2].at});
                    by[2] = salon_.last_id();
                }
                std::vector<std::string> batch;
                for (const unsigned which : order) batch.push_back(declare(told[which], by[which]));
                for (const unsigned which : order) {
                    if (instead) batch.push_back(correctives[which]);
                }
                if (instead && !std::is_sorted(order.begin(), order.end())) {
                    // Told again it is in its own order, which is that of the declarations.
                    EXPECT_EQ(salon_.refuse(Salon::atomic(batch)), "E_NO_OBLIGATION");
                    EXPECT_THAT(salon_.last_answer(), HasSubstr("CountOpened first, then of its scans"));
                    continue;
                }
                salon_.accept(Salon::atomic(batch));
                const std::string row = row_of(count);
                EXPECT_EQ(row.empty(), !instead);
                // Nor was it open in between.
                const auto open = salon_.ask("due?kind=COUNT&valid_at=" + told[1].at);
                EXPECT_EQ(open.find(count) == std::string::npos, !instead) << open;
                if (!instead) continue;
                EXPECT_EQ(Salon::field(row, "kind"), "HANDOVER");
                EXPECT_EQ(Salon::field(row, "matched"), "1");
                EXPECT_EQ(Salon::field(row, "missing"), "1");
            } while (std::next_permutation(order.begin(), order.end()));
        }
    }
    salon_.reopen();
    salon_.expect_sound();
}

// What was answered before it was told again stays so: its opening was another then.
TEST_F(CountingAgain, AndWhatWasKnownOfItStays) {
    const std::string count = salon_.id();
    const std::array<Said, 3> told{said(opening(count, "SPOT")), said(scan(count, rings_)), said(attest(count))};
    salon_.clock("2030-03-02T13:00:00Z");
    salon_.accept(salon_.sign_out(rings_[0], {"2030-03-02T11:00:00Z", "a slip", Salon::kManager}));
    const std::string known = "known_at=" + std::to_string(salon_.ledger().head() - 1);
    std::vector<std::pair<std::string, std::string>> answers;
    for (const std::string question : {"reconciliation/1?", "counts?site=1&", "late?"})
        answers.emplace_back(question + known, salon_.ask(question + known));
    EXPECT_THAT(answers[0].second, HasSubstr(R"("counted":"2")"));
    EXPECT_THAT(answers[1].second, HasSubstr("SPOT"));
    EXPECT_THAT(answers[2].second, HasSubstr(count));
    const std::string again = salon_.say("10 OC", {},
                                         R"("count_opened":{"kind":"HANDOVER","accounts":["SITE/1/VAULT/B"]})",
                                         Salon::opens(count), {told[0].at});
    const std::string again_id = salon_.last_id();
    const std::string end = attest(count, {told[2].at}), end_id = salon_.last_id();
    salon_.accept(Salon::atomic({declare(told[0], again_id), declare(told[1]), declare(told[2], end_id), again, end}));
    for (const auto& [question, answer] : answers) EXPECT_EQ(salon_.ask(question), answer) << question;
    EXPECT_THAT(salon_.ask("counts?site=1"), HasSubstr("HANDOVER"));
    EXPECT_THAT(salon_.ask("reconciliation/1"), Not(HasSubstr(R"("counted":"2")")));
    salon_.reopen();
    for (const auto& [question, answer] : answers) EXPECT_EQ(salon_.ask(question), answer) << question;
    salon_.expect_sound();
}

// Nor has who opened it another name, while it is open.
TEST_F(CountingAgain, AndWhoWasKnownToHaveOpenedIt) {
    const std::string count = salon_.id();
    const Said told = said(opening(count, "SPOT"));
    const std::string known = "known_at=" + std::to_string(salon_.ledger().head() - 1);
    std::vector<std::pair<std::string, std::string>> answers;
    for (const std::string question : {"due?kind=COUNT&", "due?", "counts?site=1&"})
        answers.emplace_back(question + known, salon_.ask(question + known));
    EXPECT_EQ(Salon::field(answers[0].second, "responsible"), "10");
    const std::string again = salon_.say("11 OC", {},
                                         R"("count_opened":{"kind":"SPOT","accounts":["SITE/1/VAULT/A"]})",
                                         Salon::opens(count), {told.at});
    salon_.accept(salon_.correction(told.id, again, salon_.last_id()));
    for (const auto& [question, answer] : answers) EXPECT_EQ(salon_.ask(question), answer) << question;
    EXPECT_EQ(Salon::field(salon_.ask("due?kind=COUNT"), "responsible"), "11");
}

// With the closing that rests on it, and never without.
TEST_F(CountingAgain, InAnyOrderWithWhatRestsOnIt) {
    std::array order{0U, 1U, 2U, 3U};
    do {
        const std::string count = salon_.id();
        const std::array<Said, 4> told{
            said(opening(count, "CLOSING")), said(scan(count, rings_)), said(attest(count)),
            said(salon_.say("10 OC", {"30 SEC"}, R"("vault_closed":{"closing_count":")" + count + "\"}"))};
        std::vector<std::string> all, without;
        for (const unsigned which : order) {
            all.push_back(declare(told[which]));
            if (which != 3) without.push_back(declare(told[which]));
        }
        EXPECT_EQ(salon_.refuse(Salon::atomic(without)), "E_CORRECTION_CONFLICT");
        EXPECT_THAT(salon_.last_answer(), HasSubstr("VaultClosed"));
        salon_.accept(Salon::atomic(all));
        EXPECT_EQ(row_of(count), "");
        EXPECT_EQ(Salon::rows(salon_.ask("due?kind=VAULT_SESSION"), "rows").size(), 1U);
        EXPECT_EQ(Salon::rows(salon_.ask("due?kind=COUNT"), "rows").size(), 0U);
    } while (std::next_permutation(order.begin(), order.end()));
    salon_.reopen();
    salon_.expect_sound();
}

// ---- Pieces that were seen, and put elsewhere since ----

class CountingSeen : public testing::Test {
protected:
    CountingSeen() {
        salon_.open_vault();
        salon_.accept(salon_.say("80 HQ", {},
                                 R"("policy_set":{"key":"count.coverage_days","from":"2030-03-02T08:30:00Z",)"
                                 R"("value":{"number":1}})"));
        ring_ = salon_.bring(1)[0];
    }
    // The last count of the piece, by its chain and by what was counted, which the auditor agrees with; "none", or
    // "{count}", "{count} to be made again".
    std::string last() {
        const std::string chain = salon_.ask("items/" + ring_ + "/chain");
        const auto at = chain.find(R"("last_count":)");
        std::string told = "none";
        if (at != std::string::npos) {
            told = Salon::field(chain.substr(at), "count");
            if (chain.find(R"("recheck":true)", at) != std::string::npos) told += " to be made again";
        }
        for (const auto& row : Salon::rows(salon_.ask("counted"), "rows")) {
            if (Salon::field(row, "item") != ring_) continue;
            const auto last = row.find(R"("last":)");
            EXPECT_EQ(last == std::string::npos ? "none" : Salon::field(row.substr(last), "count"),
                      told.substr(0, told.find(' ')));
            const bool overdue = row.find(R"("overdue":true)") != std::string::npos;
            const auto audited = test::must(api::audit(salon_.ledger(), {}));
            EXPECT_TRUE(audited.ok) << audited.json;
            EXPECT_EQ(audited.json.find("piece " + ring_) != std::string::npos, overdue) << audited.json;
            return told + (overdue ? ", overdue" : "");
        }
        return told;
    }

    Salon salon_;
    std::string ring_;
};

// It was seen, whatever was learnt since of where it should have been.
TEST_F(CountingSeen, BeforeALateFactThatSaysItWasNotThere) {
    salon_.clock("2030-03-02T20:00:00Z");
    const auto [count, attested] = salon_.count("VAULT/A", {ring_});
    EXPECT_EQ(last(), count);
    salon_.clock("2030-03-02T20:10:00Z");
    salon_.accept(salon_.sign_out(ring_, {"2030-03-02T19:59:59.999999Z", "a slip", Salon::kManager}));
    EXPECT_EQ(last(), count + " to be made again");
    // A day after it came in, and half a day after it was seen.
    salon_.clock("2030-03-03T09:00:00Z");
    salon_.accept(salon_.say("10 OC", {}, R"("supply_registered":{"supply":7,"sku":"BOX-S","unit":"pcs"})"));
    EXPECT_EQ(last(), count + " to be made again");
    // As of before it was counted, and as was known then.
    EXPECT_EQ(salon_.ask("items/" + ring_ + "/chain?valid_at=2030-03-02T19:00:00Z").find("last_count"),
              std::string::npos);
    EXPECT_EQ(salon_.ask("items/" + ring_ + "/chain?known_at=" + std::to_string(attested - 1)).find("last_count"),
              std::string::npos);
    EXPECT_THAT(salon_.ask("items/" + ring_ + "/chain?known_at=" + std::to_string(attested)), HasSubstr(count));
    // Who held it when it was counted is none that the count agrees with.
    EXPECT_EQ(salon_.ask("items/" + ring_ + "/holder?valid_at=2030-03-02T20:05:00Z").find("counted_before"),
              std::string::npos);
    salon_.clock("2030-03-03T21:00:00Z");
    salon_.accept(salon_.sign_in(ring_));
    EXPECT_EQ(last(), count + " to be made again, overdue");
}

TEST_F(CountingSeen, WhereACorrectionSaysItNeverWas) {
    const std::string moved = salon_.say("10 OC", {}, R"("relocated":{})",
                                         Salon::lines({ring_}) + Salon::to(salon_.here("VAULT/B")));
    const std::string wrong = salon_.last_id();
    salon_.accept(moved);
    const auto [before, first] = salon_.count("VAULT/B", {ring_});
    salon_.clock("2030-03-02T12:00:00Z");
    const auto [count, attested] = salon_.count("VAULT/B", {ring_});
    salon_.correct(wrong);
    EXPECT_EQ(last(), count + " to be made again");
    EXPECT_EQ(salon_.where(ring_), "SITE/1/VAULT/A");
    // A count of where it is said to be stands for it; one that was corrected does not.
    const auto [again, second] = salon_.count("VAULT/A", {ring_});
    const std::string attestation = salon_.last_id();
    EXPECT_EQ(last(), again);
    salon_.correct(attestation);
    EXPECT_EQ(last(), count + " to be made again");
}

// ---- Supplies ----

class CountingSupplies : public testing::Test {
protected:
    CountingSupplies() {
        for (const auto* registered :
             {R"("supply":7,"sku":"BOX-S","unit":"piece")", R"("supply":8,"sku":"POUCH","unit":"piece")",
              R"("supply":9,"sku":"RIBBON","unit":"roll")"})
            salon_.accept(salon_.say("10 OC", {}, std::string(R"("supply_registered":{)") + registered + "}"));
        tolerate(2, "2030-03-02T08:30:00Z");
        salon_.clock("2030-03-02T09:00:00Z");
        salon_.accept(salon_.move_supply("RECEIVED", 50));
        salon_.accept(salon_.move_supply("RECEIVED", 20, {}, 8));
        salon_.accept(salon_.move_supply("RECEIVED", 5, {}, 9));
        salon_.clock("2030-03-02T10:00:00Z");
    }
    void tolerate(int boxes, const std::string& from) {
        salon_.accept(salon_.say("80 HQ", {},
                                 R"("policy_set":{"key":"count.tolerance.BOX-S","from":")" + from +
                                     R"(","value":{"number":)" + std::to_string(boxes) + "}}"));
    }
    void open(bool blind = false) {
        count_ = salon_.id();
        salon_.accept(salon_.say("10 OC", {},
                                 std::string(R"("count_opened":{"kind":"SPOT","accounts":["SITE/1/SUPPLY"])") +
                                     (blind ? R"(,"blind":true})" : "}"),
                                 Salon::opens(count_)));
    }
    // "{supply},{quantity}", "" or of another account.
    std::string scan(const std::vector<std::pair<int, int>>& seen, const std::string& in = "SUPPLY",
                     const When& when = {}) {
        std::string lines = R"(,"lines":[)";
        for (const auto& [supply, quantity] : seen) {
            lines += std::string(lines.back() == '[' ? "" : ",") + R"({"supply":)" + std::to_string(supply) +
                     R"(,"quantity":)" + std::to_string(quantity) + "}";
        }
        return salon_.say("10 OC", {}, R"("count_scanned":{"method":"HAND"})",
                          Salon::opens(count_) + Salon::to(salon_.here(in)) + lines + "]", when);
    }
    std::string attest(const When& when = {}) {
        return salon_.say("10 OC", {"11"}, R"("count_attested":{})", Salon::opens(count_), when);
    }
    // Of the sheet, by supply: "at the cut + moved = expected, counted (difference) found".
    std::string row(int supply, const std::string& account = "SITE/1/SUPPLY") {
        for (const auto& row : Salon::rows(salon_.ask("counts/" + count_), "supplies")) {
            if (Salon::field(row, "supply") != std::to_string(supply) || Salon::field(row, "account") != account)
                continue;
            const auto number = [&](const std::string& name) {
                return row.find("\"" + name + "\":") == std::string::npos ? "0" : Salon::field(row, name);
            };
            const bool counted = row.find(R"("counted":)") != std::string::npos;
            const bool ended = row.find(R"("found":)") != std::string::npos;
            return number("at_cut") + " + " + number("moved") + " = " + number("expected") + ", " +
                   (counted ? number("counted") : "-") + " (" + number("difference") + ") " +
                   (ended ? Salon::field(row, "found") : "open");
        }
        return "none";
    }
    std::string of_site(const std::string& more = "") {
        for (const auto& row : Salon::rows(salon_.ask("counts?site=1" + more), "rows")) {
            if (Salon::field(row, "count") == count_) return row;
        }
        return "none";
    }
    bool to_be_rechecked(const std::string& more = "") {
        const bool listed = of_site(more).find(R"("recheck":true)") != std::string::npos;
        if (more.empty()) {
            EXPECT_EQ(salon_.ask("counts/" + count_).find(R"("recheck":true)") != std::string::npos, listed);
            EXPECT_EQ(salon_.ask("coverage?site=1").find(R"("recheck":true)") != std::string::npos, listed);
        }
        return listed;
    }

    Salon salon_;
    std::string count_;
};

// OCA/stock-logistics-warehouse#2343: what moves while the count goes on is no difference, and hides none.
TEST_F(CountingSupplies, AreHeldAgainstWhatThereWasWhenTheyWereCounted) {
    open();
    salon_.accept(salon_.move_supply("ISSUED", 4));  // before it was counted
    salon_.accept(scan({{7, 44}, {8, 17}}));
    EXPECT_EQ(row(7), "50 + -4 = 46, 44 (-2) open");
    EXPECT_EQ(row(9), "5 + 0 = 5, - (0) open");
    salon_.accept(salon_.move_supply("ISSUED", 10));  // behind that, and before the attestation
    salon_.accept(salon_.move_supply("ISSUED", 1, {}, 9));
    const Position attested = salon_.accept(attest());
    EXPECT_EQ(row(7), "50 + -4 = 46, 44 (-2) MATCHED");
    EXPECT_EQ(row(8), "20 + 0 = 20, 17 (-3) SHORT");
    EXPECT_EQ(row(9), "5 + -1 = 4, - (0) NOT_COUNTED");
    EXPECT_EQ(Salon::field(of_site(), "supplies"), "3");
    EXPECT_EQ(Salon::field(of_site(), "supplies_different"), "1");
    EXPECT_EQ(Salon::field(of_site(), "supplies_not_counted"), "1");
    EXPECT_FALSE(to_be_rechecked());
    // Nothing that comes later changes it: neither moves, nor another tolerance.
    const std::string known = "&known_at=" + std::to_string(attested);
    const std::string before = of_site(known);
    const std::string sheet = salon_.ask("counts/" + count_);
    salon_.accept(salon_.move_supply("RECEIVED", 9));
    tolerate(0, "2030-03-02T10:30:00Z");
    EXPECT_EQ(row(7), "50 + -4 = 46, 44 (-2) MATCHED");
    EXPECT_EQ(of_site(known), before);
    EXPECT_EQ(Salon::rows(salon_.ask("counts/" + count_), "supplies"), Salon::rows(sheet, "supplies"));
    salon_.expect_sound();
}

// Each count of a page is held against the tolerance that was known when it was attested.
TEST_F(CountingSupplies, HaveTheTolerancesOfTheirTimeOnOnePage) {
    std::vector<std::string> counts;
    const auto count = [&] {
        open();
        salon_.accept(scan({{7, 48}, {8, 20}, {9, 5}}));
        salon_.accept(attest());
        counts.push_back(count_);
    };
    count();
    tolerate(0, "2030-03-02T10:30:00Z");
    const std::string strict = salon_.last_id();
    salon_.clock("2030-03-02T11:00:00Z");
    count();
    salon_.correct(strict, "", "", "81 HQ");
    count();
    const auto different = [&] {
        std::string found;
        for (const auto& row : Salon::rows(salon_.ask("counts?site=1"), "rows")) {
            const bool any = row.find("supplies_different") != std::string::npos;
            found += any ? Salon::field(row, "supplies_different") : "0";
        }
        return found;
    };
    EXPECT_EQ(different(), "010");  // the newest first
    for (const auto& one : counts) {  // as the sheet of each says
        count_ = one;
        EXPECT_EQ(row(7), one == counts[1] ? "50 + 0 = 50, 48 (-2) SHORT" : "50 + 0 = 50, 48 (-2) MATCHED");
    }
    salon_.expect_sound();
}

TEST_F(CountingSupplies, TheLastScanCounts) {
    open();
    salon_.accept(scan({{7, 40}, {9, 0}}));
    salon_.accept(scan({{7, 30}, {7, 23}}));      // two piles
    salon_.accept(scan({{8, 3}}, "VAULT/A"));  // out of the count's scope
    EXPECT_EQ(salon_.refuse(scan({{6, 1}})), "E_UNKNOWN_ITEM");
    salon_.accept(attest());
    EXPECT_EQ(row(7), "50 + 0 = 50, 53 (3) OVER");
    EXPECT_EQ(row(9), "5 + 0 = 5, 0 (-5) SHORT");
    EXPECT_EQ(row(8, "SITE/1/VAULT/A"), "0 + 0 = 0, 3 (0) UNEXPECTED");
    EXPECT_EQ(Salon::field(of_site(), "supplies"), "3");
    EXPECT_EQ(salon_.refuse(scan({{7, 50}})), "E_NO_OBLIGATION");
}

TEST_F(CountingSupplies, ABlindCountSaysNothingWhileItIsOpen) {
    open(true);
    salon_.accept(scan({{7, 49}}));
    EXPECT_EQ(row(7), "0 + 0 = 0, 49 (0) open");
    salon_.accept(attest());
    EXPECT_EQ(row(7), "50 + 0 = 50, 49 (-1) MATCHED");
}

// A batch has one time: of what it does, the order decides.
TEST_F(CountingSupplies, AScanOfTheVeryTimeOfAMove) {
    open();
    salon_.accept(Salon::atomic({salon_.move_supply("ISSUED", 1), scan({{7, 49}}), salon_.move_supply("ISSUED", 2),
                                 attest()}));
    EXPECT_EQ(row(7), "50 + -1 = 49, 49 (0) MATCHED");
}

// The day says what was found and what is missing; a slip that comes late explains it (O9).
TEST_F(CountingSupplies, TheDayTellsWhatTheyDifferBy) {
    const auto of_day = [&](int supply, const std::string& more = "") {
        for (const auto& row : Salon::rows(salon_.ask("reconciliation/1" + more), "supplies")) {
            if (Salon::field(row, "supply") != std::to_string(supply)) continue;
            const auto number = [&](const std::string& name) {
                return row.find("\"" + name + "\":") == std::string::npos ? "0" : Salon::field(row, name);
            };
            return number("opening") + " + " + number("received") + " - " + number("issued") + " + " +
                   number("adjusted") + " = " + number("expected") + ", " + number("counted") + " (" +
                   number("difference") + ")" +
                   (row.find(R"("different":true)") != std::string::npos ? " differs" : "") +
                   (row.find(R"("recheck":true)") != std::string::npos ? ", again" : "");
        }
        return std::string("none");
    };
    EXPECT_EQ(of_day(8), "0 + 20 - 0 + 0 = 20, 0 (0)");
    open();
    salon_.accept(scan({{7, 48}, {8, 17}}));
    const Position attested = salon_.accept(attest());
    salon_.accept(salon_.move_supply("ISSUED", 10));
    EXPECT_EQ(of_day(7), "0 + 50 - 10 + 0 = 40, 48 (-2)");
    EXPECT_EQ(of_day(8), "0 + 20 - 0 + 0 = 20, 17 (-3) differs");
    EXPECT_EQ(of_day(9), "0 + 5 - 0 + 0 = 5, 0 (0)");
    const std::string known = "?known_at=" + std::to_string(attested);
    const std::string before = salon_.ask("reconciliation/1" + known);
    salon_.clock("2030-03-02T11:00:00Z");
    salon_.accept(salon_.move_supply("ISSUED", 3, {"2030-03-02T09:30:00Z", "a slip", Salon::kManager}, 8));
    const std::string slip = salon_.last_id();
    EXPECT_EQ(of_day(8), "0 + 20 - 3 + 0 = 17, 17 (0), again");
    salon_.correct(slip);
    EXPECT_EQ(of_day(8), "0 + 20 - 0 + 0 = 20, 17 (-3) differs");
    // A later count stands for it, of all that it counts and nothing else.
    open();
    salon_.accept(scan({{8, 20}}));
    salon_.accept(attest());
    EXPECT_EQ(of_day(8), "0 + 20 - 0 + 0 = 20, 20 (0)");
    EXPECT_EQ(of_day(7), "0 + 50 - 10 + 0 = 40, 0 (0)");
    EXPECT_EQ(salon_.ask("reconciliation/1" + known), before);
    salon_.expect_sound();
}

// frappe/erpnext#54295, for supplies.
TEST_F(CountingSupplies, ALateMoveIsToBeCountedAgain) {
    open();
    salon_.accept(scan({{7, 50}}));
    salon_.accept(attest());
    salon_.clock("2030-03-02T10:10:00Z");
    const When late{"2030-03-02T09:30:00Z", "a slip", Salon::kManager};
    EXPECT_EQ(salon_.refuse(salon_.move_supply("ISSUED", 2, {late.at, late.late})), "E_COUNT_FENCE");
    EXPECT_FALSE(to_be_rechecked());
    const Position passed = salon_.accept(salon_.move_supply("ISSUED", 2, late));
    const std::string slip = salon_.last_id();
    EXPECT_TRUE(to_be_rechecked());
    EXPECT_FALSE(to_be_rechecked("&known_at=" + std::to_string(passed - 1)));
    EXPECT_TRUE(to_be_rechecked("&known_at=" + std::to_string(passed)));
    EXPECT_EQ(row(7), "50 + 0 = 50, 50 (0) MATCHED");  // what it found then
    EXPECT_THAT(salon_.ask("late"), HasSubstr(count_));
    // It never was; or was, and another time brought as much.
    salon_.correct(slip);
    EXPECT_FALSE(to_be_rechecked());
    const std::string again = salon_.last_id();
    salon_.correct(again, "", "", "81 HQ");
    EXPECT_TRUE(to_be_rechecked());
    salon_.accept(salon_.move_supply("RECEIVED", 2, {"2030-03-02T09:31:00Z", "a slip", Salon::kManager}));
    EXPECT_TRUE(to_be_rechecked());  // the legs are others
    // A later count stands for it.
    const std::string first = std::exchange(count_, "");
    open();
    salon_.accept(scan({{7, 50}}));
    salon_.accept(attest());
    EXPECT_FALSE(to_be_rechecked());
    count_ = first;
    EXPECT_EQ(of_site().find("recheck"), std::string::npos);
    salon_.expect_sound();
}

TEST_F(CountingSupplies, ACorrectedMoveOfBeforeIsToBeCountedAgain) {
    const std::string wrong_move = salon_.move_supply("ISSUED", 5);
    const std::string wrong = salon_.last_id();
    const std::string event = salon_.ask("events/" + std::to_string(salon_.accept(wrong_move)));
    const std::string at = Salon::field(event, "occurred_at");
    salon_.clock("2030-03-02T10:05:00Z");
    open();
    salon_.accept(scan({{7, 45}}));
    salon_.accept(attest());
    // As much of it, for another reason: nothing of the account is otherwise.
    const std::string same = salon_.move_supply("SCRAPPED", 5, {at});
    const std::string same_id = salon_.last_id();
    salon_.correct(wrong, same, same_id);
    EXPECT_FALSE(to_be_rechecked());
    const std::string more = salon_.move_supply("ISSUED", 6, {at});
    const std::string more_id = salon_.last_id();
    salon_.correct(same_id, more, more_id, "81 HQ");
    EXPECT_TRUE(to_be_rechecked());
    // A move behind the cut is none of its business.
    salon_.correct(salon_.last_id(), "", "", "80 HQ");
    EXPECT_FALSE(to_be_rechecked());
    salon_.accept(salon_.move_supply("ISSUED", 1));
    const std::string after = salon_.last_id();
    salon_.correct(after);
    EXPECT_FALSE(to_be_rechecked());
}

// A scan that is put right with its attestation; and the same of a supply's number.
TEST_F(CountingSupplies, ACorrectedScanIsAnsweredAsItWasKnown) {
    open();
    const Position scanned = salon_.accept(scan({{7, 40}}));
    const std::string wrong_scan = salon_.last_id();
    const Position attested = salon_.accept(attest());
    const std::string wrong = salon_.last_id();
    EXPECT_EQ(row(7), "50 + 0 = 50, 40 (-10) SHORT");
    const std::string known = "&known_at=" + std::to_string(attested);
    const std::string before = of_site(known);
    EXPECT_EQ(Salon::field(before, "supplies_different"), "1");
    salon_.clock("2030-03-02T10:05:00Z");
    const auto time = [&](Position event) {
        return Salon::field(salon_.ask("events/" + std::to_string(event)), "occurred_at");
    };
    const std::string scan_again = scan({{7, 49}}, "SUPPLY", {time(scanned)});
    const std::string scan_id = salon_.last_id();
    const std::string attest_again = attest({time(attested)});
    const std::string attest_id = salon_.last_id();
    const auto declare = [&](const std::string& target, const std::string& by) {
        return salon_.say("80 HQ", {"20 VM"},
                          R"("correction_declared":{"target":")" + target +
                              R"(","reason":"INCORRECT_DATA","correctives":[")" + by + "\"]}");
    };
    salon_.accept(Salon::atomic(
        {declare(wrong_scan, scan_id), declare(wrong, attest_id), scan_again, attest_again}));
    EXPECT_EQ(row(7), "50 + 0 = 50, 49 (-1) MATCHED");
    EXPECT_EQ(of_site().find("supplies_different"), std::string::npos);
    EXPECT_EQ(of_site(known), before);
    salon_.expect_sound();
}

}  // namespace
}  // namespace daybook::acceptance
