// For the tests of custody's books: events made by hand, without decide(), and the laws that the books obey after each.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/custody/decide.h"

namespace daybook::custody {

inline ItemId item_id(std::uint64_t n) { return ItemId(Uuid{0x1111, n}); }
inline ObligationId obligation_id(std::uint64_t n) { return ObligationId(Uuid{0x2222, n}); }
inline AccountId at(std::string_view path) {
    const auto id = AccountId::parse(path);
    EXPECT_TRUE(id) << path;
    return id.value_or(AccountId{});
}
inline std::string saved_items(const Books& books) {
    std::vector<std::string> rows;
    for (std::uint32_t slot = 1; slot <= books.items.size(); ++slot) save_item(books.names, books.items[slot],
                                                                               rows.emplace_back());
    std::sort(rows.begin(), rows.end());
    std::string all;
    for (const std::string& row : rows) all += row;
    return all;
}

// An event to be applied. What decide() would add is worked out from the state machine's own table of obligations: a
// moved piece ends what "ends_outside" and "ends_in" say; `ends` names what the event closes beside.
struct Step {
    EventType type{};
    Payload payload{};
    std::vector<ItemId> items{};
    AccountId to{};                       // empty: nothing moves
    ObligationId obligation{};
    std::vector<ObligationKind> ends{};   // of every line
    std::vector<ObligationRef> closes{};  // of the whole event
    SiteId site = 1;
    Micros minutes = 1;                   // after the event before
    std::vector<Line> lines{};            // instead of items: sightings and supplies
    AccountId from{};                     // of supplies
    std::optional<CountLists> lists{};    // CountAttested
    Principal actor = 501;
    Principal witness = 502;
};

class Script {
public:
    explicit Script(bool opened = true) {
        if (!opened) return;
        LedgerCreated created;
        created.entity = 9;
        apply({EventType::kLedgerCreated, created});
        for (const SiteId site : {SiteId{1}, SiteId{2}}) {
            const std::string path = "SITE/" + std::to_string(site);
            for (const char* account : {"/VAULT/A", "/VAULT/B", "/COM/C", "/HOLD", "/DISPLAY/D1", "/DISPLAY/D2",
                                        "/WINDOW", "/PERSON/71", "/PERSON/72", "/PACK", "/WORKSHOP-INT", "/SUPPLY"}) {
                AccountOpened account_opened;
                account_opened.account = at(path + account);
                Step step{EventType::kAccountOpened, account_opened};
                step.site = site;
                apply(step);
            }
        }
    }

    Books books;
    Effects effects;
    Micros now = 1'800'000'000 * kSecond;
    std::function<void(const Event&)> watch;  // told of each event, after it was applied

    [[nodiscard]] const Item& item(std::uint64_t n) const {
        const Item* found = books.items.find(item_id(n));
        EXPECT_NE(found, nullptr);
        return *found;
    }
    [[nodiscard]] const Obligation* open(std::uint64_t n) const {
        return books.find_open({obligation_id(n), DifferenceKind::kUnspecified, {}});
    }
    [[nodiscard]] const Account* account(std::string_view path) const { return books.accounts.find(at(path)); }

