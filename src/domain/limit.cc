#include "domain/limit.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/check.h"

namespace tollgate {

namespace {

using std::chrono::days;

struct MetricRow {
  Metric metric;
  std::string_view name;
};
constexpr MetricRow kMetrics[] = {{Metric::kCost, "cost"},
                                  {Metric::kTokens, "tokens"},
                                  {Metric::kRequests, "requests"},
                                  {Metric::kConcurrency, "concurrency"}};

struct WindowRow {
  WindowKind kind;
  std::string_view name;
};
// kDays is not among them: its name holds a number.
constexpr WindowRow kWindows[] = {{WindowKind::kRolling60s, "60s"},
                                  {WindowKind::kHour, "hour"},
                                  {WindowKind::kDay, "day"},
                                  {WindowKind::kWeek, "week"},
                                  {WindowKind::kMonth, "month"},
                                  {WindowKind::kYear, "year"},
                                  {WindowKind::kRequest, "request"},
                                  {WindowKind::kLifetime, "lifetime"},
                                  {WindowKind::kNow, ""}};

// "7d": digits without a leading zero, 1 to kWindowDaysMax.
std::optional<Window> days_from_name(std::string_view name) {
  if (!name.ends_with('d') || name.front() < '1' || name.front() > '9') return std::nullopt;
  const std::string_view digits = name.substr(0, name.size() - 1);
  int count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (count > kWindowDaysMax) return std::nullopt;
  return Window{.kind = WindowKind::kDays, .days = count};
}

Period month_of(std::chrono::year_month month) {
  using std::chrono::sys_days;
  return {.start = sys_days(month / 1), .end = sys_days((month + std::chrono::months(1)) / 1)};
}

Period year_of(std::chrono::year year) {
  using std::chrono::January;
  using std::chrono::sys_days;
  return {.start = sys_days(year / January / 1),
          .end = sys_days((year + std::chrono::years(1)) / January / 1)};
}

// Periods of `length` on both sides of `created`.
Period days_of(days length, WallTime at, WallTime created) {
  const std::chrono::microseconds period = length;
  const auto since = at - created;
  auto whole = since / period;
  if (since % period < std::chrono::microseconds(0)) --whole;  // division rounds to zero
  const WallTime start = created + whole * period;
  return {.start = start, .end = start + period};
}

}  // namespace

std::string_view metric_name(Metric metric) {
  for (const auto& row : kMetrics) {
    if (row.metric == metric) return row.name;
  }
  bug("a metric outside its enum", std::source_location::current());
}

std::optional<Metric> metric_from_name(std::string_view name) {
  for (const auto& row : kMetrics) {
    if (row.name == name) return row.metric;
  }
  return std::nullopt;
}

std::string window_name(Window window) {
  if (window.kind == WindowKind::kDays) return fmt::format("{}d", window.days);
  for (const auto& row : kWindows) {
    if (row.kind == window.kind) return std::string(row.name);
  }
  bug("a window outside its enum", std::source_location::current());
}

std::optional<Window> window_from_name(std::string_view name) {
  for (const auto& row : kWindows) {
    if (row.name == name) return Window{.kind = row.kind};
  }
  return days_from_name(name);
}

std::string limit_id(std::string_view owner, const Limit& limit) {
  std::string id = fmt::format("{}/{}", owner, metric_name(limit.metric));
  if (limit.window.kind != WindowKind::kNow) id += '/' + window_name(limit.window);
  return id;
}

std::int64_t LimitState::remaining() const {
  if (used >= limit.amount) return 0;
  return std::max<std::int64_t>(0, limit.amount - used - std::min(held, limit.amount));
}

bool has_periods(Window window) {
  return window.kind != WindowKind::kRolling60s && window.kind != WindowKind::kRequest &&
         window.kind != WindowKind::kNow;
}

Period period_of(Window window, WallTime at, WallTime created) {
  using std::chrono::floor;
  const auto day = floor<days>(at);
  const std::chrono::year_month_day date(day);
  switch (window.kind) {
    case WindowKind::kHour: {
      const auto hour = floor<std::chrono::hours>(at);
      return {.start = hour, .end = hour + std::chrono::hours(1)};
    }
    case WindowKind::kDay:
      return {.start = day, .end = day + days(1)};
    case WindowKind::kWeek: {
      const auto monday = day - (std::chrono::weekday(day) - std::chrono::Monday);
      return {.start = monday, .end = monday + days(7)};
    }
    case WindowKind::kMonth:
      return month_of(date.year() / date.month());
    case WindowKind::kYear:
      return year_of(date.year());
    case WindowKind::kDays:
      check(window.days > 0, "an N-day window without days");
      return days_of(days(window.days), at, created);
    case WindowKind::kLifetime:
      return {.start = WallTime::min(), .end = WallTime::max()};
    case WindowKind::kRolling60s:
    case WindowKind::kRequest:
    case WindowKind::kNow:
      break;
  }
  bug("a window without periods has none", std::source_location::current());
}

std::optional<WallTime> resets_at(Window window, WallTime at, WallTime created) {
  if (!has_periods(window) || window.kind == WindowKind::kLifetime) return std::nullopt;
  return period_of(window, at, created).end;
}

std::vector<LimitState> unused_limits(std::string_view owner, std::span<const Limit> limits,
                                      WallTime at, WallTime created) {
  std::vector<LimitState> states;
  states.reserve(limits.size());
  for (const Limit& limit : limits) {
    states.push_back({.limit = limit,
                      .id = limit_id(owner, limit),
                      .resets_at = resets_at(limit.window, at, created)});
  }
  return states;
}

}  // namespace tollgate
