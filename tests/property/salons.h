// The engine that a model is held against: two salons, opened.
#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <daybook/ledger.h>
#include "engine/log/event_log.h"
#include "projections/views.h"
#include "tests/property/salon_generator.h"
#include "tests/property/salon_model.h"
#include "tests/support/temp_dir.h"

namespace daybook::model {

// The engine under test, with the same two salons opened.
class Salons {
public:
    explicit Salons(const Clock* clock = nullptr) : dir_(test::TempDir::in_memory()) {
        const auto made = Ledger::create(dir_.path());
        RC_ASSERT(made.has_value());
        LedgerOptions options;
        options.dir = dir_.path();
        options.clock = clock;
        auto ledger = Ledger::open(std::move(options));
        RC_ASSERT(ledger.has_value());
        ledger_ = std::move(*ledger);
        std::string grants;
        for (const auto& [principal, role] : std::vector<std::pair<int, std::string>>{{1, "SYS"},
                                                                                      {10, "OC"},
                                                                                      {11, "OC"},
                                                                                      {20, "VM"},
                                                                                      {21, "VM"},
                                                                                      {30, "SEC"},
                                                                                      {40, "SA"},
                                                                                      {41, "SM"},
                                                                                      {50, "QA"},
                                                                                      {60, "WK"},
                                                                                      {70, "LG"},
                                                                                      {80, "HQ"},
                                                                                      {90, "ACC"}}) {
            grants += (grants.empty() ? "" : ",") +
                      (R"({"principal":)" + std::to_string(principal) + R"(,"role":")" + role + "\"}");
        }
        must(R"({"event_id":")" + event_id() + R"(","entity":1,"actor":{"principal":1,"role":"SYS"},)" +
             R"("ledger_created":{"entity":1,"currency":"EUR","grants":[)" + grants + "]}}");
        for (const int site : {1, 2}) {
            for (const auto* rest :
                 {"VAULT/A", "VAULT/B", "COM/C", "HOLD", "DISPLAY/D", "DISPLAY/E", "PERSON/40", "PACK", "SUPPLY"}) {
                must(R"({"event_id":")" + event_id() + R"(","entity":1,"site":)" + std::to_string(site) +
                     R"(,"actor":{"principal":80,"role":"HQ"},"account_opened":{"account":"SITE/)" +
                     std::to_string(site) + "/" + rest + "\"}}");
            }
        }
        must(R"({"event_id":")" + event_id() + R"(","entity":1,"site":1,"actor":{"principal":10,"role":"OC"},)" +
             R"("supply_registered":{"supply":7,"sku":"BOX","unit":"piece"}})");
        opened_ = ledger_->head();
    }
    ~Salons() { static_cast<void>(ledger_->close()); }

    // The code of the refusal; "" where it was accepted.
    std::string submit(const Act& act) { return submit(act, event_id()); }
    std::string submit(const Act& act, const std::string& event_id) {
        last_ = ledger_->submit_json(act.json(event_id));
        return code();
    }
    // All or none; the code stands for the whole.
    std::string submit_atomic(const std::vector<std::string>& commands) {
        std::string json = R"({"atomic":true,"commands":[)";
        for (const auto& command : commands) json += (json.back() == '[' ? "" : ",") + command;
        last_ = ledger_->submit_json(json + "]}");
        return code();
    }
    // Of the last accepted command.
    [[nodiscard]] std::optional<std::int64_t> recorded_at() const {
        const std::size_t at = last_.find(R"("recorded_at":")");
        if (at == std::string::npos) return std::nullopt;
        const std::size_t begin = at + 15;
        return parse_time(last_.substr(begin, last_.find('"', begin) - begin));
    }
    [[nodiscard]] Ledger& ledger() { return *ledger_; }
    [[nodiscard]] const std::string& last() const { return last_; }

    // One place (I2), the obligation law (I5) and the balance (I1, I3), all by comparison with the model's books.
    void compare(const SalonModel& model) {
        RC_ASSERT(ledger_->wait_for(ledger_->head(), after(std::chrono::seconds(30))));
        std::map<std::string, std::uint64_t> in_account;
        for (const auto& [id, piece] : model.pieces()) {
            const auto row = ledger_->views().item(*ItemId::parse(id));
            RC_ASSERT(row.has_value());
            RC_ASSERT(row->row.has_value());
            RC_ASSERT(row->row->account.path() == piece.account);
            RC_ASSERT(static_cast<long>(row->row->version) == piece.version);
            const std::string owner = (row->row->owner.kind == custody::OwnerKind::kHouse ? "HOUSE:" : "CLIENT:") +
                                      std::to_string(row->row->owner.id);
            RC_ASSERT(owner == piece.owner);
            RC_ASSERT(((row->row->flags & custody::kQuarantined) != 0) == piece.quarantined);
            RC_ASSERT(row->row->open.size() == piece.open.size() + piece.disputes.size());
            for (const auto& [kind, obligation] : piece.open) RC_ASSERT(names(*row->row, obligation));
            ++in_account[piece.account];
        }
        for (const auto& [path, pieces] : in_account) {
            const auto totals = ledger_->views().account_totals(*custody::AccountId::parse(path));
            RC_ASSERT(totals.has_value());
            RC_ASSERT(totals->row.has_value());
            RC_ASSERT(totals->row->pieces == pieces);
        }
        for (const int site : {1, 2}) {
            const auto balance =
                ledger_->views().supplies(*custody::AccountId::parse("SITE/" + std::to_string(site) + "/SUPPLY"));
            RC_ASSERT(balance.has_value());
            const long quantity = balance->rows.empty() ? 0 : static_cast<long>(balance->rows[0].quantity);
            RC_ASSERT(quantity == model.supply(site));
        }
    }

    // Events before the salons were open: what the models number 0 stands there.
    [[nodiscard]] Position opened() const { return opened_; }

    // "{id}", "{id}:{item}" or "{count}:{kind}:{item}".
    static std::string name_of(const custody::ObligationRef& ref) {
        static const std::map<custody::DifferenceKind, std::string> kKinds = {
            {custody::DifferenceKind::kMissing, "MISSING:"},
            {custody::DifferenceKind::kMisplaced, "MISPLACED:"},
            {custody::DifferenceKind::kUnexpected, "UNEXPECTED:"}};
        std::string text = ref.id.text();
        if (ref.item.empty()) return text;
        const auto kind = kKinds.find(ref.kind);
        return text + ":" + (kind == kKinds.end() ? "" : kind->second) + ref.item.text();
    }

    void verify_views() {
        const auto checked = ledger_->views().verify(ledger_->event_log());
        RC_ASSERT(checked.has_value());
        for (const auto& view : *checked) RC_ASSERT(view.difference.empty());
    }

private:
    static bool names(const projections::ItemRow& row, const std::string& obligation) {
        return std::any_of(row.open.begin(), row.open.end(), [&](const projections::OpenObligation& open) {
            return name_of(open.ref) == obligation;
        });
    }
    [[nodiscard]] std::string code() const {
        const std::size_t at = last_.find(R"("code":")");
        return at == std::string::npos ? "" : last_.substr(at + 8, last_.find('"', at + 8) - at - 8);
    }
    std::string event_id() { return uuid(9, ++events_); }
    void must(const std::string& json) {
        const std::string answer = ledger_->submit_json(json);
        RC_ASSERT(answer.find("error") == std::string::npos);
    }

    test::TempDir dir_;
    std::unique_ptr<Ledger> ledger_;
    std::uint64_t events_ = 0;
    Position opened_ = 0;  // events before the salons were open
    std::string last_;
};

}  // namespace daybook::model
