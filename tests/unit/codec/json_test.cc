// The JSON form is the protobuf JSON mapping: held against protobuf's own json_util, both ways, over random messages of
// every type. And it is stricter where leniency would hide a mistake.
#include "engine/codec/json.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/base/limits.h"
#include "engine/codec/command_codec.h"
#include "schemas/daybook/v1/answer.pb.h"
#include "schemas/daybook/v1/event.pb.h"
#include "schemas/daybook/v1/stream.pb.h"
#include "schemas/daybook/v1/view.pb.h"
#include "tests/unit/codec/examples.h"

namespace daybook::codec {
namespace {

namespace pb = google::protobuf;
using test::encoded_example;
using test::example;
using test::examples;
using test::with;
using testing::HasSubstr;

std::string util_json(const pb::Message& message) {
    pb::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    std::string out;
    EXPECT_TRUE(pb::util::MessageToJsonString(message, &out, options).ok());
    return out;
}

std::string arbitrary_text() {
    return *rc::gen::container<std::string>(
        rc::gen::oneOf(rc::gen::inRange<char>(0, 127), rc::gen::element('"', '\\', '\n', '/')));
}

void fill(pb::Message& message, int depth);

void fill_field(pb::Message& message, const pb::FieldDescriptor& field, int depth) {
    const auto& reflection = *message.GetReflection();
    const auto put = [&](auto&& set, auto&& add) { field.is_repeated() ? add() : set(); };
    switch (field.cpp_type()) {
#define DAYBOOK_FILL(TYPE, NAME, VALUE)                                     \
    case pb::FieldDescriptor::CPPTYPE_##TYPE: {                             \
        const auto value = VALUE;                                           \
        return put([&] { reflection.Set##NAME(&message, &field, value); },  \
                   [&] { reflection.Add##NAME(&message, &field, value); }); \
    }
        DAYBOOK_FILL(BOOL, Bool, *rc::gen::arbitrary<bool>())
        DAYBOOK_FILL(INT32, Int32, *rc::gen::arbitrary<std::int32_t>())
        DAYBOOK_FILL(INT64, Int64, *rc::gen::arbitrary<std::int64_t>())
        DAYBOOK_FILL(UINT32, UInt32, *rc::gen::arbitrary<std::uint32_t>())
        DAYBOOK_FILL(UINT64, UInt64, *rc::gen::arbitrary<std::uint64_t>())
        DAYBOOK_FILL(ENUM, Enum, field.enum_type()->value(*rc::gen::inRange(0, field.enum_type()->value_count())))
        DAYBOOK_FILL(STRING, String, arbitrary_text())
#undef DAYBOOK_FILL
        case pb::FieldDescriptor::CPPTYPE_MESSAGE: {
            auto* inner = field.is_repeated() ? reflection.AddMessage(&message, &field)
                                              : reflection.MutableMessage(&message, &field);
            if (auto* time = pb::DynamicCastToGenerated<pb::Timestamp>(inner)) {
                time->set_seconds(*rc::gen::inRange<std::int64_t>(0, 253'402'300'799));
                time->set_nanos(*rc::gen::inRange(0, 1'000'000) * 1000);
            } else {
                fill(*inner, depth - 1);
            }
            return;
        }
        default: FAIL() << "a type that no schema has";
    }
}

// Some fields of the message, at random.
void fill(pb::Message& message, int depth) {
    const auto& descriptor = *message.GetDescriptor();
    for (int i = 0; i < descriptor.field_count(); ++i) {
        const auto& field = *descriptor.field(i);
        const bool payload = field.real_containing_oneof() != nullptr && descriptor.field_count() > 20;
        if (depth == 0 && field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
        if (*rc::gen::inRange(0, payload ? 40 : 3) != 0) continue;
        for (int times = field.is_repeated() ? *rc::gen::inRange(1, 4) : 1; times > 0; --times)
            fill_field(message, field, depth);
    }
}

template <class Message>
void expect_same_as_json_util() {
    Message message;
    fill(message, 3);
    const std::string ours = to_json(message);

    Message theirs_of_ours;
    RC_ASSERT(pb::util::JsonStringToMessage(ours, &theirs_of_ours).ok());
    RC_ASSERT(pb::util::MessageDifferencer::Equals(theirs_of_ours, message));

    Message ours_of_theirs;
    const auto read = from_json(util_json(message), ours_of_theirs);
    if (!read) RC_FAIL(read.error().message);
    RC_ASSERT(pb::util::MessageDifferencer::Equals(ours_of_theirs, message));

    Message ours_of_ours;
    RC_ASSERT(from_json(ours, ours_of_ours).has_value());
    RC_ASSERT(pb::util::MessageDifferencer::Equals(ours_of_ours, message));
}

RC_GTEST_PROP(Json, OfCommandsIsThatOfProtobuf, ()) { expect_same_as_json_util<v1::Command>(); }
RC_GTEST_PROP(Json, OfEventsIsThatOfProtobuf, ()) { expect_same_as_json_util<v1::Event>(); }
RC_GTEST_PROP(Json, OfAnswersIsThatOfProtobuf, ()) { expect_same_as_json_util<v1::Answer>(); }
RC_GTEST_PROP(Json, OfRowsIsThatOfProtobuf, ()) {
    expect_same_as_json_util<v1::ItemsAnswer>();
    expect_same_as_json_util<v1::HistoryAnswer>();
    expect_same_as_json_util<v1::DayAnswer>();
    expect_same_as_json_util<v1::StatusAnswer>();
}

TEST(Json, OfEveryExampleIsThatOfProtobuf) {
    for (const auto& each : examples()) {
        v1::Command theirs;
        ASSERT_TRUE(pb::util::JsonStringToMessage(each.json, &theirs).ok()) << each.type;
        const std::string encoded = encoded_example(each.type);
        v1::Command ours;
        ASSERT_TRUE(ours.ParseFromString(encoded));
        EXPECT_TRUE(pb::util::MessageDifferencer::Equals(ours, theirs)) << each.type;
        // There and back: nothing is lost, and the bytes are the same.
        const auto json = command_to_json(encoded);
        ASSERT_TRUE(json) << each.type;
        EXPECT_EQ(*command_from_json(*json), encoded) << each.type;
    }
}

TEST(Json, OrderOfFieldsDoesNotChangeTheBytes) {
    const std::string one =
        R"({"event_id":"a","entity":1,"lines":[{"item":"i","to":"t"},{}],"actor":{"principal":1,"role":"OC"}})";
    const std::string other =
        R"({ "actor" : {"role":"OC","principal":"1"}, "lines":[{"to":"t","item":"i"},{}],"entity":1,"event_id":"a"})";
    EXPECT_EQ(*command_from_json(one), *command_from_json(other));
}

// Bytes that no library writes, and any may send: fields twice, and parts of a list apart.
TEST(Json, OfFieldsInAnyOrderIsThatOfProtobuf) {
    const std::string parts[] = {
        *command_from_json(R"({"entity":1,"reason":2,"lines":[{"item":"i"}],"actor":{"principal":1}})"),
        *command_from_json(R"({"event_id":"b","entity":7,"lines":[{"item":"j"},{"to":"t"}]})"),
        *command_from_json(R"({"event_id":"c","expect":[{"item":"k","version":3}]})")};
    for (std::size_t first = 0; first < 3; ++first) {
        const std::string bytes = parts[first] + parts[(first + 1) % 3] + parts[(first + 2) % 3];
        v1::Command command;
        ASSERT_TRUE(command.ParseFromString(bytes));
        EXPECT_EQ(*command_to_json(bytes), to_json(command)) << "first " << first;
    }
}

TEST(Json, AFieldLeftOutDiffersFromOneSentWithItsDefault) {
    const std::string without = *command_from_json(R"({"entity":1})");
    const std::string sent = *command_from_json(R"({"entity":1,"reason":0})");
    EXPECT_NE(without, sent);
    EXPECT_EQ(*command_to_json(sent), R"({"entity":1,"reason":0})");
    EXPECT_EQ(*command_from_json(R"({"entity":1,"reason":null})"), without) << "null is as if it were left out";
}

TEST(Json, AcceptsWhatTheMappingAccepts) {
    const auto same = [](const char* a, const char* b) {
        EXPECT_EQ(*command_from_json(a), *command_from_json(b)) << a;
    };
    same(R"({"eventId":"x","occurredOffsetMinutes":-60})", R"({"event_id":"x","occurred_offset_minutes":"-60"})");
    same(R"({"actor":{"principal":18446744073709551615}})", R"({"actor":{"principal":"18446744073709551615"}})");
    same(R"({"actor":{"role":1}})", R"({"actor":{"role":"OC"}})");
    same(R"({"occurred_at":"2026-03-02T10:30:00.5+01:00"})", R"({"occurred_at":"2026-03-02T09:30:00.500Z"})");
    same(R"({"docs":[{"digest":"__-_"}]})", R"({"docs":[{"digest":"//+/"}]})");
    same(R"({"note":"\u00e9\ud83d\udc8d\n"})", "{\"note\":\"é💍\\n\"}");
}

TEST(Json, RefusesWhatIsNoJson) {
    for (const char* bad : {"",
                            "nonsense",
                            "[]",
                            "{",
                            "{}}",
                            "{\"entity\":1,}",
                            "{entity:1}",
                            "{'entity':1}",
                            "{\"entity\":01}",
                            "{\"entity\":+1}",
                            "{\"entity\":1.}",
                            "{\"note\":\"a\nb\"}",
                            "{\"note\":\"\\x\"}",
                            "{\"note\":\"\\ud83d\"}",
                            "{\"note\":\"\\udc8d\"}",
                            "{\"note\":\"open",
                            "{\"entity\" 1}",
                            "{\"entity\":1 \"site\":1}",
                            "{\"lines\":[{]}",
                            "{\"late\":{\"flag\":TRUE}}",
                            "{} {}",
                            "\"text\"",
                            "{\"note\":1}"}) {
        const auto read = command_from_json(bad);
        ASSERT_FALSE(read) << bad;
        EXPECT_EQ(read.error().code, ErrorCode::kInvalid) << bad;
    }
    EXPECT_EQ(command_from_json("{\"entity\":1,}").error().message,
              "no JSON: at byte 12, expected a field's name in double quotes");
    EXPECT_EQ(command_from_json("{\"note\":\"\xc3\x28\"}").error().message, "the JSON is not valid UTF-8");
    EXPECT_EQ(command_from_json("[]").error().message, "the command is a list; give an object");
}

// A snapshot of stock has no pages.
TEST(Json, ReadsAStockOfAnySize) {
    v1::SnapshotAnswer answer;
    for (std::size_t i = 0; i <= limits::kListMax; ++i) answer.add_stock()->set_model("M-" + std::to_string(i));
    v1::SnapshotAnswer read;
    const auto done = from_json(to_json(answer), read);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_TRUE(pb::util::MessageDifferencer::Equals(read, answer));
}

TEST(Json, RefusesWhatIsTooLongWithoutLookingAtIt) {
    const std::string endless(limits::kJsonLineBytesMax + 1, '[');
    EXPECT_EQ(command_from_json(endless).error().message, "the JSON has 8388609 bytes; the limit is 8388608");
    EXPECT_FALSE(command_from_json(std::string(limits::kJsonLineBytesMax, '[')));
}

TEST(Json, BoundsListsAsItReads) {
    std::string lines = R"({"lines":[{})";
    for (std::size_t i = 0; i < limits::kLinesMax; ++i) lines += ",{}";
    EXPECT_EQ(command_from_json(lines + "]}").error().message,
              "lines[10000]: is one entry more than the limit of 10000");
}

// A page may have more rows than a command has of anything but lines.
TEST(Json, ReadsAnswersOfAnyLength) {
    v1::DueAnswer answer, read;
    for (std::size_t i = 0; i <= limits::kPageRowsMax; ++i) answer.add_rows()->set_lines(1);
    const auto done = from_json(to_json(answer), read);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(read.rows_size(), answer.rows_size());
}

TEST(Submission, IsOneCommandOrMany) {
    const auto single = submission_from_json(example("SignedIn"), limits::kHttpBodyBytesMax);
    ASSERT_TRUE(single);
    EXPECT_TRUE(single->single);
    EXPECT_FALSE(single->atomic);
    ASSERT_EQ(single->commands.size(), 1U);
    EXPECT_EQ(*single->commands[0], encoded_example("SignedIn"));

    const auto atomic = submission_from_json(
        R"({"atomic": true, "commands": [)" + example("SignedIn") + "," + example("PutAway") + "]}",
        limits::kHttpBodyBytesMax);
    ASSERT_TRUE(atomic);
    EXPECT_TRUE(atomic->atomic);
    EXPECT_FALSE(atomic->single);
    ASSERT_EQ(atomic->commands.size(), 2U);
    EXPECT_EQ(*atomic->commands[1], encoded_example("PutAway"));
}

TEST(Submission, AMalformedCommandDoesNotHideTheOthers) {
    const auto read = submission_from_json(R"({"commands": [{"entity": "one"}, )" + example("SignedIn") +
                                               R"(, {"deep": [{"a": [1, -2.5e3, "x\"]}", null, true, {}]}, []]}, 7]})",
                                           limits::kHttpBodyBytesMax);
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read->commands.size(), 4U);
    EXPECT_EQ(read->commands[0].error().message,
              "entity: 'one' is no whole number; units are part of the field's name");
    EXPECT_EQ(*read->commands[1], encoded_example("SignedIn"));
    EXPECT_THAT(read->commands[2].error().message, HasSubstr("deep: no such field"));
    EXPECT_EQ(read->commands[3].error().message, "the command is a number; give an object");
}

