// What an owner of limits used in a stretch of time: the sum of its rows, from the aggregates where
// they say it and from the rows at the ends. Limits begin with it, on start and when one is new
// (SPEC §5), and the self-check compares with it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "domain/key.h"
#include "domain/limit.h"
#include "sql/connection.h"

namespace tollgate::store {

// A key, or (key_number 0) a workspace in one environment.
struct UseOwner {
  std::int64_t key_number = 0;
  WorkspaceId workspace = {};
  Environment environment = Environment::kProduction;
  // Whether its requests count by a test clock that was moved: then all of its rows are looked at,
  // as aggregates are by real time.
  enum class By { kRealTime, kTestTime } by = By::kRealTime;
};

// Sums that are beyond int64 stand at its greatest value.
struct WindowUse {
  std::int64_t requests = 0;
  std::int64_t tokens = 0;  // input + output
  std::int64_t cost = 0;    // nano-dollars
};

// Of the rows whose limits_time() is in `period`, removed ones too if the period begins and ends
// with an hour or where limits of N days turn. Costs some hundred aggregates at most, and the rows
// of two part hours where the period does not begin and end with an hour.
Result<WindowUse> sum_window(sql::Connection& connection, const UseOwner& owner, Period period);

// The end of the last hour, in real time, in which something of the owner was admitted;
// WallTime::min() for never.
Result<WallTime> last_used_hour_end(sql::Connection& connection, const UseOwner& owner);

// For the rolling window, which is in real time for all.
struct RecentUse {
  std::int64_t key_number = 0;
  WorkspaceId workspace;
  Environment environment = Environment::kProduction;
  WallTime admitted_at;
  std::int64_t tokens = 0;
  std::int64_t cost = 0;
};
// Of each row that was admitted at `since` or later; of the key alone, or (0) of all.
Result<std::vector<RecentUse>> recent_use(sql::Connection& connection, std::int64_t key_number,
                                          WallTime since);

}  // namespace tollgate::store
