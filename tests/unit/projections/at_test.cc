// Goal: what the views say of any (valid time, record time) is what the postings of the effects add up to, for pieces
// that are told anew too. Method: a random walk, some of whose events are turned into late facts that put a piece
// somewhere else for a while in its past; each question at random (V, R), the answer added up beside it from all
// postings.
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"
#include "tests/unit/projections/follower.h"

namespace daybook::projections {
namespace {

using custody::AccountId;

constexpr Micros kEver = std::numeric_limits<Micros>::max();

// All postings, and what pieces are worth from when on.
struct Model {
    struct Posted {
        Position position;
        custody::Posting posting;
    };
    struct Valued {
        Position position;
        Micros at;
        std::int64_t value;
    };
    std::vector<Posted> posted;
    std::map<ItemId, std::vector<Valued>> valued;
    std::vector<Micros> times;
    std::set<AccountId> accounts;

    void take(const KeptEvent& kept, const custody::Effects& effects) {
        times.push_back(kept.decided.occurred_at);
        for (const custody::ItemChange& change : effects.items) {
            const Micros at = kept.decided.occurred_at;
            const bool is_new = change.before.id.empty();
            if (!change.retold && (is_new || change.before.account != change.after.account)) {
                if (!is_new) add(kept.position, {change.after.id, change.before.account, at, -1});
                add(kept.position, {change.after.id, change.after.account, at, 1});
            }
            if (is_new || change.before.insured_minor != change.after.insured_minor) {
                valued[change.after.id].push_back({kept.position, at, change.after.insured_minor});
            }
        }
        for (const custody::Posting& posting : effects.retold) add(kept.position, posting);
    }
    void add(Position position, const custody::Posting& posting) {
        posted.push_back({position, posting});
        accounts.insert(posting.account);
        times.push_back(posting.at);
    }

    // Of each piece, the account in which its postings sum to 1.
    [[nodiscard]] std::map<ItemId, AccountId> where(const AsKnown& at) const {
        std::map<std::pair<ItemId, AccountId>, int> sums;
        for (const Posted& one : posted) {
            if (one.position >= at.known || one.posting.at > at.valid) continue;
            sums[{one.posting.item, one.posting.account}] += one.posting.sign;
        }
        std::map<ItemId, AccountId> where;
        for (const auto& [key, sum] : sums) {
            EXPECT_TRUE(sum == 0 || sum == 1);
            if (sum == 0) continue;
            EXPECT_TRUE(where.emplace(key).second) << "in two places";
        }
        return where;
    }
    [[nodiscard]] std::int64_t value(const ItemId& item, const AsKnown& at) const {
        std::pair<Micros, Position> newest{std::numeric_limits<Micros>::min(), 0};
        std::int64_t value = 0;
        const auto found = valued.find(item);
        if (found == valued.end()) return 0;
        for (const Valued& one : found->second) {
            if (one.position >= at.known || one.at > at.valid) continue;
            if (std::pair(one.at, one.position) < newest) continue;
            newest = {one.at, one.position};
            value = one.value;
        }
        return value;
    }
};

class At : public testing::TestWithParam<std::uint64_t> {
protected:
    // Turns an event without legs into one that says that its pieces were somewhere else for a while.
    void retell(const KeptEvent& kept, custody::Effects& effects) {
        for (custody::ItemChange& change : effects.items) {
            if (change.before.id.empty() || change.before.account != change.after.account) return;
        }
        for (custody::ItemChange& change : effects.items) {
            const ItemId item = change.after.id;
            if (random_() % 2 == 0) continue;
            std::vector<Micros> turns;  // the piece's
            for (const Model::Posted& one : model_.posted) {
                if (one.posting.item == item) turns.push_back(one.posting.at);
            }
            if (turns.empty()) continue;
            const Micros from = turns[random_() % turns.size()] + static_cast<Micros>(random_() % 3);
            const auto was = model_.where({from, kept.position});
            const auto here = was.find(item);
            if (here == was.end()) continue;
            // Up to where it next turns, at most.
            Micros to = kept.decided.occurred_at + 5;
            for (const Micros turn : turns) {
                if (turn > from) to = std::min(to, turn);
            }
            if (to <= from + 1) continue;
            if (to > from + 3 && random_() % 2 == 0) {
                to = from + 1 + static_cast<Micros>(random_() % static_cast<std::uint64_t>(to - from - 1));
            }
            if (to > kept.decided.occurred_at) continue;
            const AccountId there = custody::at(random_() % 2 == 0 ? "SITE/1/PERSON/71" : "SITE/2/DISPLAY/D1");
            if (there == here->second) continue;
            change.retold = true;
            effects.retold.push_back({item, here->second, from, -1});
            effects.retold.push_back({item, there, from, 1});
            effects.retold.push_back({item, there, to, -1});
            effects.retold.push_back({item, here->second, to, 1});
            ++retold_;
        }
    }

