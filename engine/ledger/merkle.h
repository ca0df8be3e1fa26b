// The Merkle tree of RFC 6962 §2.1 over the log's events: roots, proofs and their verification. Pure: the hash
// functions come in as a TreeHash, stored hashes through a TileSource.
//
// Threads: functions are pure; objects belong to one thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "engine/ledger/tile.h"

namespace daybook {

// The three functions that make a Merkle tree. For the log: engine/crypto/digest.h.
struct TreeHash {
    Hash (*leaf)(std::string_view entry);
    Hash (*interior)(const Hash& left, const Hash& right);
    Hash empty;  // the root of the tree without leaves
};

// A growing tree of which only the roots of its perfect subtrees are kept: at most 64 hashes. What a verifier needs.
class Frontier {
public:
    explicit Frontier(const TreeHash& hash) : hash_(hash) {}
    void append(const Hash& leaf);
    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] Hash root() const;

private:
    TreeHash hash_;
    std::uint64_t size_ = 0;
    std::vector<Hash> subtrees_;  // widest first; one for each bit that is set in size_
};

// A growing tree of which the tiles that are not full are kept: at most 256 hashes a level. What the log's writer
// needs. Copyable, so that growth can be tried and published when it is durable.
class Edge {
public:
    struct FullTile {
        Tile tile;
        std::vector<Hash> hashes;  // kTileWidth of them
    };

    Edge() = default;
    // From stored hashes: levels[l] are those of level l's tile that is not full (may be empty).
    Edge(std::uint64_t size, std::vector<std::vector<Hash>> levels);

    // Adds leaves; returns the tiles that became full, a lower level before a higher one that follows from it.
    std::vector<FullTile> grow(std::span<const Hash> leaves, const TreeHash& hash);

    [[nodiscard]] std::uint64_t size() const { return size_; }
    // The hashes so far of the tile, if it is the one at the edge of its level; empty otherwise.
    [[nodiscard]] std::span<const Hash> partial(Tile tile) const;

private:
    std::uint64_t size_ = 0;
    std::vector<std::vector<Hash>> levels_;
};

// Where hashes come from that are no longer at hand.
class TileSource {
public:
    virtual ~TileSource() = default;
    // At least the first `width` hashes of the tile.
    virtual Result<std::vector<Hash>> tile(Tile tile, unsigned width) = 0;
};

// The root of the perfect subtree whose leaves are all those under these hashes. Their number is a power of two.
Hash fold(std::span<const Hash> hashes, const TreeHash& hash);

// RFC 6962 §2.1 MTH(D[0:size]), §2.1.1 PATH(leaf, D[size]), §2.1.2 PROOF(old_size, D[size]). The source must hold
// `size` leaves. kInvalid where the RFC defines nothing: leaf >= size, old_size 0 or above size.
Result<Hash> tree_root(std::uint64_t size, TileSource& source, const TreeHash& hash);
Result<std::vector<Hash>> inclusion_path(std::uint64_t leaf, std::uint64_t size, TileSource& source,
                                         const TreeHash& hash);
Result<std::vector<Hash>> consistency_path(std::uint64_t old_size, std::uint64_t size, TileSource& source,
                                           const TreeHash& hash);

struct TreeHead {
    std::uint64_t size = 0;
    Hash root{};
};

// RFC 9162 §2.1.3.2 and §2.1.4.2: true only if the path proves it. Of an empty old tree nothing is to be proved: true
// for an empty path and the empty root.
bool verify_inclusion(const Hash& leaf_hash, std::uint64_t leaf, const TreeHead& head, std::span<const Hash> path,
                      const TreeHash& hash);
bool verify_consistency(const TreeHead& old_head, const TreeHead& head, std::span<const Hash> path,
                        const TreeHash& hash);

}  // namespace daybook
