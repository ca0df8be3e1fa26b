// Records prepared ahead: nothing left out, nothing twice, in order, in pieces that end where transactions may.
#include "engine/stream/internal/pump.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <thread>

#include "engine/base/limits.h"
#include "engine/codec/stream_codec.h"
#include "tests/support/made_events.h"
#include "tests/support/made_state.h"
#include "tests/support/wait.h"

namespace daybook::stream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const LedgerId kLedger = *LedgerId::parse("0190b5f0-7a3e-7c11-8d2f-0000000000aa");
constexpr std::uint32_t kPartitions = 4;

RecordMaker maker() { return {kLedger, kPartitions, ValueFormat::kJson}; }
Floors no_floors() { return {std::vector<std::optional<RecordPlace>>(kPartitions), 0}; }

// Takes pieces until the pump has nothing in the making.
std::vector<Piece> take_all(Pump& pump) {
    std::vector<Piece> pieces;
    while (true) {
        auto piece = pump.take(Pump::When::kInTheMaking, after(seconds(20)));
        EXPECT_TRUE(piece) << piece.error().message;
        if (!piece || !*piece) return pieces;
        pieces.push_back(std::move(**piece));
    }
}

TEST(PumpTest, GivesEveryRecordOnceAndInOrder) {
    const test::MadeSource source(20'000);
    Pump pump(source, nullptr, maker(), 0, no_floors());
    const auto pieces = take_all(pump);
    std::vector<RecordPlace> expected;
    for (Position position = 0; position < 20'000; ++position) {
        const auto parts = std::max<std::size_t>(1, source.events().items_of(position).size());
        for (std::uint32_t part = 0; part < parts; ++part) expected.push_back({position, part});
    }
    std::vector<RecordPlace> seen;
    for (const Piece& piece : pieces) {
        for (const Record& record : piece.records) {
            if (record.topic == Topic::kEvents) seen.push_back(record.place);
        }
    }
    EXPECT_EQ(seen, expected);
    EXPECT_EQ(pieces.back().next, 20'000U);
    EXPECT_TRUE(pieces.back().boundary);
}

TEST(KnownPiecesTest, KnowsTheNewestOfEachUntilThereAreTooMany) {
    KnownPieces known;
    const auto item = [](std::uint64_t number) { return ItemId(Uuid{number % 7, number + 1}); };
    for (std::uint64_t i = 0; i < limits::kStreamPiecesKnownMax; ++i) {
        ASSERT_EQ(known.find(item(i)), nullptr);
        known.set(item(i), {i, i, 0});
        known.set(item(i / 2), {i, i + 1, 0});
    }
    for (std::uint64_t i = 0; i < limits::kStreamPiecesKnownMax; ++i) {
        const auto* const one = known.find(item(i));
        ASSERT_NE(one, nullptr);
        const bool again = i < limits::kStreamPiecesKnownMax / 2;
        ASSERT_EQ(one->last_event, again ? 2 * i + 2 : i) << i;
    }
    known.set(item(limits::kStreamPiecesKnownMax), {1, 2, 3});
    EXPECT_EQ(known.find(item(0)), nullptr);
    ASSERT_NE(known.find(item(limits::kStreamPiecesKnownMax)), nullptr);
    EXPECT_EQ(known.find(item(limits::kStreamPiecesKnownMax))->content, 3U);
}

TEST(PumpTest, AllStateComesBeforeTheEventsAndHasAnEnd) {
    test::MadeEvents events;
    events.items = 3 * limits::kStreamPieceRecordsTarget;
    const test::MadeSource source(2 * events.items, events);
    const test::MadeState state(source);
    Pump pump(source, &state, maker(), source.head() - 1, no_floors(), Pump::Begin::kAllState);
    const auto pieces = take_all(pump);
    std::set<std::string> written;
    std::size_t last = 0;
    for (std::size_t i = 0; i < pieces.size() && last == 0; ++i) {
        EXPECT_TRUE(pieces[i].boundary);
        EXPECT_EQ(pieces[i].next, source.head() - 1);
        for (const Record& record : pieces[i].records) {
            EXPECT_EQ(record.topic, Topic::kCustody);
            EXPECT_TRUE(written.insert(record.key).second);
        }
        if (pieces[i].ends_all_state) last = i;
    }
    EXPECT_GE(last, 2U);  // in several pieces, of which the last alone says so
    std::set<std::string> expected;
    const test::MadeReading now(source.events(), source.head());
    ASSERT_TRUE(now.all_pieces(ValueFormat::kJson, [&](const ItemId& item, const PieceState&) {
        expected.insert(item.text());
        return Result<void>();
    }));
    EXPECT_EQ(written, expected);
    EXPECT_EQ(pieces.back().next, source.head());
}

TEST(PumpTest, EndsPiecesWhereAtomicBatchesEnd) {
    const test::MadeSource source(5'000);
    Pump pump(source, nullptr, maker(), 0, no_floors());
    for (const Piece& piece : take_all(pump)) {
        ASSERT_TRUE(piece.boundary);
        EXPECT_EQ(source.events().batch_last(piece.next - 1), piece.next - 1);
        EXPECT_EQ(piece.root, *source.root(piece.next));
    }
}

TEST(PumpTest, LeavesOutWhatIsPublishedAlready) {
    const test::MadeSource source(1'000);
    auto floors = no_floors();
    floors.events[1] = RecordPlace{500, 0};
    Pump pump(source, nullptr, maker(), 100, floors);
    std::size_t in_1 = 0;
    for (const Piece& piece : take_all(pump)) {
        for (const Record& record : piece.records) {
            EXPECT_GE(record.place.position, 100U);
            if (record.topic != Topic::kEvents || record.partition != 1) continue;
            ++in_1;
            EXPECT_GT(record.place, (RecordPlace{500, 0}));
        }
    }
    EXPECT_GT(in_1, 0U);
}

// From the frames alone the log can be written again, and each is checked against the tree.
TEST(PumpTest, FramesHoldTheLogByteForByte) {
    const test::MadeSource source(3'000);
    auto floors = no_floors();
    floors.log = 1'234;  // what a torn commit left: the first frame begins inside a piece
    Pump pump(source, nullptr, maker(), 1'000, floors);
    Position next = 1'234;
    for (const Piece& piece : take_all(pump)) {
        for (const Record& record : piece.records) {
            if (record.topic != Topic::kLog) continue;
            EXPECT_EQ(record.place.position, next);
            const auto frame = codec::read_log_frame(record.value, [&](std::string_view stored) {
                EXPECT_EQ(stored, source.events().stored(next));
                ++next;
            });
            ASSERT_TRUE(frame) << frame.error().message;
            EXPECT_EQ(frame->ledger, kLedger);
            EXPECT_EQ(frame->first, record.place.position);
            EXPECT_EQ(frame->root_before, *source.root(frame->first));
            EXPECT_EQ(frame->root, *source.root(next));
            EXPECT_EQ(parse_frame_id(kLedger.text(), frame_id(kLedger.text(), frame->first, record.parts)), next);
        }
    }
    EXPECT_EQ(next, 3'000U);
}

TEST(PumpTest, WritesThePiecesThatEventsHaveTouched) {
    const test::MadeSource source(1'000);
    const test::MadeState state(source);
    const test::MadeReading now(source.events(), 1'000);
    Pump pump(source, &state, maker(), 0, no_floors());
    std::map<std::string, std::string> custody;
    std::set<std::string> models;
    for (const Piece& piece : take_all(pump)) {
        std::set<std::string> in_piece;
        for (const Record& record : piece.records) {
            if (record.topic == Topic::kEvents) {
                const bool newest = !record.item.empty() &&
                                    now.last_of(record.item.low & 0xffffffffffffULL) == record.place.position;
                EXPECT_EQ(!record.after.empty(), newest) << record.place.position;
            }
            if (record.topic != Topic::kCustody) continue;
            EXPECT_TRUE(in_piece.insert(record.key).second) << "twice in a piece: " << record.key;
            EXPECT_EQ(record.place.position, 999U) << "as of the reading";
            EXPECT_EQ(record.tombstone, record.value.empty());
            custody[record.key] = record.value;
        }
        models.insert(piece.models.begin(), piece.models.end());
    }
    std::map<std::string, std::string> expected;
    ASSERT_TRUE(now.all_pieces(ValueFormat::kJson, [&](const ItemId& item, const PieceState& piece) {
        expected[item.text()] = piece.value;
        return Result<void>();
    }));
    EXPECT_EQ(custody, expected);
    EXPECT_EQ(models.size(), 5U);
}

// A piece that moved, was then seen in a count, and of which a discrepancy was resolved by an event without lines.
class Sightings : public stream::Source {
public:
    Sightings() {
        v1::Event seen = test::MadeEvents{}.message(1);
        seen.mutable_command()->clear_relocated();
        seen.mutable_command()->mutable_count_scanned();
        seen.mutable_command()->set_obligation_id(test::made_uuid(3, 1));
        seen.mutable_command()->mutable_lines(0)->set_item(test::made_item(0));
        seen.clear_lines();
        v1::Event resolved = test::MadeEvents{}.message(2);
        const std::string discrepancy = test::made_uuid(3, 1) + ":MISPLACED:" + test::made_item(0);
        resolved.mutable_command()->clear_relocated();
        resolved.mutable_command()->mutable_discrepancy_resolved();
        resolved.mutable_command()->set_obligation_id(discrepancy);
        resolved.mutable_command()->clear_lines();
        resolved.mutable_command()->clear_to();
        resolved.clear_lines();
        resolved.add_closes()->set_obligation(discrepancy);
        resolved.mutable_closes(0)->set_kind(v1::ObligationKind::DISCREPANCY);
        for (const v1::Event& event : {test::MadeEvents{}.message(0), seen, resolved}) {
            events_.push_back(event.SerializeAsString());
        }
    }
    [[nodiscard]] Position head() const override { return events_.size(); }
    [[nodiscard]] Position wait_past(Position seen, Deadline deadline) const override {
        if (seen >= head()) std::this_thread::sleep_until(deadline);
        return head();
    }
    [[nodiscard]] Result<void> read(Position from, Position to, const Visit& visit) const override {
        for (Position position = from; position < to; ++position) {
            if (!visit(position, events_[position])) break;
        }
        return {};
    }
    [[nodiscard]] Result<Hash> root(Position) const override { return Hash{}; }

private:
    std::vector<std::string> events_;
};
class SightingsState : public stream::StateSource {
    // The piece's newest event is the first.
    class Reading : public test::MadeReading {
    public:
        Reading() : MadeReading({}, 1) {}
        [[nodiscard]] Position position() const override { return 3; }
        [[nodiscard]] Result<std::vector<ItemId>> pieces_of(const custody::ObligationRef& ref) const override {
            return std::vector{ref.item};
        }
    };

public:
    [[nodiscard]] Result<std::unique_ptr<StateReading>> read(Position, Deadline) const override {
        return std::unique_ptr<StateReading>(std::make_unique<Reading>());
    }
};

TEST(PumpTest, ASightingHidesNoPieceAndAnEventWithoutLinesNamesIt) {
    const Sightings source;
    const SightingsState state;
    Pump pump(source, &state, maker(), 0, no_floors());
    std::map<Position, std::string> after;
    std::size_t custody = 0;
    for (const Piece& piece : take_all(pump)) {
        for (const Record& record : piece.records) {
            if (record.topic == Topic::kEvents) after[record.place.position] = record.after;
            custody += record.topic == Topic::kCustody ? 1U : 0U;
        }
    }
    EXPECT_EQ(after[0], "{\"version\":0}");
    EXPECT_EQ(after[1], "");
    EXPECT_EQ(after[2], "{\"item\":\"" + test::made_item(0) + "\"}");
    EXPECT_EQ(custody, 1U);
}

TEST(PumpTest, RecordsThatAreGivenBackHoldNothingOfBefore) {
    const test::MadeSource source(20'000);
    const test::MadeState state(source);
    using Told = std::tuple<Topic, std::string, std::string, std::string, bool, std::string>;
    const auto tell = [](const Piece& piece, std::vector<Told>& all) {
        for (const Record& one : piece.records) {
            all.emplace_back(one.topic, one.key, one.value, one.after, one.tombstone, one.item.text());
        }
    };
    std::vector<Told> kept, given_back;
    {
        Pump pump(source, &state, maker(), 0, no_floors());
        for (const Piece& piece : take_all(pump)) tell(piece, kept);
    }
    Pump pump(source, &state, maker(), 0, no_floors());
    while (true) {
        auto piece = pump.take(Pump::When::kInTheMaking, after(seconds(20)));
        ASSERT_TRUE(piece) << piece.error().message;
        if (!*piece) break;
        tell(**piece, given_back);
        pump.give_back(std::move((*piece)->records));
        EXPECT_TRUE((*piece)->records.empty());
    }
    EXPECT_EQ(given_back, kept);
}

TEST(StateRecordsTest, StockIsWrittenOnceUntilItChanges) {
    const LedgerId ledger = kLedger;
    StateRecords records(ledger, kPartitions, ValueFormat::kJson);
    const test::MadeEvents events;
    Records out;
    ASSERT_TRUE(records.add_stock(test::MadeReading(events, 1'000), "M-1", out));
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].topic, Topic::kStock);
    EXPECT_EQ(out[0].key, "M-1|1");
    EXPECT_EQ(out[0].place.position, 999U);
    ASSERT_TRUE(records.add_stock(test::MadeReading(events, 1'001), "M-1", out));
    EXPECT_EQ(out.size(), 1U) << "the same numbers";
    ASSERT_TRUE(records.add_stock(test::MadeReading(events, 1), "M-1", out));
    ASSERT_EQ(out.size(), 2U);
    EXPECT_TRUE(out[1].tombstone);
}

TEST(PumpTest, WaitsForNewEventsAndForRoom) {
    test::MadeSource source(0);
    Pump pump(source, nullptr, maker(), 0, no_floors());
    EXPECT_FALSE(pump.take(Pump::When::kAny, after(milliseconds(1)))->has_value());
    source.grow_to(1);
    const auto piece = pump.take(Pump::When::kAny, after(seconds(20)));
    ASSERT_TRUE(piece && *piece);
    EXPECT_EQ((*piece)->next, 1U);
    // Far more than fits: the pump stops preparing, and takes up again.
    source.grow_to(1 + 3 * limits::kStreamPiecesWaitingMax * limits::kStreamPieceRecordsTarget);
    Position next = 1;
    while (next < source.head()) {
        const auto more = pump.take(Pump::When::kAny, after(seconds(20)));
        ASSERT_TRUE(more && *more);
        next = (*more)->next;
    }
    EXPECT_EQ(next, source.head());
}

TEST(PumpTest, StopsWhileItWaitsForRoom) {
    const test::MadeSource source(1'000'000);
    Pump pump(source, nullptr, maker(), 0, no_floors());
    ASSERT_TRUE(pump.take(Pump::When::kAny, after(seconds(20))));
    pump.stop();
    const auto piece = pump.take(Pump::When::kAny, after(seconds(20)));
    ASSERT_FALSE(piece);
    EXPECT_EQ(piece.error().code, ErrorCode::kStopped);
}

class BrokenSource : public test::MadeSource {
public:
    using MadeSource::MadeSource;
    [[nodiscard]] Result<void> read(Position from, Position to, const Visit& visit) const override {
        if (from >= 100) return fail(ErrorCode::kCorrupt, "block at position 100 is damaged");
        return MadeSource::read(from, std::min<Position>(to, 100), visit);
    }
};

TEST(PumpTest, PassesOnWhatWasReadBeforeAnErrorAndThenTheError) {
    const BrokenSource source(1'000);
    Pump pump(source, nullptr, maker(), 0, no_floors());
    const auto piece = pump.take(Pump::When::kAny, after(seconds(20)));
    ASSERT_TRUE(piece && *piece);
    EXPECT_EQ((*piece)->next, 100U);
    const auto error = pump.take(Pump::When::kAny, after(seconds(20)));
    ASSERT_FALSE(error);
    EXPECT_EQ(error.error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace daybook::stream
