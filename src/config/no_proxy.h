// Which hosts are reached without the proxy: the NO_PROXY convention that curl and others share.
// server/ asks for each upstream. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate {

// True when an entry of `no_proxy` (Settings::no_proxy) covers the host: "*" covers all; a name
// covers itself and its subdomains, with or without a leading dot; an address or CIDR covers hosts
// written as addresses in it. An entry that ends in ":PORT" covers that port only. An entry that is
// none of these covers nothing. `host` has no brackets.
bool bypasses_proxy(const std::vector<std::string>& no_proxy, std::string_view host,
                    std::uint16_t port);

}  // namespace tollgate
