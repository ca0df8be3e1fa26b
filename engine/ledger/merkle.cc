#include "engine/ledger/merkle.h"

#include <algorithm>
#include <bit>

#include "engine/base/assert.h"

namespace daybook {
namespace {

// RFC 6962's k: the largest power of two below n.
std::uint64_t split_of(std::uint64_t n) { return std::bit_floor(n - 1); }

// MTH(D[from:to]) of a range that the RFC's recursion can reach: a perfect subtree, or one at the right edge.
class Roots {
public:
    Roots(TileSource& source, const TreeHash& hash) : source_(source), hash_(hash) {}

    Result<Hash> of(std::uint64_t from, std::uint64_t to) {
        const std::uint64_t size = to - from;
        if (std::has_single_bit(size)) return perfect(static_cast<unsigned>(std::countr_zero(size)), from / size);
        const std::uint64_t middle = from + split_of(size);
        DAYBOOK_ASSIGN(const Hash left, of(from, middle));
        DAYBOOK_ASSIGN(const Hash right, of(middle, to));
        return hash_.interior(left, right);
    }

private:
    // The node of that height and index, from the tile level at or below it.
    Result<Hash> perfect(unsigned height, std::uint64_t index) {
        const unsigned level = height / kTileHeight;
        const unsigned above = height % kTileHeight;
        const std::uint64_t first = index << above;
        const auto offset = static_cast<unsigned>(first % kTileWidth);
        const unsigned count = 1u << above;
        const Tile tile{static_cast<std::uint8_t>(level), first / kTileWidth};
        DAYBOOK_ASSIGN(const std::vector<Hash> hashes, source_.tile(tile, offset + count));
        if (hashes.size() < offset + count) {
            return fail(ErrorCode::kInternal, "tile " + tile_path(tile) + " has too few hashes");
        }
        return fold(std::span(hashes).subspan(offset, count), hash_);
    }

