// One limit of one owner (in one environment): what is settled and what is held, per period, and
// who waits for it.
//
// A counter is kept by the period's beginning, so that a charge goes into the period of its
// admission although the clock has passed into another or was set back, and a period that the clock
// returns to is found as it was left. Used by BudgetLevel; times are those of the owner's
// environment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "domain/limit.h"
#include "ledger/admission.h"
#include "ledger/rolling_window.h"
#include "ledger/wait_queue.h"

namespace tollgate {

class LimitCounter {
 public:
  // Periods that nothing open counts in are forgotten, oldest first, beyond this many. One that was
  // forgotten, and returns because the clock was set far back, is taken for spent.
  static constexpr std::size_t kPeriodsKept = 32;

  // `created`: of the owner, for windows of N days.
  LimitCounter(const NumberedLimit& limit, WallTime created);

  const Limit& limit() const { return limit_; }
  std::int64_t number() const { return number_; }
  // REQUIRES: same metric and window.
  void change(const NumberedLimit& limit);
  WaitQueue& queue() { return queue_; }
  const WaitQueue& queue() const { return queue_; }
  // Whether what is held may be waited for: of cost and tokens only (rule 7).
  bool waitable() const;

  // What a request asks or used of this metric and window.
  std::optional<std::int64_t> asked(const Ask& ask) const;
  std::int64_t used(const Actual& actual) const;

  // Whether `bound` more fits at `now`.
  enum class Room {
    kFits,
    kHeld,   // would, but for what is held
    kSpent,  // not beside what is settled
    kAbove,  // not in the whole limit
  };
  Room room(std::int64_t bound, const Moment& now) const;
  // For an owner whose limits are soft: whether what is settled has reached the amount.
  Room soft_room(const Moment& now) const;
  // Whether a hold of `before` that was admitted at `admitted` may become `after`.
  Room room_to_grow(std::int64_t before, std::int64_t after, const Moment& admitted,
                    const Moment& now) const;

  // Each by the moment of admission.
  void hold(std::int64_t amount, const Moment& admitted);
  void change_hold(Wide by, const Moment& admitted);
  void release(std::int64_t amount, const Moment& admitted);
  void settle(std::int64_t amount, const Moment& admitted, const Moment& now);
  // What was settled before this counter was made.
  void load(WallTime period_start, std::int64_t settled);
  void load(SteadyTime admitted, std::int64_t settled, const Moment& now);
  void clear_holds();
  // Drops what is not needed any more.
  void forget(const Moment& now);

  // What the next request may ask for at most, beside what is held and if that settled at 0.
  struct Left {
    std::int64_t now = 0;
    std::int64_t once_settled = 0;
  };
  Left left(const Moment& now) const;
  // Nothing more gets through until it resets, whatever open requests settle at.
  bool spent(const Moment& now) const;
  // Of a limit with periods: nine tenths or more are settled.
  bool nearly_spent(const Moment& now) const;
  // Without an id. resets_at: the period's end; of the rolling 60 s, when all of it has left.
  LimitState state(const Moment& now) const;
  // When a refused `bound` may fit: the period's end; of the rolling 60 s, when enough has left.
  std::optional<WallTime> resets_at(std::int64_t bound, const Moment& now) const;
  // The beginning of the period that holds `at`; nullopt for windows without periods.
  std::optional<WallTime> period_start(const Moment& at) const;
  // Over all periods.
  Wide held() const;
  // Whether both hold the same, period by period.
  bool holds_as(const LimitCounter& other) const;

 private:
  struct PeriodCount {
    WallTime start;
    Wide settled = 0;
    Wide held = 0;
    std::int64_t holds = 0;  // open requests that were admitted in it
  };
  using Sums = RollingWindow::Sums;

  Sums sums(const Moment& now) const;
  Room room_beside(const Sums& sums, std::int64_t bound) const;
  const PeriodCount* find(WallTime start) const;
  PeriodCount& period(WallTime start);

  std::int64_t number_;
  Limit limit_;
  WallTime created_;
  std::vector<PeriodCount> periods_;  // ascending by start
  // The latest period that was forgotten: nothing is known up to it that is not in periods_.
  std::optional<WallTime> forgotten_;
  RollingWindow rolling_;  // of a rolling window only
  std::int64_t open_ = 0;  // of concurrency only
  WaitQueue queue_;
};

}  // namespace tollgate
