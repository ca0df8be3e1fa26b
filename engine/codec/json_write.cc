// Encoded messages → JSON, straight from bytes by the schema's tables.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <typeindex>
#include <unordered_map>
#include <utility>
#include <vector>

#include <google/protobuf/message_lite.h>

#include "engine/base/assert.h"
#include "engine/base/time.h"
#include "engine/codec/internal/check.h"
#include "engine/codec/internal/tables.h"
#include "engine/codec/internal/wire.h"
#include "engine/codec/json.h"

namespace daybook::codec {
namespace {

// What is being written: grows, is used again, and is filled by bare stores where need() has made room.
class Buffer {
public:
    void clear() {
        // The next message is hardly as large.
        if (size_ > kKeptBytes) *this = Buffer();
        at_ = begin_.get();
    }
    // Makes room for `size` bytes more.
    void need(std::size_t size) {
        if (static_cast<std::size_t>(begin_.get() + size_ - at_) < size) grow(size);
    }
    void put(char c) { *at_++ = c; }
    void put(std::string_view text) {
        std::memcpy(at_, text.data(), text.size());
        at_ += text.size();
    }
    template <class Number>
    void put_number(Number value) {
        at_ = std::to_chars(at_, begin_.get() + size_, value).ptr;
    }
    [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(at_ - begin_.get()); }
    void cut(std::size_t size) { at_ = begin_.get() + size; }
    [[nodiscard]] std::string_view text() const { return {begin_.get(), size()}; }

private:
    static constexpr std::size_t kKeptBytes = 1U << 20;

    void grow(std::size_t size) {
        const std::size_t used = this->size();
        size_ = std::max(size_ * 2, used + size + 1024);
        auto larger = std::make_unique_for_overwrite<char[]>(size_);
        std::memcpy(larger.get(), begin_.get(), used);
        begin_ = std::move(larger);
        at_ = begin_.get() + used;
    }

    std::unique_ptr<char[]> begin_ = std::make_unique_for_overwrite<char[]>(1024);
    std::size_t size_ = 1024;
    char* at_ = begin_.get();
};

constexpr std::size_t kNumberCharsMax = 24;  // with quotes

void put_base64(std::string_view bytes, Buffer& out) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out.need((bytes.size() + 2) / 3 * 4 + 2);
    out.put('"');
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t bits = 0;
        for (std::size_t j = 0; j < 3; ++j)
            bits = bits << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
        for (std::size_t j = 0; j < 4; ++j) out.put(j <= count ? kDigits[bits >> (18 - 6 * j) & 63] : '=');
    }
    out.put('"');
}

// By byte: 0: stands for itself; 1: where the text is UTF-8; 2: is escaped.
constexpr std::array<std::uint8_t, 256> kEscapes = [] {
    std::array<std::uint8_t, 256> table{};
    for (std::size_t byte = 0; byte < table.size(); ++byte) {
        table[byte] = byte >= 0x80 ? 1 : byte < 0x20 || byte == 0x7f || byte == '"' || byte == '\\' ? 2 : 0;
    }
    return table;
}();

// What is not UTF-8 (an error of the system may hold anything) is shown as '?'.
void put_odd_text(std::string_view text, Buffer& out) {
    const bool valid = valid_utf8(text);
    out.need(6 * text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x80) {
            out.put(valid ? c : '?');
        } else if (kEscapes[byte] == 0) {
            out.put(c);
        } else if (c == '"' || c == '\\') {
            out.put('\\');
            out.put(c);
        } else if (c == '\n') {
            out.put("\\n");
        } else {
            constexpr std::string_view kHex = "0123456789abcdef";
            out.put("\\u00");
            out.put(kHex[byte >> 4]);
            out.put(kHex[byte & 15]);
        }
    }
}

void put_text(std::string_view text, Buffer& out) {
    unsigned odd = 0;
    for (const char c : text) odd |= kEscapes[static_cast<unsigned char>(c)];
    out.need(text.size() + 2);
    out.put('"');
    if (odd == 0) {
        out.put(text);
    } else {
        put_odd_text(text, out);
        out.need(1);
    }
    out.put('"');
}

// Used again for the next message: what it needs keeps its memory.
class MessageWriter {
public:
    // Appends the message as JSON; false where the bytes are not of that message, and then nothing is appended.
    bool write(const MessageTable& table, std::string_view bytes, std::string& out) {
        out_.clear();
        if (!message(table, bytes)) return false;
        out += out_.text();
        return true;
    }

private:
    // False where the bytes are not of that message. Most are in the order of the schema, and written as they are read.
    bool message(const MessageTable& table, std::string_view bytes) {
        const std::size_t begin = out_.size();
        out_.need(1);
        out_.put('{');
        const FieldTable* open = nullptr;  // the field written last; of a list more may come
        bool empty_list = false;
        WireReader reader(bytes);
        while (reader.next()) {
            const FieldTable* field = table.find(reader.number());
            if (!fits(field, reader)) return false;
            const bool more = field == open && field->list;
            if (open != nullptr && field->index <= open->index && !more) {
                out_.cut(begin);
                return out_of_order(table, bytes);
            }
            if (!more) {
                out_.need(field->key.size() + 3);
                if (open != nullptr && open->list) out_.put(']');
                if (open != nullptr) out_.put(',');
                out_.put(field->key);
                if (field->list) out_.put('[');
                empty_list = true;
                open = field;
            }
            if (!field->list) {
                if (!value(*field, reader)) return false;
            } else if (!entries(*field, reader, empty_list)) {
                return false;
            }
        }
        out_.need(2);
        if (open != nullptr && open->list) out_.put(']');
        out_.put('}');
        return !reader.damaged();
    }

