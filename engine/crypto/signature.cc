#include "engine/crypto/signature.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

namespace daybook {
namespace {

constexpr std::size_t kSignatureBytes = 64;

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

// No pass phrase is asked for at a terminal.
int no_pass_phrase(char*, int, int, void*) { return 0; }

Bio memory_of(std::string_view text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

std::optional<PublicKey> PublicKey::from_pem(std::string_view pem) {
    const Bio bio = memory_of(pem);
    const Key key(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_pass_phrase, nullptr));
    if (key == nullptr || EVP_PKEY_id(key.get()) != EVP_PKEY_ED25519) return std::nullopt;
    std::array<unsigned char, 32> bytes{};
    std::size_t size = bytes.size();
    if (EVP_PKEY_get_raw_public_key(key.get(), bytes.data(), &size) != 1 || size != bytes.size()) return std::nullopt;
    return PublicKey(bytes);
}

bool PublicKey::verifies(std::string_view text, std::string_view signature) const {
    const Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_.data(), bytes_.size()));
    const Context context(EVP_MD_CTX_new());
    return key != nullptr && context != nullptr && signature.size() == kSignatureBytes &&
           EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text), text.size()) == 1;
}

std::string sign(std::string_view private_pem, std::string_view text) {
    const Bio bio = memory_of(private_pem);
    const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr));
    if (key == nullptr || EVP_PKEY_id(key.get()) != EVP_PKEY_ED25519) return {};
    const Context context(EVP_MD_CTX_new());
    std::string signature(kSignatureBytes, '\0');
    std::size_t size = signature.size();
    const bool made =
        context != nullptr && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes_of(text),
                       text.size()) == 1;
    return made ? signature : std::string();
}

}  // namespace daybook
