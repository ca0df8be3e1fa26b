// JSON → encoded messages, straight to bytes by the schema's tables. Fields are written in the order of their numbers,
// whatever their order in the JSON, so that the same command has the same bytes. A field that is sent with its default
// is written: it differs from one that is left out.
#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include <google/protobuf/message_lite.h>

#include "engine/base/limits.h"
#include "engine/base/time.h"
#include "engine/codec/internal/check.h"
#include "engine/codec/internal/json_scanner.h"
#include "engine/codec/internal/tables.h"
#include "engine/codec/internal/wire.h"
#include "engine/codec/json.h"

namespace daybook::codec {
namespace {

constexpr std::string_view kTimeHint =
    " is no instant; write it as 2026-03-02T09:30:00Z, with at most 6 digits after the second";

// Standard and URL-safe alphabet, with or without padding.
constexpr std::array<std::int8_t, 256> make_base64_values() {
    std::array<std::int8_t, 256> values{};
    for (auto& value : values) value = -1;
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < kDigits.size(); ++i)
        values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::int8_t>(i);
    values['-'] = 62;
    values['_'] = 63;
    return values;
}
constexpr auto kBase64Values = make_base64_values();

std::optional<std::string> decode_base64(std::string_view text) {
    while (text.ends_with('=')) text.remove_suffix(1);
    if (text.size() % 4 == 1) return std::nullopt;
    std::string out;
    out.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const int value = kBase64Values[static_cast<unsigned char>(c)];
        if (value < 0) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out.push_back(static_cast<char>(bits >> count));
    }
    return out;
}

