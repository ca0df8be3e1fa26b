// Ed25519 signatures (RFC 8032), of checkpoints. OpenSSL stays behind this header.
//
// Threads: every function may be called from any thread.
// Failure: a key or signature that is none is an empty answer or false, never an error.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace daybook {

// A public key. A value.
class PublicKey {
public:
    // "-----BEGIN PUBLIC KEY-----…", as `openssl pkey -pubout` writes it; nullopt where it is no Ed25519 key.
    static std::optional<PublicKey> from_pem(std::string_view pem);

    // Whether the 64 bytes are the key's signature of the text.
    [[nodiscard]] bool verifies(std::string_view text, std::string_view signature) const;

private:
    explicit PublicKey(const std::array<unsigned char, 32>& bytes) : bytes_(bytes) {}
    std::array<unsigned char, 32> bytes_;
};

// The signature of a text by a private key ("-----BEGIN PRIVATE KEY-----…"), 64 bytes; empty where it is no Ed25519
// key.
std::string sign(std::string_view private_pem, std::string_view text);

}  // namespace daybook
