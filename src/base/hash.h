// SHA-256 (OpenSSL, digest fetched once), CRC-32 (IEEE 802.3, as zlib's), hex.
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

std::string to_hex(std::span<const std::uint8_t> bytes);
std::optional<Sha256> sha256_from_hex(std::string_view hex);

// Hash functor for tables keyed by a SHA-256 (its first 8 bytes are as good as any hash).
struct Sha256Hash {
  std::size_t operator()(const Sha256& value) const noexcept;
};

}  // namespace tollgate
