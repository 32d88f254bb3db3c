// Usage rows on their way to the disk: the writer's batch.
//
// push() is called by settle() on I/O threads; the writer takes all that waits, writes it in one
// transaction, and only after COMMIT counts the use, ends the reservations and wakes the waiters:
// one post for each of their threads, however many waiters it has. When a transaction fails the
// waiters hear of it at once and the rows stay, first in line, until they are written.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "domain/usage_row.h"
#include "ledger/ledger_metrics.h"
#include "ledger/live_keys.h"
#include "ledger/use_counter.h"
#include "runtime/async.h"
#include "sql/connection.h"
#include "sql/writer.h"

namespace tollgate {

struct Settlement {
  UsageRow row;
  LiveKeys::Place place = 0;
  UseCounter* use = nullptr;               // of the secret that was used
  std::optional<Callback<Status>> waiter;  // gone once it has heard of a failure
};

class Settlements {
 public:
  Settlements(LiveKeys& keys, const LedgerMetrics& metrics) : keys_(keys), metrics_(metrics) {}

  // Once, before the first push(). `this` outlives the writer's threads.
  void attach(sql::Writer& writer);
  // Any thread. The row's texts are made storable: no NUL bytes, at most kRowTextLengthMax.
  void push(Settlement settlement);

 private:
  // A row that the store refuses for good (a bug) must not keep the others from the disk.
  struct Lost {
    Settlement* settlement = nullptr;  // in taken_
    Error error;
  };

  bool pending();
  Result<std::size_t> write(sql::Connection& connection);
  void take_queue();
  Status write_together(sql::Connection& connection);
  Result<std::size_t> write_apart(sql::Connection& connection);
  void done(const Status& status);
  void committed();
  void count_use() const;
  void failed(const Error& error);

  LiveKeys& keys_;
  const LedgerMetrics& metrics_;
  sql::Writer* writer_ = nullptr;
  Mutex mutex_;
  std::vector<Settlement> queue_ TOLLGATE_GUARDED_BY(mutex_);
  // Writer thread only: taken from the queue and not yet on the disk.
  std::vector<Settlement> taken_;
  std::vector<Lost> lost_;
  std::vector<const UsageRow*> rows_;
};

inline constexpr std::size_t kRowTextLengthMax = 1'024;

}  // namespace tollgate
