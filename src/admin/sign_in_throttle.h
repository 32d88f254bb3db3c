// Slows down whoever guesses passwords: some attempts at once, then one per interval, for an
// account from one address, for an address whatever the account, and, much wider, for an account
// from everywhere, so that strangers do not keep its owner out with a few guesses. An account that
// does not exist is slowed down like any other: nobody learns which do. In memory only; safe on any
// thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/mutex.h"
#include "domain/ip.h"

namespace tollgate {

// Whom several attempts are counted for together: the address, or of IPv6 its /64.
std::string place_of(const IpAddress& address);
// The network around it that one customer may have whole: of IPv6 its /48, else the address.
std::string network_of(const IpAddress& address);

class SignInThrottle {
 public:
  static constexpr int kAccountBurst = 100;
  static constexpr std::chrono::seconds kAccountInterval{60};
  static constexpr int kPairBurst = 5;  // an account from one address
  static constexpr std::chrono::seconds kPairInterval{60};
  static constexpr int kAddressBurst = 8;
  static constexpr std::chrono::seconds kAddressInterval{30};
  static constexpr std::size_t kTracked = 10'000;  // of each kind; then the quietest are forgotten

  explicit SignInThrottle(const Clock& clock) : clock_(clock) {}

  // Before a password is looked at: nullopt lets the attempt go on, and counts it as failed until
  // it succeeded(); otherwise how long to wait, at least a second. `account` is what was typed.
  std::optional<std::chrono::seconds> begin(const std::string& account, const IpAddress& address);
  // The attempt that begin() let go on was right.
  void succeeded(const std::string& account, const IpAddress& address);

 private:
  // When each will have all its attempts back; none are kept that have.
  using Marks = std::unordered_map<std::string, SteadyTime>;
  struct Rate {
    int burst;
    std::chrono::seconds interval;
  };
  static constexpr Rate kAccountRate{kAccountBurst, kAccountInterval};
  static constexpr Rate kPairRate{kPairBurst, kPairInterval};
  static constexpr Rate kAddressRate{kAddressBurst, kAddressInterval};

  static std::chrono::seconds wait_of(const Marks& marks, const std::string& name, Rate rate,
                                      SteadyTime now);
  static void count(Marks& marks, const std::string& name, Rate rate, SteadyTime now);
  static void give_back(Marks& marks, const std::string& name, Rate rate);
  static void forget_quietest(Marks& marks, SteadyTime now);

  const Clock& clock_;
  Mutex mutex_;
  Marks accounts_ TOLLGATE_GUARDED_BY(mutex_);
  Marks pairs_ TOLLGATE_GUARDED_BY(mutex_);
  Marks addresses_ TOLLGATE_GUARDED_BY(mutex_);
};

}  // namespace tollgate
