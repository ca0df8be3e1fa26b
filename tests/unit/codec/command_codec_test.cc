// Commands in: every example is taken, and everything malformed is refused with the field, what is wrong and what would
// be right.
#include "engine/codec/command_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/base/limits.h"
#include "engine/codec/json.h"
#include "schemas/daybook/v1/command.pb.h"
#include "tests/unit/codec/examples.h"

namespace daybook::codec {
namespace {

using test::encoded_example;
using test::example;
using test::examples;
using test::with;
using testing::HasSubstr;

// What parse() says of a command given as JSON; "" where it takes it.
std::string refusal(const std::string& json) {
    const auto encoded = command_from_json(json);
    if (!encoded) return encoded.error().message;
    CommandBatch batch;
    const auto parsed = batch.parse(*encoded);
    EXPECT_EQ(batch.size(), parsed ? 1U : 0U);
    if (!parsed) {
        EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
    }
    return parsed ? "" : parsed.error().message;
}

custody::Command parsed(CommandBatch& batch, const std::string& type) {
    const auto done = batch.parse(encoded_example(type));
    EXPECT_TRUE(done) << done.error().message;
    return batch.commands().back();
}

TEST(CommandCodec, TakesTheExampleOfEveryEventType) {
    std::set<std::string> types;
    for (const auto& each : examples()) {
        EXPECT_EQ(refusal(each.json), "") << each.type;
        types.insert(each.type);
    }
    for (const auto& event : custody::kEvents) {
        if (event.v1) {
            EXPECT_TRUE(types.contains(std::string(event.name)))
                << event.name << " has no example in schemas/COMMANDS.md";
        }
    }
}

TEST(CommandCodec, NamesTheTypeThatThePayloadIs) {
    for (const auto& each : examples()) {
        CommandBatch batch;
        EXPECT_EQ(to_string(parsed(batch, each.type).type), each.type);
    }
}

TEST(CommandCodec, KeepsTheBytesAsTheyWereSent) {
    CommandBatch batch;
    const std::string encoded = encoded_example("SignedOut");
    ASSERT_TRUE(batch.parse(encoded));
    EXPECT_EQ(batch[0].bytes, encoded);
    EXPECT_NE(batch[0].bytes.data(), encoded.data());
    EXPECT_EQ(batch.bytes(), encoded.size());
}

TEST(CommandCodec, ViewsSurviveGrowthAndMove) {
    CommandBatch batch;
    const std::string encoded = encoded_example("ItemRegistered");
    for (int i = 0; i < 2000; ++i) ASSERT_TRUE(batch.parse(encoded));
    CommandBatch moved = std::move(batch);
    for (const auto& command : moved.commands()) {
        ASSERT_EQ(command.bytes, encoded);
        ASSERT_EQ(std::get<custody::ItemRegistered>(command.payload).epc, "urn:epc:id:sgtin:7612345.000100.8801");
    }
}

TEST(CommandCodec, ARefusedCommandLeavesTheBatchAsItWas) {
    CommandBatch batch;
    ASSERT_TRUE(batch.parse(encoded_example("SignedIn")));
    EXPECT_FALSE(batch.parse("nonsense"));
    EXPECT_FALSE(batch.parse(""));
    EXPECT_EQ(batch.size(), 1U);
    ASSERT_TRUE(batch.parse(encoded_example("PutAway")));
    EXPECT_EQ(batch[0].type, custody::EventType::kSignedIn);
    EXPECT_EQ(batch[1].bytes, encoded_example("PutAway"));
}

TEST(CommandCodec, ReadsTheEnvelope) {
    CommandBatch batch;
    const auto command = parsed(batch, "SignedOut");
    EXPECT_EQ(command.occurred_at, parse_time("2026-03-02T09:30:00Z"));
    EXPECT_EQ(command.entity, 1U);
    EXPECT_EQ(command.site, 1U);
    EXPECT_EQ(command.actor.principal, 11U);
    EXPECT_EQ(command.actor.role, custody::Role::kOc);
    EXPECT_EQ(command.actor.device, 3U);
    ASSERT_EQ(command.attest.size(), 1U);
    EXPECT_EQ(command.attest[0].principal, 13U);
    EXPECT_FALSE(command.attest[0].role.has_value());
    EXPECT_EQ(command.obligation.text(), "0195c0b0-0000-7000-8000-000000000004");
    ASSERT_EQ(command.lines.size(), 1U);
    EXPECT_EQ(command.lines[0].item.text(), "0195c0de-0000-7000-8000-0000000000a1");
    EXPECT_EQ(command.lines[0].from.path(), "SITE/1/VAULT/A-03");
    EXPECT_TRUE(command.lines[0].to.empty());
    EXPECT_EQ(command.to.path(), "SITE/1/PERSON/13");
    ASSERT_EQ(command.expect.size(), 1U);
    EXPECT_EQ(command.expect[0].version, 4U);
    const auto& payload = std::get<custody::SignedOut>(command.payload);
    EXPECT_EQ(payload.purpose, custody::SignOutPurpose::kPresentation);
    EXPECT_EQ(payload.recipient, 13U);
    EXPECT_EQ(payload.due_at, parse_time("2026-03-02T11:00:00Z"));
}

TEST(CommandCodec, ReadsPayloads) {
    CommandBatch batch;
    const auto registered = std::get<custody::ItemRegistered>(parsed(batch, "ItemRegistered").payload);
    EXPECT_EQ(registered.category, "RING");
    EXPECT_EQ(registered.metal, "PLATINUM");
    EXPECT_EQ(registered.stone, "DIAMOND");
    EXPECT_EQ(registered.owner, (custody::Owner{custody::OwnerKind::kVendor, 501}));
    EXPECT_EQ(registered.insured.minor, 2'500'000);
    EXPECT_EQ(registered.insured.currency, (std::uint32_t{'E'} << 16 | std::uint32_t{'U'} << 8 | std::uint32_t{'R'}));
    EXPECT_EQ(registered.gross_mg, 6120);

    const auto attested = std::get<custody::CountAttested>(parsed(batch, "CountAttested").payload);
    EXPECT_EQ(attested.count.text(), "0195c0b0-0000-7000-8000-000000000003");
    ASSERT_TRUE(attested.lists.has_value());
    EXPECT_EQ(attested.lists->matched.size(), 1U);
    EXPECT_EQ(attested.lists->misplaced.size(), 1U);

    const auto resolved = parsed(batch, "DiscrepancyResolved");
    const auto& discrepancy = std::get<custody::DiscrepancyResolved>(resolved.payload).discrepancy;
    EXPECT_EQ(discrepancy.kind, custody::DifferenceKind::kMisplaced);
    EXPECT_EQ(discrepancy.item.text(), "0195c0de-0000-7000-8000-0000000000a2");
    EXPECT_TRUE(resolved.obligation.empty()) << "it names an obligation, it opens none";

    const auto moved = parsed(batch, "SupplyMoved");
    EXPECT_EQ(moved.lines[0].supply, 7001U);
    EXPECT_EQ(moved.lines[0].quantity, -2);
    EXPECT_EQ(std::get<custody::ReleasedToClient>(parsed(batch, "ReleasedToClient").payload).collector_is_owner, true);
    EXPECT_EQ(std::get<custody::VaultClosed>(parsed(batch, "VaultClosed").payload).exceptions.at(0).path(),
              "SITE/1/WINDOW");
}

TEST(CommandCodec, ReadsPolicies) {
    const auto value = [](const std::string& replaced) {
        CommandBatch batch;
        const auto json = with(example("PolicySet"), R"("key": "limit.parcel",
    "value": {"money": {"minor": "25000000", "currency": "EUR"}},
    "site": 1,)",
                               replaced);
        const auto done = batch.parse(*command_from_json(json));
        EXPECT_TRUE(done) << done.error().message;
        return done ? std::get<custody::PolicySet>(batch[0].payload).value : custody::PolicyValue{};
    };
    EXPECT_EQ(std::get<std::int64_t>(value(R"("key": "time.late_after", "value": {"number": "900"},)")), 900);
    EXPECT_EQ(std::get<std::vector<std::int64_t>>(
                  value(R"("key": "alert.memo", "value": {"numbers": {"values": [-30, "-15", 0]}},)")),
              (std::vector<std::int64_t>{-30, -15, 0}));
    const std::string rules = R"({"from": "*", "to": "kind:CLIENT", "when": "value>=0", "types": ["CITES", "OTHER"]})";
    const auto read = std::get<std::vector<custody::DocRule>>(
        value(R"("key": "docs.required", "value": {"doc_rules": {"rules": [)" + rules + "]}},"));
    ASSERT_EQ(read.size(), 1U);
    EXPECT_EQ(read[0].types, (std::vector{custody::DocType::kCites, custody::DocType::kOther}));
    const auto time = std::get<custody::LocalTime>(
        value(R"("key": "vault.not_before", "value": {"time": {"hour": 8, "minute": 30, "offset_minutes": -60}},)"));
    EXPECT_EQ(time.minute_of_day, 510);
    EXPECT_EQ(time.offset_minutes, -60);
}

struct Bad {
    const char* type;
    const char* what;
    const char* by;
    const char* message;
};

// One row for each kind of mistake. The text is a part of the answer.
const Bad kBad[] = {
    {"SignedOut", R"("event_id": "0195c000-0000-7000-8000-00000010)",
     R"("event_id": "0195C000-0000-7000-8000-00000010)", "event_id: '0195C000-0000-7000-8000-0000001000"},
    {"SignedOut", R"("event_id")", R"("note")",
     "event_id: missing; give a UUID: write it as 8-4-4-4-12 lower-case hexadecimal"},
    {"SignedOut", R"("entity": 1,)", "", "entity: missing; give a number other than 0"},
    {"SignedOut", R"("site": 1,)", "", "site: missing; signed_out happens at a site"},
    {"SignedOut", R"("role": "OC")", R"("role": "OB")", "actor.role: 'OB' is none of OC, VM, SA"},
    {"SignedOut", R"(, "role": "OC")", "", "actor.role: missing; give one of OC, VM, SA"},
    {"SignedOut", R"("item": "0195c0de-0000-7000-8000-0000000000a1", "from")", R"("item": "abc", "from")",
     "lines[0].item: 'abc' is no UUID; write it as 8-4-4-4-12 lower-case hexadecimal"},
    {"SignedOut", R"("item": "0195c0de-0000-7000-8000-0000000000a1", "from")",
     R"("item": "00000000-0000-0000-0000-000000000000", "from")", "lines[0].item: the nil UUID names nothing"},
    {"SignedOut", R"("from": "SITE/1/VAULT/A-03")", R"("from": "VAULT/A-03")",
     "lines[0].from: 'VAULT/A-03' is no account; write one as in SITE/1/VAULT/A-03"},
    {"SignedOut", R"("purpose": "PRESENTATION")", R"("purpose": "PRESENT")",
     "signed_out.purpose: 'PRESENT' is none of DISPLAY, WINDOW, PRESENTATION, PHOTO"},
    {"SignedOut", R"("purpose": "PRESENTATION")", R"("purpose": 77)",
     "signed_out.purpose: 77 is none of DISPLAY, WINDOW"},
    {"SignedOut", R"("purpose": "PRESENTATION", )", "", "signed_out.purpose: missing; give one of DISPLAY, WINDOW"},
    {"SignedOut", R"("due_at": "2026-03-02T11:00:00Z")", R"("due_at": "tomorrow")",
     "signed_out.due_at: 'tomorrow' is no instant; write it as 2026-03-02T09:30:00Z"},
    {"SignedOut", R"("due_at": "2026-03-02T11:00:00Z")", R"("due_at": "2026-03-02T11:00:00.0000001Z")",
     "with at most 6 digits after the second"},
    {"SignedOut", R"("due_at": "2026-03-02T11:00:00Z")", R"("due_at": "1969-03-02T11:00:00Z")",
     "signed_out.due_at: lies outside 1970 to 9999"},
    {"SignedOut", R"("obligation_id": "0195c0b0-0000-7000-8000-000000000004",)", "",
     "obligation_id: missing; signed_out opens an obligation: give it a UUID"},
    {"SignedIn", R"("to":)", R"("obligation_id": "0195c0b0-0000-7000-8000-000000000004", "to":)",
     "obligation_id: not wanted; signed_in opens no obligation"},
    {"SignedOut", R"("obligation_id": "0195c0b0-0000-7000-8000-000000000004")",
     R"("obligation_id": "0195c0b0-0000-7000-8000-000000000004:0195c0de-0000-7000-8000-0000000000a1")",
     "is more than a UUID; signed_out takes the id alone"},
    {"CountScanned", R"("obligation_id": "0195c0b0-0000-7000-8000-000000000003",)", "",
     "obligation_id: missing; count_scanned names there what it closes or belongs to"},
    {"CountScanned", R"({"supply": "7001", "quantity": "48"})", R"({"supply": "7001", "quantity": "-48"})",
     "lines[2].quantity: is negative"},
    {"SignedOut", R"("lines")", R"("expect_": [], "lines")", "expect_: no such field; did you mean expect?"},
    {"SignedOut", R"("signed_out")", R"("sold_to_friend")", "sold_to_friend: no such field, and no event type"},
    {"SignedOut", R"("recipient")", R"("recipients")", "signed_out.recipients: no such field; did you mean recipient?"},
    {"SignedOut", R"("expect":)", R"("put_away": {}, "expect":)",
     "stands beside another payload; only one of them may be sent"},
    {"SignedOut", R"("entity": 1,)", R"("entity": 1, "entity": 1,)", "entity: is there twice; send it once"},
    {"SignedOut", R"("occurred_offset_minutes": 60)", R"("occurred_offset_minutes": 6000)",
     "occurred_offset_minutes: 6000 is over 1080"},
    {"SignedOut", R"("entity": 1,)", R"("entity": 1, "reason": 65536,)", "reason: 65536 is over 65535"},
    {"SignedOut", R"("entity": 1,)", R"("entity": 1, "schema_version": 2,)",
     "schema_version: is of a later version of Daybook"},
    {"SignedIn", R"("lines": [{"item": "0195c0de-0000-7000-8000-0000000000a1"}],)", "",
     "lines: missing; signed_in has 1 to 10000"},
    {"SignedIn", R"("lines": [{"item": "0195c0de-0000-7000-8000-0000000000a1"}])",
     R"("lines": [{"item": "0195c0de-0000-7000-8000-0000000000a1"}, {"item": "0195c0de-0000-7000-8000-0000000000a2"})"
     R"(, {"item": "0195c0de-0000-7000-8000-0000000000a1"}])",
     "lines[2].item: '0195c0de-0000-7000-8000-0000000000a1' has a line already"},
    {"SignedIn", R"({"item": "0195c0de-0000-7000-8000-0000000000a1"})", R"({"supply": "7", "quantity": "1"})",
     "lines[0].item: missing"},
    {"SignedIn", R"({"item": "0195c0de-0000-7000-8000-0000000000a1"})",
     R"({"item": "0195c0de-0000-7000-8000-0000000000a1", "quantity": 1})",
     "lines[0].quantity: is for supplies; a piece is always one"},
    {"SupplyMoved", R"("quantity": "-2")", R"("quantity": "12 g")",
     "lines[0].quantity: '12 g' is no whole number; units are part of the field's name"},
    {"SupplyMoved", R"("quantity": "-2")", R"("quantity": 1.5)", "lines[0].quantity: '1.5' is no whole number"},
    {"SupplyMoved", R"("quantity": "-2")", R"("quantity": "99999999999999999999")",
     "lines[0].quantity: 99999999999999999999 is out of range"},
    {"SupplyMoved", R"("kind": "COUNT_ADJUST")", R"("kind": "ISSUED")",
     "lines[0].quantity: is negative; only a supply_moved of kind COUNT_ADJUST may take away"},
    {"SupplyMoved", R"(, "quantity": "-2")", "", "lines[0].quantity: missing"},
    {"VaultOpened", R"("vault_opened")",
     R"("lines": [{"item": "0195c0de-0000-7000-8000-0000000000a1"}], "vault_opened")", "lines: vault_opened has none"},
    {"ItemRegistered", R"("minor": "2500000")", R"("minor": "-2500000")",
     "item_registered.insured.minor: -2500000 is negative; give 0 or more"},
    {"ItemRegistered", R"("minor": "2500000", "currency": "EUR")", R"("minor": "2500000", "currency": "euro")",
     "item_registered.insured.currency: 'euro' is no currency; write three capital letters"},
    {"ItemRegistered", R"("minor": "2500000", "currency": "EUR")", R"("minor": "2500000")",
     "item_registered.insured.currency: missing"},
    {"ItemRegistered", R"("owner": {"kind": "VENDOR", "id": "501"},)", "",
     "item_registered.owner: missing; say whose piece it is"},
    {"ItemRegistered", R"("id": "501")", R"("id": "0")", "item_registered.owner.id: missing; give the number"},
    {"ItemRegistered", R"("origin": "SUPPLIER")", R"("origin": "FOUND")",
     "item_registered.owner.kind: is known; a found piece has the owner UNKNOWN"},
    {"ItemRegistered", R"("origin_country": "CH")", R"("origin_country": "Swiss")",
     "item_registered.origin_country: 'Swiss' is no country"},
    {"ItemRegistered", R"(3q2+796tvu/erb7v3q2+796tvu/erb7v3q2+796tvu8=)", R"(3q2+)",
     "item_registered.photo_digests[0]: is 3 bytes; a digest has 32"},
    {"ItemRegistered", R"(3q2+796tvu/erb7v3q2+796tvu/erb7v3q2+796tvu8=)", R"(!!)",
     "item_registered.photo_digests[0]: '!!' is no base64"},
    {"ItemRegistered", R"("item": "0195c0de-0000-7000-8000-0000000000a1"})",
     R"("item": "0195c0de-0000-7000-8000-0000000000a1"}, {"item": "0195c0de-0000-7000-8000-0000000000a2"})",
     "lines: item_registered is of one piece"},
    {"ItemAmended", R"("field": "INSURED")", R"("field": "WEIGHT")",
     "item_amended.new_value.gross_mg: missing; this field is a weight"},
    {"IdentityResolved", R"("real_item": "0195c0de-0000-7000-8000-0000000000a1")",
     R"("keep": true, "real_item": "0195c0de-0000-7000-8000-0000000000a1")",
     "identity_resolved.real_item: stands beside keep"},
    {"AccountOpened", R"("account": "SITE/1/VAULT/A-03")", R"("account": "GONE")",
     "account_opened.account: 'GONE' exists of itself"},
    {"RoleGranted", R"("from": "2026-03-02T09:30:00Z")",
     R"("from": "2026-03-02T09:30:00Z", "to": "2026-03-02T09:30:00Z")", "role_granted.to: is not after the beginning"},
    {"PolicySet", R"("limit.parcel")", R"("limit.parcels")", "policy_set.key: 'limit.parcels' is no policy"},
    {"PolicySet", R"("limit.parcel")", R"("limit.carrier.601x")", "policy_set.key: 'limit.carrier.601x' is no policy"},
    {"PolicySet", R"("limit.parcel")", R"("due.hold")", "policy_set.value.number: missing; this policy is a number"},
    {"PolicySet", R"("limit.parcel")", R"("time.late_after")",
     "policy_set.site: not wanted; this policy is the whole entity's"},
    {"PolicySet",
     R"("key": "limit.parcel",
    "value": {"money": {"minor": "25000000", "currency": "EUR"}},)",
     R"("key": "docs.required",
    "value": {"doc_rules": {"rules": [{"from": "1", "to": "2", "when": "metal:TIN", "types": [1]}]}},)",
     "policy_set.value.doc_rules.rules[0].when: 'metal:TIN' is none of: category:RING"},
    {"ReceiptDiscrepancyRecorded", R"("kind": "DAMAGED")", R"("kind": "MISSING")",
     "receipt_discrepancy_recorded.kind: MISSING is not for this event; give one of SHORT, OVER, WRONG, DAMAGED, SEAL"},
    {"ReceiptDiscrepancyRecorded", R"("kind": "DAMAGED")", R"("kind": "OVER")",
     "receipt_discrepancy_recorded: of this kind has no lines"},
    {"TransferDispatched", R"("dest": {"site": 2})", R"("dest": {"site": 2, "account": "EXT/CLIENT/7"})",
     "transfer_dispatched.dest.account: stands beside a site"},
    {"TransferDispatched", R"("dest": {"site": 2})", R"("dest": {"account": "SITE/2/HOLD"})",
     "transfer_dispatched.dest.account: 'SITE/2/HOLD' is not outside"},
    {"TransferDispatched", R"("dest": {"site": 2})", R"("dest": {"account": "EXT/MEMO/M-1", "party": 7})",
     "transfer_dispatched.memo_purpose: missing"},
    {"TransferDispatched", R"("purpose": "REPLENISH")", R"("purpose": "SUPPLY")",
     "transfer_dispatched.purpose: is one of inbound_dispatched"},
    {"TransferReceived", R"("seal_intact": true)", R"("gross_mg": 1)", "transfer_received.gross_mg: is there twice"},
    {"TransferReceived", R"("seal_intact": true, )", "", "transfer_received.seal_intact: missing; give true or false"},
    {"TransferDelivered", R"("to": "EXT/MEMO/M-2026-17")", R"("to": "EXT/CLIENT/9")",
     "obligation_id: not wanted; transfer_delivered opens no obligation"},
    {"MemoOutIssued", R"("memo": "M-2026-18")", R"("memo": "M 2026")",
     "memo_out_issued.memo: 'M 2026' is no memo number"},
    {"SaleCompleted", R"("handover": "NOW")", R"("handover": "LATER")",
     "obligation_id: missing; sale_completed opens an obligation"},
    {"SaleCompleted", R"("discount_thousandths": 26)", R"("discount_thousandths": 1001)",
     "sale_completed.discount_thousandths: 1001 is over 1000"},
    {"ComplianceDocAttached", R"("type": "CITES")", R"("type": "INVOICE")",
     "compliance_doc_attached.type: is not of compliance"},
    {"CorrectionDeclared", R"("reason": "DID_NOT_OCCUR")",
     R"("correctives": ["0195c0de-0000-7000-8000-0000000000a1"], "reason": "DID_NOT_OCCUR")",
     "correction_declared.correctives: not wanted"},
    {"CountOpened", R"("accounts": )", R"("accounts_": )",
     "count_opened.accounts_: no such field; did you mean accounts?"},
    {"LedgerCreated", R"("currency": "EUR",)", R"("currency": "",)",
     "ledger_created.currency: missing; give a currency: three capital letters, as in EUR"},
};

