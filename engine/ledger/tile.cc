#include "engine/ledger/tile.h"

#include <cstdio>
#include <vector>

#include "engine/base/assert.h"

namespace daybook {

std::string tile_path(Tile tile, unsigned width) {
    DAYBOOK_ASSERT(width > 0 && width <= kTileWidth);
    // The index in groups of three digits, all but the last marked with an x.
    std::vector<unsigned> groups;
    std::uint64_t rest = tile.index;
    do {
        groups.push_back(static_cast<unsigned>(rest % 1000));
        rest /= 1000;  // rounds down: the digits to the left
    } while (rest != 0);
    std::string path = "tile/" + std::to_string(tile.level);
    for (std::size_t i = groups.size(); i-- > 0;) {
        char text[8];
        std::snprintf(text, sizeof text, i == 0 ? "/%03u" : "/x%03u", groups[i]);
        path += text;
    }
    if (width < kTileWidth) path += ".p/" + std::to_string(width);
    return path;
}

}  // namespace daybook
