#include "config/no_proxy.h"

#include <algorithm>

#include "config/text.h"
#include "config/yaml_reader.h"
#include "domain/ip.h"

namespace tollgate {
namespace {

// Takes a port off the end of "host:port" or "[v6]:port", and the brackets. An address with several
// colons and no brackets has no port.
std::string_view without_port(std::string_view entry, std::optional<std::int64_t>& port) {
  const std::size_t bracket = entry.rfind(']');
  const std::size_t colon = entry.rfind(':');
  const bool bracketed = entry.starts_with('[') && bracket != std::string_view::npos;
  const bool has_port =
      colon != std::string_view::npos && (bracketed ? colon > bracket : entry.find(':') == colon);
  if (has_port) {
    port = config::parse_whole(entry.substr(colon + 1), 1, 65'535).value_or(-1);
    entry = entry.substr(0, colon);
  }
  return bracketed ? entry.substr(1, bracket - 1) : entry;
}

bool covers(std::string_view entry, std::string_view host, std::uint16_t port) {
  if (entry == "*") return true;
  std::optional<std::int64_t> only_port;
  entry = without_port(entry, only_port);
  if (only_port && *only_port != port) return false;
  if (const auto address = IpAddress::parse(host)) {
    const auto network = Cidr::parse(entry);
    return network && network->contains(*address);
  }
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.empty()) return false;
  return host == entry || (host.ends_with(entry) && host[host.size() - entry.size() - 1] == '.');
}

}  // namespace

bool bypasses_proxy(const std::vector<std::string>& no_proxy, std::string_view host,
                    std::uint16_t port) {
  const std::string small = config::ascii::to_lower(host);
  return std::ranges::any_of(no_proxy,
                             [&](const std::string& entry) { return covers(entry, small, port); });
}

}  // namespace tollgate
