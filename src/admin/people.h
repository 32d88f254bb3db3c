// What signing in keeps in memory: passwords under way, who guesses them, the link by which the
// first operator is made, and who is at an OpenID provider just now.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "admin/passwords.h"
#include "admin/sign_in_throttle.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/random.h"
#include "oidc/pending_sign_ins.h"

namespace tollgate {

class SetupLink {
 public:
  // A new token, shown this once; it takes the place of an earlier one.
  std::string make(Random& random);
  bool is(std::string_view token);
  // It worked, or nobody needs it any more.
  void close();

 private:
  Mutex mutex_;
  std::optional<Sha256> hash_ TOLLGATE_GUARDED_BY(mutex_);
};

// What anybody can make happen as often as they like is worth one line of the log now and then.
class LogPace {
 public:
  static constexpr std::chrono::seconds kInterval{30};

  explicit LogPace(const Clock& clock) : clock_(clock) {}
  // Whether a line of this kind, one of a few words of ours, is due; then the next is an interval
  // later.
  bool is_due(std::string_view kind);

 private:
  const Clock& clock_;
  Mutex mutex_;
  std::map<std::string, SteadyTime, std::less<>> last_ TOLLGATE_GUARDED_BY(mutex_);
};

struct People {
  explicit People(const Clock& clock, Metrics* metrics = nullptr)
      : passwords(metrics), throttle(clock), on_their_way(clock), refusals(clock) {}
  Passwords passwords;
  SignInThrottle throttle;
  SetupLink setup;
  oidc::PendingSignIns on_their_way;
  LogPace refusals;  // of sign-ins with the provider
};

}  // namespace tollgate
