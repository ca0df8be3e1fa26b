// A log that no engine has judged: events written straight with the codec and the log, right or wrong as the test
// wants.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/audit/audit.h"
#include "engine/codec/event_codec.h"
#include "engine/codec/obligation_text.h"
#include "engine/sequencer/unique_ids.h"
#include "tests/support/commands.h"
#include "tests/support/engine.h"
#include "tests/support/temp_dir.h"

namespace daybook::test {

// What the engine would add to a command, as the test makes it up.
struct Plan {
    std::string to = {};     // a leg of each piece line; empty: nothing moves
    std::string from = {};   // empty: where the piece is
    std::vector<std::pair<custody::ObligationKind, std::string>> closes = {};  // of each piece line
    std::optional<Position> prev = std::nullopt;          // of each line; else the true one
    std::optional<Position> batch_last = std::nullopt;    // else its own
    Micros recorded_at = 0;                                // 0: a minute after the one before
    custody::CountLists lists = {};                        // CountAttested
    std::vector<std::string> engine_lines = {};            // pieces of lines that the engine writes
};

// As JSON has bytes (RFC 4648).
inline std::string base64(std::span<const unsigned char> bytes) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    std::uint32_t bits = 0;
    int have = 0;
    for (const unsigned char byte : bytes) {
        bits = bits << 8 | byte;
        for (have += 8; have >= 6; have -= 6) out += kDigits[bits >> (have - 6) & 63];
    }
    if (have > 0) out += kDigits[bits << (6 - have) & 63];
    out.append((4 - out.size() % 4) % 4, '=');
    return out;
}
inline std::string base64(std::string_view bytes) {
    return base64(std::span(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

class Crafted {
public:
    static constexpr Micros kStart = 1'772'000'000 * kSecond;

    Crafted() {
        must(log::EventLog::create(log_options(dir_.path()), LedgerId(Uuid{1, 2}), kStart));
        log_ = must(log::EventLog::open(log_options(dir_.path())));
    }

    // Writes an event; its position.
    Position add(const std::string& json, const Plan& plan = {}) {
        codec::CommandBatch batch;
        test::add(batch, json);
        const custody::Command& command = batch[0];
        const Position position = log_->head();
        now_ = plan.recorded_at != 0 ? plan.recorded_at : now_ + kMinute;
        custody::Decided decided;
        decided.occurred_at = command.occurred_at.value_or(now_);
        const bool seen = command.type == custody::EventType::kCountScanned;
        for (const auto& line : command.lines) {
            if (seen) continue;
            decided.lines.push_back(line.item.empty() ? supply(line) : leg(line.item, plan));
        }
        for (const auto& item : plan.engine_lines) decided.lines.push_back(leg(*ItemId::parse(item), plan));
        for (std::uint32_t line = 0; line < decided.lines.size(); ++line) {
            if (!decided.lines[line].item.empty()) last_[decided.lines[line].item] = position;
            for (const auto& [kind, ref] : plan.closes)
                decided.closes.push_back({line, *codec::parse_obligation(ref), kind});
        }
        if (command.type == custody::EventType::kCountAttested)
            decided.count_lists = std::make_unique<custody::CountLists>(plan.lists);
        log::Group group;
        group.first = position;
        codec::append_event({command, decided, position, plan.batch_last.value_or(position), now_}, group.bytes);
        group.ends = {static_cast<std::uint32_t>(group.bytes.size())};
        must(sequencer::unique_ids_of(group.bytes, position, group.ids));
        group.last_recorded_at = std::max(now_, log_->last_recorded_at());
        must(log_->append(group));
        occurred_.push_back(decided.occurred_at);
        return position;
    }

    [[nodiscard]] audit::Report audit(Position from = 0, Position to = kNoPosition, std::size_t memory = 1u << 20,
                                      const audit::Keys& keys = {}) {
        audit::Options options;
        options.keys = keys;
        options.from = from;
        options.to = to;
        options.scratch = dir_.path();
        options.memory_bytes = memory;
        return must(audit::run(*log_, nullptr, options));
    }
    log::EventLog& log() { return *log_; }
    [[nodiscard]] Micros now() const { return now_; }
    [[nodiscard]] Micros occurred(Position event) const { return occurred_[event]; }
    std::string id() { return ids_.next(); }

private:
    custody::LineFacts leg(const ItemId& item, const Plan& plan) {
        custody::LineFacts facts;
        facts.item = item;
        const auto last = last_.find(item);
        facts.prev = plan.prev ? *plan.prev : last == last_.end() ? kNoPosition : last->second;
        custody::AccountId& at = at_.try_emplace(item, *custody::AccountId::parse("ORIGIN")).first->second;
        facts.from = plan.from.empty() ? at : *custody::AccountId::parse(plan.from);
        if (!plan.to.empty()) facts.to = at = *custody::AccountId::parse(plan.to);
        return facts;
    }
    static custody::LineFacts supply(const custody::Line& line) { return {{}, kNoPosition, line.from, line.to}; }

    TempDir dir_{TempDir::in_memory()};
    std::unique_ptr<log::EventLog> log_;
    Ids ids_{7};
    Micros now_ = kStart;
    std::vector<Micros> occurred_;  // by position
    std::map<ItemId, Position> last_;
    std::map<ItemId, custody::AccountId> at_;
};

// A salon in order: rings in the vault of site 1, and a session open.
class CraftedSalon : public Crafted {
public:
    static constexpr const char* kRing = "0195c0de-0000-7000-8000-0000000000a1";
    static constexpr const char* kOther = "0195c0de-0000-7000-8000-0000000000a2";

    CraftedSalon() {
        std::string grants;
        for (const auto& [principal, role] : std::vector<std::pair<int, std::string>>{
                 {1, "SYS"}, {10, "OC"}, {11, "OC"}, {12, "VM"}, {13, "HQ"}, {14, "SEC"}, {15, "SA"}, {16, "SM"},
                 {17, "WK"}, {18, "ACC"}, {19, "QA"}}) {
            grants += (grants.empty() ? "" : ",") +
                      (R"({"principal":)" + std::to_string(principal) + R"(,"role":")" + role + "\"}");
        }
        add(R"({"event_id":")" + id() + R"(","entity":1,"actor":{"principal":1,"role":"SYS"},)" +
            R"("ledger_created":{"entity":1,"currency":"EUR","grants":[)" + grants + "]}}");
        for (const auto* path : {"HOLD", "VAULT/A", "DISPLAY/C1", "PACK", "SUPPLY"}) open_account(path);
        session_ = id();
        session_opened_ = add(command("10 OC", {"14 SEC"}, "", R"("vault_opened":{})", session_));
        for (const auto* item : {kRing, kOther}) {
            add(command("10 OC", {}, item,
                        R"("item_registered":{"origin":"OPENING","owner":{"kind":"HOUSE","id":1},"category":"RING",)"
                        R"("stones":[{"type":"DIAMOND"}],"insured":{"minor":100000,"currency":"EUR"}})"),
                {.to = "EXT/SUPPLIER/7"});
            add(command("10 OC", {"11"}, item, R"("goods_received":{})"), {.to = "SITE/1/HOLD"});
            add(command("19 QA", {}, item, R"("inspection_recorded":{"phase":"IN","verdict":"PASS"})"));
            add(command("10 OC", {}, item, R"("put_away":{})"), {.to = "SITE/1/VAULT/A"});
        }
    }

    [[nodiscard]] const std::string& session() const { return session_; }
    [[nodiscard]] Position session_opened() const { return session_opened_; }
    void open_account(const std::string& rest, const std::string& more = "") {
        add(command("13 HQ", {}, "", R"("account_opened":{"account":"SITE/1/)" + rest + "\"" + more + "}"));
    }

    // "10 OC" as the actor, "11" or "12 VM" as those who attest.
    std::string command(const std::string& actor, const std::vector<std::string>& attest, const std::string& item,
                        const std::string& payload, const std::string& obligation = "", const std::string& more = "") {
        std::string out = R"({"event_id":")" + (event_id_.empty() ? id() : std::exchange(event_id_, "")) +
                          R"(","entity":1,"site":1,"actor":)" + signer(actor);
        for (std::size_t i = 0; i < attest.size(); ++i)
            out += (i == 0 ? R"(,"attest":[)" : ",") + signer(attest[i], true);
        if (!attest.empty()) out += "]";
        if (!obligation.empty()) out += R"(,"obligation_id":")" + obligation + "\"";
        if (!item.empty()) out += R"(,"lines":[{"item":")" + item + "\"}]";
        return out + more + "," + payload + "}";
    }
    // The id of the next command(), where a test must know it.
    void next_id(const std::string& id) { event_id_ = id; }

    Position sign_out(const std::string& obligation, const std::string& item = kRing) {
        return add(command("10 OC", {"15"}, item, R"("signed_out":{"purpose":"PHOTO"})", obligation),
                   {.to = "SITE/1/DISPLAY/C1"});
    }
    Position sign_in(const std::string& obligation, const std::string& item = kRing) {
        return add(command("10 OC", {"15"}, item, R"("signed_in":{})"),
                   {.to = "SITE/1/VAULT/A", .closes = {{custody::ObligationKind::kSignout, obligation}}});
    }

private:
    static std::string signer(const std::string& text, bool attests = false) {
        const auto space = text.find(' ');
        std::string out = R"({"principal":)" + text.substr(0, space);
        if (space != std::string::npos) out += R"(,"role":")" + text.substr(space + 1) + "\"";
        return out + (attests ? R"(,"method":"PIN"})" : "}");
    }

    std::string session_, event_id_;
    Position session_opened_ = 0;
};

}  // namespace daybook::test
