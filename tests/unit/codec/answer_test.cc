// Answers: each has one spelling, and everything that a refusal knows reaches the client.
#include "engine/codec/answer.h"

#include <gtest/gtest.h>

#include "engine/codec/json.h"
#include "schemas/daybook/v1/answer.pb.h"

namespace daybook::codec {
namespace {

TEST(Answer, OfAReceipt) {
    EXPECT_EQ(answer_json(Receipt{0, 0, 1'772'443'800'000'001}),
              R"({"position":"0","recorded_at":"2026-03-02T09:30:00.000001Z"})");
    EXPECT_EQ(answer_json(Receipt{7, 9, 1'772'443'800'000'000, true}),
              R"({"position":"7","batch_last":"9","recorded_at":"2026-03-02T09:30:00Z","repeated":true})");
}

TEST(Answer, OfAnError) {
    EXPECT_EQ(answer_json(Error{ErrorCode::kInvalid, "site: missing"}),
              R"({"error":{"code":"E_SCHEMA","message":"site: missing","check":"schema"}})");
    EXPECT_EQ(answer_json(Error{ErrorCode::kOverloaded, "the queue is full"}, 3),
              R"({"error":{"code":"E_OVERLOADED","message":"the queue is full","command":3}})");
}

TEST(Answer, IsUtf8WhateverTheSystemSaid) {
    EXPECT_EQ(answer_json(Error{ErrorCode::kIo, "/tmp/\xff: no"}),
              R"({"error":{"code":"E_IO","message":"/tmp/?: no"}})");
}

TEST(Answer, OfARefusalSaysAllThatItKnows) {
    custody::Refusal refusal;
    refusal.code = custody::RefusalCode::kLimit;
    refusal.message = "no";
    refusal.line = 0;
    refusal.item = *ItemId::parse("0195c0de-0000-7000-8000-0000000000a1");
    refusal.state = custody::State::kX0;
    refusal.account = *custody::AccountId::parse("SITE/1/DISPLAY/C1");
    refusal.since = 1'772'443'800'000'000;
    refusal.event = 0;
    refusal.obligation = custody::ObligationRef{*ObligationId::parse("0195c0b0-0000-7000-8000-000000000003"),
                                                custody::DifferenceKind::kMissing, refusal.item};
    refusal.document = "M-1";
    refusal.until = 1'772'530'200'000'000;
    refusal.version = 0;
    refusal.limit = "limit.parcel";
    refusal.allowed = custody::Money{100, std::uint32_t{'E'} << 16 | std::uint32_t{'U'} << 8 | std::uint32_t{'R'}};
    refusal.would_be = custody::Money{250, std::uint32_t{'E'} << 16 | std::uint32_t{'U'} << 8 | std::uint32_t{'R'}};
    refusal.missing_documents = {custody::DocType::kCites, custody::DocType::kOther};
    refusal.legal_next = {custody::EventType::kSignedIn, custody::EventType::kHandedOver};
    EXPECT_EQ(answer_json(refusal, 0),
              R"({"error":{"code":"E_LIMIT","message":"no","check":"limits","command":0,"line":0,)"
              R"("item":"0195c0de-0000-7000-8000-0000000000a1","state":"X0","account":"SITE/1/DISPLAY/C1",)"
              R"("since":"2026-03-02T09:30:00Z","blocking_position":"0",)"
              R"("obligation":"0195c0b0-0000-7000-8000-000000000003:MISSING:0195c0de-0000-7000-8000-0000000000a1",)"
              R"("document":"M-1","until":"2026-03-03T09:30:00Z","version":0,"limit":"limit.parcel",)"
              R"("allowed":{"minor":"100","currency":"EUR"},"would_be":{"minor":"250","currency":"EUR"},)"
              R"("missing_documents":["CITES","OTHER"],"legal_next":["SignedIn","HandedOver"]}})");
}

TEST(Answer, EveryCodeOfTheEngineIsInTheSchema) {
    for (const auto& row : custody::kRefusals) {
        custody::Refusal refusal;
        refusal.code = row.code;
        v1::Refusal out;
        to_proto(refusal, out);
        EXPECT_EQ(v1::ErrorCode::Code_Name(out.code()), row.name);
    }
    for (int code = static_cast<int>(ErrorCode::kInvalid); code <= static_cast<int>(ErrorCode::kInternal); ++code) {
        v1::Refusal out;
        to_proto(Error{static_cast<ErrorCode>(code), ""}, out);
        EXPECT_EQ(v1::ErrorCode::Code_Name(out.code()), to_string(static_cast<ErrorCode>(code)));
    }
}

}  // namespace
}  // namespace daybook::codec
