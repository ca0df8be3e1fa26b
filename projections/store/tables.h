// The tables of the read models. A view is one column family; its tables are told apart by the first byte of the key.
//
// A table holds rows (the newest value of a key counts) or lists (entries are only ever added; they are stored in
// chunks, so that a list of thousands costs a few keys). The first bytes of a key are its group: a piece, an account, a
// site. In memory, what changed is found by its group.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace daybook::projections {

enum class View : std::uint8_t { kCustody, kHistory, kAccounts, kObligations, kStock, kDays, kSearch, kRegisters };
inline constexpr std::size_t kViewCount = 8;
inline constexpr std::array<std::string_view, kViewCount> kViewNames{"custody", "history", "accounts", "obligations",
                                                                     "stock",   "days",    "search",  "registers"};

// In the order of view and letter, which is that of the keys.
enum class Table : std::uint8_t {
    kItems,
    kCorrections,
    kHistory,
    kAhead,
    kOpenCounts,
    kLate,
    kCounts,
    kLegs,
    kMarks,
    kSnapshots,
    kSegments,
    kSupplies,
    kAccountTotals,
    kDue,
    kObligations,
    kStock,
    kDayEntries,
    kDayEnds,
    kCatalogue,
    kFound,
    kEpcs,
    kNumbers,
    kRegisters,
};
inline constexpr std::size_t kTableCount = 23;

enum class TableKind : std::uint8_t { kRows, kLists };

struct TableInfo {
    Table table;
    View view;
    char letter;
    TableKind kind;
    std::size_t group_bytes;  // 0: the whole key is the group

    // Whose groups it shares in memory, and its place there. A piece's row and its history change together.
    [[nodiscard]] constexpr Table index() const { return table == Table::kHistory ? Table::kItems : table; }
    [[nodiscard]] constexpr std::size_t share() const { return table == Table::kHistory ? 1 : 0; }
};
inline constexpr std::array<TableInfo, kTableCount> kTables{{
    {Table::kItems, View::kCustody, 'i', TableKind::kRows, 0},            // item
    {Table::kCorrections, View::kHistory, 'c', TableKind::kLists, 16},    // 0, position of an event
    {Table::kHistory, View::kHistory, 'h', TableKind::kLists, 16},        // item
    {Table::kAhead, View::kHistory, 'n', TableKind::kRows, 16},           // 0, valid time down, position
    {Table::kOpenCounts, View::kHistory, 'o', TableKind::kRows, 0},       // count
    {Table::kLate, View::kAccounts, 'a', TableKind::kLists, 31},          // line (account, 'p' or 's'), node
    {Table::kCounts, View::kAccounts, 'k', TableKind::kLists, 22},        // account, 0
    {Table::kLegs, View::kAccounts, 'l', TableKind::kLists, 22},          // line
    {Table::kMarks, View::kAccounts, 'm', TableKind::kRows, 0},           // line
    {Table::kSnapshots, View::kAccounts, 'n', TableKind::kRows, 22},      // line, segment down, part
    {Table::kSegments, View::kAccounts, 'q', TableKind::kRows, 22},       // line, segment down
    {Table::kSupplies, View::kAccounts, 's', TableKind::kRows, 21},       // account, supply
    {Table::kAccountTotals, View::kAccounts, 't', TableKind::kRows, 0},   // account
    {Table::kDue, View::kObligations, 'd', TableKind::kRows, 4},          // site, due time, obligation
    {Table::kObligations, View::kObligations, 'o', TableKind::kRows, 0},  // obligation
    {Table::kStock, View::kStock, 's', TableKind::kRows, 0},              // model, 0, site, owner
    {Table::kDayEntries, View::kDays, 'e', TableKind::kRows, 4},          // site, valid time, position
    {Table::kDayEnds, View::kDays, 'z', TableKind::kRows, 4},             // site, valid time, position
    {Table::kCatalogue, View::kSearch, 'c', TableKind::kRows, 0},         // the attributes of a kind of piece
    {Table::kFound, View::kSearch, 'f', TableKind::kRows, 16},            // digest of its attributes, item
    {Table::kEpcs, View::kSearch, 'x', TableKind::kRows, 16},             // digest of an epc, position
    {Table::kNumbers, View::kRegisters, 'n', TableKind::kLists, 16},      // digest of a number
    {Table::kRegisters, View::kRegisters, 'r', TableKind::kLists, 5},     // register, site
}};
constexpr const TableInfo& info(Table table) { return kTables[static_cast<std::size_t>(table)]; }
constexpr std::string_view to_string(View view) { return kViewNames[static_cast<std::size_t>(view)]; }

static_assert([] {
    for (std::size_t i = 0; i < kTableCount; ++i) {
        if (static_cast<std::size_t>(kTables[i].table) != i) return false;
        if (i > 0 && kTables[i].view < kTables[i - 1].view) return false;
        if (i > 0 && kTables[i].view == kTables[i - 1].view && kTables[i].letter <= kTables[i - 1].letter) return false;
    }
    return true;
}());

}  // namespace daybook::projections
