#include "ledger/use_counter.h"

#include <algorithm>

namespace tollgate {

namespace {

constexpr std::int64_t kHoursPerDay = 24;

std::int64_t hour_at(WallTime at) {
  return std::chrono::floor<std::chrono::hours>(at).time_since_epoch().count();
}

void raise(std::atomic<std::int64_t>& last_us, WallTime at) {
  const std::int64_t us = at.time_since_epoch().count();
  std::int64_t last = last_us.load(std::memory_order_relaxed);
  while (last < us && !last_us.compare_exchange_weak(last, us, std::memory_order_relaxed)) {
  }
}

// What is left of a day's count after so many hours more.
std::int64_t faded(std::int64_t count, std::int64_t hours) {
  for (; hours > 0 && count > 0; --hours) count -= (count + kHoursPerDay - 1) / kHoursPerDay;
  return count;
}

}  // namespace

void DaysUsed::note(std::int64_t day) {
  std::int64_t last = last_.load(std::memory_order_relaxed);
  if (last < day && last_.compare_exchange_strong(last, day, std::memory_order_relaxed)) {
    const bool known = last != kNever && day - last < kKnown;
    const std::uint64_t before = days_.load(std::memory_order_relaxed);
    days_.store((known ? before << (day - last) : 0) | 1, std::memory_order_relaxed);
  } else if (last - day < kKnown) {
    const std::uint64_t bit = std::uint64_t{1} << std::max<std::int64_t>(last - day, 0);
    // Almost always there: no write that other threads would have to wait for.
    if ((days_.load(std::memory_order_relaxed) & bit) == 0) {
      days_.fetch_or(bit, std::memory_order_relaxed);
    }
  }
}

bool DaysUsed::any(std::int64_t from, std::int64_t to) const {
  const std::int64_t last = last_.load(std::memory_order_relaxed);
  if (last == kNever) return false;
  const std::uint64_t days = days_.load(std::memory_order_relaxed);
  for (std::int64_t day = std::max(from, last - kKnown + 1); day < to && day <= last; ++day) {
    if ((days >> (last - day) & 1) != 0) return true;
  }
  return false;
}

RecentUse operator+(const RecentUse& a, const RecentUse& b) {
  return {.this_hour = a.this_hour + b.this_hour,
          .requests = a.requests + b.requests,
          .errors = a.errors + b.errors};
}

void RecentCounter::begin_hour_of(WallTime at) {
  const std::int64_t hour = hour_at(at);
  std::int64_t before = hour_.load(std::memory_order_relaxed);
  // What ends late counts in the running hour.
  if (before >= hour || !hour_.compare_exchange_strong(before, hour, std::memory_order_relaxed)) {
    return;
  }
  const auto take_over = [passed = hour - before](std::atomic<std::int64_t>& running,
                                                  std::atomic<std::int64_t>& earlier) {
    const std::int64_t sum =
        earlier.load(std::memory_order_relaxed) + running.exchange(0, std::memory_order_relaxed);
    earlier.store(faded(sum, passed), std::memory_order_relaxed);
  };
  take_over(requests_, earlier_requests_);
  take_over(errors_, earlier_errors_);
}

void RecentCounter::count_good(WallTime at) {
  begin_hour_of(at);
  requests_.fetch_add(1, std::memory_order_relaxed);
}

void RecentCounter::count_error(WallTime at) {
  count_good(at);
  errors_.fetch_add(1, std::memory_order_relaxed);
}

RecentUse RecentCounter::read(WallTime now) const {
  const std::int64_t passed = hour_at(now) - hour_.load(std::memory_order_relaxed);
  const std::int64_t requests = requests_.load(std::memory_order_relaxed);
  const auto sum = [passed](std::int64_t running, const std::atomic<std::int64_t>& earlier) {
    return faded(running + earlier.load(std::memory_order_relaxed), passed);
  };
  return {.this_hour = passed > 0 ? 0 : requests,
          .requests = sum(requests, earlier_requests_),
          .errors = sum(errors_.load(std::memory_order_relaxed), earlier_errors_)};
}

UseCounter::UseCounter(const UseCount& from)
    : requests_(from.requests),
      errors_(from.errors),
      last_used_us_(from.last_used_at ? from.last_used_at->time_since_epoch().count() : kNever) {}

void UseCounter::count_good(WallTime at) {
  requests_.fetch_add(1, std::memory_order_relaxed);
  raise(last_used_us_, at);
  recent_.count_good(at);
}

void UseCounter::count_error(WallTime at) {
  requests_.fetch_add(1, std::memory_order_relaxed);
  errors_.fetch_add(1, std::memory_order_relaxed);
  raise(last_used_us_, at);
  recent_.count_error(at);
}

void UseCounter::note_admitted(WallTime at) {
  note_admitted_on(std::chrono::floor<std::chrono::days>(at).time_since_epoch().count());
}

UseCount UseCounter::read() const {
  UseCount count;
  count.requests = requests_.load(std::memory_order_relaxed);
  count.errors = errors_.load(std::memory_order_relaxed);
  const std::int64_t us = last_used_us_.load(std::memory_order_relaxed);
  if (us != kNever) count.last_used_at = WallTime(std::chrono::microseconds(us));
  return count;
}

UseCount operator+(const UseCount& a, const UseCount& b) {
  return {.requests = a.requests + b.requests,
          .errors = a.errors + b.errors,
          .last_used_at = std::max(a.last_used_at, b.last_used_at)};
}

}  // namespace tollgate
