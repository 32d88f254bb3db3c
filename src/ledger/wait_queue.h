// Who waits for one limit, or for the balance: first come, first served (SPEC §5 rule 7).
//
// A request waits *for* the limits that keep it out at this moment: those it does not fit because
// of what is held, and those where an earlier one waits. Used by Budgets only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/check.h"
#include "ledger/admission.h"

namespace tollgate {

class WaitQueue {
 public:
  static constexpr std::size_t kWaitersMax = 256;

  bool empty() const { return waiters_.empty(); }
  bool full() const { return waiters_.size() >= kWaitersMax; }
  std::size_t size() const { return waiters_.size(); }
  WaiterId front() const { return waiters_.front(); }
  // Whether somebody waits who came before `waiter`.
  bool has_before(WaiterId waiter) const { return !empty() && front() < waiter; }

  // By its time of arrival: one that comes over from another limit may have come before all here.
  // REQUIRES: !full()
  void insert(WaiterId waiter) {
    check(!full(), "a queue takes no more waiters than it may");
    waiters_.insert(std::ranges::lower_bound(waiters_, waiter), waiter);
  }
  void erase(WaiterId waiter) {
    const auto found = std::ranges::lower_bound(waiters_, waiter);
    check(found != waiters_.end() && *found == waiter, "a waiter stands in its queues");
    waiters_.erase(found);
  }

 private:
  std::vector<WaiterId> waiters_;  // ascending
};

}  // namespace tollgate
