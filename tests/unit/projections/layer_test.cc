// Goal: a layer shows each reader the rows as they were at his position, while it is filled. Method: random changes
// beside a plain map of versions; and readers on threads of their own.
#include "projections/store/layer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "engine/base/bytes.h"
#include "projections/store/encoding.h"

namespace daybook::projections {
namespace {

std::string site(std::uint32_t number) {
    std::string key;
    key_u32(key, number);
    return key;
}

TEST(Layer, ShowsEveryReaderHisOwnPosition) {
    constexpr Position kFrom = 1000;
    Layer layer(kFrom);
    std::mt19937_64 random(7);
    using Rows = std::map<std::string, std::string>;
    std::vector<Rows> at{{}};  // after so many events
    for (Position events = kFrom + 1; events < kFrom + 400; ++events) {
        Rows rows = at.back();
        for (std::uint64_t changes = random() % 4; changes != 0; --changes) {
            const std::string group = site(static_cast<std::uint32_t>(random() % 5));
            const std::string suffix = std::to_string(random() % 20);
            if (random() % 3 == 0) {
                layer.erase(Table::kDue, group, suffix, events);
                rows.erase(group + suffix);
            } else {
                const std::string value = std::to_string(random());
                layer.put(Table::kDue, group, suffix, value, events);
                rows[group + suffix] = value;
            }
        }
        at.push_back(std::move(rows));
    }
    for (std::size_t i = 0; i < at.size(); i += 7) {
        Rows seen;
        LayerStream stream(layer, Table::kDue, kFrom + i);
        std::string last;
        while (stream.next()) {
            EXPECT_LT(last, stream.key());
            last = stream.key();
            if (!stream.erased()) seen.emplace(stream.key(), stream.value());
        }
        ASSERT_EQ(seen, at[i]) << i;
        // A part of it.
        const std::string lower = site(2) + "1";
        const std::string upper = end_of_prefix(site(2));
        LayerStream part(layer, Table::kDue, kFrom + i, lower, upper);
        Rows some;
        while (part.next()) {
            if (!part.erased()) some.emplace(part.key(), part.value());
        }
        ASSERT_EQ(some, Rows(at[i].lower_bound(lower), at[i].lower_bound(upper))) << i;
    }
}

TEST(Layer, WhatCameAndWentWithinItIsNotTold) {
    Layer layer(0);
    layer.put(Table::kDue, site(1), "new", "x", 1, Entry::Kind::kFresh);
    layer.put(Table::kDue, site(1), "known", "x", 1);
    layer.erase(Table::kDue, site(1), "new", 2);
    layer.erase(Table::kDue, site(1), "known", 2);
    LayerStream stream(layer, Table::kDue, 2);
    ASSERT_TRUE(stream.next());
    EXPECT_EQ(stream.key(), site(1) + "known");
    EXPECT_TRUE(stream.erased());
    EXPECT_FALSE(stream.next());
    LayerStream before(layer, Table::kDue, 1);
    EXPECT_TRUE(before.next() && before.next());
}

TEST(Layer, ListsComeInChunksThatDependOnNothingButTheList) {
    Layer layer(100);
    const std::string group(16, 'g');
    std::vector<std::pair<Position, std::string>> wanted;
    for (Position position = 100; position < 4000; position += 3) {
        for (int i = 0; i < 2; ++i) {
            const std::string entry = std::to_string(position) + "/" + std::to_string(i);
            layer.append(Table::kHistory, group, entry, position);
            wanted.emplace_back(position, entry);
        }
    }
    for (const Position events : {Position{100}, Position{101}, Position{2000}, Position{4000}}) {
        LayerStream stream(layer, Table::kHistory, events);
        std::vector<std::pair<Position, std::string>> got;
        std::size_t chunks = 0;
        while (stream.next()) {
            ++chunks;
            ASSERT_EQ(stream.key().size(), group.size() + 8);
            const Position first = get_be64(stream.key().data() + group.size());
            RowReader reader(stream.value());
            while (!reader.done()) {
                const Position position = first + reader.number();
                got.emplace_back(position, reader.text());
            }
            EXPECT_TRUE(reader.ok());
            EXPECT_LE(stream.value().size(), kChunkBytesMax + 100);
        }
        std::vector<std::pair<Position, std::string>> some;
        for (const auto& entry : wanted) {
            if (entry.first < events) some.push_back(entry);
        }
        EXPECT_EQ(got, some);
        EXPECT_EQ(chunks > 1, events == 4000 || events == 2000);
    }
}

TEST(Layer, IsReadWhileItIsFilled) {
    // The writer gives each of many rows the number of the event; a reader of n events must find no other than n's.
    Layer layer(0);
    std::atomic<Position> published{0};
    std::atomic<bool> wrong{false};
    std::atomic<int> reading{0};
    constexpr Position kEvents = 20'000;
    const auto read = [&](unsigned seed) {
        std::mt19937_64 random(seed);
        ++reading;
        while (published.load(std::memory_order_acquire) < kEvents && !wrong) {
            const Position events = published.load(std::memory_order_acquire);
            const auto row = static_cast<std::uint32_t>(random() % 64);
            const Entry* entry = layer.find(Table::kItems, site(row), {}, events);
            // The last event at or before `events` that changed this row.
            const Position newest = events < row + 1 ? 0 : events - (events - row - 1) % 64;
            const std::string wanted = newest == 0 ? "" : std::to_string(newest);
            if (newest == 0 ? entry != nullptr : (entry == nullptr || entry->value() != wanted)) wrong = true;
            std::size_t rows = 0;
            LayerStream stream(layer, Table::kItems, events);
            while (stream.next()) ++rows;
            if (rows != std::min<Position>(64, events)) wrong = true;
        }
    };
    std::thread first(read, 1);
    std::thread second(read, 2);
    while (reading < 2) std::this_thread::yield();
    for (Position events = 1; events <= kEvents; ++events) {
        layer.put(Table::kItems, site(static_cast<std::uint32_t>((events - 1) % 64)), {}, std::to_string(events),
                  events);
        published.store(events, std::memory_order_release);
    }
    first.join();
    second.join();
    EXPECT_FALSE(wrong);
}

TEST(Layer, LargeRowsAndManyGroupsFit) {
    Layer layer(0);
    const std::string large(3u << 20, 'x');
    layer.put(Table::kItems, "large", {}, large, 1);
    for (std::uint32_t i = 0; i < 50'000; ++i) layer.put(Table::kItems, site(i), {}, "v", 1);
    EXPECT_EQ(layer.find(Table::kItems, "large", {}, 1)->value(), large);
    for (std::uint32_t i = 0; i < 50'000; ++i) ASSERT_NE(layer.find(Table::kItems, site(i), {}, 1), nullptr);
    EXPECT_EQ(layer.groups(Table::kItems).size(), 50'001U);
}

TEST(Encoding, NumbersComeBack) {
    std::string bytes;
    const std::vector<std::int64_t> numbers{0,
                                            1,
                                            -1,
                                            63,
                                            -64,
                                            64,
                                            1'000'000'007,
                                            std::numeric_limits<std::int64_t>::min(),
                                            std::numeric_limits<std::int64_t>::max()};
    for (const std::int64_t number : numbers) {
        put_signed(bytes, number);
        put_number(bytes, static_cast<std::uint64_t>(number));
    }
    RowReader reader(bytes);
    for (const std::int64_t number : numbers) {
        EXPECT_EQ(reader.signed_number(), number);
        EXPECT_EQ(reader.number(), static_cast<std::uint64_t>(number));
    }
    EXPECT_TRUE(reader.ok() && reader.done());
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
        RowReader broken(std::string_view(bytes).substr(0, cut));
        for (std::size_t i = 0; i < 2 * numbers.size(); ++i) static_cast<void>(broken.number());
        EXPECT_FALSE(broken.ok()) << cut;
    }
}

TEST(Encoding, KeysSortAsTheirValues) {
    std::string before, after;
    key_time(before, -5);
    key_time(after, 3);
    EXPECT_LT(before, after);
    EXPECT_EQ(time_of_key(before.data()), -5);
    EXPECT_EQ(end_of_prefix("a\xff\xff"), "b");
    EXPECT_EQ(end_of_prefix("\xff"), "");
}

}  // namespace
}  // namespace daybook::projections
