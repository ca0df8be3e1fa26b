// What the codec costs: one command in, one event out and in, and the JSON form.
//
//   parse_signed_out      encoded command of one line (about 250 bytes) → checked custody::Command, bytes copied
//   parse_count_10k       a CountScanned of 10,000 lines
//   generated_signed_out  the floor: the same bytes through protobuf's generated parser, no checks (a new message,
//   reused) append_event          decided SignedOut → stored bytes decode_event          and back json_in, json_out one
//   SignedOut, from JSON and to it; json_util_in and json_util_out are protobuf's own
#include <benchmark/benchmark.h>
#include <google/protobuf/util/json_util.h>

#include "engine/base/assert.h"
#include "engine/codec/command_codec.h"
#include "engine/codec/event_codec.h"
#include "engine/codec/json.h"
#include "schemas/daybook/v1/command.pb.h"
#include "schemas/daybook/v1/event.pb.h"

namespace {

using namespace daybook;

constexpr const char* kSignedOut =
    R"({"event_id":"0195c000-0000-7000-8000-000000100013","occurred_at":"2026-03-02T09:30:00Z","entity":1,"site":1,)"
    R"("actor":{"principal":"11","role":"OC","device":"3"},"attest":[{"principal":"13","method":"BADGE"}],)"
    R"("obligation_id":"0195c0b0-0000-7000-8000-000000000004",)"
    R"("lines":[{"item":"0195c0de-0000-7000-8000-0000000000a1","from":"SITE/1/VAULT/A-03"}],"to":"SITE/1/PERSON/13",)"
    R"("signed_out":{"purpose":"PRESENTATION","recipient":"13","due_at":"2026-03-02T11:00:00Z"}})";

std::string signed_out() {
    const auto encoded = codec::command_from_json(kSignedOut);
    DAYBOOK_ASSERT(encoded.has_value());
    return *encoded;
}

std::string count_scanned(std::size_t lines) {
    v1::Command command;
    command.set_event_id("0195c000-0000-7000-8000-000000100013");
    command.set_entity(1);
    command.set_site(1);
    command.mutable_actor()->set_principal(11);
    command.mutable_actor()->set_role(v1::Role::OC);
    command.set_obligation_id("0195c0b0-0000-7000-8000-000000000004");
    command.set_to("SITE/1/VAULT/A-03");
    for (std::size_t i = 0; i < lines; ++i)
        command.add_lines()->set_item(Uuid{0x0195c0de00007000ULL, 0x8000000000000001ULL + i}.text());
    command.mutable_count_scanned()->set_method(v1::CountScanned::RFID);
    return command.SerializeAsString();
}

void parse(benchmark::State& state, const std::string& encoded) {
    codec::CommandBatch batch;
    for (auto _ : state) {
        if (batch.size() == 1000) batch.clear();
        DAYBOOK_ASSERT(batch.parse(encoded).has_value());
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(encoded.size()) * state.iterations());
    state.counters["bytes"] = static_cast<double>(encoded.size());
}
void parse_signed_out(benchmark::State& state) { parse(state, signed_out()); }
BENCHMARK(parse_signed_out);

void parse_signed_out_alone(benchmark::State& state) {
    const std::string encoded = signed_out();
    for (auto _ : state) {
        codec::CommandBatch batch;
        DAYBOOK_ASSERT(batch.parse(encoded).has_value());
        benchmark::DoNotOptimize(batch);
    }
}
BENCHMARK(parse_signed_out_alone);

void parse_count_10k(benchmark::State& state) {
    const std::string encoded = count_scanned(10'000);
    for (auto _ : state) {
        codec::CommandBatch batch;
        DAYBOOK_ASSERT(batch.parse(encoded).has_value());
    }
    state.SetItemsProcessed(10'000 * state.iterations());
}
BENCHMARK(parse_count_10k);

void generated_signed_out(benchmark::State& state) {
    const std::string encoded = signed_out();
    v1::Command command;
    for (auto _ : state) {
        DAYBOOK_ASSERT(command.ParseFromString(encoded));
        benchmark::DoNotOptimize(command);
    }
}
BENCHMARK(generated_signed_out);

struct Stored {
    codec::CommandBatch batch;
    custody::Decided decided;
    std::string bytes;

    Stored() {
        DAYBOOK_ASSERT(batch.parse(signed_out()).has_value());
        decided.occurred_at = 1'772'443'800'000'000;
        decided.lines.push_back({batch[0].lines[0].item, 123'456, batch[0].lines[0].from, batch[0].to});
        codec::append_event(event(), bytes);
    }
    [[nodiscard]] custody::Event event() const {
        return {batch[0], decided, 1'000'000, 1'000'000, 1'772'443'800'123'456};
    }
};

void append_event(benchmark::State& state) {
    const Stored stored;
    std::string out;
    for (auto _ : state) {
        out.clear();
        codec::append_event(stored.event(), out);
        benchmark::DoNotOptimize(out);
    }
    state.counters["bytes"] = static_cast<double>(stored.bytes.size());
}
BENCHMARK(append_event);

void decode_event(benchmark::State& state) {
    const Stored stored;
    codec::StoredEvent event;
    for (auto _ : state) {
        DAYBOOK_ASSERT(codec::decode_event(stored.bytes, event).has_value());
        benchmark::DoNotOptimize(event);
    }
}
BENCHMARK(decode_event);

void read_event_head(benchmark::State& state) {
    const Stored stored;
    for (auto _ : state) {
        auto head = codec::read_event_head(stored.bytes);
        benchmark::DoNotOptimize(head);
    }
}
BENCHMARK(read_event_head);

void json_in(benchmark::State& state) {
    const std::string json = kSignedOut;
    for (auto _ : state) {
        auto encoded = codec::command_from_json(json);
        benchmark::DoNotOptimize(encoded);
    }
}
BENCHMARK(json_in);

void json_util_in(benchmark::State& state) {
    const std::string json = kSignedOut;
    for (auto _ : state) {
        v1::Command command;
        DAYBOOK_ASSERT(google::protobuf::util::JsonStringToMessage(json, &command).ok());
        benchmark::DoNotOptimize(command);
    }
}
BENCHMARK(json_util_in);

void json_out(benchmark::State& state) {
    const Stored stored;
    for (auto _ : state) {
        auto json = codec::event_to_json(stored.bytes);
        benchmark::DoNotOptimize(json);
    }
}
BENCHMARK(json_out);

void json_util_out(benchmark::State& state) {
    const Stored stored;
    v1::Event event;
    DAYBOOK_ASSERT(event.ParseFromString(stored.bytes));
    for (auto _ : state) {
        std::string json;
        DAYBOOK_ASSERT(google::protobuf::util::MessageToJsonString(event, &json).ok());
        benchmark::DoNotOptimize(json);
    }
}
BENCHMARK(json_util_out);

}  // namespace

BENCHMARK_MAIN();
