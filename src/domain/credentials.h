// Who asks: the credential headers of a request, and keys found in its URL (SPEC §3). Pure; both
// the data plane and the control plane use it.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "domain/token.h"

namespace tollgate {

// The values of the four credential headers; empty view = header absent. `repeated` says that one
// of them stood twice with different values.
struct CredentialHeaders {
  std::string_view authorization = {};
  std::string_view x_api_key = {};
  std::string_view api_key = {};
  std::string_view x_goog_api_key = {};
  bool repeated = false;
};

// The one token sent. kMissingApiKey when there is none; kInvalidApiKey for an Authorization that
// is not exactly "Bearer " + token (scheme case-insensitive; another scheme too), a token that is
// empty, longer than kTokenLengthMax or holds a byte outside 0x21–0x7e, or two different
// credentials. The same token in several headers is one credential. The view points into the
// headers.
Result<std::string_view> find_credential(const CredentialHeaders& headers);

// True when the name or value of any query parameter (percent-decoded, '+' a space) holds what
// looks like one of our tokens, alone or as in "Bearer …"; or when a parameter named key, api_key,
// api-key, apikey, access_token, token or x-api-key (in any case) has a value. Below /admin/ a
// parameter `key` may name a key by its id or name: there only a token in it counts.
bool key_in_url(std::string_view target, const TokenFormat& format);

// True when any word of `text` looks like one of our tokens ("Bearer sk-…" too): such text is not
// to be stored, whatever header or member it came in.
bool holds_token(std::string_view text, const TokenFormat& format);

// The target for logs: everything from '?' on replaced by "?…".
std::string scrubbed_target(std::string_view target);

// The caller's X-Request-Id if it is 1–128 characters of [A-Za-z0-9._:-], else "". Text with a
// token's checksum is not safe either: request ids are stored and logged.
std::string_view safe_request_id(std::string_view value);

}  // namespace tollgate
