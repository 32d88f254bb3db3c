#include "base/hash.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <cstring>

#include "base/check.h"

namespace tollgate {

namespace {

// Fetched once for the life of the process: a fetch costs more than the hash of a token.
const EVP_MD* sha256_digest() {
  static const EVP_MD* const digest = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  check(digest != nullptr, "OpenSSL offers no SHA-256");
  return digest;
}

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1) != 0 ? (value >> 1) ^ 0xEDB88320u : value >> 1;
    }
    table[i] = value;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> kCrcTable = make_crc_table();

std::optional<std::uint8_t> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

}  // namespace

Sha256 sha256(std::string_view bytes) {
  Sha256 hash;
  unsigned int length = 0;
  const int done =
      EVP_Digest(bytes.data(), bytes.size(), hash.data(), &length, sha256_digest(), nullptr);
  check(done == 1 && length == hash.size(), "SHA-256 failed");
  return hash;
}

std::uint64_t siphash(std::string_view bytes, const std::array<std::uint64_t, 2>& key) {
  static_assert(crypto_shorthash_BYTES == sizeof(std::uint64_t));
  static_assert(crypto_shorthash_KEYBYTES == sizeof(key));
  std::uint64_t hash = 0;
  crypto_shorthash(reinterpret_cast<unsigned char*>(&hash),
                   reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                   reinterpret_cast<const unsigned char*>(key.data()));
  return hash;
}

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t value = 0xFFFFFFFFu;
  for (const char c : bytes) {
    value = kCrcTable[(value ^ static_cast<unsigned char>(c)) & 0xFFu] ^ (value >> 8);
  }
  return value ^ 0xFFFFFFFFu;
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xF];
  }
  return text;
}

std::optional<Sha256> sha256_from_hex(std::string_view hex) {
  Sha256 hash;
  if (hex.size() != hash.size() * 2) return std::nullopt;
  for (std::size_t i = 0; i < hash.size(); ++i) {
    const auto high = hex_digit(hex[2 * i]);
    const auto low = hex_digit(hex[2 * i + 1]);
    if (!high || !low) return std::nullopt;
    hash[i] = static_cast<std::uint8_t>(*high << 4 | *low);
  }
  return hash;
}

std::size_t Sha256Hash::operator()(const Sha256& value) const noexcept {
  std::size_t first;
  static_assert(sizeof first <= std::tuple_size_v<Sha256>);
  std::memcpy(&first, value.data(), sizeof first);
  return first;
}

}  // namespace tollgate
