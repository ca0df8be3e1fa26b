#include "engine/codec/internal/check.h"

#include <array>
#include <cstring>
#include <limits>

#include "engine/base/assert.h"
#include "engine/base/ids.h"
#include "engine/base/limits.h"
#include "engine/codec/obligation_text.h"
#include "engine/custody/account.h"

namespace daybook::codec {
namespace {

constexpr std::string_view kUuidHint = "write it as 8-4-4-4-12 lower-case hexadecimal";

bool fail_with(Fault& fault, std::string text) {
    fault.path.clear();
    fault.text = std::move(text);
    return false;
}

bool all_capitals(std::string_view text, std::size_t size) {
    if (text.size() != size) return false;
    for (const char c : text) {
        if (c < 'A' || c > 'Z') return false;
    }
    return true;
}

bool check_uuid(std::string_view text, Fault& fault) {
    const auto uuid = Uuid::parse(text);
    if (!uuid) return fail_with(fault, quoted(text) + " is no UUID; " + std::string(kUuidHint));
    if (uuid->empty()) return fail_with(fault, "the nil UUID names nothing; give one of your own making");
    return true;
}

bool check_form(const FieldTable& field, std::string_view text, Fault& fault) {
    switch (field.form) {
        case Form::kAny: return true;
        case Form::kUuid: return check_uuid(text, fault);
        case Form::kAccount:
            if (text.size() > limits::kPathBytesMax || !custody::AccountId::parse(text)) {
                return fail_with(
                    fault,
                    quoted(text) + " is no account; write one as in SITE/1/VAULT/A-03 (engine/custody/account.h)");
            }
            return true;
        case Form::kObligation:
            if (!parse_obligation(text)) {
                return fail_with(
                    fault, quoted(text) + " is no obligation; write {uuid}, {uuid}:{item} or {count}:{kind}:{item}");
            }
            return true;
        case Form::kCurrency:
            if (!all_capitals(text, 3))
                return fail_with(fault, quoted(text) + " is no currency; write three capital letters, as in EUR");
            return true;
        case Form::kCountry:
            if (!all_capitals(text, 2))
                return fail_with(fault, quoted(text) + " is no country; write two capital letters, as in CH");
            return true;
        case Form::kDigest:
            if (text.size() != 32)
                return fail_with(fault, "is " + std::to_string(text.size()) + " bytes; a digest has 32");
            return true;
    }
    DAYBOOK_UNREACHABLE();
}

// An empty text is one that was not sent: only `required` asks for more.
bool check_text(const FieldTable& field, std::string_view text, Fault& fault) {
    const std::size_t max = field.list ? limits::kTextBytesMax : field.max;
    if (text.size() > max) {
        return fail_with(fault,
                         "is " + std::to_string(text.size()) + " bytes long; the limit is " + std::to_string(max));
    }
    if (text.empty() && !field.list) return true;
    // Ids, accounts and the like are ASCII when they are well-formed, so that they need not be looked at twice.
    if (field.form != Form::kAny && check_form(field, text, fault)) return true;
    if (field.kind == Kind::kText && !valid_utf8(text)) return fail_with(fault, "is not valid UTF-8");
    return field.form == Form::kAny;
}

// The rules of a number: not negative, and not over `max`, unless it is a list's.
bool check_bounds(const FieldTable& field, std::int64_t value, Fault& fault) {
    if (value < 0 && !field.negative) return fail_with(fault, std::to_string(value) + " is negative; give 0 or more");
    const std::int64_t max = field.list ? 0 : field.max;
    if (max == 0 || (value <= max && value >= -max)) return true;
    return fail_with(fault, std::to_string(value) + (value > 0 ? " is over " : " is under -") + std::to_string(max));
}

bool check_int32(const FieldTable& field, std::int64_t value, Fault& fault) {
    if (value < std::numeric_limits<std::int32_t>::min() || value > std::numeric_limits<std::int32_t>::max()) {
        return fail_with(fault, std::to_string(value) + " is out of range; 32 bits are what there is");
    }
    return check_bounds(field, value, fault);
}

bool check_number(const FieldTable& field, std::uint64_t value, Fault& fault) {
    switch (field.kind) {
        case Kind::kBool: return value <= 1 || fail_with(fault, std::to_string(value) + " is neither true nor false");
        case Kind::kInt32: return check_int32(field, static_cast<std::int64_t>(value), fault);
        case Kind::kSint32: return check_int32(field, unzigzag(value), fault);
        case Kind::kInt64: return check_bounds(field, static_cast<std::int64_t>(value), fault);
        case Kind::kSint64: return check_bounds(field, unzigzag(value), fault);
        case Kind::kUint32:
            if (value > std::numeric_limits<std::uint32_t>::max()) {
                return fail_with(fault, std::to_string(value) + " is out of range; 32 bits are what there is");
            }
            return check_bounds(field, static_cast<std::int64_t>(value), fault);
        case Kind::kUint64: return true;
        case Kind::kEnum:
            return !field.values->name(value).empty() ||
                   fail_with(fault,
                             std::to_string(value) + " is none of its values; give one of " + field.values->choices);
        case Kind::kText:
        case Kind::kBytes:
        case Kind::kTime:
        case Kind::kMessage: break;
    }
    DAYBOOK_UNREACHABLE();
}

bool check_time(std::string_view bytes, Fault& fault) {
    std::array<std::int64_t, 2> parts{};
    std::array<bool, 2> seen{};
    WireReader reader(bytes);
    while (reader.next()) {
        const std::size_t at = reader.number() - 1U;
        if (at > 1 || reader.type() != WireType::kVarint || seen[at]) {
            return fail_with(fault, "is no instant; give seconds and nanoseconds, once each");
        }
        seen[at] = true;
        parts[at] = reader.signed_value();
    }
    if (reader.damaged()) return fail_with(fault, "is no instant; its bytes end within a field");
    const auto [seconds, nanos] = parts;
    if (nanos < 0 || nanos > 999'999'999)
        return fail_with(fault, "has " + std::to_string(nanos) + " nanoseconds; there are 0 to 999999999");
    if (nanos % 1000 != 0)
        return fail_with(fault, "is finer than a microsecond; give at most 6 digits after the second");
    if (seconds < 0 || seconds > kTimeMax / kSecond || (seconds == 0 && nanos == 0)) {
        return fail_with(fault, "lies outside 1970 to 9999");
    }
    return true;
}

class MessageCheck {
public:
    MessageCheck(const MessageTable& table, Fault& fault) : table_(table), fault_(fault) {}

