// Time, passed in: the wall clock for what people and rows see, the steady clock for deadlines and
// rolling windows. Tests own a ManualClock.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tollgate {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual SteadyTime steady() const = 0;
};

class SystemClock final : public Clock {
 public:
  WallTime wall() const override;
  SteadyTime steady() const override;
};

// Stands still until advanced. Safe to advance from one thread while others read.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start);
  WallTime wall() const override;
  SteadyTime steady() const override;
  void advance(std::chrono::microseconds by);
  void step_wall(std::chrono::microseconds by);  // the wall clock alone jumps, backwards too

 private:
  std::atomic<std::int64_t> wall_us_;
  std::atomic<std::int64_t> steady_us_{0};
};

// "2026-11-21T10:15:30.123456Z" (RFC 3339, always UTC, always microseconds).
std::string format_time(WallTime time);
// RFC 3339 with any offset, fraction optional (digits past the sixth are dropped); or a date alone
// (midnight UTC). Leap seconds and years outside 0000–9999 are refused. kInvalidRequest.
Result<WallTime> parse_time(std::string_view text);
// "90s" "15m" "1h" "30d" "2w": a positive whole number and a unit, at most kDurationMax, so that
// adding it to a time cannot overflow.
inline constexpr std::chrono::seconds kDurationMax = std::chrono::days(36'500);
Result<std::chrono::seconds> parse_duration(std::string_view text);

}  // namespace tollgate
