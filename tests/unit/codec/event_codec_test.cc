// Events out and in: what append_event() writes is what the generated code reads, and decode_event() gives back what
// was encoded. Damage is an error, never another event or a crash.
#include "engine/codec/event_codec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/codec/command_codec.h"
#include "engine/codec/event_uniques.h"
#include "engine/codec/obligation_text.h"
#include "schemas/daybook/v1/event.pb.h"
#include "tests/unit/codec/examples.h"

namespace daybook::codec {
namespace {

using test::encoded_example;
using test::examples;

Uuid arbitrary_uuid() { return {*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::positive<std::uint64_t>()}; }

custody::AccountId arbitrary_account() {
    const auto path = *rc::gen::element<std::string>(
        "", "SITE/1/VAULT/A-03", "SITE/4294967295/HOLD", "SITE/7/PERSON/18446744073709551615", "EXT/MEMO/M-2026-18",
        "TRANSIT/0195c0b0-0000-7000-8000-00000000000a", "SUSPENSE/3/MISSING", "LOSS/THEFT", "GONE");
    return path.empty() ? custody::AccountId{} : custody::AccountId::parse(path).value();
}

custody::ObligationRef arbitrary_obligation() {
    custody::ObligationRef ref;
    ref.id = ObligationId(arbitrary_uuid());
    if (*rc::gen::arbitrary<bool>()) ref.item = ItemId(arbitrary_uuid());
    if (!ref.item.empty()) ref.kind = static_cast<custody::DifferenceKind>(*rc::gen::inRange(0, 15));
    return ref;
}

// What decide() could add to a command, and some that it never would.
custody::Decided arbitrary_decided(const custody::Command& command) {
    custody::Decided decided;
    decided.occurred_at = *rc::gen::inRange<Micros>(1, 253'402'300'799'999'999);
    for (const auto& line : command.lines) {
        auto& facts = decided.lines.emplace_back();
        facts.item = line.item;
        if (*rc::gen::arbitrary<bool>()) facts.prev = *rc::gen::arbitrary<std::uint32_t>();
        facts.from = arbitrary_account();
        facts.to = arbitrary_account();
    }
    for (int more = *rc::gen::inRange(0, 4); more > 0; --more) {  // lines that the engine writes
        auto& facts = decided.lines.emplace_back();
        facts.item = ItemId(arbitrary_uuid());
        facts.prev = *rc::gen::inRange<Position>(0, kNoPosition);
    }
    for (int more = *rc::gen::inRange(0, 4); more > 0; --more) {
        auto& closed = decided.closes.emplace_back();
        if (!decided.lines.empty() && *rc::gen::arbitrary<bool>()) {
            closed.line = *rc::gen::inRange<std::uint32_t>(0, static_cast<std::uint32_t>(decided.lines.size()));
        }
        closed.obligation = arbitrary_obligation();
        closed.kind = static_cast<custody::ObligationKind>(*rc::gen::inRange(1, 13));
    }
    if (*rc::gen::arbitrary<bool>()) {
        decided.count_lists = std::make_unique<custody::CountLists>();
        for (auto* list : {&decided.count_lists->matched, &decided.count_lists->missing, &decided.count_lists->moved,
                           &decided.count_lists->misplaced, &decided.count_lists->unexpected}) {
            for (int more = *rc::gen::inRange(0, 3); more > 0; --more) list->emplace_back(arbitrary_uuid());
        }
    }
    return decided;
}

void expect_same_decided(const custody::Decided& a, const custody::Decided& b) {
    RC_ASSERT(a.occurred_at == b.occurred_at);
    RC_ASSERT(a.lines.size() == b.lines.size());
    for (std::size_t i = 0; i < a.lines.size(); ++i) {
        RC_ASSERT(a.lines[i].item == b.lines[i].item);
        RC_ASSERT(a.lines[i].prev == b.lines[i].prev);
        RC_ASSERT(a.lines[i].from == b.lines[i].from);
        RC_ASSERT(a.lines[i].to == b.lines[i].to);
    }
    RC_ASSERT(a.closes.size() == b.closes.size());
    for (std::size_t i = 0; i < a.closes.size(); ++i) {
        RC_ASSERT(a.closes[i].line == b.closes[i].line);
        RC_ASSERT(a.closes[i].obligation == b.closes[i].obligation);
        RC_ASSERT(a.closes[i].kind == b.closes[i].kind);
    }
    RC_ASSERT((a.count_lists != nullptr) == (b.count_lists != nullptr));
    if (a.count_lists != nullptr) RC_ASSERT(*a.count_lists == *b.count_lists);
}

Micros micros(const google::protobuf::Timestamp& at) { return at.seconds() * kSecond + at.nanos() / 1000; }

// The generated parser as the judge of what was written by hand.
void expect_generated_agrees(const std::string& bytes, const custody::Event& event) {
    v1::Event read;
    RC_ASSERT(read.ParseFromString(bytes));
    RC_ASSERT(read.GetReflection()->GetUnknownFields(read).empty());
    v1::Command command;
    RC_ASSERT(command.ParseFromString(std::string(event.command.bytes)));
    RC_ASSERT(read.command().SerializeAsString() == command.SerializeAsString());
    RC_ASSERT(read.position() == event.position);
    RC_ASSERT(read.batch_last() == event.batch_last);
    RC_ASSERT(micros(read.recorded_at()) == event.recorded_at);
    RC_ASSERT(micros(read.occurred_at()) == event.decided.occurred_at);
    RC_ASSERT(static_cast<std::size_t>(read.lines_size()) == event.decided.lines.size());
    for (int i = 0; i < read.lines_size(); ++i) {
        const auto& facts = event.decided.lines[static_cast<std::size_t>(i)];
        const bool sent = static_cast<std::size_t>(i) < event.command.lines.size();
        RC_ASSERT(read.lines(i).item() == (sent ? "" : facts.item.text()));
        RC_ASSERT(read.lines(i).has_prev() == (facts.prev != kNoPosition));
        if (read.lines(i).has_prev()) RC_ASSERT(read.lines(i).prev() == facts.prev);
        RC_ASSERT(read.lines(i).from() == facts.from.path());
        RC_ASSERT(read.lines(i).to() == facts.to.path());
    }
    RC_ASSERT(static_cast<std::size_t>(read.closes_size()) == event.decided.closes.size());
    for (int i = 0; i < read.closes_size(); ++i) {
        const auto& closed = event.decided.closes[static_cast<std::size_t>(i)];
        RC_ASSERT(read.closes(i).has_line() == (closed.line != custody::Closed::kWholeEvent));
        RC_ASSERT(read.closes(i).obligation() == obligation_text(closed.obligation));
        RC_ASSERT(static_cast<int>(read.closes(i).kind()) == static_cast<int>(closed.kind));
    }
    RC_ASSERT(read.has_counted() == (event.decided.count_lists != nullptr));
    if (read.has_counted()) {
        const auto& matched = event.decided.count_lists->matched;
        RC_ASSERT(static_cast<std::size_t>(read.counted().matched_size()) == matched.size());
        for (std::size_t i = 0; i < matched.size(); ++i) {
            RC_ASSERT(read.counted().matched(static_cast<int>(i)) == matched[i].text());
        }
    }
}

RC_GTEST_PROP(EventCodec, GivesBackWhatWasEncodedAndTheGeneratedCodeAgrees, ()) {
    const auto& type = *rc::gen::elementOf(examples());
    CommandBatch batch;
    RC_ASSERT(batch.parse(encoded_example(type.type)).has_value());
    const custody::Decided decided = arbitrary_decided(batch[0]);
    custody::Event event{batch[0], decided};
    event.position = *rc::gen::inRange<Position>(0, kNoPosition);
    event.batch_last = *rc::gen::inRange<Position>(0, kNoPosition);
    event.recorded_at = *rc::gen::inRange<Micros>(1, 253'402'300'799'999'999);

    std::string bytes = "before";
    append_event(event, bytes);
    bytes.erase(0, 6);
    expect_generated_agrees(bytes, event);

    StoredEvent read;
    const auto done = decode_event(bytes, read);
    RC_ASSERT(done.has_value());
    RC_ASSERT(read.command.bytes == batch[0].bytes);
    RC_ASSERT(read.command.type == batch[0].type);
    RC_ASSERT(read.position == event.position);
    RC_ASSERT(read.batch_last == event.batch_last);
    RC_ASSERT(read.recorded_at == event.recorded_at);
    expect_same_decided(read.decided, decided);
    std::string again;
    append_event(read.event(), again);
    RC_ASSERT(again == bytes);

    const auto head = read_event_head(bytes);
    RC_ASSERT(head.has_value());
    RC_ASSERT(head->command == batch[0].bytes);
    RC_ASSERT(head->position == event.position);
    RC_ASSERT(head->occurred_at == decided.occurred_at);
}

std::string stored_example(const std::string& type, CommandBatch& batch) {
    EXPECT_TRUE(batch.parse(encoded_example(type)));
    custody::Decided decided;
    decided.occurred_at = 5;
    for (const auto& line : batch[0].lines) decided.lines.push_back({line.item, 17, batch[0].from, batch[0].to});
    decided.closes.push_back({0, {ObligationId(Uuid{1, 2}), {}, {}}, custody::ObligationKind::kSignout});
    custody::Event event{batch[0], decided};
    event.position = event.batch_last = 42;
    event.recorded_at = 6;
    std::string bytes;
    append_event(event, bytes);
    return bytes;
}

TEST(EventCodec, DecodesIntoAUsedEvent) {
    StoredEvent read;
    std::vector<std::string> kept;  // views of `read` point into them
    for (int round = 0; round < 2; ++round) {
        for (const auto& each : examples()) {
            CommandBatch batch;
            kept.push_back(stored_example(each.type, batch));
            if (batch[0].lines.empty()) continue;  // its obligation is closed for a line that is not there
            ASSERT_TRUE(decode_event(kept.back(), read)) << each.type;
            EXPECT_EQ(read.command.lines.size(), batch[0].lines.size()) << each.type;
            EXPECT_EQ(read.command.docs.size(), batch[0].docs.size()) << each.type;
            EXPECT_EQ(read.command.attest.size(), batch[0].attest.size()) << each.type;
            EXPECT_EQ(read.command.occurred_at, batch[0].occurred_at) << each.type;
            EXPECT_EQ(read.command.payload.index(), batch[0].payload.index()) << each.type;
        }
    }
}

TEST(EventCodec, ReadsWhatIsUniqueWithoutTheRest) {
    std::size_t obligations = 0;
    std::size_t epcs = 0;
    for (const auto& each : examples()) {
        CommandBatch batch;
        const std::string stored = stored_example(each.type, batch);
        const auto uniques = read_event_uniques(stored);
        ASSERT_TRUE(uniques) << each.type;
        EXPECT_EQ(uniques->event, batch[0].event_id) << each.type;
        EXPECT_EQ(uniques->obligation, batch[0].obligation) << each.type;
        const auto* registered = std::get_if<custody::ItemRegistered>(&batch[0].payload);
        EXPECT_EQ(uniques->epc, registered == nullptr ? std::string_view() : registered->epc) << each.type;
        obligations += uniques->obligation.empty() ? 0U : 1U;
        epcs += uniques->epc.empty() ? 0U : 1U;
        for (std::size_t i = 0; i < stored.size(); ++i) {  // cut off anywhere: an error or not, never a read outside
            const auto cut = read_event_uniques(std::string_view(stored).substr(0, i));
            EXPECT_TRUE(cut || cut.error().code == ErrorCode::kCorrupt) << each.type << " cut at " << i;
        }
    }
    EXPECT_GT(obligations, 0U);
    EXPECT_GT(epcs, 0U);
    EXPECT_EQ(read_event_uniques("").error().code, ErrorCode::kCorrupt);
}

TEST(EventCodec, DamageIsAnErrorOrAnotherValueNeverACrash) {
    for (const auto& each : examples()) {
        CommandBatch batch;
        const std::string good = stored_example(each.type, batch);
        StoredEvent read;
        for (std::size_t i = 0; i < good.size(); ++i) {
            const std::string cut = good.substr(0, i);
            const auto done = decode_event(cut, read);
            if (!done) {
                EXPECT_TRUE(done.error().code == ErrorCode::kCorrupt || done.error().code == ErrorCode::kNewerFormat);
            }
            for (const int mask : {0x01, 0x15, 0x80, 0xff}) {
                std::string flipped = good;
                flipped[i] = static_cast<char>(flipped[i] ^ mask);
                (void)decode_event(flipped, read).has_value();
                (void)read_event_head(flipped).has_value();
            }
        }
    }
}

TEST(EventCodec, NamesWhatALaterVersionWrote) {
    CommandBatch batch;
    const std::string good = stored_example("SignedIn", batch);
    StoredEvent read;
    EXPECT_EQ(decode_event(good + "\x78\x01", read).error().code, ErrorCode::kNewerFormat) << "field 15 of an event";
    v1::Event event;
    ASSERT_TRUE(event.ParseFromString(good));
    event.mutable_command()->set_schema_version(2);
    const std::string later = event.SerializeAsString();
    EXPECT_EQ(decode_event(later, read).error().code, ErrorCode::kNewerFormat);
    event.mutable_command()->clear_schema_version();
    event.mutable_command()->mutable_moved_to_hold()->set_reason(static_cast<v1::MovedToHold::Reason>(99));
    const std::string reason = event.SerializeAsString();
    EXPECT_EQ(decode_event(reason, read).error().code, ErrorCode::kNewerFormat);
    EXPECT_EQ(decode_event("", read).error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(read_event_head("").error().code, ErrorCode::kCorrupt);
}

TEST(ObligationText, HasThreeForms) {
    const std::string id = "0195c0b0-0000-7000-8000-000000000003";
    const std::string item = "0195c0de-0000-7000-8000-0000000000a1";
    for (const auto& text : {id, id + ":" + item, id + ":MISSING:" + item, id + ":QTY:" + item}) {
        const auto ref = parse_obligation(text);
        ASSERT_TRUE(ref) << text;
        EXPECT_EQ(obligation_text(*ref), text);
        EXPECT_EQ(obligation_text_size(*ref), text.size());
    }
    for (const auto& text :
         {std::string(), id + ":", id + "::" + item, id + ":LOST:" + item, id + ":MISSING:", id + item,
          id + ":MISSING" + item, id + ":" + item + ":", std::string("00000000-0000-0000-0000-000000000000")}) {
        EXPECT_FALSE(parse_obligation(text)) << text;
    }
}

}  // namespace
}  // namespace daybook::codec
