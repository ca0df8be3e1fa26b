// Counting ten thousand pieces while five hundred of them move (odoo#56769, OCA/stock-logistics-warehouse#2343), and
// late moves afterwards.
#include <gmock/gmock.h>

#include <array>
#include <set>
#include <utility>

#include "tests/acceptance/salon.h"

namespace daybook::acceptance {
namespace {

using testing::HasSubstr;

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

}  // namespace
}  // namespace daybook::acceptance
