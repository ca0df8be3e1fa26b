// Saving, loading and taking back, held against random walks through the state machine.
#include <map>

#include "tests/unit/custody/walk.h"

namespace daybook::custody {
namespace {

constexpr int kSeeds = 12;
constexpr int kSteps = 1200;

// Both parts of what the read model keeps.
std::string saved(const Books& books) { return save_book(books) + saved_items(books); }

void load(const Books& from, Books& to) {
    const auto book = load_book(to, save_book(from));
    ASSERT_TRUE(book) << book.error().message;
    // In another order than theirs: the slots of pieces and the lists of accounts will differ.
    for (auto slot = static_cast<std::uint32_t>(from.items.size()); slot != 0; --slot) {
        std::string bytes;
        save_item(from.names, from.items[slot], bytes);
        const auto item = load_item(to, bytes);
        ASSERT_TRUE(item) << item.error().message;
    }
}

// What a reader of effects knows: the pieces and open obligations as the changes leave them.
class Reader {
public:
    void read(const Effects& effects) {
        for (const ItemChange& change : effects.items) {
            ASSERT_EQ(change.before.id.empty(), pieces_.count(change.after.id) == 0);
            ASSERT_TRUE(change.before.id.empty() || same(pieces_[change.after.id], change.before));
            pieces_[change.after.id] = change.after;
        }
        for (const ObligationChange& change : effects.obligations) {
            const bool known = open_.count(change.obligation.ref) != 0;
            ASSERT_EQ(known, change.what != ObligationChange::What::kOpened);
            if (change.what == ObligationChange::What::kClosed) {
                open_.erase(change.obligation.ref);
            } else {
                open_[change.obligation.ref] = {change.obligation.open_lines, change.obligation.due_at, change.slot};
            }
        }
    }
    void expect_same_as(const Books& books) {
        ASSERT_EQ(pieces_.size(), books.items.size());
        for (const auto& [id, item] : pieces_) ASSERT_TRUE(same(item, *books.items.find(id))) << id.text();
        ASSERT_EQ(open_.size(), books.open.size());
        for (const auto& [ref, known] : open_) {
            const Obligation* obligation = books.find_open(ref);
            ASSERT_NE(obligation, nullptr);
            ASSERT_EQ(known, std::tuple(obligation->open_lines, obligation->due_at, books.open.find(ref)));
        }
    }

private:
    static bool same(const Item& a, const Item& b) {
        const Names no_names;
        std::string left;
        std::string right;
        for (auto [item, bytes] : {std::pair(a, &left), std::pair(b, &right)}) {
            item.model = item.collection = item.category = item.metal = item.stone = 0;
            save_item(no_names, item, *bytes);
        }
        return left == right;
    }
    std::map<ItemId, Item> pieces_;
    std::map<ObligationRef, std::tuple<std::uint32_t, Micros, std::uint32_t>> open_;
};

TEST(WalkTest, EveryStepLeavesTheBooksLawful) {
    for (int seed = 1; seed <= kSeeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Script script;
        Walk walk(static_cast<std::uint64_t>(seed));
        std::set<State> seen;
        for (int i = 0; i < kSteps; ++i) {
            walk.step(script);
            ASSERT_NO_FATAL_FAILURE(expect_lawful(script.books)) << "step " << i;
            for (const ItemChange& change : script.effects.items) seen.insert(change.after.state());
        }
        EXPECT_GE(seen.size(), kStateCount - 3) << "the walk goes nearly everywhere";
    }
}

TEST(WalkTest, EffectsSayEverythingThatChanged) {
    for (int seed = 1; seed <= kSeeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Script script;
        Walk walk(static_cast<std::uint64_t>(seed));
        Reader reader;
        Position before = script.books.next;
        for (int i = 0; i < kSteps; ++i) {
            walk.step(script);
            if (script.books.next == before) continue;  // it found nothing to do
            before = script.books.next;
            ASSERT_NO_FATAL_FAILURE(reader.read(script.effects));
        }
        ASSERT_NO_FATAL_FAILURE(reader.expect_same_as(script.books));
    }
}

TEST(WalkTest, LoadedBooksAreTheSavedOnesAndGoOnTheSame) {
    for (int seed = 1; seed <= kSeeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Script script;
        Walk walk(static_cast<std::uint64_t>(seed));
        for (int i = 0; i < kSteps; ++i) walk.step(script);

        Script loaded(false);
        ASSERT_NO_FATAL_FAILURE(load(script.books, loaded.books));
        ASSERT_NO_FATAL_FAILURE(expect_lawful(loaded.books));
        ASSERT_EQ(saved(loaded.books), saved(script.books));
        for (const auto& [party, sum] : script.books.memo_sums.all()) {
            const PartySum* other = loaded.books.memo_sums.find(party);
            ASSERT_NE(other, nullptr);
            ASSERT_EQ(other->insured_minor, sum.insured_minor);
        }

        // One step at a time, drawn from the one and applied to both: the walk itself would draw by slot.
        loaded.now = script.now;
        for (std::uint32_t slot = 1; slot <= script.books.items.size(); ++slot) {
            const ItemId id = script.books.items[slot].id;
            if (script.books.items[slot].state() == State::kZ) continue;
            const ObligationId discrepancy(Uuid{3, slot});
            for (Script* one : {&script, &loaded}) {
                one->apply({EventType::kDiscrepancyOpened, DiscrepancyOpened{DifferenceKind::kCondition}, {id}, {},
                            discrepancy});
            }
        }
        ASSERT_EQ(saved(loaded.books), saved(script.books));
    }
}

TEST(WalkTest, WhatIsTakenBackWasNeverThere) {
    for (int seed = 1; seed <= kSeeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Script script;
        Walk walk(static_cast<std::uint64_t>(seed));
        Script plain;  // goes the kept steps only
        Walk plain_walk(static_cast<std::uint64_t>(seed));
        std::mt19937_64 random(static_cast<std::uint64_t>(seed) * 77);
        for (int round = 0; round < 60; ++round) {
            const std::string before = saved(script.books);
            const auto mark = walk.mark();
            const Micros now = script.now;
            script.books.journal.begin();
            for (std::uint64_t steps = random() % 40; steps != 0; --steps) walk.step(script);
            script.books.journal.rollback();
            ASSERT_NO_FATAL_FAILURE(expect_lawful(script.books));
            ASSERT_EQ(saved(script.books), before);
            walk.back_to(mark);
            script.now = now;

            // And a batch that is kept, on both.
            script.books.journal.begin();
            const std::uint64_t kept = random() % 20;
            for (std::uint64_t i = 0; i < kept; ++i) walk.step(script);
            script.books.journal.commit();
            for (std::uint64_t i = 0; i < kept; ++i) plain_walk.step(plain);
            ASSERT_EQ(saved(script.books), saved(plain.books));
        }
    }
}

TEST(SaveTest, APieceIsReadWithoutBooks) {
    Script script;
    script.stock(1, 1, 4200);
    std::string bytes;
    save_item(script.books.names, script.item(1), bytes);
    const auto read = read_item(bytes);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->model, "Solitaire");
    EXPECT_EQ(read->item.account, at("SITE/1/VAULT/A"));
    EXPECT_EQ(read->item.insured_minor, 4200);
    EXPECT_EQ(read->item.model, 0U);
    EXPECT_LT(bytes.size(), 160U);
}

TEST(SaveTest, DamageIsAnErrorAndNeverACrash) {
    Script script;
    Walk walk(5);
    for (int i = 0; i < 400; ++i) walk.step(script);
    const std::string book = save_book(script.books);
    std::string piece;
    save_item(script.books.names, script.books.items[3], piece);
    std::mt19937_64 random(5);
    for (std::size_t size = 0; size < piece.size(); ++size) EXPECT_FALSE(read_item(piece.substr(0, size)));
    EXPECT_FALSE(read_item(piece + "x"));
    for (std::size_t i = 0; i < 300; ++i) {
        Books cut;
        EXPECT_FALSE(load_book(cut, book.substr(0, random() % book.size())));
    }
    // A changed byte may give other books, which the store's checksums are there to tell; but it is never a crash.
    int refused = 0;
    for (std::size_t i = 0; i < 3000; ++i) {
        std::string changed = i % 2 == 0 ? book : piece;
        changed[random() % changed.size()] = static_cast<char>(random());
        Books books;
        if (i % 2 == 0) {
            refused += load_book(books, changed) ? 0 : 1;
        } else if (load_book(books, book)) {
            refused += load_item(books, changed) ? 0 : 1;
        }
    }
    EXPECT_GT(refused, 100);
}

TEST(SaveTest, AnotherFormatIsNamed) {
    Script script;
    std::string book = save_book(script.books);
    book[0] = 9;
    Books books;
    const auto loaded = load_book(books, book);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, ErrorCode::kNewerFormat);
    EXPECT_EQ(load_book(books, "").error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace daybook::custody
