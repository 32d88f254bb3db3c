// The addresses an operator writes that are no provider's: a proxy, where to listen. Pure.
#pragma once

#include <string_view>

#include "base/error.h"
#include "config/settings.h"
#include "domain/http_url.h"

namespace tollgate::config {

// "http://[user:password@]host[:port]" (port 80 if absent); no path.
Result<Settings::Proxy> parse_proxy_url(std::string_view text);

// "HOST:PORT" or "[V6]:PORT" to listen on: an IP address or `localhost`.
Result<Settings::Listen> parse_listen(std::string_view text);

}  // namespace tollgate::config
