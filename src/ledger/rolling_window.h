// What counts in the rolling 60 s of one limit: one slot per second of the steady clock.
//
// The window of a moment is the slot it falls in and the 60 before it, the oldest counted whole:
// so no 60 seconds ever see more than was allowed, and a refusal lasts at most one second too long
// (SPEC §5). Slots beyond the window stay as long as an open request of that time may still grow
// into them (a re-bind for another attempt): its charge belongs to the window of its admission.
// Used by LimitCounter only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"

namespace tollgate {

// Sums of amounts of 64 bits: no number of them overflows it.
using Wide = __int128;
// For showing: what does not fit is the nearest that does.
std::int64_t narrow(Wide amount);

class RollingWindow {
 public:
  static constexpr std::int64_t kSeconds = 60;

  struct Sums {
    Wide settled = 0;
    Wide held = 0;
  };

  // Of the window that ends at `now`.
  Sums sums(SteadyTime now) const;
  // The most that any window up to `now` that contains `admitted` has settled, and has in all
  // (settled + held).
  Sums fullest(SteadyTime admitted, SteadyTime now) const;
  // When as much will have left the window, by time alone, that `excess` of its sum is gone;
  // nullopt when that is more than there is.
  std::optional<SteadyTime> leaves_at(Wide excess, SteadyTime now) const;
  // When the last of what counts now will have left; nullopt when nothing counts.
  std::optional<SteadyTime> empty_at(SteadyTime now) const;

  void hold(std::int64_t amount, SteadyTime admitted);
  void change_hold(Wide by, SteadyTime admitted);
  void release(std::int64_t amount, SteadyTime admitted);
  // Into the slot of its admission; nothing when no window that matters contains it any more.
  void settle(std::int64_t amount, SteadyTime admitted, SteadyTime now);
  void clear_holds();
  // Drops slots that no window can need again.
  void forget(SteadyTime now);

  Wide held() const;  // in all slots
  bool holds_as(const RollingWindow& other) const;

 private:
  struct Slot {
    std::int64_t second = 0;
    Wide settled = 0;
    Wide held = 0;
    std::int64_t holds = 0;  // open requests that were admitted in it
  };

  Slot& slot(std::int64_t second);
  Slot* find(std::int64_t second);
  const Slot* find(std::int64_t second) const;

  std::vector<Slot> slots_;  // ascending by second; those in which nothing happened are left out
};

}  // namespace tollgate