// The field a misspelt name may have meant; empty where none is near.
std::string_view nearest(const MessageTable& table, std::string_view name) {
    const auto distance = [&](std::string_view other) {
        std::vector<std::size_t> row(other.size() + 1);
        for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
        for (std::size_t i = 1; i <= name.size(); ++i) {
            std::size_t diagonal = row[0];
            row[0] = i;
            for (std::size_t j = 1; j < row.size(); ++j) {
                const std::size_t change = diagonal + (name[i - 1] == other[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
            }
        }
        return row.back();
    };
    std::string_view best;
    std::size_t least = 3;
    if (name.size() > 64) return best;
    for (const auto& field : table.fields) {
        const std::size_t far = distance(field.name);
        if (far >= least) continue;
        least = far;
        best = field.name;
    }
    return best;
}

class MessageReader {
public:
    MessageReader(JsonScanner& in, std::string& out, Fault& fault) : in_(in), out_(out), fault_(fault) {}

    // An object, from its brace on. What goes wrong is in the fault, unless it is the JSON itself
    // (JsonScanner::broken).
    bool message(const MessageTable& table) {
        if (!in_.take('{')) return wrong("is " + in_.what() + "; give an object");
        const std::size_t first = chunks_.size();
        const std::size_t begin = out_.size();
        Seen seen;
        bool sorted = true;
        for (bool more = !in_.take('}'); more; more = in_.next_entry('}')) {
            const auto name = in_.key();
            if (!name) return false;
            const FieldTable* field = table.find(*name);
            if (field == nullptr) return unknown(table, *name);
            if (in_.take_word("null")) continue;  // as if it were left out
            if (!seen.add(*field)) {
                wrong(seen.twice(*field)
                          ? "is there twice; send it once"
                          : "stands beside another " + table.oneofs[static_cast<std::size_t>(field->oneof)] +
                                "; only one of them may be sent");
                fault_.within(field->name);
                return false;
            }
            const std::size_t at = out_.size();
            if (!(field->list ? list(*field) : single(*field))) {
                if (!field->list) fault_.within(field->name);
                return false;
            }
            sorted = sorted && (chunks_.size() == first || chunks_.back().number < field->number);
            chunks_.push_back({field->number, at, out_.size()});
        }
        if (in_.broken()) return false;
        if (!sorted) sort(begin, first);
        chunks_.resize(first);
        return true;
    }

private:
    struct Chunk {
        std::uint32_t number;
        std::size_t begin, end;
    };
    class Seen {
    public:
        bool add(const FieldTable& field) {
            std::uint64_t& word = fields_[field.index / 64U];
            const std::uint64_t bit = std::uint64_t{1} << field.index % 64U;
            const std::uint32_t oneof = field.oneof < 0 ? 0 : 1U << field.oneof;
            twice_ = (word & bit) != 0;
            if (twice_ || (oneofs_ & oneof) != 0) return false;
            word |= bit;
            oneofs_ |= oneof;
            return true;
        }
        [[nodiscard]] bool twice(const FieldTable&) const { return twice_; }

    private:
        std::array<std::uint64_t, kFieldsMax / 64> fields_{};
        std::uint32_t oneofs_ = 0;
        bool twice_ = false;
    };

    bool wrong(std::string text) {
        fault_ = {"", std::move(text)};
        return false;
    }
    bool unknown(const MessageTable& table, std::string_view name) {
        const auto meant = nearest(table, name);
        wrong("no such field" + (meant.empty() ? std::string(&table == &command_table() ? ", and no event type" : "")
                                               : "; did you mean " + std::string(meant) + "?"));
        fault_.within(name.size() <= 64 && valid_utf8(name) ? std::string(name) : quoted(name));
        return false;
    }

    void sort(std::size_t begin, std::size_t first) {
        std::stable_sort(chunks_.begin() + static_cast<std::ptrdiff_t>(first), chunks_.end(),
                         [](const Chunk& a, const Chunk& b) { return a.number < b.number; });
        sorted_.clear();
        for (std::size_t i = first; i < chunks_.size(); ++i)
            sorted_.append(out_, chunks_[i].begin, chunks_[i].end - chunks_[i].begin);
        out_.replace(begin, std::string::npos, sorted_);
    }

    bool list(const FieldTable& field) {
        if (!in_.take('[')) {
            wrong("is " + in_.what() + "; give a list");
            fault_.within(field.name);
            return false;
        }
        std::uint32_t count = 0;
        const auto entries = [&](auto&& one) {
            for (bool more = !in_.take(']'); more; more = in_.next_entry(']')) {
                bool good =
                    count < field.max || wrong("is one entry more than the limit of " + std::to_string(field.max));
                good = good && one();
                if (!good && in_.broken()) return false;
                if (!good) {
                    fault_.within(field.name + "[" + std::to_string(count) + "]");
                    return false;
                }
                ++count;
            }
            return !in_.broken();
        };
        if (field.wire == WireType::kBytes) return entries([&] { return single(field); });
        const Nested packed(out_, field.number);
        return entries([&] {
            std::uint64_t value = 0;
            if (!number(field, value)) return false;
            append_varint(out_, value);
            return true;
        });
    }

    bool single(const FieldTable& field) {
        if (field.wire == WireType::kVarint) {
            std::uint64_t value = 0;
            if (!number(field, value)) return false;
            append_number(out_, field.number, value);
            return true;
        }
        if (field.kind == Kind::kMessage) {
            const Nested nested(out_, field.number);
            return message(*field.message);
        }
        const auto text = in_.text();
        if (!text) return in_.broken() ? false : wrong("is " + in_.what() + "; " + wanted(field));
        switch (field.kind) {
            case Kind::kTime: {
                const auto at = parse_time(*text);
                if (!at) return wrong(quoted(*text) + std::string(kTimeHint));
                append_time(out_, field.number, *at);
                return true;
            }
            case Kind::kBytes: {
                const auto bytes = decode_base64(*text);
                if (!bytes) return wrong(quoted(*text) + " is no base64");
                append_bytes(out_, field.number, *bytes);
                return true;
            }
            default: append_bytes(out_, field.number, *text); return true;
        }
    }

    // A number as it stands on the wire.
    bool number(const FieldTable& field, std::uint64_t& out) {
        if (field.kind == Kind::kBool) {
            out = in_.take_word("true") ? 1 : 0;
            return out == 1 || in_.take_word("false") || wrong("is " + in_.what() + "; give true or false");
        }
        const bool written_as_text = in_.peek() == '"';
        const auto text = written_as_text ? in_.text() : in_.number();
        if (!text) {
            if (in_.broken()) return false;
            return wrong("is " + in_.what() + "; " +
                         (field.kind == Kind::kEnum ? "give one of " + field.values->choices : "give a whole number"));
        }
        if (field.kind == Kind::kEnum) return enumerated(field, *text, written_as_text, out);
        switch (field.kind) {
            case Kind::kInt32: return whole<std::int32_t>(*text, out);
            case Kind::kInt64: return whole<std::int64_t>(*text, out);
            case Kind::kUint32: return whole<std::uint32_t>(*text, out);
            case Kind::kUint64: return whole<std::uint64_t>(*text, out);
            case Kind::kSint32: return whole<std::int32_t>(*text, out) && zigzagged(out);
            default: return whole<std::int64_t>(*text, out) && zigzagged(out);  // kSint64
        }
    }

    bool enumerated(const FieldTable& field, std::string_view text, bool name, std::uint64_t& out) {
        if (name) {
            const auto it = field.values->numbers.find(text);
            if (it == field.values->numbers.end()) return wrong(quoted(text) + " is none of " + field.values->choices);
            out = it->second;
            return true;
        }
        return whole<std::uint32_t>(text, out) &&
               (!field.values->name(out).empty() || wrong(std::string(text) + " is none of " + field.values->choices));
    }

    static bool zigzagged(std::uint64_t& value) {
        value = zigzag(static_cast<std::int64_t>(value));
        return true;
    }

    template <class T>
    bool whole(std::string_view text, std::uint64_t& out) {
        T value{};
        const char* const end = text.data() + text.size();
        const auto [at, error] = std::from_chars(text.data(), end, value);
        if (error == std::errc{} && at == end) {
            // A negative int32 stands on the wire with 64 bits.
            out = std::is_signed_v<T> ? static_cast<std::uint64_t>(static_cast<std::int64_t>(value))
                                      : static_cast<std::uint64_t>(value);
            return true;
        }
        const bool digits = !text.empty() &&
                            std::all_of(text.begin() + (text.front() == '-' ? 1 : 0), text.end(),
                                        [](char c) { return c >= '0' && c <= '9'; }) &&
                            text != "-";
        if (!digits) return wrong(quoted(text) + " is no whole number; units are part of the field's name");
        return wrong(std::string(text.substr(0, 40)) + (std::is_unsigned_v<T> && text.front() == '-'
                                                            ? " is negative; give 0 or more"
                                                            : " is out of range"));
    }

    JsonScanner& in_;
    std::string& out_;
    Fault& fault_;
    std::vector<Chunk> chunks_;  // a stack: the fields of the objects that are being read
    std::string sorted_;
};

Error broken(const JsonScanner& in, const Fault& fault) {
    return in.broken() ? Error{ErrorCode::kInvalid, in.reason()} : fault.error();
}

Result<void> check_input(std::string_view json, std::size_t bytes_max) {
    if (json.size() > bytes_max) {
        return fail(ErrorCode::kInvalid, "the JSON has " + std::to_string(json.size()) + " bytes; the limit is " +
                                             std::to_string(bytes_max));
    }
    if (!valid_utf8(json)) return fail(ErrorCode::kInvalid, "the JSON is not valid UTF-8");
    return {};
}

// A whole text that is one message.
Result<std::string> read_message(std::string_view json, const MessageTable& table, std::size_t bytes_max) {
    DAYBOOK_TRY(check_input(json, bytes_max));
    JsonScanner in(json);
    std::string out;
    out.reserve(json.size() / 2);
    Fault fault;
    if (!MessageReader(in, out, fault).message(table) || !in.at_end()) return tl::unexpected(broken(in, fault));
    return out;
}

}  // namespace

Result<std::string> command_from_json(std::string_view json) {
    return read_message(json, command_table(), limits::kJsonLineBytesMax);
}

Result<void> from_json(std::string_view json, google::protobuf::MessageLite& message) {
    const MessageTable* table = message_table(message.GetTypeName());
    if (table == nullptr) return fail(ErrorCode::kInternal, message.GetTypeName() + " is no message of daybook.v1");
    DAYBOOK_ASSIGN(const std::string bytes, read_message(json, *table, std::numeric_limits<std::int32_t>::max()));
    if (!message.ParseFromString(bytes)) return fail(ErrorCode::kInternal, "the encoded message cannot be read");
    return {};
}

Result<Submission> submission_from_json(std::string_view json, std::size_t bytes_max) {
    DAYBOOK_TRY(check_input(json, bytes_max));
    JsonScanner in(json);
    Submission out;
    const auto reason = [&](std::string text) {
        return fail(ErrorCode::kInvalid, in.broken() ? in.reason() : std::move(text));
    };
    if (!JsonScanner(json).begins_with_key({"atomic", "commands"})) {
        out.single = true;
        out.commands.push_back(read_message(json, command_table(), limits::kJsonLineBytesMax));
        return out;
    }
    bool have_commands = false;
    bool have_atomic = false;
    in.take('{');
    for (bool more = !in.take('}'); more; more = in.next_entry('}')) {
        const auto name = in.key();
        if (!name) break;
        if (*name == "atomic" && !have_atomic) {
            have_atomic = true;
            out.atomic = in.take_word("true");
            if (!out.atomic && !in.take_word("false"))
                return reason("atomic: is " + in.what() + "; give true or false");
            continue;
        }
        if (*name != "commands" || have_commands)
            return reason(quoted(*name) + (*name == "commands" || *name == "atomic"
                                               ? " is there twice"
                                               : " is no field of a submission; it has atomic and commands"));
        have_commands = true;
        if (!in.take('[')) return reason("commands: is " + in.what() + "; give a list");
        for (bool entry = !in.take(']'); entry; entry = in.next_entry(']')) {
            if (out.commands.size() == limits::kBatchCommandsMax)
                return reason("commands: has more than " + std::to_string(limits::kBatchCommandsMax) +
                              " entries, which is the limit");
            JsonScanner skipped = in;  // where the next entry is, should this one be wrong
            std::string bytes;
            Fault fault;
            if (MessageReader(in, bytes, fault).message(command_table())) {
                out.commands.emplace_back(std::move(bytes));
                continue;
            }
            const Error error = broken(in, fault);
            if (!skipped.skip()) return tl::unexpected(Error{ErrorCode::kInvalid, skipped.reason()});
            in = skipped;
            out.commands.emplace_back(tl::unexpected(error));
        }
    }
    if (in.broken() || !in.at_end()) return reason("");
    if (!have_commands) return reason("commands: missing; give a list of commands");
    if (out.commands.empty()) return reason("commands: is empty; give at least one command");
    return out;
}

}  // namespace daybook::codec
