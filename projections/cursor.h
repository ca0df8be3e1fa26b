// Cursors of long answers: the position of the first page and the key of the last row, as text for clients to bring
// back.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "projections/rows.h"

namespace daybook::projections {

struct Cursor {
    Position position = 0;  // what the first page reflected
    std::string key;        // of the last row given; empty: none yet
    bool first = true;      // no page was given yet
};

std::string to_text(const Cursor& cursor);

// The cursor of a page; of the first one, at `position`. kInvalid where it is not one of ours, stands behind `position`
// or asks for too many rows. `key_bytes`: how long the keys of this answer are; 0: any length.
Result<Cursor> cursor_of(const Page& page, Position position, std::size_t key_bytes);

// What accounts(), stock() and due() are paged by, as text: their rows come in its order. A page of a Reading that
// begins behind such a row has the cursor page_behind().
std::string page_key(const AccountRow& row);
std::string page_key(const StockRow& row);
std::string page_key(const ObligationRow& row);
std::string page_behind(Position position, std::string_view page_key);

// The smallest key behind `key`.
inline std::string behind(std::string_view key) { return std::string(key) + '\0'; }

}  // namespace daybook::projections
