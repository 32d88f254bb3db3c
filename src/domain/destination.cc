#include "domain/destination.h"

#include <algorithm>
#include <array>

#include "domain/http_url.h"
#include "domain/ip.h"

namespace tollgate {
namespace {

constexpr std::array<std::string_view, 9> kOwnEndings = {
    "localhost", "local", "internal", "home.arpa", "lan", "intranet", "corp", "home", "private"};

std::string host_of(const Provider& provider) {
  const auto url = parse_http_url(provider.base_url);
  return url ? url->host : std::string();
}

std::optional<AddressClass> literal_class(std::string_view host) {
  const auto address = IpAddress::parse(host);
  if (!address) return std::nullopt;
  return classify_address(address->bytes());
}

bool from_file(const Provider& provider) { return provider.source == "file"; }

}  // namespace

bool names_own_network(std::string_view host) {
  if (IpAddress::parse(host)) return false;
  if (host.find('.') == std::string_view::npos) return true;
  return std::ranges::any_of(kOwnEndings, [host](std::string_view ending) {
    return host.ends_with(ending) && host.size() > ending.size() &&
           host[host.size() - ending.size() - 1] == '.';
  });
}

AddressScope scope_of(const Provider& provider) {
  if (from_file(provider)) return AddressScope::kPrivateToo;
  const std::string host = host_of(provider);
  const bool inside = literal_class(host).has_value() || names_own_network(host);
  return provider.allow_private && inside ? AddressScope::kPrivateToo : AddressScope::kPublicOnly;
}

std::optional<std::string> destination_problem(const Provider& provider) {
  const std::string host = host_of(provider);
  const auto literal = literal_class(host);
  if (literal == AddressClass::kForbidden) {
    return "leads to an address that no provider may have: link-local, a metadata service, or none "
           "of a host";
  }
  if (from_file(provider) || provider.allow_private) return std::nullopt;
  if (literal == AddressClass::kPrivate || names_own_network(host)) {
    return "leads to this machine or to a network of your own: send \"allow_private\": true if "
           "that is meant, or put the provider into tollgate.yaml";
  }
  return std::nullopt;
}

}  // namespace tollgate
