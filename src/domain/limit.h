// A limit: metric × window × amount (SPEC §5), and the arithmetic of its windows. Pure, in
// integers.
//
// A limit *is* its metric and window: the same twice is refused, and another amount keeps the
// counter. Calendar windows are UTC; a week is an ISO week and starts on Monday; N-day windows
// count from the owner's creation.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace tollgate {

enum class Metric { kCost, kTokens, kRequests, kConcurrency };
std::string_view metric_name(Metric metric);
std::optional<Metric> metric_from_name(std::string_view name);

enum class WindowKind {
  kRolling60s,
  kHour,
  kDay,
  kWeek,
  kMonth,
  kYear,
  kDays,  // every N days from the owner's creation
  kLifetime,
  kRequest,  // one request alone
  kNow,      // concurrency's: what is open at this moment
};

struct Window {
  WindowKind kind = WindowKind::kLifetime;
  int days = 0;  // kDays only: 1..3650

  auto operator<=>(const Window&) const = default;
};

inline constexpr int kWindowDaysMax = 3'650;

// "60s", "hour", "day", "week", "month", "year", "lifetime", "request", "7d"; "" for kNow.
std::string window_name(Window window);
std::optional<Window> window_from_name(std::string_view name);

struct Limit {
  Metric metric = Metric::kCost;
  Window window = {};
  std::int64_t amount = 0;  // nano-dollars, tokens, requests, or requests at once

  bool operator==(const Limit&) const = default;
};

// How details, API and people call it: "key_…/cost/month", "ws_…/concurrency".
std::string limit_id(std::string_view owner, const Limit& limit);

// A limit as it is shown (SPEC §4): `used` is settled, `held` is what open reservations hold.
struct LimitState {
  Limit limit = {};
  std::string id = {};
  std::int64_t used = 0;
  std::int64_t held = 0;
  std::optional<WallTime> resets_at = {};  // nullopt: never, or nothing to reset

  // amount − used − held, at least 0: what overran or was lowered leaves nothing.
  std::int64_t remaining() const;

  bool operator==(const LimitState&) const = default;
};

// Whether it counts what was used from one request to the next in a period with a beginning: every
// window but the rolling one, one request's and now.
bool has_periods(Window window);

// The period that holds `at`: [start, end). `created` is the owner's creation, for kDays.
// REQUIRES: has_periods(window). A lifetime is [WallTime::min(), WallTime::max()).
struct Period {
  WallTime start;
  WallTime end;

  bool operator==(const Period&) const = default;
};
Period period_of(Window window, WallTime at, WallTime created);

// The end of the period that holds `at`; nullopt for a window without periods and for a lifetime.
std::optional<WallTime> resets_at(Window window, WallTime at, WallTime created);

// The owner's limits at `at`, as they are before anything is used.
std::vector<LimitState> unused_limits(std::string_view owner, std::span<const Limit> limits,
                                      WallTime at, WallTime created);

}  // namespace tollgate
