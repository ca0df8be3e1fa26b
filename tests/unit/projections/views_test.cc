// Goal: what the views answer is what the books and the events say. Method: a random walk through the state machine,
// and after every so many events each question asked of everything there is, the answer worked out beside it by brute
// force.
#include "projections/views.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"
#include "tests/unit/projections/follower.h"

namespace daybook::projections {
namespace {

using custody::AccountClass;
using custody::AccountId;
using custody::Item;
using custody::State;

std::vector<std::uint32_t> slots_of(const custody::Books& books) {
    std::vector<std::uint32_t> slots;
    for (std::uint32_t slot = 1; slot <= books.items.size(); ++slot) slots.push_back(slot);
    return slots;
}

std::set<std::pair<custody::ObligationKind, custody::ObligationRef>> open_of(const custody::Books& books,
                                                                             const Item& item) {
    std::set<std::pair<custody::ObligationKind, custody::ObligationRef>> open;
    for (const std::uint32_t slot :
         {item.hold, item.memo_out, item.repair, item.delivery, item.reservation, item.carnet, item.memo_in}) {
        if (slot != 0) open.emplace(books.obligations[slot].kind, books.obligations[slot].ref);
    }
    if (const auto* disputes = books.disputes.find(item.id)) {
        for (const std::uint32_t slot : *disputes)
            open.emplace(custody::ObligationKind::kDiscrepancy, books.obligations[slot].ref);
    }
    return open;
}

void expect_items(const Views& views, const custody::Books& books) {
    for (const std::uint32_t slot : slots_of(books)) {
        const Item& item = books.items[slot];
        const auto answer = views.item(item.id);
        ASSERT_TRUE(answer) << answer.error().message;
        ASSERT_EQ(answer->position, books.next);
        ASSERT_TRUE(answer->row);
        const ItemRow& row = *answer->row;
        EXPECT_EQ(row.item, item.id);
        EXPECT_EQ(row.account, item.account);
        EXPECT_EQ(row.state, item.state());
        EXPECT_EQ(row.owner, item.owner);
        EXPECT_EQ(row.version, item.version);
        EXPECT_EQ(row.flags, item.flags);
        EXPECT_EQ(row.verdict, item.verdict);
        EXPECT_EQ(row.since, item.since);
        EXPECT_EQ(row.since_event, item.since_event);
        EXPECT_EQ(row.last_event, item.last);
        EXPECT_EQ(row.model, books.names.text(item.model));
        EXPECT_EQ(row.metal, books.names.text(item.metal));
        EXPECT_EQ(row.insured_minor, item.insured_minor);
        std::set<std::pair<custody::ObligationKind, custody::ObligationRef>> open;
        for (const OpenObligation& one : row.open) open.emplace(one.kind, one.ref);
        EXPECT_EQ(open, open_of(books, item));
    }
    const auto none = views.item(ItemId(Uuid{77, 77}));
    ASSERT_TRUE(none);
    EXPECT_FALSE(none->row);
}

void expect_histories(const Views& views, const custody::Books& books, const std::deque<KeptEvent>& events) {
    std::map<ItemId, std::vector<std::tuple<Position, std::uint32_t, Micros, Micros>>> histories;
    for (std::size_t at = 0; at < books.next; ++at) {
        const auto& lines = events[at].decided.lines;
        for (std::uint32_t line = 0; line < lines.size(); ++line) {
            if (lines[line].item.empty()) continue;
            histories[lines[line].item].emplace_back(at, line, events[at].decided.occurred_at, events[at].recorded_at);
        }
    }
    for (const std::uint32_t slot : slots_of(books)) {
        const ItemId id = books.items[slot].id;
        const auto& wanted = histories[id];
        EXPECT_EQ(wanted.size(), books.items[slot].version);
        for (const bool newest_first : {false, true}) {
            const auto rows = all_pages([&](const Page& page) { return views.history(id, page, newest_first); });
            std::vector<std::tuple<Position, std::uint32_t, Micros, Micros>> got;
            for (const HistoryRow& row : rows) {
                EXPECT_EQ(row.type, events[row.position].command.type);
                if (row.line != HistoryRow::kNoLine)
                    got.emplace_back(row.position, row.line, row.occurred_at, row.recorded_at);
            }
            if (newest_first) std::reverse(got.begin(), got.end());
            ASSERT_EQ(got, wanted) << id.text();
        }
    }
}

void expect_accounts(const Views& views, const custody::Books& books) {
    std::map<AccountId, std::vector<PieceRow>> held;
    std::map<AccountId, std::int64_t> insured;
    for (const std::uint32_t slot : slots_of(books)) {
        const Item& item = books.items[slot];
        held[item.account].push_back({item.id, item.since, item.since_event});
        insured[item.account] += item.insured_minor;
    }
    for (auto& [account, rows] : held) {
        std::sort(rows.begin(), rows.end(), [](const PieceRow& a, const PieceRow& b) { return a.item < b.item; });
        EXPECT_EQ(all_pages([&](const Page& page) { return views.account(account, page); }), rows) << account.path();
        const auto totals = views.account_totals(account);
        ASSERT_TRUE(totals && totals->row);
        EXPECT_EQ(totals->row->pieces, rows.size());
        EXPECT_EQ(totals->row->insured_minor, insured[account]);
    }
    const auto accounts = all_pages([&](const Page& page) { return views.accounts({}, page); });
    ASSERT_EQ(accounts.size(), held.size());
    for (const AccountRow& row : accounts) EXPECT_EQ(row.pieces, held[row.account].size()) << row.account.path();
    const auto vaults = all_pages([&](const Page& page) {
        return views.accounts({AccountClass::kSiteVault, 2}, page);
    });
    for (const AccountRow& row : vaults)
        EXPECT_TRUE(row.account.kind == AccountClass::kSiteVault && row.account.site == 2);

    std::map<custody::SupplyKey, std::pair<std::int64_t, std::int64_t>> supplies;
    for (const auto& [key, balance] : books.balances.all()) supplies[key] = {balance.quantity, balance.measure};
    std::map<custody::SupplyKey, std::pair<std::int64_t, std::int64_t>> got;
    for (const SupplyRow& row : all_pages([&](const Page& page) { return views.all_supplies(page); })) {
        got[{row.account, row.supply}] = {row.quantity, row.measure};
    }
    EXPECT_EQ(got, supplies);
}

void expect_obligations(const Views& views, const custody::Books& books, const std::deque<KeptEvent>& events) {
    using Due = std::pair<Micros, custody::ObligationRef>;
    std::vector<Due> wanted;
    for (const custody::Obligation& obligation : books.obligations.raw_values()) {
        const custody::ObligationRef& ref = obligation.ref;
        if (ref.id.empty()) continue;
        wanted.emplace_back(obligation.due_at == 0 ? std::numeric_limits<Micros>::max() : obligation.due_at, ref);
        const auto answer = views.obligation(ref);
        ASSERT_TRUE(answer && answer->row);
        EXPECT_TRUE(answer->row->open);
        EXPECT_EQ(answer->row->obligation.open_lines, obligation.open_lines);
        EXPECT_EQ(answer->row->obligation.due_at, obligation.due_at);
        EXPECT_EQ(answer->row->obligation.document, obligation.document);
        EXPECT_EQ(answer->row->obligation.to_account, obligation.to_account);
        EXPECT_EQ(answer->row->obligation.item, obligation.item);
    }
    std::sort(wanted.begin(), wanted.end());
    std::vector<Due> got;
    for (const ObligationRow& row : all_pages([&](const Page& page) { return views.due({}, page); })) {
        got.emplace_back(row.obligation.due_at == 0 ? std::numeric_limits<Micros>::max() : row.obligation.due_at,
                         row.obligation.ref);
    }
    ASSERT_EQ(got, wanted);
    std::size_t of_sites = 0;
    for (const SiteId site : {SiteId{1}, SiteId{2}}) {
        for (const ObligationRow& row : all_pages([&](const Page& page) { return views.due({site, {}, 0}, page); })) {
            EXPECT_EQ(row.obligation.site, site);
            ++of_sites;
        }
    }
    EXPECT_EQ(of_sites, wanted.size());
    const auto memos = all_pages([&](const Page& page) {
        return views.due({0, custody::ObligationKind::kMemoOut, 0}, page);
    });
    for (const ObligationRow& row : memos) EXPECT_EQ(row.obligation.kind, custody::ObligationKind::kMemoOut);
    for (std::size_t at = 0; at < books.next; ++at) {
        for (const custody::Closed& closed : events[at].decided.closes) {
            if (books.open.find(closed.obligation) != 0) continue;
            const auto answer = views.obligation(closed.obligation);
            ASSERT_TRUE(answer && answer->row);
            EXPECT_FALSE(answer->row->open);
            EXPECT_GE(answer->row->closed_by, at);
            EXPECT_EQ(answer->row->closed_at, events[answer->row->closed_by].decided.occurred_at);
        }
    }
}

// The columns of domain §9.2 D4, said once more.
std::string column_of(const Item& item) {
    const std::string code(to_string(item.state()));
    if (code == "V" || code == "D" || code == "P") {
        if (item.reservation != 0 || item.delivery != 0) return "reserved";
        if (item.has(custody::kQuarantined)) return "quarantined";
        if (item.has(custody::kDamaged)) return "damaged";
        if (item.disputes != 0) return "disputed";
        return item.carnet != 0 ? "carnet" : "available";
    }
    const std::map<std::string, std::string> others{
        {"R", "hold"}, {"K", "packed"}, {"T", "transit"}, {"M", "memo"}, {"W", "repair"}};
    const auto found = others.find(code);
    return found == others.end() ? "" : found->second;
}

using StockCounts = std::map<std::tuple<std::string, SiteId, StockOwner, std::string>, std::uint64_t>;

StockCounts counts_of(const std::vector<StockRow>& rows) {
    StockCounts counts;
    for (const StockRow& row : rows) {
        const std::vector<std::pair<std::string, std::uint64_t>> columns{
            {"available", row.available}, {"reserved", row.reserved}, {"quarantined", row.quarantined},
            {"damaged", row.damaged},     {"disputed", row.disputed}, {"carnet", row.carnet},
            {"hold", row.hold},           {"packed", row.packed},     {"transit", row.in_transit_to},
            {"memo", row.on_memo},        {"repair", row.in_repair}};
        for (const auto& [name, count] : columns) {
            if (count != 0) counts[{row.model, row.site, row.owner, name}] = count;
        }
    }
    return counts;
}

void expect_stock(const Views& views, const custody::Books& books) {
    StockCounts wanted;
    std::int64_t insured = 0;
    for (const std::uint32_t slot : slots_of(books)) {
        const Item& item = books.items[slot];
        const std::string column = column_of(item);
        if (column.empty()) continue;
        SiteId site = item.account.site;
        if (column == "transit") site = books.obligations[item.hold].to_site;
        if (column == "memo" || column == "repair") site = item.put_by;
        StockOwner owner = StockOwner::kOther;
        if (item.owner.kind == custody::OwnerKind::kHouse) owner = StockOwner::kHouse;
        if (item.owner.kind == custody::OwnerKind::kVendor) owner = StockOwner::kMemoIn;
        if (item.owner.kind == custody::OwnerKind::kClient) owner = StockOwner::kClient;
        ++wanted[{std::string(books.names.text(item.model)), site, owner, column}];
        insured += item.insured_minor;
    }
    StockQuery all;
    all.own_only = false;
    const auto rows = all_pages([&](const Page& page) { return views.stock(all, page); }, 3);
    EXPECT_EQ(counts_of(rows), wanted);
    for (const StockRow& row : rows) insured -= row.insured_minor;
    EXPECT_EQ(insured, 0);

    StockQuery one;
    one.model = "Trilogy";
    one.site = 1;
    for (const StockRow& row : all_pages([&](const Page& page) { return views.stock(one, page); })) {
        EXPECT_EQ(row.model, "Trilogy");
        EXPECT_EQ(row.site, 1U);
        EXPECT_EQ(row.owner, StockOwner::kHouse);
    }
}

void expect_search(const Views& views, const custody::Books& books) {
    std::map<std::string, std::set<ItemId>> by_model;
    for (const std::uint32_t slot : slots_of(books)) {
        by_model[std::string(books.names.text(books.items[slot].model))].insert(books.items[slot].id);
    }
    for (const auto& [model, wanted] : by_model) {
        std::set<ItemId> got;
        SearchQuery query;
        query.model = model;
        for (const FoundRow& row : all_pages([&](const Page& page) { return views.search(query, page); })) {
            EXPECT_TRUE(got.insert(row.item).second);
        }
        EXPECT_EQ(got, wanted) << model;
    }
    SearchQuery everything;
    everything.metal = "gold";
    EXPECT_EQ(all_pages([&](const Page& page) { return views.search(everything, page); }).size(), books.items.size());
    SearchQuery text;
    text.text = "tri";
    EXPECT_EQ(all_pages([&](const Page& page) { return views.search(text, page); }).size(), by_model["Trilogy"].size());
    SearchQuery none;
    none.stone = "opal";
    EXPECT_TRUE(all_pages([&](const Page& page) { return views.search(none, page); }).empty());
}

void expect_days(const Views& views, const custody::Books& books, const std::deque<KeptEvent>& events) {
    for (const SiteId site : {SiteId{1}, SiteId{2}}) {
        std::vector<Position> sales;
        for (std::size_t at = 0; at < books.next; ++at) {
            if (events[at].command.site != site) continue;
            if (events[at].command.type == custody::EventType::kSaleCompleted) sales.push_back(at);
        }
        std::vector<Position> got;
        for (const DayEntryRow& row : all_pages([&](const Page& page) { return views.day(site, 0, page); })) {
            if (row.kind == DayEntryKind::kSale) got.push_back(row.position);
        }
        EXPECT_EQ(got, sales);  // the walk closes no day
    }
}

// The registers and numbers, from the events alone. The walk's commands have no encoded form, so only the numbers that
// custody knows are there.
void expect_registers(const Views& views, const custody::Books& books, const std::deque<KeptEvent>& events) {
    std::map<std::pair<Register, SiteId>, std::vector<RegisterRow>> wanted;
    std::map<std::string, std::vector<NumberRow>> numbers;
    for (std::size_t at = 0; at < books.next; ++at) {
        const custody::Command& command = events[at].command;
        if (command.late.flag) wanted[{Register::kLate, 0}].push_back({at, command.site});
        if (command.type == custody::EventType::kCountAttested || command.type == custody::EventType::kCountAbandoned)
            wanted[{Register::kCounts, command.site}].push_back({at, command.site});
        if (const auto* memo = std::get_if<custody::MemoOutIssued>(&command.payload))
            numbers[std::string(memo->memo)].push_back({at, codec::PaperKind::kMemo});
        if (const auto* sale = std::get_if<custody::SaleCompleted>(&command.payload))
            numbers[std::string(sale->invoice)].push_back({at, codec::PaperKind::kInvoice});
    }
    const auto reading = views.read();
    ASSERT_TRUE(reading) << reading.error().message;
    for (const Register name : {Register::kLate, Register::kCorrections, Register::kCounts}) {
        for (const SiteId site : {SiteId{0}, SiteId{1}, SiteId{2}}) {
            const auto got = reading->entries(name, site, 0, books.next, ~std::size_t{0});
            ASSERT_TRUE(got) << got.error().message;
            EXPECT_EQ(*got, (wanted[{name, site}]));
        }
    }
    for (const auto& [number, rows] : numbers) {
        if (number.empty()) continue;
        const auto got = reading->number(number, 0, books.next, ~std::size_t{0});
        ASSERT_TRUE(got) << got.error().message;
        std::vector<NumberRow> same;
        for (const NumberRow& row : *got) {
            if (row.kind == codec::PaperKind::kMemo || row.kind == codec::PaperKind::kInvoice) same.push_back(row);
        }
        for (const NumberRow& row : rows) EXPECT_TRUE(std::find(same.begin(), same.end(), row) != same.end()) << number;
    }
    const auto none = reading->number("no such number", 0, books.next, ~std::size_t{0});
    ASSERT_TRUE(none);
    EXPECT_TRUE(none->empty());
}

void expect_everything(Follower& follower, const std::deque<KeptEvent>& events) {
    const Views& views = follower.views();
    const custody::Books& books = follower.books();
    ASSERT_EQ(views.position(), books.next);
    expect_items(views, books);
    expect_histories(views, books, events);
    expect_accounts(views, books);
    expect_obligations(views, books, events);
    expect_stock(views, books);
    expect_search(views, books);
    expect_days(views, books, events);
    expect_registers(views, books, events);
}

class ViewsWalk : public testing::TestWithParam<std::uint64_t> {};

TEST_P(ViewsWalk, AnswersAreThoseOfTheBooks) {
    SCOPED_TRACE("seed " + std::to_string(GetParam()));
    const test::TempDir dir;
    const auto events = walked(GetParam(), 1500);
    Follower follower(dir.path(), 128, 7);
    for (std::size_t end = 60; end <= events.size(); end += 97) {
        follower.follow(events, end);
        expect_everything(follower, events);
        if (HasFatalFailure() || HasFailure()) return;
    }
}

TEST_P(ViewsWalk, ComeBackAfterEveryCrash) {
    SCOPED_TRACE("seed " + std::to_string(GetParam()));
    const auto events = walked(GetParam(), 900, 5);
    const test::TempDir straight_dir;
    Follower straight(straight_dir.path(), 128);
    straight.follow(events, events.size());

    const test::TempDir dir;
    Follower broken(dir.path(), 128, 3);
    std::mt19937_64 random(GetParam());
    while (broken.views().folded() < events.size()) {
        const std::size_t end = std::min(events.size(), broken.views().folded() + 1 + random() % 400);
        while (broken.views().folded() < end) broken.take(events[broken.views().folded()]);
        if (random() % 2 == 0) broken.views().publish();
        const Position folded = broken.views().folded();
        if (folded == events.size()) break;
        broken.reopen();
        ASSERT_EQ(broken.views().folded() % 128, 0U);
        ASSERT_LE(broken.views().folded(), folded);
        ASSERT_EQ(broken.books().next, broken.views().folded());
    }
    broken.views().publish();
    EXPECT_EQ(digests_of(broken.views()), digests_of(straight.views()));
    expect_everything(broken, events);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ViewsWalk, testing::Values(1, 2, 3));

TEST(Views, DigestsDoNotDependOnWhenReadersLookedOrRunsSettled) {
    const auto events = walked(11, 700);
    std::vector<std::string> first;
    for (const std::uint32_t publish : {1U, 7U, 1000U}) {
        const test::TempDir dir;
        Follower follower(dir.path(), 300, publish);
        follower.follow(events, events.size());
        if (first.empty()) first = digests_of(follower.views());
        EXPECT_EQ(digests_of(follower.views()), first);
    }
}

TEST(Views, ReadersNeverSeeAPartOfAnAtomicBatch) {
    // Batches longer than two runs: folding must not wait for a run that waits for readers.
    const auto events = walked(12, 250, 50);
    const test::TempDir dir;
    Follower follower(dir.path(), 16, 1);
    std::set<Position> ends{0};
    for (const KeptEvent& event : events) ends.insert(event.batch_last + 1);
    for (const KeptEvent& event : events) {
        follower.take(event);
        follower.views().publish();
        ASSERT_TRUE(ends.contains(follower.views().position())) << follower.views().position();
    }
    EXPECT_EQ(follower.views().position(), events.size());
    expect_everything(follower, events);
}

TEST(Views, PagesOfAnAccountDoNotShiftUnderWrites) {
    const auto events = walked(13, 2500);
    const test::TempDir dir;
    Follower follower(dir.path(), 300, 1);
    std::size_t shifted = 0;
    for (std::size_t begin = 600; begin + 300 < events.size(); begin += 400) {
        follower.follow(events, begin);
        // The account with the most pieces, and what it holds.
        AccountRow most;
        for (const AccountRow& row : all_pages([&](const Page& page) { return follower.views().accounts({}, page); })) {
            if (row.pieces > most.pieces) most = row;
        }
        const auto whole = follower.views().account(most.account, Page{10'000, {}});
        ASSERT_TRUE(whole);
        ASSERT_GT(whole->rows.size(), 6U);
        std::vector<PieceRow> paged;
        Page page{3, {}};
        do {
            const auto answer = follower.views().account(most.account, page);
            ASSERT_TRUE(answer) << answer.error().message;
            EXPECT_EQ(answer->position, begin);
            paged.insert(paged.end(), answer->rows.begin(), answer->rows.end());
            page.cursor = answer->next;
            follower.follow(events, std::min(events.size(), follower.views().folded() + 20));
        } while (!page.cursor.empty());
        EXPECT_EQ(paged, whole->rows);
        const auto now = follower.views().account(most.account, Page{10'000, {}});
        ASSERT_TRUE(now);
        if (now->rows != whole->rows) ++shifted;
    }
    EXPECT_GT(shifted, 0U) << "nothing moved meanwhile: the test shows nothing";
}

TEST(Views, AnswersOfOneReadingAreOfOnePosition) {
    // Readers count the pieces three ways, in two views, while events are folded and runs come in.
    const auto events = walked(16, 3000, 3);
    const test::TempDir dir;
    Follower follower(dir.path(), 250, 1);
    follower.follow(events, 200);
    std::atomic<bool> done{false};
    std::atomic<int> readings{0};
    std::atomic<int> wrong{0};
    const auto read = [&] {
        while (!done) {
            const auto reading = follower.views().read();
            if (!reading) {
                ++wrong;
                return;
            }
            std::uint64_t in_totals = 0;
            std::uint64_t in_pages = 0;
            const auto accounts = reading->accounts({}, Page{10'000, {}});
            for (const AccountRow& row : accounts->rows) {
                in_totals += row.pieces;
                in_pages += reading->account(row.account, Page{10'000, {}})->rows.size();
            }
            SearchQuery gold;
            gold.metal = "gold";
            const std::uint64_t found = reading->search(gold, Page{10'000, {}})->rows.size();
            if (in_totals != in_pages || in_totals != found || found == 0) ++wrong;
            ++readings;
        }
    };
    std::thread first(read);
    std::thread second(read);
    while (readings == 0 && wrong == 0) std::this_thread::yield();
    follower.follow(events, events.size());
    done = true;
    first.join();
    second.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_GT(readings, 0);
}

TEST(Views, BadCursorsAreRefused) {
    const auto events = walked(14, 200);
    const test::TempDir dir;
    Follower follower(dir.path(), 64);
    follower.follow(events, events.size());
    const AccountId vault = custody::at("SITE/1/VAULT/A");
    for (const std::string cursor : {"x", "1", "1-", "1-zz", "1-abc", "99999999-00112233445566778899aabbccddeeff",
                                     "18446744073709551616-00112233445566778899aabbccddeeff", "1-0011"}) {
        const auto answer = follower.views().account(vault, Page{5, cursor});
        ASSERT_FALSE(answer) << cursor;
        EXPECT_EQ(answer.error().code, ErrorCode::kInvalid);
    }
    EXPECT_EQ(follower.views().account(vault, Page{0, {}}).error().code, ErrorCode::kInvalid);
    EXPECT_EQ(follower.views().account(vault, Page{limits::kPageRowsMax + 1, {}}).error().code, ErrorCode::kInvalid);
}

TEST(Views, WaitForHasADeadline) {
    const auto events = walked(15, 50);
    const test::TempDir dir;
    Follower follower(dir.path(), 1000, 1);
    follower.follow(events, 10);
    EXPECT_TRUE(follower.views().wait_for(10, after(std::chrono::seconds(0))));
    EXPECT_FALSE(follower.views().wait_for(11, after(std::chrono::milliseconds(5))));
    std::thread folder([&] { follower.follow(events, 20); });
    EXPECT_TRUE(follower.views().wait_for(20, after(std::chrono::seconds(30))));
    folder.join();
}

}  // namespace
}  // namespace daybook::projections
