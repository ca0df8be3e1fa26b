// Values that several payloads share, and the way from an event type to the payload that it fills.
#include <array>
#include <utility>
#include <variant>

#include "engine/codec/internal/payloads.h"
#include "schemas/daybook/v1/command.pb.h"

namespace daybook::codec {
namespace {

namespace c = custody;

// Event type → alternative of the payload: both stand in the order of the v1 entries of state_machine.json.
using ReadPayload = void (*)(std::string_view, Reading&, c::Command&);

template <std::size_t I>
void read_alternative(std::string_view bytes, Reading& reading, c::Command& out) {
    read(out.payload.emplace<I>(), bytes, reading);
}

template <std::size_t... I>
constexpr std::array<ReadPayload, c::kEventTypeCount + 1> make_readers(std::index_sequence<I...>) {
    constexpr std::array<ReadPayload, sizeof...(I)> alternatives{&read_alternative<I>...};
    std::array<ReadPayload, c::kEventTypeCount + 1> readers{};
    std::size_t next = 0;
    for (const auto& event : c::kEvents) {
        if (event.v1) readers[static_cast<std::size_t>(event.type)] = alternatives[next++];
    }
    return readers;
}
constexpr auto kReaders = make_readers(std::make_index_sequence<std::variant_size_v<c::Payload>>{});

}  // namespace

c::DocType doc_type(std::uint64_t code, Reading& r) {
    if (code == v1::DocType::OTHER) return c::DocType::kOther;
    if (code > static_cast<std::uint64_t>(c::DocType::kClientSignedBasis)) r.newer = true;
    return code > static_cast<std::uint64_t>(c::DocType::kClientSignedBasis) ? c::DocType::kOther
                                                                             : static_cast<c::DocType>(code);
}

void get(const WireReader& field, Reading& reading, c::DocType& out) { out = doc_type(field.number_value(), reading); }

void get(const WireReader& field, Reading& reading, c::Money& out) {
    each(field.bytes(), reading, [&](const WireReader& f) {
        if (f.number() == v1::Money::kMinorFieldNumber) get(f, reading, out.minor);
        if (f.number() == v1::Money::kCurrencyFieldNumber) out.currency = pack_currency(f.bytes());
    });
}

void get(const WireReader& field, Reading& reading, c::Owner& out) {
    each(field.bytes(), reading, [&](const WireReader& f) {
        if (f.number() == v1::Owner::kIdFieldNumber) get(f, reading, out.id);
        if (f.number() != v1::Owner::kKindFieldNumber || f.number_value() == v1::Owner::UNKNOWN) return;
        get_enum(f, reading, c::OwnerKind::kInsurer, out.kind);
    });
}

void get(const WireReader& field, Reading& reading, c::Grant& out) {
    using F = v1::Grant;
    each(field.bytes(), reading, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kPrincipalFieldNumber: return get(f, reading, out.principal);
            case F::kRoleFieldNumber: return get_enum(f, reading, c::Role::kInt, out.role);
            case F::kSiteFieldNumber: return get(f, reading, out.site);
            default: return;
        }
    });
}

std::uint32_t pack_currency(std::string_view letters) {
    if (letters.size() != 3) return 0;
    std::uint32_t packed = 0;
    for (const char letter : letters) packed = packed << 8 | static_cast<unsigned char>(letter);
    return packed;
}

void read_count_lists(std::string_view bytes, Reading& reading, c::CountLists& out) {
    using F = v1::CountLists;
    each(bytes, reading, [&](const WireReader& f) {
        switch (f.number()) {
            case F::kMatchedFieldNumber: return get(f, reading, out.matched);
            case F::kMissingFieldNumber: return get(f, reading, out.missing);
            case F::kMovedFieldNumber: return get(f, reading, out.moved);
            case F::kMisplacedFieldNumber: return get(f, reading, out.misplaced);
            case F::kUnexpectedFieldNumber: return get(f, reading, out.unexpected);
            default: return;
        }
    });
}

bool fill_payload(c::EventType type, std::string_view bytes, Reading& reading, c::Command& out) {
    const ReadPayload reader = kReaders[static_cast<std::size_t>(type)];
    if (reader == nullptr) return false;
    reader(bytes, reading, out);
    return true;
}

}  // namespace daybook::codec
