// Ed25519 by the second vector of RFC 8032 §7.1, and keys and signatures that are none.
#include "engine/crypto/signature.h"

#include <gtest/gtest.h>

#include "engine/base/bytes.h"

namespace daybook {
namespace {

constexpr const char* kPrivate =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n"
    "-----END PRIVATE KEY-----\n";
constexpr const char* kPublic =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n"
    "-----END PUBLIC KEY-----\n";

TEST(SignatureTest, SignsAndVerifiesThePublishedVector) {
    const std::string signature = sign(kPrivate, "\x72");
    EXPECT_EQ(hex(signature),
              "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
              "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    const auto key = PublicKey::from_pem(kPublic);
    ASSERT_TRUE(key);
    EXPECT_TRUE(key->verifies("\x72", signature));
    EXPECT_FALSE(key->verifies("\x73", signature));
}

TEST(SignatureTest, NoBitOfASignatureMayDiffer) {
    const auto key = PublicKey::from_pem(kPublic);
    const std::string signature = sign(kPrivate, "text");
    ASSERT_TRUE(key && key->verifies("text", signature));
    for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
        std::string other = signature;
        other[bit / 8] = static_cast<char>(other[bit / 8] ^ 1 << bit % 8);
        EXPECT_FALSE(key->verifies("text", other)) << bit;
    }
    EXPECT_FALSE(key->verifies("text", signature.substr(1)));
    EXPECT_FALSE(key->verifies("text", signature + "x"));
    EXPECT_FALSE(key->verifies("text", ""));
}

TEST(SignatureTest, WhatIsNoKeyIsNone) {
    EXPECT_FALSE(PublicKey::from_pem(""));
    EXPECT_FALSE(PublicKey::from_pem("no key"));
    EXPECT_FALSE(PublicKey::from_pem(kPrivate));
    // A key of another kind: X25519, of the same 32 bytes.
    EXPECT_FALSE(PublicKey::from_pem("-----BEGIN PUBLIC KEY-----\n"
                                     "MCowBQYDK2VuAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n"
                                     "-----END PUBLIC KEY-----\n"));
    EXPECT_EQ(sign(kPublic, "text"), "");
    EXPECT_EQ(sign("", "text"), "");
}

}  // namespace
}  // namespace daybook