TEST(CommandCodec, SaysWhatIsWrongAndWhatWouldBeRight) {
    for (const auto& bad : kBad) {
        EXPECT_THAT(refusal(with(example(bad.type), bad.what, bad.by)), HasSubstr(bad.message))
            << bad.type << ": " << bad.by;
    }
}

std::string signed_in_with_lines(std::size_t count) {
    v1::Command command;
    EXPECT_TRUE(command.ParseFromString(encoded_example("SignedIn")));
    command.clear_lines();
    for (std::size_t i = 0; i < count; ++i)
        command.add_lines()->set_item(Uuid{0x0195c0de00007000ULL, 0x8000000000000000ULL + i}.text());
    return command.SerializeAsString();
}

TEST(CommandCodec, BoundsTheLines) {
    CommandBatch batch;
    EXPECT_TRUE(batch.parse(signed_in_with_lines(limits::kLinesMax)));
    const auto over = batch.parse(signed_in_with_lines(limits::kLinesMax + 1));
    ASSERT_FALSE(over);
    EXPECT_EQ(over.error().message, "lines: has more than 10000 entries, which is the limit");
}

TEST(CommandCodec, BoundsTheBytes) {
    CommandBatch batch;
    const auto over = batch.parse(std::string(limits::kCommandBytesMax + 1, 'x'));
    ASSERT_FALSE(over);
    EXPECT_THAT(over.error().message, HasSubstr("the limit is 2097152"));
}

