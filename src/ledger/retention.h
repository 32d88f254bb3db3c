// Removes usage rows that are past their retention (SPEC §8), beside the traffic: soon after the
// start, and whenever a further day may go. Some rows at a time, each in a job of the writer, and
// after each it leaves the writer to others for as long.
//
// One thread of its own. What the rows said stays, for limits, the self-check and totals
// (store/retention.h).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "base/mutex.h"
#include "domain/usage_row.h"
#include "ledger/ledger_metrics.h"
#include "sql/writer.h"
#include "store/retention.h"

namespace tollgate {

class Retention {
 public:
  struct Tools {
    sql::Writer& writer;
    const Clock& clock;
    const LedgerMetrics& metrics;
  };
  // What the ledger found when it was opened.
  struct Found {
    GenerationNumber last = 0;                // numbers above it may be in the journal
    std::optional<WallTime> newest_row = {};  // when it was admitted
  };
  // All tools outlive this. Keeps rows for `months`; 0 = for good.
  Retention(Tools tools, const Found& found, int months);
  ~Retention();

  // Any thread. A pass begins at once, if it has something to do.
  void keep_months(int months);
  // Every row that may go by now is gone when this returns, unless the store is away. On a thread
  // that may block.
  void remove_old_rows() TOLLGATE_EXCLUDES(pass_mutex_);

 private:
  enum class Pace { kAtOnce, kBesideTraffic };

  void serve();
  void run(Pace pace) TOLLGATE_REQUIRES(pass_mutex_);
  // What time it is, as far as that is believed: a clock that jumps ahead would have every row be
  // old. From the newest row on (that was there at the start) only as much time passes as the
  // steady clock says, until the wall clock has stood for days without a jump.
  WallTime believed_time() TOLLGATE_REQUIRES(pass_mutex_);
  Result<std::optional<store::Removal>> begin(WallTime now, int months);
  // False: this is being destroyed, a further pass is asked for, or the store is away.
  bool index_rows(Pace pace);
  // After a step that began then: leaves the writer to others for as long. False as above.
  bool leave_room(Pace pace, std::chrono::steady_clock::time_point began);
  Result<store::RemovedRows> remove_some(store::Removal& removal);
  void forget_old_removals();
  // A pass by another number of months is due.
  bool is_asked() TOLLGATE_EXCLUDES(mutex_);
  // Less long when keep_months() is called. False: this is being destroyed.
  bool wait_for(std::chrono::steady_clock::duration time) TOLLGATE_EXCLUDES(mutex_);

  struct Moment {
    WallTime wall;
    SteadyTime steady;
  };

  const Tools tools_;
  const GenerationNumber last_;
  Mutex pass_mutex_;  // taken before the other
  Moment believed_ TOLLGATE_GUARDED_BY(pass_mutex_);
  Moment last_jump_ TOLLGATE_GUARDED_BY(pass_mutex_);  // of the wall clock, or the start
  // Every row of a day before this one is gone that may go.
  std::int64_t done_until_ TOLLGATE_GUARDED_BY(pass_mutex_) = 0;
  Mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ TOLLGATE_GUARDED_BY(mutex_) = false;
  int months_ TOLLGATE_GUARDED_BY(mutex_);
  bool asked_ TOLLGATE_GUARDED_BY(mutex_) = false;  // keep_months() since a pass began
  std::thread thread_;
};

}  // namespace tollgate
