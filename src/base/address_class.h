// What kind of place an IP address is: one of the public Internet, one of somebody's own network,
// or one that no request of ours may ever go to. net/ asks before it connects, domain/ when an
// operator writes an address down. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tollgate {

enum class AddressClass {
  kPublic,
  kPrivate,  // loopback, RFC 1918, unique local and other networks that the Internet does not route
  kForbidden  // link-local and metadata services, unspecified, multicast, broadcast, reserved
};

// Of 16 bytes, an IPv4 address as ::ffff:a.b.c.d. An IPv6 address that carries an IPv4 one
// (compatible, NAT64, 6to4, Teredo, ISATAP) is what that one is, and never public by itself where
// that one is not: a translator on the way would take the request there.
AddressClass classify_address(const std::array<std::uint8_t, 16>& address);

// Which addresses a destination may have. Forbidden ones are nobody's.
enum class AddressScope { kPublicOnly, kPrivateToo };
bool within_scope(AddressClass address, AddressScope scope);

}  // namespace tollgate
