// IP addresses and networks: allowed_ips, trusted_proxies, and who counts as loopback.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tollgate {

// Always held as 16 bytes; IPv4 as ::ffff:a.b.c.d, so that both spellings compare equal.
class IpAddress {
 public:
  IpAddress() = default;
  // Strict: dotted quad without leading zeros, or RFC 4291 text; brackets and zones are refused.
  static Result<IpAddress> parse(std::string_view text);
  static IpAddress from_bytes(const std::array<std::uint8_t, 16>& bytes);
  bool is_v4() const;
  bool is_loopback() const;  // 127.0.0.0/8, ::1
  std::string text() const;
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

// "10.0.0.0/8", "2001:db8::/32", or a single address. Host bits must be zero. The families stay
// apart: ::/0 holds every IPv6 address and no IPv4 one, so that nobody opens one list by the other.
class Cidr {
 public:
  static Result<Cidr> parse(std::string_view text);
  bool contains(const IpAddress& address) const;
  std::string text() const;  // always with its length: "10.1.2.3/32"

 private:
  IpAddress network_;
  int prefix_length_ = 128;  // of the 128-bit form
};

}  // namespace tollgate
