// The words of an admission (SPEC §5): what a request asks of the budgets, what it holds, why it
// was refused. Pure values; ledger/budgets.h decides with them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "domain/bound.h"
#include "domain/key.h"
#include "domain/limit.h"

namespace tollgate {

// Both clocks at once: the wall for windows that have periods, the steady one for the rolling 60 s
// and for waiting. Steady time never goes back; wall time may.
struct Moment {
  WallTime wall;
  SteadyTime steady;
};

// The most that a request can use. Given where something is guarded (Preview); a bound that is
// there although nothing is guarded is remembered, for a limit that is added while the request
// runs. Requests and concurrency count 1 without being asked.
struct Ask {
  std::optional<std::int64_t> cost = {};        // nano-dollars, at list price
  std::optional<std::int64_t> tokens = {};      // for every window but the rolling 60 s
  std::optional<std::int64_t> token_rate = {};  // for the rolling 60 s
};

// What a request used. `cost` counts in limits, `charged` moves the balance (0 in the sandbox).
struct Actual {
  std::int64_t cost = 0;
  std::int64_t charged = 0;
  std::int64_t tokens = 0;
};

// An admitted request's share in the budgets: ended once, by Budgets::settle(), give_back() or
// undo(). Moving it empties the other; dropping one that is open is a leak, which the self-check
// cannot see but open_requests() shows.
class Hold {
 public:
  Hold() = default;
  Hold(Hold&& other) noexcept { *this = std::move(other); }
  Hold& operator=(Hold&& other) noexcept {
    place_ = other.place_;
    admitted_ = other.admitted_;
    serial_ = std::exchange(other.serial_, 0);
    return *this;
  }
  ~Hold() = default;

  bool open() const { return serial_ != 0; }
  // When it was admitted, in real time: what its row must say, so that every recount puts it into
  // the windows it counts in. A request that waited was admitted when its wait ended.
  Moment admitted() const { return admitted_; }

 private:
  friend class Budgets;
  std::uint64_t serial_ = 0;  // 0: none
  std::uint32_t place_ = 0;   // in the table of open requests
  Moment admitted_;
};

enum class RefusalReason {
  kBoundMissing,  // a guard that needs a bound was put in since it was worked out: work it out and
                  // ask again; never shown to a client
  kNoCredits,     // 402: granted − charged is below the bound, whatever is held
  kAboveLimit,    // the bound is above the whole limit
  kInFlight,      // would fit, but not with what is held (after waiting, or too many wait)
  kRate,          // the rolling 60 s, or concurrency
  kSpent,         // every other window
};

// SPEC §4: kInsufficientCredits, kLimitExceeded, kLimitInFlight or kRateLimitExceeded.
// REQUIRES: not kBoundMissing.
ErrorCode refusal_code(RefusalReason reason);

struct Refusal {
  RefusalReason reason = RefusalReason::kSpent;
  // The limit that refused: of several, the one that resets last. nullopt: the balance.
  std::optional<LimitState> limit = {};
  std::int64_t bound = 0;  // what it would have held of that limit, or of the balance
  // From now until limit->resets_at, by the clock of the key's environment; for the rolling 60 s
  // until enough has left it. nullopt: nothing to wait for.
  std::optional<std::chrono::microseconds> resets_in = {};
};

using WaiterId = std::uint64_t;  // rises: an earlier waiter has the smaller one

// Admitted, waiting (rule 7), or refused.
using Decision = std::variant<Hold, WaiterId, Refusal>;

// How a wait ended.
struct Resolution {
  WaiterId waiter = 0;
  std::variant<Hold, Refusal> outcome;
};
using Resolutions = std::vector<Resolution>;

// A limit under the number by which its use is given: the same for the same metric and window.
struct NumberedLimit {
  std::int64_t number = 0;
  Limit limit;
};

// What is settled already in a limit that is loaded or new: by period, and for the rolling 60 s by
// the moment of admission. `environment` is looked at for workspaces only.
struct PeriodUse {
  std::int64_t limit_number = 0;
  Environment environment = Environment::kProduction;
  WallTime period_start;
  std::int64_t settled = 0;
};
struct RollingUse {
  std::int64_t limit_number = 0;
  Environment environment = Environment::kProduction;
  SteadyTime admitted;
  std::int64_t settled = 0;
};
struct LimitUse {
  std::vector<PeriodUse> periods = {};
  std::vector<RollingUse> rolling = {};
};

struct Preview {
  Available now;           // beside what is held
  Available once_settled;  // if everything that is held settled at 0

  // Whether a request must be bounded and held at all (rule 1).
  bool guarded() const { return now.cost || now.tokens || now.token_rate; }
};

// A counter whose held amount is not the sum of the open requests': a bug.
struct HeldDifference {
  std::string owner = {};  // empty: the balance of a workspace
  std::int64_t limit_number = 0;
  std::int64_t expected = 0;
  std::int64_t held = 0;
};

}  // namespace tollgate
