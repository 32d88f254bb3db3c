#include "domain/client_address.h"

#include <algorithm>
#include <optional>

namespace tollgate {

namespace {

bool is_trusted(const IpAddress& address, std::span<const Cidr> trusted_proxies) {
  return std::ranges::any_of(trusted_proxies,
                             [&address](const Cidr& cidr) { return cidr.contains(address); });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// The last element of a comma-separated list, which is taken off it.
std::string_view take_last(std::string_view& list) {
  const std::size_t comma = list.rfind(',');
  const bool only = comma == std::string_view::npos;
  const std::string_view last = only ? list : list.substr(comma + 1);
  list = only ? std::string_view() : list.substr(0, comma);
  return trimmed(last);
}

IpAddress without_loopback_rights(const IpAddress& hop) {
  return hop.is_loopback() ? IpAddress() : hop;
}

// From the peer leftwards through the hops it and its predecessors report.
IpAddress rightmost_untrusted(const IpAddress& peer, std::span<const std::string_view> values,
                              std::span<const Cidr> trusted_proxies) {
  IpAddress hop = peer;
  for (auto value = values.rbegin(); value != values.rend(); ++value) {
    std::string_view list = *value;
    while (!list.empty()) {
      const auto reported = IpAddress::parse(take_last(list));
      const bool forged = reported && reported->is_loopback() && !hop.is_loopback();
      if (!reported || forged) return without_loopback_rights(hop);
      hop = *reported;
      if (!is_trusted(hop, trusted_proxies)) return hop;
    }
  }
  return hop;
}

bool says_https(std::string_view forwarded_proto) {
  const std::string_view last = take_last(forwarded_proto);
  constexpr std::string_view kHttps = "https";
  return std::ranges::equal(last, kHttps, {},
                            [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
}

}  // namespace

ClientAddress client_address(const IpAddress& peer, ListenerKind listener,
                             const ForwardedHeaders& headers,
                             std::span<const Cidr> trusted_proxies) {
  ClientAddress client{.address = peer,
                       .scheme = listener == ListenerKind::kTls ? Scheme::kHttps : Scheme::kHttp};
  if (!is_trusted(peer, trusted_proxies)) return client;
  client.address = rightmost_untrusted(peer, headers.forwarded_for, trusted_proxies);
  if (says_https(headers.forwarded_proto)) client.scheme = Scheme::kHttps;
  return client;
}

Status check_https(const ClientAddress& client, HttpsRule rule) {
  if (rule == HttpsRule::kOff || client.scheme == Scheme::kHttps || client.address.is_loopback()) {
    return {};
  }
  return fail(
      ErrorCode::kHttpsRequired,
      "API keys travel over HTTPS only: use the https:// address. The operator can set up TLS, "
      "or name the TLS proxy in trusted_proxies.");
}

}  // namespace tollgate