TEST(CommandCodec, BoundsTexts) {
    v1::Command command;
    ASSERT_TRUE(command.ParseFromString(encoded_example("SignedIn")));
    CommandBatch batch;
    command.set_note(std::string(limits::kNoteBytesMax, 'n'));
    EXPECT_TRUE(batch.parse(command.SerializeAsString()));
    command.set_note(std::string(limits::kNoteBytesMax + 1, 'n'));
    EXPECT_EQ(batch.parse(command.SerializeAsString()).error().message, "note: is 1025 bytes long; the limit is 1024");
    command.set_note("");
    for (std::size_t i = 0; i <= limits::kAttestationsMax; ++i) {
        command.add_attest()->set_principal(i + 100);
        command.mutable_attest(command.attest_size() - 1)->set_method(v1::Attestation::PIN);
    }
    EXPECT_EQ(batch.parse(command.SerializeAsString()).error().message,
              "attest: has more than 16 entries, which is the limit");
}

// What only the encoded form can have wrong.
TEST(CommandCodec, RefusesBytesThatAreNoCommand) {
    const std::string good = encoded_example("SignedOut");
    const auto refused = [](const std::string& bytes) {
        CommandBatch batch;
        const auto done = batch.parse(bytes);
        return done ? std::string() : done.error().message;
    };
    EXPECT_THAT(refused(good.substr(0, good.size() - 1)), HasSubstr("end within a field"));
    EXPECT_EQ(refused(good + "\xa2\x06\x01x"),
              "the command holds field number 100, which this version of Daybook does not know");
    EXPECT_THAT(refused(good + "\x20\x01"), HasSubstr("entity: is there twice"));
    EXPECT_THAT(refused(good + "\x72\x02\xc3\x28"), HasSubstr("note: is not valid UTF-8"));
    EXPECT_THAT(refused(good + "\x70\x01"), HasSubstr("note: has the wire type 0; it should be 2"));
    EXPECT_THAT(refused(""), HasSubstr("event_id: missing"));
    v1::Command command;
    ASSERT_TRUE(command.ParseFromString(good));
    command.clear_payload();
    EXPECT_THAT(refused(command.SerializeAsString()), HasSubstr("payload: missing"));
    command.mutable_signed_out()->set_purpose(static_cast<v1::SignedOut::Purpose>(99));
    EXPECT_THAT(refused(command.SerializeAsString()),
                HasSubstr("signed_out.purpose: 99 is none of its values; give one of DISPLAY"));
    command.mutable_signed_out()->set_purpose(v1::SignedOut::PHOTO);
    command.mutable_occurred_at()->set_nanos(1);
    EXPECT_THAT(refused(command.SerializeAsString()), HasSubstr("occurred_at: is finer than a microsecond"));
}

