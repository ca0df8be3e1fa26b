// How one field of a stored message becomes a value of the domain.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/ids.h"
#include "engine/codec/internal/wire.h"
#include "engine/codec/obligation_text.h"
#include "engine/custody/account.h"
#include "engine/custody/command.h"

namespace daybook::codec {

// What was met on the way. Values that could not be read are left as they were.
struct Reading {
    bool corrupt = false;
    bool newer = false;
};

inline void get(const WireReader& field, Reading&, bool& out) { out = field.number_value() != 0; }
inline void get(const WireReader& field, Reading&, std::uint64_t& out) { out = field.number_value(); }
inline void get(const WireReader& field, Reading&, std::uint32_t& out) {
    out = static_cast<std::uint32_t>(field.number_value());
}
inline void get(const WireReader& field, Reading&, std::int64_t& out) { out = field.signed_value(); }
inline void get(const WireReader& field, Reading&, std::int32_t& out) {
    out = static_cast<std::int32_t>(field.signed_value());
}
inline void get(const WireReader& field, Reading&, std::string_view& out) { out = field.bytes(); }

template <class Tag>
void get(const WireReader& field, Reading& reading, Id<Tag>& out) {
    if (field.bytes().empty()) return;
    if (const auto id = Id<Tag>::parse(field.bytes())) {
        out = *id;
    } else {
        reading.corrupt = true;
    }
}
inline void get(const WireReader& field, Reading& reading, custody::AccountId& out) {
    if (field.bytes().empty()) return;
    if (const auto account = custody::AccountId::parse(field.bytes())) {
        out = *account;
    } else {
        reading.corrupt = true;
    }
}
inline void get(const WireReader& field, Reading& reading, custody::ObligationRef& out) {
    if (field.bytes().empty()) return;
    if (const auto ref = parse_obligation(field.bytes())) {
        out = *ref;
    } else {
        reading.corrupt = true;
    }
}

// Adds an entry to a list.
template <class T>
void get(const WireReader& field, Reading& reading, std::vector<T>& out) {
    get(field, reading, out.emplace_back());
}

inline void get_time(const WireReader& field, Micros& out) { out = read_time(field.bytes()); }

// The enums of the domain have the numbers of the schema's; `last` is the greatest.
template <class E>
void get_enum(const WireReader& field, Reading& reading, E last, E& out) {
    if (field.number_value() > static_cast<std::uint64_t>(last)) {
        reading.newer = true;
    } else {
        out = static_cast<E>(field.number_value());
    }
}

void get(const WireReader& field, Reading& reading, custody::DocType& out);
void get(const WireReader& field, Reading& reading, custody::Money& out);
void get(const WireReader& field, Reading& reading, custody::Owner& out);
void get(const WireReader& field, Reading& reading, custody::Grant& out);

// The three letters of a currency as custody::Money has them; 0 for no three letters.
std::uint32_t pack_currency(std::string_view letters);

// Reads the payload of the event type into the command; false where there is no such type.
bool fill_payload(custody::EventType type, std::string_view bytes, Reading& reading, custody::Command& out);
void read_count_lists(std::string_view bytes, Reading& reading, custody::CountLists& out);

}  // namespace daybook::codec
