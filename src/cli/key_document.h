// The bodies of POST and PATCH /admin/v1/keys, from the command line's flags. Pure.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "cli/flags.h"

namespace tollgate::cli {

// Members that were not given are left out. kInvalidRequest for an expiry or a limit that cannot be
// read, with the flag's name.
Result<json::object> create_document(const KeyFlags& flags, WallTime now);
// The same for a change: empty texts and --no-expiry become null, empty lists [].
Result<json::object> update_document(const KeyFlags& flags, WallTime now);

// "30d" from `now` on, or a time or date as it is; RFC 3339.
Result<std::string> parse_expiry(std::string_view text, WallTime now);
// A time or date as it is; "7d" is that long before `now`.
Result<std::string> parse_since(std::string_view text, WallTime now);

}  // namespace tollgate::cli
