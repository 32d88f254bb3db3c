// Dates in HTTP fields (RFC 9110 §5.6.7), such as Retry-After's. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace tollgate::net {

// In any of the three forms that recipients have to take; nullopt for anything else.
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace tollgate::net
