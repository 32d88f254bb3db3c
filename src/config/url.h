// The few URLs an operator writes: a provider's base URL, a proxy, the server the CLI talks to.
//
// Strict on purpose: what is not plainly http(s)://host[:port][/path] is refused, so that nothing
// downstream has to guess where a request goes. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"
#include "config/settings.h"

namespace tollgate::config {

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
// dot segments and any byte that RFC 3986 does not allow. Never repeats the text.
Result<HttpUrl> parse_http_url(std::string_view text);

// A provider's base URL in its canonical spelling; userinfo is refused too.
Result<std::string> parse_base_url(std::string_view text);

// "http://[user:password@]host[:port]" (port 80 if absent); no path.
Result<Settings::Proxy> parse_proxy_url(std::string_view text);

// "HOST:PORT" or "[V6]:PORT" to listen on: an IP address or `localhost`.
Result<Settings::Listen> parse_listen(std::string_view text);

}  // namespace tollgate::config