    void apply(const Step& step) {
        now += step.minutes * kMinute;
        Command command;
        command.type = step.type;
        command.entity = 9;
        command.site = step.type == EventType::kLedgerCreated ? 0 : step.site;
        command.actor.principal = step.actor;
        command.attest = {{step.witness, std::nullopt}};
        command.obligation = step.obligation;
        command.lines = step.lines;
        for (const ItemId& id : step.items) command.lines.push_back({id, 0, 0, 0, {}, {}});
        command.from = step.from;
        command.to = step.to;
        command.payload = step.payload;

        Decided decided;
        decided.occurred_at = now;
        if (step.type == EventType::kCountAttested) {
            decided.count_lists = std::make_unique<CountLists>(step.lists.value_or(CountLists{}));
            for (const auto* list : {&decided.count_lists->missing, &decided.count_lists->misplaced,
                                     &decided.count_lists->unexpected}) {
                for (const ItemId& id : *list) {
                    if (books.items.find(id) != nullptr) add_line(decided, id, step);
                }
            }
        } else if (step.type != EventType::kCountScanned) {
            for (const Line& line : command.lines) {
                if (line.item.empty()) {
                    decided.lines.push_back({{}, kNoPosition, step.from, step.to});
                } else {
                    add_line(decided, line.item, step);
                }
            }
        }
        for (const ObligationRef& ref : step.closes) {
            const Obligation* obligation = books.find_open(ref);
            ASSERT_NE(obligation, nullptr);
            decided.closes.push_back({Closed::kWholeEvent, ref, obligation->kind});
        }
        const Event event{command, decided, books.next, books.next, now};
        custody::apply(books, event, effects);
        if (watch) watch(event);
    }

