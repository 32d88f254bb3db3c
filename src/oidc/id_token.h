// What a provider says about a person: the ID token (OpenID Connect Core §2, §3.1.3.7) and, where
// that says no e-mail address, the UserInfo answer (§5.3). Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "oidc/web_keys.h"

namespace tollgate::oidc {

// How far the provider's clock may be from ours.
inline constexpr std::chrono::seconds kClockSkew{60};
inline constexpr std::size_t kSubjectLengthMax = 255;  // OpenID Connect Core §2

// What the token must say.
struct TokenRules {
  std::string_view issuer;
  std::string_view client_id;
  std::string_view nonce;
  WallTime now;
};

enum class EmailState { kMissing, kUnverified, kVerified };

struct IdClaims {
  std::string subject;  // the person, for as long as the issuer knows them
  EmailState email_state = EmailState::kMissing;
  std::string email = {};  // as it stands
  std::string name = {};
};

// Signed by `key`, by the issuer, for us alone, for this sign-in, and in force now; else
// kInvalidCredentials with the reason in `detail`, which holds nothing of the token.
Result<IdClaims> check_id_token(std::string_view token, const WebKey& key, const TokenRules& rules);

// What the UserInfo answer adds to the claims. kInvalidCredentials when it speaks of another
// person, kProviderError when it is no such document.
Result<IdClaims> add_user_info(IdClaims claims, std::string_view body);

}  // namespace tollgate::oidc
