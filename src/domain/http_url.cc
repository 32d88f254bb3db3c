#include "domain/http_url.h"

#include <algorithm>
#include <charconv>

#include "domain/ip.h"

namespace tollgate {
namespace {

constexpr std::size_t kUrlBytesMax = 2'048;
constexpr std::size_t kHostBytesMax = 253;  // RFC 1035 §2.3.4
constexpr std::size_t kLabelBytesMax = 63;

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = to_lower(c);
  return out;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z'); }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = to_lower(c);
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

// Decimal, octal or hexadecimal, as inet_aton() reads the parts of an address.
bool is_number(std::string_view label) {
  const bool hex = label.starts_with("0x") || label.starts_with("0X");
  if (hex) label.remove_prefix(2);
  return std::ranges::all_of(label,
                             [hex](char c) { return hex ? hex_digit(c) >= 0 : is_digit(c); });
}

// A name of letters, digits, hyphens and underscores, or a dotted quad.
bool valid_name(std::string_view host) {
  if (host.empty() || host.size() > kHostBytesMax) return false;
  if (is_number(host.substr(host.rfind('.') + 1))) return IpAddress::parse(host).has_value();
  std::size_t label = 0;
  for (const char c : host) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
      continue;
    }
    if (!is_alphanumeric(c) && c != '-' && c != '_') return false;
    if (++label > kLabelBytesMax) return false;
  }
  return label > 0;
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
    if (!is_alphanumeric(c) &&
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

std::optional<std::uint16_t> parse_port(std::string_view text, int least) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  if (text.front() == '-' || value < least || value > 65'535) return {};
  return static_cast<std::uint16_t>(value);
}

std::optional<HostPort> split_host_port(std::string_view text) {
  HostPort out;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return {};
    const std::string_view inside = text.substr(1, end - 1);
    const auto address = IpAddress::parse(inside);
    if (!address || inside.find(':') == std::string_view::npos) return {};
    out.host = to_lower(inside);
    rest = text.substr(end + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    if (!valid_name(text.substr(0, colon))) return {};
    out.host = to_lower(text.substr(0, colon));
    rest = text.substr(colon);
  }
  if (rest.empty()) return out;
  if (!rest.starts_with(':')) return {};
  out.port = rest.substr(1);
  return out;
}

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
  const std::string scheme = to_lower(text.substr(0, std::min(scheme_end, text.size())));
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

}  // namespace tollgate
