// Who really sent a request, and whether by HTTPS: the peer itself, or what proxies that we trust
// say of it (SPEC §3). Pure; both planes ask it once per request, and everything that depends on
// the client's address (allowed_ips, audit, /metrics, the HTTPS rule) uses its answer.
#pragma once

#include <span>
#include <string_view>

#include "base/error.h"
#include "domain/ip.h"

namespace tollgate {

enum class Scheme { kHttp, kHttps };
// Which of our listeners accepted the connection.
enum class ListenerKind { kPlain, kTls };
enum class HttpsRule { kRequired, kOff };

struct ClientAddress {
  IpAddress address;
  Scheme scheme = Scheme::kHttp;
};

// What the request says of where it came from.
struct ForwardedHeaders {
  std::span<const std::string_view> forwarded_for = {};  // every X-Forwarded-For value, in order
  std::string_view forwarded_proto = {};                 // X-Forwarded-Proto; "" = absent
};

// The headers are believed only when the peer is trusted. Then the client is the rightmost address
// of X-Forwarded-For that is not a trusted proxy (if all are, the leftmost), and HTTPS what the
// rightmost value of X-Forwarded-Proto says. A connection to our own TLS listener is always HTTPS.
//
// Fails closed on what cannot be read (garbage, a port, `unknown`; a loopback address reported by a
// hop that is not on this host): nothing further left is believed, and the client is the last good
// hop. Where that is a loopback proxy, the answer is the unspecified address `::`, which has none
// of loopback's rights and which no sensible list holds.
ClientAddress client_address(const IpAddress& peer, ListenerKind listener,
                             const ForwardedHeaders& headers,
                             std::span<const Cidr> trusted_proxies);

// kHttpsRequired unless the client is loopback, used HTTPS, or the rule is off.
Status check_https(const ClientAddress& client, HttpsRule rule);

}  // namespace tollgate