    void ask(const Views& views, const AsKnown& at) {
        const auto reading = views.read();
        ASSERT_TRUE(reading) << reading.error().message;
        SCOPED_TRACE("V " + std::to_string(at.valid) + ", R " + std::to_string(at.known) + ", seed " +
                     std::to_string(GetParam()));
        const auto where = model_.where(at);
        std::map<AccountId, std::vector<ItemId>> wanted;
        for (const auto& [item, account] : where) wanted[account].push_back(item);
        for (const AccountId& account : model_.accounts) {
            std::vector<ItemId> got;
            const auto rows = all_pages([&](const Page& page) { return reading->account_at(account, at, page); });
            for (const PieceRow& row : rows) {
                got.push_back(row.item);
                const auto chain = reading->chain(row.item, at);
                ASSERT_TRUE(chain) << chain.error().message;
                ASSERT_FALSE(chain->stays.empty());
                EXPECT_EQ(chain->stays.back().account, account);
                EXPECT_EQ(chain->stays.back().from, row.since);
                if (chain->stays.back().opened_by != kNoPosition) {
                    EXPECT_EQ(chain->stays.back().opened_by, row.since_event);
                }
            }
            ASSERT_EQ(got, wanted[account]) << account.path();
            std::int64_t insured = 0;
            for (const ItemId& item : got) insured += model_.value(item, at);
            const auto totals = reading->account_totals_at(account, at);
            ASSERT_TRUE(totals);
            EXPECT_EQ(totals->pieces, got.size());
            EXPECT_EQ(totals->insured_minor, insured) << account.path();
        }
        const auto accounts = reading->accounts_at({}, at);
        ASSERT_TRUE(accounts);
        std::erase_if(wanted, [](const auto& one) { return one.second.empty(); });
        ASSERT_EQ(accounts->rows.size(), wanted.size());
        for (const AccountRow& row : accounts->rows) EXPECT_EQ(row.pieces, wanted[row.account].size());
    }

    // The stays of every piece are gap-free and say where it was at each moment.
    void ask_chains(const Views& views, const AsKnown& at) {
        const auto reading = views.read();
        ASSERT_TRUE(reading);
        const auto where = model_.where(at);
        for (const auto& [item, account] : where) {
            const auto chain = reading->chain(item, at);
            ASSERT_TRUE(chain) << chain.error().message;
            ASSERT_FALSE(chain->stays.empty());
            for (std::size_t i = 0; i < chain->stays.size(); ++i) {
                const StayRow& stay = chain->stays[i];
                EXPECT_EQ(stay.to.has_value(), i + 1 < chain->stays.size());
                if (stay.to) {
                    EXPECT_EQ(*stay.to, chain->stays[i + 1].from);
                }
                if (random_() % 8 != 0) continue;
                const auto then = model_.where({stay.from, at.known});
                EXPECT_EQ(then.at(item), stay.account);
                EXPECT_EQ(stay.insured_minor,
                          model_.value(item, {stay.to ? *stay.to - 1 : at.valid, at.known}));
            }
        }
    }

