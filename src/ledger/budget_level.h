// One level of an admission: the limits of a key, or of a workspace in one environment.
//
// Every open request of its owner counts in every one of its counters, in the period of its
// admission (a soft level: in concurrency alone). So what a request holds can be worked out from
// when it was admitted and what it asked, also in limits that came after it. Used by Budgets.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "domain/key.h"
#include "domain/limit.h"
#include "ledger/admission.h"
#include "ledger/limit_counter.h"

namespace tollgate {

class BudgetLevel {
 public:
  // `owner`: the id that its limits' ids begin with.
  BudgetLevel(std::string owner, Enforcement enforcement)
      : owner_(std::move(owner)), enforcement_(enforcement) {}

  using Counters = std::vector<std::unique_ptr<LimitCounter>>;
  const Counters& counters() const { return counters_; }
  Counters& counters() { return counters_; }
  const std::string& owner() const { return owner_; }
  Enforcement enforcement() const { return enforcement_; }

  // Whether what open requests ask counts in `counter`.
  bool holds(const LimitCounter& counter) const {
    return enforcement_ == Enforcement::kHard || counter.limit().metric == Metric::kConcurrency;
  }
  // Whether a request needs a bound for `counter`.
  bool guards(const LimitCounter& counter) const {
    return enforcement_ == Enforcement::kHard && counter.waitable();
  }
  LimitCounter::Room room(const LimitCounter& counter, std::int64_t bound,
                          const Moment& now) const {
    return enforcement_ == Enforcement::kHard ? counter.room(bound, now) : counter.soft_room(now);
  }

  // In all counters, by the moment of admission. What was not asked holds 0.
  void hold(const Ask& ask, const Moment& admitted);
  void change_hold(const Ask& before, const Ask& after, const Moment& admitted);
  void release(const Ask& ask, const Moment& admitted);
  void settle(const Actual& actual, const Moment& admitted, const Moment& now);
  void forget(const Moment& now);
  // The same limits with nothing settled, held or waited for.
  std::unique_ptr<BudgetLevel> fresh(WallTime created) const;

  LimitState state(const LimitCounter& counter, const Moment& now) const;

 private:
  std::string owner_;
  Enforcement enforcement_;
  Counters counters_;  // in the order of the owner's list
};

}  // namespace tollgate
