#include "ledger/rolling_window.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "base/check.h"

namespace tollgate {
namespace {

std::int64_t second_of(SteadyTime at) {
  return std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count();
}

// The first moment whose window the slot is not in.
SteadyTime end_of(std::int64_t second) {
  return SteadyTime(std::chrono::seconds(second + RollingWindow::kSeconds + 1));
}

}  // namespace

std::int64_t narrow(Wide amount) {
  constexpr Wide kMin = std::numeric_limits<std::int64_t>::min();
  constexpr Wide kMax = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::clamp(amount, kMin, kMax));
}

RollingWindow::Sums RollingWindow::sums(SteadyTime now) const {
  const std::int64_t first = second_of(now) - kSeconds;
  Sums sums;
  for (auto slot = slots_.rbegin(); slot != slots_.rend() && slot->second >= first; ++slot) {
    sums.settled += slot->settled;
    sums.held += slot->held;
  }
  return sums;
}

RollingWindow::Sums RollingWindow::fullest(SteadyTime admitted, SteadyTime now) const {
  const std::int64_t own = second_of(admitted);
  const std::int64_t last = std::min(own + kSeconds, second_of(now));
  auto first = std::ranges::lower_bound(slots_, own - kSeconds, {}, &Slot::second);
  Sums window;
  Wide settled_max = 0;
  Wide total_max = 0;
  for (auto end = first; end != slots_.end() && end->second <= last; ++end) {
    window.settled += end->settled;
    window.held += end->held;
    // Windows that end before the admission do not contain it: only the last of them is kept.
    for (; first->second < std::max(end->second, own) - kSeconds; ++first) {
      window.settled -= first->settled;
      window.held -= first->held;
    }
    settled_max = std::max(settled_max, window.settled);
    total_max = std::max(total_max, window.settled + window.held);
  }
  return {.settled = settled_max, .held = total_max - settled_max};
}

std::optional<SteadyTime> RollingWindow::leaves_at(Wide excess, SteadyTime now) const {
  auto slot = std::ranges::lower_bound(slots_, second_of(now) - kSeconds, {}, &Slot::second);
  for (; slot != slots_.end(); ++slot) {
    excess -= slot->settled + slot->held;
    if (excess <= 0) return end_of(slot->second);
  }
  return std::nullopt;
}

std::optional<SteadyTime> RollingWindow::empty_at(SteadyTime now) const {
  const std::int64_t first = second_of(now) - kSeconds;
  for (auto slot = slots_.rbegin(); slot != slots_.rend() && slot->second >= first; ++slot) {
    if (slot->settled + slot->held > 0) return end_of(slot->second);
  }
  return std::nullopt;
}

void RollingWindow::hold(std::int64_t amount, SteadyTime admitted) {
  Slot& into = slot(second_of(admitted));
  into.held += amount;
  ++into.holds;
}

void RollingWindow::change_hold(Wide by, SteadyTime admitted) {
  Slot* held = find(second_of(admitted));
  check(held != nullptr && held->holds > 0, "a slot stays while a request of it is open");
  held->held += by;
}

void RollingWindow::release(std::int64_t amount, SteadyTime admitted) {
  change_hold(-Wide{amount}, admitted);
  --find(second_of(admitted))->holds;
}

void RollingWindow::settle(std::int64_t amount, SteadyTime admitted, SteadyTime now) {
  const std::int64_t second = second_of(admitted);
  if (Slot* found = find(second)) {
    found->settled += amount;
  } else if (second >= second_of(now) - kSeconds) {
    slot(second).settled += amount;
  }
}

void RollingWindow::clear_holds() {
  for (Slot& slot : slots_) {
    slot.held = 0;
    slot.holds = 0;
  }
}

void RollingWindow::forget(SteadyTime now) {
  std::int64_t needed = second_of(now) - kSeconds;
  if (slots_.empty() || slots_.front().second >= needed) return;
  const auto open = std::ranges::find_if(slots_, [](const Slot& slot) { return slot.holds > 0; });
  if (open != slots_.end()) needed = std::min(needed, open->second - kSeconds);
  slots_.erase(slots_.begin(), std::ranges::lower_bound(slots_, needed, {}, &Slot::second));
}

Wide RollingWindow::held() const {
  Wide held = 0;
  for (const Slot& slot : slots_) held += slot.held;
  return held;
}

bool RollingWindow::holds_as(const RollingWindow& other) const {
  const auto within = [](const RollingWindow& one, const RollingWindow& two) {
    return std::ranges::all_of(one.slots_, [&](const Slot& slot) {
      const Slot* found = two.find(slot.second);
      return slot.held == (found == nullptr ? 0 : found->held) &&
             slot.holds == (found == nullptr ? 0 : found->holds);
    });
  };
  return within(*this, other) && within(other, *this);
}

RollingWindow::Slot& RollingWindow::slot(std::int64_t second) {
  if (slots_.empty() || slots_.back().second < second) {
    slots_.push_back({.second = second});
    return slots_.back();
  }
  auto at = std::ranges::lower_bound(slots_, second, {}, &Slot::second);
  if (at->second != second) at = slots_.insert(at, {.second = second});
  return *at;
}

RollingWindow::Slot* RollingWindow::find(std::int64_t second) {
  const auto at = std::ranges::lower_bound(slots_, second, {}, &Slot::second);
  return at != slots_.end() && at->second == second ? &*at : nullptr;
}

const RollingWindow::Slot* RollingWindow::find(std::int64_t second) const {
  const auto at = std::ranges::lower_bound(slots_, second, {}, &Slot::second);
  return at != slots_.end() && at->second == second ? &*at : nullptr;
}

}  // namespace tollgate
