// Encoded messages → JSON, straight from bytes by the schema's tables.
#include <algorithm>
#include <array>
#include <charconv>
#include <typeindex>
#include <unordered_map>

#include <google/protobuf/message_lite.h>

#include "engine/base/assert.h"
#include "engine/base/time.h"
#include "engine/codec/internal/check.h"
#include "engine/codec/internal/tables.h"
#include "engine/codec/internal/wire.h"
#include "engine/codec/json.h"

namespace daybook::codec {
namespace {

void append_base64(std::string_view bytes, std::string& out) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t bits = 0;
        for (std::size_t j = 0; j < 3; ++j)
            bits = bits << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
        for (std::size_t j = 0; j < 4; ++j) out.push_back(j <= count ? kDigits[bits >> (18 - 6 * j) & 63] : '=');
    }
}

bool stands_for_itself(char c, bool valid) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 ? valid : byte >= 0x20 && byte != 0x7f && c != '"' && c != '\\';
}

// What is not UTF-8 (an error of the system may hold anything) is shown as '?'.
void append_text(std::string_view text, std::string& out) {
    const bool valid = valid_utf8(text);
    out.push_back('"');
    std::size_t plain = 0;  // of the characters that come next, those that stand for themselves
    for (std::size_t at = 0; at < text.size(); at += plain + 1) {
        plain = 0;
        while (at + plain < text.size() && stands_for_itself(text[at + plain], valid)) ++plain;
        out.append(text, at, plain);
        if (at + plain == text.size()) break;
        const char c = text[at + plain];
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (byte >= 0x80) {
            out.push_back('?');
        } else if (c == '\n') {
            out += "\\n";
        } else {
            constexpr std::string_view kHex = "0123456789abcdef";
            out += "\\u00";
            out.push_back(kHex[byte >> 4]);
            out.push_back(kHex[byte & 15]);
        }
    }
    out.push_back('"');
}

template <class Number>
void append_number(Number value, std::string& out) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

// Used again for the next message: what it needs keeps its memory.
class MessageWriter {
public:
    // The message as JSON, until the next call; nullptr where the bytes are not of that message.
    const std::string* write(const MessageTable& table, std::string_view bytes) {
        if (out_.capacity() > kKeptBytes) out_ = std::string();
        out_.clear();
        fields_.clear();
        return message(table, bytes) ? &out_ : nullptr;
    }

private:
    static constexpr std::size_t kKeptBytes = 1U << 20;  // the next message is hardly as large
    struct Entry {
        const FieldTable* field;
        WireReader at;
    };

    // False where the bytes are not of that message.
    bool message(const MessageTable& table, std::string_view bytes) {
        // Most messages hold few fields, already in the order of the schema.
        const std::size_t first = fields_.size();
        bool sorted = true;
        WireReader reader(bytes);
        while (reader.next()) {
            const FieldTable* field = table.find(reader.number());
            const bool packed = field != nullptr && field->list && reader.type() == WireType::kBytes;
            if (field == nullptr || (reader.type() != field->wire && !packed)) return false;
            sorted = sorted && (fields_.size() == first || fields_.back().field->index <= field->index);
            fields_.push_back({field, reader});
        }
        if (reader.damaged()) return false;
        const auto begin = fields_.begin() + static_cast<std::ptrdiff_t>(first);
        if (!sorted) {
            std::stable_sort(begin, fields_.end(),
                             [](const Entry& a, const Entry& b) { return a.field->index < b.field->index; });
        }
        const std::size_t last = fields_.size();
        out_.push_back('{');
        bool comma = false;
        for (std::size_t i = first; i < last;) {
            const FieldTable& field = *fields_[i].field;
            std::size_t end = i + 1;
            while (end < last && fields_[end].field == &field) ++end;
            if (comma) out_.push_back(',');
            comma = true;
            out_ += field.key;
            // Of a field that is no list and stands there twice, the last counts.
            if (!(field.list ? list(field, i, end) : value(field, fields_[end - 1].at))) return false;
            i = end;
        }
        out_.push_back('}');
        fields_.resize(first, Entry{nullptr, WireReader({})});
        return true;
    }

