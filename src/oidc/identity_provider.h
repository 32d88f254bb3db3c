// IdentityProvider: the one OpenID provider of an installation. Knows where its endpoints and what
// its keys are, sends browsers there, and turns the code they bring back into what it says of them
// (the authorization code flow with PKCE; OpenID Connect Core §3.1, RFC 7636, RFC 9700).
//
// Made by server/ from the settings, shared by all threads; each calls with its own client.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/mutex.h"
#include "base/secret.h"
#include "domain/oidc_settings.h"
#include "net/http_client.h"
#include "oidc/discovery.h"
#include "oidc/fetch.h"
#include "oidc/id_token.h"
#include "oidc/web_keys.h"
#include "runtime/task.h"

namespace tollgate::oidc {

inline constexpr std::chrono::hours kKnownFor{1};            // then they are asked for anew
inline constexpr std::chrono::hours kKnownAtMost{24};        // while that fails
inline constexpr std::chrono::seconds kAskedAgainAfter{30};  // after a failure, or an unknown key

// What one sign-in is bound to.
struct SignInTerms {
  std::string state;
  std::string nonce;
  std::string redirect_uri;
  Secret verifier;  // 43–128 unreserved characters
};

class IdentityProvider {
 public:
  IdentityProvider(OidcSettings settings, Reach reach)
      : settings_(std::move(settings)), reach_(std::move(reach)) {}

  const OidcSettings& settings() const { return settings_; }
  const Reach& reach() const { return reach_; }

  // Where the browser is to go. kProviderError, kProviderTimeout.
  Task<Result<std::string>> authorization_url(net::HttpClient& client, const Clock& clock,
                                              const SignInTerms& terms) const;
  // Whether an answer to the browser that names this issuer ("" = none) is this provider's.
  // REQUIRES: authorization_url() succeeded before.
  bool answers_as(std::string_view issuer) const;
  // What the provider says of whoever brought the code. kInvalidCredentials when it refuses the
  // code, or says what cannot be verified; kProviderError, kProviderTimeout.
  Task<Result<IdClaims>> redeem(net::HttpClient& client, const Clock& clock, std::string code,
                                const SignInTerms& terms) const;

 private:
  // Something of the provider's that is kept for a while.
  template <class T>
  struct Known {
    std::shared_ptr<const T> value = {};
    SteadyTime since = {};
    std::optional<SteadyTime> asked = {};   // last, whatever came of it or will
    std::optional<SteadyTime> failed = {};  // to be had, last

    bool is_younger(SteadyTime now, SteadyTime::duration age) const {
      return value != nullptr && now - since < age;
    }
    static bool is_just_now(std::optional<SteadyTime> then, SteadyTime now) {
      return then && now - *then < kAskedAgainAfter;
    }
  };
  struct Tokens {
    Secret id_token;
    Secret access_token;
  };
  enum class Freshness { kKnown, kNewer };

  Task<Result<std::shared_ptr<const Discovery>>> discovery(net::HttpClient& client,
                                                           const Clock& clock) const;
  Task<Result<std::shared_ptr<const WebKeys>>> keys(net::HttpClient& client, const Clock& clock,
                                                    const Discovery& at, Freshness wanted) const;
  Task<Result<WebKey>> key_for(net::HttpClient& client, const Clock& clock, const Discovery& at,
                               std::string_view token) const;
  Task<Result<Tokens>> exchange(net::HttpClient& client, const Discovery& at, std::string code,
                                const SignInTerms& terms) const;
  Task<Result<IdClaims>> ask_user_info(net::HttpClient& client, const Discovery& at,
                                       const Secret& access_token, IdClaims claims) const;

  const OidcSettings settings_;
  const Reach reach_;
  mutable Mutex mutex_;
  mutable Known<Discovery> discovery_ TOLLGATE_GUARDED_BY(mutex_);
  mutable Known<WebKeys> keys_ TOLLGATE_GUARDED_BY(mutex_);
};

}  // namespace tollgate::oidc