    static bool fits(const FieldTable* field, const WireReader& at) {
        return field != nullptr && (at.type() == field->wire || (field->list && at.type() == WireType::kBytes));
    }

    // The message with its fields in the order of the schema. Of a field that is no list and stands there twice, the
    // last counts.
    bool out_of_order(const MessageTable& table, std::string_view bytes) {
        std::vector<std::pair<const FieldTable*, std::string_view>> fields;
        const char* begin = bytes.data();
        WireReader reader(bytes);
        for (; reader.next(); begin = reader.at()) {
            const FieldTable* field = table.find(reader.number());
            if (!fits(field, reader)) return false;
            fields.emplace_back(field, std::string_view(begin, static_cast<std::size_t>(reader.at() - begin)));
        }
        if (reader.damaged()) return false;
        std::stable_sort(fields.begin(), fields.end(),
                         [](const auto& a, const auto& b) { return a.first->index < b.first->index; });
        std::string sorted;
        for (std::size_t i = 0; i < fields.size(); ++i) {
            const bool overruled = i + 1 < fields.size() && fields[i + 1].first == fields[i].first;
            if (fields[i].first->list || !overruled) sorted += fields[i].second;
        }
        return message(table, sorted);
    }

    // One entry of a list, or a packed part of it. `first`: no entry has been written yet.
    bool entries(const FieldTable& field, const WireReader& at, bool& first) {
        const auto comma = [&] {
            out_.need(1);
            if (!std::exchange(first, false)) out_.put(',');
        };
        if (at.type() == field.wire) {
            comma();
            return value(field, at);
        }
        WireReader numbers(at.bytes());
        while (!numbers.at_end()) {
            std::uint64_t number_value = 0;
            if (!numbers.varint(number_value)) return false;
            comma();
            number(field, number_value);
        }
        return true;
    }

    bool value(const FieldTable& field, const WireReader& at) {
        switch (field.kind) {
            case Kind::kMessage: return message(*field.message, at.bytes());
            case Kind::kText: put_text(at.bytes(), out_); return true;
            case Kind::kBytes: put_base64(at.bytes(), out_); return true;
            case Kind::kTime: put_text(format_time(read_time(at.bytes())), out_); return true;
            default: number(field, at.value()); return true;
        }
    }

    template <class Number>
    void quoted_number(Number value) {
        out_.put('"');
        out_.put_number(value);
        out_.put('"');
    }

    void number(const FieldTable& field, std::uint64_t value) {
        out_.need(kNumberCharsMax);
        switch (field.kind) {
            case Kind::kBool: out_.put(value != 0 ? "true" : "false"); return;
            case Kind::kInt32: out_.put_number(static_cast<std::int32_t>(value)); return;
            case Kind::kUint32: out_.put_number(static_cast<std::uint32_t>(value)); return;
            case Kind::kSint32: out_.put_number(unzigzag(value)); return;
            case Kind::kInt64: return quoted_number(static_cast<std::int64_t>(value));
            case Kind::kUint64: return quoted_number(value);
            case Kind::kSint64: return quoted_number(unzigzag(value));
            case Kind::kEnum:
                if (const auto name = field.values->name(value); !name.empty()) {
                    put_text(name, out_);
                } else {
                    out_.put_number(static_cast<std::int32_t>(value));
                }
                return;
            case Kind::kText:
            case Kind::kBytes:
            case Kind::kTime:
            case Kind::kMessage: break;
        }
        DAYBOOK_UNREACHABLE();
    }

    Buffer out_;
};

Result<void> append(const MessageTable& table, std::string_view bytes, std::string& out) {
    static thread_local MessageWriter writer;
    if (!writer.write(table, bytes, out)) return fail(ErrorCode::kCorrupt, "the bytes are no " + table.name);
    return {};
}

}  // namespace

Result<std::string> command_to_json(std::string_view encoded) {
    std::string json;
    DAYBOOK_TRY(append(command_table(), encoded, json));
    return json;
}

Result<std::string> event_to_json(std::string_view stored) {
    std::string json;
    DAYBOOK_TRY(append_event_json(stored, json));
    return json;
}

Result<void> append_event_json(std::string_view stored, std::string& out) { return append(event_table(), stored, out); }

std::string to_json(const google::protobuf::MessageLite& message) {
    std::string json;
    append_json(message, json);
    return json;
}

void append_json(const google::protobuf::MessageLite& message, std::string& out) {
    // By C++ type, since asking a message for its name makes a string each time.
    static thread_local std::unordered_map<std::type_index, const MessageTable*> tables;
    const MessageTable*& table = tables[typeid(message)];
    if (table == nullptr) table = message_table(message.GetTypeName());
    DAYBOOK_ASSERT(table != nullptr);
    static thread_local std::string encoded;
    message.SerializeToString(&encoded);
    const auto written = append(*table, encoded, out);
    DAYBOOK_ASSERT(written.has_value());
}

}  // namespace daybook::codec
