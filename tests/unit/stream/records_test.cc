// What an event becomes: which records, under which keys, with which values.
#include "engine/stream/records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "engine/base/limits.h"
#include "engine/codec/json.h"
#include "engine/custody/command.h"
#include "engine/stream/partitioner.h"
#include "tests/support/made_events.h"

namespace daybook::stream {
namespace {

using test::made_item;
using test::made_uuid;
using test::MadeEvents;
using ::testing::ElementsAre;

const LedgerId kLedger = *LedgerId::parse("0190b5f0-7a3e-7c11-8d2f-0000000000aa");

Records records_of(const v1::Event& event, ValueFormat format = ValueFormat::kJson) {
    RecordMaker maker(kLedger, 6, format);
    Records records;
    const auto added = maker.add(event.SerializeAsString(), records);
    EXPECT_TRUE(added) << added.error().message;
    return records;
}
std::vector<std::string> keys_of(const Records& records) {
    std::vector<std::string> keys;
    for (const Record& record : records) keys.push_back(record.key);
    return keys;
}
v1::Event from_json(const std::string& json) {
    v1::Event event;
    const auto read = codec::from_json(json, event);
    EXPECT_TRUE(read) << read.error().message;
    return event;
}

TEST(RecordsTest, OnePieceIsOneRecordWithTheWholeEvent) {
    const MadeEvents events;
    const v1::Event event = events.message(3);
    const auto records = records_of(event);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].key, made_item(3));
    EXPECT_EQ(records[0].partition, partition_of(made_item(3), 6));
    EXPECT_EQ(records[0].place, (RecordPlace{3, 0}));
    EXPECT_EQ(records[0].parts, 1U);
    EXPECT_EQ(records[0].type, "Relocated");
    EXPECT_EQ(from_json(records[0].value).SerializeAsString(), event.SerializeAsString());
}

TEST(RecordsTest, ProtobufValuesOfWholeEventsAreTheStoredBytes) {
    const MadeEvents events;
    EXPECT_EQ(records_of(events.message(3), ValueFormat::kProtobuf)[0].value, events.stored(3));
    EXPECT_EQ(records_of(events.message(24), ValueFormat::kProtobuf)[0].value, events.stored(24));
}

TEST(RecordsTest, SeveralPiecesAreARecordEachWithTheirOwnLine) {
    v1::Event event = MadeEvents{}.message(9);
    ASSERT_EQ(event.lines_size(), 3);
    event.mutable_lines(1)->set_prev(7);
    v1::Closed* closed = event.add_closes();
    closed->set_line(1);
    closed->set_obligation(made_uuid(3, 1));
    closed->set_kind(v1::ObligationKind::SIGNOUT);
    v1::Expectation* expect = event.mutable_command()->add_expect();
    expect->set_item(event.command().lines(1).item());
    expect->set_version(4);

    const auto records = records_of(event);
    ASSERT_THAT(keys_of(records), ElementsAre(made_item(9), made_item(10), made_item(16)));
    for (std::uint32_t i = 0; i < 3; ++i) {
        const v1::Event part = from_json(records[i].value);
        EXPECT_EQ(records[i].place, (RecordPlace{9, i}));
        EXPECT_EQ(records[i].parts, 3U);
        ASSERT_EQ(part.lines_size(), 1);
        ASSERT_EQ(part.command().lines_size(), 1);
        EXPECT_EQ(part.command().lines(0).item(), records[i].key);
        EXPECT_EQ(part.closes_size(), i == 1 ? 1 : 0);
        EXPECT_EQ(part.command().expect_size(), i == 1 ? 1 : 0);
        EXPECT_EQ(part.command().event_id(), event.command().event_id());
        EXPECT_EQ(part.command().to(), event.command().to());
    }
    const v1::Event middle = from_json(records[1].value);
    EXPECT_EQ(middle.lines(0).prev(), 7U);
    EXPECT_EQ(middle.closes(0).line(), 0U);
}

TEST(RecordsTest, EventsWithoutLinesAreKeyedByWhatTheyConcern) {
    const auto key_for = [](const std::function<void(v1::Command&)>& fill) {
        v1::Event event = MadeEvents{}.message(24);
        fill(*event.mutable_command());
        const auto records = records_of(event);
        EXPECT_EQ(records.size(), 1U);
        return records.empty() ? std::string() : records[0].key;
    };
    EXPECT_EQ(key_for([](v1::Command&) {}), "site:1");
    EXPECT_EQ(key_for([](v1::Command& c) { c.mutable_ledger_created(); }), "ledger:" + kLedger.text());
    EXPECT_EQ(key_for([](v1::Command& c) { c.mutable_account_opened()->set_account("SITE/1/VAULT/A-03"); }),
              "account:SITE/1/VAULT/A-03");
    EXPECT_EQ(key_for([](v1::Command& c) { c.mutable_party_registered()->set_party(42); }), "party:42");
    EXPECT_EQ(key_for([](v1::Command& c) { c.mutable_role_granted()->mutable_grant()->set_principal(7); }),
              "principal:7");
    EXPECT_EQ(key_for([](v1::Command& c) { c.mutable_supply_registered()->set_supply(5); }), "supply:5");
    EXPECT_EQ(key_for([](v1::Command& c) {
                  c.set_obligation_id(made_uuid(3, 9));
                  c.mutable_count_opened();
              }),
              "obligation:" + made_uuid(3, 9));
    EXPECT_EQ(key_for([](v1::Command& c) { c.mutable_correction_declared()->set_target(made_uuid(2, 1)); }),
              "event:" + made_uuid(2, 1));
}