// Any cut and any flipped byte is an answer, not a crash; what is taken is a whole command.
TEST(CommandCodec, SurvivesDamage) {
    for (const auto& each : examples()) {
        const std::string good = encoded_example(each.type);
        for (std::size_t i = 0; i < good.size(); ++i) {
            CommandBatch batch;
            EXPECT_FALSE(batch.parse(good.substr(0, i)) && batch[0].type == custody::EventType{})
                << each.type << " cut at " << i;
            std::string flipped = good;
            flipped[i] = static_cast<char>(flipped[i] ^ 0x15);
            const auto done = batch.parse(flipped);
            if (!done) {
                EXPECT_FALSE(done.error().message.empty());
            }
        }
    }
}

TEST(AtomicBatch, HasBounds) {
    CommandBatch batch;
    EXPECT_THAT(check_atomic_batch(batch).error().message, HasSubstr("no commands"));
    const std::string encoded = encoded_example("SignedIn");
    for (std::size_t i = 0; i < limits::kAtomicBatchCommandsMax; ++i) ASSERT_TRUE(batch.parse(encoded));
    EXPECT_TRUE(check_atomic_batch(batch));
    ASSERT_TRUE(batch.parse(encoded));
    EXPECT_THAT(check_atomic_batch(batch).error().message, HasSubstr("the batch has 1001 commands; the limit is 1000"));
    EXPECT_TRUE(check_batch(batch));
}

TEST(AtomicBatch, HasDeclarationsFirstAndTheirCorrectivesAfter) {
    const std::string declared = *command_from_json(
        with(example("CorrectionDeclared"), R"("reason": "DID_NOT_OCCUR")",
             R"("reason": "INCORRECT_DATA", "correctives": ["0195c000-0000-7000-8000-00000000cafe"])"));
    const std::string corrective = *command_from_json(with(
        example("SignedIn"), R"("event_id": ")", R"("event_id": "0195c000-0000-7000-8000-00000000cafe", "note": ")"));
    const auto check = [](const std::vector<std::string>& commands) {
        CommandBatch batch;
        for (const auto& each : commands) EXPECT_TRUE(batch.parse(each));
        const auto done = check_atomic_batch(batch);
        return done ? std::string() : done.error().message;
    };
    EXPECT_EQ(check({declared, corrective}), "");
    EXPECT_THAT(check({corrective, declared}), HasSubstr("the declarations come first"));
    EXPECT_THAT(check({declared}), HasSubstr("it holds those and nothing else"));
    EXPECT_THAT(check({declared, encoded_example("SignedIn")}), HasSubstr("commands[1].event_id"));
}

}  // namespace
}  // namespace daybook::codec
