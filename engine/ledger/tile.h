// Tiles of a Merkle tree as in C2SP tlog-tiles (https://c2sp.org/tlog-tiles): tile (L, N) holds the hashes of the nodes
// at height 8·L with the indexes 256·N … 256·N + 255. A stored tile is its hashes back to back.
#pragma once

#include <cstdint>
#include <string>

namespace daybook {

inline constexpr unsigned kTileHeight = 8;
inline constexpr unsigned kTileWidth = 1u << kTileHeight;
inline constexpr std::size_t kTileBytes = kTileWidth * std::size_t{32};
inline constexpr unsigned kTileLevels = 8;  // 2^64 leaves have no higher tile

struct Tile {
    std::uint8_t level = 0;
    std::uint64_t index = 0;
    friend constexpr auto operator<=>(const Tile&, const Tile&) = default;
};

// The hashes that level `level` has in a tree of `size` leaves: one for every 256^level leaves.
constexpr std::uint64_t level_hashes(std::uint64_t size, unsigned level) {
    return level < kTileLevels ? size >> (kTileHeight * level) : 0;
}

// The path under which the tile is served, "tile/0/x001/x234/067"; with a width below 256 the partial one, "….p/5".
std::string tile_path(Tile tile, unsigned width = kTileWidth);

}  // namespace daybook
