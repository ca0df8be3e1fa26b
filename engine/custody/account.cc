#include "engine/custody/account.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>

#include "engine/base/assert.h"
#include "engine/base/uuid_text.h"
#include "engine/custody/account_text.h"

namespace daybook::custody {
namespace {

// What follows the class in a path.
enum class LastPart : std::uint8_t { kNone, kNumber, kName, kOptionalName, kTransfer, kLossKind };

struct Shape {
    bool has_site;
    LastPart last;
};

Shape shape_of(AccountClass kind) {
    switch (kind) {
        case AccountClass::kSiteVault:
        case AccountClass::kSiteCom:
        case AccountClass::kSiteDisplay: return {true, LastPart::kName};
        case AccountClass::kSiteHold: return {true, LastPart::kOptionalName};
        case AccountClass::kSitePerson: return {true, LastPart::kNumber};
        case AccountClass::kSiteWindow:
        case AccountClass::kSitePack:
        case AccountClass::kSiteWorkshopInt:
        case AccountClass::kSiteSupply:
        case AccountClass::kSuspenseMissing:
        case AccountClass::kSuspenseFound: return {true, LastPart::kNone};
        case AccountClass::kTransit: return {false, LastPart::kTransfer};
        case AccountClass::kExtMemo: return {false, LastPart::kName};
        case AccountClass::kExtSupplier:
        case AccountClass::kExtEntity:
        case AccountClass::kExtClient:
        case AccountClass::kExtWorkshop: return {false, LastPart::kNumber};
        case AccountClass::kLoss: return {false, LastPart::kLossKind};
        case AccountClass::kOrigin:
        case AccountClass::kGone:
        case AccountClass::kConsumed:
        case AccountClass::kAdjust: return {false, LastPart::kNone};
    }
    DAYBOOK_UNREACHABLE();
}

constexpr std::array<std::string_view, 4> kLossKinds{"THEFT", "LOST_IN_TRANSIT", "UNEXPLAINED", "DESTROYED"};

bool is_name_character(char c) {
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return letter || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

std::optional<Uuid> pack_name(std::string_view text) {
    if (text.empty() || text.size() > kAccountNameMax) return std::nullopt;
    std::array<char, kAccountNameMax> bytes{};
    std::copy(text.begin(), text.end(), bytes.begin());
    return Uuid::load(bytes.data());
}

std::optional<Uuid> parse_name(std::string_view text) {
    if (!std::all_of(text.begin(), text.end(), is_name_character)) return std::nullopt;
    return pack_name(text);
}

std::string unpack_name(const Uuid& name) {
    std::array<char, kAccountNameMax> bytes{};
    name.store(bytes.data());
    return {bytes.begin(), std::find(bytes.begin(), bytes.end(), '\0')};
}

// A number has one spelling: no sign, no leading zero; 0 is none.
std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t max) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (text.front() == '0' || number > max) return std::nullopt;
    return number;
}

std::optional<Uuid> parse_last(LastPart last, std::string_view text) {
    switch (last) {
        case LastPart::kNone: return std::nullopt;
        case LastPart::kNumber: {
            const auto number = parse_number(text, std::numeric_limits<std::uint64_t>::max());
            return number ? std::optional(Uuid{0, *number}) : std::nullopt;
        }
        case LastPart::kName:
        case LastPart::kOptionalName: return parse_name(text);
        case LastPart::kTransfer: {
            const auto transfer = Uuid::parse(text);
            return transfer && !transfer->empty() ? transfer : std::nullopt;
        }
        case LastPart::kLossKind: {
            const bool known = std::find(kLossKinds.begin(), kLossKinds.end(), text) != kLossKinds.end();
            return known ? pack_name(text) : std::nullopt;
        }
    }
    DAYBOOK_UNREACHABLE();
}

// The path's parts; none where there are more than four.
struct Parts {
    std::array<std::string_view, 4> part;
    std::size_t count = 0;
};
Parts split(std::string_view path) {
    Parts parts;
    for (;;) {
        if (parts.count == parts.part.size()) return {};
        const auto slash = path.find('/');
        parts.part[parts.count++] = path.substr(0, slash);
        if (slash == std::string_view::npos) return parts;
        path.remove_prefix(slash + 1);
    }
}

// The class of SITE/1/VAULT/A is SITE/VAULT: the first part, and where there are two, the one after the site.
struct ClassParts {
    std::string_view first, second;
};
constexpr std::array<ClassParts, kAccountClassCount> make_class_parts() {
    std::array<ClassParts, kAccountClassCount> parts{};
    for (std::size_t i = 0; i < kAccountClassCount; ++i) {
        const std::string_view name = kAccountClasses[i].name;
        const auto slash = name.find('/');
        parts[i].first = name.substr(0, slash);
        if (slash != std::string_view::npos) parts[i].second = name.substr(slash + 1);
    }
    return parts;
}
constexpr auto kClassParts = make_class_parts();

std::optional<AccountClass> parse_class(std::string_view first, std::string_view second) {
    for (std::size_t i = 0; i < kAccountClassCount; ++i) {
        if (kClassParts[i].second == second && kClassParts[i].first == first) return kAccountClasses[i].kind;
    }
    return std::nullopt;
}

}  // namespace

