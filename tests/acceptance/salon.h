// A salon behind the public door: commands as JSON, answers as JSON, a clock that the test sets.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <daybook/ledger.h>
#include "engine/api/audit.h"
#include "engine/api/questions.h"
#include "projections/views.h"
#include "tests/support/engine.h"
#include "tests/support/published.h"
#include "tests/support/temp_dir.h"

namespace daybook::acceptance {

// When, and with what excuse.
struct When {
    std::string at = {};      // occurred_at; empty: left out
    std::string late = {};    // its reason; empty: not flagged
    int approver = 0;         // late.approver, who attests as VM
};

class Salon {
public:
    static constexpr int kCoordinator = 10, kOther = 11, kManager = 20, kSecurity = 30, kAssociate = 40, kQuality = 50,
                         kHeadquarters = 80;

    // Two salons, 1 and 2, with their accounts; `opened` is the clock's first time, later than that of the machine on
    // which the ledger is made, because record time never goes back.
    explicit Salon(const std::string& opened = "2030-03-02T08:00:00Z") {
        clock_.set(*parse_time(opened));
        EXPECT_TRUE(Ledger::create(dir_.path()).has_value());
        open();
        std::string grants;
        for (const auto& [who, role] : std::vector<std::pair<int, std::string>>{
                 {1, "SYS"}, {10, "OC"}, {11, "OC"}, {20, "VM"}, {30, "SEC"}, {40, "SA"}, {41, "SM"}, {50, "QA"},
                 {60, "WK"}, {70, "LG"}, {80, "HQ"}, {81, "HQ"}, {90, "ACC"}}) {
            grants += (grants.empty() ? "" : ",") + (R"({"principal":)" + std::to_string(who)) + R"(,"role":")" + role +
                      "\"}";
        }
        accept(R"({"event_id":")" + id() + R"(","entity":1,"actor":{"principal":1,"role":"SYS"},)" +
               R"("ledger_created":{"entity":1,"currency":"EUR","grants":[)" + grants + "]}}");
        for (const int site : {1, 2}) {
            site_ = site;
            for (const auto* rest : {"VAULT/A", "VAULT/B", "COM/C", "HOLD", "DISPLAY/D", "PERSON/40", "PACK", "SUPPLY"})
                accept(say("80 HQ", {}, R"("account_opened":{"account":)" + quoted(here(rest)) + "}"));
        }
        site_ = 1;
    }
    ~Salon() {
        published_.end();
        static_cast<void>(ledger_->close());
    }

    void open() {
        LedgerOptions options;
        options.dir = dir_.path();
        options.clock = &clock_;
        ledger_ = test::must(Ledger::open(std::move(options)));
        questions_ = std::make_unique<api::Questions>(*ledger_, clock_, [] { return api::EngineStatus{}; });
        published_.begin(*ledger_);
    }
    void reopen() {
        published_.end();
        questions_.reset();
        ASSERT_TRUE(ledger_->close().has_value());
        ledger_.reset();
        open();
    }

    // ---- Time and place ----
    void clock(const std::string& at) { clock_.set(*parse_time(at)); }
    void at_site(int site) { site_ = site; }
    [[nodiscard]] std::string here(const std::string& rest) const {
        return "SITE/" + std::to_string(site_) + "/" + rest;
    }

    // ---- Commands ----
    std::string id() { return ids_.next(); }
    // "10 OC"; who attests likewise; the payload as "signed_out":{…}; lines, to and the rest in `more`.
    std::string say(const std::string& actor, const std::vector<std::string>& attest, const std::string& payload,
                    const std::string& more = "", const When& when = {}) {
        last_id_ = id();
        std::string out = R"({"event_id":")" + last_id_ + R"(","entity":1,"site":)" + std::to_string(site_) +
                          R"(,"actor":)" + signer(actor, false);
        std::vector<std::string> all = attest;
        if (when.approver != 0) all.push_back(std::to_string(when.approver) + " VM");
        for (std::size_t i = 0; i < all.size(); ++i) out += (i == 0 ? R"(,"attest":[)" : ",") + signer(all[i], true);
        if (!all.empty()) out += "]";
        if (!when.at.empty()) out += R"(,"occurred_at":)" + quoted(when.at);
        if (!when.late.empty()) {
            out += R"(,"late":{"flag":true,"reason":)" + quoted(when.late);
            if (when.approver != 0) out += R"(,"approver":)" + std::to_string(when.approver);
            out += "}";
        }
        return out + more + "," + payload + "}";
    }
    [[nodiscard]] const std::string& last_id() const { return last_id_; }
    // That an event did not occur, or occurred as `instead` says, of which `right` is the id: what is to be submitted.
    // `by`: another than whose event it is.
    std::string correction(const std::string& target, const std::string& instead = "", const std::string& right = "",
                           const std::string& by = "80 HQ") {
        std::string declared = R"("correction_declared":{"target":)" + quoted(target);
        declared += instead.empty() ? R"(,"reason":"DID_NOT_OCCUR"})"
                                    : R"(,"reason":"INCORRECT_DATA","correctives":[)" + quoted(right) + "]}";
        const std::string declaration = say(by, {"20 VM"}, declared);
        return instead.empty() ? declaration : atomic({declaration, instead});
    }
    Position correct(const std::string& target, const std::string& instead = "", const std::string& right = "",
                     const std::string& by = "80 HQ") {
        return accept(correction(target, instead, right, by));
    }

