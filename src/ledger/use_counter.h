// What one secret has been used for, in memory; the store has the same, at most a second behind.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>

#include "base/clock.h"
#include "domain/key.h"

namespace tollgate {

// On which days something was. Any thread.
class DaysUsed {
 public:
  // Days are told apart that lie less than this apart; what is older is forgotten.
  static constexpr int kKnown = 64;

  void note(std::int64_t day);  // since 1970, UTC
  // Whether any of the days [from, to) was noted.
  bool any(std::int64_t from, std::int64_t to) const;

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();
  std::atomic<std::int64_t> last_{kNever};
  std::atomic<std::uint64_t> days_{0};  // bit n: n days before the last
};

// Requests of about a day, since the process started.
struct RecentUse {
  std::int64_t this_hour = 0;  // in the running hour (UTC)
  // In that hour and before; of what was before, each hour takes a 24th away.
  std::int64_t requests = 0;
  std::int64_t errors = 0;
};
RecentUse operator+(const RecentUse& a, const RecentUse& b);

// Any thread.
class RecentCounter {
 public:
  void count_good(WallTime at);
  void count_error(WallTime at);
  RecentUse read(WallTime now) const;

 private:
  void begin_hour_of(WallTime at);

  std::atomic<std::int64_t> hour_{0};  // since 1970
  std::atomic<std::int64_t> requests_{0};
  std::atomic<std::int64_t> errors_{0};
  std::atomic<std::int64_t> earlier_requests_{0};
  std::atomic<std::int64_t> earlier_errors_{0};
};

// Any thread. A reader may see a request before its error or its time: they are shown, never added
// up.
struct UseCounter {
  UseCounter() = default;
  explicit UseCounter(const UseCount& from);
  void count_good(WallTime at);
  void count_error(WallTime at);
  UseCount read() const;
  RecentUse recent(WallTime now) const { return recent_.read(now); }
  // Of those requests, the admitted ones.
  void note_admitted(WallTime at);
  void note_admitted_on(std::int64_t day) { days_admitted_.note(day); }
  bool was_admitted_on(std::int64_t from_day, std::int64_t to_day) const {
    return days_admitted_.any(from_day, to_day);
  }

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();
  std::atomic<std::int64_t> requests_{0};
  std::atomic<std::int64_t> errors_{0};
  std::atomic<std::int64_t> last_used_us_{kNever};
  DaysUsed days_admitted_;
  RecentCounter recent_;
};

// A key's use is that of its secrets together.
UseCount operator+(const UseCount& a, const UseCount& b);

}  // namespace tollgate
