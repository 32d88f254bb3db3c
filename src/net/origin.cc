#include "net/origin.h"

#include <openssl/evp.h>

#include <charconv>

namespace tollgate::net {

namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

std::unexpected<Error> bad_url(std::string_view why) {
  return fail(ErrorCode::kInvalidRequest, "The URL cannot be used: " + std::string(why) +
                                              ". Write it like https://api.example.com/v1.");
}

// "host", "host:port", "[v6]", "[v6]:port".
Status read_authority(std::string_view authority, UrlParts& parts) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return bad_url("the brackets of the host do not close");
    parts.host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
    if (!port.empty() && port.front() != ':') return bad_url("after the host comes no port");
    if (!port.empty()) port.remove_prefix(1);
  } else {
    const std::size_t colon = authority.find(':');
    parts.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) {
      port = authority.substr(colon + 1);
      if (port.empty()) return bad_url("the port is missing");
    }
  }
  if (parts.host.empty()) return bad_url("it names no host");
  for (const char c : parts.host) {
    if (c <= 0x20 || c >= 0x7f) return bad_url("the host holds a character that no host has");
  }
  if (port.empty()) return {};
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number < 1 || number > 65'535) {
    return bad_url("the port is no number from 1 to 65535");
  }
  parts.port = static_cast<std::uint16_t>(number);
  return {};
}

}  // namespace

Result<UrlParts> parse_url(std::string_view url) {
  UrlParts parts;
  if (url.starts_with("https://")) {
    parts.https = true;
    parts.port = kHttpsPort;
    url.remove_prefix(8);
  } else if (url.starts_with("http://")) {
    parts.port = kHttpPort;
    url.remove_prefix(7);
  } else {
    return bad_url("it begins with neither http:// nor https://");
  }
  if (url.find_first_of("?#") != std::string_view::npos) {
    return bad_url("it has a query or a fragment");
  }
  const std::size_t slash = url.find('/');
  std::string_view authority = url.substr(0, slash);
  if (slash != std::string_view::npos) parts.path = url.substr(slash);
  while (parts.path.ends_with('/')) parts.path.pop_back();
  for (const char c : parts.path) {
    if (c <= 0x20 || c >= 0x7f) return bad_url("the path holds a blank or a control character");
  }
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    parts.userinfo = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  if (auto read = read_authority(authority, parts); !read) return std::unexpected(read.error());
  return parts;
}

Origin make_origin(const UrlParts& url, std::shared_ptr<const TlsClientContext> tls,
                   std::shared_ptr<const Proxy> proxy) {
  Origin origin;
  origin.host = url.host;
  origin.port = url.port;
  const bool v6 = url.host.find(':') != std::string::npos;
  origin.host_header = v6 ? "[" + url.host + "]" : url.host;
  if (url.port != (url.https ? kHttpsPort : kHttpPort)) {
    origin.host_header += ":" + std::to_string(url.port);
  }
  if (url.https) {
    origin.tls = std::move(tls);
    origin.proxy = std::move(proxy);
  }
  origin.pool_key = std::string(url.https ? "https://" : "http://") + origin.host_header;
  if (origin.proxy != nullptr) {
    origin.pool_key += " via " + origin.proxy->host + ":" + std::to_string(origin.proxy->port);
  }
  return origin;
}

std::string basic_authorization(std::string_view userinfo) {
  std::string out(4 * ((userinfo.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(userinfo.data()),
                                     static_cast<int>(userinfo.size()));
  out.resize(static_cast<std::size_t>(length));
  return "Basic " + out;
}

}  // namespace tollgate::net