TEST(RecordsTest, SuppliesHaveRecordsOfTheirOwn) {
    v1::Event event = MadeEvents{}.message(24);
    event.mutable_command()->mutable_supply_moved();
    for (const std::uint64_t supply : {8U, 9U, 8U}) {
        event.mutable_command()->add_lines()->set_supply(supply);
        event.add_lines();
    }
    const auto records = records_of(event);
    EXPECT_THAT(keys_of(records), ElementsAre("supply:8", "supply:9"));
    EXPECT_EQ(from_json(records[0].value).command().lines_size(), 2);
}

TEST(RecordsTest, AnAttestedCountHasARecordForEachDifferenceAndOneForTheCount) {
    v1::Event event = MadeEvents{}.message(24);
    event.mutable_command()->set_obligation_id(made_uuid(3, 9));
    event.mutable_command()->mutable_count_attested();
    event.add_lines()->set_item(made_item(1));
    event.mutable_counted()->add_matched(made_item(2));
    event.mutable_counted()->add_missing(made_item(1));
    const auto records = records_of(event);
    ASSERT_THAT(keys_of(records), ElementsAre(made_item(1), "obligation:" + made_uuid(3, 9)));
    EXPECT_FALSE(from_json(records[0].value).has_counted());
    EXPECT_EQ(from_json(records[1].value).counted().matched_size(), 1);
}

// Ten thousand lines must cost ten thousand small records, not ten thousand times ten thousand lines.
TEST(RecordsTest, ManyLinesCostWhatTheyAre) {
    v1::Event event = MadeEvents{}.message(3);
    for (std::uint64_t i = 0; i < limits::kLinesMax - 1; ++i) {
        event.mutable_command()->add_lines()->set_item(made_item(1000 + i));
        event.add_lines()->set_from("SITE/1/VAULT/A-02");
    }
    const auto records = records_of(event);
    ASSERT_EQ(records.size(), limits::kLinesMax);
    std::size_t bytes = 0;
    for (const Record& record : records) bytes += record.value.size();
    EXPECT_LT(bytes, limits::kLinesMax * 1000);
}

TEST(RecordsTest, AValueThatIsTooLargeIsLeftOut) {
    v1::Event event = MadeEvents{}.message(24);
    event.mutable_command()->mutable_count_attested();
    event.mutable_command()->set_obligation_id(made_uuid(3, 9));
    for (std::uint64_t i = 0; i < 200'000; ++i) event.mutable_counted()->add_matched(made_item(i));
    const auto records = records_of(event);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_TRUE(records[0].left_out);
    EXPECT_TRUE(records[0].value.empty());
}

TEST(RecordsTest, IdsNameThePlaceAndAreReadBack) {
    const std::string ledger = kLedger.text();
    EXPECT_EQ(record_id(ledger, {17, 0}, 1), ledger + ":17");
    EXPECT_EQ(record_id(ledger, {17, 0}, 2), ledger + ":17:0");
    EXPECT_EQ(record_id(ledger, {17, 4}, 5), ledger + ":17:4");
    EXPECT_EQ(parse_record_id(ledger, ledger + ":17"), (RecordPlace{17, 0}));
    EXPECT_EQ(parse_record_id(ledger, ledger + ":17:4"), (RecordPlace{17, 4}));
    for (const char* wrong : {"", ":", ":x", ":1:", ":1:x", ":1:2:3", ":-1", "1", ":1 "}) {
        EXPECT_EQ(parse_record_id(ledger, ledger + wrong), std::nullopt) << wrong;
    }
    EXPECT_EQ(parse_record_id(ledger, "other:17"), std::nullopt);
}

TEST(RecordsTest, BytesThatAreNoEventAreAnError) {
    RecordMaker maker(kLedger, 6, ValueFormat::kJson);
    Records records;
    EXPECT_FALSE(maker.add("no event", records));
    EXPECT_TRUE(records.empty());
}

}  // namespace
}  // namespace daybook::stream
