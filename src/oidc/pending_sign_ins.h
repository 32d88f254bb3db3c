// The sign-ins that are on their way to the provider and back: what each was begun with, by its
// `state`. In memory, bounded, each of them good once and for ten minutes.
//
// A state alone opens nothing: it is bound to the browser that began, by a cookie that only that
// one has, so that nobody is signed in by a link of somebody else's (login CSRF). Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "base/random.h"
#include "base/secret.h"

namespace tollgate::oidc {

inline constexpr std::chrono::minutes kSignInTime{10};
inline constexpr std::size_t kPendingMax = 4'096;
inline constexpr std::size_t kPendingPerPlaceMax = 32;

struct PendingSignIn {
  std::string issuer;
  Secret verifier;  // of PKCE (RFC 7636)
  std::string nonce;
  std::string redirect_uri;
  std::string return_to;       // a path of ours
  std::optional<PersonId> to;  // who asked for it to be theirs from now on
};

class PendingSignIns {
 public:
  explicit PendingSignIns(const Clock& clock) : clock_(clock) {}

  struct Tokens {
    std::string state;    // goes to the provider and comes back
    std::string browser;  // stays in the browser, as a cookie
  };
  // From one place (an address, say) only the newest count. kServiceUnavailable when too many wait.
  Result<Tokens> open(PendingSignIn sign_in, const std::string& place, Random& random);

  // What was begun with them, this once. nullopt: nothing was, or too long ago, or by another
  // browser; in that case it stays for its own.
  std::optional<PendingSignIn> take(std::string_view state, std::string_view browser);

 private:
  struct Entry {
    PendingSignIn sign_in;
    Sha256 browser{};
    std::string place;
    SteadyTime until;
    std::uint64_t number = 0;
  };
  void forget_old(SteadyTime now) TOLLGATE_REQUIRES(mutex_);
  void make_room_at(const std::string& place) TOLLGATE_REQUIRES(mutex_);

  const Clock& clock_;
  Mutex mutex_;
  std::uint64_t opened_ TOLLGATE_GUARDED_BY(mutex_) = 0;
  std::map<Sha256, Entry> entries_ TOLLGATE_GUARDED_BY(mutex_);  // by the state's hash
};

}  // namespace tollgate::oidc
