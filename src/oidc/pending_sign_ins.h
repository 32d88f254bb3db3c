// The sign-ins that are on their way to the provider and back: what each was begun with, by its
// `state`. In memory, bounded, each of them good once and for ten minutes. Nobody is refused when
// there are too many: the oldest goes of the network that most came from.
//
// A state alone opens nothing: it is bound to the browser that began, by a cookie that only that
// one has, so that nobody is signed in by a link of somebody else's (login CSRF). Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "base/random.h"
#include "base/secret.h"

namespace tollgate::oidc {

inline constexpr std::chrono::minutes kSignInTime{10};
inline constexpr std::size_t kPendingMax = 4'096;
inline constexpr std::size_t kPendingPerPlaceMax = 32;

// Who asked for the sign-in to be theirs from now on, and what they proved then.
struct LinkWish {
  PersonId person;
  std::string session;   // the one they asked in
  Secret password_hash;  // of the password they gave
};

struct PendingSignIn {
  std::string issuer;
  Secret verifier;  // of PKCE (RFC 7636)
  std::string nonce;
  std::string redirect_uri;
  std::string return_to;  // a path of ours
  std::optional<LinkWish> link = {};
};

// Where a sign-in comes from: of an address what is counted as one, and the network around it.
struct SignInPlace {
  std::string address;
  std::string network;
};

class PendingSignIns {
 public:
  explicit PendingSignIns(const Clock& clock) : clock_(clock) {}

  struct Tokens {
    std::string state;    // goes to the provider and comes back
    std::string browser;  // stays in the browser, as a cookie
  };
  // From one address only the newest count.
  Tokens open(PendingSignIn sign_in, const SignInPlace& place, Random& random);

  // What was begun with them, this once. nullopt: nothing was, or too long ago, or by another
  // browser; in that case it stays for its own.
  std::optional<PendingSignIn> take(std::string_view state, std::string_view browser);

 private:
  struct Entry {
    PendingSignIn sign_in;
    Sha256 state{};
    Sha256 browser{};
    SignInPlace place;
    SteadyTime until;
  };
  using Entries = std::list<Entry>;

  void forget_old(SteadyTime now) TOLLGATE_REQUIRES(mutex_);
  void make_room_for(const SignInPlace& place) TOLLGATE_REQUIRES(mutex_);
  Entry remove(Entries::iterator entry) TOLLGATE_REQUIRES(mutex_);

  const Clock& clock_;
  Mutex mutex_;
  Entries entries_ TOLLGATE_GUARDED_BY(mutex_);                               // oldest first
  std::map<Sha256, Entries::iterator> by_state_ TOLLGATE_GUARDED_BY(mutex_);  // its hash
  std::unordered_map<std::string, std::size_t> of_network_ TOLLGATE_GUARDED_BY(mutex_);  // how many
};

}  // namespace tollgate::oidc
