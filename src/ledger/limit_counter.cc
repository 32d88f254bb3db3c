#include "ledger/limit_counter.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"

namespace tollgate {
namespace {

WallTime wall_time_of(SteadyTime at, const Moment& now) {
  return now.wall + std::chrono::ceil<std::chrono::microseconds>(at - now.steady);
}

}  // namespace

LimitCounter::LimitCounter(const NumberedLimit& limit, WallTime created)
    : number_(limit.number), limit_(limit.limit), created_(created) {}

void LimitCounter::change(const NumberedLimit& limit) {
  check(limit.limit.metric == limit_.metric && limit.limit.window == limit_.window,
        "a limit is its metric and window");
  number_ = limit.number;
  limit_ = limit.limit;
}

bool LimitCounter::waitable() const {
  return limit_.metric == Metric::kCost || limit_.metric == Metric::kTokens;
}

std::optional<std::int64_t> LimitCounter::asked(const Ask& ask) const {
  switch (limit_.metric) {
    case Metric::kCost:
      return ask.cost;
    case Metric::kTokens:
      return limit_.window.kind == WindowKind::kRolling60s ? ask.token_rate : ask.tokens;
    case Metric::kRequests:
    case Metric::kConcurrency:
      break;
  }
  return 1;
}

std::int64_t LimitCounter::used(const Actual& actual) const {
  switch (limit_.metric) {
    case Metric::kCost:
      return actual.cost;
    case Metric::kTokens:
      return actual.tokens;
    case Metric::kRequests:
    case Metric::kConcurrency:
      break;
  }
  return 1;
}

LimitCounter::Room LimitCounter::room(std::int64_t bound, const Moment& now) const {
  return room_beside(sums(now), bound);
}

LimitCounter::Room LimitCounter::soft_room(const Moment& now) const {
  if (limit_.window.kind == WindowKind::kNow) return room(1, now);
  return sums(now).settled >= limit_.amount ? Room::kSpent : Room::kFits;
}

LimitCounter::Room LimitCounter::room_to_grow(std::int64_t before, std::int64_t after,
                                              const Moment& admitted, const Moment& now) const {
  Sums beside = limit_.window.kind == WindowKind::kRolling60s
                    ? rolling_.fullest(admitted.steady, now.steady)
                    : sums(admitted);
  if (limit_.window.kind != WindowKind::kRequest) beside.held -= before;
  return room_beside(beside, after);
}

LimitCounter::Room LimitCounter::room_beside(const Sums& sums, std::int64_t bound) const {
  const Wide amount = limit_.amount;
  if (bound > amount) return Room::kAbove;
  if (sums.settled + bound > amount) return Room::kSpent;
  if (sums.settled + sums.held + bound <= amount) return Room::kFits;
  return waitable() ? Room::kHeld : Room::kSpent;
}

void LimitCounter::hold(std::int64_t amount, const Moment& admitted) {
  switch (limit_.window.kind) {
    case WindowKind::kNow:
      ++open_;
      return;
    case WindowKind::kRequest:
      return;
    case WindowKind::kRolling60s:
      rolling_.hold(amount, admitted.steady);
      return;
    default:
      break;
  }
  PeriodCount& into = period(*period_start(admitted));
  into.held += amount;
  ++into.holds;
}

void LimitCounter::change_hold(Wide by, const Moment& admitted) {
  switch (limit_.window.kind) {
    case WindowKind::kNow:
    case WindowKind::kRequest:
      return;
    case WindowKind::kRolling60s:
      rolling_.change_hold(by, admitted.steady);
      return;
    default:
      break;
  }
  period(*period_start(admitted)).held += by;
}

void LimitCounter::release(std::int64_t amount, const Moment& admitted) {
  switch (limit_.window.kind) {
    case WindowKind::kNow:
      --open_;
      return;
    case WindowKind::kRequest:
      return;
    case WindowKind::kRolling60s:
      rolling_.release(amount, admitted.steady);
      return;
    default:
      break;
  }
  PeriodCount& from = period(*period_start(admitted));
  check(from.holds > 0, "a period stays while a request of it is open");
  from.held -= amount;
  --from.holds;
}

void LimitCounter::settle(std::int64_t amount, const Moment& admitted, const Moment& now) {
  if (limit_.window.kind == WindowKind::kRolling60s) {
    rolling_.settle(amount, admitted.steady, now.steady);
  } else if (has_periods(limit_.window)) {
    period(*period_start(admitted)).settled += amount;
  }
}

void LimitCounter::load(WallTime period_start, std::int64_t settled) {
  if (has_periods(limit_.window)) period(period_start).settled += settled;
}

void LimitCounter::load(SteadyTime admitted, std::int64_t settled, const Moment& now) {
  if (limit_.window.kind == WindowKind::kRolling60s) {
    rolling_.settle(settled, admitted, now.steady);
  }
}

void LimitCounter::clear_holds() {
  open_ = 0;
  rolling_.clear_holds();
  for (PeriodCount& count : periods_) {
    count.held = 0;
    count.holds = 0;
  }
}

void LimitCounter::forget(const Moment& now) {
  rolling_.forget(now.steady);
  if (periods_.size() <= kPeriodsKept) return;
  const WallTime current = *period_start(now);
  auto idle = std::ranges::find_if(periods_, [&](const PeriodCount& count) {
    return count.holds == 0 && count.start != current;
  });
  // One at a time is enough: an admission adds at most one.
  if (idle == periods_.end()) return;
  forgotten_ = forgotten_ ? std::max(*forgotten_, idle->start) : idle->start;
  periods_.erase(idle);
}

LimitCounter::Left LimitCounter::left(const Moment& now) const {
  const Sums used = sums(now);
  const Wide unheld = limit_.amount - used.settled;
  return {.now = narrow(std::max<Wide>(0, unheld - used.held)),
          .once_settled = narrow(std::max<Wide>(0, unheld))};
}

bool LimitCounter::spent(const Moment& now) const {
  if (limit_.window.kind == WindowKind::kNow || limit_.window.kind == WindowKind::kRequest) {
    return false;
  }
  const Sums used = sums(now);
  return used.settled + (waitable() ? Wide{0} : used.held) >= limit_.amount;
}

bool LimitCounter::nearly_spent(const Moment& now) const {
  if (!has_periods(limit_.window)) return false;
  const Sums used = sums(now);
  return used.settled > 0 && used.settled * 10 >= Wide{limit_.amount} * 9;
}

LimitState LimitCounter::state(const Moment& now) const {
  const Sums used = sums(now);
  LimitState state{.limit = limit_,
                   .used = narrow(used.settled),
                   .held = narrow(used.held),
                   .resets_at = tollgate::resets_at(limit_.window, now.wall, created_)};
  if (limit_.window.kind == WindowKind::kRolling60s) {
    const std::optional<SteadyTime> empty = rolling_.empty_at(now.steady);
    if (empty) state.resets_at = wall_time_of(*empty, now);
  }
  return state;
}

std::optional<WallTime> LimitCounter::resets_at(std::int64_t bound, const Moment& now) const {
  if (limit_.window.kind != WindowKind::kRolling60s) {
    return tollgate::resets_at(limit_.window, now.wall, created_);
  }
  const Sums used = rolling_.sums(now.steady);
  const Wide excess = used.settled + used.held + bound - limit_.amount;
  if (excess <= 0) return now.wall;
  std::optional<SteadyTime> at = rolling_.leaves_at(excess, now.steady);
  if (!at) at = rolling_.empty_at(now.steady);  // no emptiness is enough for it
  if (!at) return std::nullopt;
  return wall_time_of(*at, now);
}

std::optional<WallTime> LimitCounter::period_start(const Moment& at) const {
  if (!has_periods(limit_.window)) return std::nullopt;
  return period_of(limit_.window, at.wall, created_).start;
}

Wide LimitCounter::held() const {
  Wide held = rolling_.held() + open_;
  for (const PeriodCount& count : periods_) held += count.held;
  return held;
}

bool LimitCounter::holds_as(const LimitCounter& other) const {
  const auto within = [](const LimitCounter& one, const LimitCounter& two) {
    return std::ranges::all_of(one.periods_, [&](const PeriodCount& count) {
      const PeriodCount* found = two.find(count.start);
      return count.held == (found == nullptr ? 0 : found->held) &&
             count.holds == (found == nullptr ? 0 : found->holds);
    });
  };
  return open_ == other.open_ && rolling_.holds_as(other.rolling_) && within(*this, other) &&
         within(other, *this);
}

LimitCounter::Sums LimitCounter::sums(const Moment& now) const {
  switch (limit_.window.kind) {
    case WindowKind::kNow:
      return {.held = open_};
    case WindowKind::kRequest:
      return {};
    case WindowKind::kRolling60s:
      return rolling_.sums(now.steady);
    default:
      break;
  }
  const WallTime start = *period_start(now);
  if (const PeriodCount* found = find(start)) {
    return {.settled = found->settled, .held = found->held};
  }
  return {.settled = forgotten_ && start <= *forgotten_ ? limit_.amount : 0};
}

const LimitCounter::PeriodCount* LimitCounter::find(WallTime start) const {
  const auto at = std::ranges::lower_bound(periods_, start, {}, &PeriodCount::start);
  return at != periods_.end() && at->start == start ? &*at : nullptr;
}

LimitCounter::PeriodCount& LimitCounter::period(WallTime start) {
  auto at = std::ranges::lower_bound(periods_, start, {}, &PeriodCount::start);
  if (at == periods_.end() || at->start != start) {
    const bool unknown = forgotten_ && start <= *forgotten_;
    at = periods_.insert(at, {.start = start, .settled = unknown ? limit_.amount : 0});
  }
  return *at;
}

}  // namespace tollgate
