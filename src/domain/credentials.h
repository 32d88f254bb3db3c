// Who asks: the credential headers of a request, and keys found in its URL (SPEC §3). Pure; both the
// data plane and the control plane use it.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "domain/token.h"

namespace tollgate {

// The values of the four credential headers; empty view = header absent. `repeated` says that one of
// them stood twice with different values.
struct CredentialHeaders {
  std::string_view authorization;
  std::string_view x_api_key;
  std::string_view api_key;
  std::string_view x_goog_api_key;
  bool repeated = false;
};

// The one token sent. kMissingApiKey when there is none; kInvalidApiKey for an Authorization that is
// not exactly "Bearer " + token (scheme case-insensitive), or two different credentials.
// The view points into the headers.
Result<std::string_view> find_credential(const CredentialHeaders& headers);

// True when any query parameter's value (percent-decoded) looks like one of our tokens, or a
// parameter named key, api_key, api-key, apikey, access_token, token or x-api-key has a value.
bool key_in_url(std::string_view target, const TokenFormat& format);

// The target for logs: everything from '?' on replaced by "?…".
std::string scrubbed_target(std::string_view target);

// The caller's X-Request-Id if it is 1–128 characters of [A-Za-z0-9._:-], else "".
std::string_view safe_request_id(std::string_view value);

}  // namespace tollgate
