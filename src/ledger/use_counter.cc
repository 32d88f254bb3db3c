#include "ledger/use_counter.h"

#include <algorithm>

namespace tollgate {

namespace {

void raise(std::atomic<std::int64_t>& last_us, WallTime at) {
  const std::int64_t us = at.time_since_epoch().count();
  std::int64_t last = last_us.load(std::memory_order_relaxed);
  while (last < us && !last_us.compare_exchange_weak(last, us, std::memory_order_relaxed)) {
  }
}

}  // namespace

UseCounter::UseCounter(const UseCount& from)
    : requests_(from.requests),
      errors_(from.errors),
      last_used_us_(from.last_used_at ? from.last_used_at->time_since_epoch().count() : kNever) {}

void UseCounter::count_good(WallTime at) {
  requests_.fetch_add(1, std::memory_order_relaxed);
  raise(last_used_us_, at);
}

void UseCounter::note_admitted(WallTime at) { raise(last_admitted_us_, at); }

bool UseCounter::was_admitted_since(WallTime time) const {
  return last_admitted_us_.load(std::memory_order_relaxed) >= time.time_since_epoch().count();
}

void UseCounter::count_error(WallTime at) {
  errors_.fetch_add(1, std::memory_order_relaxed);
  count_good(at);
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
