// SHA-256, the one digest of Daybook. OpenSSL stays behind this header.
//
// Threads: every function may be called from any thread; a Sha256 belongs to one thread at a time.
// Failure: none; hashing memory cannot fail.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "engine/base/bytes.h"

namespace daybook {

// SHA-256 of `bytes` (FIPS 180-4).
Hash sha256(std::string_view bytes);

// RFC 6962 §2.1: the hash of a Merkle tree's leaf is SHA-256(0x00 || entry), and of an inner node
// SHA-256(0x01 || left || right). The prefixes keep a leaf from being passed off as a node.
Hash leaf_hash(std::string_view entry);
Hash interior_hash(const Hash& left, const Hash& right);

// SHA-256 of bytes that arrive in parts. Copyable: a copy goes on from the same prefix.
class Sha256 {
public:
    Sha256();
    Sha256& update(std::string_view bytes);
    // The digest of everything given so far. Ends this object: call reset() before using it again.
    [[nodiscard]] Hash finish();
    void reset();

private:
    // Room for OpenSSL's SHA256_CTX (112 bytes, checked where it is used), so that its header is not needed here.
    alignas(8) std::array<std::byte, 112> context_;
};

}  // namespace daybook