    bool run(std::string_view bytes) {
        WireReader reader(bytes);
        while (reader.next()) {
            const FieldTable* field = table_.find(reader.number());
            if (field == nullptr) {
                return fail_with(fault_, "holds field number " + std::to_string(reader.number()) +
                                             ", which this version of Daybook does not know");
            }
            if (!note(*field)) return false;
            if (!check(*field, reader)) {
                fault_.within(field->list ? field->name + "[" + std::to_string(counts_[field->list_index] - 1U) + "]"
                                          : field->name);
                return false;
            }
        }
        if (reader.damaged())
            return fail_with(fault_,
                             "is no protobuf message; its bytes end within a field or have an unknown wire type");
        for (const FieldTable* field : table_.required) {
            if (!filled(*field)) {
                fail_with(fault_, "missing; " + wanted(*field));
                fault_.within(field->name);
                return false;
            }
        }
        return true;
    }

private:
    // Counts the occurrence; false where there is one too many.
    bool note(const FieldTable& field) {
        if (field.list) {
            if (counts_[field.list_index]++ < field.max) return true;
            return too_many(field);
        }
        std::uint64_t& word = seen_[field.index / 64U];
        const std::uint64_t bit = std::uint64_t{1} << field.index % 64U;
        const bool twice = (word & bit) != 0;
        const bool rival = field.oneof >= 0 && (oneofs_ >> field.oneof & 1U) != 0;
        word |= bit;
        if (field.oneof >= 0) oneofs_ |= 1U << field.oneof;
        if (!twice && !rival) return true;
        fail_with(fault_, twice ? "is there twice; send it once"
                                : "stands beside another " + table_.oneofs[static_cast<std::size_t>(field.oneof)] +
                                      "; only one of them may be sent");
        fault_.within(field.name);
        return false;
    }
    bool too_many(const FieldTable& field) {
        fail_with(fault_, "has more than " + std::to_string(field.max) + " entries, which is the limit");
        fault_.within(field.name);
        return false;
    }

    void fill(const FieldTable& field) { filled_[field.index / 64U] |= std::uint64_t{1} << field.index % 64U; }
    [[nodiscard]] bool filled(const FieldTable& field) const {
        return (filled_[field.index / 64U] >> field.index % 64U & 1U) != 0;
    }