    TileSource& source_;
    const TreeHash& hash_;
};

}  // namespace

void Frontier::append(const Hash& leaf) {
    subtrees_.push_back(leaf);
    ++size_;
    for (std::uint64_t merges = static_cast<std::uint64_t>(std::countr_zero(size_)); merges > 0; --merges) {
        const Hash right = subtrees_.back();
        subtrees_.pop_back();
        subtrees_.back() = hash_.interior(subtrees_.back(), right);
    }
}

Hash Frontier::root() const {
    if (subtrees_.empty()) return hash_.empty;
    Hash root = subtrees_.back();
    for (std::size_t i = subtrees_.size() - 1; i-- > 0;) root = hash_.interior(subtrees_[i], root);
    return root;
}

Edge::Edge(std::uint64_t size, std::vector<std::vector<Hash>> levels) : size_(size), levels_(std::move(levels)) {
    for (unsigned level = 0; level < kTileLevels; ++level) {
        const std::size_t have = level < levels_.size() ? levels_[level].size() : 0;
        DAYBOOK_ASSERT(have == level_hashes(size, level) % kTileWidth);
    }
}

std::vector<Edge::FullTile> Edge::grow(std::span<const Hash> leaves, const TreeHash& hash) {
    std::vector<FullTile> full;
    for (const Hash& leaf : leaves) {
        ++size_;
        Hash carry = leaf;
        for (unsigned level = 0; level < kTileLevels; ++level) {
            if (levels_.size() <= level) levels_.emplace_back();
            std::vector<Hash>& hashes = levels_[level];
            hashes.reserve(kTileWidth);
            hashes.push_back(carry);
            if (hashes.size() < kTileWidth) break;
            carry = fold(hashes, hash);
            const std::uint64_t index = level_hashes(size_, level) / kTileWidth - 1;
            full.push_back({{static_cast<std::uint8_t>(level), index}, std::move(hashes)});
            hashes = {};
        }
    }
    return full;
}

std::span<const Hash> Edge::partial(Tile tile) const {
    if (tile.level >= levels_.size()) return {};
    if (tile.index != level_hashes(size_, tile.level) / kTileWidth) return {};
    return levels_[tile.level];
}

Hash fold(std::span<const Hash> hashes, const TreeHash& hash) {
    DAYBOOK_ASSERT(std::has_single_bit(hashes.size()) && hashes.size() <= kTileWidth);
    if (hashes.size() == 1) return hashes[0];
    Hash row[kTileWidth / 2];
    std::size_t count = hashes.size() / 2;
    for (std::size_t i = 0; i < count; ++i) row[i] = hash.interior(hashes[2 * i], hashes[2 * i + 1]);
    for (; count > 1; count /= 2) {
        for (std::size_t i = 0; i < count / 2; ++i) row[i] = hash.interior(row[2 * i], row[2 * i + 1]);
    }
    return row[0];
}

Result<Hash> tree_root(std::uint64_t size, TileSource& source, const TreeHash& hash) {
    if (size == 0) return hash.empty;
    return Roots(source, hash).of(0, size);
}

Result<std::vector<Hash>> inclusion_path(std::uint64_t leaf, std::uint64_t size, TileSource& source,
                                         const TreeHash& hash) {
    if (leaf >= size) {
        return fail(ErrorCode::kInvalid, "a tree of " + std::to_string(size) + " events has no event " +
                                             std::to_string(leaf) + " to prove");
    }
    // From the root down; the RFC lists the path from the leaf up.
    Roots roots(source, hash);
    std::vector<Hash> path;
    std::uint64_t from = 0;
    std::uint64_t to = size;
    while (to - from > 1) {
        const std::uint64_t middle = from + split_of(to - from);
        const bool left = leaf < middle;
        DAYBOOK_ASSIGN(const Hash other, left ? roots.of(middle, to) : roots.of(from, middle));
        path.push_back(other);
        (left ? to : from) = middle;
    }
    std::reverse(path.begin(), path.end());
    return path;
}

Result<std::vector<Hash>> consistency_path(std::uint64_t old_size, std::uint64_t size, TileSource& source,
                                           const TreeHash& hash) {
    if (old_size == 0 || old_size > size) {
        return fail(ErrorCode::kInvalid, "no consistency proof from " + std::to_string(old_size) + " to " +
                                             std::to_string(size) + " events: give 0 < old <= new");
    }
    Roots roots(source, hash);
    std::vector<Hash> path;
    std::uint64_t from = 0;
    std::uint64_t to = size;
    // SUBPROOF(m, D[n], b): b, "the old tree is this whole subtree and its root is known", holds while from is 0.
    while (old_size != to) {
        const std::uint64_t middle = from + split_of(to - from);
        const bool left = old_size <= middle;
        DAYBOOK_ASSIGN(const Hash other, left ? roots.of(middle, to) : roots.of(from, middle));
        path.push_back(other);
        (left ? to : from) = middle;
    }
    if (from != 0) {
        DAYBOOK_ASSIGN(const Hash last, roots.of(from, to));
        path.push_back(last);
    }
    std::reverse(path.begin(), path.end());
    return path;
}

bool verify_inclusion(const Hash& leaf_hash, std::uint64_t leaf, const TreeHead& head, std::span<const Hash> path,
                      const TreeHash& hash) {
    if (leaf >= head.size) return false;
    std::uint64_t fn = leaf;
    std::uint64_t sn = head.size - 1;
    Hash root = leaf_hash;
    for (const Hash& other : path) {
        if (sn == 0) return false;
        if ((fn & 1) != 0 || fn == sn) {
            root = hash.interior(other, root);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            root = hash.interior(root, other);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && root == head.root;
}

bool verify_consistency(const TreeHead& old_head, const TreeHead& head, std::span<const Hash> path,
                        const TreeHash& hash) {
    if (old_head.size > head.size) return false;
    if (old_head.size == head.size) return path.empty() && old_head.root == head.root;
    if (old_head.size == 0) return path.empty() && old_head.root == hash.empty;
    // Where the old tree is perfect its root stands for itself and is left out of the path.
    std::size_t next = 0;
    const bool perfect = std::has_single_bit(old_head.size);
    if (!perfect && path.empty()) return false;
    const Hash first = perfect ? old_head.root : path[next++];
    std::uint64_t fn = old_head.size - 1;
    std::uint64_t sn = head.size - 1;
    while ((fn & 1) != 0) {
        fn >>= 1;
        sn >>= 1;
    }
    Hash old_root = first;
    Hash new_root = first;
    for (; next < path.size(); ++next) {
        const Hash& other = path[next];
        if (sn == 0) return false;
        if ((fn & 1) != 0 || fn == sn) {
            old_root = hash.interior(other, old_root);
            new_root = hash.interior(other, new_root);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            new_root = hash.interior(new_root, other);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && old_root == old_head.root && new_root == head.root;
}

}  // namespace daybook
