#include "config/url.h"

#include <algorithm>

#include "config/text.h"
#include "domain/ip.h"

namespace tollgate::config {
namespace {

std::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::kInvalidRequest, std::move(message));
}

}  // namespace

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
