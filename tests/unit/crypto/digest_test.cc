// The published vectors of SHA-256 (FIPS 180-4 examples), and RFC 6962's prefixes put together by hand.
#include "engine/crypto/digest.h"

#include <gtest/gtest.h>

#include <string>

namespace daybook {
namespace {

TEST(DigestTest, GivesThePublishedVectors) {
    EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(hex(sha256(std::string(1'000'000, 'a'))),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(DigestTest, HashesAsInRfc6962) {
    using std::string_literals::operator""s;
    EXPECT_EQ(hex(leaf_hash("")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    EXPECT_EQ(leaf_hash("an event"), sha256("\0an event"s));
    const Hash left = sha256("left");
    const Hash right = sha256("right");
    const std::string node = "\1" + std::string(left.begin(), left.end()) + std::string(right.begin(), right.end());
    EXPECT_EQ(interior_hash(left, right), sha256(node));
}

TEST(DigestTest, PartsHashLikeTheWhole) {
    const std::string text = "0123456789012345678901234567890123456789012345678901234567890123456789";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        Sha256 hash;
        hash.update(text.substr(0, cut)).update(text.substr(cut));
        EXPECT_EQ(hash.finish(), sha256(text)) << cut;
    }
}

TEST(DigestTest, ACopyGoesOnByItself) {
    Sha256 one;
    one.update("common ");
    Sha256 two = one;
    one.update("first");
    two.update("second");
    EXPECT_EQ(one.finish(), sha256("common first"));
    EXPECT_EQ(two.finish(), sha256("common second"));
    two.reset();
    EXPECT_EQ(two.update("abc").finish(), sha256("abc"));
}

}  // namespace
}  // namespace daybook