    bool check(const FieldTable& field, WireReader& reader) {
        if (field.wire == WireType::kVarint) {
            if (reader.type() == WireType::kVarint) {
                if (reader.value() != 0 || field.presence) fill(field);
                return check_number(field, reader.value(), fault_);
            }
            if (field.list && reader.type() == WireType::kBytes) return check_packed(field, reader.bytes());
        } else if (reader.type() == WireType::kBytes) {
            const std::string_view bytes = reader.bytes();
            if (!bytes.empty() || field.presence || field.list) fill(field);
            if (field.kind == Kind::kMessage) return check_message(*field.message, bytes, fault_);
            if (field.kind == Kind::kTime) return check_time(bytes, fault_);
            return check_text(field, bytes, fault_);
        }
        return fail_with(fault_, "has the wire type " + std::to_string(static_cast<int>(reader.type())) +
                                     "; it should be " + std::to_string(static_cast<int>(field.wire)));
    }

    bool check_packed(const FieldTable& field, std::string_view bytes) {
        WireReader list(bytes);
        std::uint32_t& count = counts_[field.list_index];
        --count;  // note() took the whole for one entry
        while (!list.at_end()) {
            if (++count > field.max)
                return fail_with(fault_, "is one entry more than the limit of " + std::to_string(field.max));
            std::uint64_t value = 0;
            if (!list.varint(value)) return fail_with(fault_, "ends within a number");
            fill(field);
            if (!check_number(field, value, fault_)) return false;
        }
        return true;
    }

    const MessageTable& table_;
    Fault& fault_;
    std::array<std::uint64_t, kFieldsMax / 64> seen_{};
    std::array<std::uint64_t, kFieldsMax / 64> filled_{};
    std::array<std::uint32_t, kListsMax> counts_{};
    std::uint32_t oneofs_ = 0;
};

}  // namespace

// No message of daybook.v1 holds itself, so that the depth is bounded by the schema.
bool check_message(const MessageTable& table, std::string_view bytes, Fault& fault) {
    return MessageCheck(table, fault).run(bytes);
}

bool valid_utf8(std::string_view text) {
    const auto* at = reinterpret_cast<const unsigned char*>(text.data());
    const auto* const end = at + text.size();
    while (at != end) {
        if (end - at >= 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, at, 8);
            if ((word & 0x8080808080808080ULL) == 0) {
                at += 8;
                continue;
            }
        }
        const unsigned char lead = *at++;
        if (lead < 0x80) continue;
        // The Unicode Standard, table 3-7: the range of the second byte depends on the first.
        int more = 0;
        unsigned char low = 0x80;
        unsigned char high = 0xbf;
        if (lead >= 0xc2 && lead <= 0xdf) {
            more = 1;
        } else if (lead >= 0xe0 && lead <= 0xef) {
            more = 2;
            if (lead == 0xe0) low = 0xa0;
            if (lead == 0xed) high = 0x9f;
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            more = 3;
            if (lead == 0xf0) low = 0x90;
            if (lead == 0xf4) high = 0x8f;
        } else {
            return false;
        }
        for (; more > 0; --more, low = 0x80, high = 0xbf) {
            if (at == end || *at < low || *at > high) return false;
            ++at;
        }
    }
    return true;
}

std::string quoted(std::string_view text) {
    constexpr std::size_t kShown = 48;
    if (!valid_utf8(text)) return "a text that is not valid UTF-8";
    std::string out = "'";
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool begins = (static_cast<unsigned char>(c) & 0xc0) != 0x80;
        if (i >= kShown && begins) return out + "…'";
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    }
    return out + "'";
}

std::string wanted(const FieldTable& field) {
    if (field.list) return "give at least one";
    switch (field.form) {
        case Form::kUuid: return "give a UUID: " + std::string(kUuidHint);
        case Form::kAccount: return "give an account, as in SITE/1/VAULT/A-03";
        case Form::kObligation: return "give an obligation: {uuid}, {uuid}:{item} or {count}:{kind}:{item}";
        case Form::kCurrency: return "give a currency: three capital letters, as in EUR";
        case Form::kCountry: return "give a country: two capital letters, as in CH";
        case Form::kDigest: return "give a digest of 32 bytes";
        case Form::kAny: break;
    }
    switch (field.kind) {
        case Kind::kEnum: return "give one of " + field.values->choices;
        case Kind::kBool: return "give true or false";
        case Kind::kTime: return "give an instant, as in 2026-03-02T09:30:00Z";
        case Kind::kText: return "give a text";
        case Kind::kMessage: return "give an object";
        case Kind::kBytes: return "give bytes in base64";
        case Kind::kInt32:
        case Kind::kInt64:
        case Kind::kUint32:
        case Kind::kUint64:
        case Kind::kSint32:
        case Kind::kSint64: return "give a number other than 0";
    }
    DAYBOOK_UNREACHABLE();
}

}  // namespace daybook::codec
