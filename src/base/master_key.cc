#include "base/master_key.h"

#include <sodium.h>

#include <array>
#include <cstdint>
#include <utility>

#include "base/check.h"
#include "base/hash.h"

namespace tollgate {
namespace {

// A sealed secret: what it is, which key sealed it, the nonce, the ciphertext with its tag.
constexpr char kFormat = 1;
constexpr std::size_t kNameBytes = 8;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kHeadBytes = 1 + kNameBytes + kNonceBytes;
static_assert(MasterKey::kBytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

using KeyBytes = std::array<unsigned char, MasterKey::kBytes>;

bool read_hex(std::string_view text, KeyBytes& bytes) {
  std::size_t length = 0;
  return text.size() == 2 * bytes.size() &&
         sodium_hex2bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &length,
                        nullptr) == 0 &&
         length == bytes.size();
}

bool read_base64(std::string_view text, KeyBytes& bytes) {
  for (const int variant :
       {sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
        sodium_base64_VARIANT_URLSAFE, sodium_base64_VARIANT_URLSAFE_NO_PADDING}) {
    std::size_t length = 0;
    if (sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &length,
                          nullptr, variant) == 0 &&
        length == bytes.size()) {
      return true;
    }
  }
  return false;
}

// What the ciphertext is bound to: the form of it, and the row.
std::string associated(std::string_view row) {
  std::string out = "tollgate sealed 1 ";
  out += row;
  return out;
}

std::unexpected<Error> damaged() {
  return fail(ErrorCode::kInternal, "A stored secret is damaged, or stands in another's place.");
}

}  // namespace

MasterKey::MasterKey(Secret bytes) : bytes_(std::move(bytes)) {
  check(bytes_.expose().size() == kBytes, "a master key has 32 bytes");
}

Result<MasterKey> MasterKey::parse(std::string_view text) {
  const std::string_view written = trimmed(text);
  KeyBytes bytes{};
  const bool read = read_hex(written, bytes) || read_base64(written, bytes);
  Secret secret(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  sodium_memzero(bytes.data(), bytes.size());
  if (!read) {
    return fail(ErrorCode::kInvalidRequest,
                "must be 32 bytes: 64 hex digits, or their base64 (make one with: openssl rand "
                "-base64 32)");
  }
  return MasterKey(std::move(secret));
}

MasterKey MasterKey::make(Random& random) {
  KeyBytes bytes{};
  random.fill(bytes);
  Secret secret(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  sodium_memzero(bytes.data(), bytes.size());
  return MasterKey(std::move(secret));
}

Secret MasterKey::text() const {
  constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;
  std::string out(sodium_base64_ENCODED_LEN(kBytes, kVariant), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes_of(bytes_.expose()), kBytes, kVariant);
  out.pop_back();  // its NUL
  return Secret(std::move(out));
}

// Tells keys apart, and nothing else: the hash of 256 random bits leads nowhere.
std::string MasterKey::name() const {
  std::string hashed = "tollgate master key ";
  hashed += bytes_.expose();
  const Sha256 digest = sha256(hashed);
  sodium_memzero(hashed.data(), hashed.size());
  return {reinterpret_cast<const char*>(digest.data()), kNameBytes};
}

std::string MasterKey::seal(std::string_view secret, std::string_view row, Random& random) const {
  std::array<std::uint8_t, kNonceBytes> nonce{};
  random.fill(nonce);
  std::string out(1, kFormat);
  out += name();
  out.append(reinterpret_cast<const char*>(nonce.data()), nonce.size());
  out.resize(kHeadBytes + secret.size() + kTagBytes);
  const std::string bound = associated(row);
  unsigned long long length = 0;
  const int sealed = crypto_aead_xchacha20poly1305_ietf_encrypt(
      bytes_of(out) + kHeadBytes, &length, bytes_of(secret), secret.size(),
      bytes_of(std::string_view(bound)), bound.size(), nullptr, nonce.data(),
      bytes_of(bytes_.expose()));
  check(sealed == 0 && length == secret.size() + kTagBytes, "sealing does not fail");
  return out;
}

Result<Secret> MasterKey::open(std::string_view sealed, std::string_view row) const {
  if (sealed.size() < kHeadBytes + kTagBytes || sealed.front() != kFormat) return damaged();
  if (sealed.substr(1, kNameBytes) != name()) {
    return fail(ErrorCode::kConflict, "A stored secret was sealed with another master key.");
  }
  const std::string_view nonce = sealed.substr(1 + kNameBytes, kNonceBytes);
  const std::string_view ciphertext = sealed.substr(kHeadBytes);
  std::string text(ciphertext.size() - kTagBytes, '\0');
  const std::string bound = associated(row);
  unsigned long long length = 0;
  const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
      bytes_of(text), &length, nullptr, bytes_of(ciphertext), ciphertext.size(),
      bytes_of(std::string_view(bound)), bound.size(), bytes_of(nonce), bytes_of(bytes_.expose()));
  if (opened != 0) return damaged();
  return Secret(std::move(text));
}

}  // namespace tollgate