    // The position; a refusal fails the test.
    Position accept(const std::string& json) {
        const std::string answer = ledger_->submit_json(json);
        const auto at = answer.find(R"("position":)");
        const bool accepted = at != std::string::npos && answer.find(R"("error":)") == std::string::npos;
        EXPECT_TRUE(accepted) << json << "\n" << answer;
        if (!accepted) return kNoPosition;
        published_.catch_up();
        return std::stoull(answer.substr(at + 11 + (answer[at + 11] == '"' ? 1 : 0)));
    }
    // The code of the refusal; the whole answer is in last_answer().
    std::string refuse(const std::string& json) {
        last_answer_ = ledger_->submit_json(json);
        const auto at = last_answer_.find(R"("code":")");
        if (at == std::string::npos) return "accepted";
        return last_answer_.substr(at + 8, last_answer_.find('"', at + 8) - at - 8);
    }
    [[nodiscard]] const std::string& last_answer() const { return last_answer_; }
    static std::string atomic(const std::vector<std::string>& commands) {
        std::string json = R"({"atomic":true,"commands":[)";
        for (const auto& command : commands) json += (json.back() == '[' ? "" : ",") + command;
        return json + "]}";
    }

    // ---- What salons do ----
    static std::string lines(const std::vector<std::string>& items) {
        std::string out = R"(,"lines":[)";
        for (const auto& item : items) out += (out.back() == '[' ? "" : ",") + (R"({"item":")" + item + "\"}");
        return out + "]";
    }
    static std::string to(const std::string& account) { return R"(,"to":)" + quoted(account); }
    static std::string opens(const std::string& obligation) { return R"(,"obligation_id":)" + quoted(obligation); }

    void open_vault() { accept(say("10 OC", {"30 SEC"}, R"("vault_opened":{})", opens(id()))); }
    // Pieces that come in, are inspected and wait to be put away.
    std::vector<std::string> receive(int pieces) {
        std::vector<std::string> items;
        for (int i = 0; i < pieces; ++i) {
            items.push_back(id());
            accept(say("10 OC", {}, R"("item_registered":{"origin":"OPENING","owner":{"kind":"HOUSE","id":1}})",
                       lines({items.back()}) + to("EXT/SUPPLIER/501")));
        }
        accept(say("10 OC", {"500"}, R"("goods_received":{})", lines(items) + to(here("HOLD"))));
        accept(say("50 QA", {}, R"("inspection_recorded":{"phase":"IN","verdict":"PASS"})", lines(items)));
        return items;
    }
    std::string put_away(const std::vector<std::string>& items, const std::string& bin, const When& when = {}) {
        return say("10 OC", {}, R"("put_away":{})", lines(items) + to(here(bin)), when);
    }
    // Pieces that come in and are put away.
    std::vector<std::string> bring(int pieces, const std::string& bin = "VAULT/A") {
        auto items = receive(pieces);
        accept(put_away(items, bin));
        return items;
    }
    // A supply comes in, or is used up.
    std::string move_supply(const std::string& kind, int quantity, const When& when = {}, int supply = 7) {
        const bool in = kind == "RECEIVED";
        return say("10 OC", {}, R"("supply_moved":{"kind":)" + quoted(kind) + "}",
                   R"(,"lines":[{"supply":)" + std::to_string(supply) + R"(,"quantity":)" + std::to_string(quantity) +
                       R"(,"from":)" +
                       quoted(in ? "EXT/SUPPLIER/501" : here("SUPPLY")) + R"(,"to":)" +
                       quoted(in ? here("SUPPLY") : "CONSUMED") + "}]",
                   when);
    }
    std::string sign_out(const std::string& item, const When& when = {}) {
        return say("10 OC", {"40"}, R"("signed_out":{"purpose":"DISPLAY"})",
                   lines({item}) + to(here("DISPLAY/D")) + opens(id()), when);
    }
    std::string sign_in(const std::string& item, const When& when = {}, const std::string& bin = "VAULT/A") {
        return say("10 OC", {"40"}, R"("signed_in":{})", lines({item}) + to(here(bin)), when);
    }
    // A count of one account in which `seen` are found; its name and the position of its attestation.
    std::pair<std::string, Position> count(const std::string& account, const std::vector<std::string>& seen,
                                           const std::string& kind = "SPOT") {
        const std::string count = id();
        accept(say("10 OC", {},
                   R"("count_opened":{"kind":")" + kind + R"(","accounts":[)" + quoted(here(account)) + "]}",
                   opens(count)));
        if (!seen.empty())
            accept(say("10 OC", {}, R"("count_scanned":{"method":"RFID"})",
                       opens(count) + to(here(account)) + lines(seen)));
        return {count, accept(say("10 OC", {"11"}, R"("count_attested":{})", opens(count)))};
    }

    // ---- Questions ----
    // "items/0195…?valid_at=…"; an error comes as its code.
    std::string ask(const std::string& question) {
        EXPECT_TRUE(ledger_->wait_for(ledger_->head(), after(std::chrono::seconds(30))));
        const auto answer = questions_->answer(api::Question::parse(question));
        return answer ? *answer : std::string(to_string(answer.error().code)) + ": " + answer.error().message;
    }
    std::string where(const std::string& item) { return field(ask("items/" + item), "account"); }
    // At a valid time, as is known now, or as it was known before a position.
    std::string where(const std::string& item, const std::string& valid, std::optional<Position> known = std::nullopt) {
        const auto chain = test::must(reading().chain(*ItemId::parse(item), as_known(valid, known)));
        return chain.stays.empty() ? "nowhere" : chain.stays.back().account.path();
    }
    std::uint64_t pieces_in(const std::string& account, const std::string& valid,
                            std::optional<Position> known = std::nullopt) {
        const auto id = *custody::AccountId::parse(account);
        return test::must(reading().account_totals_at(id, as_known(valid, known))).pieces;
    }
    std::int64_t supply_in(const std::string& account, const std::string& valid) {
        const auto id = *custody::AccountId::parse(account);
        const auto rows = test::must(reading().supplies_at(id, as_known(valid, std::nullopt))).rows;
        return rows.empty() ? 0 : rows[0].quantity;
    }
    // The first value of a field in an answer.
    static std::string field(const std::string& json, const std::string& name) {
        const auto at = json.find("\"" + name + "\":");
        if (at == std::string::npos) return "no " + name + " in " + json;
        auto begin = at + name.size() + 3;
        while (begin < json.size() && (json[begin] == ' ' || json[begin] == '"')) ++begin;
        return json.substr(begin, json.find_first_of("\",}", begin) - begin);
    }
    // The objects of a list in an answer, each as its text.
    static std::vector<std::string> rows(const std::string& json, const std::string& list) {
        std::vector<std::string> rows;
        auto at = json.find("\"" + list + "\":[");
        if (at == std::string::npos) return rows;
        at = json.find('[', at) + 1;
        int depth = 0;
        for (auto begin = at; at < json.size() && (depth > 0 || json[at] != ']'); ++at) {
            if (json[at] == '{' && depth++ == 0) begin = at;
            if (json[at] == '}' && --depth == 0) rows.push_back(json.substr(begin, at + 1 - begin));
        }
        return rows;
    }
    // The life of a document, as the types of its events.
    std::vector<std::string> life(const std::string& number) {
        std::vector<std::string> types;
        for (const auto& row : rows(ask("documents/" + number), "rows")) types.push_back(field(row, "type"));
        return types;
    }
    // Everything that was recorded is in order, by the auditor; and consumers of the stream have what the engine has.
    void expect_sound() {
        const auto audited = test::must(api::audit(*ledger_, {}));
        EXPECT_TRUE(audited.ok) << audited.json;
        expect_published();
    }
    void expect_published() {
        published_.catch_up();
        EXPECT_EQ(published_.difference(), "");
    }
    Ledger& ledger() { return *ledger_; }

    static std::string quoted(const std::string& text) { return "\"" + text + "\""; }

private:
    projections::Reading reading() {
        EXPECT_TRUE(ledger_->wait_for(ledger_->head(), after(std::chrono::seconds(30))));
        return test::must(ledger_->views().read());
    }
    projections::AsKnown as_known(const std::string& valid, std::optional<Position> known) {
        return {*parse_time(valid), known.value_or(ledger_->head())};
    }
    static std::string signer(const std::string& text, bool attests) {
        const auto space = text.find(' ');
        std::string out = R"({"principal":)" + text.substr(0, space);
        if (space != std::string::npos) out += R"(,"role":)" + quoted(text.substr(space + 1));
        return out + (attests ? R"(,"method":"PIN"})" : "}");
    }

    test::TempDir dir_{test::TempDir::in_memory()};
    test::FakeClock clock_;
    test::Ids ids_{20260302};
    std::unique_ptr<Ledger> ledger_;
    std::unique_ptr<api::Questions> questions_;
    test::Published published_;
    int site_ = 1;
    std::string last_answer_, last_id_;
};

}  // namespace daybook::acceptance
