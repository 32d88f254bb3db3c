#include "base/address_class.h"

#include <algorithm>
#include <cstddef>
#include <span>

namespace tollgate {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

struct V4Network {
  std::uint32_t network;
  int bits;
  AddressClass kind;
};
constexpr std::uint32_t v4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}
// IANA's special-purpose registry (RFC 6890 and its successors), and where clouds keep their
// metadata. The first that holds the address counts.
constexpr V4Network kV4Networks[] = {
    {v4(0, 0, 0, 0), 8, AddressClass::kForbidden},           // "this network"; 0.0.0.0 is loopback
    {v4(169, 254, 0, 0), 16, AddressClass::kForbidden},      // link-local; metadata of most clouds
    {v4(100, 100, 100, 200), 32, AddressClass::kForbidden},  // metadata of Alibaba Cloud
    {v4(168, 63, 129, 16), 32, AddressClass::kForbidden},    // Azure's host
    {v4(192, 0, 0, 192), 32, AddressClass::kForbidden},      // metadata of Oracle Cloud
    {v4(224, 0, 0, 0), 4, AddressClass::kForbidden},         // multicast
    {v4(240, 0, 0, 0), 4, AddressClass::kForbidden},         // reserved, broadcast
    {v4(10, 0, 0, 0), 8, AddressClass::kPrivate},
    {v4(100, 64, 0, 0), 10, AddressClass::kPrivate},  // carriers' NAT, and many overlay networks
    {v4(127, 0, 0, 0), 8, AddressClass::kPrivate},
    {v4(172, 16, 0, 0), 12, AddressClass::kPrivate},
    {v4(192, 0, 0, 0), 24, AddressClass::kPrivate},  // protocol assignments
    {v4(192, 0, 2, 0), 24, AddressClass::kPrivate},  // documentation, as the next two
    {v4(198, 51, 100, 0), 24, AddressClass::kPrivate},
    {v4(203, 0, 113, 0), 24, AddressClass::kPrivate},
    {v4(192, 88, 99, 0), 24, AddressClass::kPrivate},  // former 6to4 relays
    {v4(192, 168, 0, 0), 16, AddressClass::kPrivate},
    {v4(198, 18, 0, 0), 15, AddressClass::kPrivate},  // benchmarks
};

AddressClass classify_v4(std::uint32_t address) {
  for (const V4Network& one : kV4Networks) {
    if ((address ^ one.network) >> (32 - one.bits) == 0) return one.kind;
  }
  return AddressClass::kPublic;
}

std::uint32_t v4_at(const Bytes& address, std::size_t at) {
  return v4(address[at], address[at + 1], address[at + 2], address[at + 3]);
}

bool begins(const Bytes& address, std::initializer_list<std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.begin());
}

bool zeros(const Bytes& address, std::size_t from, std::size_t to) {
  return std::all_of(address.begin() + static_cast<std::ptrdiff_t>(from),
                     address.begin() + static_cast<std::ptrdiff_t>(to),
                     [](std::uint8_t byte) { return byte == 0; });
}

// What carries an IPv4 address is no better than it, and no better than `itself`.
AddressClass carried(std::uint32_t address, AddressClass itself) {
  return std::max(classify_v4(address), itself);
}

// Of fec0::/10, fe80::/10 and fc00::/7 the first ten bits decide.
AddressClass classify_local(const Bytes& address) {
  if (address[0] == 0xFE && (address[1] & 0xC0) == 0x80) return AddressClass::kForbidden;
  if (address[0] == 0xFE && (address[1] & 0xC0) == 0xC0) return AddressClass::kPrivate;
  // Metadata of EC2 over IPv6 is fd00:ec2::254, of Google Cloud fd20:ce::254.
  const bool metadata =
      (begins(address, {0xFD, 0x00, 0x0E, 0xC2}) || begins(address, {0xFD, 0x20, 0x00, 0xCE})) &&
      zeros(address, 4, 14) && address[14] == 0x02 && address[15] == 0x54;
  return metadata ? AddressClass::kForbidden : AddressClass::kPrivate;
}

}  // namespace

AddressClass classify_address(const Bytes& address) {
  if (zeros(address, 0, 10) && address[10] == 0xFF && address[11] == 0xFF) {
    return classify_v4(v4_at(address, 12));
  }
  if (zeros(address, 0, 15) && address[15] == 1) return AddressClass::kPrivate;  // loopback
  // ::a.b.c.d, given up long ago; :: itself is among them.
  if (zeros(address, 0, 12)) return carried(v4_at(address, 12), AddressClass::kPrivate);
  if (address[0] == 0xFF) return AddressClass::kForbidden;  // multicast
  if ((address[0] & 0xFE) == 0xFC || address[0] == 0xFE) return classify_local(address);
  // NAT64: the well-known prefix, and the one for networks of one's own.
  if (begins(address, {0, 0x64, 0xFF, 0x9B}) && zeros(address, 4, 12)) {
    return carried(v4_at(address, 12), AddressClass::kPublic);
  }
  if (begins(address, {0, 0x64, 0xFF, 0x9B, 0, 1})) {
    return carried(v4_at(address, 12), AddressClass::kPrivate);
  }
  if (begins(address, {0x20, 0x02})) return carried(v4_at(address, 2), AddressClass::kPublic);
  if (begins(address, {0x20, 0x01, 0, 0})) {  // Teredo: the client's address is inverted
    return std::max(carried(v4_at(address, 4), AddressClass::kPublic),
                    classify_v4(~v4_at(address, 12)));
  }
  // ISATAP: the interface's name is [02]00:5efe and an IPv4 address.
  if ((address[8] & 0xFD) == 0 && address[9] == 0 && address[10] == 0x5E && address[11] == 0xFE) {
    return carried(v4_at(address, 12), AddressClass::kPublic);
  }
  // Documentation, discard-only, and everything outside 2000::/3 that nobody has assigned.
  if (begins(address, {0x20, 0x01, 0x0D, 0xB8}) || begins(address, {0x3F, 0xFF})) {
    return AddressClass::kPrivate;
  }
  return (address[0] & 0xE0) == 0x20 ? AddressClass::kPublic : AddressClass::kPrivate;
}

bool within_scope(AddressClass address, AddressScope scope) {
  if (address == AddressClass::kForbidden) return false;
  return address == AddressClass::kPublic || scope == AddressScope::kPrivateToo;
}

}  // namespace tollgate
