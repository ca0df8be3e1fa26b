// Accounts: where a piece or a supply can be. An account is named by its path; the chart is that of the domain:
//
//   SITE/{site}/VAULT/{bin}  SITE/{site}/COM/{bin}  SITE/{site}/HOLD[/{shelf}]  SITE/{site}/DISPLAY/{case}
//   SITE/{site}/WINDOW  SITE/{site}/PERSON/{principal}  SITE/{site}/PACK  SITE/{site}/WORKSHOP-INT  SITE/{site}/SUPPLY
//   TRANSIT/{transfer}  EXT/SUPPLIER/{party}  EXT/CLIENT/{party}  EXT/ENTITY/{party}  EXT/WORKSHOP/{party}
//   EXT/MEMO/{memo number}  SUSPENSE/{site}/MISSING  SUSPENSE/{site}/FOUND  LOSS/{kind}  GONE  ORIGIN  CONSUMED  ADJUST
//
// In memory an account is a value of 24 bytes, not an entry of a table: nothing to look up, nothing that grows.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/ids.h"
#include "schemas/state_machine.gen.h"

namespace daybook::custody {

// The longest bin, shelf, case or memo number.
inline constexpr std::size_t kAccountNameMax = 16;

struct AccountId {
    bool named = false;         // false: no account
    AccountClass kind{};        // its class: SITE/VAULT for SITE/1/VAULT/A-03
    SiteId site = 0;            // 0 where the account belongs to no site
    // The last part: a principal or party as a number, a transfer as its UUID, anything else as up to 16 characters,
    // left-aligned, zero-padded. Zero where the class has no last part.
    Uuid name;

    friend constexpr auto operator<=>(const AccountId&, const AccountId&) = default;

    // nullopt where the path is none of the chart: unknown class, a part too many or too few, a number with a leading
    // zero or of 0, a transfer that is no UUID, a character outside [A-Za-z0-9._-], a name over 16 characters.
    static std::optional<AccountId> parse(std::string_view path);
    [[nodiscard]] std::string path() const;  // empty for no account

    [[nodiscard]] bool empty() const { return !named; }
    // The last part as a number: the principal of PERSON, the party of EXT/CLIENT and so on.
    [[nodiscard]] std::uint64_t number() const { return name.low; }
    // The last part as it stands in the path: "A-03", "4711", a transfer's UUID; empty where there is none.
    [[nodiscard]] std::string last_part() const;
    // Accounts below SITE/ must be opened before they are used; the others exist of themselves.
    [[nodiscard]] bool must_be_opened() const { return named && to_string(kind).starts_with("SITE/"); }
};

struct AccountHash {
    std::size_t operator()(const AccountId& id) const {
        const auto head = static_cast<std::uint64_t>(id.kind) << 32 | id.site;
        return UuidHash{}(Uuid{id.name.high ^ head * 0x9e3779b97f4a7c15ULL, id.name.low ^ head});
    }
};

// Where the pieces of an account are; nullopt for SUPPLY, CONSUMED and ADJUST, which hold none.
inline std::optional<State> state_of(AccountClass kind) { return info(kind).state; }

// Accounts from their parts. A site, number or transfer of 0 gives an account that no path names: it is always empty.
// HOLD, WINDOW, PACK, SUPPLY, WORKSHOP-INT, MISSING, FOUND.
AccountId site_account(AccountClass kind, SiteId site);
// PERSON (with site), EXT/SUPPLIER, EXT/CLIENT, EXT/ENTITY, EXT/WORKSHOP.
AccountId numbered_account(AccountClass kind, std::uint64_t number, SiteId site = 0);
// VAULT, COM, DISPLAY, HOLD with a shelf (with site), EXT/MEMO, LOSS; nullopt where the name is none.
std::optional<AccountId> named_account(AccountClass kind, std::string_view name, SiteId site = 0);
// GONE, ORIGIN, CONSUMED, ADJUST.
AccountId plain_account(AccountClass kind);
AccountId transit_account(ObligationId transfer);

}  // namespace daybook::custody
