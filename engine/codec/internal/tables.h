// The schemas as tables: what the check and the JSON form need of each message, taken from its protobuf descriptor once
// and then read without protobuf. The one place where the rules of rules.proto are read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/codec/internal/wire.h"

namespace daybook::codec {

enum class Kind : std::uint8_t {
    kBool,
    kInt32,
    kInt64,
    kUint32,
    kUint64,
    kSint32,
    kSint64,
    kEnum,
    kText,
    kBytes,
    kTime,
    kMessage
};
enum class Form : std::uint8_t { kAny, kUuid, kAccount, kObligation, kCurrency, kCountry, kDigest };

struct EnumTable {
    std::vector<std::string> names;  // by number; empty where there is none. 0 is UNSPECIFIED
    std::unordered_map<std::string_view, std::uint32_t> numbers;
    std::string choices;  // "DISPLAY, WINDOW, …" for messages

    // Empty where the number is none of the enum.
    [[nodiscard]] std::string_view name(std::uint64_t number) const {
        return number < names.size() ? std::string_view(names[number]) : std::string_view{};
    }
};

struct MessageTable;

struct FieldTable {
    std::string name;
    std::string key;        // "\"name\":", as it is written in JSON
    std::string json_name;  // lowerCamelCase: accepted in JSON, never written
    std::uint32_t number = 0;
    std::uint32_t max = 0;  // bytes of a text; entries of a list; greatest value of a number (0: none)
    Kind kind{};
    Form form{};
    WireType wire{};
    bool list = false;
    bool presence = false;  // sent or not sent differ, also for a default
    bool required = false;
    bool negative = false;
    std::uint8_t index = 0;       // in MessageTable::fields
    std::uint8_t list_index = 0;  // among the lists
    std::int8_t oneof = -1;
    const MessageTable* message = nullptr;  // kMessage
    const EnumTable* values = nullptr;      // kEnum
};

// At most this many fields and lists in a message, so that seen fields are two words.
inline constexpr std::size_t kFieldsMax = 128;
inline constexpr std::size_t kListsMax = 8;

struct MessageTable {
    std::string name;                     // "daybook.v1.Command"
    std::vector<FieldTable> fields;       // in the order of the schema
    std::vector<std::uint8_t> by_number;  // index + 1; 0: no such field
    std::unordered_map<std::string_view, const FieldTable*> by_name;
    std::vector<const FieldTable*> required;
    std::vector<std::string> oneofs;

    [[nodiscard]] const FieldTable* find(std::uint32_t number) const {
        const std::uint8_t at = number < by_number.size() ? by_number[number] : std::uint8_t{0};
        return at == 0 ? nullptr : &fields[at - 1U];
    }
    [[nodiscard]] const FieldTable* find(std::string_view name_or_json_name) const {
        const auto it = by_name.find(name_or_json_name);
        return it == by_name.end() ? nullptr : it->second;
    }
};

// Tables of daybook.v1, built when they are first asked for; they live as long as the program. Any thread.
const MessageTable& command_table();
const MessageTable& event_table();
const MessageTable& submission_table();
// By full name, as in "daybook.v1.Answer"; nullptr: no such message.
const MessageTable* message_table(std::string_view full_name);

}  // namespace daybook::codec
