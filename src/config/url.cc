#include "config/url.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "config/text.h"
#include "domain/ip.h"

namespace tollgate::config {
namespace {

constexpr std::size_t kUrlBytesMax = 2'048;
constexpr std::size_t kHostBytesMax = 253;  // RFC 1035 §2.3.4
constexpr std::size_t kLabelBytesMax = 63;

std::optional<std::uint16_t> parse_port(std::string_view text, int least) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  if (text.front() == '-' || value < least || value > 65'535) return {};
  return static_cast<std::uint16_t>(value);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = ascii::to_lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return {};
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return {};
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

// A name of letters, digits, hyphens and underscores, or a dotted quad.
bool valid_name(std::string_view host) {
  if (host.empty() || host.size() > kHostBytesMax) return false;
  if (host.find_first_not_of("0123456789.") == std::string_view::npos) {
    return IpAddress::parse(host).has_value();
  }
  std::size_t label = 0;
  for (const char c : host) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
      continue;
    }
    if (!ascii::is_alphanumeric(c) && c != '-' && c != '_') return false;
    if (++label > kLabelBytesMax) return false;
  }
  return label > 0;
}

struct HostPort {
  std::string host;
  std::optional<std::string_view> port;
};

// Splits "host[:port]" and "[v6][:port]"; the host is checked, the port is not.
std::optional<HostPort> split_host_port(std::string_view text) {
  HostPort out;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return {};
    const std::string_view inside = text.substr(1, end - 1);
    const auto address = IpAddress::parse(inside);
    if (!address || inside.find(':') == std::string_view::npos) return {};
    out.host = ascii::to_lower(inside);
    rest = text.substr(end + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    if (!valid_name(text.substr(0, colon))) return {};
    out.host = ascii::to_lower(text.substr(0, colon));
    rest = text.substr(colon);
  }
  if (rest.empty()) return out;
  if (!rest.starts_with(':')) return {};
  out.port = rest.substr(1);
  return out;
}

// RFC 3986 §3.3: pchar and '/', every '%' followed by two hex digits, no dot segments.
bool valid_path(std::string_view path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if (c == '%') {
      if (i + 2 >= path.size() || hex_digit(path[i + 1]) < 0 || hex_digit(path[i + 2]) < 0) {
        return false;
      }
      continue;
    }
    if (!ascii::is_alphanumeric(c) &&
        std::string_view("-._~!$&'()*+,;=:@/").find(c) == std::string::npos) {
      return false;
    }
  }
  std::string_view rest = path;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    if (segment == "." || segment == "..") return false;
    rest.remove_prefix(segment.size());
  }
  return path.find("//") == std::string_view::npos;
}

std::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::kInvalidRequest, std::move(message));
}

}  // namespace

std::string HttpUrl::authority() const {
  std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (scheme == UrlScheme::kHttps ? 443 : 80)) out += ":" + std::to_string(port);
  return out;
}

std::string HttpUrl::text() const {
  return (scheme == UrlScheme::kHttps ? "https://" : "http://") + authority() + path;
}

Result<HttpUrl> parse_http_url(std::string_view text) {
  if (text.size() > kUrlBytesMax) return refuse("is longer than 2048 bytes");
  HttpUrl url;
  const std::size_t scheme_end = text.find("://");
  const std::string scheme = ascii::to_lower(text.substr(0, std::min(scheme_end, text.size())));
  if (scheme_end == std::string_view::npos || (scheme != "http" && scheme != "https")) {
    return refuse("must start with http:// or https://");
  }
  url.scheme = scheme == "https" ? UrlScheme::kHttps : UrlScheme::kHttp;
  std::string_view rest = text.substr(scheme_end + 3);
  if (rest.find('?') != std::string_view::npos) return refuse("must not have a query (?…)");
  if (rest.find('#') != std::string_view::npos) return refuse("must not have a fragment (#…)");

  const std::size_t path_start = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, path_start);
  std::string_view path = rest.substr(path_start);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (!valid_path(path)) {
    return refuse("has a path that is not plain: no spaces, empty segments, '.' or '..'");
  }
  url.path = path;

  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    auto decoded = percent_decode(authority.substr(0, at));
    if (!decoded) return refuse("has a malformed user name or password");
    url.userinfo = Secret(std::move(*decoded));
    authority.remove_prefix(at + 1);
  }
  const auto parts = split_host_port(authority);
  if (!parts) return refuse("needs a host: a name, an IPv4 address, or an IPv6 address in [ ]");
  url.host = parts->host;
  url.port = url.scheme == UrlScheme::kHttps ? 443 : 80;
  if (parts->port) {
    const auto port = parse_port(*parts->port, 1);
    if (!port) return refuse("has a port that is not a number from 1 to 65535");
    url.port = *port;
  }
  return url;
}

Result<std::string> parse_base_url(std::string_view text) {
  auto url = parse_http_url(text);
  if (!url) return std::unexpected(url.error());
  if (!url->userinfo.empty() || text.find('@') < text.find('/', text.find("://") + 3)) {
    return refuse("must not hold a user name or password; the credential belongs in api_key");
  }
  return url->text();
}

Result<Settings::Proxy> parse_proxy_url(std::string_view text) {
  // curl and others take a proxy without its scheme; so do the variables people have set.
  const std::string with_scheme = text.find("://") == std::string_view::npos
                                      ? "http://" + std::string(text)
                                      : std::string(text);
  auto url = parse_http_url(with_scheme);
  if (!url) return std::unexpected(url.error());
  if (url->scheme == UrlScheme::kHttps) {
    return refuse("must be an http:// proxy; TLS to the proxy itself is not supported");
  }
  if (!url->path.empty()) return refuse("must not have a path");
  const std::string_view credentials = url->userinfo.expose();
  if (std::ranges::any_of(credentials, ascii::is_control)) {
    return refuse("has a control character in its user name or password");
  }
  return Settings::Proxy{
      .host = std::move(url->host), .port = url->port, .credentials = std::move(url->userinfo)};
}

Result<Settings::Listen> parse_listen(std::string_view text) {
  const auto parts = split_host_port(text);
  if (!parts || !parts->port) {
    return refuse(
        "must be HOST:PORT, e.g. 127.0.0.1:8080, [::1]:8080, or 0.0.0.0:8080 for every "
        "interface");
  }
  const auto port = parse_port(*parts->port, 0);
  if (!port) return refuse("has a port that is not a number from 0 to 65535");
  Settings::Listen listen{.host = parts->host, .port = *port};
  if (listen.host == "localhost") listen.host = "127.0.0.1";
  if (!IpAddress::parse(listen.host)) {
    return refuse("must name an IP address of this machine, or localhost");
  }
  return listen;
}

}  // namespace tollgate::config
