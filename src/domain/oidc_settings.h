// OpenID Connect as an operator sets it up (SPEC §9): which provider people may sign in with, and
// what we are to it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"

namespace tollgate {

struct OidcSettings {
  std::string issuer;  // exactly as its discovery document names it
  std::string client_id;
  Secret client_secret = {};  // empty: a public client, which PKCE alone protects
  std::vector<std::string> scopes = {"openid", "email", "profile"};
  std::string name;  // on the sign-in page: "Continue with NAME"
  // Of the e-mail addresses that may sign in, lower case; empty: any.
  std::vector<std::string> allowed_domains = {};
  // Where browsers find us, "https://gateway.example.com"; empty: where they say they did.
  std::string public_url = {};
};

// Whether the URL may be an issuer's or lead to one of its endpoints: https, or plain http to this
// computer itself, without userinfo and fragment.
bool is_oidc_url(std::string_view url);

// Of a normal e-mail address: whether its domain is allowed.
bool allows_email(const OidcSettings& settings, std::string_view email);

}  // namespace tollgate