    // A piece of a vendor's, bought, inspected and put away in SITE/{site}/VAULT/A.
    void stock(std::uint64_t n, SiteId site = 1, std::int64_t insured = 1000) {
        registered(n, insured, site);
        const std::string path = "SITE/" + std::to_string(site);
        apply_at(site, {EventType::kGoodsReceived, GoodsReceived{true}, {item_id(n)}, at(path + "/HOLD")});
        apply_at(site, {EventType::kPutAway, PutAway{}, {item_id(n)}, at(path + "/VAULT/A")});
    }
    void registered(std::uint64_t n, std::int64_t insured = 1000, SiteId site = 1) {
        ItemRegistered piece;
        piece.origin = Origin::kSupplier;
        piece.owner = {OwnerKind::kVendor, 7};
        piece.model = "Solitaire";
        piece.insured = {insured, 0};
        apply_at(site, {EventType::kItemRegistered, piece, {item_id(n)}, at("EXT/SUPPLIER/7")});
    }
    void apply_at(SiteId site, Step step) {
        step.site = site;
        apply(step);
    }

private:
    void add_line(Decided& decided, const ItemId& id, const Step& step) const {
        const auto line = static_cast<std::uint32_t>(decided.lines.size());
        const Item* item = books.items.find(id);
        if (item == nullptr) {
            decided.lines.push_back({id, kNoPosition, at("ORIGIN"), step.to});
            return;
        }
        decided.lines.push_back({id, item->last, item->account, step.to});
        const auto close = [&](std::uint32_t slot) {
            decided.closes.push_back({line, books.obligations[slot].ref, books.obligations[slot].kind});
        };
        const std::optional<State> after = step.to.empty() ? std::nullopt : state_of(step.to.kind);
        for (const std::uint32_t slot : {item->hold, item->memo_out, item->repair, item->delivery, item->reservation,
                                         item->carnet, item->memo_in}) {
            if (slot == 0) continue;
            const ObligationKind kind = books.obligations[slot].kind;
            const ObligationInfo& rule = info(kind);
            const bool told = std::find(step.ends.begin(), step.ends.end(), kind) != step.ends.end();
            const bool left = after && rule.ends_outside != 0 && !contains(rule.ends_outside, *after);
            const bool entered = after && contains(rule.ends_in, *after);
            const bool found = after && kind == ObligationKind::kDiscrepancy && *after != State::kS;
            if (told || left || entered || found) close(slot);
        }
    }
};

// What must hold of the books after every event. Each law is worked out from the pieces alone.
inline void expect_lawful(const Books& books) {
    std::map<AccountId, std::pair<std::uint32_t, std::int64_t>> held;
    std::map<std::uint32_t, std::uint32_t> named;
    std::map<std::uint32_t, std::pair<std::uint32_t, std::int64_t>> packed;
    for (std::uint32_t slot = 1; slot <= books.items.size(); ++slot) {
        const Item& item = books.items[slot];
        ASSERT_EQ(books.items.slot(item.id), slot);
        ++held[item.account].first;
        held[item.account].second += item.insured_minor;
        for (const std::uint32_t obligation : {item.hold, item.memo_out, item.repair, item.delivery, item.reservation,
                                               item.carnet, item.memo_in}) {
            if (obligation != 0) ++named[obligation];
        }
        if (const auto* disputes = books.disputes.find(item.id)) {
            ASSERT_EQ(disputes->size(), item.disputes);
            for (const std::uint32_t obligation : *disputes) ++named[obligation];
        } else {
            ASSERT_EQ(item.disputes, 0U);
        }
        if (item.parcel != 0) {
            ++packed[item.parcel].first;
            packed[item.parcel].second += item.insured_minor;
        }
        const ObligationKind wanted = info(item.state()).held_by;
        if (wanted != ObligationKind{}) {
            const std::uint32_t holder = wanted == ObligationKind::kMemoOut ? item.memo_out : item.hold;
            ASSERT_NE(holder, 0U) << "I5: nothing holds " << item.id.text() << " in " << item.account.path();
            ASSERT_EQ(books.obligations[holder].kind, wanted);
        } else {
            ASSERT_EQ(item.hold, 0U) << "I5: something holds " << item.id.text() << " in " << item.account.path();
        }
        if (item.state() == State::kT) {
            ASSERT_EQ(item.account, transit_account(books.obligations[item.hold].ref.id));
        }
    }
    for (const auto& [id, account] : books.accounts.all()) {
        ASSERT_EQ(account.pieces, held[id].first) << id.path();
        ASSERT_EQ(account.insured_minor, held[id].second) << id.path();
        std::uint32_t listed = 0;
        std::uint32_t before = 0;
        for (std::uint32_t slot = account.first; slot != 0; slot = books.items.next(slot)) {
            ASSERT_EQ(books.items[slot].account, id);
            ASSERT_EQ(books.items.prev(slot), before);
            ASSERT_LE(++listed, account.pieces);
            before = slot;
        }
        ASSERT_EQ(listed, account.pieces);
        ASSERT_TRUE(!account.opened.empty() || account.pieces != 0) << id.path() << " should be forgotten";
    }
    for (const auto& [id, sums] : held) ASSERT_TRUE(sums.first == 0 || books.accounts.find(id) != nullptr) << id.path();

    for (const auto& [id, site] : books.sites.all()) {
        for (const AccountId& empty_at_night : site.night_empty) {
            const Account* account = books.accounts.find(empty_at_night);
            ASSERT_TRUE(account != nullptr && account->night_empty && account->opened.back().to == 0);
        }
        for (const ObligationId& count : site.counts) ASSERT_NE(books.counts.find(count), nullptr);
    }

    std::size_t open = 0;
    for (std::uint32_t slot = 1; slot < books.obligations.raw_values().size(); ++slot) {
        const Obligation& obligation = books.obligations[slot];
        if (obligation.ref.id.empty()) {
            ASSERT_EQ(named.count(slot), 0U);
            continue;
        }
        ++open;
        ASSERT_EQ(obligation.open_lines, named[slot]);
        ASSERT_LE(obligation.open_lines, obligation.lines);
        ASSERT_EQ(books.find_open(obligation.ref), &obligation);
    }
    ASSERT_EQ(books.open.size(), open);
    ASSERT_EQ(books.obligations.raw_values().size() - 1, open + books.obligations.raw_free().size());
    for (const auto& [slot, sums] : packed) {
        ASSERT_EQ(books.parcels[slot].pieces, sums.first);
        ASSERT_EQ(books.parcels[slot].insured_minor, sums.second);
    }
    ASSERT_EQ(books.parcels.raw_values().size() - 1, packed.size() + books.parcels.raw_free().size());
}

}  // namespace daybook::custody