    bool list(const FieldTable& field, std::size_t begin, std::size_t end) {
        out_.push_back('[');
        for (std::size_t i = begin; i < end; ++i) {
            if (i != begin) out_.push_back(',');
            const WireReader at = fields_[i].at;  // a copy: nested messages move the entries
            if (!(at.type() == field.wire ? value(field, at) : packed(field, at.bytes()))) return false;
        }
        out_.push_back(']');
        return true;
    }

    bool packed(const FieldTable& field, std::string_view bytes) {
        WireReader numbers(bytes);
        for (bool first = true; !numbers.at_end(); first = false) {
            std::uint64_t number_value = 0;
            if (!numbers.varint(number_value)) return false;
            if (!first) out_.push_back(',');
            number(field, number_value);
        }
        return true;
    }

    bool value(const FieldTable& field, const WireReader& at) {
        switch (field.kind) {
            case Kind::kMessage: return message(*field.message, at.bytes());
            case Kind::kText: append_text(at.bytes(), out_); return true;
            case Kind::kBytes:
                out_.push_back('"');
                append_base64(at.bytes(), out_);
                out_.push_back('"');
                return true;
            case Kind::kTime: ((out_ += '"') += format_time(read_time(at.bytes()))) += '"'; return true;
            default: number(field, at.value()); return true;
        }
    }

    template <class Number>
    void quoted_number(Number value) {
        append_number(value, out_ += '"');
        out_ += '"';
    }

    void number(const FieldTable& field, std::uint64_t value) {
        switch (field.kind) {
            case Kind::kBool: out_ += value != 0 ? "true" : "false"; return;
            case Kind::kInt32: append_number(static_cast<std::int32_t>(value), out_); return;
            case Kind::kUint32: append_number(static_cast<std::uint32_t>(value), out_); return;
            case Kind::kSint32: append_number(unzigzag(value), out_); return;
            case Kind::kInt64: return quoted_number(static_cast<std::int64_t>(value));
            case Kind::kUint64: return quoted_number(value);
            case Kind::kSint64: return quoted_number(unzigzag(value));
            case Kind::kEnum:
                if (const auto name = field.values->name(value); !name.empty()) {
                    ((out_ += '"') += name) += '"';
                } else {
                    append_number(static_cast<std::int32_t>(value), out_);
                }
                return;
            case Kind::kText:
            case Kind::kBytes:
            case Kind::kTime:
            case Kind::kMessage: break;
        }
        DAYBOOK_UNREACHABLE();
    }

    std::string out_;
    std::vector<Entry> fields_;  // a stack: the fields of the messages that are being written
};

Result<std::string> write(const MessageTable& table, std::string_view bytes) {
    static thread_local MessageWriter writer;
    const std::string* const json = writer.write(table, bytes);
    if (json == nullptr) return fail(ErrorCode::kCorrupt, "the bytes are no " + table.name);
    return *json;
}

}  // namespace

Result<std::string> command_to_json(std::string_view encoded) { return write(command_table(), encoded); }
Result<std::string> event_to_json(std::string_view stored) { return write(event_table(), stored); }

std::string to_json(const google::protobuf::MessageLite& message) {
    // By C++ type, since asking a message for its name makes a string each time.
    static thread_local std::unordered_map<std::type_index, const MessageTable*> tables;
    const MessageTable*& table = tables[typeid(message)];
    if (table == nullptr) table = message_table(message.GetTypeName());
    DAYBOOK_ASSERT(table != nullptr);
    static thread_local std::string encoded;
    message.SerializeToString(&encoded);
    auto json = write(*table, encoded);
    DAYBOOK_ASSERT(json.has_value());
    return *std::move(json);
}

}  // namespace daybook::codec