std::optional<AccountId> AccountId::parse(std::string_view path) {
    const Parts parts = split(path);
    if (parts.count == 0) return std::nullopt;
    const bool sited = parts.part[0] == "SITE" || parts.part[0] == "SUSPENSE";
    const bool two = sited || parts.part[0] == "EXT";
    const std::size_t second = sited ? 2 : 1;
    if (two && parts.count <= second) return std::nullopt;
    const auto kind = parse_class(parts.part[0], two ? parts.part[second] : std::string_view());
    if (!kind) return std::nullopt;

    AccountId id{true, *kind, 0, {}};
    const Shape shape = shape_of(*kind);
    if (shape.has_site) {
        const auto site = parse_number(parts.part[1], std::numeric_limits<SiteId>::max());
        if (!site) return std::nullopt;
        id.site = static_cast<SiteId>(*site);
    }
    const std::size_t head = two ? second + 1 : 1;
    if (parts.count == head) {
        if (shape.last != LastPart::kNone && shape.last != LastPart::kOptionalName) return std::nullopt;
        return id;
    }
    if (parts.count != head + 1) return std::nullopt;
    const auto name = parse_last(shape.last, parts.part[head]);
    if (!name) return std::nullopt;
    id.name = *name;
    return id;
}

std::string AccountId::last_part() const {
    if (name.empty()) return {};
    switch (shape_of(kind).last) {
        case LastPart::kNone: return {};
        case LastPart::kNumber: return std::to_string(name.low);
        case LastPart::kTransfer: return name.text();
        case LastPart::kName:
        case LastPart::kOptionalName:
        case LastPart::kLossKind: return unpack_name(name);
    }
    DAYBOOK_UNREACHABLE();
}

std::string AccountId::path() const {
    std::array<char, kAccountPathMax> out;
    return {out.data(), write_path(*this, out.data())};
}

namespace {

char* write(char* out, std::string_view text) {
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
}
char* write(char* out, std::uint64_t number) { return std::to_chars(out, out + 20, number).ptr; }

}  // namespace

char* write_path(const AccountId& id, char* out) {
    if (id.empty()) return out;
    const ClassParts& parts = kClassParts[static_cast<std::size_t>(id.kind)];
    const Shape shape = shape_of(id.kind);
    out = write(out, parts.first);
    if (shape.has_site) {
        *out++ = '/';
        out = write(out, id.site);
    }
    if (!parts.second.empty()) {
        *out++ = '/';
        out = write(out, parts.second);
    }
    if (id.name.empty() || shape.last == LastPart::kNone) return out;
    *out++ = '/';
    switch (shape.last) {
        case LastPart::kNone: break;
        case LastPart::kNumber: return write(out, id.name.low);
        case LastPart::kTransfer: return write_text(id.name, out);
        case LastPart::kName:
        case LastPart::kOptionalName:
        case LastPart::kLossKind: {
            std::array<char, kAccountNameMax> bytes{};
            id.name.store(bytes.data());
            const auto size = static_cast<std::size_t>(std::find(bytes.begin(), bytes.end(), '\0') - bytes.begin());
            return write(out, {bytes.data(), size});
        }
    }
    DAYBOOK_UNREACHABLE();
}

AccountId site_account(AccountClass kind, SiteId site) {
    const Shape shape = shape_of(kind);
    DAYBOOK_ASSERT(shape.has_site);
    DAYBOOK_ASSERT(shape.last == LastPart::kNone || shape.last == LastPart::kOptionalName);
    return {true, kind, site, {}};
}

AccountId numbered_account(AccountClass kind, std::uint64_t number, SiteId site) {
    const Shape shape = shape_of(kind);
    DAYBOOK_ASSERT(shape.last == LastPart::kNumber && (shape.has_site || site == 0));
    return {true, kind, site, {0, number}};
}

std::optional<AccountId> named_account(AccountClass kind, std::string_view name, SiteId site) {
    const Shape shape = shape_of(kind);
    DAYBOOK_ASSERT(shape.last == LastPart::kName || shape.last == LastPart::kOptionalName ||
                   shape.last == LastPart::kLossKind);
    DAYBOOK_ASSERT(shape.has_site || site == 0);
    const auto packed = parse_last(shape.last, name);
    if (!packed) return std::nullopt;
    return AccountId{true, kind, site, *packed};
}

AccountId plain_account(AccountClass kind) {
    const Shape shape = shape_of(kind);
    DAYBOOK_ASSERT(!shape.has_site && shape.last == LastPart::kNone);
    return {true, kind, 0, {}};
}

AccountId transit_account(ObligationId transfer) {
    return {true, AccountClass::kTransit, 0, transfer};
}

}  // namespace daybook::custody
