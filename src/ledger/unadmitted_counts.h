// Authenticated requests that were not admitted, counted per secret, hour and code (SPEC §8):
// gathered in memory and added to the store at least every second, by a small thread of its own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/mutex.h"
#include "ledger/ledger.h"
#include "ledger/live_feed.h"
#include "sql/writer.h"
#include "store/use_counts.h"

namespace tollgate {

class UnadmittedCounts {
 public:
  // Both outlive this.
  UnadmittedCounts(sql::Writer& writer, LiveFeed& live);
  // Writes what is left.
  ~UnadmittedCounts();
  UnadmittedCounts(const UnadmittedCounts&) = delete;
  UnadmittedCounts& operator=(const UnadmittedCounts&) = delete;

  // Any thread. nullopt = answered well.
  void count(const Identity& identity, std::optional<ErrorCode> code, WallTime at);

 private:
  using Bucket = std::tuple<std::int64_t, std::int64_t, std::optional<ErrorCode>>;
  struct Tally {
    std::int64_t count = 0;
    WallTime last_at;
    std::shared_ptr<const LiveKey> of = nullptr;
  };
  using Tallies = std::map<Bucket, Tally>;

  void run();
  void flush();
  // To those who watch. Management keys call nothing but this API: of them nothing is told.
  void tell(const Tallies& tallies);
  void put_back(const Tallies& tallies) TOLLGATE_EXCLUDES(mutex_);

  sql::Writer& writer_;
  LiveFeed& live_;
  Mutex mutex_;
  std::condition_variable changed_;
  Tallies tallies_ TOLLGATE_GUARDED_BY(mutex_);
  bool stopping_ TOLLGATE_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace tollgate
