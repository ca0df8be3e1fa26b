// The Merkle tree against the test vectors of Certificate Transparency's reference implementation, and against RFC
// 6962's definitions written down recursively here, for every size up to some hundred and around the edges of tiles.
#include "engine/ledger/merkle.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <map>
#include <string>

#include "engine/crypto/digest.h"

namespace daybook {
namespace {

using Hashes = std::vector<Hash>;

const TreeHash kHash{&leaf_hash, &interior_hash, sha256("")};

// RFC 6962 §2.1, word for word, over leaf hashes.
Hash naive_root(std::span<const Hash> leaves) {
    if (leaves.empty()) return sha256("");
    if (leaves.size() == 1) return leaves[0];
    const std::size_t k = std::bit_floor(leaves.size() - 1);
    return interior_hash(naive_root(leaves.first(k)), naive_root(leaves.subspan(k)));
}
Hashes naive_path(std::size_t m, std::span<const Hash> leaves) {
    if (leaves.size() == 1) return {};
    const std::size_t k = std::bit_floor(leaves.size() - 1);
    Hashes path = m < k ? naive_path(m, leaves.first(k)) : naive_path(m - k, leaves.subspan(k));
    path.push_back(m < k ? naive_root(leaves.subspan(k)) : naive_root(leaves.first(k)));
    return path;
}
Hashes naive_subproof(std::size_t m, std::span<const Hash> leaves, bool known) {
    if (m == leaves.size()) return known ? Hashes{} : Hashes{naive_root(leaves)};
    const std::size_t k = std::bit_floor(leaves.size() - 1);
    Hashes proof = m <= k ? naive_subproof(m, leaves.first(k), known) : naive_subproof(m - k, leaves.subspan(k), false);
    proof.push_back(m <= k ? naive_root(leaves.subspan(k)) : naive_root(leaves.first(k)));
    return proof;
}

Hashes leaves_of(std::size_t count) {
    Hashes leaves;
    for (std::size_t i = 0; i < count; ++i) leaves.push_back(leaf_hash("event " + std::to_string(i)));
    return leaves;
}

// The tiles that an Edge gave away, and the edge.
class Tiles : public TileSource {
public:
    explicit Tiles(const Hashes& leaves, std::size_t step = 7) {
        for (std::size_t i = 0; i < leaves.size(); i += step) {
            const auto part = std::span(leaves).subspan(i, std::min(step, leaves.size() - i));
            for (auto& full : edge_.grow(part, kHash)) full_[full.tile] = std::move(full.hashes);
        }
    }
    Result<Hashes> tile(Tile tile, unsigned width) override {
        if (full_.contains(tile)) return full_[tile];
        const auto partial = edge_.partial(tile);
        EXPECT_GE(partial.size(), width) << tile_path(tile);
        return Hashes(partial.begin(), partial.end());
    }
    [[nodiscard]] const Edge& edge() const { return edge_; }
    [[nodiscard]] std::size_t full() const { return full_.size(); }

private:
    Edge edge_;
    std::map<Tile, Hashes> full_;
};

std::string unhex(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        out.push_back(static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
    }
    return out;
}

TEST(MerkleTest, GivesTheRootsOfTheReferenceImplementation) {
    const std::vector<std::string> entries = {"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                              "606162636465666768696a6b6c6d6e6f"};
    const std::vector<std::string> roots = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    Frontier frontier(kHash);
    EXPECT_EQ(hex(frontier.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (std::size_t i = 0; i < entries.size(); ++i) {
        frontier.append(leaf_hash(unhex(entries[i])));
        EXPECT_EQ(hex(frontier.root()), roots[i]) << "size " << i + 1;
    }
}

TEST(MerkleTest, RootsOfEverySizeAreThoseOfTheDefinition) {
    const Hashes leaves = leaves_of(700);
    Tiles tiles(leaves);
    Frontier frontier(kHash);
    for (std::size_t size = 0; size <= leaves.size(); ++size) {
        const Hash expected = naive_root(std::span(leaves).first(size));
        ASSERT_EQ(tree_root(size, tiles, kHash).value(), expected) << size;
        ASSERT_EQ(frontier.root(), expected) << size;
        if (size < leaves.size()) frontier.append(leaves[size]);
    }
}

TEST(MerkleTest, TilesOfTheSecondLevelCarryTheTree) {
    const Hashes leaves = leaves_of(256 * 256 + 256 * 3 + 5);
    Tiles tiles(leaves, 1000);
    EXPECT_EQ(tiles.full(), 256U + 1 + 3);
    for (const std::size_t size : {65'535UL, 65'536UL, 65'537UL, 66'000UL, leaves.size()}) {
        EXPECT_EQ(tree_root(size, tiles, kHash).value(), naive_root(std::span(leaves).first(size))) << size;
    }
    EXPECT_EQ(inclusion_path(65'600, leaves.size(), tiles, kHash).value(), naive_path(65'600, leaves));
    EXPECT_EQ(consistency_path(65'537, leaves.size(), tiles, kHash).value(), naive_subproof(65'537, leaves, true));
}

TEST(MerkleTest, AnEdgeFromStoredHashesGoesOnTheSame) {
    const Hashes leaves = leaves_of(1200);
    Tiles tiles(Hashes(leaves.begin(), leaves.begin() + 600));
    const auto level = [&](std::uint8_t l, std::uint64_t index) {
        const auto partial = tiles.edge().partial({l, index});
        return Hashes(partial.begin(), partial.end());
    };
    Edge restored(600, {level(0, 2), level(1, 0)});
    Edge original = tiles.edge();
    const auto rest = std::span(leaves).subspan(600);
    const auto from_restored = restored.grow(rest, kHash);
    const auto from_original = original.grow(rest, kHash);
    ASSERT_EQ(from_restored.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(from_restored[i].tile, from_original[i].tile);
        EXPECT_EQ(from_restored[i].hashes, from_original[i].hashes);
    }
}

TEST(MerkleTest, PathsAreThoseOfTheDefinitionAndVerify) {
    const Hashes leaves = leaves_of(300);
    Tiles tiles(leaves);
    for (std::size_t size = 1; size <= leaves.size(); size += size < 20 ? 1 : 31) {
        const auto tree = std::span(leaves).first(size);
        const TreeHead head{size, naive_root(tree)};
        for (std::size_t i = 0; i < size; ++i) {
            const Hashes path = inclusion_path(i, size, tiles, kHash).value();
            ASSERT_EQ(path, naive_path(i, tree));
            EXPECT_TRUE(verify_inclusion(leaves[i], i, head, path, kHash));
            EXPECT_FALSE(verify_inclusion(leaves[(i + 1) % 300], i, head, path, kHash));
            EXPECT_FALSE(verify_inclusion(leaves[i], i + size, head, path, kHash));
            if (size == 1) continue;
            EXPECT_FALSE(verify_inclusion(leaves[i], i, head, std::span(path).first(path.size() - 1), kHash));
        }
        for (std::size_t old_size = 1; old_size <= size; ++old_size) {
            const TreeHead old_head{old_size, naive_root(tree.first(old_size))};
            const Hashes path = consistency_path(old_size, size, tiles, kHash).value();
            ASSERT_EQ(path, naive_subproof(old_size, tree, true)) << old_size << " " << size;
            EXPECT_TRUE(verify_consistency(old_head, head, path, kHash));
            EXPECT_FALSE(verify_consistency({old_size, sha256("another")}, head, path, kHash));
            EXPECT_FALSE(verify_consistency(old_head, {size, sha256("another")}, path, kHash));
        }
    }
}

RC_GTEST_PROP(MerkleProperty, AChangedPathNeverVerifies, ()) {
    const std::size_t size = *rc::gen::inRange<std::size_t>(2, 400);
    const std::size_t leaf = *rc::gen::inRange<std::size_t>(0, size);
    const Hashes leaves = leaves_of(size);
    Tiles tiles(leaves);
    const TreeHead head{size, naive_root(leaves)};
    Hashes path = inclusion_path(leaf, size, tiles, kHash).value();
    const std::size_t at = *rc::gen::inRange<std::size_t>(0, path.size());
    path[at][*rc::gen::inRange<std::size_t>(0, 32)] ^= static_cast<unsigned char>(1 << *rc::gen::inRange(0, 8));
    RC_ASSERT(!verify_inclusion(leaves[leaf], leaf, head, path, kHash));
}

TEST(MerkleTest, RefusesProofsThatDoNotExist) {
    const Hashes leaves = leaves_of(3);
    Tiles tiles(leaves);
    EXPECT_EQ(inclusion_path(3, 3, tiles, kHash).error().code, ErrorCode::kInvalid);
    EXPECT_EQ(consistency_path(0, 3, tiles, kHash).error().code, ErrorCode::kInvalid);
    EXPECT_EQ(consistency_path(4, 3, tiles, kHash).error().code, ErrorCode::kInvalid);
    EXPECT_TRUE(verify_consistency({0, sha256("")}, {3, naive_root(leaves)}, {}, kHash));
    EXPECT_FALSE(verify_consistency({4, {}}, {3, {}}, {}, kHash));
}

TEST(TileTest, PathsAreThoseOfTheSpecification) {
    EXPECT_EQ(tile_path({0, 1'234'067}), "tile/0/x001/x234/067");  // the example of C2SP tlog-tiles
    EXPECT_EQ(tile_path({0, 0}), "tile/0/000");
    EXPECT_EQ(tile_path({1, 999}), "tile/1/999");
    EXPECT_EQ(tile_path({2, 1000}), "tile/2/x001/000");
    EXPECT_EQ(tile_path({0, 273}, 112), "tile/0/273.p/112");
    EXPECT_EQ(level_hashes(70'000, 0), 70'000U);
    EXPECT_EQ(level_hashes(70'000, 1), 273U);
    EXPECT_EQ(level_hashes(70'000, 2), 1U);
    EXPECT_EQ(level_hashes(70'000, 3), 0U);
}

}  // namespace
}  // namespace daybook
