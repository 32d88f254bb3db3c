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
  // All of them outlive this. `last` is the greatest generation number of before this run: rows
  // above it may be in the journal. Keeps rows for `months`; 0 = for good.
  Retention(Tools tools, GenerationNumber last, int months);
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
  Result<std::optional<store::Removal>> begin(int months);
  Status index_rows();
  Result<store::RemovedRows> remove_some(store::Removal& removal);
  // A pass by another number of months is due.
  bool is_asked() TOLLGATE_EXCLUDES(mutex_);
  // Less long when keep_months() is called. False: this is being destroyed.
  bool wait_for(std::chrono::steady_clock::duration time) TOLLGATE_EXCLUDES(mutex_);

  const Tools tools_;
  const GenerationNumber last_;
  Mutex pass_mutex_;  // taken before the other
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
