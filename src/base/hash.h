// SHA-256 (OpenSSL, digest fetched once), CRC-32 (IEEE 802.3, as zlib's), SipHash-2-4 (libsodium),
// hex.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tollgate {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view bytes);
std::uint32_t crc32(std::string_view bytes);
// Keyed with 16 bytes; the key and the result are in the machine's own byte order.
std::uint64_t siphash(std::string_view bytes, const std::array<std::uint64_t, 2>& key);

std::string to_hex(std::span<const std::uint8_t> bytes);
std::optional<Sha256> sha256_from_hex(std::string_view hex);

// Hash functor for tables keyed by a SHA-256 (its first 8 bytes are as good as any hash).
struct Sha256Hash {
  std::size_t operator()(const Sha256& value) const noexcept;
};

}  // namespace tollgate