    void ask_postings(const Views& views, Micros from, Micros to, Position known) {
        const auto reading = views.read();
        ASSERT_TRUE(reading);
        for (const AccountId& account : model_.accounts) {
            const auto postings = reading->postings(account, from, to, known);
            ASSERT_TRUE(postings) << postings.error().message;
            std::map<std::pair<Micros, Uuid>, std::int64_t> got, wanted;
            for (const PostingRow& row : *postings) got[{row.at, row.id}] += row.count;
            for (const Model::Posted& one : model_.posted) {
                const custody::Posting& posting = one.posting;
                const bool within = posting.at >= from && posting.at < to && posting.account == account;
                if (one.position >= known || !within) continue;
                wanted[{posting.at, posting.item}] += posting.sign;
            }
            std::erase_if(got, [](const auto& one) { return one.second == 0; });
            std::erase_if(wanted, [](const auto& one) { return one.second == 0; });
            ASSERT_EQ(got, wanted) << account.path() << " [" << from << ", " << to << ") known " << known;
            // I6: what was there, and what came and went, is what is there.
            const auto before = reading->account_totals_at(account, {from - 1, known});
            const auto after = reading->account_totals_at(account, {to - 1, known});
            ASSERT_TRUE(before && after);
            std::int64_t pieces = 0, insured = 0;
            for (const PostingRow& row : *postings) {
                pieces += row.count;
                insured += row.amount;
            }
            EXPECT_EQ(static_cast<std::int64_t>(before->pieces) + pieces, static_cast<std::int64_t>(after->pieces));
            EXPECT_EQ(before->insured_minor + insured, after->insured_minor);
        }
    }

    AsKnown any(Position folded) {
        return {model_.times[random_() % model_.times.size()] + static_cast<Micros>(random_() % 3) - 1,
                random_() % (folded + 1)};
    }

    std::mt19937_64 random_{GetParam()};
    Model model_;
    std::size_t retold_ = 0;
    std::size_t next_ = 0;
};

TEST_P(At, IsWhatThePostingsAddUpTo) {
    const auto events = walked(GetParam(), 500);
    const test::TempDir dir;
    Options options;
    options.dir = dir.path();
    options.ledger = LedgerId(Uuid{1, 2});
    options.run_events = 128;
    options.segment_postings = 4 + GetParam() % 5;
    custody::Books books;
    auto opened = Views::open(options, books);
    ASSERT_TRUE(opened) << opened.error().message;
    const std::unique_ptr<Views> views = std::move(*opened);
    custody::Effects effects;
    for (const KeptEvent& kept : events) {
        custody::apply(books, kept.event(), effects);
        if (random_() % 2 == 0) retell(kept, effects);
        model_.take(kept, effects);
        views->fold(kept.event(), effects);
        if (books.next % options.run_events == 0) views->settle(custody::save_book(books));
    }
    views->publish();
    EXPECT_GT(retold_, 10U);
    const Position folded = views->position();
    for (int i = 0; i < 25; ++i) ask(*views, any(folded));
    ask(*views, {kEver, folded});
    for (int i = 0; i < 5; ++i) ask_chains(*views, any(folded));
    for (int i = 0; i < 15; ++i) {
        const AsKnown one = any(folded), other = any(folded);
        ask_postings(*views, std::min(one.valid, other.valid), std::max(one.valid, other.valid), one.known);
    }
}

// What was answered stays so, to the row, whatever comes after; and when the views are opened again.
TEST_P(At, NeverChanges) {
    const auto events = walked(GetParam() + 1000, 300);
    const test::TempDir dir;
    Follower follower(dir.path(), 64);
    follower.follow(events, events.size() / 2);
    for (std::size_t at = 0; at < events.size() / 2; ++at) model_.times.push_back(events[at].decided.occurred_at);
    struct Asked {
        AsKnown at;
        std::vector<AccountRow> accounts;
    };
    const auto accounts = [&](const AsKnown& at) { return follower.views().read()->accounts_at({}, at)->rows; };
    std::vector<Asked> asked;
    for (int i = 0; i < 50; ++i) {
        const AsKnown at = any(follower.views().position());
        asked.push_back({at, accounts(at)});
    }
    const auto expect_same = [&] {
        for (const Asked& one : asked) {
            const auto again = accounts(one.at);
            ASSERT_EQ(again.size(), one.accounts.size());
            for (std::size_t i = 0; i < again.size(); ++i) {
                EXPECT_EQ(again[i].account, one.accounts[i].account);
                EXPECT_EQ(again[i].pieces, one.accounts[i].pieces);
                EXPECT_EQ(again[i].insured_minor, one.accounts[i].insured_minor);
            }
        }
    };
    follower.follow(events, events.size());
    expect_same();
    follower.reopen();
    follower.follow(events, events.size());
    expect_same();
}

INSTANTIATE_TEST_SUITE_P(Seeds, At, testing::Range<std::uint64_t>(1, 13));

}  // namespace
}  // namespace daybook::projections
