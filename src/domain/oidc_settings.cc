#include "domain/oidc_settings.h"

#include <algorithm>

#include "domain/http_url.h"
#include "domain/ip.h"

namespace tollgate {

namespace {

constexpr std::size_t kUrlLengthMax = 2'048;

bool is_this_computer(const std::string& host) {
  const auto address = IpAddress::parse(host);
  return host == "localhost" || (address && address->is_loopback());
}

// Of a query: visible ASCII, and nothing that begins another part.
bool is_query(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
}

}  // namespace

bool is_oidc_url(std::string_view url) {
  if (url.size() > kUrlLengthMax) return false;
  const auto mark = url.find('?');
  const auto parsed = parse_http_url(url.substr(0, mark));
  if (!parsed || !parsed->userinfo.empty()) return false;
  if (mark != std::string_view::npos && !is_query(url.substr(mark + 1))) return false;
  return parsed->scheme == UrlScheme::kHttps || is_this_computer(parsed->host);
}

bool allows_email(const OidcSettings& settings, std::string_view email) {
  if (settings.allowed_domains.empty()) return true;
  const std::string_view domain = email.substr(email.rfind('@') + 1);
  return std::ranges::find(settings.allowed_domains, domain) != settings.allowed_domains.end();
}

}  // namespace tollgate
