// The few URLs an operator writes: a provider's base URL, a proxy, the server the CLI talks to.
//
// Strict on purpose: what is not plainly http(s)://host[:port][/path] is refused, so that nothing
// downstream has to guess where a request goes. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"

namespace tollgate {

enum class UrlScheme { kHttp, kHttps };

struct HttpUrl {
  UrlScheme scheme = UrlScheme::kHttp;
  std::string host;  // lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;
  std::string path;  // "" or "/a/b", no trailing slash
  Secret userinfo;   // percent-decoded; empty = none

  // "host" or "host:port" as a Host field writes it; the port only where it is not the scheme's
  // own.
  std::string authority() const;
  // "http://host[:port]/path" without userinfo.
  std::string text() const;
};

// Refuses other schemes, a missing or malformed host, a port outside 1–65535, a query, a fragment,
// dot segments and any byte that RFC 3986 does not allow. A host whose last label is a number, in
// any base, must be an IPv4 address as everybody writes it: resolvers take 0x7f000001 and
// 017700000001 for addresses, too. Never repeats the text.
Result<HttpUrl> parse_http_url(std::string_view text);

// A provider's base URL in its canonical spelling; userinfo is refused too.
Result<std::string> parse_base_url(std::string_view text);

struct HostPort {
  std::string host;                      // checked; lower case, without brackets
  std::optional<std::string_view> port;  // as it stands, unchecked
};
// Splits "host[:port]" and "[v6][:port]"; nullopt for a malformed host.
std::optional<HostPort> split_host_port(std::string_view text);
std::optional<std::uint16_t> parse_port(std::string_view text, int least);

}  // namespace tollgate
