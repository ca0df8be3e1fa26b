#include "engine/codec/answer.h"

#include "engine/codec/internal/check.h"
#include "engine/codec/internal/wire.h"
#include "engine/codec/json.h"
#include "engine/codec/obligation_text.h"
#include "schemas/daybook/v1/answer.pb.h"

namespace daybook::codec {
namespace {

// The schema's code of that name. Every name of the state machine and of base/error.h is one, which a test checks.
v1::ErrorCode::Code code_of(std::string_view name) {
    v1::ErrorCode::Code code = v1::ErrorCode::E_INTERNAL;
    v1::ErrorCode::Code_Parse(std::string(name), &code);
    return code;
}

void set_time(Micros at, google::protobuf::Timestamp& out) {
    const WireTime time = wire_time(at);
    out.set_seconds(time.seconds);
    out.set_nanos(static_cast<std::int32_t>(time.nanos));
}

void set_money(const custody::Money& money, v1::Money& out) {
    out.set_minor(money.minor);
    if (money.currency == 0) return;
    for (unsigned shift = 24; shift > 0;) {
        shift -= 8;
        out.mutable_currency()->push_back(static_cast<char>(money.currency >> shift));
    }
}

// A message may quote what the system said, in whatever encoding; a protobuf text is UTF-8.
std::string readable(std::string text) {
    if (valid_utf8(text)) return text;
    for (char& c : text) {
        if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
    return text;
}

v1::DocType::Code doc_code(custody::DocType type) {
    return type == custody::DocType::kOther ? v1::DocType::OTHER : static_cast<v1::DocType::Code>(type);
}

std::string to_line(const v1::Refusal& refusal) {
    v1::Answer answer;
    *answer.mutable_error() = refusal;
    return to_json(answer);
}

}  // namespace

void to_proto(const Receipt& receipt, v1::Answer& out) {
    out.set_position(receipt.position);
    if (receipt.batch_last != receipt.position) out.set_batch_last(receipt.batch_last);
    set_time(receipt.recorded_at, *out.mutable_recorded_at());
    out.set_repeated(receipt.repeated);
}

void to_proto(const custody::Refusal& refusal, v1::Refusal& out) {
    out.set_code(code_of(code_name(refusal.code)));
    out.set_message(readable(refusal.message));
    if (refusal.code != custody::RefusalCode{}) out.set_check(std::string(custody::info(refusal.code).of));
    if (refusal.line >= 0) out.set_line(static_cast<std::uint32_t>(refusal.line));
    if (!refusal.item.empty()) out.set_item(refusal.item.text());
    if (refusal.state) out.set_state(static_cast<v1::State::Code>(static_cast<int>(*refusal.state) + 1));
    if (!refusal.account.empty()) out.set_account(refusal.account.path());
    if (refusal.since != 0) set_time(refusal.since, *out.mutable_since());
    if (refusal.event != kNoPosition) out.set_blocking_position(refusal.event);
    if (refusal.obligation) out.set_obligation(obligation_text(*refusal.obligation));
    out.set_document(refusal.document);
    if (refusal.until != 0) set_time(refusal.until, *out.mutable_until());
    if (refusal.version) out.set_version(*refusal.version);
    out.set_limit(refusal.limit);
    if (refusal.allowed) set_money(*refusal.allowed, *out.mutable_allowed());
    if (refusal.would_be) set_money(*refusal.would_be, *out.mutable_would_be());
    for (const auto type : refusal.missing_documents) out.add_missing_documents(doc_code(type));
    for (const custody::Conflict& conflict : refusal.conflicts) {
        v1::Conflict& added = *out.add_conflicts();
        if (!conflict.item.empty()) added.set_item(conflict.item.text());
        if (conflict.event != kNoPosition) added.set_position(conflict.event);
        added.set_code(code_of(code_name(conflict.code)));
    }
    for (const auto type : refusal.legal_next) out.add_legal_next(static_cast<v1::EventType::Code>(type));
}

void to_proto(const Error& error, v1::Refusal& out) {
    out.set_code(code_of(to_string(error.code)));
    out.set_message(readable(error.message));
    if (error.code == ErrorCode::kInvalid) out.set_check("schema");
}

std::string answer_json(const Receipt& receipt) {
    v1::Answer answer;
    to_proto(receipt, answer);
    return to_json(answer);
}

std::string answer_json(const custody::Refusal& refusal, std::optional<std::size_t> command) {
    v1::Refusal out;
    to_proto(refusal, out);
    if (command) out.set_command(static_cast<std::uint32_t>(*command));
    return to_line(out);
}

std::string answer_json(const Error& error, std::optional<std::size_t> command) {
    v1::Refusal out;
    to_proto(error, out);
    if (command) out.set_command(static_cast<std::uint32_t>(*command));
    return to_line(out);
}

std::string_view code_name(custody::RefusalCode code) { return custody::to_string(code); }

}  // namespace daybook::codec
