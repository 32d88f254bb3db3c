// What limits have used before they are known to the budgets: of a limit that is new, and of all on
// start. From the store, and from the rows that are settled and not stored yet.
#pragma once

#include <chrono>
#include <span>
#include <vector>

#include "base/error.h"
#include "domain/key.h"
#include "domain/limit.h"
#include "domain/usage_row.h"
#include "domain/workspace.h"
#include "ledger/admission.h"
#include "sql/connection.h"
#include "store/window_use.h"

namespace tollgate {

// A limit is its metric and window, and so is its number.
NumberedLimit numbered(const Limit& limit);
std::vector<NumberedLimit> numbered(std::span<const Limit> limits);

// Whose limits, and by which clocks. `now` is real time.
struct LimitOwner {
  store::UseOwner owner;
  WallTime created_at;
  std::chrono::microseconds clock_offset{0};  // of the environment's clock
  Moment now;
};
LimitOwner limit_owner(const Key& key, std::chrono::microseconds test_clock_offset,
                       const Moment& now);
LimitOwner limit_owner(const Workspace& workspace, Environment environment, const Moment& now);

// Adds what the store has of the current period, and of every later one in which something was
// admitted before the clock was set back.
Status add_stored_periods(sql::Connection& connection, const LimitOwner& of,
                          std::span<const Limit> limits, LimitUse& use);
// Adds what `recent` has of the last minute, for limits of the rolling window. Rows of other
// owners are left out.
void add_recent(const LimitOwner& of, std::span<const store::RecentUse> recent,
                std::span<const Limit> limits, LimitUse& use);
// Both, of one owner.
Result<LimitUse> stored_use(sql::Connection& connection, const LimitOwner& of,
                            std::span<const Limit> limits);
// Adds a row of the owner that the store does not have yet; others are left out.
void add_unstored(const LimitOwner& of, const UsageRow& row, std::span<const Limit> limits,
                  LimitUse& use);

// The limits that a change brings, with what they have used already: from the store in the change's
// job, and with what is not stored yet when that is done.
class FreshLimits {
 public:
  FreshLimits() = default;
  // Of those of `after` that are not in `before`; the same limit for each of `owners`.
  static Result<FreshLimits> learn(sql::Connection& connection, std::vector<LimitOwner> owners,
                                   std::span<const Limit> before, std::span<const Limit> after);
  bool empty() const { return limits_.empty(); }
  void add_unstored(std::span<const UsageRow* const> rows);
  const LimitUse& use() const { return use_; }

 private:
  std::vector<LimitOwner> owners_;
  std::vector<Limit> limits_;
  LimitUse use_;
};

// The time since which recent_use() is due for a rolling window.
WallTime rolling_since(WallTime now);

// What the row of a request says it used.
Actual actual_of(const UsageRow& row);

}  // namespace tollgate
