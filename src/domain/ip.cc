#include "domain/ip.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

namespace tollgate {

namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr int kMappedBits = 96;
constexpr int kAddressBits = 128;

std::unexpected<Error> refuse_address() {
  return fail(
      ErrorCode::kInvalidRequest,
      "Give an IP address such as 203.0.113.7 or 2001:db8::1, without brackets, zone or port.");
}

std::unexpected<Error> refuse_network() {
  return fail(ErrorCode::kInvalidRequest,
              "Give a network such as 10.0.0.0/8 or 2001:db8::/32, or a single address.");
}

// 1 to 3 digits without a leading zero, at most `bits_max`; -1 otherwise.
int parse_prefix_length(std::string_view text, int bits_max) {
  if (text.empty() || text.size() > 3) return -1;
  if (text.size() > 1 && text.front() == '0') return -1;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value <= bits_max ? value : -1;
}

// The address with every bit after the first `bits` cleared.
IpAddress masked(const IpAddress& address, int bits) {
  auto bytes = address.bytes();
  for (int i = 0; i < static_cast<int>(bytes.size()); ++i) {
    const int kept = std::clamp(bits - 8 * i, 0, 8);
    auto& byte = bytes[static_cast<std::size_t>(i)];
    byte = static_cast<std::uint8_t>(byte & (0xFF00 >> kept));
  }
  return IpAddress::from_bytes(bytes);
}

}  // namespace

Result<IpAddress> IpAddress::parse(std::string_view text) {
  // inet_pton is strict in itself: four decimal parts without leading zeros, or RFC 4291; it knows
  // no brackets, zones or ports. A NUL inside would cut the text short for it.
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) {
    return refuse_address();
  }
  std::ranges::copy(text, terminated.begin());
  IpAddress address;
  if (text.find(':') == std::string_view::npos) {
    std::ranges::copy(kMappedPrefix, address.bytes_.begin());
    if (inet_pton(AF_INET, terminated.data(), address.bytes_.data() + kMappedPrefix.size()) != 1) {
      return refuse_address();
    }
  } else if (inet_pton(AF_INET6, terminated.data(), address.bytes_.data()) != 1) {
    return refuse_address();
  }
  return address;
}

IpAddress IpAddress::from_bytes(const std::array<std::uint8_t, 16>& bytes) {
  IpAddress address;
  address.bytes_ = bytes;
  return address;
}

bool IpAddress::is_v4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes_.begin());
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes_[kMappedPrefix.size()] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto byte) { return byte == 0; }) &&
         bytes_.back() == 1;
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (is_v4()) {
    inet_ntop(AF_INET, bytes_.data() + kMappedPrefix.size(), out.data(), out.size());
  } else {
    inet_ntop(AF_INET6, bytes_.data(), out.data(), out.size());
  }
  return out.data();
}

Result<Cidr> Cidr::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return refuse_network();
  Cidr cidr;
  cidr.network_ = *address;
  if (slash == std::string_view::npos) return cidr;
  // Written as IPv4, the length counts from the start of the IPv4 part.
  const int offset = text.find(':') == std::string_view::npos ? kMappedBits : 0;
  const int length = parse_prefix_length(text.substr(slash + 1), kAddressBits - offset);
  if (length < 0) return refuse_network();
  cidr.prefix_length_ = offset + length;
  const IpAddress network = masked(*address, cidr.prefix_length_);
  if (network != *address) {
    return fail(ErrorCode::kInvalidRequest,
                fmt::format("The network has host bits set: write {}/{}.", network.text(), length));
  }
  return cidr;
}

bool Cidr::contains(const IpAddress& address) const {
  const bool v4_network = network_.is_v4() && prefix_length_ >= kMappedBits;
  return address.is_v4() == v4_network && masked(address, prefix_length_) == network_;
}

std::string Cidr::text() const {
  const bool v4 = network_.is_v4() && prefix_length_ >= kMappedBits;
  return fmt::format("{}/{}", network_.text(), v4 ? prefix_length_ - kMappedBits : prefix_length_);
}

}  // namespace tollgate
