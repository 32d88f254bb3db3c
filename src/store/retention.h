// Retention of usage rows (SPEC §8): rows of days that are past it are removed, some at a time,
// with the entries that they are found by. Their aggregates stay and say what they said, but for
// parts of hours. A limit of N days turns within an hour, always at the same time of day for one
// owner: what the removed rows of that hour add up to, before that moment and from it on, is kept
// in usage_splits, in the transaction that removes them (store/window_use.h adds it).
//
// Called by ledger/, on the writer alone. Removing may end after any step and begin again.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "domain/usage_row.h"
#include "sql/connection.h"

namespace tollgate::store {

// Days since 1970 UTC: the day that lies `months` calendar months before `at`, or the last of its
// month if that has fewer days.
std::int64_t day_months_before(WallTime at, int months);

// One pass over the rows that may go, oldest first.
struct Removal {
  std::int64_t first_day = 0;      // days since 1970: rows of it and of later days stay
  GenerationNumber looked_at = 0;  // every row up to this id
  GenerationNumber run_began = 0;  // rows above it may stand in the journal still
};

// When the newest row was admitted; nullopt: there is no row.
Result<std::optional<WallTime>> newest_row_time(sql::Connection& connection);

// Gives up the days before day_months_before(now), or before that of the newest row where `now` is
// ahead of it. A workspace whose test clock was moved keeps all sandbox rows from the day on that
// it has now, as their limits are sums of rows by test time. nullopt: there is no row.
Result<std::optional<Removal>> begin_removal(sql::Connection& connection, WallTime now, int months,
                                             GenerationNumber run_began);

struct RemovedRows {
  int count = 0;
  enum class Left { kNothing, kMore, kUnindexed } left = Left::kNothing;
};
// Looks at the next `rows_max` rows and removes those of days that were given up. kUnindexed: at
// the end are some that are not indexed yet, which stay for a later pass.
Result<RemovedRows> remove_rows(sql::Connection& connection, Removal& removal, int rows_max);

// Microseconds: from then on no row was removed, of whatever workspace.
Result<std::int64_t> first_time_of_all_rows(sql::Connection& connection);

// A row that was stored and removed must not be stored again when the journal gives it once more:
// whether it was removed by the run that the journal is of.
Result<bool> was_removed(sql::Connection& connection, GenerationNumber id);
// The journal is empty: none of the rows that were removed so far will come again.
Status forget_removed(sql::Connection& connection);
// All but the newest `count`: the journal is no longer than that.
Status forget_removed_but(sql::Connection& connection, std::int64_t count);

}  // namespace tollgate::store
