// Where a provider's endpoints are: its discovery document (OpenID Connect Discovery §3). Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace tollgate::oidc {

// How we prove at the token endpoint who we are (RFC 6749 §2.3.1).
enum class ClientProof { kHeader, kBody };
// Whether the answer to the browser names the issuer (RFC 9207).
enum class NamesIssuer { kNo, kYes };

struct Discovery {
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string jwks_uri;
  std::string userinfo_endpoint;  // "" = none
  ClientProof proof = ClientProof::kHeader;
  NamesIssuer names_issuer = NamesIssuer::kNo;
};

// Where the document is.
std::string discovery_url(std::string_view issuer);

// kProviderError, saying which member is wrong. The issuer must be named exactly as it was
// configured, and every endpoint must be one that is_oidc_url().
Result<Discovery> parse_discovery(std::string_view text, std::string_view issuer);

}  // namespace tollgate::oidc