TEST(Submission, IsRefusedAsAWholeWhereItIsNone) {
    const auto message = [](const std::string& json) {
        const auto read = submission_from_json(json, 1000);
        return read ? std::string() : read.error().message;
    };
    EXPECT_EQ(message(R"({"atomic": true})"), "commands: missing; give a list of commands");
    EXPECT_EQ(message(R"({"atomic": 1, "commands": []})"), "atomic: is a number; give true or false");
    EXPECT_EQ(message(R"({"commands": {}})"), "commands: is an object; give a list");
    EXPECT_EQ(message(R"({"commands": [], "other": 1})"),
              "'other' is no field of a submission; it has atomic and commands");
    EXPECT_EQ(message(R"({"commands": [], "commands": []})"), "'commands' is there twice");
    EXPECT_THAT(message(R"({"commands": [{]})"), HasSubstr("no JSON: at byte"));
    EXPECT_THAT(message(R"({"commands": []} x)"), HasSubstr("something stands after the end"));
    EXPECT_THAT(message(std::string(1001, ' ')), HasSubstr("the limit is 1000"));
    EXPECT_THAT(message("{\"commands\": [" + std::string(500, '[')), HasSubstr("nested too deeply"));
}

TEST(Json, OfDamagedBytesIsAnError) {
    EXPECT_EQ(event_to_json("\x0a\xff").error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(command_to_json("\xf8\x7f\x01").error().code, ErrorCode::kCorrupt);
}

TEST(Json, ShowsTextThatIsNoUtf8) {
    v1::Answer answer;
    answer.mutable_error()->set_message("disk \xff\x01 says no");
    EXPECT_EQ(to_json(answer), R"({"error":{"message":"disk ?\u0001 says no"}})");
}

}  // namespace
}  // namespace daybook::codec
