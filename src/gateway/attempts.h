// Attempts: which of a route's offers is tried next, how long to wait before that, and what those
// tried came to (SPEC §6 "Failover"). One request's, on its thread; no I/O.
//
// Offers are tried in the route's order, each at once after the one before. One that failed for
// free (it could not be reached, or answered with an error) may be tried once more when all others
// have been, after a back-off with full jitter, and not before its Retry-After.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "domain/metering.h"
#include "domain/usage_row.h"
#include "routing/choose.h"
#include "routing/health.h"

namespace tollgate {

inline constexpr int kAttemptsMax = 6;
inline constexpr int kTriesPerOfferMax = 2;
// The nth wait is anything up to the base doubled n times, and up to the maximum.
inline constexpr std::chrono::milliseconds kBackOffBase{100};
inline constexpr std::chrono::milliseconds kBackOffMax{2'000};
// A provider that asks to be left alone for longer is not waited for.
inline constexpr std::chrono::seconds kRetryAfterWaitMax{5};

// Whether another attempt may do what this one did not.
enum class Again {
  kNever,      // the fault is the request's own, or the client has seen something of the answer
  kElsewhere,  // at another offer: what it did here may be billed
  kAnywhere,
};

class Attempts {
 public:
  // The route outlives this.
  Attempts(const Route& route, Random& random) : route_(route), random_(random) {
    offers_.resize(route.offers.size());
  }

  struct Plan {
    std::size_t place = 0;  // in route.offers
    std::chrono::milliseconds wait{0};
  };
  // nullopt: there is nothing left to try.
  std::optional<Plan> next(SteadyTime now);
  // After the wait. False: it is down and not to be tried; plan anew.
  bool begin(const Plan& plan, SteadyTime now);

  // Of the attempt begun last, when it is over.
  struct Ended {
    int status = 0;  // the upstream's; 0 = no answer
    Metered metered = {};
    Again again = Again::kNever;
    std::optional<std::chrono::seconds> retry_after = {};
  };
  void end(const Ended& ended, SteadyTime now);

  // The offer of the attempt begun last. REQUIRES: one was.
  const Offer& offer() const { return *route_.offers[current_]; }
  // Its health is told by whoever sees the answer; none is kept of the sandbox.
  void succeeded(SteadyTime now);
  void failed(SteadyTime now, std::optional<std::chrono::seconds> retry_after);
  // Nothing can be said of it: the client left, or the request was at fault.
  void unjudged() { health_.reset(); }

  // The answer's first byte is there.
  void answering(SteadyTime now) { answering_at_ = now; }

  int begun() const { return begun_; }
  bool open() const { return open_; }  // the one begun last is not over
  // Of those that are over, in order; and what they may be billed together.
  const std::vector<Attempt>& over() const { return over_; }
  const Metered& spent() const { return spent_; }

 private:
  struct OfferTries {
    int tries = 0;
    Again again = Again::kAnywhere;
    SteadyTime not_before = {};
  };

  std::chrono::milliseconds back_off();

  const Route& route_;
  Random& random_;
  std::vector<OfferTries> offers_;  // parallel to route_.offers
  std::size_t current_ = 0;
  std::optional<HealthAttempt> health_;
  SteadyTime began_at_ = {};
  SteadyTime answering_at_ = {};
  bool open_ = false;
  int begun_ = 0;
  int retries_ = 0;
  bool stopped_ = false;
  std::vector<Attempt> over_;
  Metered spent_;
};

}  // namespace tollgate
