#include "engine/codec/obligation_text.h"

#include <array>

namespace daybook::codec {
namespace {

using custody::DifferenceKind;
using custody::ObligationRef;

// The names of Difference.Kind in the schema, by number.
constexpr std::array<std::string_view, 15> kKinds{"",           "SHORT",       "OVER",        "WRONG",      "DAMAGED",
                                                  "SEAL",       "SEAL_BROKEN", "WEIGHT_DIFF", "WRONG_ITEM", "MISSING",
                                                  "UNEXPECTED", "MISPLACED",   "CONDITION",   "QTY",        "DOC"};
static_assert(kKinds.size() == static_cast<std::size_t>(DifferenceKind::kDocument) + 1);

constexpr std::size_t kUuidSize = 36;

std::string_view kind_name(DifferenceKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

template <class AnyId>
bool read(std::string_view text, AnyId& out) {
    const auto id = AnyId::parse(text);
    if (!id || id->empty()) return false;
    out = *id;
    return true;
}

}  // namespace

std::optional<ObligationRef> parse_obligation(std::string_view text) {
    ObligationRef ref;
    if (text.size() < kUuidSize || !read(text.substr(0, kUuidSize), ref.id)) return std::nullopt;
    if (text.size() == kUuidSize) return ref;
    if (text.size() <= 2 * kUuidSize || text[kUuidSize] != ':') return std::nullopt;
    const std::size_t item = text.size() - kUuidSize;
    if (text[item - 1] != ':' || !read(text.substr(item), ref.item)) return std::nullopt;
    const std::string_view kind =
        item - 1 == kUuidSize ? std::string_view{} : text.substr(kUuidSize + 1, item - kUuidSize - 2);
    if (item - 1 != kUuidSize && kind.empty()) return std::nullopt;  // "::"
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
        if (kKinds[i] != kind) continue;
        ref.kind = static_cast<DifferenceKind>(i);
        return ref;
    }
    return std::nullopt;
}

std::size_t obligation_text_size(const ObligationRef& ref) {
    if (ref.item.empty()) return kUuidSize;
    const std::size_t kind = kind_name(ref.kind).size();
    return 2 * kUuidSize + 1 + (kind == 0 ? 0 : kind + 1);
}

void append_obligation_text(const ObligationRef& ref, std::string& out) {
    out += ref.id.text();
    if (ref.item.empty()) return;
    if (ref.kind != DifferenceKind::kUnspecified) (out += ':') += kind_name(ref.kind);
    (out += ':') += ref.item.text();
}

std::string obligation_text(const ObligationRef& ref) {
    std::string out;
    append_obligation_text(ref, out);
    return out;
}

}  // namespace daybook::codec
